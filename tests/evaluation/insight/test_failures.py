"""Weak spots: what is clearly worse is named, what chance explains is not."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evaluation.insight.traffic import traffic

from targeting.evaluation.insight.failures import failures
from targeting.evaluation.insight.words import weak_spots
from targeting.evaluation.judge import evaluate
from targeting.evaluation.measures import Measure, Slice
from targeting.evaluation.parts import wilson_measure


def part(value: str, **counts: float) -> Slice:
    known = {"examined": 200, "hits": 40, "opened": 100.0, "found": 30.0, "promised": 0.2} | counts
    return Slice(
        "office_id", value, int(known["examined"]), int(known["hits"]),
        wilson_measure(known["hits"], known["examined"]), known["opened"], known["found"],
        wilson_measure(known["found"], known["opened"]),
        wilson_measure(known["found"], known["hits"]), "", known["promised"],
    )  # fmt: skip


def kinds(*slices: Slice) -> list[tuple[str, str]]:
    return [(one.value, one.kind) for one in failures(slices).found]


def test_parts_alike_have_no_weak_spot() -> None:
    found = failures([part("A"), part("B"), part("C")])
    assert (found.found, found.looked_at) == ((), 9)


def test_a_part_where_few_opened_lines_are_hits_is_named() -> None:
    (only,) = failures([part("A"), part("B"), part("C", found=8.0, hits=10, promised=0.05)]).found
    assert (only.value, only.kind) == ("C", "precision")
    assert only.share.value == pytest.approx(0.08)
    assert only.against == pytest.approx(0.3)


def test_a_part_whose_hits_are_missed_is_named() -> None:
    assert kinds(part("A"), part("B"), part("C", found=2.0, opened=8.0)) == [("C", "recall")]


@pytest.mark.parametrize(
    ("promised", "kind"), [(0.5, "promises too much"), (0.05, "promises too little")]
)
def test_a_probability_that_does_not_mean_what_it_says_is_named(promised: float, kind: str) -> None:
    assert kinds(part("A"), part("B", promised=promised)) == [("B", kind)]


def test_what_would_stand_out_alone_does_not_among_many_looks() -> None:
    """One of forty intervals of 95 % lies low by chance; widened for the looks, none does."""
    odd = part("odd", hits=28, found=21.0, promised=0.2)
    assert odd.hit_rate.high is not None
    assert odd.hit_rate.high < 0.2
    others = [part(f"P{at:02}") for at in range(20)]
    assert kinds(odd, *others) == []


def test_what_is_too_small_is_named_and_not_looked_at() -> None:
    small = Slice(
        "office_id", "S", 3, 1, wilson_measure(1, 3), 0.0, 0.0, Measure(None, why="no line"),
        Measure(None, why="no hit"), "3 examined, 30 needed", 0.9,
    )  # fmt: skip
    found = failures([part("A"), small])
    assert found.too_small == (small,)
    assert found.looked_at == 2  # recall against one hit elsewhere, and the probability
    said = weak_spots(found)
    assert said.paragraphs[1] == (
        "Too small to say anything of (hits of examined lines): Office S (1 of 3)."
    )


def test_an_evaluation_gives_each_part_the_mean_of_its_probabilities() -> None:
    scores, examined = traffic()
    evaluation = evaluate(scores, examined, capacity=5, seed=7)
    known = scores.merge(examined, on="declaration_id")
    for one in evaluation.slices:
        if one.dimension == "office_id":
            mine = known.loc[known["office_id"] == one.value, "probability"]
            assert one.mean_probability == pytest.approx(mine.mean())
            assert one.examined == len(mine)
    assert all(
        one.mean_probability is None for one in evaluation.slices if one.dimension == "offence"
    )


def test_a_sound_model_of_many_parts_is_seldom_blamed() -> None:
    """Known truth: probabilities drawn right, thirty parts alike; at most one spot in ten worlds.

    Widened for the looks, one world in twenty may show a spot by chance; the order itself gives
    parts of equal traffic equal figures.
    """
    blamed = 0
    for seed in range(10):
        scores, examined = traffic(lines=4_000, offices=30, seed=seed)
        evaluation = evaluate(scores, examined, capacity=5, seed=7)
        promised = [
            one for one in failures(evaluation.slices).found if one.kind.startswith("promises")
        ]
        blamed += bool(promised)
    assert blamed <= 2


def test_a_planted_weak_spot_is_found() -> None:
    """Known truth: one office whose hits come four times as often as the model says."""
    scores, examined = traffic(lines=6_000, offices=10, seed=3, wrong=("P4", 4.0))
    found = failures(evaluate(scores, examined, capacity=5, seed=7).slices).found
    assert ("P4", "promises too little") in [(one.value, one.kind) for one in found]
    assert np.isfinite([one.against for one in found]).all()
