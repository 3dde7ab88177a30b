"""Rows in = rows out + quarantined + duplicates: nothing lost, nothing guessed, same bytes."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import targeting.ingest.run as run_module
from targeting.errors import InputError
from targeting.ingest import IngestReport, SourceSettings, ingest
from targeting.ingest.readers import read_chunks
from targeting.ingest.report import FileReport

COLUMNS: dict[str, Any] = {
    "declaration_id": "id",
    "lodged_at": "day",
    "flow": {"constant": "import"},
    "transport_mode": {"from": "mode", "map": {"1": "sea", "2": "rail"}},
    "office_id": {"constant": "P1"},
    "consignee_id": "importer",
    "hs_code": "hs",
    "customs_value": {"from": "value"},
    "amendment_count": {"from": "version", "optional": True},
}
HEADER = "id,day,mode,importer,hs,value,label"


def source(on_conflict: str = "quarantine", **derived: Any) -> SourceSettings:
    label = {"from": "label", "hit": ["1"], "clear": ["0"]}
    return SourceSettings.model_validate(
        {
            "name": "test",
            "time_zone": "UTC",
            "format": {"kind": "csv"},
            "declarations": {"columns": COLUMNS, "on_conflict": on_conflict},
            "inspections": {
                "derived": {"label": label, "selected_by": "rule", "assumed_delay_days": 14}
                | derived
            },
        }
    )


def run(folder: Path, texts: list[str], chosen: SourceSettings) -> IngestReport:
    paths = [folder / f"part{i}.csv" for i in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return ingest(chosen, paths, folder / "tables")


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / "tables" / f"{name}.parquet").to_pylist()


record = st.tuples(
    st.sampled_from(["a", "b", "c", "d", "e", "f", ""]),
    st.sampled_from(["2024-01-01", "2024-01-02", "2024-02-30", "today", ""]),
    st.sampled_from(["1", "2", "9"]),
    st.sampled_from(["SECRETA", "SECRETB", ""]),
    st.sampled_from(["870323", "87", "010121"]),
    st.sampled_from(["1", "2.5", "-1", "x", ""]),
    st.sampled_from(["1", "0", "", "?"]),
).map(",".join)
line = st.one_of(record, record, record, st.sampled_from(["a,b", "1,2,3,4,5,6,7,8,9", ""]))


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(st.lists(line, max_size=14), min_size=1, max_size=2),
    on_conflict=st.sampled_from(["quarantine", "first", "last"]),
)
def test_no_row_is_lost_or_made(parts: list[list[str]], on_conflict: str) -> None:
    good = "good,2024-01-01,1,SECRETA,870323,1,1"
    texts = ["\n".join([HEADER, *part, good]) + "\n" for part in parts]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = run(folder, texts, source(on_conflict))
        out, held = rows_of(folder, "declarations"), rows_of(folder, "quarantine")
        inspections = rows_of(folder, "inspections")
        text = (folder / "tables" / "ingest_report.json").read_text()
    account = report.declarations
    sent = sum(1 for part in parts for one in [*part, good] if one)
    assert sent == account.rows_in == len(out) + len(held) + account.duplicates
    assert (account.rows_out, account.quarantined) == (len(out), len(held))
    assert len({row["declaration_id"] for row in out}) == len(out)
    assert [row["declaration_id"] for row in out] == [
        row["declaration_id"]
        for row in sorted(out, key=lambda r: (r["lodged_at"], r["declaration_id"]))
    ]
    known = {row["declaration_id"] for row in out}
    assert {row["declaration_id"] for row in inspections} <= known
    assert all(row["reasons"] and json.loads(row["raw"]) for row in held)
    assert "SECRET" not in text


VERSIONS = (
    "a,2024-01-01,1,T,870323,1,",
    "a,2024-01-02,1,T,870323,2,",
    "a,2024-01-02,1,T,870323,2,",
    "b,2024-01-01,1,T,870323,1,",
)


@pytest.mark.parametrize(
    ("on_conflict", "kept", "reasons"),
    [
        ("quarantine", [], {"the same key with different content": 2}),
        ("first", [1.0], {"replaced by another version of the same key": 1}),
        ("last", [2.0], {"replaced by another version of the same key": 1}),
    ],
)
def test_versions_of_one_key_are_never_guessed(
    tmp_path: Path, on_conflict: str, kept: list[float], reasons: dict[str, int]
) -> None:
    report = run(tmp_path, ["\n".join([HEADER, *VERSIONS])], source(on_conflict))
    rows = rows_of(tmp_path, "declarations")
    assert [r["customs_value"] for r in rows if r["declaration_id"] == "a"] == kept
    assert report.declarations.duplicates == 1
    assert report.declarations.reasons == reasons
    held = rows_of(tmp_path, "quarantine")
    assert all(json.loads(row["raw"])["id"] == "a" for row in held)


def test_the_higher_amendment_wins_before_the_file_order(tmp_path: Path) -> None:
    text = (
        "id,day,mode,importer,hs,value,label,version\n"
        "a,2024-01-01,1,T,870323,9,,3\na,2024-01-01,1,T,870323,1,,2\n"
    )
    run(tmp_path, [text], source("last"))
    assert [row["customs_value"] for row in rows_of(tmp_path, "declarations")] == [9.0]


def test_duplicates_across_files_are_charged_to_the_later_file(tmp_path: Path) -> None:
    text = f"{HEADER}\na,2024-01-01,1,T,870323,1,1\n"
    report = run(tmp_path, [text, text], source())
    assert [(f.rows_out, f.duplicates) for f in report.declarations.files] == [(1, 0), (0, 1)]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    lines = [
        f"{i % 97}-{i},2024-01-0{1 + i % 9},{1 + i % 3},T{i},870323,{i},{i % 2}" for i in range(500)
    ]
    names = (
        "declarations.parquet",
        "inspections.parquet",
        "quarantine.parquet",
        "ingest_report.json",
    )
    seen = []
    for _ in range(2):
        run(tmp_path, ["\n".join([HEADER, *lines])], source())
        seen.append([(tmp_path / "tables" / name).read_bytes() for name in names])
    assert seen[0] == seen[1]


def test_chunk_size_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        f"{i % 40},2024-01-0{1 + i % 9},{1 + i % 3},T,870323,{i % 5},{i % 2}" for i in range(90)
    ]
    first = run(tmp_path, ["\n".join([HEADER, *lines])], source())
    rows = rows_of(tmp_path, "declarations"), rows_of(tmp_path, "quarantine")
    monkeypatch.setattr(run_module, "read_chunks", lambda o, h: read_chunks(o, h, rows=7))
    again = run(tmp_path, ["\n".join([HEADER, *lines])], source())
    assert again == first
    assert (rows_of(tmp_path, "declarations"), rows_of(tmp_path, "quarantine")) == rows


def test_nothing_usable_is_an_error_that_counts_the_reasons_and_keeps_the_old_tables(
    tmp_path: Path,
) -> None:
    run(tmp_path, [f"{HEADER}\na,2024-01-01,1,T,870323,1,1\n"], source())
    before = (tmp_path / "tables" / "declarations.parquet").read_bytes()
    with pytest.raises(
        InputError, match=r"no declaration could be used.*2 rows; 2 x lodged_at"
    ) as e:
        run(
            tmp_path,
            [f"{HEADER}\na,01.02.2024,1,SECRET,870323,1,1\nb,x,1,SECRET,870323,1,1\n"],
            source(),
        )
    assert "SECRET" not in str(e.value)
    assert (tmp_path / "tables" / "declarations.parquet").read_bytes() == before


def test_an_unknown_label_may_be_taken_as_unexamined(tmp_path: Path) -> None:
    label = {"from": "label", "hit": ["1"], "clear": ["0"], "otherwise": "unexamined"}
    text = f"{HEADER}\na,2024-01-01,1,T,870323,1,?\nb,2024-01-01,1,T,870323,1,0\n"
    report = run(tmp_path, [text], source(label=label))
    assert report.derived is not None
    assert (report.derived.inspections, report.derived.unexamined) == (1, 1)
    assert "1 declarations unexamined" in report.summary()


def test_a_result_known_before_its_examination_is_quarantined(tmp_path: Path) -> None:
    columns = {"inspected_at": "importer", "result_known_at": "day"}
    text = (
        "id,day,mode,importer,hs,value,label\n"
        "a,2024-01-01,1,2024-01-05,870323,1,1\nb,2024-01-09,1,2024-01-05,870323,1,1\n"
        "c,2024-01-09,1,,870323,1,1\n"
    )
    settings_ = source().model_dump(by_alias=True, exclude_unset=True)
    del settings_["declarations"]["columns"]["consignee_id"]
    settings_["declarations"]["columns"]["lodged_at"] = "id_day"
    settings_["inspections"]["derived"]["columns"] = columns
    del settings_["inspections"]["derived"]["assumed_delay_days"]
    text = "\n".join(
        f"{one},{'id_day' if i == 0 else '2024-01-01'}" for i, one in enumerate(text.splitlines())
    )
    report = run(tmp_path, [text], SourceSettings.model_validate(settings_))
    assert report.declarations.reasons == {
        "inspections.inspected_at: missing": 1,
        "inspections.result_known_at: before inspected_at": 1,
    }
    assert report.assumed_delay_days is None


def test_an_account_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(AssertionError, match="rows were lost or made"):
        FileReport("x", "", 3, 1, 1, 0, 0, {})
