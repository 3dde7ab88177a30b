"""Features relative to history: what profiles say of a declaration's parties, goods and route.

Hit rates are shrunken towards the base rate of the same day (empirical Bayes), never raw ratios.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.features.declared import ratio
from targeting.features.kernel import STATISTICS
from targeting.features.registry import Family, Feature, money, number, said, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from targeting.config import FeatureSettings, KeySettings
    from targeting.features.profiles import Profiles

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
        """Return a decayed sum; block 0 is all-time, then one block per half-life."""
        return self.profiles.sums[:, block * len(STATISTICS) + _AT[statistic]]

    def base_rate(self, block: int = 0) -> Floats:
        """Return hits over examinations of all declarations before the day; NaN before any."""
        sums = self.base.sums[:, block * len(STATISTICS) :]
        return ratio(sums[:, _AT["hits"]], sums[:, _AT["examinations"]])

    def days_since(self, which: str) -> Floats:
        """Return days since first, last or last hit; NaN where there was none."""
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


def _size_ratio(own: str, total: str) -> Callable[[View], Floats]:
    """Log of this line's value or mass over the key's mean before it."""

    def size(view: View) -> Floats:
        mean = ratio(view.sum(total), view.sum("declarations"))
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


_WHO = {
    "consignee_id": "this consignee",
    "consignor_id": "this consignor",
    "declarant_id": "this declarant",
    "notify_party_id": "this notify party",
    "carrier_id": "this carrier",
    "conveyance_id": "this conveyance",
    "container_id": "this container",
}
_GOODS = {"hs2": "chapter", "hs4": "heading", "hs6": "goods code", "hs_code": "goods code"}
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
    ("carrier_id",): (18, 34),
    ("consignee_id", "consignor_id"): (3,),
    ("consignee_id", "hs6"): (4, 7),
    ("hs6", "origin_country"): (24, 46),
}


def family_of(key: KeySettings) -> Family:
    """Return the family of a key: that of its first party, else goods, else its first column."""
    families: list[Family] = [_FAMILY.get(column, "goods and price") for column in key.columns]
    return "party" if "party" in families else families[0]


def who(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Return how a sentence names a key: codes of goods and places, never of a trader."""

    def named(line: Mapping[str, object]) -> str:
        return " with ".join(_named(column, line) for column in key.columns)

    return named


def _named(column: str, line: Mapping[str, object]) -> str:
    if column in _WHO:
        return _WHO[column]
    if column in _GOODS:
        digits = int(column[2]) if column != "hs_code" else 10
        return f"{_GOODS[column]} {text(line, 'hs_code')[:digits]}"
    if column.endswith(("_country", "_port")) or column == "office_id":
        word = column.removesuffix("_id").replace("_country", "").replace("_port", "")
        return f"{word} {text(line, column)}"
    return f"this {column.removesuffix('_id').replace('_', ' ')}"


def _has_goods(key: KeySettings) -> bool:
    return any(column in _GOODS for column in key.columns)


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
    return {key.name: tuple(_of_key(key, settings.half_lives_days)) for key in settings.keys}


def _of_key(key: KeySettings, half_lives: tuple[float, ...]) -> list[RelativeFeature]:
    features = [*_counts(key, half_lives), *_outcomes(key, half_lives), *_recency(key)]
    features += _sizes(key)
    return features + (_prices(key) if _has_goods(key) else [])


def _made(
    key: KeySettings,
    suffix: str,
    meaning: str,
    compute: Callable[[View], Floats],
    sentence: Callable[[Mapping[str, object]], str],
) -> RelativeFeature:
    words = " x ".join(key.columns)
    feature = Feature(
        name=f"{key.name}_{suffix}",
        family=family_of(key),
        meaning=f"{meaning}, per {words}, before the day.",
        sentence=sentence,
        indicators=_INDICATORS.get(key.columns, ()),
    )
    return RelativeFeature(feature, compute)


def _label(half_life: float) -> str:
    return f"{half_life:g}d".replace(".", "p")


def _counts(key: KeySettings, half_lives: tuple[float, ...]) -> list[RelativeFeature]:
    named = who(key)

    def seen(line: Mapping[str, object]) -> str:
        count = number(line, f"{key.name}_declarations")
        if count == 0:
            return f"first declaration of {named(line)}"
        return f"{said(count)} earlier declarations of {named(line)}"

    blocks = [("", 0), *((f"_{_label(half)}", at + 1) for at, half in enumerate(half_lives))]
    counts = [
        _made(key, f"declarations{tail}", "Earlier declarations", _summed("declarations", at), seen)
        for tail, at in blocks
    ]
    if len(half_lives) < 2:
        return counts
    return [*counts, _made(key, "pace", "Recent declarations over longer memory", _pace, seen)]


def _summed(statistic: str, block: int) -> Callable[[View], Floats]:
    return lambda view: view.sum(statistic, block)


def _rated(block: int) -> Callable[[View], Floats]:
    return lambda view: shrunken_rate(view, block)


def _since(which: str) -> Callable[[View], Floats]:
    return lambda view: view.days_since(which)


def _outcomes(key: KeySettings, half_lives: tuple[float, ...]) -> list[RelativeFeature]:
    named = who(key)

    def found(line: Mapping[str, object]) -> str:
        examined = number(line, f"{key.name}_examinations")
        if not examined > 0:
            return f"{named(line)} was never examined before"
        hits = said(number(line, f"{key.name}_hits"))
        return f"{hits} hits in {said(examined)} earlier examinations of {named(line)}"

    def recovered(line: Mapping[str, object]) -> str:
        mean = money(number(line, f"{key.name}_revenue"))
        return f"earlier examinations of {named(line)} recovered {mean} each on average"

    blocks = [("", 0), *((f"_{_label(half)}", at + 1) for at, half in enumerate(half_lives))]
    rates = [
        _made(key, f"hit_rate{tail}", "Shrunken hit rate", _rated(at), found) for tail, at in blocks
    ]
    return [
        _made(key, "examinations", "Earlier examinations", _summed("examinations", 0), found),
        _made(key, "hits", "Earlier hits", _summed("hits", 0), found),
        *rates,
        _made(key, "revenue", "Revenue per earlier examination", _revenue, recovered),
    ]


def _recency(key: KeySettings) -> list[RelativeFeature]:
    named = who(key)

    def since(which: str, words: str, never: str) -> Callable[[Mapping[str, object]], str]:
        def sentence(line: Mapping[str, object]) -> str:
            days = number(line, f"{key.name}_days_since_{which}")
            if math.isnan(days):
                return never.format(who=named(line))
            return words.format(who=named(line), days=said(days))

        return sentence

    first = "first declaration of {who}"
    return [
        _made(key, "days_since_first", "Days since first seen", _since("first"),
              since("first", "{who} was first seen {days} days ago", first)),
        _made(key, "days_since_last", "Days since last seen", _since("last"),
              since("last", "{who} was last seen {days} days ago", first)),
        _made(key, "days_since_last_hit", "Days since the last hit became known",
              _since("last_hit"),
              since("last_hit", "last hit on {who} {days} days ago", "no earlier hit on {who}")),
    ]  # fmt: skip


def _sizes(key: KeySettings) -> list[RelativeFeature]:
    named = who(key)

    def compared(own: str, name: str, unit: str) -> Callable[[Mapping[str, object]], str]:
        def sentence(line: Mapping[str, object]) -> str:
            here = number(line, own)
            usual = here / np.exp(number(line, f"{key.name}_{name}_ratio"))
            count = said(number(line, f"{key.name}_declarations"))
            return (
                f"{name} {money(here)}{unit}; mean of {count} earlier declarations "
                f"of {named(line)}: {money(usual)}{unit}"
            )

        return sentence

    return [
        _made(key, "value_ratio", "Log of value over the earlier mean",
              _size_ratio("value", "value"), compared("customs_value", "value", "")),
        _made(key, "mass_ratio", "Log of net mass over the earlier mean",
              _size_ratio("mass", "mass"), compared("net_mass_kg", "mass", " kg")),
    ]  # fmt: skip


def _prices(key: KeySettings) -> list[RelativeFeature]:
    named = who(key)

    def priced(line: Mapping[str, object]) -> str:
        count = said(number(line, f"{key.name}_declarations"))
        typical = money(number(line, f"{key.name}_typical_price"))
        return (
            f"{money(number(line, 'unit_value'))} per kg; {count} earlier lots of "
            f"{named(line)}: typically {typical} per kg"
        )

    return [
        _made(key, "typical_price", "Geometric mean of value per kg", _typical_price, priced),
        _made(key, "price_ratio", "Log of value per kg over the typical one", _price_ratio, priced),
        _made(key, "price_z", "Value per kg in spreads from the typical one", _price_z, priced),
    ]
