"""A backtest's figures: against the truth of made-up traffic, and against what cannot be."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.backtest_traffic import traffic

from targeting.evaluation.backtest.judge import Terms, Told, judge
from targeting.evaluation.backtest.policies import Policy, Slots, policies
from targeting.evaluation.backtest.traffic import consignments
from targeting.evaluation.backtest.words import headline, table

CAPACITY = {"AZALA": 4, "AZBAK": 3, "KZAAU": 2}
TERMS = Terms(policies((0.02, 0.1)), CAPACITY, learnings=1, time_zone="UTC", seed=3)
UNITS = ("line", "consignment")


@pytest.fixture(scope="module")
def lines():
    return traffic()


@pytest.fixture(scope="module")
def found(lines):
    rng = np.random.default_rng(0)
    return judge(
        lines,
        [
            Told("this model", "this model", lines.expected),
            Told("oracle", "baseline", lines.real.hit),
            Told("random", "baseline", rng.random(len(lines))),
            Told("mute", "baseline", None, "too few results to learn from"),
        ],
        TERMS,
    )


@pytest.mark.parametrize("policy", ["capacity", "2pct", "10pct"])
def test_an_oracle_reaches_the_attainable_maximum_and_nobody_more(found, policy):
    rows = [row for row in found.rows if (row.policy, row.unit) == (policy, "line")]
    for row in rows:
        assert row.real.attainable == pytest.approx(rows[0].real.attainable)
        assert row.real.precision.value <= row.real.attainable + 1e-12
    oracle = found.row("oracle", policy)
    assert oracle.real.precision.value == pytest.approx(oracle.real.attainable)


def test_everybody_opens_as_many_lines(found):
    for policy in TERMS.policies:
        opened = {
            round(row.opened, 6)
            for row in found.rows
            if (row.policy, row.unit) == (policy.name, "line")
        }
        assert len(opened) == 1


def test_a_share_opens_that_share_of_each_day(lines):
    slots = Slots.of(lines, Policy("2pct", 0.02), CAPACITY)
    opened = slots.chosen(lines.expected)
    assert opened.sum() == pytest.approx(0.02 * len(lines))
    for day in np.unique(lines.day):
        of_day = lines.day == day
        assert opened[of_day].sum() == pytest.approx(0.02 * of_day.sum())


def test_capacity_is_of_each_office_and_day(lines):
    opened = Slots.of(lines, Policy("capacity"), CAPACITY).chosen(lines.expected)
    for office, most in CAPACITY.items():
        for day in np.unique(lines.day):
            cell = (lines.office == office) & (lines.day == day)
            assert opened[cell].sum() == pytest.approx(min(most, cell.sum()))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 2)), min_size=1), st.floats(0.1, 3))
def test_chances_stay_in_bounds_and_never_open_more_than_the_places(drawn, places):
    cell = np.unique([at for at, _ in drawn], return_inverse=True)[1]
    score = np.array([value for _, value in drawn], dtype=float)
    most = np.minimum(places, np.bincount(cell))
    opened = Slots(cell, most).chosen(score)
    assert ((opened >= 0) & (opened <= 1)).all()
    assert np.bincount(cell, weights=opened) == pytest.approx(most)


def test_estimates_and_truth_speak_of_the_same_thing(found):
    """The recommended interval holds the truth here; random checks are the yardstick of lift."""
    for name in ("this model", "random"):
        row = found.row(name, "capacity")
        assert row.estimated.precision.low <= row.real.precision.value
        assert row.real.precision.value <= row.estimated.precision.high
    assert found.row("random", "capacity").real.lift_over_random.value == pytest.approx(1, abs=0.35)
    assert found.row("this model", "capacity").real.lift_over_random.low > 1


def test_an_unexamined_line_is_unknown_never_clear(lines, found):
    """Taking results away must not lower the naive figure as if the lines had been clear."""
    row = found.row("this model", "capacity")
    opened = Slots.of(lines, Policy("capacity"), CAPACITY).chosen(lines.expected)
    seen = lines.examined
    assert row.found == pytest.approx(opened[seen] @ lines.hit[seen])
    assert row.naive.precision.value == pytest.approx(row.found / row.opened_examined)
    assert row.opened_examined < row.opened


def test_too_few_results_give_a_reason_and_no_number(lines):
    few = np.flatnonzero(lines.examined)[:8]
    label = np.full(len(lines), -1, dtype=np.int8)
    label[few] = lines.label[few]
    bare = replace(
        lines,
        label=label,
        selected_by=np.where(label >= 0, lines.selected_by, None),
        real=None,
    )
    told = judge(bare, [Told("this model", "this model", bare.expected)], TERMS)
    figures = told.row("this model", "capacity").estimated
    assert figures.precision.value is None
    assert figures.precision.why.startswith("too few")
    assert "cannot say" in headline(told)
    assert "too few to say" in table(told)
    assert "precision_at_capacity" not in told.metrics_of("this model")


def test_the_first_version_is_what_the_others_are_held_against(found):
    told = {one.version for one in found.differences}
    assert told == {"oracle", "random"}
    at = {
        one.version: one
        for one in found.differences
        if (one.policy, one.unit) == ("capacity", "line")
    }
    assert at["oracle"].real.low > 0
    assert at["random"].real.high < 0
    own, other = (found.row(name, "capacity").real for name in ("this model", "random"))
    apart = other.precision.value - own.precision.value
    assert at["random"].real.value == pytest.approx(apart)


def test_a_version_that_told_nothing_says_why_and_has_no_figures(found):
    mute = next(one for one in found.versions if one.name == "mute")
    assert mute.why == "too few results to learn from"
    assert not found.metrics_of("mute")
    assert "mute: too few results" in table(found)


def test_a_consignment_is_opened_and_hit_when_a_line_of_it_is(lines, found):
    whole = consignments(lines)
    assert len(whole) == len(np.unique(lines.consignment))
    for at in (0, 7, 100):
        own = lines.consignment == at
        assert whole.label[at] == lines.label[own].max()
        assert whole.real is not None
        assert whole.real.hit[at] == lines.real.hit[own].max()
        assert whole.real.revenue[at] == pytest.approx(lines.real.revenue[own].sum())
    opened = Slots.of(lines, Policy("capacity"), CAPACITY).chosen(lines.expected)
    expected = len(np.unique(lines.consignment[opened > 0]))
    assert found.row("this model", "capacity", "consignment").opened == pytest.approx(expected)


def test_every_part_is_counted_and_a_small_one_is_named_not_ranked(lines, found):
    parts = [part for part in found.versions[0].parts if part.dimension == "origin_country"]
    assert sum(part.lines for part in parts) == len(lines)
    assert sum(part.opened for part in parts) == pytest.approx(
        found.row("this model", "capacity").opened
    )
    small = next(part for part in parts if part.value == "XX")
    assert "needed" in small.too_small
    assert not next(part for part in parts if part.value == "CN").too_small
    shares = {row.origin: row for row in found.versions[0].origins}
    china = lines.parts["origin_country"] == "CN"
    assert shares["CN"].examined_share.value == pytest.approx(lines.examined[china].mean())


def test_a_part_nobody_ever_examined_is_named(lines):
    unseen = lines.parts["origin_country"] == "RU"
    label = np.where(unseen, -1, lines.label).astype(np.int8)
    blind = replace(lines, label=label, selected_by=np.where(label >= 0, lines.selected_by, None))
    told = judge(blind, [Told("this model", "this model", blind.expected)], TERMS)
    part = next(part for part in told.versions[0].parts if part.value == "RU")
    assert (part.lines, part.too_small) == (int(unseen.sum()), "no line was examined")


def test_blocks_add_up_to_the_whole(lines, found):
    blocks = found.versions[0].blocks
    row = found.row("this model", "capacity")
    assert len(blocks) == 4
    assert sum(block.found for block in blocks) == pytest.approx(row.found)
    assert sum(block.real for block in blocks) == pytest.approx(row.real.hits.value)
    assert sum(block.lines for block in blocks) == len(lines)


def test_names_of_figures_are_such_as_mlflow_is_given_everywhere(found):
    name = re.compile(r"[a-z][a-z0-9_]*")
    assert all(name.fullmatch(one) for one in found.metrics_of("this model"))
    assert found.metrics_of("this model")["precision_at_capacity"] > 0
    assert "raw" not in found.flat_metrics()


def test_the_order_of_lines_changes_nothing(lines, found):
    rng = np.random.default_rng(9)
    turned = rng.permutation(len(lines))
    shuffled = lines.take(turned)
    told = judge(shuffled, [Told("this model", "this model", shuffled.expected)], TERMS)
    for policy in TERMS.policies:
        for unit in UNITS:
            one, other = (
                _true_precision(run.row("this model", policy.name, unit)) for run in (found, told)
            )
            assert one.value == pytest.approx(other.value)
            assert one.low == pytest.approx(other.low)


def _true_precision(row):
    assert row.real is not None
    return row.real.precision
