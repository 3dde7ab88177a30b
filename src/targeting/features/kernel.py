"""The replay kernel, compiled: one way to read a profile, and one for each kind of event to add.

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


@numba.njit(cache=True, nogil=True, inline="always")
def _left(decay, block, days):
    """Return the share of a sum left after some days; past the table's end nothing is left."""
    if block == 0:
        return 1.0
    return decay[block, days] if days < decay.shape[1] else 0.0


@numba.njit(cache=True, nogil=True)
def packed(day, wanted, value, mass, price):
    """Lay the numbers of each declaration side by side, as `grouped` moves them.

    Parameters
    ----------
    day
        Shape (n,). Day lodged, in days from 1970-01-01.
    wanted
        Shape (n,). Whether the profile is to be read for this declaration.
    value, mass, price
        Shape (n,). Customs value, net mass in kg, value per kg; NaN where unknown.

    Returns
    -------
    ndarray
        Shape (n, 5): day, row among those wanted or -1, value, mass, logarithm of the price.
    """
    out = np.empty((len(day), 5))
    row = 0
    for at in range(len(day)):
        out[at, 0] = day[at]
        out[at, 1] = row if wanted[at] else -1
        row += wanted[at]
        out[at, 2] = value[at]
        out[at, 3] = mass[at]
        out[at, 4] = np.log(price[at]) if price[at] > 0.0 else np.nan
    return out


@numba.njit(cache=True, nogil=True, inline="always")
def read(state, when, decay, day, out_sums, out_days):
    """Write what is known of one key as of a day, without changing it.

    Parameters
    ----------
    state
        Shape (statistics * (1 + half-lives),). Sums of the key, as in a row of `ProfileState`.
    when
        Shape (4,). Days of the key, as in a row of `ProfileState`; `NEVER` where there was none.
    decay
        Shape (1 + half-lives, span + 1). Share of a sum left after each number of days, of
        `decay_table`.
    day
        Day to read as of, in days from 1970-01-01; not before the one the key is decayed to.
    out_sums
        Shape of `state`. Filled with the key's sums, decayed to the day.
    out_days
        Shape (3,). Filled with the days since first, last and last hit; NaN where there was none.
    """
    width = len(STATISTICS)
    since = day - when[AS_OF] if when[AS_OF] > NEVER else 0
    for block in range(decay.shape[0]):
        left = _left(decay, block, since)
        for at in range(block * width, (block + 1) * width):
            out_sums[at] = state[at] * left
    for which in range(len(DAYS)):
        out_days[which] = day - when[which] if when[which] > NEVER else np.nan


@numba.njit(cache=True, nogil=True, inline="always")
def _bring_to(state, when, decay, day):
    """Decay a key's sums to a day; return how many days late the day is for it, 0 if it is not."""
    width = len(STATISTICS)
    own = when[AS_OF]
    if own > NEVER and day > own:
        for block in range(1, decay.shape[0]):
            left = _left(decay, block, day - own)
            for at in range(block * width, (block + 1) * width):
                state[at] *= left
    when[AS_OF] = max(own, day)
    return own - day if own > day else 0


@numba.njit(cache=True, nogil=True, inline="always")
def add_declaration(state, when, decay, day, value, mass, log_price):
    """Add a declaration to a key's statistics, as of its day.

    Parameters
    ----------
    state, when, decay
        As for `read`; `state` and `when` are changed in place.
    day
        Day lodged; may lie before the one the key is decayed to.
    value, mass, log_price
        Customs value, net mass in kg, logarithm of the value per kg; NaN where unknown.
    """
    width = len(STATISTICS)
    late = _bring_to(state, when, decay, day)
    for block in range(decay.shape[0]):
        weight = _left(decay, block, late)
        at = block * width
        state[at] += weight
        if not np.isnan(value):
            state[at + 1] += weight
            state[at + 2] += value * weight
        if not np.isnan(mass):
            state[at + 3] += weight
            state[at + 4] += mass * weight
        if not np.isnan(log_price):
            state[at + 5] += weight
            state[at + 6] += log_price * weight
            state[at + 7] += log_price * log_price * weight
    if when[FIRST] == NEVER or day < when[FIRST]:
        when[FIRST] = day
    when[LAST] = max(when[LAST], day)


@numba.njit(cache=True, nogil=True, inline="always")
def add_result(state, when, decay, day, hit, revenue):
    """Add a result to a key's statistics, as of the day it became known.

    Parameters
    ----------
    state, when, decay
        As for `read`; `state` and `when` are changed in place.
    day
        Day the result became known; may lie before the one the key is decayed to.
    hit
        1 for a hit, 0 for clear.
    revenue
        Revenue recovered.
    """
    _add_found(state, when, decay, day, 1.0, hit, revenue)


@numba.njit(cache=True, nogil=True, inline="always")
def _add_found(state, when, decay, day, examined, hit, revenue):
    """Add to the statistics of results; less than one result where one is only amended."""
    width = len(STATISTICS)
    late = _bring_to(state, when, decay, day)
    for block in range(decay.shape[0]):
        weight = _left(decay, block, late)
        at = block * width + DECLARED
        state[at] += examined * weight
        state[at + 1] += hit * weight
        state[at + 2] += revenue * weight
    if hit > 0.0:
        when[LAST_HIT] = max(when[LAST_HIT], day)


@numba.njit(cache=True, nogil=True)
def fold_events(sums, days, decay, row, declared, day, numbers):
    """Add a few events to the rows of a state, in the order given: the living profiles' way.

    Parameters
    ----------
    sums, days, decay
        As for `replay_events`; changed in place.
    row
        Shape (n,). Row of the state each event is added to.
    declared
        Shape (n,). Whether the event is a declaration; it is a result otherwise.
    day
        Shape (n,). Day the event counts from; may lie before the one its row is decayed to.
    numbers
        Shape (n, 3). Customs value, net mass, logarithm of the price of a declaration; examined,
        hit and revenue of a result.
    """
    for at in range(len(row)):
        state, when = sums[row[at]], days[row[at]]
        one, two, three = numbers[at, 0], numbers[at, 1], numbers[at, 2]
        if declared[at]:
            add_declaration(state, when, decay, day[at], one, two, three)
        else:
            _add_found(state, when, decay, day[at], one, two, three)


@numba.njit(cache=True, nogil=True)
def read_lines(sums, days, decay, code, day, out_sums, out_days):
    """Read every key of a few lines, each as of its day.

    Parameters
    ----------
    sums, days, decay
        As for `replay_events`.
    code
        Shape (n, profiles). Row of each line's keys; -1 where the key is missing.
    day
        Shape (n,). Day to read as of.
    out_sums, out_days
        Shape (n, profiles, statistics * (1 + half-lives)) and (n, profiles, 3). Filled with what
        `read` gives; rows of missing keys are left as they are.
    """
    for line in range(code.shape[0]):
        for profile in range(code.shape[1]):
            row = code[line, profile]
            if row >= 0:
                read(
                    sums[row], days[row], decay, day[line],
                    out_sums[line, profile], out_days[line, profile],
                )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def replay_events(
    sums, days, decay,
    code, day, amounts, out_of,
    result_code, result_day, found,
    out_sums, out_days,
):  # fmt: skip
    """Walk the days: read the day's declarations, add them, add the day's results.

    Parameters
    ----------
    sums
        Shape (keys, statistics * (1 + half-lives)). Sums of the state, as in `ProfileState`;
        changed in place.
    days
        Shape (keys, 4). Days of the state, as in `ProfileState`; changed in place.
    decay
        Shape (1 + half-lives, span + 1). Share of a sum left after each number of days, of
        `decay_table`.
    code
        Shape (n,). Row of each declaration's key; -1 where the key is missing.
    day
        Shape (n,). Day lodged, in days from 1970-01-01, ascending.
    amounts
        Shape (n, 3). Customs value, net mass in kg, logarithm of the value per kg; NaN where
        unknown.
    out_of
        Shape (n,). Row of the declaration among those wanted; -1 where it is not.
    result_code
        Shape (m,). Row of the examined declaration's key; -1 where the key is missing.
    result_day
        Shape (m,). Day the result became known, ascending.
    found
        Shape (m, 2). 1 for a hit or 0 for clear, and the revenue recovered.
    out_sums
        Shape (wanted, statistics * (1 + half-lives)). Filled with what `read` gives for each wanted
        declaration; rows of declarations without a key are left as they are.
    out_days
        Shape (wanted, 3). Filled likewise with the days since first, last and last hit.
    """
    row, result = 0, 0
    while row < len(day):
        today = day[row]
        while result < len(result_day) and result_day[result] < today:
            key = result_code[result]
            if key >= 0:
                add_result(
                    sums[key], days[key], decay,
                    result_day[result], found[result, 0], found[result, 1],
                )  # fmt: skip
            result += 1
        stop = row
        while stop < len(day) and day[stop] == today:
            key, out = code[stop], out_of[stop]
            if key >= 0 and out >= 0:
                read(sums[key], days[key], decay, today, out_sums[out], out_days[out])
            stop += 1
        for at in range(row, stop):
            key = code[at]
            if key >= 0:
                add_declaration(
                    sums[key], days[key], decay, today,
                    amounts[at, 0], amounts[at, 1], amounts[at, 2],
                )  # fmt: skip
        row = stop
    while result < len(result_day):
        key = result_code[result]
        if key >= 0:
            add_result(
                sums[key], days[key], decay,
                result_day[result], found[result, 0], found[result, 1],
            )  # fmt: skip
        result += 1


@numba.njit(cache=True, nogil=True)
def grouped(code, keys, events):
    """Put events side by side by key, in their order within each: a counting sort.

    Parameters
    ----------
    code
        Shape (n,). Row of each event's key; -1 where the key is missing, which leaves it out.
    keys
        Number of keys.
    events
        Shape (n, k), C-contiguous: one event's numbers lie together, so one write moves them.

    Returns
    -------
    tuple of ndarray
        Where each key's events begin, shape (keys + 1,); and the events by key.
    """
    starts = np.zeros(keys + 1, dtype=np.int32)
    for at in range(len(code)):
        if code[at] >= 0:
            starts[code[at] + 1] += 1
    for key in range(keys):
        starts[key + 1] += starts[key]
    place = starts[:-1].copy()
    by_key = np.empty((starts[keys], events.shape[1]))
    for at in range(len(code)):
        key = code[at]
        if key >= 0:
            to = place[key]
            place[key] = to + 1
            for which in range(events.shape[1]):
                by_key[to, which] = events[at, which]
    return starts, by_key


@numba.njit(cache=True, nogil=True)
def replay_grouped(
    sums, days, decay, keep,
    starts, lodged,
    result_starts, known,
    out_sums, out_days,
):  # fmt: skip
    """Replay history key by key: the same reads and updates in the same order for every key.

    What one key reads and adds never depends on another, so walking the keys one after the other
    gives what `replay_events` gives, to the bit; but a key's state stays in the processor's cache
    while its events pass, instead of being fetched from memory for every event.

    Parameters
    ----------
    sums, days, decay
        As for `replay_events`. Without `keep`, of one row that serves each key in turn.
    keep
        Whether the states are to be kept.
    starts, lodged
        Declarations by key, from `grouped`: day, row among those wanted or -1, customs value, net
        mass, logarithm of the price.
    result_starts, known
        Results by key, from `grouped`: day, hit, revenue.
    out_sums, out_days
        As for `replay_events`.
    """
    for key in range(len(starts) - 1):
        state, when = sums[key if keep else 0], days[key if keep else 0]
        if not keep:
            state[:] = 0.0
            when[:] = NEVER
        row, stop = starts[key], starts[key + 1]
        result, last = result_starts[key], result_starts[key + 1]
        while row < stop:
            today = np.int32(lodged[row, 0])
            while result < last and known[result, 0] < today:
                add_result(
                    state, when, decay,
                    np.int32(known[result, 0]), known[result, 1], known[result, 2],
                )  # fmt: skip
                result += 1
            after = row
            while after < stop and lodged[after, 0] == today:
                out = int(lodged[after, 1])
                if out >= 0:
                    read(state, when, decay, today, out_sums[out], out_days[out])
                after += 1
            for at in range(row, after):
                add_declaration(
                    state, when, decay, today, lodged[at, 2], lodged[at, 3], lodged[at, 4]
                )
            row = after
        while keep and result < last:
            add_result(
                state, when, decay,
                np.int32(known[result, 0]), known[result, 1], known[result, 2],
            )  # fmt: skip
            result += 1


@numba.njit(cache=True, nogil=True)
def known_before(code, day, starts, known, examined, hits):
    """Count, for each declaration, the results of its key that were known before its day.

    Parameters
    ----------
    code
        Shape (n,). Row of each declaration's key; -1 where the key is missing.
    day
        Shape (n,). Day lodged.
    starts, known
        Results by key, from `grouped`: day, hit, revenue.
    examined, hits
        Shape (n,). What was known before any of these results; the counts are added to it.
    """
    found = np.zeros(len(known) + 1)
    for row in range(len(known)):
        found[row + 1] = found[row] + known[row, 1]
    for at in range(len(code)):
        key = code[at]
        if key >= 0:
            low, high = starts[key], starts[key + 1]
            while low < high:
                middle = (low + high) // 2
                if known[middle, 0] < day[at]:
                    low = middle + 1
                else:
                    high = middle
            examined[at] += low - starts[key]
            hits[at] += found[low] - found[starts[key]]
