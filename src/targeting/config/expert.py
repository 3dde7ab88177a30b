"""Settings of the expert score: indicators that people weigh, before any result is known."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from targeting.config.base import Settings


class ConditionSettings(Settings):
    """When a fact of a line holds.

    A feature that is not known meets no condition, unless `missing` says so.

    Parameters
    ----------
    feature
        Name of a feature, as docs/features.md lists them.
    at_least, at_most
        Bounds of its value, themselves included.
    equals
        The value itself, such as 1 for a flag.
    missing
        Met also where the feature is not known; alone, met only there.
    """

    feature: str = Field(min_length=1)
    at_least: float | None = None
    at_most: float | None = None
    equals: float | None = None
    missing: bool = False

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        bounds = (self.at_least, self.at_most)
        if self.equals is not None and bounds != (None, None):
            raise ValueError("give `equals`, or `at_least` and `at_most`, not both")
        if not self.missing and self.equals is None and bounds == (None, None):
            raise ValueError("say when: at_least, at_most, equals or missing")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most, so it is never met")
        return self


class IndicatorSettings(ConditionSettings):
    """One indicator: a condition, what it is worth, and how an officer reads it.

    Parameters
    ----------
    points
        Added to the log-odds of a hit where the condition is met; below zero lowers the risk.
        0.3 is a weak sign, 0.6 a sign, 1.0 a strong one: odds times 1.3, 1.8 and 2.7.
    words
        The fact as an officer reads it. One indicator each, and never a trader's name.
    number
        Of the indicator in the catalogue at the end of docs/features.md; None for one's own.
    source
        Where the idea comes from; short names are told in docs/expert.md.
    also
        Further conditions, all of which must be met.
    """

    points: float = Field(ge=-5, le=5)
    words: str = Field(min_length=3, max_length=120)
    number: int | None = Field(default=None, ge=1)
    source: str = ""
    also: tuple[ConditionSettings, ...] = ()

    @property
    def conditions(self) -> tuple[ConditionSettings, ...]:
        """All conditions: its own, then those of `also`."""
        return (self, *self.also)


def _sign(
    feature: str,
    points: float,
    words: str,
    of: tuple[int, str],
    also: tuple[ConditionSettings, ...] = (),
    **condition: float,
) -> IndicatorSettings:
    return IndicatorSettings(
        feature=feature,
        points=points,
        words=words,
        number=of[0],
        source=of[1],
        also=also,
        at_least=condition.get("at_least"),
        at_most=condition.get("at_most"),
        equals=condition.get("equals"),
    )


def _and(feature: str, **bounds: float) -> tuple[ConditionSettings, ...]:
    return (
        ConditionSettings(
            feature=feature, at_least=bounds.get("at_least"), at_most=bounds.get("at_most")
        ),
    )


_WEAK, _SIGN, _STRONG = 0.3, 0.6, 1.0
_SOME = 10
"""Earlier lines from which habits can be told."""

_KNOWN = _and("consignee_declarations", at_least=_SOME)
"""To be new to a consignee that is new itself says nothing more."""

_OFTEN_CAUGHT = 0.15
"""A hit rate some three times what most administrations find among examined lines."""

DEFAULT_INDICATORS: tuple[IndicatorSettings, ...] = (
    # Who trades: newness, habit, and what was found before.
    _sign("consignee_declarations", _SIGN, "first declaration of this consignee",
          (1, "EU1276, UKPI, BIS"), at_most=0),
    _sign("consignee_days_since_first", _WEAK, "consignee first seen less than 90 days ago",
          (1, "EU1276, UKPI, BIS"), at_most=90),
    _sign("consignor_declarations", _SIGN, "first declaration of this consignor",
          (2, "EU1276, UKPI"), at_most=0),
    _sign("consignee_x_consignor_declarations", _WEAK,
          "first deal of a known consignee with this consignor", (3, "EU1276"), _KNOWN,
          at_most=0),
    _sign("consignee_days_since_last", _WEAK, "consignee active again after half a year or more",
          (5, "EU1276, FATF"), at_least=180),
    _sign("consignee_pace", _WEAK, "consignee's declarations have jumped",
          (6, "EU1276, FATF"), _and("consignee_days_since_first", at_least=180), at_least=0.4),
    _sign("consignee_x_hs2_declarations", _SIGN,
          "goods of a chapter new to a known consignee", (7, "BIS, FATF, AUS"), _KNOWN, at_most=0),
    _sign("consignee_x_notify_party_declarations", _WEAK,
          "a notify party new to a known consignee", (13, "AUS"), _KNOWN, at_most=0),
    _sign("consignee_x_declarant_declarations", _WEAK, "a declarant new to a known consignee",
          (16, "AUS"), _KNOWN, at_most=0),
    _sign("declarant_hit_rate", _SIGN, "the declarant's lines are often hits",
          (17, "VANH, EU1276"), at_least=_OFTEN_CAUGHT),
    _sign("consignee_hits", _SIGN, "an earlier hit of this consignee", (18, "EU1276, DATE"),
          at_least=1),
    _sign("consignee_hit_rate", _SIGN, "the consignee's lines are often hits",
          (18, "EU1276, DATE"), at_least=_OFTEN_CAUGHT),
    _sign("consignor_hit_rate", _SIGN, "the consignor's lines are often hits",
          (18, "EU1276, DATE"), at_least=_OFTEN_CAUGHT),
    _sign("consignee_examinations", -_SIGN, "consignee examined five times or more, never a hit",
          (18, "WTO"), _and("consignee_hits", at_most=0), at_least=5),
    _sign("notify_party_hit_rate", _WEAK, "the notify party's lines are often hits",
          (19, "ATS"), at_least=_OFTEN_CAUGHT),
    _sign("consignee_via_container_hit_rate", _WEAK,
          "containers this consignee used are often hits", (19, "ATS"), at_least=_OFTEN_CAUGHT),
    # What is said to be inside, and at what price.
    _sign("stop_words_only", _SIGN, "the description holds nothing but stop words",
          (20, "ICS2, CBP, FATF"), equals=1),
    _sign("goods_words_x_hs4_declarations", _SIGN,
          "goods so described were never declared under this heading", (22, "FATF, EU1276"),
          _and("goods_words_declarations", at_least=_SOME), at_most=0),
    _sign("hs6_x_origin_lift", _SIGN, "goods that seldom come from this origin",
          (24, "EU1276, CAN"), at_most=-1.5),
    _sign("risk_origin", _SIGN, "goods and origin are on the risk list", (26, "WTO, INCB"),
          equals=1),
    _sign("precursor", _SIGN, "a goods code of drug precursors", (26, "INCB"), equals=1),
    _sign("hs6_price_z", _SIGN, "price far below the usual of the goods", (46, "DATE, KCS, FATF"),
          at_most=-2),
    _sign("hs6_x_origin_price_z", _SIGN, "price far below the usual of the goods from this origin",
          (46, "DATE, KCS, FATF"), at_most=-2),
    _sign("freight_share", _SIGN, "freight is half the value of the goods or more",
          (48, "EUGP, JJK"), at_least=0.5),
    _sign("duty_rate_pct", _WEAK, "duty of 15 % or more: something to gain", (55, "DATE"),
          at_least=15),
    _sign("preference_elsewhere", _SIGN,
          "a preference is claimed for goods dispatched outside their origin", (56, "EU1276"),
          equals=1),
    # Which way it came.
    _sign("dispatch_differs", _WEAK, "dispatched from another country than the origin",
          (27, "EU1276, EUGP"), equals=1),
    _sign("loading_site_x_discharge_site_declarations", _WEAK, "route not seen before",
          (28, "BIS, WWF"), at_most=0),
    _sign("detour_ratio", _WEAK, "the way is half as long again as the direct one",
          (29, "BIS, WWF"), at_least=1.5),
    _sign("hubs_on_route", _WEAK, "a transshipment hub or free zone on the route", (31, "FATF"),
          at_least=1),
    _sign("consignee_x_office_declarations", _WEAK, "an office new to a known consignee",
          (33, "EU1276"), _KNOWN, at_most=0),
    # Papers and mass that do not fit.
    _sign("manifest_mass_gap", _SIGN, "the manifest states a tenth more mass or above",
          (36, "EUGP, SWB"), at_least=0.1),
    _sign("manifest_package_gap", _SIGN, "the manifest states a tenth more packages or above",
          (36, "EUGP, SWB"), at_least=0.1),
    _sign("hs6_x_container_type_gross_mass_z", _WEAK,
          "mass far above the usual of goods and container", (38, "EUGP, WWF"), at_least=3),
    _sign("net_above_gross", _SIGN, "net mass above gross mass", (41, "DATE"), equals=1),
    _sign("overloaded", _SIGN, "heavier than the container can carry", (42, "EXAM, CAN"), equals=1),
    _sign("nearly_empty", _SIGN, "a full container with almost nothing in it", (42, "EXAM, CAN"),
          equals=1),
    _sign("empty_with_mass", _STRONG, "declared empty, yet a goods mass is stated", (45, "EXAM"),
          equals=1),
    _sign("amendment_count", _WEAK, "amended twice or more", (68, "SWB, WTD, AWM"), at_least=2),
    _sign("notice_hours", _WEAK, "lodged six hours before arrival or later", (67, "WWF"),
          at_most=6),
    # The box and its seal.
    _sign("container_hits", _STRONG, "an earlier hit in this container", (59, "EUGP"), at_least=1),
    _sign("bad_check_digit", _WEAK, "the container number's check digit fails", (60, "ISO 6346"),
          equals=1),
    _sign("unfit_unit", _WEAK, "goods that do not usually travel in this kind of container",
          (62, "EXAM"), equals=1),
    _sign("full_without_seal", _SIGN, "a full container without a seal number", (63, "JOC, EXAM"),
          equals=1),
    _sign("seal_declarations", _SIGN, "a seal number seen before", (64, "JOC, NEPIA"), at_least=1),
)  # fmt: skip
"""What customs would weigh, by the public sources of ../shared/domain.md section 1.2. Points were
set by those sources alone, before any world was looked at: what published work finds strongest (1
to 7, 17, 18, 24, 46) is worth 0.6, what is only named 0.3, a contradiction in terms or a unit
caught before 1.0."""


class ExpertSettings(Settings):
    """The expert score (`configs/expert.yaml`): points added up, in log-odds.

    Parameters
    ----------
    base_rate
        Share of all lines that are hits, as one would guess it; where the sum starts.
    prior_hits
        Hits at which the trained model weighs as much as the expert score.
    indicators
        What raises or lowers the risk, and by how much. A list given replaces all of them.
    """

    base_rate: float = Field(default=0.02, gt=0, lt=1)
    prior_hits: float = Field(default=25.0, gt=0)
    indicators: tuple[IndicatorSettings, ...] = Field(default=DEFAULT_INDICATORS, min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        words = [indicator.words for indicator in self.indicators]
        twice = sorted({one for one in words if words.count(one) > 1})
        if twice:
            raise ValueError(f"the indicators {', '.join(map(repr, twice))} are listed twice")
        return self
