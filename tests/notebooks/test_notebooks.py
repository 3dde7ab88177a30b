"""Notebooks run from top to bottom, show their plots, and carry no path of a machine."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LIMIT_SECONDS = 600
"""For one cell: a stuck notebook ends, a slow machine does not fail."""

LARGEST_BYTES = 600_000
MACHINE = re.compile(r"/(?:home|root|Users|work|tmp|private|var|opt|mnt)/[\w.-]+|[A-Z]:\\\\?\w")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def outputs(path: Path) -> list[dict]:
    return [output for cell in code_cells(path) for output in cell["outputs"]]


def said(output: dict) -> str:
    """Return everything an output shows as text; pictures are left out."""
    told = {key: text for key, text in output.get("data", {}).items() if "image" not in key}
    return json.dumps([output.get("text", ""), told, output.get("traceback", "")])


def test_there_are_notebooks():
    assert NOTEBOOKS


@each_notebook
def test_plots_are_committed(path):
    kinds = [kind for output in outputs(path) for kind in output.get("data", {})]
    assert kinds.count("image/png") >= 1
    assert path.stat().st_size < LARGEST_BYTES


@each_notebook
def test_every_cell_was_run_once_in_order_and_none_failed(path):
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output["output_type"] for output in outputs(path)}
    assert "error" not in kinds
    assert not [one for one in outputs(path) if one.get("name") == "stderr"]


@each_notebook
def test_no_path_of_a_machine_stands_in_it(path):
    shown = [said(output) for output in outputs(path)]
    source = ["".join(cell["source"]) for cell in code_cells(path)]
    found = [match.group() for text in shown + source for match in MACHINE.finditer(text)]
    assert found == []


@each_notebook
def test_it_says_its_finding_first_and_defines_nothing(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert cells[0]["cell_type"] == "markdown"
    head = "".join(cells[0]["source"])
    assert head.startswith("# ")
    assert "?" in head.splitlines()[0]
    assert "**Finding" in head
    assert not [
        cell
        for cell in code_cells(path)
        if re.search(r"^\s*(def|class) ", "".join(cell["source"]), re.M)
    ]


@pytest.mark.slow
@each_notebook
def test_it_runs(path, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    copy = Path(shutil.copy(path, tmp_path))
    notebook = nbformat.read(copy, as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        timeout=LIMIT_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in shown if output["output_type"] == "error"]
    assert sum("image/png" in output.get("data", {}) for output in shown) == sum(
        "image/png" in output.get("data", {}) for output in outputs(path)
    )
    assert sorted(tmp_path.iterdir()) == [copy]
