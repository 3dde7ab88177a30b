"""Goods and origins that editable lists single out: precursors, strategic goods, cover loads."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from targeting.features.columns import reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from targeting.features.columns import Floats
    from targeting.features.lines import Lines


@cache
def _codes(concern: str) -> tuple[str, ...]:
    return tuple(row["hs"] for row in reference("risk_goods.csv") if row["concern"] == concern)


@cache
def _origins() -> dict[str, tuple[str, ...]]:
    listed: dict[str, tuple[str, ...]] = {}
    for row in reference("risk_origins.csv"):
        listed[row["origin"]] = (*listed.get(row["origin"], ()), row["hs"])
    return listed


def listed_goods(concern: str) -> Callable[[Lines], Floats]:
    """Return a function that flags goods of one concern by their code.

    Parameters
    ----------
    concern
        `precursor` or `strategic`, as in `reference/risk_goods.csv`.
    """

    def listed(rows: Lines) -> Floats:
        """Flag goods whose code begins with a listed one.

        Parameters
        ----------
        rows
            Declarations.
        """
        return rows.text("hs_code").map(lambda code: code.startswith(_codes(concern)))

    return listed


def is_risk_origin(origin: str, hs_code: str) -> bool:
    """Tell whether goods of an origin are on the list of sources and usual cover loads.

    Parameters
    ----------
    origin
        ISO 3166 alpha-2.
    hs_code
        Four digits or more.

    Examples
    --------
    >>> is_risk_origin("IR", "081050"), is_risk_origin("IR", "390120"), is_risk_origin("TR", "08")
    (True, False, False)
    """
    return hs_code.startswith(_origins().get(origin, ("none",)))


def risk_origin(rows: Lines) -> Floats:
    """Flag goods from an origin that is listed for them; NaN where no origin is stated.

    Parameters
    ----------
    rows
        Declarations.
    """
    return rows.text("origin_country").with_(rows.text("hs_code"), is_risk_origin)
