"""Phrases: a message in English, and what fills its named slots.

A phrase is data. It can be kept in a file and written out in any language later; it knows nothing
of languages itself. What is said is a whole clause wherever that is possible, because words that
are glued together can be declined in no other language.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from targeting.errors import InputError
from targeting.language.values import Amount, Count, Day, Moment, Percent

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOT = re.compile(r"\{([a-z_]+)\}")
"""A named slot of a message."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is said, in no language yet.

    Parameters
    ----------
    message
        The English words, with slots such as `{n}`; a catalogue translates them.
    slots
        Name and content of each slot, by name.
    plural
        The English words for any other number than one; empty where nothing is counted.
    count
        What is counted, whole.
    """

    message: str
    slots: tuple[tuple[str, Slot], ...] = ()
    plural: str = ""
    count: int = 0

    def __post_init__(self) -> None:
        """Refuse slots that are not those of the words: a defect of ours."""
        given = {name for name, _ in self.slots}
        for words in filter(None, (self.message, self.plural)):
            if slots_of(words) != given:
                raise ValueError(f"the slots of {words!r} are filled with {sorted(given)}")

    def to_json(self) -> str:
        """Write the phrase down, to be read by `from_json`.

        Examples
        --------
        >>> say("origin {code}", code="CN").to_json()
        '{"say":"origin {code}","with":{"code":"CN"}}'
        """
        return json.dumps(_plain(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Phrase:
        """Read a phrase that was written down.

        Parameters
        ----------
        text
            What `to_json` wrote.

        Raises
        ------
        InputError
            If it is no phrase.

        Examples
        --------
        >>> phrase = counted("{n} hit", "{n} hits", 3)
        >>> Phrase.from_json(phrase.to_json()) == phrase
        True
        """
        try:
            read = _filled(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _no_phrase(len(text)) from error
        if not isinstance(read, cls):
            raise _no_phrase(len(text))
        return read


Slot: TypeAlias = Phrase | Count | Amount | Percent | Day | Moment | str
"""What fills a slot: another phrase, a number, a day, or a code that is shown as it stands."""


def _no_phrase(length: int) -> InputError:
    return InputError(
        "a sentence cannot be read",
        where="a phrase kept in a file",
        found=f"{length:,} characters that are no phrase",
        do="Run `targeting score` again, and pass its file unchanged.",
    )


@lru_cache(maxsize=4096)
def slots_of(words: str) -> frozenset[str]:
    """Name the slots of a message.

    Parameters
    ----------
    words
        A message, in any language.

    Examples
    --------
    >>> sorted(slots_of("{hits} in {n} examinations"))
    ['hits', 'n']
    """
    return frozenset(SLOT.findall(words))


def say(message: str, /, **slots: Slot) -> Phrase:
    """Say something: English words, and what fills their slots.

    The words stand in the call itself, where the extraction of messages finds them.

    Parameters
    ----------
    message
        The words, with slots such as `{who}`.
    **slots
        What fills each slot.

    Examples
    --------
    >>> say("{who}: never examined before", who=say("this consignee")).slots[0][0]
    'who'
    >>> say("{who}: new", whom="x")
    Traceback (most recent call last):
    ValueError: the slots of '{who}: new' are filled with ['whom']
    """
    return Phrase(message, tuple(sorted(slots.items())))


def counted(one: str, many: str, count: float, /, **slots: Slot) -> Phrase:
    """Say something of a number of things; the slot `{n}` is the number.

    Parameters
    ----------
    one, many
        The English words for one, and for any other number.
    count
        What is counted; it is told without decimals.
    **slots
        What fills the other slots.

    Examples
    --------
    >>> counted("{n} hit", "{n} hits", 2.0).count
    2
    """
    whole = round(abs(count)) if math.isfinite(count) else 0
    filled = tuple(sorted({**slots, "n": Count(count)}.items()))
    return Phrase(one, filled, plural=many, count=whole)


def marked(message: str) -> str:
    """Return words as they are: a mark by which the extraction finds what is said elsewhere.

    Parameters
    ----------
    message
        The words.

    Examples
    --------
    >>> marked("net mass: {amount} kg")
    'net mass: {amount} kg'
    """
    return message


def marked_pair(one: str, many: str) -> tuple[str, str]:
    """Return the words for one and for more as they are: a mark like `marked`.

    Parameters
    ----------
    one, many
        The words.

    Examples
    --------
    >>> marked_pair("{n} hit", "{n} hits")
    ('{n} hit', '{n} hits')
    """
    return one, many


NOT_STATED = say("not stated")
"""What stands where a fact is missing."""


def said(text: str) -> Phrase:
    """Say a text as it stands, in every language alike.

    Parameters
    ----------
    text
        The text.

    Examples
    --------
    >>> said("as an older file has it").slots
    (('text', 'as an older file has it'),)
    """
    return Phrase("{text}", (("text", text),))


_NUMBERS: Mapping[str, type[Count | Amount | Percent]] = {
    "count": Count, "amount": Amount, "percent": Percent,
}  # fmt: skip


def _plain(slot: Slot) -> object:
    """Turn a slot into what JSON knows; a number that is missing reads back as not stated."""
    match slot:
        case Phrase():
            return _plain_phrase(slot)
        case Day():
            return {"day": slot.day.isoformat()}
        case Moment():
            return {"moment": slot.at.isoformat()}
        case str():
            return slot
        case _:
            value = slot.share if isinstance(slot, Percent) else slot.value
            return {type(slot).__name__.lower(): value if math.isfinite(value) else None}


def _plain_phrase(phrase: Phrase) -> dict[str, object]:
    plain: dict[str, object] = {"say": phrase.message}
    if phrase.plural:
        plain |= {"plural": phrase.plural, "of": phrase.count}
    if phrase.slots:
        plain["with"] = {name: _plain(slot) for name, slot in phrase.slots}
    return plain


def _filled(plain: Any) -> Slot:
    """Turn what JSON gave back into a slot; any error means that it is none."""
    if isinstance(plain, str):
        return plain
    if "say" in plain:
        slots = {str(name): _filled(one) for name, one in plain.get("with", {}).items()}
        ordered = tuple(sorted(slots.items()))
        message, plural, count = plain["say"], plain.get("plural", ""), plain.get("of", 0)
        return Phrase(str(message), ordered, plural=str(plural), count=int(count))
    ((kind, value),) = plain.items()
    if kind == "day":
        return Day(date.fromisoformat(value))
    if kind == "moment":
        return Moment(datetime.fromisoformat(value))
    return _NUMBERS[kind](math.nan if value is None else float(value))
