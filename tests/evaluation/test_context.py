"""What a line is like: sections, and consignees new or known by the rule of time."""

import datetime as dt

import pyarrow as pa
import pytest

from targeting.evaluation.context import slice_context
from targeting.tables.folder import TablesFolder, write_tables


def moment(day, hour=8):
    return dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC)


@pytest.fixture
def tables(tmp_path):
    rows = [
        ("D1", moment(1), "C1", "240411"),
        ("D2", moment(1, 21), "C1", "8542"),
        ("D3", moment(3), "C1", "8542"),
        ("D4", moment(3), "C2", "9999"),
        ("D5", moment(4), None, "0101"),
        ("D6", moment(5), "C2", "0101"),
    ]
    declarations = pa.table(
        {
            "declaration_id": [row[0] for row in rows],
            "lodged_at": [row[1] for row in rows],
            "flow": ["import"] * 6,
            "transport_mode": ["sea"] * 6,
            "office_id": ["AZALA"] * 6,
            "consignee_id": [row[2] for row in rows],
            "hs_code": [row[3] for row in rows],
            "origin_country": ["TR"] * 6,
        }
    )
    examined = ["D2", "D3", "D4", "D5", "D3"]
    inspections = pa.table(
        {
            "inspection_id": [f"I{at}" for at in range(5)],
            "declaration_id": examined,
            "selected_by": ["rule"] * 5,
            "inspected_at": [moment(6)] * 5,
            "result_known_at": [moment(7)] * 5,
            "result": ["clear"] * 5,
        }
    )
    write_tables(tmp_path, declarations, inspections)
    return TablesFolder.open(tmp_path)


def test_only_examined_lines_once_each_and_in_order(tables):
    context = slice_context(tables)
    assert context["declaration_id"].tolist() == ["D2", "D3", "D4", "D5"]
    assert context["hs_chapter"].tolist() == ["85", "85", "99", "01"]
    assert context["hs_section"].str.split().str[0].tolist() == ["XVI", "XVI", "other", "I"]


def test_a_consignee_is_new_on_its_first_day(tables):
    history = slice_context(tables)["consignee_history"]
    assert history.iloc[:3].tolist() == ["new", "known", "new"]
    assert history.isna().tolist() == [False, False, False, True]


def test_the_day_is_that_of_the_administration(tables):
    """21:00 UTC is the next day in Baku, so the consignee of the morning is known by then."""
    history = slice_context(tables, time_zone="Asia/Baku")["consignee_history"]
    assert history.iloc[0] == "known"
