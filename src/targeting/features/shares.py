"""Two keys held against each other: how a line fits its party's own habits.

A profile tells what was seen of one key; these features hold the profile of a part, such as
consignee x office, against that of its whole, the consignee. They need no more than the number of
earlier declarations of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.config import KeySettings
from targeting.features import cross_sentences as words
from targeting.features.columns import flag, ratio
from targeting.features.naming import role
from targeting.features.registry import Feature, computable_from
from targeting.features.relative import family_of
from targeting.language import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt
    import pandas as pd

    from targeting.config import FeatureSettings

    Floats = npt.NDArray[np.float64]
    Earlier = Mapping[tuple[str, ...], Floats]
    Key = tuple[str, ...]


def unusual(made: Floats, count: Floats) -> Floats:
    """Return how surprising a part is among its whole's earlier declarations, in nats.

    log((count + 1) / (made + 0.5)): 0.7 where there is no history, near zero for the usual, and
    the higher the longer a history in which the part never came. Source: surprisal under a
    Jeffreys prior; domain.md indicators 4, 7, 13, 16, 22, 33 and 34.

    Parameters
    ----------
    made
        Shape (n,). Earlier declarations of the part; NaN where one of its columns is missing.
    count
        Shape (n,). Earlier declarations of the whole.

    Examples
    --------
    >>> unusual(np.array([0.0, 0.0, 99.0]), np.array([0.0, 99.0, 99.0])).round(2).tolist()
    [0.69, 5.3, 0.01]
    """
    return np.log((count + 1.0) / (made + 0.5))


def lift(left: Floats, right: Floats, joint: Floats, everything: Floats) -> Floats:
    """Return the log of how often two keys come together over what chance would give.

    Rare goods from an origin (domain.md indicator 24): far below zero where both are common and
    seldom together. Half a declaration is added to the joint count.

    Parameters
    ----------
    left, right
        Shape (n,). Earlier declarations of the two keys, such as hs6 and origin.
    joint
        Shape (n,). Of the pair.
    everything
        Shape (n,). Of all.
    """
    odds = ratio(joint + 0.5, ratio(left * right, everything))
    return np.log(odds, out=np.full(len(odds), np.nan), where=odds > 0)


_CASH = ("cash", "advance", "prepa", "налич", "аванс", "предопл")


def cash_for_new_pair(pair: Floats, payment: pd.Series) -> Floats:
    """Flag payment in cash or in advance by traders that never dealt before (indicator 52).

    Parameters
    ----------
    pair
        Shape (n,). Earlier declarations of consignee x consignor.
    payment
        Shape (n,). Method of payment as declared.

    Examples
    --------
    >>> import pandas as pd
    >>> paid = pd.Series(["Cash", "transfer", "advance", None])
    >>> cash_for_new_pair(np.zeros(4), paid).tolist()
    [1.0, 0.0, 1.0, nan]
    """
    told = payment.astype("string")
    cash = told.str.contains("|".join(_CASH), case=False)
    known = ~np.isnan(pair) & told.notna().to_numpy()
    return flag((pair == 0) & cash.fillna(value=False).to_numpy(dtype=bool), known)


@dataclass(frozen=True, slots=True)
class CrossFeature:
    """A feature made of the earlier declarations of several keys.

    Parameters
    ----------
    feature
        What it is.
    needs
        Columns of the keys it looks at; it is left out where the settings do not follow them.
    compute
        From earlier declarations by the columns of a key (none stands for all declarations) and
        the wanted rows to shape (n,) floats.
    """

    feature: Feature
    needs: tuple[Key, ...]
    compute: Callable[[Earlier, pd.DataFrame], Floats]


def _unusual(whole: Key, part: Key, meaning: str, indicators: tuple[int, ...]) -> CrossFeature:
    key = KeySettings(columns=part)
    feature = Feature(
        name=f"{key.name}_unusual",
        family=family_of(key),
        meaning=f"{meaning}: log of earlier lines over those of them alike.",
        sentence=words.unusual(whole, part),
        unit="nats",
        indicators=indicators,
        group=f"{family_of(key)} pair history",
        computable=computable_from(part),
        key=key.name,
        unsaid=say("{what}: not stated", what=role(part)),
    )
    return CrossFeature(
        feature, (whole, part), lambda earlier, _: unusual(earlier[part], earlier[whole])
    )


def _lift(left: str, right: str, meaning: str, indicators: tuple[int, ...]) -> CrossFeature:
    key = KeySettings(columns=(left, right))
    feature = Feature(
        name=f"{key.name}_lift",
        family=family_of(key),
        meaning=f"{meaning}: log of earlier lines over what chance would give.",
        sentence=words.seldom_together(left, right),
        unit="nats",
        indicators=indicators,
        group=f"{key.name} history",
        pattern=True,
        computable=computable_from(key.columns),
        key=key.name,
        unsaid=say("{what}: not stated", what=role(key.columns)),
    )
    needs = ((left,), (right,), key.columns)
    return CrossFeature(
        feature,
        needs,
        lambda earlier, _: lift(
            earlier[(left,)], earlier[(right,)], earlier[key.columns], earlier[()]
        ),
    )


_TRADER, _PAIR = ("consignee_id",), ("consignee_id", "consignor_id")

CROSS_FEATURES: tuple[CrossFeature, ...] = (
    _unusual(_TRADER, (*_TRADER, "hs2"), "How unusual the goods are for the consignee", (7,)),
    _unusual(_PAIR, (*_PAIR, "hs2"), "How unusual the goods are for the two traders", (4,)),
    _unusual(_TRADER, _PAIR, "How unusual the consignor is for the consignee", (3,)),
    _unusual(
        _TRADER, (*_TRADER, "declarant_id"), "How unusual the declarant is for the consignee", (16,)
    ),
    _unusual(
        _TRADER, (*_TRADER, "notify_party_id"),
        "How unusual the notify party is for the consignee", (13,),
    ),
    _unusual(
        _TRADER, (*_TRADER, "office_id"), "How unusual the office is for the consignee", (33,)
    ),
    _unusual(
        _TRADER, (*_TRADER, "carrier_id"), "How unusual the carrier is for the consignee", (34,)
    ),
    _unusual(
        ("goods_words",), ("goods_words", "hs4"),
        "How unusual the heading is for goods described in these words", (22,),
    ),
    _unusual(("hs6",), ("hs6", "tax_regime"), "How unusual the regime is for the goods", (56,)),
    _unusual(
        ("loading_site", "discharge_site"),
        ("loading_site", "transshipment_site", "discharge_site"),
        "How unusual the transshipment is on the route", (28, 30),
    ),
    _lift("hs6", "origin_country", "How usual the goods are from this origin", (24,)),
    CrossFeature(
        Feature(
            name="cash_for_new_pair",
            family="party",
            meaning="Traders that never dealt before, and payment in cash or in advance.",
            sentence=words.cash_for_new_pair,
            unit="flag",
            indicators=(52,),
            key=KeySettings(columns=_PAIR).name,
            unsaid=say("method of payment: not stated"),
        ),
        (_PAIR,),
        lambda earlier, rows: cash_for_new_pair(earlier[_PAIR], rows["payment_method"]),
    ),
)  # fmt: skip
"""Every crossed feature, in the order of the matrix."""


def cross_features(settings: FeatureSettings) -> tuple[CrossFeature, ...]:
    """List the crossed features whose keys the settings follow.

    Parameters
    ----------
    settings
        Profile keys.

    Examples
    --------
    >>> from targeting.config import FeatureSettings
    >>> cross_features(FeatureSettings())[0].feature.name
    'consignee_x_hs2_unusual'
    """
    followed = {key.columns for key in settings.keys if key.measure == "price"}
    return tuple(one for one in CROSS_FEATURES if followed.issuperset(one.needs))


def columns_crossed(settings: FeatureSettings) -> dict[str, Key]:
    """Name the keys that crossed features look at, and their columns.

    Parameters
    ----------
    settings
        Profile keys.
    """
    needed = {key for one in cross_features(settings) for key in one.needs}
    followed = (key for key in settings.keys if key.measure == "price")
    return {key.name: key.columns for key in followed if key.columns in needed}
