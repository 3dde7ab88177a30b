"""Goods and origins that editable lists single out: precursors, strategic goods, cover loads."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from targeting.features.columns import looked_up, reference

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from targeting.features.columns import Floats


@cache
def _codes(concern: str) -> tuple[str, ...]:
    return tuple(row["hs"] for row in reference("risk_goods.csv") if row["concern"] == concern)


@cache
def _origins() -> dict[str, tuple[str, ...]]:
    listed: dict[str, tuple[str, ...]] = {}
    for row in reference("risk_origins.csv"):
        listed[row["origin"]] = (*listed.get(row["origin"], ()), row["hs"])
    return listed


def listed_goods(concern: str) -> Callable[[pd.DataFrame], Floats]:
    """Return a function that flags goods of one concern by their code.

    Parameters
    ----------
    concern
        `precursor` or `strategic`, as in `reference/risk_goods.csv`.
    """

    def listed(rows: pd.DataFrame) -> Floats:
        """Flag goods whose code begins with a listed one.

        Parameters
        ----------
        rows
            Declarations.
        """
        return looked_up(rows["hs_code"], lambda code: code.startswith(_codes(concern)))

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


def risk_origin(rows: pd.DataFrame) -> Floats:
    """Flag goods from an origin that is listed for them; NaN where no origin is stated.

    Parameters
    ----------
    rows
        Declarations.
    """
    both = rows["origin_country"].astype("string") + " " + rows["hs_code"].astype("string")
    return looked_up(both, lambda text: is_risk_origin(*text.split(" ", 1)))
