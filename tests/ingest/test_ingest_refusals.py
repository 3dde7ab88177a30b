# ruff: noqa: E501  one case a line reads as a table
"""A bad mapping is refused before any row is read, with every finding and the near matches."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from targeting.errors import ConfigError
from targeting.ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "name": "test",
    "time_zone": "UTC",
    "format": {"kind": "csv"},
    "declarations": {
        "columns": {
            "declaration_id": "id",
            "lodged_at": "day",
            "flow": {"constant": "import"},
            "transport_mode": {"constant": "sea"},
            "office_id": {"constant": "P1"},
            "hs_code": "hs",
            "net_mass_kg": "mass",
        }
    },
    "inspections": {
        "derived": {
            "label": {"from": "fraud", "hit": ["1"], "clear": ["0"]},
            "selected_by": "rule",
            "assumed_delay_days": 14,
        }
    },
}
TEXT = "id,day,hs,mass,fraud,Office Id\nTRADER9,2024-01-01,870323,1,1,x\n"
CASES: list[tuple[str, Any, str]] = [
    ("declarations.columns.lodged", "day", r"columns.lodged: unknown column. Did you mean lodged_at"),
    ("declarations.columns.hs_code", "hss", r"no column 'hss'. Did you mean hs\?"),
    ("declarations.columns.hs_code", None, "columns.hs_code: required, not mapped"),
    ("declarations.columns.hs_code", {"from": "hs", "constant": "0101"}, "constant: contradicts from"),
    ("declarations.columns.flow", {"constant": "imprt"}, r"unknown word. Did you mean import\?"),
    ("declarations.columns.flow", {"from": "hs", "map": {"1": "imprt"}}, "'imprt' is no flow"),
    ("declarations.columns.flow", {}, "neither `from` nor `constant`"),
    ("declarations.columns.flow", {"from": "hs", "otherwise": "keep"}, "nothing without `map`"),
    ("declarations.columns.flow", {"from": "hs", "invalid": "null"}, "contradicts a required column"),
    ("declarations.columns.flow", {"from": "hs", "separator": "/"}, "without several columns"),
    ("declarations.columns.lodged_at", {"from": "day", "dates": ["dd.mm.yyyy"]}, "names no year"),
    ("declarations.columns.lodged_at", {"from": "day", "dates": []}, "at least one format"),
    ("declarations.columns.lodged_at", {"from": "day", "time_zone": "Baku"}, "not an IANA time zone"),
    ("declarations.columns.lodged_at", {"from": "day", "pad": 6}, "pad is for codes and text"),
    ("declarations.columns.lodged_at", {"constant": "2024"}, "cannot be the same in every row"),
    ("declarations.columns.hs_code", {"from": "hs", "unit": "t"}, "unit is for numbers"),
    ("declarations.columns.hs_code", {"from": "hs", "dates": ["iso"]}, "dates is for times"),
    ("declarations.columns.net_mass_kg", {"from": "mass", "unit": "kgs"}, r"unknown 'kgs'. Did you mean kg"),
    ("declarations.columns.net_mass_kg", {"from": "mass", "unit": "t", "factor": 2}, "contradicts unit"),
    ("declarations.columns.net_mass_kg", {"from": "mass", "factor": -1}, "must be above 0"),
    ("declarations.columns.net_mass_kg", {"constant": "7"}, "not a float"),
    ("declarations.columns.package_count", {"from": "mass", "unit": "t"}, "no unit to convert"),
    ("declarations.columns.origin_country", {"from": "fraud"}, "known only after the examination"),
    ("declarations.extra", "drop", ""),
    ("declarations.drop", ["absent"], "no column 'absent'"),
    ("declarations.extra_columns", {"office_id": {"from": "mass"}}, "a reserved name"),
    ("declarations.extra_columns", {"My Name": {"from": "mass"}}, "in snake case, as my_name"),
    ("format", {"kind": "csv", "sheet": "A"}, "format.sheet: means nothing for csv"),
    ("format", {"kind": "csv", "encoding": "utf-88"}, r"unknown 'utf-88'. Did you mean utf-8"),
    ("format", {"kind": "csv", "delimiter": "||"}, "one character is needed"),
    ("format", {"kind": "csv", "decimal": ",", "thousands": ","}, "the same as decimal"),
    ("format", {"kind": "csv", "quote": ","}, "the same as the delimiter"),
    ("format", {"kind": "database", "url_variable": "sqlite://x"}, "a URL stands here"),
    ("format", {"kind": "database", "url_variable": "X", "query": "drop table a"}, "a SELECT is needed"),
    ("time_zone", "Asia/Bakoo", "not an IANA time zone"),
    ("inspections.derived.assumed_delay_days", None, "required, unless columns maps"),
    ("inspections.derived.inspected_after_days", 20, "known before the examination"),
    ("inspections.derived.columns", {"offense": "mass"}, r"Did you mean offence\?"),
    ("inspections.derived.label", {"from": "fraud", "hit": ["1"], "clear": ["1"]}, "both hit and clear"),
    ("inspections.derived.label", {"from": "fraude", "hit": ["1"], "clear": ["0"]}, "no column 'fraude'"),
    ("inspections.extract", {"columns": {}}, "either derived or extract, not both"),
    ("declarations.columns.flow", {"from": "hs", "map": {10: "import"}}, "write codes in quotes"),
    ("declarations.columns.destination_country", {"constant": False}, "write it in quotes"),
    ("declarations.on_conflicts", "last", r"unknown key. Did you mean on_conflict\?"),
]  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    settings = deepcopy(GOOD)
    settings["declarations"]["drop"] = ["Office Id"]
    *parents, last = path.split(".")
    here = settings
    for parent in parents:
        here = here[parent]
    if value is None:
        here.pop(last, None)
    else:
        here[last] = value
    return settings


def run(tmp_path: Path, settings: dict[str, Any]) -> None:
    (tmp_path / "source.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "x.csv").write_text(TEXT)
    ingest(tmp_path / "source.yaml", [tmp_path / "x.csv"], tmp_path / "tables")


def test_the_good_mapping_is_accepted(tmp_path: Path) -> None:
    run(tmp_path, changed("name", "test"))
    assert (tmp_path / "tables" / "declarations.parquet").is_file()


@pytest.mark.parametrize(("path", "value", "words"), [case for case in CASES if case[2]])
def test_a_bad_mapping_is_refused(tmp_path: Path, path: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        run(tmp_path, changed(path, value))
    assert "source.yaml" in str(caught.value)
    assert "TRADER9" not in str(caught.value)
    assert not (tmp_path / "tables").exists()


def test_an_extra_column_does_not_take_a_reserved_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'Office Id' would take the reserved name office_id"):
        run(tmp_path, GOOD)


def test_all_findings_are_told_at_once(tmp_path: Path) -> None:
    settings = changed("declarations.columns.lodged", "day")
    settings["declarations"]["columns"]["net_mass_kg"] = {"from": "masss", "unit": "stone"}
    with pytest.raises(ConfigError, match="3 findings") as caught:
        run(tmp_path, settings)
    for words in ("lodged: unknown column", "unknown 'stone'", "no column 'masss'"):
        assert words in str(caught.value)
