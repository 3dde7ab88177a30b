"""`import targeting` and `--help` are light, and a heavy library is imported in its room only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import targeting

SOURCE = Path(targeting.__file__).parent

HEAVY = (
    "duckdb", "pandas", "lightgbm", "mlflow", "shap", "matplotlib", "sklearn", "numba", "pyarrow",
    "sqlalchemy", "pyspark", "babel", "jinja2",
)  # fmt: skip

ROOMS = {
    "duckdb": ("tables/engine.py", "features/engine.py"),
    "lightgbm": ("training/", "explain/", "bundle/"),
    "sklearn": ("training/", "evaluation/"),
    "mlflow": ("tracking/",),
    "matplotlib": ("evaluation/plots.py",),
    "shap": ("evaluation/plots.py",),
    "numba": ("features/kernel.py", "features/coding.py", "features/store/"),
    "pyspark": ("features/cluster/",),
    "sqlalchemy": ("ingest/readers.py", "tracking/"),
    "pickle": (),
    "joblib": (),
}


@pytest.mark.parametrize(
    "script",
    [
        "import targeting",
        "import targeting; dir(targeting); targeting.__all__",
        "from targeting.cli import app; from typer.testing import CliRunner; "
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0",
        "from targeting.cli import app; from typer.testing import CliRunner; "
        "assert CliRunner().invoke(app, ['train', '--help']).exit_code == 0",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(script: str) -> None:
    told = f"{script}; import sys; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"

    done = subprocess.run(  # noqa: S603 - our own interpreter and a constant script
        [sys.executable, "-c", told], capture_output=True, text=True, check=False
    )

    assert (done.stdout.strip(), done.stderr.strip(), done.returncode) == ("", "", 0)


def imported(tree: ast.AST) -> set[str]:
    """Return the top-level packages a module imports anywhere, type checking excepted."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
        else:
            found |= imported(node)
    return found


def test_the_walk_sees_imports_wherever_they_stand() -> None:
    text = (
        "import a.b\nif TYPE_CHECKING:\n    import hidden\n"
        "def f():\n    from c.d import e\n    if x:\n        import g as h\n"
    )

    assert imported(ast.parse(text)) == {"a", "c", "g"}


@pytest.mark.parametrize("library", sorted(ROOMS))
def test_a_heavy_library_is_imported_in_its_room_only(library: str) -> None:
    strangers = [
        name
        for path in sorted(SOURCE.rglob("*.py"))
        if library in imported(ast.parse(path.read_text(encoding="utf-8")))
        and not (name := path.relative_to(SOURCE).as_posix()).startswith(ROOMS[library])
    ]

    assert strangers == []


@pytest.mark.parametrize("name", targeting.__all__)
def test_every_name_of_the_api_is_there(name: str) -> None:
    assert getattr(targeting, name) is not None


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = targeting.nothing
