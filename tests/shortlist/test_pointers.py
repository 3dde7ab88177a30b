"""Each line of a list says what it points to and where to look, in the list's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
import pytest

from targeting.config import AdviceSettings, ShortlistSettings
from targeting.errors import ConfigError, InputError
from targeting.shortlist.make import make_shortlist
from targeting.shortlist.pointers import add_advice, listed_reasons, look_text, points_text

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.scoring.scores import Scores
    from targeting.tables.folder import TablesFolder

ADVICE = AdviceSettings()


def reason(*indicators: int, contribution: float = 1.0, feature: str = "") -> dict[str, object]:
    return {
        "text": "Said so.",
        "feature": feature,
        "family": "conveyance",
        "contribution": contribution,
        "indicators": list(indicators),
    }


def frame(*cells: object, **more: object) -> pd.DataFrame:
    rows = pd.DataFrame({"declaration_id": [f"D-{at}" for at in range(len(cells))]})
    declared = {"transport_mode": "sea", "container_type": "22G1", "flow": "import"} | more
    return rows.assign(reasons=pd.Series(list(cells), dtype="object"), **declared)


def advised(lines: pd.DataFrame, language: str = "en") -> pd.DataFrame:
    scored = lines[["declaration_id"]]
    return add_advice(lines, scored, advice=ADVICE, language=language)


def test_a_line_says_what_it_points_to_where_to_look_and_by_which_advice() -> None:
    row = advised(frame([reason(64), reason(18, contribution=-0.5)])).iloc[0]

    assert [one["scheme"] for one in row["points_to"]] == ["rip_on"]
    assert points_text(row["points_to"], row["reasons"]).startswith(
        "drugs put into an honest trader's container"
    )
    assert look_text(row["where_to_look"]).startswith("1. Compare the seal")
    assert row["advice_version"] == ADVICE.stamp
    assert [bool(one["points"]) for one in row["reasons"]] == [True, False]


def test_words_are_in_the_language_asked_for_and_else_in_english() -> None:
    lines = frame([reason(64)])

    russian, azeri = (
        points_text(advised(lines, code).iloc[0]["points_to"], None) for code in ("ru", "az")
    )

    assert russian.startswith("наркотики")
    assert azeri.startswith("drugs")


def test_that_nothing_points_to_one_scheme_is_said_of_explained_lines_alone() -> None:
    explained, drawn = (advised(frame(cell)).iloc[0] for cell in ([reason(18)], None))

    assert points_text(explained["points_to"], explained["reasons"]) == "no one scheme"
    assert points_text(drawn["points_to"], drawn["reasons"]) == ""


@pytest.mark.parametrize("cell", [None, float("nan"), []])
def test_a_line_without_reasons_is_advised_on_by_its_unit(cell: object) -> None:
    row = advised(frame(cell)).iloc[0]

    assert row["points_to"] == []
    assert look_text(row["where_to_look"]).startswith("1. Compare container and seal numbers")
    assert row["reasons"] is None


def test_scores_without_indicators_have_those_of_their_features() -> None:
    old = {"text": "x", "feature": "seal_declarations", "family": "conveyance", "contribution": 0.5}

    assert listed_reasons([old])[0].indicators == (64,)
    assert listed_reasons([old | {"contribution": float("nan")}])[0].contribution == 0.0


def test_chances_of_the_views_are_held_against_those_of_all_lines() -> None:
    lines = frame([reason(38)], hs_code="640399")
    alike = {"papers_probability": [0.1, 0.1], "conveyance_probability": [0.01, 0.01]}
    scored = pd.DataFrame({"declaration_id": ["D-0", "D-9"]} | alike)
    leaning = scored.assign(conveyance_probability=[0.03, 0.01])

    even, box = (
        add_advice(lines, one, advice=ADVICE, language="en").iloc[0]["points_to"][0]["strength"]
        for one in (scored, leaning)
    )

    assert box > even


def test_the_lines_given_are_not_changed() -> None:
    lines = frame([reason(64)])
    before = lines.copy(deep=True)

    advised(lines)

    pd.testing.assert_frame_equal(lines, before)


def test_one_s_own_advice_is_used_and_what_it_lacks_is_said(
    scores: Scores, tables: TablesFolder, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "version: port-7\n"
        "schemes:\n"
        "  - {name: any, words: {en: Anything}, offences: [other], view: papers,"
        " indicators: {78: 1}, source: domain.md 1.2,"
        " look: [{words: {en: Look twice.}, source: domain.md 1.2}]}\n"
        "anywhere: [{words: {en: Look once.}, source: domain.md 1.2}]\n",
        encoding="utf-8",
    )
    settings = ShortlistSettings(language="ru", advice=mine)

    report = make_shortlist(scores, tables, capacity=3, settings=settings, output=tmp_path / "list")

    table = pq.read_table(tmp_path / "list" / "shortlist.parquet").to_pandas()
    assert {version.split("-")[0] for version in table["advice_version"]} == {"port"}
    assert {tuple(cell) for cell in table["where_to_look"]} == {("Look once.",)}
    assert report.untold == 3
    page = (tmp_path / "list" / "shortlist.html").read_text(encoding="utf-8")
    assert "3 текстов рекомендаций нет на этом языке" in page


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [("flor: 1", ConfigError, "flor: unknown key"), (None, InputError, "cannot be read")],
)
def test_advice_that_does_not_fit_is_refused_before_anything_is_written(
    scores: Scores,
    tables: TablesFolder,
    tmp_path: Path,
    text: str | None,
    error: type[Exception],
    words: str,
) -> None:
    mine = tmp_path / "mine.yaml"
    if text is not None:
        mine.write_text(text, encoding="utf-8")

    with pytest.raises(error, match=words):
        make_shortlist(
            scores,
            tables,
            capacity=3,
            settings=ShortlistSettings(advice=mine),
            output=tmp_path / "list",
        )
    assert not (tmp_path / "list").exists()
