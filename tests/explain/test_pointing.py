"""Reasons point to schemes: by their indicators, as far as these tell schemes apart."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.config import AdviceSettings, parse
from targeting.explain.advice import advise
from targeting.explain.carriage import Carriage
from targeting.explain.pointing import named, pointed_by, ranked, traders

ADVICE = AdviceSettings()
LOOK = [{"words": {"en": "Look there."}, "source": "domain.md 1.3"}]


@dataclass(frozen=True)
class Says:
    indicators: tuple[int, ...] = ()
    contribution: float = 1.0
    family: str = "party"
    feature: str = "no_such_feature"


def scheme(name: str, view: str = "papers", **more: object) -> dict[str, object]:
    given = {
        "name": name, "words": {"en": f"scheme {name}"}, "offences": ["other"], "view": view,
        "source": "domain.md 1.2", "look": LOOK,
    }  # fmt: skip
    return given | more


def settings(*schemes: dict[str, object], **more: object) -> AdviceSettings:
    values = {"version": "t", "schemes": list(schemes), "floor": 0.0, "lead": 0.0} | more
    return parse(AdviceSettings, values, where="test")


def strengths(
    reasons: list[Says], advice: AdviceSettings, line: Carriage | None = None
) -> dict[str, float]:
    found = ranked(reasons, line or Carriage(), advice)
    return {one.scheme.name: round(one.strength, 6) for one in found}


def test_an_indicator_of_one_scheme_points_to_it_alone() -> None:
    advice = settings(scheme("a", indicators={64: 1}), scheme("b", indicators={46: 1}))

    assert strengths([Says((64,))], advice) == {"a": 1.0}


def test_what_two_schemes_share_counts_for_each_with_the_square_of_its_share() -> None:
    advice = settings(scheme("a", indicators={64: 1}), scheme("b", indicators={64: 1, 46: 1}))

    assert strengths([Says((64,))], advice) == {"a": 0.25, "b": 0.25}
    assert strengths([Says((64,)), Says((46,))], advice) == {"b": 0.625, "a": 0.125}


def test_a_weak_sign_leaves_the_rest_unsaid() -> None:
    advice = settings(scheme("a", indicators={64: 0.5}))

    assert strengths([Says((64,))], advice) == {"a": 0.25}


def test_strength_is_the_share_of_what_is_raised() -> None:
    advice = settings(scheme("a", indicators={64: 1}))
    reasons = [Says((64,), 0.6), Says((18,), 1.4), Says((64,), -5.0)]

    (pointed,) = ranked(reasons, Carriage(), advice)

    assert pointed.strength == pytest.approx(0.3)
    assert pointed.because == (0,)


def test_the_indicators_of_a_reason_have_equal_parts() -> None:
    advice = settings(scheme("a", indicators={64: 1}), scheme("b", indicators={46: 1}))

    assert strengths([Says((46, 64))], advice) == {"a": 0.25, "b": 0.25}


def test_a_feature_by_name_stands_instead_of_its_numbers() -> None:
    advice = settings(
        scheme("a", indicators={26: 1}), scheme("b", indicators={73: 1}, features={"precursor": 1})
    )

    assert strengths([Says((26,), feature="precursor")], advice) == {"b": 1.0}


def test_a_family_adds_to_what_an_indicator_points_to_and_names_nothing_alone() -> None:
    advice = settings(
        scheme("a", indicators={64: 1}, families={"conveyance": 0.5}),
        scheme("b", indicators={46: 1}, families={"conveyance": 0.5}),
    )
    place = Says((), family="conveyance")

    assert strengths([place], advice) == {}
    assert strengths([place, Says((64,))], advice) == {"a": 0.625}


def test_what_is_declared_rules_schemes_out_and_makes_no_other_stronger() -> None:
    advice = settings(
        scheme("a", indicators={46: 1}, only={"flows": ["import"]}),
        scheme("b", indicators={46: 1}, only={"goods": ["61", "62"], "units": ["air"]}),
    )
    both = {"a": 0.25, "b": 0.25}

    assert strengths([Says((46,))], advice) == both
    assert strengths([Says((46,))], advice, Carriage(flow="transit")) == {"b": 0.25}
    assert strengths([Says((46,))], advice, Carriage(hs_code="080510")) == {"a": 0.25}
    assert strengths([Says((46,))], advice, Carriage(hs_code="620520")) == both
    assert strengths([Says((46,))], advice, Carriage(units=frozenset({"truck"}))) == {"a": 0.25}


def test_chances_of_the_views_weigh_the_sides_and_keep_the_sum() -> None:
    advice = settings(
        scheme("papers", indicators={46: 1}), scheme("box", "conveyance", indicators={46: 1})
    )
    line = Carriage(papers=1.0, conveyance=3.0)

    assert strengths([Says((46,))], advice, line) == {"box": 0.375, "papers": 0.125}
    unknown = Carriage(papers=1.0)
    assert strengths([Says((46,))], advice, unknown) == {"papers": 0.25, "box": 0.25}
    neither = Carriage(papers=0.0, conveyance=0.0)
    assert strengths([Says((46,))], advice, neither) == {"papers": 0.25, "box": 0.25}


def test_the_named_have_enough_of_all_that_is_raised_and_of_all_that_points() -> None:
    schemes = [scheme("a", indicators={64: 1}), scheme("b", indicators={46: 1})]
    reasons = [Says((64,), 0.6), Says((46,), 0.2), Says((18,), 1.2)]

    def names(**more: object) -> list[str]:
        found = named(reasons, Carriage(), settings(*schemes, **more))
        return [one.scheme.name for one in found]

    assert names() == ["a", "b"]
    assert names(most_schemes=1) == ["a"]
    assert names(floor=0.2) == ["a"]
    assert names(floor=0.31) == []
    assert names(lead=0.3) == ["a"]


def test_a_trader_s_pattern_is_told_beside_the_offence() -> None:
    trader = scheme("new", indicators={1: 1, 3: 0.5}, about="trader")
    advice = settings(trader, scheme("a", indicators={46: 1, 1: 1}), trader_floor=0.4)
    reasons = [Says((1,)), Says((46,))]

    assert strengths(reasons, advice) == {"a": 1.0}  # it does not compete
    assert [one.scheme.name for one in traders(reasons, Carriage(), advice)] == ["new"]
    assert traders([Says((3,)), Says((46,))], Carriage(), advice) == ()
    assert traders([], Carriage(), settings(trader, scheme("a", indicators={1: 1}))) == ()


def test_one_reason_points_to_schemes_by_itself() -> None:
    advice = settings(
        scheme("a", indicators={46: 0.5}),
        scheme("b", indicators={46: 1, 64: 1}),
        scheme("c", indicators={46: 0.25}),
        lead=0.2,
    )
    line = Carriage()

    assert [one.name for one in pointed_by(Says((46,)), line, advice)] == ["b", "a"]
    assert pointed_by(Says((46,), -1.0), line, advice) == ()
    assert pointed_by(Says((18,)), line, advice) == ()


def test_ties_stand_as_in_the_file() -> None:
    schemes = [scheme(name, indicators={46: 1}) for name in ("z", "a", "m")]

    assert list(strengths([Says((46,))], settings(*schemes))) == ["z", "a", "m"]


CLUES = st.builds(
    Says,
    indicators=st.lists(st.integers(1, 78), max_size=4, unique=True).map(tuple),
    contribution=st.floats(-2, 2),
    family=st.sampled_from(["party", "conveyance", "route", "document"]),
    feature=st.sampled_from(["no_such_feature", "precursor", "strategic_goods"]),
)
LINES = st.builds(
    Carriage,
    units=st.sampled_from([frozenset(), frozenset({"truck"}), frozenset({"container", "reefer"})]),
    flow=st.sampled_from(["", "import", "transit"]),
    hs_code=st.sampled_from(["", "080510", "851762", "640399"]),
    papers=st.none() | st.floats(0, 20),
    conveyance=st.none() | st.floats(0, 20),
)


@given(reasons=st.lists(CLUES, max_size=5), line=LINES)
def test_strengths_are_shares_and_what_is_named_rests_on_reasons_that_raise(
    reasons: list[Says], line: Carriage
) -> None:
    found = ranked(reasons, line, ADVICE)

    assert all(0 < one.strength <= 1 + 1e-9 for one in found)
    assert sum(one.strength for one in found) <= 1 + 1e-9
    assert [one.strength for one in found] == sorted((o.strength for o in found), reverse=True)
    for one in found:
        assert one.because
        assert all(reasons[at].contribution > 0 for at in one.because)
    told = advise(reasons, line, ADVICE)
    assert len(told.look) <= ADVICE.most_look
    assert told.look
    assert len({look.words["en"] for look in told.look}) == len(told.look)


@given(reasons=st.lists(CLUES, max_size=5), line=LINES, extra=st.floats(-2, 0))
def test_what_lowers_the_risk_points_to_nothing(
    reasons: list[Says], line: Carriage, extra: float
) -> None:
    more = [*reasons, Says((64,), extra)]

    assert ranked(more, line, ADVICE) == ranked(reasons, line, ADVICE)
