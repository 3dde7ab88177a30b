"""The `MLmodel` file: lets MLflow load a bundle through the installed package.

It holds no code and names one loader, `targeting.scoring.pyfunc`, which verifies the bundle
before it reads it.
"""

from __future__ import annotations

import json
import platform

import yaml

from targeting.tables.schema import DECLARATIONS, Column

LOADER = "targeting.scoring.pyfunc"

# A moment may come with a time zone, without one (UTC) or as ISO 8601 text, and MLflow's own
# `datetime` refuses the first; whole numbers with a missing one are floats in pandas.
_MLFLOW_TYPES = {"string": "string", "timestamp": "any", "int": "any", "float": "double"}

_OUTPUTS = (
    {"name": "declaration_id", "type": "string", "required": True},
    {"name": "score", "type": "double", "required": True},
    {"name": "probability", "type": "double", "required": True},
    {"name": "expected_revenue", "type": "double", "required": False},
)


def mlmodel() -> str:
    """Return the text of the `MLmodel` file.

    Source: MLflow, model format, `python_function` flavour.

    Examples
    --------
    >>> "loader_module: targeting.scoring.pyfunc" in mlmodel()
    True
    """
    return yaml.safe_dump(
        {
            "flavors": {
                "python_function": {
                    "loader_module": LOADER,
                    "python_version": platform.python_version(),
                }
            },
            "signature": {
                "inputs": json.dumps([_input(column) for column in DECLARATIONS.columns]),
                "outputs": json.dumps(_OUTPUTS),
                "params": None,
            },
        },
        sort_keys=True,
    )


def _input(column: Column) -> dict[str, object]:
    kind = _MLFLOW_TYPES[column.kind]
    return {"name": column.name, "type": kind, "required": not column.null}
