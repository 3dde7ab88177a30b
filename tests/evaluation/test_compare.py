"""Two versions of known strength: what a comparison says of them, and how sure it is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies
from tests.evaluation.compare_world import port

from targeting.errors import ConfigError, ContractError, InputError
from targeting.evaluation.compare import words
from targeting.evaluation.compare.compare import compare
from targeting.evaluation.compare.findings import EXAMINED, RECOMMENDED, TRUTH
from targeting.evaluation.compare.moved import Weights, moved
from targeting.evaluation.compare.paired import Clusters, differences, share_of
from targeting.evaluation.compare.report import read_evidence, render, write_comparison
from targeting.evaluation.compare.truth import read_truth

MADE = datetime(2025, 3, 2, 9, tzinfo=UTC)
GOOD, POOR = 0.1, 2.5


@pytest.fixture(scope="module")
def world():
    return port()


@pytest.fixture(scope="module")
def better(world):
    """B orders by the true risk; A hardly does."""
    ground = world.ground(truth=True, examine=0.5)
    return compare(world.version("A", POOR), world.version("B", GOOD), ground)


@pytest.fixture(scope="module")
def same(world):
    """A against itself."""
    return compare(world.version("A", POOR), world.version("A", POOR), world.ground(truth=True))


@pytest.fixture(scope="module")
def written(better, tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison") / "out"
    write_comparison(better, folder, made_at=MADE)
    return folder


def rows(comparison, *kinds):
    return [row for kind in kinds for row in comparison.under(kind)]


def test_a_version_against_itself_differs_by_exactly_zero(same):
    found = rows(same, EXAMINED, RECOMMENDED, TRUTH)
    assert len(found) > 30
    assert {row.difference.value for row in found} == {0.0}
    assert all(row.difference.low <= 0 <= row.difference.high for row in found)
    assert all(row.first == row.second for row in found)


def test_even_then_there_is_an_interval_of_some_width(same):
    for figure in ("precision", "recall"):
        difference = same.find(EXAMINED, figure, "capacity").difference
        assert difference.low < 0 < difference.high


def test_a_version_agrees_with_itself(same):
    assert same.agreement.overlap == 1.0
    assert (same.agreement.only_first.lines, same.agreement.only_second.lines) == (0, 0)
    assert same.agreement.strongest == ()
    assert {row.moved for row in same.moved.features} == {0.0}
    assert "A and B are the same bundle" in " ".join(words.cautions(same))


def test_the_better_version_wins(better):
    for kind, figure, at in (
        (EXAMINED, "auc", ""),
        (EXAMINED, "average_precision", ""),
        (EXAMINED, "precision", "10pct"),
        (RECOMMENDED, "precision", "10pct"),
        (TRUTH, "precision", "capacity"),
        (TRUTH, "recall", "5pct"),
    ):
        row = better.find(kind, figure, at)
        assert row.difference.low > 0, (kind, figure, at)
        assert words.verdict(row) == "B is better"


def test_of_an_error_the_smaller_is_better(better):
    row = better.find(EXAMINED, "brier")
    assert row.difference.high < 0
    assert words.verdict(row) == "B is better"


def test_swapping_the_versions_turns_every_difference_round(world, better):
    ground = world.ground(truth=True, examine=0.5)
    turned = compare(world.version("B", GOOD), world.version("A", POOR), ground)
    for row, back in zip(
        rows(better, EXAMINED, RECOMMENDED, TRUTH),
        rows(turned, EXAMINED, RECOMMENDED, TRUTH),
        strict=True,
    ):
        assert back.difference.value == pytest.approx(-row.difference.value, abs=1e-12)
        assert back.difference.low == pytest.approx(-row.difference.high, abs=1e-9)
    assert turned.agreement.only_first == better.agreement.only_second


def test_the_order_of_rows_changes_nothing(world, better):
    ground = world.ground(truth=True, examine=0.5)
    first, second = world.version("A", POOR), world.version("B", GOOD)
    mixed = compare(
        replace(first, scores=first.scores.sample(frac=1, random_state=3)),
        replace(second, scores=second.scores.sample(frac=1, random_state=4)),
        replace(ground, examined=ground.examined.sample(frac=1, random_state=5)),
    )
    assert mixed == better


def test_lists_are_counted_whole(better):
    agreed = better.agreement
    opened = 2 * 40 * better.capacity  # offices, days
    assert agreed.both.lines + agreed.only_first.lines == pytest.approx(opened)
    assert agreed.both.lines + agreed.only_second.lines == pytest.approx(opened)
    truth = better.find(TRUTH, "precision", "capacity")
    found = agreed.both.found_in_truth + agreed.only_second.found_in_truth
    assert found / opened == pytest.approx(truth.second)


def test_disputed_lines_are_those_only_one_opens(better):
    lines = better.agreement.strongest
    assert {line.opened_by for line in lines} == {"A", "B"}
    for line in lines:
        mine, other = line.first_place, line.second_place
        if line.opened_by == "B":
            mine, other = other, mine
        assert mine <= better.capacity < other
        assert (line.offence != "") == (line.outcome == "hit")
    assert sum(line.opened_by == "A" for line in lines) <= 20


def test_small_parts_are_named_and_not_ranked(world):
    ground = world.ground()
    rare = ground.context.assign(flow="import")
    rare.loc[rare.index[:9], "flow"] = "transit"
    ground = replace(ground, context=rare, selection=None)
    found = compare(world.version("A", POOR), world.version("B", GOOD), ground)
    parts = {part.value: part for part in found.slices if part.dimension == "flow"}
    assert "needed" in parts["transit"].too_small
    assert parts["transit"].recall.difference.low is None
    assert parts["import"].too_small == ""
    assert parts["import"].recall.difference.low is not None
    assert [part.value for part in found.slices if part.dimension == "flow"][-1] == "transit"
    assert "was not estimated" in found.estimator


def test_too_few_days_give_no_interval_but_a_reason():
    short = port(days=6)
    found = compare(short.version("A", POOR), short.version("B", GOOD), short.ground())
    row = found.find(EXAMINED, "precision", "capacity")
    assert row.difference.low is None
    assert "6 days" in row.difference.why
    assert words.verdict(row) == "too little to tell"


def test_nothing_examined_says_nothing(world):
    ground = world.ground()
    empty = replace(ground, examined=ground.examined.head(0))
    found = compare(world.version("A", POOR), world.version("B", GOOD), empty)
    assert {row.difference.value for row in found.examined} == {None}
    assert all(row.difference.why for row in found.examined)
    assert "None of the lines was examined" in words.headline(found)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"capacity": 0}, ConfigError, "positive whole number"),
        ({"truth": pd.DataFrame({"declaration_id": ["x"], "would_be_found": [True],
                                 "recoverable_revenue": [0.0]})}, ContractError, "another world"),
    ],
)  # fmt: skip
def test_unfit_ground_is_refused(world, change, error, match):
    with pytest.raises(error, match=match):
        compare(
            world.version("A", POOR), world.version("B", GOOD), replace(world.ground(), **change)
        )


def test_other_lines_are_refused(world):
    second = world.version("B", GOOD)
    second = replace(second, scores=second.scores.iloc[5:])
    with pytest.raises(ContractError, match="5 declarations that only one"):
        compare(world.version("A", POOR), second, world.ground())


def test_the_folder_is_the_same_to_the_byte(better, written, tmp_path):
    again = tmp_path / "again"
    write_comparison(better, again, made_at=MADE)
    files = sorted(path.relative_to(written) for path in written.rglob("*") if path.is_file())
    assert [path.name for path in files if path.suffix == ".csv"] == [
        "calibration.csv", "differences.csv", "disagreements.csv", "features.csv", "slices.csv",
    ]  # fmt: skip
    for path in files:
        assert (again / path).read_bytes() == (written / path).read_bytes(), path


def test_evidence_is_read_back_as_it_was(better, written):
    kept = read_evidence(written)
    assert kept.comparison == better
    assert kept.made_at == MADE
    assert read_evidence(written / "comparison.json").comparison == better


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1, "comparison": {}}', "null"])
def test_something_else_is_no_evidence(content, tmp_path):
    (tmp_path / "comparison.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="the comparison cannot be read"):
        read_evidence(tmp_path)


def test_evidence_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_evidence(tmp_path / "comparison.json")


def test_metrics_are_flat_and_finite(better, written):
    kept = json.loads((written / "metrics.json").read_text(encoding="utf-8"))
    assert kept == better.flat_metrics()
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in kept)
    assert np.isfinite(list(kept.values())).all()
    assert kept["difference_truth_precision_at_capacity"] > 0


def test_the_report_stands_alone_and_names_no_trader(better, written):
    page = (written / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert not re.findall(r"\bC\d{4}\b", page + (written / "comparison.json").read_text())
    for text in ("among examined lines", "over all lines, estimated", "by the truth", "doubly"):
        assert text in page
    assert better.agreement.strongest[0].declaration_id in page


def test_days_that_are_not_clean_are_said_loudly(better):
    unclean = replace(better, learnt_from="version A learnt from results up to 2025-02-01")
    assert "THESE DAYS ARE NOT CLEAN" in render(unclean, _drawn(unclean))


def _drawn(comparison):
    from targeting.evaluation.compare.pictures import figures

    return figures(comparison)


def test_features_only_one_version_has_are_named():
    first = Weights.of(["mass", "price"], ["goods", "price"], np.array([[1.0, -1.0]]))
    second = Weights.of(["price", "route"], ["price", "route"], np.array([[1.0, 3.0]]))
    found = moved(first, second)
    assert (found.only_first, found.only_second) == (("mass",), ("route",))
    assert {row.name: row.first for row in found.features}["route"] is None
    assert sum(row.moved for row in found.features) == pytest.approx(0)


def test_the_slope_tells_extreme_probabilities_from_timid_ones(world):
    ground = replace(world.ground(examine=0.9), selection=None)
    right = world.version("A", 0.0)
    squeezed = right.scores.assign(probability=lambda f: 1 / (1 + np.exp(-(f["score"] / 2))))
    stretched = right.scores.assign(probability=lambda f: 1 / (1 + np.exp(-(f["score"] * 2))))
    found = compare(
        replace(right, scores=squeezed), replace(right, scores=stretched), ground
    ).calibration
    assert found[0].slope == pytest.approx(2, rel=0.2)
    assert found[1].slope == pytest.approx(0.5, rel=0.2)
    assert found[0].slope == pytest.approx(4 * found[1].slope, rel=1e-4)


def test_the_truth_is_asked_for_by_its_columns(tmp_path, make_tables):
    path = tmp_path / "truth.parquet"
    with pytest.raises(InputError, match="the truth cannot be read"):
        read_truth(path)
    pd.DataFrame({"declaration_id": ["a"]}).to_parquet(path)
    with pytest.raises(ContractError, match="no column would_be_found, recoverable_revenue"):
        read_truth(path)


@given(
    strategies.lists(
        strategies.tuples(strategies.booleans(), strategies.booleans(), strategies.booleans()),
        min_size=1, max_size=60,
    )
)  # fmt: skip
def test_a_paired_difference_is_that_of_the_disputed_lines(lines):
    first, second, hit = np.array(lines, dtype=np.float64).T
    clusters = Clusters.of(
        np.datetime64("2025-01-01", "D") + np.arange(len(hit)),
        np.array([f"c{at}" for at in range(len(hit))], dtype=object),
        seed=1,
    )
    ((before, after, measure),) = differences(
        [share_of((first, second), hit, over=hit)], clusters, why="none"
    )
    if not hit.any():
        assert (before, after, measure.value) == (None, None, None)
        return
    only_second, only_first = hit @ ((second > first) * 1.0), hit @ ((first > second) * 1.0)
    assert measure.value == pytest.approx((only_second - only_first) / hit.sum())
    if measure.low is not None:
        assert measure.low < measure.value < measure.high or abs(measure.value) == 1
        assert measure.low >= -1
        assert measure.high <= 1


def test_intervals_of_the_difference_hold_the_expected_one():
    """By the truth, over worlds whose hits alone are drawn anew."""
    inside = 0
    worlds = 40
    for seed in range(worlds):
        one = port(seed=seed, days=20)
        places = np.repeat(np.arange(20), 60)
        scores = [
            one.version(name, noise).scores["score"] for name, noise in (("A", 1.5), ("B", 0.5))
        ]
        opened = tuple((_rank_in(score, places) < 6).astype(np.float64) for score in scores)
        expected = ((opened[1] - opened[0]) @ one.risk) / opened[0].sum()
        clusters = Clusters.of(
            np.datetime64("2025-01-01", "D") + places,
            one.frame["consignee_id"].to_numpy(object),
            seed=seed,
        )
        ((_, _, measure),) = differences([share_of(opened, one.hit * 1.0)], clusters, why="none")
        inside += measure.low <= expected <= measure.high
    assert inside >= 0.85 * worlds


def _rank_in(score, cell):
    return score.groupby(cell).rank(ascending=False).to_numpy() - 1
