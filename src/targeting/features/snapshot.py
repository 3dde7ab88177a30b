"""Profiles at the close of a day, kept as Parquet: one file per key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.features.kernel import NEVER, STATISTICS
from targeting.features.profiles import ProfileState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from targeting.config import FeatureSettings

ALL = "all_declarations"
"""Name of the profile every declaration shares; it carries the base rate."""

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
        By key name; `ALL` holds the base rate.
    """

    as_of: date
    profiles: Mapping[str, KeyProfiles]

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


def write_snapshot(snapshot: Snapshot, folder: Path, settings: FeatureSettings) -> None:
    """Write one Parquet file per key.

    Parameters
    ----------
    snapshot
        What to write.
    folder
        An existing folder.
    settings
        Whose half-lives name the columns.
    """
    names = state_columns(settings.half_lives_days)
    for name, key in snapshot.profiles.items():
        columns = {_PART + part: key.parts[part] for part in key.parts.column_names}
        columns |= {n: pa.array(key.state.sums[:, at]) for at, n in enumerate(names)}
        columns |= {n: _days(key.state.days[:, at]) for at, n in enumerate(_DAY_NAMES)}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", compression="zstd")


def _days(days: np.ndarray) -> pa.Array:
    return pa.array(days, type=pa.int32(), mask=days == NEVER)


def read_snapshot(folder: Path, settings: FeatureSettings, *, as_of: date) -> Snapshot:
    """Read what `write_snapshot` wrote.

    Parameters
    ----------
    folder
        The folder with one file per key.
    settings
        The settings the snapshot was made with.
    as_of
        The day the snapshot was made for.
    """
    columns = {key.name: key.columns for key in settings.keys} | {ALL: ()}
    return Snapshot(
        as_of,
        {
            name: _read_key(folder / f"{name}.parquet", parts, settings)
            for name, parts in columns.items()
        },
    )


def _read_key(file: Path, parts: tuple[str, ...], settings: FeatureSettings) -> KeyProfiles:
    table = pq.read_table(file)
    names = state_columns(settings.half_lives_days)
    sums = np.column_stack([table[name].to_numpy() for name in names])
    days = [table[name].fill_null(int(NEVER)).to_numpy() for name in _DAY_NAMES]
    state = ProfileState(np.ascontiguousarray(sums), np.column_stack(days).astype(np.int32))
    return KeyProfiles(table.select([_PART + p for p in parts]).rename_columns(list(parts)), state)
