"""What a model looks at: the features in order, and the levels of its categories."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from targeting.errors import ConfigError, near_matches
from targeting.features.declared import DECLARED_FEATURES, EXTRA_COLUMNS
from targeting.features.derived import DERIVED, HS_LEVELS, source_of
from targeting.features.engine import Reader
from targeting.features.links import link_features
from targeting.features.naming import named, role
from targeting.features.registry import Feature, computable_from, number
from targeting.features.relative import relative_features
from targeting.features.shares import cross_features
from targeting.language import Amount, Phrase, say
from targeting.tables.schema import DECLARATIONS, INSPECTIONS, NEVER_FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import numpy.typing as npt

    from targeting.config import FeatureSettings
    from targeting.tables.folder import Tables

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]


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

    @property
    def rising(self) -> npt.NDArray[np.bool_]:
        """Which features can only raise the risk as they grow, shape (features,)."""
        return np.array([feature.rises for feature in self.features], dtype=bool)


def key_columns(settings: FeatureSettings) -> tuple[str, ...]:
    """Return the distinct columns all profile keys are made of, in order of first use.

    Parameters
    ----------
    settings
        Feature settings, with the profile keys.
    """
    columns = (column for parts in settings.profile_columns.values() for column in parts)
    return tuple(dict.fromkeys(columns))


def extra_columns(settings: FeatureSettings) -> tuple[str, ...]:
    """Return the columns features read that the schema of declarations does not have.

    Parameters
    ----------
    settings
        Keys, categories and extra numbers.

    Examples
    --------
    >>> from targeting.config import FeatureSettings
    >>> extra_columns(FeatureSettings(numbers=("axle_count",)))[-1]
    'axle_count'
    """
    configured = [source_of(name) for name in key_columns(settings)]
    used = (*EXTRA_COLUMNS, *configured, *settings.categories, *settings.numbers)
    known = {*DECLARATIONS.names, *HS_LEVELS}
    return tuple(name for name in dict.fromkeys(used) if name not in known)


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
    >>> len(registry(FeatureSettings(keys=(), links=(), categories=())))
    55
    """
    _refuse_leaks(settings)
    groups = (*relative_features(settings).values(), *link_features(settings).values())
    profiled = (relative.feature for group in groups for relative in group)
    features = (
        *(declared.feature for declared in DECLARED_FEATURES),
        *(_extra_number(name) for name in settings.numbers),
        *profiled,
        *(crossed.feature for crossed in cross_features(settings)),
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

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        value = number(line, name)
        if math.isnan(value):
            return None
        return say("{column}: {amount}", column=words, amount=Amount(value))

    return Feature(
        name, "goods and price", f"Column `{name}` of the extract.", _sentence,
        computable=computable_from((name,)),
        unsaid=say("{what}: not stated", what=words),
    )  # fmt: skip


def _category(name: str) -> Feature:
    family = "conveyance" if name.startswith(("container", "transport_mode")) else "route"
    source = "hs_code" if name in HS_LEVELS else name

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        if not isinstance(line.get(source), str):
            return None
        return say("past results of {what}", what=named(name, line))

    return Feature(
        f"{name}_level", family, f"Column `{name}` as a category.",
        _sentence,
        category=True,
        pattern=True,
        computable=computable_from((name,)),
        unsaid=say("{what}: not stated", what=role((name,))),
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
    reader = reader_for(tables, settings)
    levels = {
        f"{name}_level": tuple(
            level for level, _ in reader.categories(name, until=until)[: settings.max_categories]
        )
        for name in settings.categories
    }
    return FeatureSpec(settings, features, levels)


def _require_columns(tables: Tables, settings: FeatureSettings) -> None:
    known = {*DECLARATIONS.names, *tables.schema(DECLARATIONS).names}
    unknown = [
        *(name for name in key_columns(settings) if name not in {*known, *DERIVED}),
        *(name for name in settings.categories if name not in {*known, *HS_LEVELS}),
        *(name for name in settings.numbers if name not in known),
    ]
    if unknown:
        raise ConfigError(
            "the feature settings name columns the tables do not have",
            where=f"{tables.name}: declarations",
            found=", ".join(
                f"{name} ({near_matches(name, {*known, *DERIVED})})" for name in unknown
            ),
            do="Mend the feature settings, or ingest the column as an extra one.",
        )


def reader_for(tables: Tables, settings: FeatureSettings) -> Reader:
    """Return a reader of the columns the profile keys are made of.

    Parameters
    ----------
    tables
        Where declarations and inspections are read from.
    settings
        Feature settings, with the profile keys and the time zone.
    """
    others = dict.fromkeys(key.measure for key in settings.keys if key.measure != "price")
    return Reader(tables, settings.time_zone, key_columns(settings), tuple(others))


def as_codes(column: pa.ChunkedArray, levels: Sequence[str]) -> Floats:
    """Code a category: its place among the levels, one past the last for any other.

    Parameters
    ----------
    column
        Text, shape (n,); missing values get NaN.
    levels
        In the order of their codes.
    """
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
