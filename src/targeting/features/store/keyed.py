"""Adding profiles that know different keys: a day's to the past, one office's to another's.

The statistics are plain sums, so what two lots of events tell of a key is the sum of both once
they are decayed to the same day. Here the keys are matched by their text, and what only one lot
knows is kept as it is, to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
import pyarrow as pa

from targeting.features.kernel import AS_OF, FIRST, LAST, LAST_HIT, NEVER, STATISTICS
from targeting.features.keys import encode
from targeting.features.profiles import ProfileState, decay_table
from targeting.features.snapshot import KeyProfiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_WIDTH = len(STATISTICS)


def added(
    columns: Sequence[str], lots: Sequence[KeyProfiles], *, half_lives_days: Sequence[float]
) -> KeyProfiles:
    """Add several lots of profiles of one key: the union of their keys, each key's sums added.

    Parameters
    ----------
    columns
        The key's columns; none stands for the one key every event shares.
    lots
        At least one. No key occurs twice in the same lot.
    half_lives_days
        The half-lives all were made with.

    Returns
    -------
    KeyProfiles
        Keys in order of first appearance; each decayed to the latest day any lot held it at.

    Examples
    --------
    >>> ProfileState.empty(1, 0).sums.shape
    (1, 11)
    >>> def seen(name, day):
    ...     state = ProfileState.empty(1, 0)
    ...     state.sums[0, 0], state.days[0] = 1.0, [day, day, NEVER, day]
    ...     return KeyProfiles(pa.table({"hs6": [name]}), state)
    >>> both = added(["hs6"], [seen("240220", 3), seen("081050", 4), seen("240220", 9)],
    ...              half_lives_days=[])
    >>> both.parts["hs6"].to_pylist(), both.state.sums[:, 0].tolist()
    (['240220', '081050'], [2.0, 1.0])
    >>> both.state.days[0, :2].tolist()
    [3, 9]
    """
    if len(lots) == 1:
        return lots[0]
    if columns:
        coded = encode(columns, [lot.parts for lot in lots])
        codes, parts, keys = coded.codes, coded.parts, coded.parts.num_rows
    else:
        codes = tuple(np.zeros(len(lot.state.sums), dtype=np.int32) for lot in lots)
        parts, keys = pa.table({}), 1
    state = ProfileState.empty(keys, len(half_lives_days))
    decay = decay_table(half_lives_days, _span(lots))
    for code, lot in zip(codes, lots, strict=True):
        _add(state.sums, state.days, decay, code, lot.state.sums, lot.state.days)
    return KeyProfiles(parts, state)


def chosen(profiles: KeyProfiles, which: npt.NDArray[np.int64]) -> KeyProfiles:
    """Return some of a key's profiles.

    Parameters
    ----------
    profiles
        Profiles of one key.
    which
        Rows to keep, in the order wanted.
    """
    state = ProfileState(profiles.state.sums[which], profiles.state.days[which])
    parts = profiles.parts.take(pa.array(which)) if profiles.parts.num_columns else profiles.parts
    return KeyProfiles(parts, state)


def _span(lots: Sequence[KeyProfiles]) -> int:
    days = np.concatenate([lot.state.days[:, AS_OF] for lot in lots])
    known = days[days > NEVER]
    return int(known.max() - known.min()) if len(known) else 0


@numba.njit(cache=True, nogil=True)
def _add(sums, days, decay, codes, more, more_days):
    """Add rows of sums to those of the same key, both brought to the later of their days."""
    for row in range(len(codes)):
        key = codes[row]
        own, other = days[key, AS_OF], more_days[row, AS_OF]
        if other == NEVER:
            continue
        day = max(own, other)
        for block in range(decay.shape[0]):
            kept = decay[block, day - own] if own > NEVER else 0.0
            brought = decay[block, day - other]
            for at in range(block * _WIDTH, (block + 1) * _WIDTH):
                sums[key, at] = sums[key, at] * kept + more[row, at] * brought
        days[key, AS_OF] = day
        for which in (LAST, LAST_HIT):
            days[key, which] = max(days[key, which], more_days[row, which])
        first = more_days[row, FIRST]
        if first > NEVER and (days[key, FIRST] == NEVER or first < days[key, FIRST]):
            days[key, FIRST] = first
