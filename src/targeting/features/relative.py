"""Features relative to history: what profiles say of a declaration's parties, goods and route.

Hit rates are shrunken towards the base rate of the same day (empirical Bayes), never raw ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.features import comparison_sentences as comparisons
from targeting.features import formulas
from targeting.features import history_sentences as words
from targeting.features.formulas import Formula
from targeting.features.key_indicators import carried
from targeting.features.measures import MEASURES
from targeting.features.naming import has_goods, role
from targeting.features.registry import RESULTS, Feature, computable_from
from targeting.language import Phrase, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from targeting.config import FeatureSettings, KeySettings, KeyStatistic
    from targeting.features.measures import Measure
    from targeting.features.profiles import Profiles
    from targeting.features.registry import Family, Sentence
    from targeting.features.replays import Amounts

    Floats = npt.NDArray[np.float32]

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
    amounts
        The declarations' own customs value, net mass and value per kg.
    prior_examinations
        Weight of the base rate, in examinations.
    """

    profiles: Profiles
    base: Profiles
    amounts: Amounts
    prior_examinations: float

    def worked_out(self, formula: Formula) -> Floats:
        """Work out a formula as the matrix holds it, shape (n,), float32.

        Parameters
        ----------
        formula
            Of the key's profiles.
        """
        out = np.empty((len(self.profiles.sums), 1), dtype=np.float32)
        place, kind, at = (np.array([one]) for one in (0, formula.kind, formula.at))
        formulas.fill_key(
            out, place, kind, at, self.profiles.sums, self.profiles.days, self.base.sums,
            self.amounts.side_by_side, self.prior_examinations,
        )  # fmt: skip
        return out[:, 0]


def shrunken_rate(block: int = 0) -> Formula:
    """Hit rate of the key, pulled towards the base rate by `prior_examinations`.

    (hits + m * base) / (examinations + m): the posterior mean under a beta prior worth m
    examinations; the base rate is hits over examinations of all declarations before the day.
    Source: empirical Bayes, as design section 5 demands; domain.md indicators 17 and 18.

    Parameters
    ----------
    block
        0 for all-time, else the half-life.
    """
    return Formula(formulas.RATE, block)


_typical_price = Formula(formulas.TYPICAL)
_price_ratio = Formula(formulas.RATIO)
_price_z = Formula(formulas.SPREADS)


@dataclass(frozen=True, slots=True)
class RelativeFeature:
    """A feature of one profile key and the formula that gives it.

    Parameters
    ----------
    feature
        What it is.
    formula
        What is worked out of the key's profile.
    """

    feature: Feature
    formula: Formula

    def compute(self, view: View) -> Floats:
        """Work the feature out, shape (n,).

        Parameters
        ----------
        view
            The key's profiles.
        """
        return view.worked_out(self.formula)


_FAMILY: dict[str, Family] = {
    "consignee_id": "party", "consignor_id": "party", "declarant_id": "party",
    "notify_party_id": "party", "carrier_id": "conveyance", "conveyance_id": "conveyance",
    "container_id": "conveyance", "voyage_id": "conveyance", "seal_id": "conveyance",
    "origin_country": "route", "dispatch_country": "route", "destination_country": "route",
    "loading_port": "route", "transshipment_port": "route", "discharge_port": "route",
    "office_id": "route", "transport_document_id": "document", "goods_description": "document",
    "incoterm": "document", "container_type": "conveyance", "container_load": "conveyance",
    "transport_mode": "conveyance", "sealing_party": "conveyance",
    "loading_site": "route", "transshipment_site": "route", "discharge_site": "route",
    "goods_words": "goods and price", "container_owner": "conveyance",
}  # fmt: skip
_STRENGTH: tuple[Family, ...] = (
    "party", "conveyance", "goods and price", "route", "document", "timing",
)  # fmt: skip
_HISTORY: tuple[KeyStatistic, ...] = ("declarations", "days_since_first", "days_since_last")
_RESULTS: tuple[KeyStatistic, ...] = ("examinations", "hits", "hit_rate")
_PARTY: tuple[KeyStatistic, ...] = (
    *_HISTORY, "pace", *_RESULTS, "revenue", "days_since_last_hit", "value_ratio", "mass_ratio",
)  # fmt: skip
KINDS: Mapping[str, tuple[KeyStatistic, ...]] = {
    "goods": (*_PARTY, "typical_price", "price_ratio", "price_z"),
    "party or place": _PARTY,
    "unit": (*_HISTORY, *_RESULTS, "days_since_last_hit"),
    "pair": (*_HISTORY, *_RESULTS),
}
"""What a key tells of a line, by its kind, unless its settings say otherwise. Two parties together,
or any columns without goods, are a pair: too thin for a usual value. A container, seal or
conveyance carries anyone's goods."""

_TOLD_WITH: Mapping[KeyStatistic, tuple[KeyStatistic, ...]] = {
    "declarations": ("days_since_first",),
    "pace": ("declarations", "days_since_first"),
    "examinations": ("hits", "hit_rate"),
    "hits": ("examinations", "hit_rate"),
    "hit_rate": ("examinations", "hits"),
    "revenue": ("examinations",),
    "days_since_first": ("declarations",),
    "days_since_last": ("declarations",),
    "days_since_last_hit": ("declarations",),
    "value_ratio": ("declarations",),
    "mass_ratio": ("declarations",),
    "typical_price": ("declarations",),
    "price_ratio": ("declarations", "typical_price"),
    "price_z": ("declarations", "typical_price"),
}

_UNITS = ("conveyance_id", "container_id", "seal_id", "voyage_id", "transport_document_id")


def kind_of(key: KeySettings) -> str:
    """Return the kind of a key, which decides what it tells of a line.

    Parameters
    ----------
    key
        The profile key.

    Examples
    --------
    >>> from targeting.config import KeySettings
    >>> kind_of(KeySettings(columns=("consignee_id", "hs6")))
    'goods'
    """
    columns = list(key.columns)
    parties = sum(_FAMILY.get(column) == "party" for column in columns)
    if has_goods(key) and parties < 2:
        return "goods"
    if len(columns) > 1:
        return "pair"
    return "unit" if columns[0] in _UNITS else "party or place"


def statistics_of(key: KeySettings) -> tuple[KeyStatistic, ...]:
    """Return what a key tells of a line: as its settings say, else what suits its kind.

    What the reason of a statistic is told with, such as the examinations behind a hit rate, comes
    with it.

    Parameters
    ----------
    key
        The profile key.

    Examples
    --------
    >>> from targeting.config import KeySettings
    >>> statistics_of(KeySettings(columns=("seal_id",), statistics=("declarations",)))
    ('declarations', 'days_since_first')
    """
    named = KINDS[kind_of(key)] if key.statistics is None else key.statistics
    return tuple(dict.fromkeys(one for name in named for one in (name, *_TOLD_WITH[name])))


def family_of(key: KeySettings) -> Family:
    """Return the family of a key: party where any column is one, then conveyance, then goods.

    A key with a party belongs to the view of the parties, so that the features of the conveyance
    alone can be told apart: a clean consignee must not hide a tampered box.

    Parameters
    ----------
    key
        The profile key.

    Examples
    --------
    >>> from targeting.config import KeySettings
    >>> family_of(KeySettings(columns=("office_id", "carrier_id")))
    'conveyance'
    """
    families: list[Family] = [_FAMILY.get(column, "goods and price") for column in key.columns]
    return min(families, key=_STRENGTH.index)


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
    if key.measure != "price":
        return _measured(key, MEASURES[key.measure])
    made = [
        *_counts(key, settings.half_lives_days), *_outcomes(key, settings), *_recency(key),
        *_sizes(key), *_prices(key),
    ]  # fmt: skip
    told = statistics_of(key)
    return [one for statistic, one in made if statistic in told]


def _measured(key: KeySettings, measure: Measure) -> list[RelativeFeature]:
    """Make the features of a key that follows another ratio than the price."""
    made = _Maker(key, f"{key.name}", comparisons.measured(key, measure), _nothing_to_compare(key))
    indicators, of = measure.indicators, measure.columns
    whole = f"{measure.name} ({measure.unit})" if measure.unit else measure.name
    return [
        made("typical", f"Geometric mean of {whole}", _typical_price, of=of, own=indicators),
        made("ratio", f"Log of {measure.name} over the typical", _price_ratio, of=of,
             own=indicators),
        made("z", f"Spreads of {measure.name} from the typical", _price_z, of=of, own=indicators),
    ]  # fmt: skip


_Told = tuple["KeyStatistic", RelativeFeature]


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the features of one key that share a sentence and speak of the same thing."""

    key: KeySettings
    group: str
    sentence: Sentence
    unsaid: Phrase

    def __call__(
        self,
        suffix: str,
        meaning: str,
        formula: Formula,
        *,
        unit: str = "",
        of: tuple[str, ...] = (),
        own: tuple[int, ...] | None = None,
    ) -> RelativeFeature:
        columns = " x ".join(self.key.columns)
        feature = Feature(
            name=f"{self.key.name}_{suffix}",
            family=family_of(self.key),
            meaning=f"{meaning}, per {columns}, before the day.",
            sentence=self.sentence,
            unit=unit,
            indicators=carried(self.key, suffix) if own is None else own,
            group=self.group,
            computable=computable_from((*self.key.columns, *of)),
            rises=suffix.startswith("hit_rate"),
            key=self.key.name,
            unsaid=self.unsaid,
        )
        return RelativeFeature(feature, formula)


def _missing(key: KeySettings) -> Phrase:
    """Say that a line states nothing in a column of the key."""
    return say("{what}: not stated", what=role(key.columns))


def _nothing_to_compare(key: KeySettings) -> Phrase:
    return say("{what}: nothing earlier to compare with", what=role(key.columns))


def _history(key: KeySettings) -> str:
    """Group the history of a family's pairs: that several pairs are new is one fact, not many."""
    return f"{key.name if len(key.columns) == 1 else f'{family_of(key)} pair'} history"


def _blocks(half_lives: tuple[float, ...]) -> list[tuple[str, int]]:
    """Name the all-time sums (no tail) and each half-life's, with the place of their block."""
    tails = [f"_{half:g}d".replace(".", "p") for half in half_lives]
    return [("", 0), *((tail, at + 1) for at, tail in enumerate(tails))]


def _counts(key: KeySettings, half_lives: tuple[float, ...]) -> list[_Told]:
    made = _Maker(key, _history(key), words.seen(key), _missing(key))
    counts: list[_Told] = [
        (
            "declarations",
            made(f"declarations{tail}", "Earlier declarations", Formula.sum("declarations", at)),
        )
        for tail, at in _blocks(half_lives)
    ]
    if len(half_lives) < 2:
        return counts
    return [
        *counts,
        ("pace", made("pace", "Recent declarations over longer memory", Formula(formulas.PACE))),
    ]


def _outcomes(key: KeySettings, settings: FeatureSettings) -> list[_Told]:
    prior, half_lives = settings.prior_examinations, settings.half_lives_days
    found = _Maker(key, f"{key.name}{RESULTS}", words.found(key, prior), _missing(key))
    recovered = _Maker(key, f"{key.name}{RESULTS}", words.recovered(key), _missing(key))
    rates: list[_Told] = [
        ("hit_rate", found(f"hit_rate{tail}", "Shrunken hit rate", shrunken_rate(at)))
        for tail, at in _blocks(half_lives)
    ]
    return [
        (
            "examinations",
            found("examinations", "Earlier examinations", Formula.sum("examinations")),
        ),
        ("hits", found("hits", "Earlier hits", Formula.sum("hits"))),
        *rates,
        (
            "revenue",
            recovered(
                "revenue",
                "Revenue per earlier examination",
                Formula(formulas.MEAN_REVENUE),
                unit="currency",
            ),
        ),
    ]


_SINCE: tuple[tuple[str, KeyStatistic, str], ...] = (
    ("first", "days_since_first", "Time since first seen"),
    ("last", "days_since_last", "Time since last seen"),
    ("last_hit", "days_since_last_hit", "Time since a hit became known"),
)


def _recency(key: KeySettings) -> list[_Told]:
    told: list[_Told] = []
    for which, statistic, meaning in _SINCE:
        group = f"{key.name}{RESULTS}" if which == "last_hit" else _history(key)
        made = _Maker(key, group, words.since(key, which), _missing(key))
        told.append(
            (
                statistic,
                made(statistic, meaning, Formula(formulas.SINCE, _DAY_AT[which]), unit="days"),
            )
        )
    return told


def _sizes(key: KeySettings) -> list[_Told]:
    unsaid = _nothing_to_compare(key)
    value = _Maker(key, "value", comparisons.compared(key, "value"), unsaid)
    mass = _Maker(key, "mass", comparisons.compared(key, "mass"), unsaid)
    return [
        (
            "value_ratio",
            value(
                "value_ratio",
                "Log of value over the earlier mean",
                Formula(formulas.VALUE_SIZE),
                of=("customs_value",),
            ),
        ),
        (
            "mass_ratio",
            mass(
                "mass_ratio",
                "Log of net mass over the earlier mean",
                Formula(formulas.MASS_SIZE),
                of=("net_mass_kg",),
            ),
        ),
    ]


def _prices(key: KeySettings) -> list[_Told]:
    made = _Maker(key, "price", comparisons.priced(key), _nothing_to_compare(key))
    of = ("customs_value",)
    return [
        (
            "typical_price",
            made(
                "typical_price",
                "Geometric mean of unit value",
                _typical_price,
                unit="currency per kg",
                of=of,
            ),
        ),
        (
            "price_ratio",
            made("price_ratio", "Log of value per kg over the typical one", _price_ratio, of=of),
        ),
        (
            "price_z",
            made("price_z", "Value per kg in spreads from the typical one", _price_z, of=of),
        ),
    ]
