"""One document against another: the manifest, delivery terms, seals, parties and preference.

The manifest's mass and packages, delivery terms and the sealing party are no columns of the schema:
an extract may bring them, and where it does not these features are NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.features.columns import flag, log_ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from targeting.features.columns import Bools, Floats
    from targeting.features.lines import Lines, Texts

WATER_TERMS = ("FAS", "FOB", "CFR", "CIF")
"""Incoterms 2020 for sea and inland waterway only."""

BUYER_PAYS = ("EXW", "FCA", "FAS", "FOB")
"""Incoterms by which the buyer pays the main carriage."""

SELLER_PAYS = ("CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP", "DAT", "DAF")
"""Incoterms by which the seller pays it; the last two are of older editions."""

NOT_WATER = ("rail", "road", "air", "post")
PREFERENCE = "PREF"
"""A tax regime that begins so claims a preference, in any case of letters."""


def manifest_mass_gap(rows: Lines) -> Floats:
    """Return the log of the manifest's gross mass over the declared one.

    Parameters
    ----------
    rows
        Declarations.
    """
    return log_ratio(rows.amount("manifest_gross_mass_kg"), rows.amount("gross_mass_kg"))


def manifest_package_gap(rows: Lines) -> Floats:
    """Return the log of the manifest's packages over the declared ones.

    Parameters
    ----------
    rows
        Declarations.
    """
    return log_ratio(rows.amount("manifest_package_count"), rows.amount("package_count"))


def _terms(rows: Lines) -> Texts:
    return rows.text("incoterm").cut(lambda text: text.strip().upper()[:3])


def terms_unfit_mode(rows: Lines) -> Floats:
    """Flag terms made for ships on goods that travel by rail, road, air or post.

    Parameters
    ----------
    rows
        Declarations.
    """
    terms, mode = _terms(rows), rows.text("transport_mode")
    known = terms.among((*BUYER_PAYS, *SELLER_PAYS))
    return flag(terms.among(WATER_TERMS) & mode.among(NOT_WATER), known)


def seller_pays_freight(rows: Lines) -> Floats:
    """Flag terms by which the seller pays the main carriage: freight is prepaid.

    Parameters
    ----------
    rows
        Declarations.
    """
    terms = _terms(rows)
    seller = terms.among(SELLER_PAYS)
    return flag(seller, seller | terms.among(BUYER_PAYS))


def freight_not_counted(rows: Lines) -> Floats:
    """Flag freight of zero, or none stated although the terms leave it to the buyer.

    Freight that is missing says nothing by itself: only together with a value and with terms by
    which it must be added to the price.

    Parameters
    ----------
    rows
        Declarations.
    """
    freight, value = rows.amount("freight_cost"), rows.amount("customs_value")
    owed = np.isnan(freight) & (value > 0) & _terms(rows).among(BUYER_PAYS)
    return flag(~(freight > 0), ~np.isnan(freight) | owed)


def sealed_by_shipper(rows: Lines) -> Floats:
    """Flag a seal not set by the carrier or an authority.

    Parameters
    ----------
    rows
        Declarations.
    """
    party = rows.text("sealing_party").cut(lambda text: text.strip().lower())
    return flag(~party.among(("carrier", "customs", "terminal", "authority")), party.known)


def same_party(left: str, right: str) -> Callable[[Lines], Floats]:
    """Return a function that flags one code in two roles.

    Parameters
    ----------
    left, right
        Columns with the codes of two parties.
    """

    def same(rows: Lines) -> Floats:
        """Flag rows whose two parties have one code.

        Parameters
        ----------
        rows
            Declarations.
        """
        return flag(rows.text(left).is_(rows.text(right)), _both(rows, left, right))

    return same


def consignee_is_agent(rows: Lines) -> Floats:
    """Flag a consignee that is also the carrier or the declarant of the goods.

    Parameters
    ----------
    rows
        Declarations.
    """
    consignee, carrier, declarant = (
        rows.text(name) for name in ("consignee_id", "carrier_id", "declarant_id")
    )
    agent = consignee.known & (consignee.is_(carrier) | consignee.is_(declarant))
    return flag(agent, consignee.known & (carrier.known | declarant.known))


def preference_elsewhere(rows: Lines) -> Floats:
    """Flag a preference claimed for goods dispatched or transshipped outside their origin.

    Parameters
    ----------
    rows
        Declarations.
    """
    regime = rows.text("tax_regime")
    claimed = regime.map(lambda text: text.upper().startswith(PREFERENCE)) == 1
    elsewhere = ~rows.text("origin_country").is_(rows.text("dispatch_country"))
    known = regime.known & _both(rows, "origin_country", "dispatch_country")
    return flag(claimed & elsewhere, known)


def _both(rows: Lines, left: str, right: str) -> Bools:
    return rows.text(left).known & rows.text(right).known
