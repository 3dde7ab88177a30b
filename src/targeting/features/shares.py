"""Two keys held against each other: what share of a party's own history a part of it makes.

A view holds one key; these functions take the view of a part, such as consignee x hs2, and the view
of its whole, the consignee. They are not registered yet: the build hands out one view at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.features.columns import Floats, flag, ratio

if TYPE_CHECKING:
    from targeting.features.relative import View


def own_share(part: View, whole: View, block: int = 0, *, prior: float = 0.0) -> Floats:
    """Return the share of a key's earlier declarations that its part makes.

    Low for goods outside a consignee's usual lines (7), and for a wording seldom declared under
    this goods code (22). NaN where the whole was never declared.

    Parameters
    ----------
    part, whole
        Views of the two keys over the same declarations; the columns of the whole are among those
        of the part.
    block
        0 for all-time, else the half-life.
    prior
        Declarations added to the whole, so that a single earlier line is no certainty.
    """
    count = whole.sum("declarations", block)
    made = part.sum("declarations", block)
    return np.where(count > 0, ratio(made, count + prior), np.nan)


def new_to_known(part: View, whole: View, *, known_from: float = 5.0) -> Floats:
    """Flag a part never declared before by a key that is well known.

    New notify party, office, carrier or goods of a trader that is not new itself (4, 13, 16, 33,
    34). NaN where the whole is not well known, or the part has a column missing.

    Parameters
    ----------
    part, whole
        As in `own_share`.
    known_from
        Earlier declarations from which the whole is well known.
    """
    made, count = part.sum("declarations"), whole.sum("declarations")
    return flag(made == 0, (count >= known_from) & ~np.isnan(made))


def lift(left: View, right: View, joint: View, everything: View) -> Floats:
    """Return the log of how often two keys come together over what chance would give.

    Rare goods from an origin (24): far below zero where both are common and seldom together. Half
    a declaration is added to the joint count.

    Parameters
    ----------
    left, right
        Views of the two keys, such as hs6 and origin.
    joint
        View of the pair.
    everything
        View of all declarations together.
    """
    expected = ratio(
        left.sum("declarations") * right.sum("declarations"), everything.sum("declarations")
    )
    odds = ratio(joint.sum("declarations") + 0.5, expected)
    return np.log(odds, out=np.full(len(odds), np.nan), where=odds > 0)


def cash_for_new_pair(pair: View, cash: Floats) -> Floats:
    """Flag payment in cash or in advance by a pair of traders that is new (52).

    Parameters
    ----------
    pair
        View of consignee x consignor.
    cash
        Shape (n,). 1 where payment is in cash or in advance, 0 where not, NaN where not stated.
    """
    made = pair.sum("declarations")
    return flag((made == 0) & (cash > 0), ~np.isnan(made) & ~np.isnan(cash))
