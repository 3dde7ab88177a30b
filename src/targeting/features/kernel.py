"""The replay kernel, compiled: `read` and `update` are the only two ways a profile is touched.

Training matrix, batch scoring, the daily roll and online scoring all run these loops, so they
cannot disagree. Everything here is numbers in arrays; `profiles.py` gives them their names.
"""

from __future__ import annotations

import numba
import numpy as np

STATISTICS = (
    "declarations",
    "valued",
    "value",
    "weighed",
    "mass",
    "priced",
    "log_price",
    "log_price_squared",
    "examinations",
    "hits",
    "revenue",
)
"""The sums a profile keeps, in the order of its columns. `valued`, `weighed` and `priced` count the
lines that state a value, a mass or both: a mean is over those alone. With the sum and the sum of
squares of the logarithm of the unit value, `priced` gives its mean and spread."""

DAYS = ("first", "last", "last_hit")
"""The days a profile keeps beside its sums: first and last day declared, last day a hit was
known. Days are counted from 1970-01-01 in the administration's time zone."""

NEVER = np.iinfo(np.int32).min
"""Stands for a day that has not come yet."""

DECLARED = 8  # the first eight statistics belong to declarations, the last three to results
FIRST, LAST, LAST_HIT, AS_OF = 0, 1, 2, 3


@numba.njit(cache=True, nogil=True)
def _left(decay, block, days):
    """Return the share of a sum left after some days; past the table's end nothing is left."""
    if block == 0:
        return 1.0
    return decay[block, days] if days < decay.shape[1] else 0.0


@numba.njit(cache=True, nogil=True)
def read(sums, days, decay, code, day, out_sums, out_days):
    """Write what is known of one key as of a day, without changing it.

    Parameters
    ----------
    sums
        Shape (keys, statistics * (1 + half-lives)). Sums of the state, as in `ProfileState`.
    days
        Shape (keys, 4). Days of the state, as in `ProfileState`; `NEVER` where there was none.
    decay
        Shape (1 + half-lives, span + 1). Share of a sum left after each number of days, of
        `decay_table`.
    code
        Row of the key.
    day
        Day to read as of, in days from 1970-01-01; not before the one the row is decayed to.
    out_sums
        Shape (statistics * (1 + half-lives),). Filled with the key's sums, decayed to the day.
    out_days
        Shape (3,). Filled with the days since first, last and last hit; NaN where there was none.
    """
    width = len(STATISTICS)
    since = day - days[code, AS_OF] if days[code, AS_OF] > NEVER else 0
    for block in range(decay.shape[0]):
        left = _left(decay, block, since)
        for at in range(block * width, (block + 1) * width):
            out_sums[at] = sums[code, at] * left
    for which in range(len(DAYS)):
        then = days[code, which]
        out_days[which] = day - then if then > NEVER else np.nan


@numba.njit(cache=True, nogil=True)
def update(sums, days, decay, code, day, start, amounts):
    """Add an event's amounts to the statistics from `start` on, as of the event's day.

    Parameters
    ----------
    sums
        Shape (keys, statistics * (1 + half-lives)). Sums of the state, as in `ProfileState`;
        changed in place.
    days
        Shape (keys, 4). Days of the state, as in `ProfileState`; `NEVER` where there was none;
        changed in place.
    decay
        Shape (1 + half-lives, span + 1). Share of a sum left after each number of days, of
        `decay_table`.
    code
        Row of the key.
    day
        Day of the event, in days from 1970-01-01; may lie before the one the row is decayed to.
    start
        Place in `STATISTICS` of the first amount.
    amounts
        Shape (amounts,). What the event adds to the statistics from there on.
    """
    width = len(STATISTICS)
    own = days[code, AS_OF]
    forward = day - own if own > NEVER and day > own else 0
    late = own - day if own > day else 0
    for block in range(decay.shape[0]):
        if forward > 0 and block > 0:
            left = _left(decay, block, forward)
            for at in range(block * width, (block + 1) * width):
                sums[code, at] *= left
        weight = _left(decay, block, late)
        for which in range(len(amounts)):
            sums[code, block * width + start + which] += amounts[which] * weight
    days[code, AS_OF] = max(own, day)


@numba.njit(cache=True, nogil=True)
def _add_declaration(sums, days, decay, code, day, value, mass, price, amounts):
    amounts[0] = 1.0
    amounts[1] = 0.0 if np.isnan(value) else 1.0
    amounts[2] = 0.0 if np.isnan(value) else value
    amounts[3] = 0.0 if np.isnan(mass) else 1.0
    amounts[4] = 0.0 if np.isnan(mass) else mass
    known = price > 0.0  # false for NaN as well
    log_price = np.log(price) if known else 0.0
    amounts[5] = 1.0 if known else 0.0
    amounts[6] = log_price
    amounts[7] = log_price * log_price
    update(sums, days, decay, code, day, 0, amounts)
    if days[code, FIRST] == NEVER or day < days[code, FIRST]:
        days[code, FIRST] = day
    days[code, LAST] = max(days[code, LAST], day)


@numba.njit(cache=True, nogil=True)
def _add_result(sums, days, decay, code, day, hit, revenue, amounts):
    amounts[0] = 1.0
    amounts[1] = hit
    amounts[2] = revenue
    update(sums, days, decay, code, day, DECLARED, amounts)
    if hit > 0.0:
        days[code, LAST_HIT] = max(days[code, LAST_HIT], day)


@numba.njit(cache=True, nogil=True)
def replay_events(
    sums, days, decay,
    code, day, value, mass, price, wanted,
    result_code, result_day, hit, revenue,
    out_sums, out_days,
):  # fmt: skip
    """Walk the days: read the day's declarations, add them, add the day's results.

    Parameters
    ----------
    sums
        Shape (keys, statistics * (1 + half-lives)). Sums of the state, as in `ProfileState`;
        changed in place.
    days
        Shape (keys, 4). Days of the state, as in `ProfileState`; `NEVER` where there was none;
        changed in place.
    decay
        Shape (1 + half-lives, span + 1). Share of a sum left after each number of days, of
        `decay_table`.
    code
        Shape (n,). Row of each declaration's key; -1 where the key is missing.
    day
        Shape (n,). Day lodged, in days from 1970-01-01, ascending.
    value, mass, price
        Shape (n,). Customs value, net mass in kg, value per kg; NaN where unknown.
    wanted
        Shape (n,). Whether the profile is to be read for this declaration.
    result_code
        Shape (m,). Row of the examined declaration's key; -1 where the key is missing.
    result_day
        Shape (m,). Day the result became known, in days from 1970-01-01, ascending.
    hit
        Shape (m,). 1 for a hit, 0 for clear.
    revenue
        Shape (m,). Revenue recovered; 0 where none is recorded.
    out_sums
        Shape (wanted, statistics * (1 + half-lives)). Filled with what `read` gives for each wanted
        declaration; NaN where the key is missing.
    out_days
        Shape (wanted, 3). Filled likewise with the days since first, last and last hit.
    """
    amounts = np.empty(DECLARED)
    found = np.empty(len(STATISTICS) - DECLARED)
    row, result, out = 0, 0, 0
    while row < len(day):
        today = day[row]
        while result < len(result_day) and result_day[result] < today:
            if result_code[result] >= 0:
                _add_result(
                    sums, days, decay, result_code[result], result_day[result],
                    hit[result], revenue[result], found,
                )  # fmt: skip
            result += 1
        stop = row
        while stop < len(day) and day[stop] == today:
            if wanted[stop]:
                if code[stop] >= 0:
                    read(sums, days, decay, code[stop], today, out_sums[out], out_days[out])
                else:
                    out_sums[out] = np.nan
                    out_days[out] = np.nan
                out += 1
            stop += 1
        for at in range(row, stop):
            if code[at] >= 0:
                _add_declaration(
                    sums, days, decay, code[at], today, value[at], mass[at], price[at], amounts
                )
        row = stop
    while result < len(result_day):
        if result_code[result] >= 0:
            _add_result(
                sums, days, decay, result_code[result], result_day[result],
                hit[result], revenue[result], found,
            )  # fmt: skip
        result += 1
