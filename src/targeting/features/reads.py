"""What each feature reads: the columns of the tables behind it, found by asking the feature.

The functions of declared features are run on one empty declaration that notes what it is asked
for, so that this page cannot disagree with them; those of profiles read the columns of their key
and what their statistic is made of.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from targeting.features.declared import DECLARED_FEATURES
from targeting.features.derived import source_of
from targeting.features.lines import Lines
from targeting.features.links import link_features
from targeting.features.measures import MEASURES
from targeting.features.relative import relative_features
from targeting.features.shares import cross_features

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from targeting.config import FeatureSettings, KeySettings
    from targeting.features.lines import Value

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


class _Watched(dict[str, "Value"]):
    """A declaration that notes which of its columns are asked for; it states its moments alone."""

    def __init__(self) -> None:
        moment = datetime(2024, 1, 1, tzinfo=UTC)
        super().__init__(lodged_at=moment, arrival_at=moment)
        self.seen: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:  # type: ignore[override]
        self.seen.add(name)
        return super().get(name, default)

    @property
    def lines(self) -> Lines:
        return Lines.of_rows([self], "UTC")


def _declared() -> dict[str, frozenset[str]]:
    read = {}
    for declared in DECLARED_FEATURES:
        watched = _Watched()
        declared.compute(watched.lines)
        read[declared.feature.name] = _sources(watched.seen)
    return read


def _sources(names: Iterable[str]) -> frozenset[str]:
    return frozenset(source_of(name) for name in names)


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
    nothing = np.zeros(1)
    read = {}
    for crossed in cross_features(settings):
        watched = _Watched()
        earlier = {(): nothing, **dict.fromkeys(crossed.needs, nothing)}
        crossed.compute(earlier, watched.lines)
        keys = (name for need in crossed.needs for name in need)
        read[crossed.feature.name] = _sources((*keys, *watched.seen))
    return read
