"""Codes from numbers, a column at a time: padded, joined and looked up in Arrow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DOCUMENTS = ("BL", "RW", "CM", "AW")
"""Letters of the transport document, by mode."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.streams import Ints


def padded(number: Ints, width: int) -> pa.Array:
    """Write whole numbers with leading zeros; a negative number is null.

    Parameters
    ----------
    number
        The numbers, shape (n,).
    width
        Digits at least; a number that needs more takes them.

    Examples
    --------
    >>> import numpy as np
    >>> padded(np.array([7, -1, 12345]), 4).to_pylist()
    ['0007', None, '12345']
    """
    plain = pa.array(number, mask=number < 0).cast(pa.string())
    return pc.call_function("ascii_lpad", [plain], pc.PadOptions(width, "0"))


def joined(*parts: pa.Array | str) -> pa.Array:
    """Write strings one after the other; null where any part is null.

    Parameters
    ----------
    *parts
        Columns of strings of one length, at least one, and texts that stand in every row.

    Examples
    --------
    >>> joined("CE", pa.array(["01", None]), "-X").to_pylist()
    ['CE01-X', None]
    """
    texts = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.call_function("binary_join_element_wise", [*texts, pa.scalar("")])


def code(letters: pa.Array | str, number: Ints, width: int) -> pa.Array:
    """Write codes of letters and a padded number; null where the number is negative.

    Parameters
    ----------
    letters
        What every code begins with, or a column of it.
    number
        The numbers, shape (n,).
    width
        Digits at least.

    Examples
    --------
    >>> import numpy as np
    >>> code("BR", np.array([31, -1]), 6).to_pylist()
    ['BR000031', None]
    """
    return joined(letters, padded(number, width))


def words(choices: Sequence[str], number: Ints) -> pa.Array:
    """Look words up by number; a negative number is null.

    Parameters
    ----------
    choices
        The words.
    number
        Positions among them, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> words(("sea", "rail"), np.array([1, -1, 0])).to_pylist()
    ['rail', None, 'sea']
    """
    return pa.array(choices, type=pa.string()).take(pa.array(number, mask=number < 0))


def either(condition: pa.Array, yes: pa.Array | pa.Scalar, no: pa.Array) -> pa.Array:
    """Take each row from one of two columns.

    Parameters
    ----------
    condition
        Whether to take the first one, row by row.
    yes, no
        The columns; `yes` may be one value for all rows.

    Examples
    --------
    >>> either(pa.array([True, False]), pa.scalar("a"), pa.array(["b", "c"])).to_pylist()
    ['a', 'c']
    """
    return pc.call_function("if_else", [condition, yes, no])


def numbered(ground: Ground, letters: pa.Array | str, day: Ints, number: Ints) -> pa.Array:
    """Write letters, date and number, such as D240131000017.

    Parameters
    ----------
    ground
        What the world stands on: its first day.
    letters
        What the numbers begin with; one text or one for each.
    day, number
        Day of each, days since the world began, and its number on that day.
    """
    return joined(letters, _dates(ground, day), padded(number, 6))


def _dates(ground: Ground, day: Ints) -> pa.Array:
    """Write days as yymmdd."""
    if not len(day):
        return pa.array([], type=pa.string())
    first, last = int(day.min()), int(day.max())
    dates = np.datetime64(ground.settings.first_day) + np.arange(first, last + 1)
    return words([str(date).replace("-", "")[2:] for date in dates], day - first)


def moments(ground: Ground, seconds: Ints) -> pa.Array:
    """Write seconds since the world began as moments in UTC.

    Parameters
    ----------
    ground
        What the world stands on: its first day.
    seconds
        Shape (n,).
    """
    start = datetime.combine(ground.settings.first_day, datetime.min.time(), tzinfo=UTC)
    micro = (seconds + int(start.timestamp())) * 1_000_000
    return pa.array(micro, type=pa.timestamp("us", tz="UTC"))
