"""What each feature reads: the columns of the tables behind it, found by asking the feature.

The functions of declared features are run on one empty declaration that notes what it is asked
for, so that this page cannot disagree with them; those of profiles read the columns of their key
and what their statistic is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from targeting.features.declared import DECLARED_FEATURES, EXTRA_COLUMNS
from targeting.features.derived import source_of
from targeting.features.links import link_features
from targeting.features.measures import MEASURES
from targeting.features.relative import relative_features
from targeting.features.shares import cross_features
from targeting.tables.schema import DECLARATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from targeting.config import FeatureSettings, KeySettings

RESULT = "result"
"""What examinations found before, as a feature reads it; every other name is of `declarations`."""

_PRICE = ("customs_value", "net_mass_kg")
_MADE_OF: Mapping[str, tuple[str, ...]] = {
    "typical_price": _PRICE, "price_ratio": _PRICE, "price_z": _PRICE,
    "value_ratio": ("customs_value",), "mass_ratio": ("net_mass_kg",),
    "examinations": (RESULT,), "hits": (RESULT,), "hit_rate": (RESULT,), "revenue": (RESULT,),
    "days_since_last_hit": (RESULT,),
}  # fmt: skip
"""What a statistic is made of besides its key, by its name or the beginning of it."""


def columns_read(settings: FeatureSettings) -> dict[str, frozenset[str]]:
    """Tell which columns of the tables each feature reads.

    Parameters
    ----------
    settings
        Keys, links, categories and extra numbers.

    Returns
    -------
    dict
        By the feature's name, columns of `declarations`, and `RESULT` where it reads what was
        found before. A column that is derived, such as `hs6`, stands under its source.

    Examples
    --------
    >>> from targeting.config import FeatureSettings
    >>> read = columns_read(FeatureSettings())
    >>> sorted(read["unit_value"]), sorted(read["hs6_hit_rate"])
    (['customs_value', 'net_mass_kg'], ['hs_code', 'result'])
    """
    return {
        **_declared(),
        **{name: frozenset({name}) for name in settings.numbers},
        **_followed(settings),
        **_linked(settings),
        **_crossed(settings),
        **{f"{name}_level": _sources((name,)) for name in settings.categories},
    }


class _Watched:
    """Declarations that note which of their columns are asked for."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self.rows = rows
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.seen.add(name)
        return self.rows[name]

    def __contains__(self, name: str) -> bool:
        self.seen.add(name)
        return name in self.rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rows, name)


def _declared() -> dict[str, frozenset[str]]:
    rows = _one_declaration()
    read = {}
    for declared in DECLARED_FEATURES:
        watched = _Watched(rows)
        declared.compute(cast("pd.DataFrame", watched))
        read[declared.feature.name] = _sources(watched.seen)
    return read


def _one_declaration() -> pd.DataFrame:
    """Return one declaration that states nothing but its moments."""
    texts = (*DECLARATIONS.names, *EXTRA_COLUMNS)
    rows = pd.DataFrame({name: pd.Series([None], dtype="str") for name in texts})
    moment = pd.Series([pd.Timestamp("2024-01-01", tz="UTC")])
    numbers = [column.name for column in DECLARATIONS.columns if column.kind in {"int", "float"}]
    return rows.assign(
        lodged_at=moment, lodged_local=moment, arrival_at=moment, **dict.fromkeys(numbers, np.nan)
    )


def _sources(names: Iterable[str]) -> frozenset[str]:
    return frozenset(source_of("lodged_at" if name == "lodged_local" else name) for name in names)


def _followed(settings: FeatureSettings) -> dict[str, frozenset[str]]:
    keys = {key.name: key for key in settings.keys}
    return {
        one.feature.name: _sources((*keys[name].columns, *_made_of(keys[name], one.feature.name)))
        for name, group in relative_features(settings).items()
        for one in group
    }


def _made_of(key: KeySettings, feature: str) -> tuple[str, ...]:
    if key.measure != "price":
        return MEASURES[key.measure].columns
    statistic = feature.removeprefix(f"{key.name}_")
    fitting = [name for name in _MADE_OF if statistic.startswith(name)]
    return _MADE_OF[fitting[0]] if fitting else ()


def _linked(settings: FeatureSettings) -> dict[str, frozenset[str]]:
    links = {link.name: link for link in settings.links}
    return {
        one.feature.name: _sources((*links[name].of, *links[name].through, RESULT))
        for name, group in link_features(settings).items()
        for one in group
    }


def _crossed(settings: FeatureSettings) -> dict[str, frozenset[str]]:
    rows = _one_declaration()
    nothing = np.zeros(1)
    read = {}
    for crossed in cross_features(settings):
        watched = _Watched(rows)
        earlier = {(): nothing, **dict.fromkeys(crossed.needs, nothing)}
        crossed.compute(earlier, cast("pd.DataFrame", watched))
        keys = (name for need in crossed.needs for name in need)
        read[crossed.feature.name] = _sources((*keys, *watched.seen))
    return read
