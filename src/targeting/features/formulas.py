"""What a profile tells of a line, compiled: one arithmetic for a history of lines and for one line.

A matrix of training and a single declaration scored online run the same loops over the same
numbers, so that they agree to the last bit. NumPy's own functions would not do: how it computes a
logarithm may depend on how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from targeting.features.kernel import STATISTICS

_AT = {name: at for at, name in enumerate(STATISTICS)}
_WIDTH = len(STATISTICS)
_DECLARATIONS, _EXAMINATIONS, _HITS, _REVENUE = (
    _AT[name] for name in ("declarations", "examinations", "hits", "revenue")
)
_PRICED, _LOG_PRICE, _LOG_SQUARED = (
    _AT[name] for name in ("priced", "log_price", "log_price_squared")
)
_VALUED, _VALUE, _WEIGHED, _MASS = (_AT[name] for name in ("valued", "value", "weighed", "mass"))

SUM, RATE, SINCE, PACE, MEAN_REVENUE, TYPICAL, RATIO, SPREADS, VALUE_SIZE, MASS_SIZE = range(10)
"""Kinds of formula, in the order of `_fill`."""

_LARGEST = float(np.finfo(np.float32).max)
_LEAST_SPREAD = 0.1
_BLOCK = 128  # lines whose part of the matrix stays in the processor's cache meanwhile


@dataclass(frozen=True, slots=True)
class Formula:
    """What is worked out of a profile, by number: the loops know no names.

    Parameters
    ----------
    kind
        `SUM`, `RATE`, ...
    at
        Column of the sums, block of a half-life, or place of a day, as the kind wants it.
    """

    kind: int
    at: int = 0

    @classmethod
    def sum(cls, statistic: str, block: int = 0) -> Formula:
        """Return a decayed sum.

        Parameters
        ----------
        statistic
            One of `STATISTICS`.
        block
            0 for all-time, or the place of a half-life, from 1.

        Examples
        --------
        >>> Formula.sum("hits", 1)
        Formula(kind=0, at=20)
        """
        return cls(SUM, block * _WIDTH + _AT[statistic])


@numba.njit(cache=True, nogil=True, inline="always")
def _over(above, below):
    """Divide; NaN where the denominator is not above zero."""
    return above / below if below > 0.0 else np.nan


@numba.njit(cache=True, nogil=True)
def _log(value):
    """Natural logarithm; NaN where the value is not above zero."""
    return np.log(value) if value > 0.0 else np.nan


@numba.njit(cache=True, nogil=True, inline="always")
def _rate(sums, base, block, prior):
    """Hit rate pulled towards that of all declarations: the posterior mean under a beta prior."""
    at = block * _WIDTH
    everywhere = _over(base[at + _HITS], base[at + _EXAMINATIONS])
    return (sums[at + _HITS] + prior * everywhere) / (sums[at + _EXAMINATIONS] + prior)


@numba.njit(cache=True, nogil=True, inline="always")
def _pace(sums):
    """Recent declarations over those of the longest memory."""
    last = len(sums) // _WIDTH - 1
    return _over(sums[min(1, last) * _WIDTH], sums[last * _WIDTH])


@numba.njit(cache=True, nogil=True, inline="always")
def _spreads(sums, price):
    """Distance of the log price from its mean in standard deviations, the spread kept above 10 %.

    Two prices at least: one has no spread.
    """
    count = sums[_PRICED]
    mean = _over(sums[_LOG_PRICE], count)
    variance = _over(sums[_LOG_SQUARED], count) - mean * mean
    if not count >= 2.0:
        return np.nan
    spread = np.sqrt(variance) if variance > 0.0 else 0.0
    return (_log(price) - mean) / (spread if spread > _LEAST_SPREAD else _LEAST_SPREAD)


@numba.njit(cache=True, nogil=True, inline="always")
def _size(own, total, count):
    """Log of this line's amount over the mean of the key's lines that stated one."""
    return _log(_over(own, _over(total, count)))


@numba.njit(cache=True, nogil=True, inline="always")
def _ratio(sums, price):
    """Log of the line's price over the geometric mean of the key's."""
    return _log(price) - _over(sums[_LOG_PRICE], sums[_PRICED])


@numba.njit(cache=True, nogil=True, inline="always")
def _narrowed(value):
    """Return what float32 can hold; what it cannot is unknown, never inf."""
    return np.float32(value) if abs(value) <= _LARGEST else np.float32(np.nan)


@numba.njit(cache=True, nogil=True)
def _fill(matrix, place, kind, at, sums, days, base, own, prior, start, stop):
    """Work one formula out for some lines: a loop for each kind, so that none asks which it is."""
    if kind == SUM:
        for row in range(start, stop):
            matrix[row, place] = _narrowed(sums[row, at])
    elif kind == RATE:
        for row in range(start, stop):
            matrix[row, place] = _narrowed(_rate(sums[row], base[row], at, prior))
    elif kind == SINCE:
        for row in range(start, stop):
            matrix[row, place] = _narrowed(days[row, at])
    elif kind == PACE:
        for row in range(start, stop):
            matrix[row, place] = _narrowed(_pace(sums[row]))
    elif kind == MEAN_REVENUE:
        for row in range(start, stop):
            mean = _over(sums[row, _REVENUE], sums[row, _EXAMINATIONS])
            matrix[row, place] = _narrowed(mean)
    elif kind == TYPICAL:
        for row in range(start, stop):
            typical = np.exp(_over(sums[row, _LOG_PRICE], sums[row, _PRICED]))
            matrix[row, place] = _narrowed(typical)
    elif kind == RATIO:
        for row in range(start, stop):
            matrix[row, place] = _narrowed(_ratio(sums[row], own[row, 2]))
    elif kind == SPREADS:
        for row in range(start, stop):
            matrix[row, place] = _narrowed(_spreads(sums[row], own[row, 2]))
    elif kind == VALUE_SIZE:
        for row in range(start, stop):
            size = _size(own[row, 0], sums[row, _VALUE], sums[row, _VALUED])
            matrix[row, place] = _narrowed(size)
    else:
        for row in range(start, stop):
            size = _size(own[row, 1], sums[row, _MASS], sums[row, _WEIGHED])
            matrix[row, place] = _narrowed(size)


@numba.njit(cache=True, nogil=True)
def fill_key(matrix, places, kinds, ats, sums, days, base, own, prior):
    """Write the features of one key into the matrix, for many lines.

    Parameters
    ----------
    matrix
        Shape (n, features), float32; changed in place.
    places, kinds, ats
        Shape (m,). Column of the matrix and formula of each feature of the key.
    sums, days
        Shape (n, statistics * (1 + half-lives)) and (n, 3). The key's profiles.
    base
        Shape of `sums`. All declarations' profile as of each line's day.
    own
        Shape (n, 3). The line's own value, mass, and value per kg.
    prior
        Weight of the base rate, in examinations.
    """
    for start in range(0, len(sums), _BLOCK):
        stop = min(start + _BLOCK, len(sums))
        for one in range(len(places)):
            _fill(
                matrix, places[one], kinds[one], ats[one], sums, days, base, own, prior,
                start, stop,
            )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def fill_lines(matrix, places, kinds, ats, profile, measure, sums, days, own, prior):
    """Write the features of every key into the matrix, for a few lines.

    What `fill_key` writes for each key in turn, to the bit.

    Parameters
    ----------
    matrix
        Shape (n, features), float32; changed in place.
    places, kinds, ats
        Shape (m,). Column of the matrix and formula of each feature.
    profile, measure
        Shape (m,). Which profile the feature is of, and which amounts it compares.
    sums, days
        Shape (n, profiles, statistics * (1 + half-lives)) and (n, profiles, 3). The first profile
        is that of all declarations.
    own
        Shape (n, measures, 3). The line's own amounts.
    prior
        As for `fill_key`.
    """
    for one in range(len(places)):
        key = profile[one]
        _fill(
            matrix, places[one], kinds[one], ats[one], sums[:, key], days[:, key], sums[:, 0],
            own[:, measure[one]], prior, 0, len(sums),
        )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def fill_column(matrix, place, values):
    """Write one column of the matrix.

    Parameters
    ----------
    matrix
        Shape (n, features), float32; changed in place.
    place
        Column of the matrix.
    values
        Shape (n,), float64.
    """
    for row in range(len(values)):
        matrix[row, place] = _narrowed(values[row])


@numba.njit(cache=True, nogil=True)
def ratios(above, below):
    """Divide; NaN where the denominator is zero, negative or missing.

    Parameters
    ----------
    above, below
        Shape (n,). NaN where unknown.
    """
    out = np.empty(len(above))
    for row in range(len(above)):
        out[row] = _over(above[row], below[row])
    return out


@numba.njit(cache=True, nogil=True)
def trailing_zeros(values, most):
    """Count the trailing zeros of whole parts; NaN unless they are above zero.

    Parameters
    ----------
    values
        Shape (n,). NaN where unknown.
    most
        Zeros counted at most.

    Examples
    --------
    >>> trailing_zeros(np.array([12000.0, 12345.0, 0.0]), 6).tolist()
    [3.0, 0.0, nan]
    """
    out = np.full(len(values), np.nan)
    for row in range(len(values)):
        whole = np.rint(values[row])
        if whole > 0.0:
            count, power = 0, 10.0
            for _ in range(most):
                count += whole % power == 0.0
                power *= 10.0
            out[row] = count
    return out


@numba.njit(cache=True, nogil=True)
def log(values):
    """Return natural logarithms; NaN where a value is not above zero, or missing.

    Parameters
    ----------
    values
        Shape (n,).

    Examples
    --------
    >>> log(np.array([1.0, 0.0])).tolist()
    [0.0, nan]
    """
    out = np.empty(len(values))
    for row in range(len(values)):
        out[row] = _log(values[row])
    return out


@numba.njit(cache=True, nogil=True)
def priced(value, mass):
    """Return value per kg; NaN where either is missing or not above zero, or it is none or inf.

    Parameters
    ----------
    value, mass
        Shape (n,). NaN where not stated.

    Examples
    --------
    >>> priced(np.array([6.0, 1.0]), np.array([3.0, 0.0])).tolist()
    [2.0, nan]
    """
    out = np.full(len(value), np.nan)
    for row in range(len(value)):
        if value[row] > 0.0 and mass[row] > 0.0:
            price = value[row] / mass[row]
            if 0.0 < price < np.inf:
                out[row] = price
    return out


@numba.njit(cache=True, nogil=True)
def surprisal(made, count):
    """Return log((count + 1) / (made + 0.5)).

    Parameters
    ----------
    made
        Shape (n,). Earlier declarations of a part; NaN where it is missing.
    count
        Shape (n,). Of its whole.
    """
    out = np.empty(len(made))
    for row in range(len(made)):
        out[row] = _log((count[row] + 1.0) / (made[row] + 0.5))
    return out


@numba.njit(cache=True, nogil=True)
def log_lift(left, right, joint, everything):
    """Return the log of how often two keys come together over what chance would give.

    Parameters
    ----------
    left, right, joint, everything
        Shape (n,). Earlier declarations of two keys, of their pair and of all.
    """
    out = np.empty(len(left))
    for row in range(len(left)):
        chance = _over(left[row] * right[row], everything[row])
        out[row] = _log(_over(joint[row] + 0.5, chance))
    return out


@numba.njit(cache=True, nogil=True)
def haversine_km(north, east, north_to, east_to, radius):
    """Return the shortest way between places on a globe.

    Parameters
    ----------
    north, east, north_to, east_to
        Shape (n,). Latitudes and longitudes in degrees; NaN where unknown.
    radius
        Of the globe, in km.
    """
    out = np.empty(len(north))
    for row in range(len(north)):
        here, there = np.radians(north[row]), np.radians(north_to[row])
        across = np.radians(east_to[row]) - np.radians(east[row])
        half = np.sin((there - here) / 2.0) ** 2
        half += np.cos(here) * np.cos(there) * np.sin(across / 2.0) ** 2
        # A rounding may leave it above one; what is unknown stays so.
        out[row] = 2.0 * radius * np.arcsin(1.0 if half > 1.0 else np.sqrt(half))
    return out
