"""Features relative to history: what profiles say of a declaration's parties, goods and route.

Hit rates are shrunken towards the base rate of the same day (empirical Bayes), never raw ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.features import history_sentences as words
from targeting.features.declared import ratio
from targeting.features.history_sentences import has_goods
from targeting.features.kernel import STATISTICS
from targeting.features.registry import Feature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from targeting.config import FeatureSettings, KeySettings
    from targeting.features.profiles import Profiles
    from targeting.features.registry import Family

    Floats = npt.NDArray[np.float64]

_AT = {name: at for at, name in enumerate(STATISTICS)}
_DAY_AT = {"first": 0, "last": 1, "last_hit": 2}


@dataclass(frozen=True, slots=True)
class View:
    """The profiles of one key beside the declarations they were read for.

    Parameters
    ----------
    profiles
        Of the key; one row per wanted declaration.
    base
        Of all declarations together, for the base rate of the day.
    value, mass, price
        Shape (n,). The declaration's own customs value, net mass and value per kg.
    prior_examinations
        Weight of the base rate, in examinations.
    """

    profiles: Profiles
    base: Profiles
    value: Floats
    mass: Floats
    price: Floats
    prior_examinations: float

    def sum(self, statistic: str, block: int = 0) -> Floats:
        """Return a decayed sum; block 0 is all-time, then one block per half-life.

        Parameters
        ----------
        statistic
            One of `STATISTICS`.
        block
            0 for all-time, or the place of a half-life, from 1.
        """
        return self.profiles.sums[:, block * len(STATISTICS) + _AT[statistic]]

    def base_rate(self, block: int = 0) -> Floats:
        """Return hits over examinations of all declarations before the day; NaN before any.

        Parameters
        ----------
        block
            0 for all-time, or the place of a half-life, from 1.
        """
        sums = self.base.sums[:, block * len(STATISTICS) :]
        return ratio(sums[:, _AT["hits"]], sums[:, _AT["examinations"]])

    def days_since(self, which: str) -> Floats:
        """Return days since first, last or last hit; NaN where there was none.

        Parameters
        ----------
        which
            `first`, `last` or `last_hit`.
        """
        return self.profiles.days[:, _DAY_AT[which]]


def shrunken_rate(view: View, block: int = 0) -> Floats:
    """Hit rate of the key, pulled towards the base rate by `prior_examinations`.

    (hits + m * base) / (examinations + m): the posterior mean under a beta prior worth m
    examinations. Source: empirical Bayes, as design section 5 demands; domain.md indicators
    17 and 18.

    Parameters
    ----------
    view
        Profiles and base rate.
    block
        0 for all-time, else the half-life.
    """
    prior = view.prior_examinations
    hits, examinations = view.sum("hits", block), view.sum("examinations", block)
    return (hits + prior * view.base_rate(block)) / (examinations + prior)


def _typical_price(view: View) -> Floats:
    with np.errstate(over="ignore"):
        return np.exp(ratio(view.sum("log_price"), view.sum("priced")))


def _log(values: Floats) -> Floats:
    return np.log(values, out=np.full(len(values), np.nan), where=values > 0)


def _price_ratio(view: View) -> Floats:
    return _log(view.price) - ratio(view.sum("log_price"), view.sum("priced"))


def _price_z(view: View) -> Floats:
    """Distance from the mean log price in standard deviations, the spread kept above 10 %."""
    count = view.sum("priced")
    mean = ratio(view.sum("log_price"), count)
    variance = np.maximum(ratio(view.sum("log_price_squared"), count) - mean**2, 0.0)
    enough = np.where(count >= 2, np.sqrt(variance), np.nan)
    return (_log(view.price) - mean) / np.maximum(enough, 0.1)


def _size_ratio(own: str, counted: str) -> Callable[[View], Floats]:
    """Log of this line's value or mass over the mean of the key's lines that stated one."""

    def size(view: View) -> Floats:
        mean = ratio(view.sum(own), view.sum(counted))
        return _log(ratio(getattr(view, own), mean))

    return size


def _pace(view: View) -> Floats:
    """Recent declarations over those of the longest memory: above its usual share is a jump."""
    last = view.profiles.sums.shape[1] // len(STATISTICS) - 1
    return ratio(view.sum("declarations", min(1, last)), view.sum("declarations", last))


def _revenue(view: View) -> Floats:
    return ratio(view.sum("revenue"), view.sum("examinations"))


@dataclass(frozen=True, slots=True)
class RelativeFeature:
    """A feature of one profile key and the function that computes it.

    Parameters
    ----------
    feature
        What it is.
    compute
        From the key's view to shape (n,) floats.
    """

    feature: Feature
    compute: Callable[[View], Floats]


_FAMILY: dict[str, Family] = {
    "consignee_id": "party", "consignor_id": "party", "declarant_id": "party",
    "notify_party_id": "party", "carrier_id": "conveyance", "conveyance_id": "conveyance",
    "container_id": "conveyance", "voyage_id": "conveyance", "seal_id": "conveyance",
    "origin_country": "route", "dispatch_country": "route", "destination_country": "route",
    "loading_port": "route", "transshipment_port": "route", "discharge_port": "route",
    "office_id": "route", "transport_document_id": "document",
}  # fmt: skip
_INDICATORS = {
    ("consignee_id",): (1, 5, 6, 18),
    ("consignor_id",): (2, 18),
    ("declarant_id",): (17,),
    ("carrier_id",): (18,),
    ("hs6",): (38, 46),
    ("consignee_id", "consignor_id"): (3,),
    ("consignee_id", "hs6"): (7,),
    ("hs6", "origin_country"): (24, 46),
}


def family_of(key: KeySettings) -> Family:
    """Return the family of a key: that of its first party, else goods, else its first column.

    Parameters
    ----------
    key
        The profile key.
    """
    families: list[Family] = [_FAMILY.get(column, "goods and price") for column in key.columns]
    return "party" if "party" in families else families[0]


def relative_features(settings: FeatureSettings) -> dict[str, tuple[RelativeFeature, ...]]:
    """List the features of every profile key, by the key's name, in the order of the matrix.

    Parameters
    ----------
    settings
        Keys and half-lives.

    Examples
    --------
    >>> from targeting.config import FeatureSettings
    >>> [f.feature.name for f in relative_features(FeatureSettings())["office"]][:2]
    ['office_declarations', 'office_declarations_30d']
    """
    return {key.name: tuple(_of_key(key, settings)) for key in settings.keys}


def _of_key(key: KeySettings, settings: FeatureSettings) -> list[RelativeFeature]:
    features = [
        *_counts(key, settings.half_lives_days), *_outcomes(key, settings), *_recency(key),
    ]  # fmt: skip
    return [*features, *_sizes(key), *(_prices(key) if has_goods(key) else [])]


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the features of one key that share a sentence and speak of the same thing."""

    key: KeySettings
    group: str
    sentence: Callable[[Mapping[str, object]], str]

    def __call__(
        self, suffix: str, meaning: str, compute: Callable[[View], Floats], *, unit: str = ""
    ) -> RelativeFeature:
        columns = " x ".join(self.key.columns)
        feature = Feature(
            name=f"{self.key.name}_{suffix}",
            family=family_of(self.key),
            meaning=f"{meaning}, per {columns}, before the day.",
            sentence=self.sentence,
            unit=unit,
            indicators=_INDICATORS.get(self.key.columns, ()),
            group=self.group,
        )
        return RelativeFeature(feature, compute)


def _history(key: KeySettings) -> str:
    """Group the history of all pairs: that several pairs are new is one fact, not many."""
    return f"{key.name} history" if len(key.columns) == 1 else "pair history"


def _blocks(half_lives: tuple[float, ...]) -> list[tuple[str, int]]:
    """Name the all-time sums (no tail) and each half-life's, with the place of their block."""
    tails = [f"_{half:g}d".replace(".", "p") for half in half_lives]
    return [("", 0), *((tail, at + 1) for at, tail in enumerate(tails))]


def _summed(statistic: str, block: int) -> Callable[[View], Floats]:
    return lambda view: view.sum(statistic, block)


def _rated(block: int) -> Callable[[View], Floats]:
    return lambda view: shrunken_rate(view, block)


def _since(which: str) -> Callable[[View], Floats]:
    return lambda view: view.days_since(which)


def _counts(key: KeySettings, half_lives: tuple[float, ...]) -> list[RelativeFeature]:
    made = _Maker(key, _history(key), words.seen(key))
    counts = [
        made(f"declarations{tail}", "Earlier declarations", _summed("declarations", at))
        for tail, at in _blocks(half_lives)
    ]
    if len(half_lives) < 2:
        return counts
    return [*counts, made("pace", "Recent declarations over longer memory", _pace)]


def _outcomes(key: KeySettings, settings: FeatureSettings) -> list[RelativeFeature]:
    prior, half_lives = settings.prior_examinations, settings.half_lives_days
    found = _Maker(key, f"{key.name} results", words.found(key, prior))
    recovered = _Maker(key, f"{key.name} results", words.recovered(key))
    return [
        found("examinations", "Earlier examinations", _summed("examinations", 0)),
        found("hits", "Earlier hits", _summed("hits", 0)),
        *(
            found(f"hit_rate{tail}", "Shrunken hit rate", _rated(at))
            for tail, at in _blocks(half_lives)
        ),
        recovered("revenue", "Revenue per earlier examination", _revenue, unit="currency"),
    ]


def _recency(key: KeySettings) -> list[RelativeFeature]:
    history, results = _history(key), f"{key.name} results"
    first = _Maker(key, history, words.since(key, "first"))
    last = _Maker(key, history, words.since(key, "last"))
    hit = _Maker(key, results, words.since(key, "last_hit"))
    return [
        first("days_since_first", "Time since first seen", _since("first"), unit="days"),
        last("days_since_last", "Time since last seen", _since("last"), unit="days"),
        hit(
            "days_since_last_hit", "Time since a hit became known", _since("last_hit"), unit="days"
        ),
    ]


def _sizes(key: KeySettings) -> list[RelativeFeature]:
    value = _Maker(key, "value", words.compared(key, "customs_value", "value", ""))
    mass = _Maker(key, "mass", words.compared(key, "net_mass_kg", "mass", " kg"))
    return [
        value("value_ratio", "Log of value over the earlier mean", _size_ratio("value", "valued")),
        mass("mass_ratio", "Log of net mass over the earlier mean", _size_ratio("mass", "weighed")),
    ]


def _prices(key: KeySettings) -> list[RelativeFeature]:
    made = _Maker(key, "price", words.priced(key))
    return [
        made(
            "typical_price", "Geometric mean of unit value", _typical_price, unit="currency per kg"
        ),
        made("price_ratio", "Log of value per kg over the typical one", _price_ratio),
        made("price_z", "Value per kg in spreads from the typical one", _price_z),
    ]
