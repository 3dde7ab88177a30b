"""From tables to the model's matrix: read, replay, compute; for training and scoring alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from targeting.config import ALL
from targeting.features.engine import Wanted
from targeting.features.lines import Lines
from targeting.features.plan import Plan
from targeting.features.relative import View
from targeting.features.replays import LocalReplays
from targeting.features.shares import columns_crossed
from targeting.features.snapshot import Snapshot
from targeting.features.spec import FeatureSpec, reader_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    import numpy.typing as npt

    from targeting.config import FeatureSettings
    from targeting.features.profiles import Profiles
    from targeting.features.replays import Caught, Replays
    from targeting.features.snapshot import KeyProfiles
    from targeting.tables.folder import Tables

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

_AT_ONCE = 2  # profiles replayed side by side: each holds what it reads in memory


@dataclass(frozen=True, slots=True)
class Built:
    """Features of the wanted declarations, and the profiles after the last event.

    Parameters
    ----------
    rows
        The wanted declarations, every column, ordered by `lodged_at`, `declaration_id`.
    matrix
        Shape (n, features), float32, C-contiguous; NaN where unknown, never inf.
    snapshot
        Profiles as of `until`.
    """

    rows: pd.DataFrame
    matrix: Matrix
    snapshot: Snapshot


def build(
    tables: Tables,
    spec: FeatureSpec,
    wanted: Wanted,
    *,
    until: date,
    snapshot: Snapshot | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Built:
    """Compute the features of the wanted declarations, each as of its own day.

    Parameters
    ----------
    tables
        The tables folder.
    spec
        Features and category levels.
    wanted
        Which declarations.
    until
        Local day; no event of that day or later is read.
    snapshot
        Profiles to start from; the events before its day are then not read again. None replays
        all history in the tables.
    progress
        Told the name of each profile key as it is replayed.
    """
    after: dict[str, KeyProfiles] = {}
    since = snapshot.as_of if snapshot else None
    history = reader_for(tables, spec.settings).history(wanted, since=since, until=until)
    before = snapshot.profiles if snapshot else None
    replays = LocalReplays.over(
        history,
        spec.settings,
        before=before,
        keep=after.__setitem__,
        spend=snapshot is not None and snapshot.spend,
    )
    rows, matrix = computed_from(replays, spec, progress=progress)
    ordered = {name: after[name] for name in spec.settings.profile_columns}
    return Built(rows, matrix, Snapshot(until, ordered))


def matrix_of(
    tables: Tables,
    spec: FeatureSpec,
    wanted: Wanted,
    *,
    until: date,
    snapshot: Snapshot | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[pd.DataFrame, Matrix]:
    """Compute the features `build` does, without the memory that keeping every profile takes.

    Parameters
    ----------
    tables, spec, wanted, until, snapshot, progress
        As for `build`.

    Returns
    -------
    tuple of DataFrame and ndarray
        The wanted declarations and their matrix.
    """
    since = snapshot.as_of if snapshot else None
    history = reader_for(tables, spec.settings).history(wanted, since=since, until=until)
    before = snapshot.profiles if snapshot else None
    replays = LocalReplays.over(history, spec.settings, before=before)
    return computed_from(replays, spec, progress=progress)


def profiles_between(
    tables: Tables,
    settings: FeatureSettings,
    days: tuple[date | None, date],
    keep: Callable[[str, KeyProfiles], None],
    *,
    caught: Mapping[str, Caught] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Make the profiles of the events of [since, until) alone, as of `until`.

    Statistics are sums, so such profiles are added to those of `since` to get those of `until`.

    Parameters
    ----------
    tables
        The tables folder.
    settings
        Keys, links and half-lives.
    days
        First local day of the events, None for the beginning; and the day they end before.
    keep
        Told the name of each profile and the profiles, one after the other, so that no more
        than two need be held.
    caught
        By link, the keys it goes through that had been examined before the first day.
    progress
        Told the name of each profile as it is replayed.
    """
    since, until = days
    nobody = Wanted(ids=pa.array([], pa.string()))
    history = reader_for(tables, settings).history(nobody, since=since, until=until)
    replays = LocalReplays.over(history, settings, caught=caught, keep=keep)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        read = partial(_profiles_of, replays, settings=settings)
        for name, _ in zip(
            settings.profile_columns, pool.map(read, settings.profile_columns), strict=True
        ):
            progress(name)


def computed_from(
    replays: Replays, spec: FeatureSpec, *, progress: Callable[[str], None] = lambda _: None
) -> tuple[pd.DataFrame, Matrix]:
    """Compute the features of the wanted declarations from what an engine reads.

    Parameters
    ----------
    replays
        Reads profiles, on this machine or on a cluster.
    spec
        Features and category levels.
    progress
        Told the name of each profile as it is replayed.

    Returns
    -------
    tuple of DataFrame and ndarray
        The wanted declarations, and their matrix.
    """
    table = replays.rows
    matrix = np.full((table.num_rows, len(spec.features)), np.nan, dtype=np.float32)
    lines = Lines.of_table(table, spec.settings.time_zone)
    plan = Plan.of(spec)
    plan.fill_declared(matrix, lines)
    earlier = _fill_profiles(matrix, replays, plan, progress)
    plan.fill_crossed(matrix, lines, earlier)
    return _rows(table, spec.settings), matrix


def _rows(table: pa.Table, settings: FeatureSettings) -> pd.DataFrame:
    rows = table.to_pandas()
    local = pd.to_datetime(rows["lodged_at"], utc=True).dt.tz_convert(settings.time_zone)
    return rows.assign(lodged_local=local)


def _fill_profiles(
    matrix: Matrix, replays: Replays, plan: Plan, progress: Callable[[str], None]
) -> dict[tuple[str, ...], Floats]:
    """Fill in the features of each key and link; return what the crossed ones are made of."""
    settings, base = plan.settings, replays.of(ALL, ())
    crossed = columns_crossed(settings)

    def one(name: str) -> tuple[tuple[str, ...], Floats] | None:
        known = _profiles_of(replays, name, settings)
        own = replays.amounts(settings.measures.get(name, "price"))
        view = View(known, base, own, settings.prior_examinations)
        plan.profiles[name].fill(matrix, view)
        progress(name)
        columns = crossed.get(name)
        # A copy: a column alone would hold every statistic of every row in memory.
        return None if columns is None else (columns, known.declarations.copy())

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = [pair for pair in pool.map(one, plan.profiles) if pair is not None]
    return {(): base.declarations} | dict(found)


def _profiles_of(replays: Replays, name: str, settings: FeatureSettings) -> Profiles:
    links = {link.name: link for link in settings.links}
    if name in links:
        return replays.through(links[name])
    return replays.of(name, settings.profile_columns[name])
