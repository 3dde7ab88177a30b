"""Profiles at the close of a day, kept as Parquet: one file per profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.config import ALL
from targeting.features.kernel import NEVER, STATISTICS
from targeting.features.profiles import ProfileState

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from targeting.config import FeatureSettings

_PART = "key_"  # a key column may bear the name of a statistic
_DAY_NAMES = ("first_day", "last_day", "last_hit_day", "as_of_day")


@dataclass(frozen=True, slots=True)
class KeyProfiles:
    """The profiles of one key.

    Parameters
    ----------
    parts
        The key's columns, one row per profile.
    state
        Sums and days, one row per profile.
    """

    parts: pa.Table
    state: ProfileState


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All profiles as of the beginning of a day.

    Parameters
    ----------
    as_of
        Local day; every event of the days before it is in, none of the day itself or later.
    profiles
        By name of the key or link; `ALL` holds the base rate.
    spend
        Whether who goes on from it takes each profile out of it as it is brought up, so that
        memory holds the profiles once and not twice.
    """

    as_of: date
    profiles: dict[str, KeyProfiles]
    spend: bool = False

    @property
    def events(self) -> tuple[int, int]:
        """Declarations and results the profiles hold."""
        sums = self.profiles[ALL].state.sums[0]
        declared, examined = (STATISTICS.index(name) for name in ("declarations", "examinations"))
        return round(sums[declared]), round(sums[examined])


def state_columns(half_lives_days: tuple[float, ...]) -> list[str]:
    """Name the columns of the sums in a snapshot file.

    Parameters
    ----------
    half_lives_days
        Half-lives of the sums, in days.

    Examples
    --------
    >>> state_columns((30.0,))[10:12]
    ['revenue', 'declarations_30d']
    """
    tails = ["", *(f"_{half:g}d" for half in half_lives_days)]
    return [f"{statistic}{tail}" for tail in tails for statistic in STATISTICS]


def profile_table(profiles: KeyProfiles, half_lives_days: tuple[float, ...]) -> pa.Table:
    """Lay profiles out as a table: the key's columns, the sums, the days.

    Parameters
    ----------
    profiles
        Profiles of one key.
    half_lives_days
        Half-lives that name the columns of the sums.
    """
    columns = {_PART + name: profiles.parts[name] for name in profiles.parts.column_names}
    sums, days = profiles.state.sums, profiles.state.days
    columns |= {n: pa.array(sums[:, at]) for at, n in enumerate(state_columns(half_lives_days))}
    columns |= {n: _days(days[:, at]) for at, n in enumerate(_DAY_NAMES)}
    return pa.table(columns)


def profiles_of(
    table: pa.Table, parts: tuple[str, ...], half_lives_days: tuple[float, ...]
) -> KeyProfiles:
    """Read profiles from the table `profile_table` laid out.

    Parameters
    ----------
    table
        Of one key.
    parts
        The key's columns.
    half_lives_days
        Half-lives that name the columns of the sums.

    Raises
    ------
    KeyError
        If the table was made for another key or other half-lives.
    """
    names = [_PART + part for part in parts]
    wanted = [*names, *state_columns(half_lives_days), *_DAY_NAMES]
    if table.column_names != wanted:
        raise KeyError(f"columns {table.column_names}, where {wanted} are meant")
    sums = np.empty((table.num_rows, len(wanted) - len(parts) - len(_DAY_NAMES)))
    for at in range(sums.shape[1]):
        sums[:, at] = table.column(at + len(parts)).to_numpy()
    days = np.empty((table.num_rows, len(_DAY_NAMES)), dtype=np.int32)
    for at, name in enumerate(_DAY_NAMES):
        days[:, at] = table[name].fill_null(int(NEVER)).to_numpy()
    return KeyProfiles(table.select(names).rename_columns(list(parts)), ProfileState(sums, days))


def _days(days: np.ndarray) -> pa.Array:
    return pa.array(days, type=pa.int32(), mask=days == NEVER)


def write_snapshot(snapshot: Snapshot, folder: Path, settings: FeatureSettings) -> None:
    """Write one Parquet file per profile: each key's, each link's, and all declarations'.

    Parameters
    ----------
    snapshot
        What to write.
    folder
        An existing folder.
    settings
        Whose half-lives name the columns.
    """
    for name, profiles in snapshot.profiles.items():
        table = profile_table(profiles, settings.half_lives_days)
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")


def read_snapshot(folder: Path, settings: FeatureSettings, *, as_of: date) -> Snapshot:
    """Read what `write_snapshot` wrote.

    Parameters
    ----------
    folder
        The folder with one file per profile.
    settings
        The settings the snapshot was made with.
    as_of
        The day the snapshot was made for.
    """
    half_lives = settings.half_lives_days
    return Snapshot(
        as_of,
        {
            name: profiles_of(pq.read_table(folder / f"{name}.parquet"), parts, half_lives)
            for name, parts in settings.profile_columns.items()
        },
    )
