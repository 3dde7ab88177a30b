"""Numbers and days as they fill the slots of a phrase: what they are, not how they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Count:
    """A number told without decimals.

    Parameters
    ----------
    value
        The number; NaN where it is not stated.
    """

    value: float


@dataclass(frozen=True, slots=True)
class Amount:
    """A number told with as many decimals as its size deserves.

    Parameters
    ----------
    value
        The number; NaN where it is not stated.
    """

    value: float

    @property
    def decimals(self) -> int:
        """Decimals its size deserves: none for a whole number or from a thousand up.

        Examples
        --------
        >>> [Amount(value).decimals for value in (372254.4, 358.0, 2.1, 0.0713)]
        [0, 0, 2, 3]
        """
        size = abs(self.value)
        if not math.isfinite(size) or size >= 1000 or size == round(size, 0):
            return 0
        return 2 if size >= 0.1 else 3


@dataclass(frozen=True, slots=True)
class Percent:
    """A share told in percent.

    Parameters
    ----------
    share
        The share, 1 for all; NaN where it is not stated.
    """

    share: float

    @property
    def decimals(self) -> int:
        """Decimals its size deserves: one below ten percent, two where one would say zero.

        Examples
        --------
        >>> [Percent(share).decimals for share in (0.3333, 0.0, 0.041, 0.0004)]
        [0, 0, 1, 2]
        """
        size = abs(100 * self.share)
        if not math.isfinite(size) or size == round(size, 0) or size >= 9.95:
            return 0
        return 1 if size >= 0.05 else 2


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar.

    Parameters
    ----------
    day
        The day.
    """

    day: date


@dataclass(frozen=True, slots=True)
class Moment:
    """A local day and minute.

    Parameters
    ----------
    at
        The moment, on the clock it is told in.
    """

    at: datetime
