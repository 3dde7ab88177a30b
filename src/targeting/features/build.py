"""From tables to the model's matrix: read, replay, compute; for training and scoring alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.errors import ConfigError
from targeting.features.declared import DECLARED_FEATURES
from targeting.features.engine import (
    DAY,
    HIT,
    MASS,
    REVENUE,
    VALUE,
    WANTED,
    as_text,
)
from targeting.features.keys import encode
from targeting.features.profiles import (
    Declared,
    Profiles,
    ProfileState,
    Results,
    read_only,
    replay,
)
from targeting.features.relative import View, relative_features
from targeting.features.snapshot import ALL, KeyProfiles, Snapshot
from targeting.features.spec import FeatureSpec, as_codes, reader_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import numpy.typing as npt
    import pyarrow as pa

    from targeting.config import FeatureSettings
    from targeting.features.engine import History, Wanted
    from targeting.tables.folder import Tables

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

_LARGEST = float(np.finfo(np.float32).max)


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
    how = _How(snapshot, keep=True, progress=progress)
    rows, matrix, profiles = _computed(tables, spec, wanted, until, how)
    return Built(rows, matrix, Snapshot(until, profiles))


def matrix_of(
    tables: Tables,
    spec: FeatureSpec,
    wanted: Wanted,
    *,
    until: date,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[pd.DataFrame, Matrix]:
    """Compute the features `build` does, without the memory that keeping every profile takes.

    Parameters
    ----------
    tables, spec, wanted, until, progress
        As for `build`; all history is replayed.

    Returns
    -------
    tuple of DataFrame and ndarray
        The wanted declarations and their matrix.
    """
    how = _How(None, keep=False, progress=progress)
    rows, matrix, _ = _computed(tables, spec, wanted, until, how)
    return rows, matrix


@dataclass(frozen=True, slots=True)
class _How:
    """Where a replay starts, whether it keeps the profiles, and who is told."""

    snapshot: Snapshot | None
    keep: bool
    progress: Callable[[str], None]


def _computed(
    tables: Tables, spec: FeatureSpec, wanted: Wanted, until: date, how: _How
) -> tuple[pd.DataFrame, Matrix, dict[str, KeyProfiles]]:
    since = how.snapshot.as_of if how.snapshot else None
    history = reader_for(tables, spec.settings).history(wanted, since=since, until=until)
    rows = _rows(history.rows, spec.settings)
    matrix = np.full((len(rows), len(spec.features)), np.nan, dtype=np.float32)
    _fill_declared(matrix, rows, spec)
    _fill_categories(matrix, history.rows, spec)
    return rows, matrix, _fill_profiles(matrix, history, spec, how)


def _rows(table: pa.Table, settings: FeatureSettings) -> pd.DataFrame:
    rows = table.to_pandas()
    local = pd.to_datetime(rows["lodged_at"], utc=True).dt.tz_convert(settings.time_zone)
    return rows.assign(lodged_local=local)


def _put(matrix: Matrix, at: int, values: Floats) -> None:
    """Write a column; what float32 cannot hold is unknown, never inf."""
    with np.errstate(invalid="ignore"):
        matrix[:, at] = np.where(np.abs(values) <= _LARGEST, values, np.nan)


def _fill_declared(matrix: Matrix, rows: pd.DataFrame, spec: FeatureSpec) -> None:
    at = {name: place for place, name in enumerate(spec.names)}
    for declared in DECLARED_FEATURES:
        _put(matrix, at[declared.feature.name], declared.compute(rows))
    for name in spec.settings.numbers:
        _put(matrix, at[name], _as_number(rows[name], name))


def _fill_categories(matrix: Matrix, rows: pa.Table, spec: FeatureSpec) -> None:
    """Code the categories from Arrow: pandas would turn a number with gaps into another text."""
    at = {name: place for place, name in enumerate(spec.names)}
    for name in spec.categories:
        column = as_text(rows[name.removesuffix("_level")])
        _put(matrix, at[name], as_codes(column, spec.levels[name]))


def _as_number(column: pd.Series, name: str) -> Floats:
    try:
        return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            "an extra column listed under `numbers` holds text",
            where=f"declarations: column {name}",
            found=f"a column of type {column.dtype}",
            do="List it under `categories`, or ingest it as a number.",
        ) from error


@dataclass(frozen=True, slots=True)
class _Events:
    """The arrays of a history every key shares."""

    declarations: pa.Table
    results: pa.Table
    lodged: Declared
    known: Results


def _events(history: History) -> _Events:
    value, mass = (_floats(history.declarations[name]) for name in (VALUE, MASS))
    known = (mass > 0) & (value > 0)
    with np.errstate(over="ignore"):
        price = np.divide(value, mass, out=np.full(len(value), np.nan), where=known)
    price[np.isinf(price) | (price == 0)] = np.nan
    nobody = np.zeros(0, dtype=np.int32)
    day, wanted = (history.declarations[name].to_numpy() for name in (DAY, WANTED))
    lodged = Declared(nobody, day, value, mass, price, wanted)
    known = Results(
        nobody,
        history.results[DAY].to_numpy(),
        _floats(history.results[HIT]),
        _floats(history.results[REVENUE]),
    )
    # Packed once: the same events are put in order for every key.
    lodged = replace(lodged, packed=lodged.events)
    return _Events(history.declarations, history.results, lodged, known)


def _floats(column: pa.ChunkedArray) -> Floats:
    return column.cast("float64").to_numpy(zero_copy_only=False)


def _fill_profiles(
    matrix: Matrix, history: History, spec: FeatureSpec, how: _How
) -> dict[str, KeyProfiles]:
    events = _events(history)
    settings = spec.settings
    base, base_profiles = _replay_key(
        (), events, _known(how.snapshot, ALL), settings, keep=how.keep
    )
    at = {name: place for place, name in enumerate(spec.names)}
    own = events.lodged.wanted
    own_amounts = (events.lodged.value[own], events.lodged.mass[own], events.lodged.price[own])
    features = relative_features(settings)

    def one_key(place: int) -> tuple[str, KeyProfiles]:
        key = settings.keys[place]
        known, after = _replay_key(
            key.columns, events, _known(how.snapshot, key.name), settings, keep=how.keep
        )
        view = View(known, base, *own_amounts, settings.prior_examinations)
        for relative in features[key.name]:
            _put(matrix, at[relative.feature.name], relative.compute(view))
        how.progress(key.name)
        return key.name, after

    with ThreadPoolExecutor(max_workers=2) as pool:
        done = dict(pool.map(one_key, range(len(settings.keys))))
    return {ALL: base_profiles} | done


def _known(snapshot: Snapshot | None, name: str) -> KeyProfiles | None:
    return None if snapshot is None else snapshot.profiles[name]


def _replay_key(
    columns: tuple[str, ...],
    events: _Events,
    before: KeyProfiles | None,
    settings: FeatureSettings,
    *,
    keep: bool,
) -> tuple[Profiles, KeyProfiles]:
    """Replay one key from what was known before; return what was read and what is known after."""
    tables = [events.declarations, events.results]
    if before is not None and columns:
        tables.insert(0, before.parts)
    coded = encode(columns, tables)
    lodged = replace(events.lodged, code=coded.codes[-2])
    known = replace(events.known, code=coded.codes[-1])
    half_lives = settings.half_lives_days
    keys = max(coded.parts.num_rows, 0 if columns else 1)
    if not keep:
        profiles = read_only(keys, lodged, known, half_lives_days=half_lives)
        return profiles, KeyProfiles(coded.parts, ProfileState.empty(0, len(half_lives)))
    state = ProfileState.empty(keys, len(half_lives))
    if before is not None:
        state = before.state.grown(keys)
    profiles = replay(state, lodged, known, half_lives_days=half_lives)
    return profiles, KeyProfiles(coded.parts, state)
