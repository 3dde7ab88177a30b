"""Phrases: data that can be kept, read back and written out."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.errors import InputError
from targeting.language import (
    ENGLISH,
    Amount,
    Count,
    Day,
    Language,
    Moment,
    Percent,
    Phrase,
    Slot,
    counted,
    said,
    say,
)
from targeting.language.messages import messages
from targeting.language.phrase import slots_of

RUSSIAN = Language.named("ru")

G = "\xa0\u0433."  # the Russian sign of a year
NOON = datetime(2025, 3, 1, 12, 5, tzinfo=UTC)
CODES = st.text(alphabet="ABCXYZ0123456789 -.", min_size=1, max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
LEAVES: st.SearchStrategy[Slot] = st.one_of(
    CODES,
    NUMBERS.map(Count),
    NUMBERS.map(Amount),
    st.floats(-2, 5).map(Percent),
    st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(Day),
    st.datetimes(timezones=st.just(UTC)).map(Moment),
)
IDS = sorted(
    (one.id, "") if isinstance(one.id, str) else tuple(one.id) for one in messages() if one.id
)


@st.composite
def phrases(draw: st.DrawFn, depth: int = 2) -> Phrase:
    """Any message of the code, its slots filled with anything."""
    one, many = draw(st.sampled_from(IDS))
    slots = {
        name: draw(st.one_of(LEAVES, phrases(depth - 1)) if depth else LEAVES)
        for name in sorted(slots_of(one) - ({"n"} if many else set()))
    }
    return counted(one, many, draw(st.integers(0, 10**9)), **slots) if many else say(one, **slots)


@given(phrases())
def test_any_phrase_comes_back_and_is_written_out_in_each_language(phrase: Phrase) -> None:
    back = Phrase.from_json(phrase.to_json())

    assert back == phrase
    for language in (ENGLISH, RUSSIAN):
        text = language.say(phrase)
        assert text
        assert not {"{", "}"} & set(text)
        assert language.say(back) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_missing_is_not_stated(value: float) -> None:
    phrase = say("net mass: {amount} kg", amount=Amount(value))

    assert ENGLISH.say(phrase) == "net mass: not stated kg"
    assert ENGLISH.say(Phrase.from_json(phrase.to_json())) == "net mass: not stated kg"
    assert ENGLISH.say(Percent(value)) == "not stated"
    assert counted("{n} day", "{n} days", value).count == 0


@pytest.mark.parametrize(
    "text",
    [
        "", "not JSON", "[]", "3", '"text"', "null", "{}", '{"say":"{a}"}', '{"say":"a","with":[]}',
        '{"say":"{a}","with":{"a":{"money":3}}}', '{"say":"{a}","with":{"a":{"day":"yesterday"}}}',
        '{"say":"{a}","with":{"a":null}}', '{"day":"2025-03-01"}', '{"say":"a","with":{"b":"x"}}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_phrase_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"a sentence cannot be read.*targeting score"):
        Phrase.from_json(text)


def test_braces_in_a_code_are_shown_as_they_stand() -> None:
    phrase = say("{column} {code}", column="{code}", code="{column}")

    assert ENGLISH.say(phrase) == "{code} {column}"
    assert ENGLISH.say(said("{0} {x!r} %s")) == "{0} {x!r} %s"


def test_slots_that_do_not_fit_are_a_defect() -> None:
    with pytest.raises(ValueError, match=r"slots of '\{who\}: new'"):
        say("{who}: new")
    with pytest.raises(ValueError, match=r"slots of '\{n\} hits of \{x\}'"):
        counted("{n} hit", "{n} hits of {x}", 2)


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        (0, "0 hits", "0 нарушений"),
        (1, "1 hit", "1 нарушение"),
        (2, "2 hits", "2 нарушения"),
        (5, "5 hits", "5 нарушений"),
        (11, "11 hits", "11 нарушений"),
        (21, "21 hits", "21 нарушение"),
        (18_402, "18,402 hits", "18\xa0402 нарушения"),
        (0.6, "1 hit", "1 нарушение"),
    ],
)
def test_counts_are_declined(count: float, english: str, russian: str) -> None:
    phrase = counted("{n} hit", "{n} hits", count)

    assert (ENGLISH.say(phrase), RUSSIAN.say(phrase)) == (english, russian)


@pytest.mark.parametrize(
    ("slot", "english", "russian"),
    [
        (Amount(372_254.4), "372,254", "372\xa0254"),
        (Amount(358.0), "358", "358"),
        (Amount(2.1), "2.10", "2,10"),
        (Amount(0.0713), "0.071", "0,071"),
        (Count(1234.4), "1,234", "1\xa0234"),
        (Count(-1234.5), "-1,234", "-1\xa0234"),
        (Percent(0.33), "33%", "33\xa0%"),
        (Percent(0.0413), "4.1%", "4,1\xa0%"),
        (Percent(0.0004), "0.04%", "0,04\xa0%"),
        (Percent(12.5), "1,250%", "1\xa0250\xa0%"),
        (Day(date(2025, 3, 1)), "1 March 2025", f"1 марта 2025{G}"),
        (
            Moment(datetime(2025, 3, 1, 7, 5, tzinfo=UTC)),
            "1 Mar 2025, 07:05",
            f"1 мар. 2025{G}, 07:05",
        ),
    ],
)
def test_numbers_and_days_are_those_of_the_language(slot: Slot, english: str, russian: str) -> None:
    assert (ENGLISH.say(slot), RUSSIAN.say(slot)) == (english, russian)
