"""The committed data dictionary is what the schema gives."""

from __future__ import annotations

from pathlib import Path

from targeting.tables.dictionary import main, render
from targeting.tables.schema import TABLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"


def test_the_committed_page_is_what_the_schema_gives():
    assert PAGE.read_text(encoding="utf-8") == render()


def test_every_column_has_one_row_with_six_cells():
    rows = [line for line in render().splitlines() if line.startswith("| `")]
    assert len(rows) == sum(len(table.columns) for table in TABLES)
    assert {row.replace("\\|", "").count("|") for row in rows} == {7}


def test_bounds_and_choices_are_told():
    page = render()
    assert "| `selection_probability` | float | no |  | above 0, at most 1 |" in page
    assert "| `result` | string | yes |  | hit, clear |" in page


def test_it_writes_the_file_named(tmp_path: Path):
    main([str(tmp_path / "page.md")])
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == render()
