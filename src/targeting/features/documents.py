"""One document against another: the manifest, delivery terms, seals, parties and preference.

The manifest's mass and packages, delivery terms and the sealing party are no columns of the schema:
an extract may bring them, and where it does not these features are NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.features.columns import amounts, flag, given, holds, log_ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from targeting.features.columns import Bools, Floats

WATER_TERMS = ("FAS", "FOB", "CFR", "CIF")
"""Incoterms 2020 for sea and inland waterway only."""

BUYER_PAYS = ("EXW", "FCA", "FAS", "FOB")
"""Incoterms by which the buyer pays the main carriage."""

SELLER_PAYS = ("CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP", "DAT", "DAF")
"""Incoterms by which the seller pays it; the last two are of older editions."""

NOT_WATER = ("rail", "road", "air", "post")
PREFERENCE = "PREF"
"""A tax regime that begins so claims a preference, in any case of letters."""


def manifest_mass_gap(rows: pd.DataFrame) -> Floats:
    """Return the log of the manifest's gross mass over the declared one.

    Parameters
    ----------
    rows
        Declarations.
    """
    return log_ratio(amounts(rows, "manifest_gross_mass_kg"), amounts(rows, "gross_mass_kg"))


def manifest_package_gap(rows: pd.DataFrame) -> Floats:
    """Return the log of the manifest's packages over the declared ones.

    Parameters
    ----------
    rows
        Declarations.
    """
    return log_ratio(amounts(rows, "manifest_package_count"), amounts(rows, "package_count"))


def _terms(rows: pd.DataFrame) -> pd.Series:
    return given(rows, "incoterm").astype("string").str.strip().str.upper().str.slice(0, 3)


def terms_unfit_mode(rows: pd.DataFrame) -> Floats:
    """Flag terms made for ships on goods that travel by rail, road, air or post.

    Parameters
    ----------
    rows
        Declarations.
    """
    terms, mode = _terms(rows), rows["transport_mode"]
    known = holds(terms.isin([*BUYER_PAYS, *SELLER_PAYS]))
    return flag(holds(terms.isin(WATER_TERMS)) & holds(mode.isin(NOT_WATER)), known)


def seller_pays_freight(rows: pd.DataFrame) -> Floats:
    """Flag terms by which the seller pays the main carriage: freight is prepaid.

    Parameters
    ----------
    rows
        Declarations.
    """
    terms = _terms(rows)
    seller = holds(terms.isin(SELLER_PAYS))
    return flag(seller, seller | holds(terms.isin(BUYER_PAYS)))


def freight_not_counted(rows: pd.DataFrame) -> Floats:
    """Flag freight of zero, or none stated although the terms leave it to the buyer.

    Freight that is missing says nothing by itself: only together with a value and with terms by
    which it must be added to the price.

    Parameters
    ----------
    rows
        Declarations.
    """
    freight, value = amounts(rows, "freight_cost"), amounts(rows, "customs_value")
    owed = np.isnan(freight) & (value > 0) & holds(_terms(rows).isin(BUYER_PAYS))
    return flag(~(freight > 0), ~np.isnan(freight) | owed)


def sealed_by_shipper(rows: pd.DataFrame) -> Floats:
    """Flag a seal not set by the carrier or an authority.

    Parameters
    ----------
    rows
        Declarations.
    """
    party = given(rows, "sealing_party").astype("string").str.strip().str.lower()
    trusted = holds(party.isin(["carrier", "customs", "terminal", "authority"]))
    return flag(~trusted, party.notna().to_numpy(dtype=bool))


def same_party(left: str, right: str) -> Callable[[pd.DataFrame], Floats]:
    """Return a function that flags one code in two roles.

    Parameters
    ----------
    left, right
        Columns with the codes of two parties.
    """

    def same(rows: pd.DataFrame) -> Floats:
        """Flag rows whose two parties have one code.

        Parameters
        ----------
        rows
            Declarations.
        """
        return flag(holds(rows[left] == rows[right]), _both(rows, left, right))

    return same


def consignee_is_agent(rows: pd.DataFrame) -> Floats:
    """Flag a consignee that is also the carrier or the declarant of the goods.

    Parameters
    ----------
    rows
        Declarations.
    """
    consignee = rows["consignee_id"]
    agent = holds(consignee == rows["carrier_id"]) | holds(consignee == rows["declarant_id"])
    known = rows["carrier_id"].notna() | rows["declarant_id"].notna()
    return flag(agent, (consignee.notna() & known).to_numpy(dtype=bool))


def preference_elsewhere(rows: pd.DataFrame) -> Floats:
    """Flag a preference claimed for goods dispatched or transshipped outside their origin.

    Parameters
    ----------
    rows
        Declarations.
    """
    regime = rows["tax_regime"].astype("string").str.upper()
    claimed = holds(regime.str.startswith(PREFERENCE))
    elsewhere = holds(rows["origin_country"] != rows["dispatch_country"])
    known = regime.notna().to_numpy(dtype=bool) & _both(rows, "origin_country", "dispatch_country")
    return flag(claimed & elsewhere, known)


def _both(rows: pd.DataFrame, left: str, right: str) -> Bools:
    return (rows[left].notna() & rows[right].notna()).to_numpy(dtype=bool)
