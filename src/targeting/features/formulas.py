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
"""Kinds of formula, in the order of `_value`."""

_LARGEST = float(np.finfo(np.float32).max)
_LEAST_SPREAD = 0.1


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


@numba.njit(cache=True, nogil=True)
def _rate(sums, base, block, prior):
    """Hit rate pulled towards that of all declarations: the posterior mean under a beta prior."""
    at = block * _WIDTH
    everywhere = _over(base[at + _HITS], base[at + _EXAMINATIONS])
    return (sums[at + _HITS] + prior * everywhere) / (sums[at + _EXAMINATIONS] + prior)


@numba.njit(cache=True, nogil=True)
def _pace(sums):
    """Recent declarations over those of the longest memory."""
    last = len(sums) // _WIDTH - 1
    return _over(sums[min(1, last) * _WIDTH], sums[last * _WIDTH])


@numba.njit(cache=True, nogil=True)
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


@numba.njit(cache=True, nogil=True)
def _size(own, total, count):
    """Log of this line's amount over the mean of the key's lines that stated one."""
    return _log(_over(own, _over(total, count)))


@numba.njit(cache=True, nogil=True)
def _compared(kind, sums, own):
    """Work out what holds the line's own amounts against the key's usual ones."""
    if kind == RATIO:
        return _log(own[2]) - _over(sums[_LOG_PRICE], sums[_PRICED])
    if kind == SPREADS:
        return _spreads(sums, own[2])
    if kind == VALUE_SIZE:
        return _size(own[0], sums[_VALUE], sums[_VALUED])
    return _size(own[1], sums[_MASS], sums[_WEIGHED])


@numba.njit(cache=True, nogil=True)
def _value(kind, at, sums, days, base, own, prior):
    """Work out one formula for one line."""
    if kind == SUM:
        return sums[at]
    if kind == RATE:
        return _rate(sums, base, at, prior)
    if kind == SINCE:
        return days[at]
    if kind == PACE:
        return _pace(sums)
    if kind == MEAN_REVENUE:
        return _over(sums[_REVENUE], sums[_EXAMINATIONS])
    if kind == TYPICAL:
        return np.exp(_over(sums[_LOG_PRICE], sums[_PRICED]))
    return _compared(kind, sums, own)


@numba.njit(cache=True, nogil=True, inline="always")
def _narrowed(value):
    """Return what float32 can hold; what it cannot is unknown, never inf."""
    return np.float32(value) if abs(value) <= _LARGEST else np.float32(np.nan)


@numba.njit(cache=True, nogil=True)
def worked_out(kind, at, sums, days, base, own, prior):
    """Work out one formula of one key, for many lines.

    Parameters
    ----------
    kind, at
        Of a `Formula`.
    sums, days
        Shape (n, statistics * (1 + half-lives)) and (n, 3). The key's profiles.
    base
        Shape of `sums`. All declarations' profile as of each line's day.
    own
        Shape (n, 3). The line's own value, mass, and value per kg.
    prior
        Weight of the base rate, in examinations.

    Returns
    -------
    ndarray
        Shape (n,).
    """
    out = np.empty(len(sums))
    for row in range(len(sums)):
        out[row] = _value(kind, at, sums[row], days[row], base[row], own[row], prior)
    return out


@numba.njit(cache=True, nogil=True)
def fill_key(matrix, places, kinds, ats, sums, days, base, own, prior):
    """Write the features of one key into the matrix, for many lines.

    Parameters
    ----------
    matrix
        Shape (n, features), float32; changed in place.
    places, kinds, ats
        Shape (m,). Column of the matrix and formula of each feature of the key.
    sums, days, base, own, prior
        As for `worked_out`.
    """
    for row in range(len(sums)):
        key, when, everywhere, line = sums[row], days[row], base[row], own[row]
        for one in range(len(places)):
            value = _value(kinds[one], ats[one], key, when, everywhere, line, prior)
            matrix[row, places[one]] = _narrowed(value)


@numba.njit(cache=True, nogil=True)
def fill_line(matrix, places, kinds, ats, profile, measure, sums, days, own, prior):
    """Write the features of every key into the matrix, line by line.

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
        As for `worked_out`.
    """
    for row in range(len(sums)):
        for one in range(len(places)):
            key = profile[one]
            value = _value(
                kinds[one], ats[one], sums[row, key], days[row, key], sums[row, 0],
                own[row, measure[one]], prior,
            )  # fmt: skip
            matrix[row, places[one]] = _narrowed(value)


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
