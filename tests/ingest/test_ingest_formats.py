"""Every format brings the same rows, and every damaged file is refused in one paragraph."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from targeting.errors import ConfigError, InputError, OutputError
from targeting.ingest import SourceSettings, ingest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS: dict[str, Any] = {
    "declaration_id": "id",
    "lodged_at": {"from": "day", "dates": ["iso", "%d/%m/%Y"]},
    "flow": {"constant": "import"},
    "transport_mode": {"constant": "sea"},
    "office_id": {"constant": "P1"},
    "hs_code": {"from": "hs", "pad": 6},
    "gross_mass_kg": {"from": "mass", "optional": True},
}
RECORDS = (
    {"id": "a", "day": date(2024, 1, 2), "hs": 10121, "mass": 1.5},
    {"id": "b", "day": date(2024, 1, 1), "hs": 870323, "mass": None},
)
EXPECTED = [
    ("b", datetime(2024, 1, 1, tzinfo=UTC), "870323", None),
    ("a", datetime(2024, 1, 2, tzinfo=UTC), "010121", 1.5),
]


def source(form: dict[str, Any], **changes: Any) -> SourceSettings:
    settings: dict[str, Any] = {
        "name": "test",
        "time_zone": "UTC",
        "format": form,
        "declarations": {"columns": COLUMNS},
    }
    return SourceSettings.model_validate(settings | changes)


def write_csv(path: Path) -> None:
    path.write_text("id;day;hs;mass\na;2024-01-02;10121;1,5\nb;01/01/2024;870323;\n")


def write_jsonl(path: Path) -> None:
    lines = [json.dumps({k: v for k, v in one.items() if v}, default=str) for one in RECORDS]
    path.write_text("\n".join(reversed(lines)) + "\n\n")


def write_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(list(RECORDS)), path)


def write_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data")
    sheet.append(["Extract of 2024"])
    sheet.append(["id", "day", "hs", "mass"])
    sheet.append(["a", datetime(2024, 1, 2), 10121, 1.5])  # noqa: DTZ001  a cell has no zone
    sheet.append([None, None, None, None])
    sheet.append(["b", "01/01/2024", "870323", None])
    book.save(path)


FORMS: dict[str, tuple[dict[str, Any], Callable[[Path], None]]] = {
    "csv": ({"kind": "csv", "delimiter": ";", "decimal": ","}, write_csv),
    "jsonl": ({"kind": "jsonl", "decimal": ","}, write_jsonl),
    "parquet": ({"kind": "parquet", "decimal": ","}, write_parquet),
    "xlsx": ({"kind": "xlsx", "sheet": "Data", "header_row": 2, "decimal": ","}, write_xlsx),
}


def rows_of(tables: Path) -> list[tuple[Any, ...]]:
    rows = pq.read_table(tables / "declarations.parquet").to_pylist()
    return [(r["declaration_id"], r["lodged_at"], r["hs_code"], r["gross_mass_kg"]) for r in rows]


@pytest.mark.parametrize("kind", FORMS)
def test_every_file_format_brings_the_same_rows(tmp_path: Path, kind: str) -> None:
    form, write = FORMS[kind]
    write(tmp_path / f"x.{kind}")
    report = ingest(source(form), [tmp_path / f"x.{kind}"], tmp_path / "tables")
    assert rows_of(tmp_path / "tables") == EXPECTED
    assert report.declarations.rows_in == 2


def test_a_database_is_read_by_its_environment_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'customs.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("create table sad (id text, day text, hs integer, mass real)"))
        connection.execute(
            sa.text(
                "insert into sad values ('a','2024-01-02',10121,1.5),('b','01/01/2024',870323,null)"
            )
        )
    engine.dispose()
    monkeypatch.setenv("CUSTOMS_DB", url)
    form = {"kind": "database", "url_variable": "CUSTOMS_DB", "query": "select * from sad"}
    ingest(source(form), [], tmp_path / "tables")
    assert rows_of(tmp_path / "tables") == EXPECTED
    assert "customs.db" not in (tmp_path / "tables" / "ingest_report.json").read_text()


def test_a_database_without_its_variable_or_table_tells_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"kind": "database", "url_variable": "CUSTOMS_DB", "query": "select * from absent"}
    monkeypatch.delenv("CUSTOMS_DB", raising=False)
    with pytest.raises(
        ConfigError, match="environment variable CUSTOMS_DB: the database's address"
    ):
        ingest(source(form), [], tmp_path / "tables")
    monkeypatch.setenv("CUSTOMS_DB", f"sqlite:///{tmp_path / 'secret.db'}")
    with pytest.raises(InputError, match="did not answer the query") as caught:
        ingest(source(form), [], tmp_path / "tables")
    assert "secret" not in str(caught.value)


def bad_files(folder: Path) -> dict[str, tuple[str, bytes, str]]:
    write_parquet(folder / "whole.parquet")
    return {
        "empty": ("csv", b"", "the extract is empty"),
        "header only": ("csv", b"id;day;hs\n", "a header without rows"),
        "encoding": ("csv", "id;day;hs\n\u0416;1;2\n".encode("cp1251"), "not written in utf-8"),
        "delimiter": ("csv", b"id,day,hs\na,2024-01-01,870323\n", "Perhaps the source's"),
        "quote": ("csv", b'id;day;hs\n"a;2024-01-01;870323\n', "cannot be read as csv"),
        "twice": ("csv", b"id;day;hs;hs\n", "names a column twice"),
        "no workbook": ("xlsx", b"PK but no workbook", "cannot be read as xlsx"),
        "no parquet": ("parquet", b"PAR1 and then nothing", "cannot be read as parquet"),
        "cut parquet": ("parquet", (folder / "whole.parquet").read_bytes()[:-9], "as parquet"),
        "no json": ("jsonl", b"[1, 2]\nword\n", "no JSON object"),
    }


@pytest.mark.parametrize(
    "case",
    [
        "empty", "header only", "encoding", "delimiter", "quote", "twice", "no workbook",
        "no parquet", "cut parquet", "no json",
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_and_leaves_nothing(tmp_path: Path, case: str) -> None:
    kind, content, words = bad_files(tmp_path)[case]
    path = tmp_path / f"x.{kind}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        ingest(source(FORMS[kind][0]), [path], tmp_path / "out" / "tables")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_missing_sheet_names_the_near_ones(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "x.xlsx")
    form = {"kind": "xlsx", "sheet": "Dada", "header_row": 2}
    with pytest.raises(InputError, match=r"no sheet 'Dada'.*Did you mean Data\?"):
        ingest(source(form), [tmp_path / "x.xlsx"], tmp_path / "tables")


def test_missing_input_and_unwritable_output_are_told(tmp_path: Path) -> None:
    form, write = FORMS["csv"]
    with pytest.raises(InputError, match="the input is not there"):
        ingest(source(form), [tmp_path / "absent.csv"], tmp_path / "tables")
    write(tmp_path / "x.csv")
    with pytest.raises(InputError, match="no input for the table declarations"):
        ingest(source(form), [], tmp_path / "tables")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        ingest(source(form), [tmp_path / "x.csv"], tmp_path / "file" / "tables")


def test_folders_and_globs_are_expanded_and_a_file_is_read_once(tmp_path: Path) -> None:
    form, write = FORMS["csv"]
    write(tmp_path / "x.csv")
    (tmp_path / "README.md").write_text("not an extract")
    inputs = [tmp_path, tmp_path / "*.csv", tmp_path / "x.csv"]
    report = ingest(source(form), inputs, tmp_path.parent / f"{tmp_path.name}-tables")
    assert [one.name for one in report.declarations.files] == ["x.csv"]
    assert report.ignored_files == ("README.md",)


def test_an_extract_of_inspections_is_dealt_out_and_orphans_are_set_aside(tmp_path: Path) -> None:
    form, write = FORMS["csv"]
    write(tmp_path / "decl.csv")
    (tmp_path / "insp.csv").write_text(
        "act;id;day;out;lane\n1;a;2024-01-03;H;red\n2;zz;2024-01-03;C;red\n3;b;2024-01-02;C;red\n"
        "3;b;2024-01-02;C;red\n4;b;2024-01-02;;red\n"
    )
    columns: dict[str, Any] = {
        "inspection_id": "act",
        "declaration_id": "id",
        "selected_by": {"constant": "random"},
        "inspected_at": "day",
        "result": {"from": "out", "map": {"H": "hit", "C": "clear"}},
    }
    extract = {"files": "insp*", "columns": columns, "assumed_delay_days": 7}
    settings = source(
        form,
        declarations={"columns": COLUMNS, "files": "decl*"},
        inspections={"extract": extract},
    )
    report = ingest(settings, [tmp_path], tmp_path.parent / f"{tmp_path.name}-tables")
    account = report.inspections
    assert account is not None
    assert (account.rows_in, account.rows_out, account.quarantined, account.duplicates) == (
        5,
        2,
        2,
        1,
    )
    assert account.reasons == {
        "no declaration of this id in the tables": 1,
        "result: missing": 1,
    }
    assert (account.extra_columns, account.never_features) == (("lane",), ("lane",))
    assert report.assumed_delay_days == 7
    rows = pq.read_table(tmp_path.parent / f"{tmp_path.name}-tables" / "inspections.parquet")
    assert rows["result_known_at"].to_pylist() == [
        datetime(2024, 1, 9, tzinfo=UTC),
        datetime(2024, 1, 10, tzinfo=UTC),
    ]


def test_records_that_are_no_rows_are_quarantined(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        "id;day;hs\na;2024-01-01;870323;more\n\nb;2024-01-01\nc;2024-01-01;870323\n"
    )
    report = ingest(source(FORMS["csv"][0]), [tmp_path / "x.csv"], tmp_path / "t")
    assert report.declarations.reasons == {
        "the record has fewer fields than the header": 1,
        "the record has more fields than the header": 1,
    }
    assert report.declarations.files[0].blank_lines == 1
    assert [
        row["row"] for row in pq.read_table(tmp_path / "t" / "quarantine.parquet").to_pylist()
    ] == [1, 2]


def test_progress_is_told_the_rows_read(tmp_path: Path) -> None:
    form, write = FORMS["csv"]
    write(tmp_path / "x.csv")
    told: list[tuple[str, int]] = []
    ingest(
        source(form), [tmp_path / "x.csv"], tmp_path / "t", progress=lambda *one: told.append(one)
    )
    assert told == [("x.csv", 2)]


def test_parquet_extras_keep_their_type(tmp_path: Path) -> None:
    number = 2**53 + 1  # a float cannot hold it
    rows = [one | {"Invoice No": number, "ratio": 0.5} for one in RECORDS]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    ingest(source({"kind": "parquet"}), [tmp_path / "x.parquet"], tmp_path / "t")
    schema = pq.read_schema(tmp_path / "t" / "declarations.parquet")
    assert (schema.field("invoice_no").type, schema.field("ratio").type) == (
        pa.int64(),
        pa.float64(),
    )
    written = pq.read_table(tmp_path / "t" / "declarations.parquet")
    assert written["invoice_no"].to_pylist() == [number, number]
