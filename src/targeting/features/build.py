"""From tables to the model's matrix: read, replay, compute; for training and scoring alike."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from targeting.errors import ConfigError, near_matches
from targeting.features.declared import DECLARED_FEATURES
from targeting.features.engine import (
    DAY,
    HIT,
    HS_LEVELS,
    MASS,
    REVENUE,
    VALUE,
    WANTED,
    Reader,
    as_text,
)
from targeting.features.keys import encode
from targeting.features.profiles import Declared, Profiles, ProfileState, Results, replay
from targeting.features.registry import Feature, number, text
from targeting.features.relative import View, relative_features
from targeting.features.snapshot import ALL, KeyProfiles, Snapshot
from targeting.tables.schema import DECLARATIONS, INSPECTIONS, NEVER_FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    import numpy.typing as npt

    from targeting.config import FeatureSettings
    from targeting.features.engine import History, Wanted
    from targeting.tables.folder import Tables

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """What a model looks at: settings, features in order, and the levels of each category.

    Parameters
    ----------
    settings
        As configured.
    features
        In the order of the matrix.
    levels
        Per category feature, the levels in the order of their codes; what is not among them
        gets the next code, what is missing gets NaN.
    """

    settings: FeatureSettings
    features: tuple[Feature, ...]
    levels: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> list[str]:
        """Names of the features in order."""
        return [feature.name for feature in self.features]

    @property
    def categories(self) -> list[str]:
        """Names of the features that are category codes."""
        return [feature.name for feature in self.features if feature.category]


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


def key_columns(settings: FeatureSettings) -> tuple[str, ...]:
    """Return the distinct columns all profile keys are made of, in order of first use."""
    return tuple(dict.fromkeys(column for key in settings.keys for column in key.columns))


def registry(settings: FeatureSettings) -> tuple[Feature, ...]:
    """List every feature of a configuration, in the order of the matrix.

    Parameters
    ----------
    settings
        Keys, half-lives, categories and extra numbers.

    Raises
    ------
    ConfigError
        If the settings name a column that must never be a feature.

    Examples
    --------
    >>> from targeting.config import FeatureSettings
    >>> len(registry(FeatureSettings(keys=(), categories=())))
    28
    """
    _refuse_leaks(settings)
    profiled = (f.feature for group in relative_features(settings).values() for f in group)
    features = (
        *(declared.feature for declared in DECLARED_FEATURES),
        *(_extra_number(name) for name in settings.numbers),
        *profiled,
        *(_category(name) for name in settings.categories),
    )
    _refuse_names(tuple(feature.name for feature in features))
    return features


def _refuse_names(names: Sequence[str]) -> None:
    """Refuse what LightGBM or a reader of the matrix would confuse."""
    twice = {name for name in names if names.count(name) > 1}
    odd = {name for name in names if not re.fullmatch(r"\w+", name)}
    if twice or odd:
        raise ConfigError(
            "features need distinct names of letters, digits and underscores",
            where="the feature settings",
            found=", ".join(sorted(twice | odd)),
            do="List each column and half-life once, and none that is a feature already; "
            "rename odd columns when ingesting.",
        )


def _refuse_leaks(settings: FeatureSettings) -> None:
    used = [*key_columns(settings), *settings.categories, *settings.numbers]
    never = {*NEVER_FEATURES, *INSPECTIONS.names} - {DECLARATIONS.key}
    leaks = sorted({name for name in used if name.lower() in never})
    if leaks:
        raise ConfigError(
            "these columns are known only afterwards or name a person, so no model may use them",
            where="the feature settings",
            found=", ".join(leaks),
            do="Take them out of keys, categories and numbers.",
        )


def _extra_number(name: str) -> Feature:
    words = name.replace("_", " ")
    return Feature(
        name, "goods and price", f"Column `{name}` of the extract.",
        lambda line: f"{words}: {number(line, name):g}",
    )  # fmt: skip


def _category(name: str) -> Feature:
    words = name.removesuffix("_id").replace("_", " ")
    shown = not name.endswith(("_id", "_name")) or name == "office_id"
    family = "conveyance" if name.startswith(("container", "transport_mode")) else "route"
    return Feature(
        f"{name}_level", family, f"Column `{name}` as a category.",
        lambda line: f"past results of {words}{f' {text(line, name)}' if shown else ''}",
        category=True,
        pattern=True,
    )  # fmt: skip


def learn_spec(
    tables: Tables, settings: FeatureSettings, *, until: date | None = None
) -> FeatureSpec:
    """Fix the features and learn the levels of each category from declarations before a day.

    Parameters
    ----------
    tables
        The tables folder.
    settings
        The feature configuration.
    until
        Local day; later declarations are not looked at.

    Raises
    ------
    ConfigError
        If a configured column is not in the tables or must never be a feature.
    """
    features = registry(settings)
    _require_columns(tables, settings)
    reader = _reader(tables, settings)
    levels = {
        f"{name}_level": tuple(
            level for level, _ in reader.categories(name, until=until)[: settings.max_categories]
        )
        for name in settings.categories
    }
    return FeatureSpec(settings, features, levels)


def _require_columns(tables: Tables, settings: FeatureSettings) -> None:
    known = {*DECLARATIONS.names, *tables.schema(DECLARATIONS).names, *HS_LEVELS}
    used = [*key_columns(settings), *settings.categories, *settings.numbers]
    unknown = [name for name in used if name not in known]
    if unknown:
        raise ConfigError(
            "the feature settings name columns the tables do not have",
            where=f"{tables.name}: declarations",
            found=", ".join(f"{name} ({near_matches(name, known)})" for name in unknown),
            do="Mend the feature settings, or ingest the column as an extra one.",
        )


def _reader(tables: Tables, settings: FeatureSettings) -> Reader:
    return Reader(tables, settings.time_zone, key_columns(settings))


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
    reader = _reader(tables, spec.settings)
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
        _put(matrix, at[name], _as_codes(column, spec.levels[name]))


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


def _as_codes(column: pa.ChunkedArray, levels: Sequence[str]) -> Floats:
    """Code a category: its place among the levels, one past the last for any other."""
    options = pc.SetLookupOptions(pa.array(levels, pa.string()))
    known = pc.call_function("index_in", [column], options)
    codes = known.fill_null(len(levels)).cast(pa.float64()).to_numpy()
    return np.where(column.is_null().to_numpy(), np.nan, codes)


def recoded(matrix: Matrix, old: FeatureSpec, new: FeatureSpec) -> Matrix:
    """Return a matrix with its categories coded by the levels of another specification.

    Parameters
    ----------
    matrix
        Shape (n, features), coded by `old`.
    old, new
        Specifications of the same features. Levels `old` did not keep are `other` in both.
    """
    out = matrix.copy()
    for at, feature in enumerate(old.features):
        if feature.category:
            before, after = old.levels[feature.name], new.levels[feature.name]
            place = {level: code for code, level in enumerate(after)}
            codes = [place.get(level, len(after)) for level in before]
            table = np.array([*codes, len(after)], dtype=np.float32)
            known = ~np.isnan(matrix[:, at])
            out[known, at] = table[matrix[known, at].astype(np.int64)]
    return out


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
