"""Journeys across two sites: the same box in transit at one and imported at another.

Sites of a corridor see the same goods days apart, under the same container, seal and consignor
(domain.md 0.1: exchange along the corridor). What is seized on the way never arrives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.places import IMPORT, NOWHERE, TRANSIT
from targeting.simulate.trade.lines import Lines, duty_of
from targeting.simulate.trade.orders import DAY_S, Desk, Orders, broker_of, clock_of
from targeting.simulate.trade.streams import habit

if TYPE_CHECKING:
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.yard import Units


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Second legs: consignments already drawn, with their goods and their boxes.

    Parameters
    ----------
    orders, lines, units
        `lines.order` counts within `orders`; the units are one per order.
    """

    orders: Orders
    lines: Lines
    units: Units

    def due(self, now: np.ndarray) -> Arrivals:
        """Take some of the consignments, with their lines.

        Parameters
        ----------
        now
            Mask over the orders.
        """
        place = np.cumsum(now) - 1
        lines = self.lines.take(now[self.lines.order])
        return Arrivals(
            self.orders.take(now), lines.having(order=place[lines.order]), self.units.take(now)
        )


class Journeys:
    """Consignments under way between two sites.

    Parameters
    ----------
    ground
        What the world stands on.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._way = ground.through
        self._share = ground.settings.routes.through_share
        self._waiting: list[Arrivals] = []
        self._begun = 0

    def depart(self, desk: Desk, orders: Orders, *, unchanged: np.ndarray) -> Orders:
        """Send a share of the imports by way of another site, where they are in transit first.

        Parameters
        ----------
        desk
            Ground, traders, day and stream.
        orders
            The day's new consignments.
        unchanged
            Mask of those whose first declaration must stay as it is.

        Returns
        -------
        Orders
            The same consignments; those that go through another site are in transit there.
        """
        way = self._way[orders.site, orders.dispatch]
        drawn = desk.rng.random(len(orders)) < self._share
        through = (orders.flow == IMPORT) & (way != NOWHERE) & ~unchanged & drawn
        through &= self._modes()[way, orders.mode]
        rows = np.flatnonzero(through)
        journey = self._begun + 1 + np.arange(len(rows))
        self._begun += len(rows)
        broker = broker_of(desk, orders.trader, np.where(through, way, orders.site))
        return orders.changed(
            rows,
            journey=journey,
            home=orders.site[rows],
            site=way[rows],
            flow=TRANSIT,
            destination=self._ground.site_country[orders.site[rows]],
            broker=broker[rows],
        )

    def follow(self, desk: Desk, orders: Orders, lines: Lines, units: Units) -> None:
        """Remember the second leg of every consignment that went another way.

        Parameters
        ----------
        desk
            Ground, traders, day and stream.
        orders, lines, units
            The day's new consignments with their goods and boxes.
        """
        through = orders.journey > 0
        if not through.any():
            return
        legs = Arrivals(orders, lines, units).due(through)
        first, seed = legs.orders, self._ground.seed
        chance = habit(seed, "way between sites", first.journey)
        wait = np.maximum(first.lead, 0) + ((1.0 + 5.0 * chance) * DAY_S).astype(np.int64)
        arrives = (first.lodged + wait) // DAY_S
        lodged = np.maximum(arrives, desk.day + 1) * DAY_S + clock_of(desk, first.home)
        second = first.having(
            site=first.home,
            flow=np.full(len(first), IMPORT),
            hub=self._ground.site_place[first.site],
            destination=self._ground.site_country[first.home],
            broker=self._brokers(first),
            lodged=lodged,
            amendments=np.zeros(len(first), dtype=np.int64),
        )
        duty = duty_of(self._ground.goods, second.take(legs.lines.order), legs.lines.goods)
        self._waiting.append(Arrivals(second, legs.lines.having(duty=duty), legs.units))

    def arrive(self, day: int) -> list[Arrivals]:
        """Hand over the consignments that are lodged at their second site on a day.

        Parameters
        ----------
        day
            Days since the world began.
        """
        there, waiting = [], []
        for legs in self._waiting:
            now = legs.orders.lodged // DAY_S <= day
            there += [legs.due(now)] if now.any() else []
            waiting += [legs.due(~now)] if not now.all() else []
        self._waiting = waiting
        return there

    def seize(self, journeys: np.ndarray) -> None:
        """Take what was seized on the way off the road.

        Parameters
        ----------
        journeys
            Numbers of the journeys.
        """
        gone = journeys[journeys > 0]
        if len(gone):
            left = [legs.due(~np.isin(legs.orders.journey, gone)) for legs in self._waiting]
            self._waiting = [legs for legs in left if len(legs.orders)]

    def _modes(self) -> np.ndarray:
        return np.diff(self._ground.modes, axis=1, prepend=0.0) > 0

    def _brokers(self, first: Orders) -> np.ndarray:
        """Choose the trader's usual broker at home."""
        services = self._ground.settings.services
        usual = habit(self._ground.seed, "broker", first.trader, 0)
        number = (services.brokers_per_country * usual**1.5).astype(np.int64)
        return self._ground.site_country[first.home] * 1000 + number
