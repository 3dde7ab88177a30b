"""Advice against what was found: right, by chance, and side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from targeting.config import AdviceSettings
from targeting.evaluation.pointing import FoundLine, Told, judge_pointing, told
from targeting.explain.carriage import Carriage

ADVICE = AdviceSettings()


@dataclass(frozen=True)
class Says:
    indicators: tuple[int, ...]
    contribution: float = 1.0
    family: str = "party"
    feature: str = "no_such_feature"


def said(kind: str, offence: str, scheme: str, *offences: str, side: str | None) -> Told:
    names = (scheme,) if scheme else ()
    return Told(kind, offence, names, frozenset(offences), side)  # type: ignore[arg-type]


FOUR = [
    said("cover", "drugs", "cover_load", "drugs", side="conveyance"),
    said("cover", "drugs", "undervaluation", "undervaluation", side="papers"),
    said("price", "undervaluation", "undervaluation", "undervaluation", side="papers"),
    said("price", "undervaluation", "", side=None),
]


def test_all_together_come_first_and_are_the_sum_of_the_kinds() -> None:
    together, cover, price = judge_pointing(FOUR, ("drugs",))

    assert (together.kind, together.lines, together.named, together.right) == ("all", 4, 3, 2)
    assert (cover.lines, cover.named, cover.right, cover.most_named) == (2, 2, 1, ("cover_load", 1))
    assert (price.lines, price.named, price.right) == (2, 1, 1)
    assert (together.sided, together.side_right) == (3, 2)


def test_by_chance_is_how_often_the_offences_of_all_lines_fall_among_the_named() -> None:
    together, cover, _ = judge_pointing(FOUR, ("drugs",))

    assert together.by_chance == pytest.approx(3 * 0.5)
    assert cover.by_chance == pytest.approx(2 * 0.5)
    assert together.side_by_chance == pytest.approx(3 * 0.5)


def test_naming_everything_earns_nothing_over_chance() -> None:
    offences = ("drugs", "undervaluation")
    lazy = [replace(one, schemes=("any",), offences=frozenset(offences)) for one in FOUR]

    (together, *_) = judge_pointing(lazy, ("drugs",))

    assert together.right == together.by_chance == 4


def test_lines_are_advised_on_as_an_officer_reads_it() -> None:
    seal = FoundLine("rip_on", "drugs", [Says((64,))], Carriage(units=frozenset({"container"})))
    new = FoundLine("shell", "counterfeit", [Says((1,))], Carriage(flow="import"))
    generic = FoundLine("x", "drugs", [Says((18,))], Carriage())

    first, second, third = told([seal, new, generic], ADVICE)

    assert (first.schemes, first.side, first.right) == (("rip_on",), "conveyance", True)
    assert "new_trader" not in second.schemes  # a pattern of the trader is no offence
    assert (third.schemes, third.side, third.right) == ((), None, False)


def test_no_lines_have_no_figures() -> None:
    (together,) = judge_pointing([], ("drugs",))

    assert (together.lines, together.named, together.by_chance) == (0, 0, 0)
    assert together.most_named is None
