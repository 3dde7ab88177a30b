from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.language import ENGLISH
from targeting.shortlist.facts import Fact, goods_facts, party_facts, revenue_words, unit_facts
from targeting.shortlist.words import percent, reasons_in_words, reasons_text, risk_words


@pytest.mark.parametrize(
    ("probability", "words", "share"),
    [
        (0.0, "less than 1 in 1,000", "below 0.1%"),
        (0.001, "about 1 in 1,000", "0.1%"),
        (0.0499, "about 1 in 20", "5.0%"),
        (0.142, "about 1 in 7", "14%"),
        (0.3, "about 1 in 3", "30%"),
        (0.52, "about 1 in 2", "52%"),
        (0.95, "about 9 in 10", "95%"),
        (1.0, "more than 9 in 10", "over 99%"),
    ],
)
def test_risk_in_words(probability: float, words: str, share: str) -> None:
    assert ENGLISH.say(risk_words(probability)) == words
    assert ENGLISH.say(percent(probability)) == share


@given(st.floats(0.001, 0.95))
def test_words_are_near_the_probability(probability: float) -> None:
    part, whole = (
        ENGLISH.say(risk_words(probability)).removeprefix("about ").replace(",", "").split(" in ")
    )
    told = int(part) / int(whole)
    assert abs(told - probability) <= max(0.05, 0.25 * probability)


def test_reasons_that_raise_come_first_each_side_in_the_files_order() -> None:
    cell = np.array(
        [
            {"text": "weak", "contribution": 0.1},
            {"text": "less", "contribution": -0.2},
            {"text": "strong", "contribution": 0.8},
            {"text": "much less", "contribution": -0.9},
        ]
    )
    assert reasons_text(cell, selected_by="model", separator=" | ") == (
        "weak | strong | Against: less | Against: much less"
    )


def test_reasons_read_back_from_text_keep_their_order() -> None:
    cell = [{"text": "b", "contribution": float("nan")}, {"text": "a", "contribution": None}]
    assert [one.text for one in reasons_in_words(cell, selected_by="model")] == ["b", "a"]


@pytest.mark.parametrize("cell", [None, float("nan"), [], np.array([]), [{"text": ""}], "text"])
@pytest.mark.parametrize(
    ("selected_by", "words"),
    [("random", "Drawn by lot"), ("mandatory", "Ordered"), ("model", "Not explained")],
)
def test_a_line_without_reasons_says_why(cell: object, selected_by: str, words: str) -> None:
    (only,) = reasons_in_words(cell, selected_by=selected_by)
    assert only.text.startswith(words)


def said(facts: tuple[Fact, ...]) -> list[tuple[str, str]]:
    return [(ENGLISH.say(one.label), ENGLISH.say(one.text)) for one in facts]


def test_facts_tell_only_what_is_declared() -> None:
    row = {
        "flow": "export",
        "transport_mode": "inland_water",
        "arrival_at": None,
        "gross_mass_kg": None,
        "net_mass_kg": 1234.4,
        "loading_port": None,
        "discharge_port": "TMKRW",
        "hs_code": "690721",
        "customs_value": 9000.0,
        "consignor_id": "C1",
    }
    assert said(unit_facts(row)) == [
        ("Flow", "export by inland water"),
        ("Route", "to TMKRW"),
    ]
    assert said(goods_facts(row, currency="")) == [
        ("HS code", "690721"),
        ("Mass", "1,234 kg net"),
        ("Value", "9,000"),
    ]
    assert [one.text for one in party_facts(row)] == ["C1"]
    assert revenue_words(row, currency="EUR") == ""
