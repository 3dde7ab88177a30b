"""The transport unit against what is said to be in it: payload, kind of unit, owner's code."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from targeting.features.columns import flag, ratio, reference
from targeting.tables.iso6346 import decode_size_type

if TYPE_CHECKING:
    from targeting.features.columns import Floats
    from targeting.features.lines import Lines

NEARLY_EMPTY = 0.02
"""A full container whose line takes less than this share of the payload is nearly empty."""

_NUMBER = re.compile("[A-Z]{4}[0-9]{6,7}")
_CATEGORIES = "UJZ"
"""ISO 6346: U freight container, J detachable equipment, Z trailer or chassis."""


@cache
def _payloads() -> dict[tuple[float, str], float]:
    return {
        (float(row["length_ft"]), row["group"]): float(row["payload_kg"])
        for row in reference("payloads.csv")
    }


def payload_kg(container_type: str) -> float:
    """Return what a kind of container can carry at most; NaN where that is not known.

    Parameters
    ----------
    container_type
        ISO 6346 size and type code.

    Examples
    --------
    >>> payload_kg("22G1"), payload_kg("40HC")
    (28500.0, nan)
    """
    size = decode_size_type(container_type.strip().upper())
    if size is None:
        return np.nan
    general = _payloads().get((size.length_ft, ""), np.nan)
    return _payloads().get((size.length_ft, size.group), general)


def payload_share(rows: Lines) -> Floats:
    """Return the line's gross mass over the payload of its container.

    Parameters
    ----------
    rows
        Declarations.
    """
    return ratio(rows.amount("gross_mass_kg"), rows.text("container_type").map(payload_kg))


def overloaded(rows: Lines) -> Floats:
    """Flag a line heavier than its container can carry.

    Parameters
    ----------
    rows
        Declarations.
    """
    share = payload_share(rows)
    return flag(share > 1, ~np.isnan(share))


def nearly_empty(rows: Lines) -> Floats:
    """Flag a line that takes next to nothing of a container declared full.

    Parameters
    ----------
    rows
        Declarations.
    """
    share = payload_share(rows)
    full = rows.text("container_load").among(("FCL",))
    return flag(share < NEARLY_EMPTY, full & ~np.isnan(share))


@cache
def _fitting() -> dict[str, tuple[str, ...]]:
    return {row["group"]: tuple(row["hs"].split()) for row in reference("unit_goods.csv")}


def fits(container_type: str, hs_code: str) -> float:
    """Tell whether goods usually travel in a kind of container: 1, 0, or NaN where not known.

    Parameters
    ----------
    container_type
        ISO 6346 size and type code.
    hs_code
        Four digits or more.

    Examples
    --------
    >>> fits("45R1", "080510"), fits("45R1", "870322"), fits("22G1", "870322")
    (1.0, 0.0, 1.0)
    """
    size = decode_size_type(container_type.strip().upper())
    if size is None:
        return np.nan
    prefixes = _fitting().get(size.group)
    return 1.0 if prefixes is None else float(hs_code.startswith(prefixes))


def unfit_unit(rows: Lines) -> Floats:
    """Flag goods that do not usually travel in the kind of container declared.

    Parameters
    ----------
    rows
        Declarations.
    """
    return 1.0 - rows.text("container_type").with_(rows.text("hs_code"), fits)


def _odd_category(number: str) -> float:
    number = number.strip().upper()
    if not _NUMBER.fullmatch(number):
        return np.nan
    return float(number[3] not in _CATEGORIES)


def odd_owner_code(rows: Lines) -> Floats:
    """Flag a container number whose fourth letter is no category of ISO 6346.

    Parameters
    ----------
    rows
        Declarations.
    """
    return rows.text("container_id").map(_odd_category)
