# ruff: noqa: RUF001  the extract is written in Cyrillic
"""The shipped mappings: the template on a small literal extract, and KCS."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from targeting.ingest import ingest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "configs" / "sources"
KCS = ROOT.parent / "shared" / "data" / "kcs"

HEADER = (
    "Номер;Строка;Дата;Прибытие;Режим;Транспорт;Пост;ИНН;Брокер;ТНВЭД;Товар;Страна;Вес;"
    "Стоимость;Фрахт;Ставка;Счёт;Инспектор;Результат;Вид;Доначислено;Упаковка"
)
ROWS = (
    # An ordinary hit: HS 01 lost its zero, tonnes, thousands, decimal comma.
    "A1;1;31.01.2024;02.02.2024;ИМ;10;P1;T-77 ;B-5;10121;лошади;tr;1,5;1 234,5;10;0.05;7,5;"
    "И-9;нарушение;контрабанда;100,25;ящик",
    # Unexamined; the mode is not in the map; arrival cannot be read; origin is "no value".
    'A1;2;01.02.2024 13:30;скоро;ЭК;77;P1;T-78;-;8703.23;"авто; новое";XX;2;5;-;-;-;-;;;;-',
    # Clear.
    "A2;1;03.02.2024;-;ТР;20;P2;T-79;-;8703.23;авто;kz;0,25;1;1;0.1;1;-;без нарушений;-;-;-",
    # Quarantined: two reasons at once.
    "A3;1;31.02.2024;-;ИМ;10;P2;SECRET1;-;12;авто;kz;0,25;1;1;0.1;1;-;;-;-;-",
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    text = "\r\n".join((HEADER, *ROWS, ""))
    (folder / "decl_2024.csv").write_bytes(text.encode("cp1251"))
    ingest(SOURCES / "template.yaml", [folder], folder / "tables")
    return folder / "tables"


def test_template_converts_every_kind_of_column(tables: Path) -> None:
    rows = pq.read_table(tables / "declarations.parquet").to_pylist()
    assert [row["declaration_id"] for row in rows] == ["A1/1", "A1/2", "A2/1"]
    first = {name: value for name, value in rows[0].items() if value is not None}
    assert first == {
        "declaration_id": "A1/1",
        "lodged_at": datetime(2024, 1, 30, 20, tzinfo=UTC),
        "arrival_at": datetime(2024, 2, 1, 20, tzinfo=UTC),
        "flow": "import",
        "transport_mode": "sea",
        "office_id": "P1",
        "consignee_id": "T-77",
        "declarant_id": "B-5",
        "hs_code": "010121",
        "goods_description": "лошади",
        "origin_country": "TR",
        "destination_country": "AZ",
        "gross_mass_kg": 1500.0,
        "customs_value": 1_234_500.0,
        "freight_cost": 17.0,
        "duty_rate_pct": 5.0,
        "invoice_total": 7.5,
        "упаковка": "ящик",
    }
    second = rows[1]
    assert second["lodged_at"] == datetime(2024, 2, 1, 9, 30, tzinfo=UTC)
    assert (second["arrival_at"], second["origin_country"]) == (None, None)
    assert (second["transport_mode"], second["flow"]) == ("unknown", "export")
    assert (second["hs_code"], second["goods_description"]) == ("870323", "авто; новое")


def test_template_derives_inspections_and_leaves_the_unexamined_out(tables: Path) -> None:
    rows = pq.read_table(tables / "inspections.parquet").to_pylist()
    assert [(row["declaration_id"], row["result"]) for row in rows] == [
        ("A1/1", "hit"),
        ("A2/1", "clear"),
    ]
    hit = rows[0]
    assert hit["selected_by"] == "officer"
    assert hit["inspected_at"] == datetime(2024, 1, 31, 20, tzinfo=UTC)
    assert hit["result_known_at"] == datetime(2024, 2, 20, 20, tzinfo=UTC)
    assert (hit["offence"], hit["revenue_recovered"]) == ("smuggling", 100.25)


def test_template_quarantines_with_all_reasons_and_the_raw_row(tables: Path) -> None:
    rows = pq.read_table(tables / "quarantine.parquet").to_pylist()
    assert len(rows) == 1
    raw = rows[0].pop("raw")
    assert rows[0] == {
        "table": "declarations",
        "source_file": "decl_2024.csv",
        "row": 4,
        "reasons": [
            "lodged_at: not a time in the stated formats and zone",
            "hs_code: no HS chapter 00",
        ],
    }
    assert json.loads(raw)["ИНН"] == "SECRET1"


def test_template_report_states_the_assumptions_and_names_no_trader(tables: Path) -> None:
    text = (tables / "ingest_report.json").read_text(encoding="utf-8")
    report = json.loads(text)
    account = report["declarations"]
    assert [account[k] for k in ("rows_in", "rows_out", "quarantined", "duplicates")] == [
        4,
        3,
        1,
        0,
    ]
    assert (report["assumed_delay_days"], report["time_zone"]) == (21.0, "Asia/Baku")
    assert report["derived"]["unexamined"] == 1
    assert account["values_made_null"] == {"arrival_at": 1}
    assert account["values_outside_maps"] == {"transport_mode": {"rows": 1, "codes": {"77": 1}}}
    assert account["extra_columns"] == ["invoice_total", "упаковка"]
    assert not any(trader in text for trader in ("T-77", "T-78", "B-5", "SECRET1"))


@pytest.mark.skipif(not KCS.is_dir(), reason="the KCS data is not beside the repository")
def test_kcs_rows_are_all_accounted_for(tmp_path: Path) -> None:
    report = ingest(SOURCES / "kcs.yaml", [KCS], tmp_path / "kcs")
    files = {one.name: (one.rows_in, one.rows_out) for one in report.declarations.files}
    assert files == {"train.csv": (37_385, 37_385), "valid.csv": (8_134, 8_134)}
    derived = report.derived
    assert derived is not None
    assert (derived.inspections, derived.hits, derived.unexamined) == (45_519, 9_818, 0)
    assert report.assumed_delay_days == 14
    names = pq.read_schema(tmp_path / "kcs" / "declarations.parquet").names
    assert not [name for name in names if "fraud" in name]
    rows = pq.read_table(
        tmp_path / "kcs" / "declarations.parquet", columns=["transport_mode", "hs_code"]
    )
    assert set(rows["transport_mode"].unique().to_pylist()) == {
        "sea", "rail", "road", "air", "post", "unknown",
    }  # fmt: skip
    assert {len(code) for code in rows["hs_code"].to_pylist()} == {6}
