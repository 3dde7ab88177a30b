"""What may be wrong with one value, in the words every way in uses: files and requests alike."""

from __future__ import annotations

MISSING = "missing"
NOT_A_NUMBER = "not a number"
NOT_WHOLE = "not a whole number"
NOT_A_TIME = "not a time in the stated formats and zone"
TWO_TIMES = "a time the formats read in two ways"
NOT_A_WORD = "not one of the words allowed"
NOT_OF_FORM = "not of the form the table asks for"
EARLY = "before inspected_at"
LARGEST_WHOLE = 2**53
"""Beyond it, the way over a float would change a whole number."""


def below(limit: float) -> str:
    """Say that a number is under its bound.

    Parameters
    ----------
    limit
        The bound.

    Examples
    --------
    >>> below(0.0)
    'below 0'
    """
    return f"below {limit:g}"


def above(limit: float) -> str:
    """Say that a number is over its bound.

    Parameters
    ----------
    limit
        The bound.
    """
    return f"above {limit:g}"


NOT_TEXT = "not text"
TOO_LONG = "longer than a value may be"
NUL = "holds a NUL character"
NOT_SINGLE = "a list or an object stands for a single value"
NOT_A_ROW = "not an object of columns and values"
TOO_WIDE = "more columns than a row may have"
TWICE = "stands in the request twice"
