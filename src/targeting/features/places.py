"""Where a route leads: its length, its detour, and the hubs and free zones on it.

Positions are those of `targeting.tables.codes.ports`; several codes of one place are read as one.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from targeting.features.columns import flag, ratio, reference
from targeting.features.formulas import haversine_km
from targeting.tables.codes import ports, site_of

if TYPE_CHECKING:
    from targeting.features.columns import Bools, Floats
    from targeting.features.lines import Lines, Texts

EARTH_RADIUS_KM = 6371.0
NEAR_KM = 50.0
"""Below this distance a direct way is too short for a detour to mean anything."""

_STOPS = ("loading_port", "transshipment_port", "discharge_port")


def great_circle_km(from_: tuple[Floats, Floats], to: tuple[Floats, Floats]) -> Floats:
    """Return the shortest way over the globe, by the haversine formula.

    Parameters
    ----------
    from_, to
        Latitudes and longitudes in degrees, shape (n,) each; NaN where unknown.

    Examples
    --------
    >>> quarter = great_circle_km((np.zeros(1), np.zeros(1)), (np.array([90.0]), np.zeros(1)))
    >>> round(float(quarter[0]))
    10008
    """
    return haversine_km(*from_, *to, EARTH_RADIUS_KM)


def _position(code: str) -> tuple[float, float]:
    port = ports().get(site_of(code)) or ports().get(code.strip().upper())
    if port is None or port.latitude is None or port.longitude is None:
        return math.nan, math.nan
    return port.latitude, port.longitude


def _positions(column: Texts) -> tuple[Floats, Floats]:
    return column.map(lambda code: _position(code)[0]), column.map(lambda code: _position(code)[1])


def direct_km(rows: Lines) -> Floats:
    """Return the great-circle way from loading to discharge; NaN where a place is unknown.

    Parameters
    ----------
    rows
        Declarations.
    """
    return great_circle_km(
        *(_positions(rows.text(name)) for name in ("loading_port", "discharge_port"))
    )


def _legs_km(rows: Lines) -> Floats:
    """Length of the legs; the direct way where no transshipment is stated."""
    start, over, end = (_positions(rows.text(name)) for name in _STOPS)
    legs = great_circle_km(start, over) + great_circle_km(over, end)
    return np.where(rows.text("transshipment_port").known, legs, direct_km(rows))


def detour_km(rows: Lines) -> Floats:
    """Return the legs' length over the direct way; zero without a transshipment.

    Parameters
    ----------
    rows
        Declarations.
    """
    return np.maximum(_legs_km(rows) - direct_km(rows), 0.0)


def detour_ratio(rows: Lines) -> Floats:
    """Return the legs' length divided by the direct way; NaN where that is short.

    Parameters
    ----------
    rows
        Declarations.
    """
    direct = direct_km(rows)
    return ratio(_legs_km(rows), np.where(direct >= NEAR_KM, direct, np.nan))


@cache
def hubs() -> frozenset[str]:
    """Sites of transshipment hubs and free zones, of `reference/hubs.csv`.

    Examples
    --------
    >>> "AEJEA" in hubs()
    True
    """
    return frozenset(site_of(row["place"]) for row in reference("hubs.csv"))


def hubs_on_route(rows: Lines) -> Floats:
    """Count listed places among loading and transshipment; NaN where no loading port is stated.

    Parameters
    ----------
    rows
        Declarations.
    """
    loaded, over = (rows.text(name).map(lambda c: site_of(c) in hubs()) for name in _STOPS[:2])
    return loaded + np.where(np.isnan(over), 0.0, over)


def _country_of(code: str) -> str | None:
    """Country of a place by its code; None where the list does not have it."""
    port = ports().get(code.strip().upper())
    return port.country if port else None


def loaded_elsewhere(rows: Lines) -> Floats:
    """Flag goods loaded in another country than they were dispatched from.

    Parameters
    ----------
    rows
        Declarations.
    """
    loaded = rows.text("loading_port").cut(_country_of)
    return flag(*_differ(loaded, rows.text("dispatch_country")))


def returned_goods(rows: Lines) -> Floats:
    """Flag imports that come from the very country they are bound for.

    Parameters
    ----------
    rows
        Declarations.
    """
    differs, known = _differ(rows.text("origin_country"), rows.text("destination_country"))
    return flag(~differs, known & rows.text("flow").among(("import",)))


def _differ(left: Texts, right: Texts) -> tuple[Bools, Bools]:
    return ~left.is_(right), left.known & right.known
