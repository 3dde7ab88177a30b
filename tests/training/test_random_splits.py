"""Nothing in the program or its benchmarks splits rows at random: it would leak time.

Ruff forbids the imports by name (`pyproject.toml`, banned-api). Rooms that may import LightGBM are
excused from that rule, and a method such as `DataFrame.sample` has no name ruff could see; so the
code is read here as well.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = ("sklearn.model_selection", "lightgbm.cv", "sklearn.utils.shuffle",
             "sklearn.utils.resample")  # fmt: skip
SHUFFLES = frozenset({"sample", "shuffle", "permutation", "permuted"})
SPLITTING_ROOMS = ("src/targeting/training", "src/targeting/pipeline")
"""Where blocks are made: here not even a method may put rows in random order."""


def random_splits(source: str, *, splitting: bool) -> list[tuple[int, str]]:
    """Line and name of everything in a module that could split rows at random."""
    nodes = list(ast.walk(ast.parse(source)))
    imports = [one for node in nodes for one in _imported(node)]
    names = {here: whole for _, here, whole in imports}
    found = [(line, whole) for line, _, whole in imports]
    found += [
        (node.lineno, _dotted(node, names)) for node in nodes if isinstance(node, ast.Attribute)
    ]
    shuffles = [
        (node.lineno, node.func.attr)
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in SHUFFLES
    ]
    return sorted({one for one in found if _is_forbidden(one[1])} | set(shuffles * splitting))


def _imported(node: ast.AST) -> list[tuple[int, str, str]]:
    """Line, name here and full name of what a statement imports."""
    if isinstance(node, ast.Import):
        return [(node.lineno, one.asname or one.name, one.name) for one in node.names] + [
            (node.lineno, one.name.split(".")[0], one.name.split(".")[0]) for one in node.names
        ]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [
            (node.lineno, one.asname or one.name, f"{node.module}.{one.name}") for one in node.names
        ]
    return []


def _is_forbidden(name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in FORBIDDEN)


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    """The full name behind `ms.KFold`, through what `ms` was imported as."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    return ""


def test_no_module_splits_at_random() -> None:
    told = []
    for file in sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("benchmarks/**/*.py")]):
        place = file.relative_to(ROOT).as_posix()
        splits = random_splits(
            file.read_text(encoding="utf-8"), splitting=place.startswith(SPLITTING_ROOMS)
        )
        told += [f"{place}:{line}: {name}" for line, name in splits]

    assert told == []


PLANTED = [
    "from sklearn.model_selection import train_test_split",
    "from sklearn.model_selection import GroupShuffleSplit as Later",
    "from sklearn import model_selection",
    "import sklearn.model_selection",
    "import sklearn.model_selection as ms\nms.cross_val_score",
    "import lightgbm as lgb\nlgb.cv({}, None)",
    "from lightgbm import cv",
    "from sklearn.utils import shuffle",
    "def late():\n    from sklearn.model_selection import StratifiedKFold",
]


@pytest.mark.parametrize("source", PLANTED)
def test_a_planted_split_is_found_with_its_line(source: str) -> None:
    found = random_splits(source, splitting=False)

    assert found
    assert found[-1][0] == len(source.splitlines())


@pytest.mark.parametrize(
    "source", ["frame.sample(frac=0.8)", "rng.permutation(9)", "draw.shuffle(rows)"]
)
def test_a_planted_shuffle_is_found_in_the_rooms_that_split(source: str) -> None:
    assert random_splits(source, splitting=True)
    assert not random_splits(source, splitting=False)


def test_what_is_no_split_is_let_through() -> None:
    source = "import lightgbm as lgb\nfrom sklearn.metrics import roc_auc_score\nlgb.train({}, 1)"

    assert random_splits(source, splitting=True) == []


def _ruff(source: str, place: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own linter on a constant source
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251,NPY002",
         "--output-format", "concise", "--stdin-filename", place, "-"],
        input=source, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize(
    "source", [*PLANTED[:5], PLANTED[7], "import numpy as np\nnp.random.shuffle([])"]
)
def test_ruff_forbids_a_planted_split(source: str) -> None:
    assert "Random" in _ruff(source, "src/targeting/evaluation/planted.py") or (
        "NPY002" in _ruff(source, "src/targeting/evaluation/planted.py")
    )


def test_every_splitter_of_scikit_learn_is_forbidden_by_its_module() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    banned = settings["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]

    assert set(FORBIDDEN) <= set(banned)
