"""Whether a profile store is what was written, and equal to what the tables give from scratch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import InputError
from targeting.features.build import profiles_between
from targeting.features.kernel import AS_OF, NEVER
from targeting.features.keys import encode
from targeting.features.profiles import ProfileState
from targeting.features.snapshot import KeyProfiles, state_columns
from targeting.features.store.hashes import require_whole
from targeting.features.store.keyed import added
from targeting.features.store.rolling import open_store
from targeting.features.store.tally import events_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from targeting.features.store.index import Part
    from targeting.features.store.rolling import ProfileStore
    from targeting.tables.folder import Tables

LARGEST_DIFFERENCE = 1e-9
"""Of a sum, relative to it, or absolute where the sum is below one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The largest difference between two lots of profiles of the same events.

    Parameters
    ----------
    sums
        Relative difference of the sums, absolute where they are below one.
    where
        Profile and column it was found in.
    days
        How many first, last or last-hit days differ.
    profiles
        Profiles compared.
    """

    sums: float
    where: str
    days: int
    profiles: int

    @property
    def small(self) -> bool:
        """Whether it is no more than rounding."""
        return self.sums <= LARGEST_DIFFERENCE and not self.days

    def worse(self, other: Difference) -> Difference:
        """Return the worse of two, with the days and profiles of both.

        Parameters
        ----------
        other
            Of other profiles.
        """
        worst = self if self.sums >= other.sums else other
        days, profiles = self.days + other.days, self.profiles + other.profiles
        return Difference(worst.sums, worst.where, days, profiles)


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found of a store that is whole.

    Parameters
    ----------
    store
        The store.
    size
        Bytes of its files.
    difference
        From profiles made from scratch; None where no tables were given.
    """

    store: ProfileStore
    size: int
    difference: Difference | None


def verify_store(
    path: Path, tables: Tables | None = None, *, progress: Callable[[str], None] = lambda _: None
) -> Verified:
    """Check every file of a store, and, given tables, every number.

    Parameters
    ----------
    path
        The store.
    tables
        All the tables it was made from; None leaves the numbers alone.
    progress
        Told the name of each profile as it is compared.

    Raises
    ------
    InputError
        If a file is missing, changed or not listed, the tables hold other events than the store,
        or the numbers differ by more than rounding.
    """
    store = open_store(path)
    size = require_whole(path, store.index)
    if tables is None:
        return Verified(store, size, None)
    _require_same_events(store, tables)
    difference = _compared(store, tables, progress)
    if not difference.small:
        raise InputError(
            "the profiles differ from those made from scratch",
            where=str(path),
            found=f"{difference.where} by {difference.sums:.1e}, {difference.days:,} days",
            do="Make the profiles again with `targeting profiles snapshot`.",
        )
    return Verified(store, size, difference)


def _require_same_events(store: ProfileStore, tables: Tables) -> None:
    """Name the parts whose days have gained or lost events since they were made."""
    told = [text for part in store.index.parts if (text := _drift(store, part, tables))]
    if told:
        raise InputError(
            "the tables hold other events than the profiles",
            where=f"{store.path} and {tables.name}",
            found="; ".join(told[:10]) + (" ..." if len(told) > 10 else ""),
            do="Make the profiles again with `targeting profiles snapshot`.",
        )


def _drift(store: ProfileStore, part: Part, tables: Tables) -> str:
    zone = store.index.settings.time_zone
    now = events_in(tables, zone, since=part.since, until=part.until)
    lines = now.declarations - part.in_tables.declarations
    results = now.results - part.in_tables.results
    if not lines and not results:
        return ""
    days = f"before {part.until}" if part.since is None else f"{part.since} to {part.until}"
    return f"{days}: {lines:+,} declarations, {results:+,} results"


def _compared(store: ProfileStore, tables: Tables, progress: Callable[[str], None]) -> Difference:
    settings = store.index.settings
    found: dict[str, Difference] = {}
    alone = Lock()  # two keys are made side by side; comparing takes several copies of one

    def one(name: str, scratch: KeyProfiles) -> None:
        columns = settings.profile_columns[name]
        with alone:
            both = store.key(name), scratch
            found[name] = difference_of(
                name, columns, both, half_lives_days=settings.half_lives_days
            )

    profiles_between(tables, settings.features(), (None, store.as_of), one, progress=progress)
    # In the order of the settings: two keys are compared side by side.
    ordered = [found[name] for name in settings.profile_columns]
    return reduce(Difference.worse, ordered)


def difference_of(
    name: str,
    columns: Sequence[str],
    lots: tuple[KeyProfiles, KeyProfiles],
    *,
    half_lives_days: tuple[float, ...],
) -> Difference:
    """Compare two lots of profiles of one key, both decayed to the same day.

    Parameters
    ----------
    name
        Of the key.
    columns
        The key's columns.
    lots
        What to compare. A key only one of them knows differs by all it has.
    half_lives_days
        The half-lives both were made with.
    """
    left, right = _aligned(columns, lots, half_lives_days)
    gap = np.abs(left.sums - right.sums)
    gap /= np.maximum(1.0, np.maximum(np.abs(left.sums), np.abs(right.sums)))
    seen = slice(0, AS_OF)
    days = int((left.days[:, seen] != right.days[:, seen]).sum())
    if not gap.size:
        return Difference(0.0, name, days, 0)
    at = int(gap.max(axis=0).argmax())
    where = f"{name}, {state_columns(half_lives_days)[at]}"
    return Difference(float(gap.max()), where, days, len(gap))


def _aligned(
    columns: Sequence[str],
    lots: tuple[KeyProfiles, KeyProfiles],
    half_lives_days: tuple[float, ...],
) -> list[ProfileState]:
    """Bring both to the same keys in the same order, and to the same day each."""
    parts = encode(columns, [lot.parts for lot in lots]).parts
    known = [lot.state.days[:, AS_OF] for lot in lots]
    day = max((int(days.max(initial=NEVER)) for days in known), default=NEVER)
    rows = parts.num_rows if columns else 1
    empty = ProfileState.empty(rows, len(half_lives_days))
    empty.days[:, AS_OF] = day  # brings what is added to that day
    nobody = KeyProfiles(parts, empty)
    return [added(columns, [nobody, lot], half_lives_days=half_lives_days).state for lot in lots]
