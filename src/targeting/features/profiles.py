"""Profiles: decayed sufficient statistics of a key, replayed through time.

One idea serves training, batch scoring, the daily roll and online scoring (design: profiles are
replayed, not queried). History is events in time order. For each day the state is read for that
day's declarations, then that day's declarations and the results that became known that day are
added. A feature of day D can therefore only hold what happened on days before D.

The statistics are plain sums, so the states of two offices are added once both are decayed to
the same day. Each sum is kept all-time and once per half-life; a row of the state is decayed
only when it is touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.features.kernel import (
    AS_OF,
    DAYS,
    FIRST,
    NEVER,
    STATISTICS,
    grouped,
    packed,
    replay_events,
    replay_grouped,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int32]
    Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ProfileState:
    """The profiles of one key at the close of a day.

    Parameters
    ----------
    sums
        Shape (keys, statistics * (1 + half-lives)): all-time sums, then one block per half-life,
        each in the order of `STATISTICS`; decayed to the row's own day (`days[:, 3]`).
    days
        Shape (keys, 4): first, last, last hit, and the day the row's sums are decayed to.
    """

    sums: Floats
    days: Ints

    @classmethod
    def empty(cls, keys: int, half_lives: int) -> ProfileState:
        """Return the state of keys never seen.

        Parameters
        ----------
        keys
            Number of keys.
        half_lives
            Number of half-lives beside the all-time sums.

        Examples
        --------
        >>> ProfileState.empty(2, 1).sums.shape
        (2, 22)
        """
        width = len(STATISTICS) * (1 + half_lives)
        return cls(np.zeros((keys, width)), np.full((keys, 4), NEVER, dtype=np.int32))

    def grown(self, keys: int) -> ProfileState:
        """Return a copy with room for `keys` keys, the new ones never seen.

        Parameters
        ----------
        keys
            Number of keys the copy has room for; not below the present one.
        """
        more = keys - len(self.sums)
        sums = np.vstack([self.sums, np.zeros((more, self.sums.shape[1]))])
        days = np.vstack([self.days, np.full((more, 4), NEVER, dtype=np.int32)])
        return ProfileState(sums, days)

    def growing(self, keys: int) -> ProfileState:
        """Return this state with room for `keys` keys, in its own memory where that can be had.

        Parameters
        ----------
        keys
            Number of keys; not below the present one. Nobody else may hold the state's arrays.
        """
        if not (self.sums.flags.owndata and self.days.flags.owndata):
            return self.grown(keys)
        known = len(self.sums)
        # No reference counts are looked at: the profiles of millions of keys are grown where they
        # are, not copied.
        self.sums.resize((keys, self.sums.shape[1]), refcheck=False)
        self.days.resize((keys, 4), refcheck=False)
        self.days[known:] = NEVER
        return self


@dataclass(frozen=True, slots=True)
class Declared:
    """Declarations of a history, ordered by day.

    Parameters
    ----------
    code
        Shape (n,). The key of each declaration as a number; -1 where the key is missing.
    day
        Shape (n,). Day lodged, ascending.
    value, mass, price
        Shape (n,). Customs value, net mass in kg, value per kg; NaN where unknown.
    wanted
        Shape (n,). Whether the profile is to be read for this declaration.
    packed
        What `events` gives for these columns, where it was computed for another key already.
    """

    code: Ints
    day: Ints
    value: Floats
    mass: Floats
    price: Floats
    wanted: Bools
    packed: Floats | None = None

    @property
    def events(self) -> Floats:
        """Day, row among those wanted or -1, and amounts, shape (n, 5)."""
        if self.packed is not None:
            return self.packed
        return packed(self.day, self.wanted, self.value, self.mass, self.price)


@dataclass(frozen=True, slots=True)
class Results:
    """Results of examinations, ordered by the day they became known.

    Parameters
    ----------
    code
        Shape (m,). The key of the examined declaration; -1 where the key is missing.
    day
        Shape (m,). Day the result became known, ascending.
    hit
        Shape (m,). 1 for a hit, 0 for clear.
    revenue
        Shape (m,). Revenue recovered; 0 where none is recorded.
    """

    code: Ints
    day: Ints
    hit: Floats
    revenue: Floats

    @property
    def events(self) -> Floats:
        """Day, hit and revenue, shape (m, 3)."""
        return np.column_stack([self.day, self.found]).astype(np.float64)

    @property
    def found(self) -> Floats:
        """Hit and revenue side by side, shape (m, 2)."""
        return np.column_stack([self.hit, self.revenue])


@dataclass(frozen=True, slots=True)
class Profiles:
    """What was known of a key, one row per wanted declaration, as of its day.

    Parameters
    ----------
    sums
        Shape (wanted, statistics * (1 + half-lives)), decayed to the declaration's day. NaN where
        the key is missing; zero where the key was never seen.
    days
        Shape (wanted, 3): days since first, last and last hit; NaN where there was none.
    """

    sums: Floats
    days: Floats

    @property
    def declarations(self) -> Floats:
        """Declarations over all time, shape (wanted,)."""
        return self.sums[:, STATISTICS.index("declarations")]


def decay_table(half_lives_days: Sequence[float], span: int) -> Floats:
    """Return the share of a sum that is left after each number of days.

    Parameters
    ----------
    half_lives_days
        Half-lives in days.
    span
        Largest number of days looked up.

    Returns
    -------
    numpy.ndarray
        Shape (1 + half-lives, span + 1); the first row, for all-time sums, is all ones.

    Examples
    --------
    >>> decay_table([2.0], 4)[1].round(3).tolist()
    [1.0, 0.707, 0.5, 0.354, 0.25]
    """
    days = np.arange(span + 1, dtype=np.float64)
    return np.vstack([np.ones(span + 1), *(np.exp2(-days / half) for half in half_lives_days)])


def replay(
    state: ProfileState,
    declared: Declared,
    results: Results,
    *,
    half_lives_days: Sequence[float],
) -> Profiles:
    """Read the profiles of the wanted declarations and bring the state up to the last day.

    The state given is changed in place: it then holds every event handed in.

    Parameters
    ----------
    state
        State before the first event; one row per key.
    declared
        Declarations ordered by day.
    results
        Results ordered by the day they became known. A result whose day lies before the state's
        is added with the decay of the days since.
    half_lives_days
        The half-lives the state was made with.

    Returns
    -------
    Profiles
        One row per wanted declaration, in their order.

    Raises
    ------
    ValueError
        If either list of events is not ordered by day.

    Examples
    --------
    >>> state = ProfileState.empty(1, 0)
    >>> two = np.zeros(2, dtype=np.int32)
    >>> money = np.array([10.0, 30.0])
    >>> declared = Declared(two, np.array([5, 6], dtype=np.int32), money, money, money / money,
    ...                     np.array([True, True]))
    >>> none = np.zeros(0, dtype=np.int32)
    >>> results = Results(none, none, np.zeros(0), np.zeros(0))
    >>> replay(state, declared, results, half_lives_days=[]).sums[:, 0].tolist()
    [0.0, 1.0]
    """
    if (np.diff(declared.day) < 0).any() or (np.diff(results.day) < 0).any():
        raise ValueError("events must be ordered by day")
    decay = decay_table(half_lives_days, _span(state, declared, results))
    if len(declared.code) * _FEW_EVENTS < len(state.sums):
        return _by_day(state, declared, results, decay)
    return _by_key(state, declared, results, decay, keys=len(state.sums), keep=True)


def read_only(
    keys: int, declared: Declared, results: Results, *, half_lives_days: Sequence[float]
) -> Profiles:
    """Read the profiles of the wanted declarations, and keep none of the states behind them.

    What `replay` from an empty state returns, to the bit, without the memory the states take.

    Parameters
    ----------
    keys
        Number of keys.
    declared, results
        As for `replay`.
    half_lives_days
        Half-lives in days.

    Raises
    ------
    ValueError
        If either list of events is not ordered by day.
    """
    if (np.diff(declared.day) < 0).any() or (np.diff(results.day) < 0).any():
        raise ValueError("events must be ordered by day")
    scratch = ProfileState.empty(1, len(half_lives_days))
    decay = decay_table(half_lives_days, _span(scratch, declared, results))
    return _by_key(scratch, declared, results, decay, keys=keys, keep=False)


_FEW_EVENTS = 8
"""With fewer events than an eighth of the keys, walking the keys costs more than it saves."""


def _by_day(state: ProfileState, declared: Declared, results: Results, decay: Floats) -> Profiles:
    sums, days = _unread(state, declared)
    events = declared.events
    amounts, out_of = np.ascontiguousarray(events[:, 2:]), events[:, 1].astype(np.int32)
    replay_events(
        state.sums, state.days, decay, declared.code, declared.day, amounts, out_of,
        results.code, results.day, results.found, sums, days,
    )  # fmt: skip
    return Profiles(sums, days)


def _by_key(
    state: ProfileState,
    declared: Declared,
    results: Results,
    decay: Floats,
    *,
    keys: int,
    keep: bool,
) -> Profiles:
    sums, days = _unread(state, declared)
    lodged = grouped(declared.code, keys, declared.events)
    known = grouped(results.code, keys, results.events)
    replay_grouped(state.sums, state.days, decay, keep, *lodged, *known, sums, days)
    return Profiles(sums, days)


def _unread(state: ProfileState, declared: Declared) -> tuple[Floats, Floats]:
    wanted = int(declared.wanted.sum())
    return np.full((wanted, state.sums.shape[1]), np.nan), np.full((wanted, len(DAYS)), np.nan)


def _span(state: ProfileState, declared: Declared, results: Results) -> int:
    """Return the most days any sum can be decayed by: last event less first event or state."""
    known = state.days[:, AS_OF]
    days = [known[known > NEVER], declared.day, results.day]
    present = [part for part in days if len(part)]
    if not present:
        return 0
    return int(max(part.max() for part in present)) - int(min(part.min() for part in present))


def as_of(state: ProfileState, day: int, *, half_lives_days: Sequence[float]) -> ProfileState:
    """Return a copy of the state with every row decayed to one day.

    Two such states of the same keys add up: `merge` does.

    Parameters
    ----------
    state
        Any state.
    day
        A day not before any row's own.
    half_lives_days
        The half-lives the state was made with.

    Raises
    ------
    ValueError
        If a row already holds later events.
    """
    own = state.days[:, AS_OF]
    seen = own > NEVER
    if (own[seen] > day).any():
        raise ValueError("the state holds events after the day asked for")
    since = np.where(seen, day - own, 0)
    decay = decay_table(half_lives_days, int(since.max(initial=0)))
    factors = np.repeat(decay[:, since].T, len(STATISTICS), axis=1)
    days = state.days.copy()
    days[seen, AS_OF] = day
    return ProfileState(state.sums * factors, days)


def merge(left: ProfileState, right: ProfileState) -> ProfileState:
    """Add the states of two offices or countries, key by key.

    Parameters
    ----------
    left, right
        States over the same keys in the same order, both decayed to the same day (`as_of`).

    Raises
    ------
    ValueError
        If a key's rows are decayed to different days.
    """
    both = (left.days[:, AS_OF] > NEVER) & (right.days[:, AS_OF] > NEVER)
    if (left.days[both, AS_OF] != right.days[both, AS_OF]).any():
        raise ValueError("decay both states to the same day before adding them")
    days = np.maximum(left.days, right.days)
    first = np.stack([left.days[:, FIRST], right.days[:, FIRST]])
    earliest = np.where(first == NEVER, np.iinfo(np.int32).max, first).min(axis=0)
    days[:, FIRST] = np.where(earliest == np.iinfo(np.int32).max, NEVER, earliest)
    return ProfileState(left.sums + right.sums, days)
