"""Container numbers (ISO 6346): form, check digit, size and type.

A failing check digit is a flag, never a rejection: typing errors are common, and even the example
number printed in one published manifest specification fails (CMCU1223808 computes to 6).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from targeting.tables.engine import constant, function

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from targeting.tables.engine import Expression

    Strings: TypeAlias = pa.Array | pa.ChunkedArray | np.ndarray | pd.Series | Sequence[str | None]

FORM = "[A-Z]{3}[UJZ][0-9]{7}"
"""Owner's three letters, category (U container, J equipment, Z trailer), serial, check digit."""

_FORMED = re.compile(FORM)
_BARE = "[A-Z]{4}[0-9]{6}"
_LENGTH = 11
_ROW = "0123456789A?BCDEFGHIJK?LMNOPQRSTU?VWXYZ"
_WEIGHTS = 2 ** np.arange(10)
_FEET = {
    "1": 10.0, "2": 20.0, "3": 30.0, "4": 40.0, "B": 24.0, "C": 24.5, "G": 41.0, "H": 43.0,
    "L": 45.0, "M": 48.0, "N": 49.0, "P": 53.0,
}  # fmt: skip
_HEIGHTS = {
    "0": 8.0, "2": 8.5, "4": 9.0, "5": 9.5, "6": 9.5, "8": 4.25, "9": 4.0,
    "C": 8.5, "D": 9.0, "E": 9.5, "F": 9.5, "L": 8.5, "M": 9.0, "N": 9.5, "P": 9.5,
}  # fmt: skip
_GROUPS = {
    "G": "general",
    "V": "ventilated",
    "B": "bulk",
    "S": "named cargo",
    "R": "reefer",
    "H": "insulated",
    "U": "open top",
    "P": "flat",
    "T": "tank",
    "K": "tank",
    "A": "air",
}


@dataclass(frozen=True, slots=True)
class SizeType:
    """What a size-type code says of a container.

    Parameters
    ----------
    length_ft
        Nominal length in feet.
    height_ft
        Height in feet; 9.5 and more is high cube.
    group
        `general`, `ventilated`, `bulk`, `named cargo`, `reefer`, `insulated`, `open top`, `flat`,
        `tank` or `air`.
    """

    length_ft: float
    height_ft: float
    group: str

    @property
    def high_cube(self) -> bool:
        """Whether it is 9 feet 6 inches high or higher."""
        return self.height_ft >= 9.5


def decode_size_type(code: str) -> SizeType | None:
    """Read a four-character ISO 6346 size-type code; None where it is not one.

    Parameters
    ----------
    code
        Such as `22G1`, `45R1`, `L5G1`. Trade names such as `40HC` are not ISO codes.

    Examples
    --------
    >>> decode_size_type("45R1")
    SizeType(length_ft=40.0, height_ft=9.5, group='reefer')
    >>> decode_size_type("40HC") is None
    True
    """
    if not re.fullmatch("[0-9A-P][0-9A-P][A-Z][0-9]", code):
        return None
    length, height, group = _FEET.get(code[0]), _HEIGHTS.get(code[1]), _GROUPS.get(code[2])
    if length is None or height is None or group is None:
        return None
    return SizeType(length, height, group)


def check_digit(number: str) -> int:
    """Compute the check digit of a container number from its first ten characters.

    Letters count 10, 11... skipping multiples of 11; position i weighs 2 to the i; the sum modulo
    11, modulo 10.

    Parameters
    ----------
    number
        Ten characters or more, capital letters and digits.

    Raises
    ------
    ValueError
        If the first ten characters are not four capital letters and six digits.

    Examples
    --------
    >>> check_digit("CSQU305438"), check_digit("CMCU122380")
    (3, 6)
    """
    return int(check_digits([number])[0])


def check_digits(numbers: Strings) -> np.ndarray:
    """Compute the check digits of a column of container numbers, as `check_digit` does of one.

    Parameters
    ----------
    numbers
        A column of strings, none missing, each of ten characters or more.

    Returns
    -------
    numpy.ndarray of int, shape (rows,)

    Raises
    ------
    ValueError
        If the first ten characters of a number are not four capital letters and six digits.

    Examples
    --------
    >>> check_digits(["CSQU305438", "CMCU122380"]).tolist()
    [3, 6]
    """
    plain = _plain(numbers)
    if not _matches(plain, f"^{_BARE}").all():
        raise ValueError("a container number begins with four capital letters and six digits")
    bare = pc.call_function("binary_slice", [plain.cast(pa.binary())], pc.SliceOptions(0, 10))
    return _digits(_letters(bare, 10))


def _digits(letters: np.ndarray) -> np.ndarray:
    """Check digits of rows of ten ASCII codes; the letters' values skip 11, 22 and 33."""
    values = np.where(letters < ord("A"), letters - ord("0"), letters - 55 + (letters - 56) // 10)
    return (values * _WEIGHTS).sum(axis=1) % 11 % 10


def is_well_formed(numbers: Strings) -> np.ndarray:
    """Tell for each number whether it has the form of ISO 6346; a missing one has not.

    Parameters
    ----------
    numbers
        A column of strings.

    Returns
    -------
    numpy.ndarray of bool, shape (rows,)

    Examples
    --------
    >>> is_well_formed(["CSQU3054383", "CSQX3054383", "csqu 3054383", None]).tolist()
    [True, False, False, False]
    """
    return _formed(_plain(numbers))


def is_valid(numbers: Strings) -> np.ndarray:
    """Tell for each number whether its form and its check digit are right.

    Parameters
    ----------
    numbers
        A column of strings.

    Returns
    -------
    numpy.ndarray of bool, shape (rows,)
        False for a missing number.

    Examples
    --------
    >>> is_valid(["CSQU3054383", "MSCU9981402", "CMCU1223808", None]).tolist()
    [True, True, False, False]
    """
    plain = _plain(numbers)
    right = _formed(plain)
    letters = _letters(plain.filter(pa.array(right)), _LENGTH)
    right[right] = _digits(letters[:, :10]) == letters[:, 10] - ord("0")
    return right


def digit_is_wrong(number: str) -> float:
    """Tell of one number whether its check digit is wrong: 1, 0, or NaN where its form is.

    Parameters
    ----------
    number
        As declared.

    Examples
    --------
    >>> digit_is_wrong("CSQU3054383"), digit_is_wrong("CMCU1223808"), digit_is_wrong("CSQU")
    (0.0, 1.0, nan)
    """
    if not _FORMED.fullmatch(number):
        return math.nan
    total = sum(_ROW.index(character) << place for place, character in enumerate(number[:10]))
    return float(total % 11 % 10 != int(number[10]))


def digit_fails(number: Expression) -> Expression:
    """Build the DuckDB expression for: well formed, yet the check digit is wrong.

    Parameters
    ----------
    number
        The column of container numbers.
    """
    total = constant(0)
    for place, weight in enumerate(_WEIGHTS.tolist(), start=1):
        total = total + _letter_value(number, place) * constant(weight)
    stated = function("ascii", function("array_extract", number, constant(11))) - constant(48)
    formed = function("regexp_full_match", number, constant(FORM))
    return formed & (total % constant(11) % constant(10) != stated)


def _letter_value(number: Expression, place: int) -> Expression:
    """Value of one character: its place in a row of all characters with 11, 22 and 33 left open."""
    character = function("array_extract", number, constant(place))
    return function("strpos", constant(_ROW), character) - constant(1)


def _plain(numbers: Strings) -> pa.Array:
    whole: Any = numbers if isinstance(numbers, pa.Array) else _gathered(numbers)
    return whole.cast(pa.string())


def _gathered(numbers: Any) -> pa.Array:
    made = numbers if isinstance(numbers, pa.ChunkedArray) else pa.array(numbers, from_pandas=True)
    if isinstance(made, pa.ChunkedArray):  # pandas hands over its own chunks
        return pa.concat_arrays(made.chunks) if made.num_chunks else pa.array([], made.type)
    return made


def _formed(plain: pa.Array) -> np.ndarray:
    return _matches(plain, f"^{FORM}$")


def _matches(plain: pa.Array, pattern: str) -> np.ndarray:
    options = pc.MatchSubstringOptions(pattern)
    matched = pc.call_function("match_substring_regex", [plain], options)
    return np.array(matched.fill_null(fill_value=False), dtype=bool)


def _letters(formed: pa.Array, length: int) -> np.ndarray:
    """ASCII codes of numbers of one length, shape (rows, length)."""
    fixed = formed.cast(pa.binary()).cast(pa.binary(length))
    start = fixed.offset * length
    codes = np.frombuffer(fixed.buffers()[1], dtype=np.uint8)[start : start + len(fixed) * length]
    return codes.reshape(-1, length).astype(np.int64)
