"""What officers read, kept apart from the language they read it in.

A sentence is a `Phrase`: English words with named slots, and the numbers, days and codes that fill
them. A `Language` writes it out by its catalogue, one file of translations. English needs none.
"""

from targeting.language.catalogue import ENGLISH, Language
from targeting.language.phrase import (
    NOT_STATED,
    Phrase,
    Slot,
    counted,
    marked,
    marked_pair,
    said,
    say,
)
from targeting.language.values import Amount, Count, Day, Moment, Percent

__all__ = [
    "ENGLISH",
    "NOT_STATED",
    "Amount",
    "Count",
    "Day",
    "Language",
    "Moment",
    "Percent",
    "Phrase",
    "Slot",
    "counted",
    "marked",
    "marked_pair",
    "said",
    "say",
]
