"""Examinations: how deep they reach, what they find, and when the result is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.control.roster import REASONS
from targeting.simulate.offences.catalogue import SCHEMES
from targeting.simulate.places import EXPORT
from targeting.simulate.trade.orders import DAY_S
from targeting.simulate.trade.rows import Rows
from targeting.simulate.trade.streams import cumulative, pick
from targeting.simulate.world import Seizures

if TYPE_CHECKING:
    from targeting.simulate.control.roster import Choice
    from targeting.simulate.settings import ExaminationSettings, LabelDelays
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.lines import Lines
    from targeting.simulate.trade.streams import Flags, Floats, Ints
    from targeting.simulate.world import Day, Truth

DEPTHS = ("scan", "partial", "full")
"""How deep an examination goes, in the order of their numbers."""


@dataclass(frozen=True)
class Examinations(Rows):
    """Examinations of one day's lines, in the order of lodging.

    Parameters
    ----------
    day, row
        Day the line was lodged, and its position in it.
    reason, probability
        Why it was chosen, and the chance with which it was drawn (NaN where there is none).
    depth
        Number in `DEPTHS`.
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
    depth: Ints
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

    @property
    def seized(self) -> Seizures:
        """Finds of the day, as the gangs hear of them."""
        return Seizures(
            self.row[self.hit], self.scheme[self.hit], self.inspected[self.hit] // DAY_S
        )


def examine(ground: Ground, day: Day, choice: Choice) -> Examinations:
    """Examine the chosen lines of a day.

    Parameters
    ----------
    ground
        What the world stands on: its settings say how deep each reason goes, and how late
        results are.
    day
        What was lodged, with its truth.
    choice
        Which lines, and why, in any order.

    Notes
    -----
    What is found depends on the line and the reason only, never on who else was examined: two
    policies that take the same line for the same reason find the same in it.
    """
    order = np.argsort(choice.rows)
    rows, reason = choice.rows[order], choice.reason[order]
    settings = ground.settings
    orders, lines, truth = day.orders.take(rows), day.lines.take(rows), day.truth.take(rows)
    depth = _depths(settings.examinations, reason, truth.depth)
    hit = truth.found & (truth.hiding < reach_of_depths(settings.examinations)[depth])
    scheme = np.where(hit, orders.scheme, 0)
    inspected = _inspected(orders.lodged, orders.lead, flow=orders.flow, start=truth.start)
    late_s = (_delay_days(settings.delays, scheme, truth) * DAY_S).astype(np.int64)
    return Examinations(
        day=np.full(len(rows), day.number),
        row=rows,
        reason=reason,
        probability=choice.probability[order],
        depth=depth,
        inspected=inspected,
        known=inspected + late_s,
        hit=hit,
        scheme=scheme,
        revenue=np.where(hit, recoverable_revenue(lines, truth), 0.0),
        quantity=np.where(hit, lines.quantity, 0.0),
        trader=orders.trader,
        broker=orders.broker,
        goods=lines.goods,
        origin=orders.origin,
    )


def reach_of_depths(settings: ExaminationSettings) -> Floats:
    """Return how deep a scan, a partial and a full examination reach, in that order.

    Parameters
    ----------
    settings
        How deep examinations go.

    Examples
    --------
    >>> from targeting.simulate.settings import ExaminationSettings
    >>> reach_of_depths(ExaminationSettings(scan_reach=0.4, partial_reach=0.7)).tolist()
    [0.4, 0.7, 1.0]
    """
    return np.array([settings.scan_reach, settings.partial_reach, 1.0])


def recoverable_revenue(lines: Lines, truth: Truth) -> Floats:
    """Return what comes in when a line is a hit: most of what was evaded, and a fine.

    Parameters
    ----------
    lines
        Goods lines.
    truth
        The truth of the same lines.
    """
    fine = np.round(300.0 * np.exp(2.4 * truth.recovered), 2)
    return np.round(np.round(lines.evaded * (0.6 + 0.4 * truth.recovered), 2) + fine, 2)


def result_delay_days(ground: Ground, day: Day) -> Floats:
    """Return days from a full examination of each line to its result.

    Parameters
    ----------
    ground
        What the world stands on.
    day
        What was lodged, with its truth.
    """
    scheme = np.where(day.truth.found, day.orders.scheme, 0)
    return _delay_days(ground.settings.delays, scheme, day.truth)


def _depths(settings: ExaminationSettings, reason: Ints, drawn: Floats) -> Ints:
    """Choose a depth per line from the weights of its reason and its own fixed draw."""
    weights = [[getattr(getattr(settings, by), one) for one in DEPTHS] for by in REASONS]
    return pick(cumulative(np.array(weights))[reason], drawn)


def _inspected(
    lodged: np.ndarray, lead: np.ndarray, *, flow: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Examine arrivals within a working day of their arrival, exports before they depart."""
    waiting = np.maximum(lead, 0)
    before = lodged + 600 + (waiting * 0.8 * start).astype(np.int64)
    after = lodged + waiting + 1800 + (start * 20 * 3600).astype(np.int64)
    return np.where(flow == EXPORT, before, after)


def _delay_days(delays: LabelDelays, scheme: np.ndarray, truth: Truth) -> Floats:
    """Draw days to the result; a quarter of the clear ones wait for papers as long as others."""
    medians = np.array([delays.clear, *(getattr(delays, one.offence) for one in SCHEMES)])
    days = medians[scheme]
    papers = 4.0 * delays.undervaluation * truth.query
    days = np.where((scheme == 0) & (truth.query < 0.25), days + papers, days)
    # A quarter of an hour goes to writing the result down.
    return days * np.exp(0.45 * truth.delay) + 900 / DAY_S
