"""Examinations: how deep they reach, what they find, and when the result is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.catalogue import SCHEMES
from targeting.simulate.orders import DAY_S
from targeting.simulate.places import EXPORT
from targeting.simulate.rows import Rows

if TYPE_CHECKING:
    from targeting.simulate.selection import Choice
    from targeting.simulate.settings import LabelDelays
    from targeting.simulate.streams import Flags, Floats, Ints
    from targeting.simulate.world import Day

REACH = np.array([0.80, 0.65, 0.96, 0.80, 0.78])
"""How deep an examination goes, by reason for selection; a full one is 1."""


@dataclass(frozen=True)
class Examinations(Rows):
    """Examinations of one day's lines.

    Parameters
    ----------
    day, row
        Day the line was lodged, and its position in it.
    reason, probability
        Why it was chosen, and the chance of the lot (NaN for other reasons).
    inspected, known
        Seconds since the world began.
    hit, scheme
        Whether anything was found, and the number of the scheme plus one (0 when clear).
    revenue, quantity
        Recovered, and seized; 0 when clear.
    trader, broker, goods, origin
        What the port remembers the line by.
    """

    day: Ints
    row: Ints
    reason: Ints
    probability: Floats
    inspected: Ints
    known: Ints
    hit: Flags
    scheme: Ints
    revenue: Floats
    quantity: Floats
    trader: Ints
    broker: Ints
    goods: Ints
    origin: Ints


def examine(day: Day, choice: Choice, delays: LabelDelays) -> Examinations:
    """Examine the chosen lines of a day.

    Parameters
    ----------
    day
        What was lodged, with its truth.
    choice
        Which lines, and why.
    delays
        Median days to a result, by what was found.

    Notes
    -----
    What is found depends on the line and the depth of the examination only, never on who else
    was examined: any two policies find the same in the same line.
    """
    rows = choice.rows
    orders, lines, truth = day.orders.take(rows), day.lines.take(rows), day.truth.take(rows)
    hit = truth.found & (truth.hiding < REACH[choice.reason])
    scheme = np.where(hit, orders.scheme, 0)
    inspected = _inspected(orders.lodged, orders.lead, flow=orders.flow, start=truth.start)
    fine = np.round(300.0 * np.exp(2.4 * truth.recovered), 2)
    recovered = np.round(lines.evaded * (0.6 + 0.4 * truth.recovered), 2) + fine
    return Examinations(
        day=np.full(len(rows), day.number),
        row=rows,
        reason=choice.reason,
        probability=choice.probability,
        inspected=inspected,
        known=inspected + _delay(scheme, delays, chance=truth.delay, query=truth.query),
        hit=hit,
        scheme=scheme,
        revenue=np.where(hit, recovered, 0.0),
        quantity=np.where(hit, lines.quantity, 0.0),
        trader=orders.trader,
        broker=orders.broker,
        goods=lines.goods,
        origin=orders.origin,
    )


def _inspected(
    lodged: np.ndarray, lead: np.ndarray, *, flow: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Examine arrivals within a working day of their arrival, exports before they depart."""
    waiting = np.maximum(lead, 0)
    before = lodged + 600 + (waiting * 0.8 * start).astype(np.int64)
    after = lodged + waiting + 1800 + (start * 20 * 3600).astype(np.int64)
    return np.where(flow == EXPORT, before, after)


def _delay(
    scheme: np.ndarray, delays: LabelDelays, *, chance: np.ndarray, query: np.ndarray
) -> np.ndarray:
    """Draw seconds to the result; a quarter of the clear ones wait for papers as long as others."""
    medians = np.array([delays.clear, *(getattr(delays, one.offence) for one in SCHEMES)])
    days = medians[scheme]
    papers = 4.0 * delays.undervaluation * query
    days = np.where((scheme == 0) & (query < 0.25), days + papers, days)
    return (days * np.exp(0.45 * chance) * DAY_S).astype(np.int64) + 900
