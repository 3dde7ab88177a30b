"""Features of the declaration itself: small pure functions over its columns.

A value that is missing, or a ratio without a denominator, is NaN: never inf, never zero. That a
document is missing is not a feature of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting.features import sentences
from targeting.features.registry import Family, Feature
from targeting.tables.iso6346 import is_valid, is_well_formed

Floats = npt.NDArray[np.float64]


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


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where the denominator is zero, negative or missing.

    Parameters
    ----------
    above
        Shape (n,). Numerators; NaN where unknown.
    below
        Shape (n,). Denominators; NaN where unknown.

    Examples
    --------
    >>> ratio(np.array([6.0, 1.0]), np.array([3.0, 0.0])).tolist()
    [2.0, nan]
    """
    known = below > 0
    with np.errstate(over="ignore"):
        return np.divide(above, below, out=np.full(len(above), np.nan), where=known)


def flag(true: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]) -> Floats:
    """Return 1 or 0, and NaN where it cannot be known.

    Parameters
    ----------
    true
        Shape (n,). Whether it holds, where that is known.
    known
        Shape (n,). Whether it can be known.

    Examples
    --------
    >>> flag(np.array([True, False, True]), np.array([True, True, False])).tolist()
    [1.0, 0.0, nan]
    """
    return np.where(known, true, np.nan).astype(np.float64)


def _floats(column: pd.Series) -> Floats:
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _column(name: str) -> Callable[[pd.DataFrame], Floats]:
    return lambda rows: _floats(rows[name])


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
    with np.errstate(over="ignore"):
        return _column("customs_value")(rows) * _column("duty_rate_pct")(rows) / 100


def _hs_number(rows: pd.DataFrame) -> Floats:
    """Six digits as a number: neighbours in the tariff are neighbours on the axis."""
    head = rows["hs_code"].str.slice(0, 6).str.pad(6, side="right", fillchar="0")
    return _floats(pd.to_numeric(head, errors="coerce"))


def _hs_digits(rows: pd.DataFrame) -> Floats:
    return _floats(rows["hs_code"].str.len())


def _length(rows: pd.DataFrame) -> Floats:
    return _floats(rows["goods_description"].str.len())


def _words(rows: pd.DataFrame) -> Floats:
    return _floats(rows["goods_description"].str.count(r"\w{3,}"))


def _differs(left: str, right: str) -> Callable[[pd.DataFrame], Floats]:
    def differs(rows: pd.DataFrame) -> Floats:
        known = rows[left].notna() & rows[right].notna()
        return flag((rows[left] != rows[right]).to_numpy(), known.to_numpy())

    return differs


def _notice_hours(rows: pd.DataFrame) -> Floats:
    ahead = pd.to_datetime(rows["arrival_at"], utc=True) - pd.to_datetime(
        rows["lodged_at"], utc=True
    )
    return _floats(ahead.dt.total_seconds() / 3600)


def _hour(rows: pd.DataFrame) -> Floats:
    return _floats(rows["lodged_local"].dt.hour)


def _weekday(rows: pd.DataFrame) -> Floats:
    return _floats(rows["lodged_local"].dt.day_of_week)


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
    "lodged_hour": "lodging", "lodged_weekday": "lodging",
}  # fmt: skip
"""Features that speak of the same thing; each other one speaks for itself."""

_Listed = tuple[
    str,
    Family,
    str,
    str,
    tuple[int, ...],
    Callable[[Mapping[str, object]], str],
    Callable[[pd.DataFrame], Floats],
]

# name, family, meaning, unit, indicators, sentence, function
_LISTED: tuple[_Listed, ...] = (
    ("customs_value", "goods and price", "Customs value of the line.", "currency", (46,),
     sentences.plain("customs_value", "customs value"), _column("customs_value")),
    ("net_mass_kg", "goods and price", "Net mass.", "kg", (38,),
     sentences.plain("net_mass_kg", "net mass", "kg"), _column("net_mass_kg")),
    ("gross_mass_kg", "goods and price", "Gross mass.", "kg", (38,),
     sentences.plain("gross_mass_kg", "gross mass", "kg"), _column("gross_mass_kg")),
    ("unit_value", "goods and price", "Customs value per kg of net mass.",
     "currency per kg", (46,), sentences.unit_value, _over("customs_value", "net_mass_kg")),
    ("value_per_package", "goods and price", "Customs value per package.",
     "currency per package", (47,),
     sentences.plain("value_per_package", "value per package"),
     _over("customs_value", "package_count")),
    ("kg_per_package", "goods and price", "Gross mass per package.", "kg per package", (39,),
     sentences.load, _over("gross_mass_kg", "package_count")),
    ("package_count", "goods and price", "Packages of the line.", "packages", (39,),
     sentences.plain("package_count", "packages"), _column("package_count")),
    ("net_to_gross", "goods and price", "Net mass over gross mass.", "", (41,),
     sentences.masses, _over("net_mass_kg", "gross_mass_kg")),
    ("net_above_gross", "goods and price", "Net mass exceeds gross mass.", "flag", (41,),
     sentences.masses, _net_above_gross),
    ("freight_share", "goods and price", "Freight over customs value.", "", (48,),
     sentences.freight, _over("freight_cost", "customs_value")),
    ("freight_per_kg", "goods and price", "Freight per kg of gross mass.",
     "currency per kg", (49,),
     sentences.plain("freight_per_kg", "freight per kg"), _over("freight_cost", "gross_mass_kg")),
    ("duty_rate_pct", "goods and price", "Rate of duty.", "percent", (55,),
     sentences.plain("duty_rate_pct", "duty rate", "%"), _column("duty_rate_pct")),
    ("duty", "goods and price", "Duty at stake: value times rate.", "currency", (55,),
     sentences.plain("duty", "duty at stake"), _duty),
    ("value_zeros", "goods and price", "Trailing zeros of the customs value.", "", (43,),
     sentences.zeros("value_zeros", "customs_value", "customs value"), _roundness("customs_value")),
    ("mass_zeros", "goods and price", "Trailing zeros of the gross mass.", "", (43,),
     sentences.zeros("mass_zeros", "gross_mass_kg", "gross mass"), _roundness("gross_mass_kg")),
    ("hs_number", "goods and price", "First six digits of the goods code as a number.",
     "", (), sentences.hs, _hs_number),
    ("hs_digits", "document", "Digits of the goods code.", "digits", (23,), sentences.digits,
     _hs_digits),
    ("description_length", "document", "Length of the goods description.", "characters",
     (21,), sentences.described, _length),
    ("description_words", "document", "Words of three letters or more in the description.",
     "words", (21,), sentences.described, _words),
    ("amendment_count", "document", "Amendments held when the line was lodged.",
     "amendments", (68,), sentences.plain("amendment_count", "amendments"),
     _column("amendment_count")),
    ("dispatch_differs", "route", "Dispatched from another country than the origin.",
     "flag", (27,), sentences.route, _differs("origin_country", "dispatch_country")),
    ("transshipped", "route", "A transshipment port is stated.", "flag", (30,),
     sentences.if_set("transshipped", "transshipped on the way", "no transshipment stated"),
     _transshipped),
    ("bad_check_digit", "conveyance", "The container number's check digit fails.",
     "flag", (60,),
     sentences.if_set("bad_check_digit", "the container number's check digit fails",
             "the container number's check digit is right"), _bad_check_digit),
    ("full_without_seal", "conveyance", "A full container without a seal number.",
     "flag", (63,),
     sentences.if_set("full_without_seal", "full container without a seal number",
             "a seal number is stated"), _full_without_seal),
    ("empty_with_mass", "conveyance", "A container declared empty with goods in it.",
     "flag", (45,),
     sentences.if_set("empty_with_mass", "declared empty, yet a goods mass is stated",
             "declared empty, no goods mass"), _empty_with_mass),
    ("notice_hours", "timing", "Hours from lodging to expected arrival.", "hours", (67,),
     sentences.notice, _notice_hours),
    ("lodged_hour", "timing", "Local hour of lodging.", "hour", (70,), sentences.lodged, _hour),
    ("lodged_weekday", "timing", "Local weekday of lodging, Monday is 0.", "", (70,),
     sentences.lodged, _weekday),
)  # fmt: skip

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
        ),
        compute,
    )
    for name, family, meaning, unit, indicators, sentence, compute in _LISTED
)
"""Every feature computed from the declaration alone, in the order of the matrix."""
