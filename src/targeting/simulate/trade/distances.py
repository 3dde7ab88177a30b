"""Distances between countries and sites, and what follows from them for trade."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.places import COUNTRIES, NOWHERE, PLACES, PORTS
from targeting.tables.codes import ports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.simulate.trade.streams import Floats, Ints

_EARTH_RADIUS_KM = 6_371.0
_DETOUR = 1.15
"""A site lies on the way when going through it is at most this much longer."""
_NEXT_DOOR_KM = 400.0
"""Nearer than this is all the same."""


def nearness(sites: Sequence[str], strength: float) -> Floats:
    """Weigh countries by how near their nearest place is to each site; the mean weight is 1.

    Parameters
    ----------
    sites
        Codes of the sites.
    strength
        Power of the inverse distance; 0 gives every country the same weight.

    Returns
    -------
    Floats
        Shape (sites, countries); 1 where a position is not known.

    Examples
    --------
    >>> weights = nearness(["AZAST", "KZHOR"], 1.0)
    >>> iran, china = COUNTRIES.index("IR"), COUNTRIES.index("CN")
    >>> bool(weights[0, iran] > 3 * weights[1, iran]), bool(weights[1, china] > weights[0, china])
    (True, True)
    """
    here = _positions(sites)
    weights = np.ones((len(sites), len(COUNTRIES)))
    for country in range(len(COUNTRIES)):
        there = _positions([PLACES[place] for place in np.unique(PORTS[country])])
        away = np.array([_nearest(one, there) for one in here])
        weights[:, country] = (_NEXT_DOOR_KM + away) ** -strength
    mean = np.nanmean(weights, axis=1, keepdims=True) if not np.isnan(weights).all() else 1.0
    return np.nan_to_num(weights / mean, nan=1.0)


def sites_on_the_way(sites: Sequence[str], site_country: Ints) -> Ints:
    """Find for each site and country of dispatch the other country's site that lies on the way.

    Parameters
    ----------
    sites
        Codes of the sites.
    site_country
        Number of the country of each.

    Returns
    -------
    Ints
        Site numbers, shape (sites, countries); `NOWHERE` where there is none.
    """
    here = _positions(sites)
    table = np.full((len(sites), len(COUNTRIES)), NOWHERE)
    for country in range(len(COUNTRIES)):
        there = _positions([PLACES[place] for place in np.unique(PORTS[country])])
        known = there[~np.isnan(there[:, 0])]
        start = known.mean(axis=0) if len(known) else np.full(2, np.nan)
        first = _distance_km(start, here)
        for site in range(len(sites)):
            whole = first + _distance_km(here[site], here)
            fit = (site_country != site_country[site]) & (site_country != country)
            fit &= (first < first[site]) & (whole < _DETOUR * first[site])
            if fit.any():
                table[site, country] = int(np.where(fit, whole, np.inf).argmin())
    return table


def _positions(codes: Sequence[str]) -> Floats:
    """Latitudes and longitudes in degrees, shape (n, 2); NaN where not known."""
    known = [ports().get(code) for code in codes]
    return np.array(
        [
            (np.nan, np.nan)
            if port is None or port.latitude is None or port.longitude is None
            else (port.latitude, port.longitude)
            for port in known
        ]
    )


def _nearest(one: Floats, others: Floats) -> float:
    away = _distance_km(one, others)
    return float(np.nanmin(away)) if not np.isnan(away).all() else np.nan


def _distance_km(one: Floats, others: Floats) -> Floats:
    """Great-circle distance on a sphere of 6,371 km (haversine)."""
    a, b = np.radians(one), np.radians(others)
    rise = np.sin((b[:, 0] - a[0]) / 2) ** 2
    rise += np.cos(a[0]) * np.cos(b[:, 0]) * np.sin((b[:, 1] - a[1]) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(rise))
