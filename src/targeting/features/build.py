"""From tables to the model's matrix: read, replay, compute; for training and scoring alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
from targeting.features.profiles import Declared, Profiles, ProfileState, Results, replay
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
    reader = reader_for(tables, spec.settings)
    history = reader.history(wanted, since=snapshot.as_of if snapshot else None, until=until)
    rows = _rows(history.rows, spec.settings)
    matrix = np.full((len(rows), len(spec.features)), np.nan, dtype=np.float32)
    _fill_declared(matrix, rows, spec)
    _fill_categories(matrix, history.rows, spec)
    profiles = _fill_profiles(matrix, rows, history, spec, snapshot=snapshot, progress=progress)
    return Built(rows, matrix, Snapshot(until, profiles))


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
    day: npt.NDArray[np.int32]
    value: Floats
    mass: Floats
    price: Floats
    wanted: npt.NDArray[np.bool_]
    result_day: npt.NDArray[np.int32]
    hit: Floats
    revenue: Floats


def _events(history: History) -> _Events:
    value, mass = (_floats(history.declarations[name]) for name in (VALUE, MASS))
    known = (mass > 0) & (value > 0)
    with np.errstate(over="ignore"):
        price = np.divide(value, mass, out=np.full(len(value), np.nan), where=known)
    price[np.isinf(price) | (price == 0)] = np.nan
    return _Events(
        declarations=history.declarations,
        results=history.results,
        day=history.declarations[DAY].to_numpy(),
        value=value,
        mass=mass,
        price=price,
        wanted=history.declarations[WANTED].to_numpy(),
        result_day=history.results[DAY].to_numpy(),
        hit=_floats(history.results[HIT]),
        revenue=_floats(history.results[REVENUE]),
    )


def _floats(column: pa.ChunkedArray) -> Floats:
    return column.cast("float64").to_numpy(zero_copy_only=False)


def _fill_profiles(
    matrix: Matrix,
    rows: pd.DataFrame,
    history: History,
    spec: FeatureSpec,
    *,
    snapshot: Snapshot | None,
    progress: Callable[[str], None],
) -> dict[str, KeyProfiles]:
    events = _events(history)
    settings = spec.settings
    base, base_profiles = _replay_key((), events, _known(snapshot, ALL), settings)
    at = {name: place for place, name in enumerate(spec.names)}
    own = events.wanted
    features = relative_features(settings)

    def one_key(place: int) -> tuple[str, KeyProfiles]:
        key = settings.keys[place]
        known, after = _replay_key(key.columns, events, _known(snapshot, key.name), settings)
        view = View(
            known, base, events.value[own], events.mass[own], events.price[own],
            settings.prior_examinations,
        )  # fmt: skip
        for relative in features[key.name]:
            _put(matrix, at[relative.feature.name], relative.compute(view))
        progress(key.name)
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
) -> tuple[Profiles, KeyProfiles]:
    """Replay one key from what was known before; return what was read and what is known after."""
    tables = [events.declarations, events.results]
    if before is not None and columns:
        tables.insert(0, before.parts)
    coded = encode(columns, tables)
    declared_codes, result_codes = coded.codes[-2:]
    keys = max(coded.parts.num_rows, 0 if columns else 1)
    state = ProfileState.empty(keys, len(settings.half_lives_days))
    if before is not None:
        state = before.state.grown(keys)
    profiles = replay(
        state,
        Declared(
            declared_codes, events.day, events.value, events.mass, events.price, events.wanted
        ),
        Results(result_codes, events.result_day, events.hit, events.revenue),
        half_lives_days=settings.half_lives_days,
    )
    return profiles, KeyProfiles(coded.parts, state)
