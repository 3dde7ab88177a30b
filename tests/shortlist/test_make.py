from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.config import ShortlistSettings, load
from targeting.errors import TargetingError
from targeting.language import ENGLISH
from targeting.scoring.scores import REASON, SCHEMA, Scores, read_scores, write_scores
from targeting.shortlist.make import make_shortlist
from targeting.shortlist.report import OfficeDay, ShortlistReport

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.tables.folder import TablesFolder


def test_a_list_is_made_and_counted(scores: Scores, tables: TablesFolder, tmp_path: Path) -> None:
    report = make_shortlist(
        scores,
        tables,
        capacity=2,
        settings=ShortlistSettings(random_share=0.5),
        output=tmp_path / "list",
        mandatory=["D-03", "D-04", "D-02", "D-99"],
    )
    # The zone was not set, so it is the scores' own: D-05 and D-06 are of 2 March.
    assert report.office_days == (
        OfficeDay("AZ001", date(2025, 3, 1), arrivals=4, capacity=2, mandatory=3),
        OfficeDay("AZ001", date(2025, 3, 2), arrivals=2, capacity=2, random=1, model=1),
        OfficeDay("TM014", date(2025, 3, 1), arrivals=3, capacity=2, random=1, model=1),
    )
    assert (report.lines, report.random_lines, report.mandatory_lines) == (7, 2, 3)
    assert tuple(map(ENGLISH.say, report.notes)) == (
        "AZ001, 1 March 2025: 3 ordered lines, 1 more than the 2 examinations a day; "
        "all are listed.",
        "Mandatory orders that name no scored declaration, and so are not on this list: 1.",
    )
    rows = pq.read_table(tmp_path / "list" / "shortlist.parquet")
    assert rows.num_rows == 7
    assert "1 more than the 2" in (tmp_path / "list" / "shortlist.html").read_text("utf-8")


def test_a_zone_that_was_set_wins(scores: Scores, tables: TablesFolder, tmp_path: Path) -> None:
    report = make_shortlist(
        scores,
        tables,
        capacity=9,
        settings=ShortlistSettings(time_zone="UTC"),
        output=tmp_path / "list",
    )
    assert [(one.office_id, one.arrivals) for one in report.office_days] == [
        ("AZ001", 6),
        ("TM014", 3),
    ]


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
def test_scores_from_a_file_make_a_list(
    scores: Scores, tables: TablesFolder, tmp_path: Path, name: str
) -> None:
    if name.endswith(".csv"):
        write_scores(scores, tmp_path / name)
    else:
        fields = [*SCHEMA, pa.field("reasons", pa.list_(REASON))]
        rows = scores.rows.to_dict(orient="records")
        pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(fields)), tmp_path / name)
    report = make_shortlist(
        read_scores(tmp_path / name),
        tables,
        capacity=2,
        settings=ShortlistSettings(time_zone="Asia/Baku"),
        output=tmp_path / "list",
    )
    assert report.lines == 6
    page = (tmp_path / "list" / "shortlist.html").read_text("utf-8")
    assert "Consignee was first seen 3 days before lodging." in page


def test_scores_without_reasons_make_a_list(
    scores: Scores, tables: TablesFolder, tmp_path: Path
) -> None:
    bare = replace(scores, rows=scores.rows.drop(columns="reasons"))
    make_shortlist(bare, tables, capacity=1, settings=ShortlistSettings(), output=tmp_path / "list")
    rows = pq.read_table(tmp_path / "list" / "shortlist.parquet")
    assert rows["reasons"].null_count == 3
    assert "Not explained" in (tmp_path / "list" / "shortlist.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("most", "capacity", "told"),
    [(0, 2, "0 scored declarations"), (9, 0, "--capacity: not a positive whole number")],
)
def test_a_refused_list_leaves_nothing(
    scores: Scores, tables: TablesFolder, *, most: int, capacity: int, told: str
) -> None:
    part, beside = replace(scores, rows=scores.rows.head(most)), tables.path.parent
    with pytest.raises(TargetingError, match=told):
        make_shortlist(
            part, tables, capacity=capacity, settings=ShortlistSettings(), output=beside / "list"
        )
    assert [path.name for path in beside.iterdir()] == ["tables"]


def test_report_of_a_day_within_capacity_has_no_notes() -> None:
    report = ShortlistReport((OfficeDay("A", date(2025, 3, 1), arrivals=3, capacity=2, model=2),))
    assert report.over_capacity == ()
    assert tuple(map(ENGLISH.say, report.notes)) == ()


def test_the_settings_file_is_read(request: pytest.FixtureRequest) -> None:
    settings = load(ShortlistSettings, request.config.rootpath / "configs" / "shortlist.yaml")
    assert settings == ShortlistSettings(random_share=0.1)
    assert "time_zone" not in settings.model_fields_set
