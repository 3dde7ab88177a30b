"""What the words of a goods description say, and which of them say nothing.

A stop word names no goods: `parts`, `general merchandise`. A description made only of such words is
refused in advance cargo declarations; beside words that do name goods it may pass. Both are told
apart here. The list is `reference/stop_words.csv`: English and Russian, ours, meant to be edited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from targeting.features.columns import reference

if TYPE_CHECKING:
    from targeting.features.columns import Floats
    from targeting.features.lines import Lines

_WORD = re.compile(r"[^\W\d_]+")
SHORT = 3
"""Words of fewer letters name no goods."""
CONNECTIVES = frozenset(
    ("and", "for", "from", "not", "other", "per", "the", "with", "без", "для", "или", "под", "при")
)
"""Words that join others and name nothing."""
_YO = {0x451: 0x435}  # Cyrillic io is often written as ie


@dataclass(frozen=True, slots=True)
class Reading:
    """What one description says.

    Parameters
    ----------
    terms
        Stop words and terms found in it.
    informative
        Distinct words of three letters or more that are part of none, `and` and the like aside.
    """

    terms: int
    informative: int

    @property
    def stop_words_only(self) -> bool:
        """Whether stop words are all it says."""
        return self.terms > 0 and self.informative == 0


@cache
def stop_terms() -> frozenset[tuple[str, ...]]:
    """Stop words and terms, each as its words in lower case.

    Examples
    --------
    >>> ("general", "merchandise") in stop_terms(), ("tyres",) in stop_terms()
    (True, False)
    """
    return frozenset(_words(row["term"]) for row in reference("stop_words.csv"))


@cache
def _longest() -> int:
    return max(len(term) for term in stop_terms())


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower().translate(_YO)))


@lru_cache(maxsize=65_536)
def read_description(text: str) -> Reading:
    """Read a description: the longest stop term first, then the words left over.

    Parameters
    ----------
    text
        As the declarant wrote it.

    Examples
    --------
    >>> read_description("General merchandise, spare parts").stop_words_only
    True
    >>> read_description("Parts of water pumps")
    Reading(terms=1, informative=2)
    """
    words, at, terms = _words(text), 0, 0
    left: set[str] = set()
    while at < len(words):
        length = _term_at(words, at)
        terms += length > 0
        if length == 0 and len(words[at]) >= SHORT and words[at] not in CONNECTIVES:
            left.add(words[at])
        at += max(length, 1)
    return Reading(terms, len(left))


def _term_at(words: tuple[str, ...], at: int) -> int:
    """Return how many words the longest stop term at a place has; 0 where there is none."""
    for length in range(min(_longest(), len(words) - at), 0, -1):
        if words[at : at + length] in stop_terms():
            return length
    return 0


def stop_words_only(rows: Lines) -> Floats:
    """Flag descriptions made only of stop words; NaN where there is no description.

    Parameters
    ----------
    rows
        Declarations.
    """
    return rows.text("goods_description").map(lambda text: read_description(text).stop_words_only)


def stop_words(rows: Lines) -> Floats:
    """Count the stop words and terms a description contains; NaN where there is none.

    Parameters
    ----------
    rows
        Declarations.
    """
    return rows.text("goods_description").map(lambda text: read_description(text).terms)


def informative_words(rows: Lines) -> Floats:
    """Count the distinct words that may name goods; NaN where there is no description.

    Parameters
    ----------
    rows
        Declarations.
    """
    return rows.text("goods_description").map(lambda text: read_description(text).informative)
