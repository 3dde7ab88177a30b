"""A reason claims no more than the line bears out, and points by what its sentence says."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from targeting.explain.indicators import indicators_of, met, said_by

NAN = float("nan")


@pytest.mark.parametrize(
    ("claimed", "line", "left"),
    [
        ((13, 46), {"consignee_declarations": 9.0}, (1, 46)),
        ((4, 7, 13, 16, 33, 34), {"consignee_declarations": 0.0}, (1,)),
        ((13, 46), {"consignee_declarations": 10.0}, (13, 46)),
        ((13,), {}, (13,)),  # no such feature: nothing can be held against the claim
        ((46,), {"consignee_declarations": 0.0}, (46,)),
        ((5,), {"consignee_days_since_last": 179.0}, ()),
        ((5,), {"consignee_days_since_last": 180.0}, (5,)),
        ((57,), {"consignee_x_consignor_x_hs2_days_since_last": 8.0}, ()),
        ((57,), {"consignee_x_consignor_x_hs2_days_since_last": NAN}, ()),
        ((57,), {"consignee_x_consignor_x_hs2_days_since_last": 7.0}, (57,)),
        ((46, 24, 46), {}, (24, 46)),
    ],
)
def test_what_a_line_does_not_bear_out_is_not_claimed(
    claimed: tuple[int, ...], line: dict[str, object], left: tuple[int, ...]
) -> None:
    assert met(claimed, line) == left


@dataclass(frozen=True)
class Says:
    feature: str
    indicators: tuple[int, ...]
    family: str = "party"
    contribution: float = 1.0


def test_of_a_subject_s_indicators_those_of_its_sentence_count() -> None:
    assert said_by(Says("consignee_x_declarant_unusual", (3, 13, 16))) == [16]


@pytest.mark.parametrize("feature", ["consignee_x_declarant_unusual", "no_such_feature"])
def test_all_count_where_the_sentence_leaves_none(feature: str) -> None:
    assert said_by(Says(feature, (1, 3))) == (1, 3)


def test_statistics_carry_the_indicators_they_tell() -> None:
    assert indicators_of("consignee_declarations") == (1,)
    assert indicators_of("consignee_mass_ratio") == (6,)
    assert indicators_of("consignee_hit_rate") == (18,)
    assert indicators_of("hs6_x_origin_price_z") == (46,)
    assert indicators_of("hs6_x_origin_declarations") == (24,)
    assert indicators_of("container_hits") == (19, 59)
