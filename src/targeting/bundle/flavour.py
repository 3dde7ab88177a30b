"""The `MLmodel` file: lets MLflow load a bundle through the installed package.

It holds no code and names one loader, `targeting.scoring.pyfunc`, which verifies the bundle
before it reads it.
"""

from __future__ import annotations

import json
import platform
import re
from typing import TYPE_CHECKING

import yaml

from targeting.features.spec import extra_columns
from targeting.tables.schema import DECLARATIONS, Column

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.config import FeatureSettings

LOADER = "targeting.scoring.pyfunc"
LINES = "consignment_lines"
"""Optional column of a call: how many lines the consignment of each declaration has."""

_PARAMS = ({"name": "profiles", "type": "string", "default": "day", "shape": None},)

# A moment may come with a time zone, without one (UTC) or as ISO 8601 text, and MLflow's own
# `datetime` refuses the first; whole numbers with a missing one are floats in pandas.
_MLFLOW_TYPES = {"string": "string", "timestamp": "any", "int": "any", "float": "double"}

_OUTPUTS = (
    {"name": "declaration_id", "type": "string", "required": True},
    {"name": "score", "type": "double", "required": True},
    {"name": "probability", "type": "double", "required": True},
    {"name": "expected_revenue", "type": "double", "required": False},
)


def mlmodel(settings: FeatureSettings) -> str:
    """Return the text of the `MLmodel` file.

    Source: MLflow, model format, `python_function` flavour. MLflow drops every column of a frame
    that the signature does not name, so extra columns the features read are named as optional.

    Parameters
    ----------
    settings
        Feature settings of the bundle.

    Examples
    --------
    >>> from targeting.config import FeatureSettings
    >>> "loader_module: targeting.scoring.pyfunc" in mlmodel(FeatureSettings())
    True
    """
    extra = dict.fromkeys([*extra_columns(settings), LINES])
    inputs = [*map(_input, DECLARATIONS.columns), *map(_extra, extra)]
    return yaml.safe_dump(
        {
            "flavors": {
                "python_function": {
                    "loader_module": LOADER,
                    "python_version": platform.python_version(),
                }
            },
            "signature": {
                "inputs": json.dumps(inputs),
                "outputs": json.dumps(_OUTPUTS),
                "params": json.dumps(_PARAMS),
            },
        },
        sort_keys=True,
    )


def require_ours(path: Path) -> None:
    """Make sure an `MLmodel` names our loader and nothing else MLflow would import or install.

    MLflow reads this file before our loader is asked, so it protects those who load a bundle by
    our commands and those who verify one before they hand it to MLflow; see docs/packaging.md.

    Parameters
    ----------
    path
        The file, its hash and size already checked.

    Raises
    ------
    ValueError
        If it has another loader, another flavour, an environment or code of its own.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError("MLmodel is not YAML") from error
    flavors = values.get("flavors") if isinstance(values, dict) else None
    version = _python_version(flavors)
    function = {"loader_module": LOADER, "python_version": version}
    if flavors != {"python_function": function}:
        raise ValueError("MLmodel names another loader than ours")
    if set(values) != {"flavors", "signature"} or not _is_version(version):
        raise ValueError("MLmodel says more than which loader and which columns")


def _python_version(flavors: object) -> object:
    flavour = flavors.get("python_function") if isinstance(flavors, dict) else None
    return flavour.get("python_version") if isinstance(flavour, dict) else None


def _is_version(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d+\.\d+\.\d+\+?", value) is not None


def _input(column: Column) -> dict[str, object]:
    kind = _MLFLOW_TYPES[column.kind]
    return {"name": column.name, "type": kind, "required": not column.null}


def _extra(name: str) -> dict[str, object]:
    return {"name": name, "type": "any", "required": False}
