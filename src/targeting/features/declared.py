"""Features of the declaration itself: small pure functions over its columns.

A value that is missing, or a ratio without a denominator, is NaN: never inf, never zero. That a
document is missing is not a feature of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.features import (
    documents,
    paper_sentences,
    places,
    risk_goods,
    sentences,
    units,
    words,
)
from targeting.features.columns import Floats, flag, floats, ratio
from targeting.features.declared_words import UNSAID
from targeting.features.registry import Family, Feature, Sentence, computable_from
from targeting.language import say
from targeting.tables.iso6346 import is_valid, is_well_formed


@dataclass(frozen=True, slots=True)
class DeclaredFeature:
    """A feature and the function that computes it.

    Parameters
    ----------
    feature
        What it is.
    compute
        From the wanted declarations (schema columns, `lodged_local`) to shape (n,) floats.
    """

    feature: Feature
    compute: Callable[[pd.DataFrame], Floats]


def _column(name: str) -> Callable[[pd.DataFrame], Floats]:
    return lambda rows: floats(rows[name])


def _over(above: str, below: str) -> Callable[[pd.DataFrame], Floats]:
    return lambda rows: ratio(_column(above)(rows), _column(below)(rows))


def _net_above_gross(rows: pd.DataFrame) -> Floats:
    net, gross = _column("net_mass_kg")(rows), _column("gross_mass_kg")(rows)
    return flag(net > gross, ~np.isnan(net) & ~np.isnan(gross))


def _roundness(name: str) -> Callable[[pd.DataFrame], Floats]:
    """Count the trailing zeros of the whole part: 12,000 has three, 12,345 none."""

    def zeros(rows: pd.DataFrame) -> Floats:
        value = np.round(_column(name)(rows))
        count = np.zeros(len(value))
        for power in range(1, 7):
            with np.errstate(invalid="ignore"):
                count += np.mod(value, 10.0**power) == 0
        return np.where(value > 0, count, np.nan).astype(np.float64)

    return zeros


def _duty(rows: pd.DataFrame) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        return _column("customs_value")(rows) * _column("duty_rate_pct")(rows) / 100


def _hs_number(rows: pd.DataFrame) -> Floats:
    """Six digits as a number: neighbours in the tariff are neighbours on the axis."""
    head = rows["hs_code"].str.slice(0, 6).str.pad(6, side="right", fillchar="0")
    return floats(pd.to_numeric(head, errors="coerce"))


def _hs_digits(rows: pd.DataFrame) -> Floats:
    return floats(rows["hs_code"].str.len())


def _length(rows: pd.DataFrame) -> Floats:
    return floats(rows["goods_description"].str.len())


def _words(rows: pd.DataFrame) -> Floats:
    return floats(rows["goods_description"].str.count(r"\w{3,}"))


def _differs(left: str, right: str) -> Callable[[pd.DataFrame], Floats]:
    def differs(rows: pd.DataFrame) -> Floats:
        known = rows[left].notna() & rows[right].notna()
        return flag((rows[left] != rows[right]).to_numpy(), known.to_numpy())

    return differs


def _at_night(rows: pd.DataFrame) -> Floats:
    hour = _hour(rows)
    return ((hour < 6) | (hour >= 22)).astype(np.float64)


def _notice_hours(rows: pd.DataFrame) -> Floats:
    ahead = pd.to_datetime(rows["arrival_at"], utc=True) - pd.to_datetime(
        rows["lodged_at"], utc=True
    )
    return floats(ahead.dt.total_seconds() / 3600)


def _hour(rows: pd.DataFrame) -> Floats:
    return floats(rows["lodged_local"].dt.hour)


def _weekday(rows: pd.DataFrame) -> Floats:
    return floats(rows["lodged_local"].dt.day_of_week)


def _transshipped(rows: pd.DataFrame) -> Floats:
    return flag(
        rows["transshipment_port"].notna().to_numpy(), rows["loading_port"].notna().to_numpy()
    )


def _bad_check_digit(rows: pd.DataFrame) -> Floats:
    numbers = rows["container_id"]
    return flag(~is_valid(numbers), is_well_formed(numbers))


def _full_without_seal(rows: pd.DataFrame) -> Floats:
    full = (rows["container_load"] == "FCL").fillna(value=False).to_numpy(dtype=bool)
    return flag(rows["seal_id"].isna().to_numpy(), full)


def _empty_with_mass(rows: pd.DataFrame) -> Floats:
    empty = (rows["container_load"] == "empty").fillna(value=False).to_numpy(dtype=bool)
    return flag(_column("net_mass_kg")(rows) > 0, empty)


_GROUPS = {
    "unit_value": "price", "customs_value": "value", "value_zeros": "value", "duty": "value",
    "net_mass_kg": "mass", "gross_mass_kg": "mass", "mass_zeros": "mass",
    "net_to_gross": "gross and net", "net_above_gross": "gross and net",
    "freight_share": "freight", "freight_per_kg": "freight",
    "description_length": "description", "description_words": "description",
    "lodged_hour": "lodging", "lodged_weekday": "lodging", "lodged_at_night": "lodging",
    "stop_words_only": "description", "stop_words": "description",
    "informative_words": "description", "freight_not_counted": "freight",
    "detour_km": "detour", "detour_ratio": "detour",
    "payload_share": "payload", "overloaded": "payload", "nearly_empty": "payload",
    "manifest_mass_gap": "manifest", "manifest_package_gap": "manifest",
    "terms_unfit_mode": "delivery terms", "seller_pays_freight": "delivery terms",
}  # fmt: skip
"""Features that speak of the same thing; each other one speaks for itself."""

_Listed = tuple[
    str,
    Family,
    str,
    str,
    tuple[int, ...],
    Sentence,
    Callable[[pd.DataFrame], Floats],
]

# name, family, meaning, unit, indicators, sentence, function
_LISTED: tuple[_Listed, ...] = (
    ("customs_value", "goods and price", "Customs value of the line.", "currency", (46,),
     sentences.plain("customs_value"), _column("customs_value")),
    ("net_mass_kg", "goods and price", "Net mass.", "kg", (38,),
     sentences.plain("net_mass_kg"), _column("net_mass_kg")),
    ("gross_mass_kg", "goods and price", "Gross mass.", "kg", (38,),
     sentences.plain("gross_mass_kg"), _column("gross_mass_kg")),
    ("unit_value", "goods and price", "Customs value per kg of net mass.",
     "currency per kg", (46,),
     sentences.plain("unit_value"), _over("customs_value", "net_mass_kg")),
    ("value_per_package", "goods and price", "Customs value per package.",
     "currency per package", (47,),
     sentences.plain("value_per_package"),
     _over("customs_value", "package_count")),
    ("kg_per_package", "goods and price", "Gross mass per package.", "kg per package", (39,),
     sentences.load, _over("gross_mass_kg", "package_count")),
    ("package_count", "goods and price", "Packages of the line.", "packages", (39,),
     sentences.plain("package_count"), _column("package_count")),
    ("net_to_gross", "goods and price", "Net mass over gross mass.", "", (41,),
     sentences.masses, _over("net_mass_kg", "gross_mass_kg")),
    ("net_above_gross", "goods and price", "Net mass exceeds gross mass.", "flag", (41,),
     sentences.masses, _net_above_gross),
    ("freight_share", "goods and price", "Freight over customs value.", "", (48,),
     sentences.freight, _over("freight_cost", "customs_value")),
    ("freight_per_kg", "goods and price", "Freight per kg of gross mass.",
     "currency per kg", (49,),
     sentences.plain("freight_per_kg"), _over("freight_cost", "gross_mass_kg")),
    ("duty_rate_pct", "goods and price", "Rate of duty.", "percent", (55,),
     sentences.duty_rate, _column("duty_rate_pct")),
    ("duty", "goods and price", "Duty at stake: value times rate.", "currency", (55,),
     sentences.plain("duty"), _duty),
    ("value_zeros", "goods and price", "Trailing zeros of the customs value.", "", (43,),
     sentences.zeros("value_zeros", "customs_value"), _roundness("customs_value")),
    ("mass_zeros", "goods and price", "Trailing zeros of the gross mass.", "", (43,),
     sentences.zeros("mass_zeros", "gross_mass_kg"), _roundness("gross_mass_kg")),
    ("hs_number", "goods and price", "First six digits of the goods code as a number.",
     "", (), sentences.hs, _hs_number),
    ("hs_digits", "document", "Digits of the goods code.", "digits", (23,), sentences.digits,
     _hs_digits),
    ("description_length", "document", "Length of the goods description.", "characters",
     (21,), paper_sentences.described, _length),
    ("description_words", "document", "Words of three letters or more in the description.",
     "words", (21,), paper_sentences.described, _words),
    ("amendment_count", "document", "Amendments held when the line was lodged.",
     "amendments", (68,), sentences.plain("amendment_count"),
     _column("amendment_count")),
    ("dispatch_differs", "route", "Dispatched from another country than the origin.",
     "flag", (27,), paper_sentences.route, _differs("origin_country", "dispatch_country")),
    ("transshipped", "route", "A transshipment port is stated.", "flag", (30,),
     sentences.if_set("transshipped"),
     _transshipped),
    ("bad_check_digit", "conveyance", "The container number's check digit fails.",
     "flag", (60,),
     sentences.if_set("bad_check_digit"), _bad_check_digit),
    ("full_without_seal", "conveyance", "A full container without a seal number.",
     "flag", (63,),
     sentences.if_set("full_without_seal"), _full_without_seal),
    ("empty_with_mass", "conveyance", "A container declared empty with goods in it.",
     "flag", (45,),
     sentences.if_set("empty_with_mass"), _empty_with_mass),
    ("notice_hours", "timing", "Hours from lodging to expected arrival.", "hours", (67,),
     paper_sentences.notice, _notice_hours),
    ("lodged_hour", "timing", "Local hour of lodging.", "hour", (70,),
     paper_sentences.lodged, _hour),
    ("lodged_weekday", "timing", "Local weekday of lodging, Monday is 0.", "", (70,),
     paper_sentences.lodged, _weekday),
    ("lodged_at_night", "timing", "Lodged between 22 and 6 h local time.", "flag", (70,),
     paper_sentences.lodged, _at_night),
    ("precursor", "goods and price", "Goods code of a listed drug precursor.", "flag", (26,),
     sentences.if_set("precursor"), risk_goods.listed_goods("precursor")),
    ("strategic_goods", "goods and price", "Goods code of listed strategic goods.", "flag", (),
     sentences.if_set("strategic_goods"), risk_goods.listed_goods("strategic")),
    ("risk_origin", "goods and price", "Goods and origin are on the risk list.", "flag", (26,),
     sentences.risk_origin, risk_goods.risk_origin),
    ("returned_goods", "goods and price", "Imported goods that originate where they are bound for.",
     "flag", (25,),
     sentences.if_set("returned_goods"),
     places.returned_goods),
    ("preference_elsewhere", "goods and price",
     "A preference is claimed, yet the goods were dispatched outside their origin.", "flag", (56,),
     sentences.if_set("preference_elsewhere"),
     documents.preference_elsewhere),
    ("freight_not_counted", "goods and price",
     "Freight is zero, or not stated although the delivery terms leave it to the buyer.",
     "flag", (50, 53),
     sentences.if_set("freight_not_counted"),
     documents.freight_not_counted),
    ("terms_unfit_mode", "document", "Delivery terms for ships on goods that travel otherwise.",
     "flag", (53,), paper_sentences.terms, documents.terms_unfit_mode),
    ("seller_pays_freight", "document", "By the delivery terms the seller pays the freight.",
     "flag", (51, 53),
     sentences.if_set("seller_pays_freight"),
     documents.seller_pays_freight),
    ("manifest_mass_gap", "document", "Log of the manifest's gross mass over the declared one.",
     "", (36,), paper_sentences.manifest_mass, documents.manifest_mass_gap),
    ("manifest_package_gap", "document", "Log of the manifest's packages over the declared ones.",
     "", (36,), paper_sentences.manifest_packages, documents.manifest_package_gap),
    ("stop_words_only", "document", "The description holds nothing but stop words.", "flag", (20,),
     sentences.if_set("stop_words_only"), words.stop_words_only),
    ("stop_words", "document", "Stop words and terms in the description.", "words", (20,),
     paper_sentences.stop_words, words.stop_words),
    ("informative_words", "document", "Distinct words of the description that may name goods.",
     "words", (21,), paper_sentences.informative, words.informative_words),
    ("notify_is_consignee", "party", "The notify party is the consignee.", "flag", (12,),
     sentences.if_set("notify_is_consignee"),
     documents.same_party("notify_party_id", "consignee_id")),
    ("consignee_is_agent", "party", "The consignee is also the carrier or the declarant.", "flag",
     (11,), sentences.if_set("consignee_is_agent"),
     documents.consignee_is_agent),
    ("loaded_elsewhere", "route", "Loaded in another country than the goods were dispatched from.",
     "flag", (27,), paper_sentences.loaded, places.loaded_elsewhere),
    ("direct_km", "route", "Great circle from loading to discharge.", "km", (29,),
     sentences.plain("direct_km"), places.direct_km),
    ("detour_km", "route", "Way over the transshipment port beyond the direct one.", "km", (29,),
     paper_sentences.detour, places.detour_km),
    ("detour_ratio", "route", "Way over the transshipment port over the direct one.", "", (29,),
     paper_sentences.detour, places.detour_ratio),
    ("hubs_on_route", "route", "Listed hubs and free zones among loading and transshipment.",
     "places", (31,), paper_sentences.hubs, places.hubs_on_route),
    ("payload_share", "conveyance", "Gross mass of the line over the container's payload.",
     "", (42,), sentences.payload, units.payload_share),
    ("overloaded", "conveyance", "The line is heavier than the container's payload.", "flag", (42,),
     sentences.payload, units.overloaded),
    ("nearly_empty", "conveyance",
     "A full container of whose payload this line takes next to nothing.", "flag", (42,),
     sentences.payload, units.nearly_empty),
    ("unfit_unit", "conveyance", "Goods that do not usually travel in this kind of container.",
     "flag", (62,), sentences.unit, units.unfit_unit),
    ("odd_owner_code", "conveyance", "Fourth letter of the container number is not U, J or Z.",
     "flag", (61,),
     sentences.if_set("odd_owner_code"),
     units.odd_owner_code),
    ("sealed_by_shipper", "conveyance", "The seal was not set by the carrier or an authority.",
     "flag", (66,),
     sentences.if_set("sealed_by_shipper"), documents.sealed_by_shipper),
)  # fmt: skip

_READS = {
    "unit_value": ("customs_value",), "value_per_package": ("customs_value",),
    "net_to_gross": ("net_mass_kg",), "net_above_gross": ("net_mass_kg",),
    "freight_share": ("freight_cost",), "freight_per_kg": ("freight_cost",),
    "duty": ("customs_value",), "value_zeros": ("customs_value",),
    "dispatch_differs": ("origin_country",), "empty_with_mass": ("net_mass_kg",),
    "risk_origin": ("origin_country",), "returned_goods": ("origin_country",),
    "preference_elsewhere": ("tax_regime",), "freight_not_counted": ("freight_cost",),
    "terms_unfit_mode": ("incoterm",), "seller_pays_freight": ("incoterm",),
    "manifest_mass_gap": ("manifest_gross_mass_kg",),
    "manifest_package_gap": ("manifest_package_count",),
    "consignee_is_agent": ("declarant_id",), "loaded_elsewhere": ("dispatch_country",),
}  # fmt: skip
"""The columns that decide when a feature can be known; a name not listed is its own column, or
reads the manifest alone."""

_AT_ODDS = frozenset({"bad_check_digit", "net_above_gross", "overloaded"})
"""A document that cannot be true as it stands is beyond doubt no better than one that can."""

DECLARED_FEATURES: tuple[DeclaredFeature, ...] = tuple(
    DeclaredFeature(
        Feature(
            name,
            family,
            meaning,
            sentence,
            unit,
            indicators,
            group=_GROUPS.get(name, ""),
            pattern=name == "hs_number",
            computable=computable_from(_READS.get(name, (name,))),
            rises=name in _AT_ODDS,
            unsaid=say(UNSAID[_GROUPS.get(name, name)]),
        ),
        compute,
    )
    for name, family, meaning, unit, indicators, sentence, compute in _LISTED
)
"""Every feature computed from the declaration alone, in the order of the matrix."""

EXTRA_COLUMNS = (
    "incoterm", "manifest_gross_mass_kg", "manifest_package_count", "sealing_party",
)  # fmt: skip
"""Columns that are no part of the schema and that these features read where an extract brings
them."""
