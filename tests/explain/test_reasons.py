"""Reasons: one sentence for one thing, what raises the risk first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.explain.reasons import LEAST, reasons
from targeting.features.registry import Feature
from targeting.language import ENGLISH, say


def feature(name: str, group: str = "") -> Feature:
    return Feature(name, "party", f"Means {name}.", lambda _: say(f"says {name}"), group=group)


def told(moves: dict[str, float], groups: dict[str, str] | None = None, **more: int) -> list[str]:
    features = [feature(name, (groups or {}).get(name, "")) for name in moves]
    found = reasons(features, np.array(list(moves.values())), {}, **more)
    return [f"{ENGLISH.say(reason.phrase)} {reason.contribution:+.2f}" for reason in found]


def test_what_raises_comes_first_then_what_lowers_each_by_strength() -> None:
    moves = {"a": 0.1, "b": -0.9, "c": 0.4, "d": -0.2}

    assert told(moves) == ["says c +0.40", "says a +0.10", "says b -0.90", "says d -0.20"]


def test_no_more_than_the_limit() -> None:
    moves = {name: 0.1 * (at + 1) for at, name in enumerate("abcdefg")}

    assert told(moves) == [
        "says g +0.70", "says f +0.60", "says e +0.50", "says d +0.40", "says c +0.30",
    ]  # fmt: skip
    assert told(moves, limit=1) == ["says g +0.70"]


def test_what_hardly_moves_is_not_told() -> None:
    assert told({"a": LEAST * 0.99, "b": -LEAST * 0.99, "c": 0.0}) == []
    assert told({"a": LEAST}) == ["says a +0.02"]


def test_features_of_one_group_are_one_reason_told_by_the_strongest() -> None:
    groups = {"a": "price", "b": "price"}

    assert told({"a": 0.1, "b": 0.3, "c": 0.2}, groups) == ["says b +0.40", "says c +0.20"]


def test_the_speaker_of_a_group_pulls_the_way_the_group_does() -> None:
    groups = dict.fromkeys("abc", "price")

    assert told({"a": 0.5, "b": -0.4, "c": -0.3}, groups) == ["says b -0.20"]


def test_a_group_that_cancels_out_is_not_told() -> None:
    assert told({"a": 0.5, "b": -0.5}, dict.fromkeys("ab", "price")) == []


def test_equal_strength_is_ordered_by_the_words() -> None:
    assert told({"b": 0.5, "a": 0.5}) == ["says a +0.50", "says b +0.50"]


def test_one_pattern_at_most_comes_last_whatever_its_strength() -> None:
    features = [
        feature("a"),
        replace(feature("p"), pattern=True),
        replace(feature("q"), pattern=True),
        feature("b"),
    ]

    found = reasons(features, np.array([0.1, 0.5, 0.9, -0.2]), {})

    assert [reason.feature for reason in found] == ["a", "b", "q"]


@pytest.mark.parametrize(
    ("others", "words", "order"),
    [
        (0.3, "more", ["a", "consignment_lines", "b", "c"]),
        (-0.3, "less", ["a", "b", "c", "consignment_lines"]),
    ],
)
def test_what_the_lines_beside_it_add_is_told_among_the_facts(
    others: float, words: str, order: list[str]
) -> None:
    moves = np.array([0.5, 0.1, -0.9])

    found = reasons([feature(name) for name in "abc"], moves, {}, others=others)

    assert [one.feature for one in found] == order
    (said,) = [one for one in found if one.feature == "consignment_lines"]
    assert ENGLISH.say(said.phrase) == (
        f"other goods lines of this consignment look {words} suspicious than this one"
    )
    assert (said.contribution, said.family) == (others, "document")


@pytest.mark.parametrize("others", [0.0, LEAST * 0.99, -LEAST * 0.99])
def test_lines_beside_it_that_hardly_move_it_are_not_told(others: float) -> None:
    found = reasons([feature("a")], np.array([0.5]), {}, others=others)

    assert [one.feature for one in found] == ["a"]


def test_the_line_is_handed_to_the_sentence() -> None:
    one = Feature("duty", "party", "Duty.", lambda line: say("duty {n}", n=str(line["duty"])))

    (found,) = reasons([one], np.array([1.0]), {"duty": 7})
    assert ENGLISH.say(found.phrase) == "duty 7"


@given(
    moves=st.lists(st.floats(-3, 3), min_size=1, max_size=12),
    groups=st.lists(st.sampled_from(["", "x", "y"]), min_size=12, max_size=12),
    limit=st.integers(1, 12),
)
def test_order_limit_and_totals_hold_for_any_contributions(
    moves: list[float], groups: list[str], limit: int
) -> None:
    features = [feature(f"f{at}", groups[at]) for at in range(len(moves))]

    found = reasons(features, np.array(moves), {}, limit=limit)

    amounts = [reason.contribution for reason in found]
    raising = [amount for amount in amounts if amount > 0]
    assert len(found) <= limit
    assert all(abs(amount) >= LEAST for amount in amounts)
    assert amounts == sorted(raising, reverse=True) + sorted(a for a in amounts if a < 0)
    for reason in found:
        at = int(reason.feature[1:])
        same = [i for i in range(len(moves)) if groups[i] and groups[i] == groups[at]] or [at]
        assert reason.contribution == pytest.approx(sum(moves[i] for i in same), abs=1e-9)


def test_a_reason_says_its_subject_its_key_and_the_indicators_that_pull_its_way() -> None:
    features = [
        replace(feature("a", "price"), indicators=(46, 7), key="hs6"),
        replace(feature("b", "price"), indicators=(7, 24)),
        replace(feature("c", "price"), indicators=(1,)),
        replace(feature("d"), indicators=(63,)),
    ]

    price, seal = reasons(features, np.array([0.5, 0.2, -0.1, -0.3]), {})

    assert (price.subject, price.key, price.indicators) == ("price", "hs6", (7, 24, 46))
    assert (seal.subject, seal.key, seal.indicators) == ("d", "", (63,))
    assert (price.raises, seal.raises) == (True, False)


def test_what_is_missing_is_said_where_that_alone_moves_the_score() -> None:
    silent = replace(feature("a", "price"), sentence=lambda _: None)
    unsaid = replace(silent, unsaid=say("value per kg: not stated"))

    for one, words in ((silent, "price: not stated"), (unsaid, "value per kg: not stated")):
        (found,) = reasons([one], np.array([0.5]), {})
        assert ENGLISH.say(found.phrase) == words
    (found,) = reasons([unsaid, feature("b", "price")], np.array([0.5, 0.1]), {})
    assert ENGLISH.say(found.phrase) == "says b"


def test_nothing_is_said_of_what_hardly_moves_the_score() -> None:
    def asked(_: object) -> None:
        raise AssertionError("a sentence nobody will read")

    weak = replace(feature("a"), sentence=asked)

    assert reasons([weak], np.array([LEAST * 0.99]), {}) == []


def results(name: str, family: str = "party") -> Feature:
    return replace(feature(name, group=f"{name} results"), family=family)


def names(features: list[Feature], moves: list[float], **more: int) -> list[str]:
    return [one.feature for one in reasons(features, np.array(moves), {}, **more)]


def test_what_was_found_before_is_told_once_per_family_and_direction() -> None:
    """Four looks at one trader's record would crowd out what this line itself states."""
    features = [
        results("consignee"),
        results("consignee_x_office"),
        results("notify_party"),
        results("container", "conveyance"),
        feature("price"),
        results("declarant"),
        results("carrier"),
    ]
    moves = [0.9, 0.5, 0.4, 0.3, 0.1, -0.2, -0.1]

    assert names(features, moves) == ["consignee", "container", "price", "declarant"]


def test_a_pattern_does_not_crowd_out_a_stronger_fact() -> None:
    features = [*(feature(name) for name in "abc"), replace(feature("p"), pattern=True)]

    assert names(features, [0.5, 0.4, 0.3, 0.2], limit=3) == ["a", "b", "c"]
    assert names(features, [0.5, 0.4, 0.3, -0.9], limit=3) == ["a", "b", "c"]
    assert names(features, [0.5, 0.4, 0.3, 0.35], limit=3) == ["a", "b", "p"]
    assert names(features, [0.5, 0.4, -0.9, 0.1], limit=3) == ["a", "b", "p"]
    assert names(features, [0.5, 0.4, 0.0, -0.1], limit=3) == ["a", "b", "p"]
