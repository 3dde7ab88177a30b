"""The same sections in the card and the report: complete, escaped, the same bytes twice."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.evaluation.insight.traffic import traffic

from targeting.bundle.card import Section, model_card
from targeting.bundle.manifest import Manifest
from targeting.evaluation.insight import words
from targeting.evaluation.insight.dependence import Bin, Dependence
from targeting.evaluation.insight.failures import failures
from targeting.evaluation.insight.insight import Insight, Weight
from targeting.evaluation.insight.pictures import figures
from targeting.evaluation.insight.removal import Removal, Step
from targeting.evaluation.insight.stability import Stability
from targeting.evaluation.insight.unseen import Area, Indicator, Unseen
from targeting.evaluation.judge import evaluate
from targeting.evaluation.measures import Measure
from targeting.evaluation.plots import svg
from targeting.evaluation.report import write_evaluation
from targeting.features.spec import FeatureSpec

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<script>alert(1)</script>|x\n# y"
SURE = Measure(0.9, 0.8, 0.95)
NONE = Measure(None, why="no line to judge by")


def insight(falls: Measure = SURE) -> Insight:
    return Insight(
        lines=300,
        weights=(Weight("price", "goods and price", 0.25, 0.1, 0.4),),
        dependence=(
            Dependence(
                "price_z", "price", "Spreads from the typical.",
                (Bin(HOSTILE, 29, -0.1, -0.2, 0.0), Bin("0 to 1", 271, 0.2, 0.1, 0.3)),
            ),
        ),
        removal=Removal(200, falls, SURE, Measure(1.0), Measure(0.1), SURE,
                        (Step(0, -1.0, -1.0), Step(1, -2.0, -1.1))),
        stability=Stability(200, SURE, SURE, SURE, SURE, 0.9),
        unseen=Unseen(("voyage_id",), (), (Indicator(40, "Mass per m3", "volume"),),
                      (Area("office_id", HOSTILE, 900, 3, 0),), 12),
    )  # fmt: skip


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(*traffic(), capacity=5, seed=7)


def test_metrics_have_the_same_names_everywhere_and_lack_what_is_missing() -> None:
    flat = insight(NONE).flat_metrics()
    assert flat["reasons_lines"] == 200.0
    assert (flat["reasons_fall"], flat["reasons_same_first_low"]) == (1.0, 0.8)
    assert {"reasons_removed_falls", "reasons_fall_low"}.isdisjoint(flat)
    assert all(re.fullmatch(r"reasons_[a-z_]+", name) for name in flat)


def test_without_the_model_only_weak_spots_are_told(evaluation) -> None:
    alone = words.sections(None, failures(evaluation.slices))
    assert [one.title for one in alone] == ["Known weak spots"]


def test_every_section_is_told_with_its_counts(evaluation) -> None:
    told = words.sections(insight(), failures(evaluation.slices))
    assert [one.title for one in told] == [
        "What the score rests on", "How the main features move the score",
        "How far its reasons can be trusted", "What the model does not see",
        "Where hardly anything was examined", "Known weak spots",
    ]  # fmt: skip
    assert told[0].rows == (("price", "goods and price", "10.0 %", "0.250", "40.0 %"),)
    assert [row[2:] for row in told[1].rows] == [
        ("29", "-0.100", "-0.200 to +0.000", "thin"),
        ("271", "+0.200", "+0.100 to +0.300", ""),
    ]
    assert told[2].rows[0][1] == "90.0 % (80.0 to 95.0 %)"
    assert told[3].paragraphs[0] == "Columns no feature reads: voyage_id."
    assert told[3].rows == (("40 Mass per m3", "volume"),)
    assert told[4].rows[0][1:] == ("900", "3", "0")
    assert all(len(row) == len(one.head) for one in told for row in one.rows)


def test_what_could_not_be_measured_says_why(evaluation) -> None:
    told = words.sections(insight(NONE), failures(evaluation.slices))
    assert told[2].rows[0][1] == "not computed (no line to judge by)"


def test_what_comes_from_data_cannot_break_the_card() -> None:
    section = Section(HOSTILE, (HOSTILE,), ("part", "lines"), ((HOSTILE, "3"),))
    spec = FeatureSpec.__new__(FeatureSpec)
    object.__setattr__(spec, "features", ())
    card = model_card(_manifest(), spec, (section,))
    assert "<script" not in card
    assert "\n# y" not in card
    (row,) = [line for line in card.splitlines() if line.endswith("| 3 |")]
    assert row.count("|") == 3


def _manifest() -> Manifest:
    return Manifest.model_validate(
        {
            "format_version": 2, "files": {}, "data": {}, "libraries": {}, "metrics": {},
            "notes": [], "features": {}, "train": {},
            "training": {"first_day": "2024-01-01", "cut_off_day": "2024-03-01", "rows": 1,
                         "hits": 1},
        }
    )  # fmt: skip


def test_report_data_and_pictures_are_written_escaped_and_alike_twice(
    evaluation, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        write_evaluation(evaluation, tmp_path / name, provenance={}, insight=insight())
    one, two = tmp_path / "one", tmp_path / "two"
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert all((one / file).read_bytes() == (two / file).read_bytes() for file in files)
    names = {file.as_posix() for file in files}
    assert {
        "insight.json",
        "plots/dependence.csv",
        "plots/how_price_z_moves_the_score.png",
    } <= names
    page = (one / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "://" not in page
    assert "Where hardly anything was examined" in page
    whole = json.loads((one / "insight.json").read_text(encoding="utf-8"))
    assert whole["dependence"][0]["bins"][1]["lines"] == 271


def test_a_thin_step_is_drawn_hollow_and_counts_stand_beside_it() -> None:
    drawn = figures(insight())
    axes = drawn["How price_z moves the score"].axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[1] == "0 to 1  (271 lines)"
    faces = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "o"]
    assert faces[0] == "white"
    assert faces[1] != "white"
    curve = drawn["Scores without the causes of their reasons"]
    assert svg(curve) == svg(figures(insight())["Scores without the causes of their reasons"])
    assert np.allclose(curve.axes[0].lines[1].get_ydata(), [-1.0, -2.0])
