"""Charts and words of evidence: frozen, harmless whatever the tables hold, and on the page."""

from __future__ import annotations

import io
import math
import os
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from targeting.config import FeatureSettings, KeySettings, ShortlistSettings
from targeting.language import ENGLISH, Language
from targeting.scoring.scores import Scores, ScoresInfo
from targeting.shortlist.charts import (
    MonthWords,
    SpreadWords,
    bar_text,
    months_svg,
    spark_svg,
    spark_text,
    spread_svg,
)
from targeting.shortlist.evidence import history_summary, history_told, similar_told
from targeting.shortlist.history import History, Month, Spread, months_before
from targeting.shortlist.make import make_shortlist
from targeting.shortlist.terminal import ExplainedLine, line_told
from targeting.tables.folder import TablesFolder, write_tables
from targeting.tables.schema import INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

GOLDEN = Path(__file__).with_name("golden_chart.svg")
SCRIPT = "</text><script>alert('x')</script>"
SVG = "{http://www.w3.org/2000/svg}"

MONTHS = tuple(
    Month(first, lodged, examined, hits)
    for first, lodged, examined, hits in zip(
        months_before(date(2025, 6, 16)),
        (12, 20, 7, 0, 3, 14, 22, 30, 18, 9, 25, 11),
        (1, 0, 0, 0, 2, 4, 1, 5, 0, 0, 3, 1),
        (0, 0, 0, 0, 1, 0, 0, 3, 0, 0, 1, 0),
        strict=True,
    )
)
SPREAD = Spread("price", 40, 4.0, 1.5, 1.0, 16.0, (0, 4, 16, 16, 4, 0))
HISTORY = History("consignee", ("consignee_id",), (), date(2025, 6, 16), 171, 17, 5, MONTHS, SPREAD)


def months(*counts: tuple[int, int, int]) -> tuple[Month, ...]:
    return tuple(Month(date(2025, at + 1, 1), *count) for at, count in enumerate(counts))


def charts(history: History = HISTORY) -> tuple[str, ...]:
    told = history_told(history, ENGLISH)
    assert told is not None
    return (*told.charts, told.spark)


def test_the_chart_of_months_is_the_frozen_one() -> None:
    if os.environ.get("TARGETING_REFREEZE") == "1":
        GOLDEN.write_text(charts()[0] + "\n", encoding="utf-8")

    assert charts()[0] + "\n" == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("at", range(3))
def test_a_chart_is_sound_svg_of_classes_alone(at: int) -> None:
    drawn = charts()[at]

    names = {element.tag for element in ET.fromstring(drawn).iter()}  # noqa: S314 - our own text
    assert names <= {"svg", "title", "desc", "text", "path", "line"}
    assert not re.search(r"style|script|href|url\(|on[a-z]+=", drawn)


def test_a_chart_tells_who_cannot_see_it() -> None:
    by_month, spread, spark = (ET.fromstring(one) for one in charts())  # noqa: S314

    assert by_month.findtext("desc") == (
        "consignee: 171 declarations before 16 June 2025; 17 examined, 5 hits"
    )
    assert spread.findtext("desc") == (
        "consignee: 40 earlier lines; typically 4 per kg, this line 1.50 per kg"
    )
    assert by_month.get("role") == "img"
    assert spark.get("aria-hidden") == "true"


def test_words_in_a_chart_are_escaped() -> None:
    words = MonthWords(*[SCRIPT] * 6)
    spread = SpreadWords(*[SCRIPT] * 6)

    for drawn in (months_svg(MONTHS, words), spread_svg(SPREAD, spread)):
        assert "<script" not in drawn
        assert drawn.count("&lt;script&gt;") == 7


def heights(drawn: str, kind: str) -> list[float]:
    (path,) = re.findall(rf'<path class="{kind}" d="([^"]*)"', drawn) or [""]
    return [float(height) for height in re.findall(r"v-([0-9.]+)h", path)]


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(0, 500), st.integers(0, 500)),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_bars_are_as_high_as_their_counts_and_none_is_lost(
    counts: list[tuple[int, int, int]],
) -> None:
    told = [(lodged, seen, min(seen, hits)) for lodged, seen, hits in counts]
    drawn = months_svg(months(*told), MonthWords(*"abcdef"))

    for at, kind, tall in ((0, "lodged", 28), (1, "seen", 24), (2, "hits", 24)):
        row = [one[at] for one in told if one[at]]
        most = max([one[min(at, 1)] for one in told], default=0)
        assert heights(drawn, kind) == [
            pytest.approx(max(tall * count / most, 1.0), abs=0.06) for count in row
        ]
    assert len(re.findall("l3 3", drawn)) == sum(1 for one in told if one[2])


def test_a_month_without_anything_has_no_bar_and_a_spark_marks_hits() -> None:
    assert heights(spark_svg(months((4, 0, 0), (0, 0, 0), (1, 1, 1))), "lodged") == [13.0, 3.2]
    assert spark_svg(months((4, 0, 0), (0, 1, 1))).count('class="mark"') == 1
    assert spark_svg(months((0, 0, 0))).count("<path") == 0


@given(st.floats(-1e3, 1e9))
def test_an_amount_beyond_the_scale_stands_on_its_end(own: float) -> None:
    drawn = spread_svg(replace(SPREAD, own=own), SpreadWords(*"abcdef"))

    (at,) = re.findall(r'<line class="own" x1="([0-9.]+)"', drawn)
    assert 2.0 <= float(at) <= 238.0


@given(st.lists(st.integers(0, 10**9), max_size=24))
def test_blocks_rise_with_their_counts(counts: Sequence[int]) -> None:
    drawn = spark_text(counts)

    assert len(drawn) == len(counts)
    assert [letter == " " for letter in drawn] == [count == 0 for count in counts]
    order = sorted(range(len(counts)), key=counts.__getitem__)
    assert sorted(drawn) == [drawn[at] for at in order]


@given(st.floats(0, 1), st.integers(1, 40))
def test_a_bar_is_as_long_as_its_share(share: float, width: int) -> None:
    drawn = bar_text(share, width)

    assert 1 <= len(drawn) <= width
    assert len(drawn) - 1 <= math.ceil(share * width)


def test_numbers_of_a_link_are_told_as_what_they_are() -> None:
    link = replace(HISTORY, through=("container_id",))

    assert ENGLISH.say(history_summary(link)) == (
        "consignee: 171 declarations before 16 June 2025; other party (container) examined before "
        "in 17, caught before in 5"
    )


def test_nothing_is_drawn_where_nothing_came_before() -> None:
    assert history_told(replace(HISTORY, declarations=0), ENGLISH) is None


PAST = {
    "declaration_id": "D-<b>", "lodged_day": date(2025, 1, 9), "known_day": date(2025, 1, 12),
    "office_id": "KZHOR", "hs_code": "841430", "result": "hit", "offence": "origin_fraud",
    "revenue": 1287.0, "selected_by": "rule", "similarity": 0.893,
}  # fmt: skip
CLEAR = PAST | {"declaration_id": "D-2", "result": "clear", "offence": None, "revenue": None}


@pytest.mark.parametrize(
    ("among", "hits", "words"),
    [
        (20, 6, "of the 20 lines most like this one examined before, 6 were hits (30%)"),
        (20, 1, "of the 20 lines most like this one examined before, 1 was a hit (5%)"),
        (3, 0, "of the 3 lines most like this one examined before, 0 were hits (0%)"),
        (1, 1, "the one line like this one examined before: 1 hit"),
    ],
)
def test_both_the_hits_and_among_how_many_are_told(among: int, hits: int, words: str) -> None:
    told = similar_told({"lines": [PAST, CLEAR], "among": among, "hits": hits}, ENGLISH)

    assert told is not None
    assert told.summary == words
    assert told.warning.startswith("Officers chose what was examined")
    assert told.lines == (
        "hit: false origin, 1,287 recovered; lodged 9 January 2025 at office KZHOR, goods code "
        "841430, declaration D-<b>; 89% alike",
        "clear; lodged 9 January 2025 at office KZHOR, goods code 841430, declaration D-2; "
        "89% alike",
    )


@pytest.mark.parametrize("cell", [None, float("nan"), {"lines": [], "among": 0, "hits": 0}])
def test_a_line_without_precedents_says_nothing_of_them(cell: object) -> None:
    assert similar_told(cell, ENGLISH) is None


@pytest.fixture
def explained(tmp_path: Path) -> tuple[Scores, TablesFolder]:
    """Two lines of one consignee; the later one is listed, with a reason that speaks of it."""
    moments = pd.to_datetime(["2025-02-27T08:00", "2025-03-01T08:00"], utc=True)
    declared = pa.table(
        {
            "declaration_id": ["D-1", "D-2"],
            "lodged_at": list(moments.to_pydatetime()),
            "flow": ["import"] * 2,
            "transport_mode": ["sea"] * 2,
            "office_id": ["AZ001"] * 2,
            "hs_code": ["640411"] * 2,
            "consignee_id": [SCRIPT] * 2,
        }
    )
    folder = tmp_path / "tables"
    folder.mkdir()
    write_tables(folder, declared, INSPECTIONS.arrow_schema().empty_table())
    reason: dict[str, Any] = {
        "text": "this consignee: only 1 earlier declaration", "contribution": 0.7,
        "feature": "consignee_declarations", "key": "consignee", "family": "party",
    }  # fmt: skip
    rows = pd.DataFrame(
        {
            "declaration_id": ["D-2"], "lodged_at": moments[1:], "office_id": ["AZ001"],
            "score": [-1.0], "probability": [0.2], "expected_revenue": [5.0],
            "reasons": [[reason]], "similar": [{"lines": [PAST], "among": 20, "hits": 6}],
        }
    )  # fmt: skip
    features = FeatureSettings(keys=(KeySettings(columns=("consignee_id",)),), links=())
    info = ScoresInfo("3f9ac1d20b77", "2025-02-14", "UTC", "EUR", features)
    return Scores(rows, info), TablesFolder.open(folder)


def page_of(explained: tuple[Scores, TablesFolder], folder: Path) -> str:
    scores, tables = explained
    make_shortlist(scores, tables, capacity=1, settings=ShortlistSettings(), output=folder)
    return (folder / "shortlist.html").read_text("utf-8")


def test_the_page_shows_history_and_precedents_and_runs_nothing(
    explained: tuple[Scores, TablesFolder], tmp_path: Path
) -> None:
    page = page_of(explained, tmp_path / "list")

    assert "consignee: 1 declaration before 1 March 2025; 0 examined, 0 hits</summary>" in page
    assert page.count('<svg class="chart"') == 1
    assert "of the 20 lines most like this one examined before, 6 were hits (30%)" in page
    assert "declaration D-&lt;b&gt;" in page
    assert "<script>alert" not in page
    assert re.search(r"<[^>]*\sstyle=", page) is None


def test_an_older_scores_file_has_no_history(
    explained: tuple[Scores, TablesFolder], tmp_path: Path
) -> None:
    scores, tables = explained
    older = Scores(scores.rows.drop(columns="similar"), replace(scores.info, features=None))

    page = page_of((older, tables), tmp_path / "list")

    assert "this consignee: only 1 earlier declaration" in page
    assert "<details" not in page


def told_in_terminal(line: ExplainedLine, language: Language = ENGLISH) -> str:
    shown = io.StringIO()
    Console(width=90, color_system=None, file=shown).print(line_told(line, language))
    return shown.getvalue()


def test_a_terminal_shows_bars_history_and_precedents(
    explained: tuple[Scores, TablesFolder],
) -> None:
    scores, _ = explained
    row = scores.rows.iloc[0].to_dict() | {"declaration_id": "D\x1b[2J-2"}
    line = ExplainedLine(
        {str(name): cell for name, cell in row.items()},
        {"consignee_declarations": HISTORY},
        scores.info,
    )

    told = told_in_terminal(line)

    assert "Declaration D\N{REPLACEMENT CHARACTER}[2J-2, office AZ001, lodged 1 Mar 2025" in told
    assert "Chance of a find: about 1 in 5 (20%); raw score -1.00 log-odds" in told
    assert "+0.70 ██████████████ this consignee: only 1 earlier declaration" in told
    assert "▄▆▂ ▁▄▆█▅▃▇▃" in told
    assert "of the 20 lines most like this one examined before, 6 were hits (30%)" in told
