"""Who is examined, and why: the lot, orders, tip-offs, rules and officers' habits.

The port knows what was lodged and which results are known by now; only `intelligence` knows more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from targeting.simulate.control.roster import REASONS, Choice, Roster
from targeting.simulate.places import COUNTRY
from targeting.simulate.trade.orders import DAY_S
from targeting.simulate.trade.yard import NONE

if TYPE_CHECKING:
    from targeting.simulate.control.examination import Examinations
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.world import Day

__all__ = ["REASONS", "Choice", "Policy", "Port", "Roster", "Tally"]


class Policy(Protocol):
    """Anything that chooses what to examine; a world can be lived with under any of them."""

    def choose(self, day: Day) -> Choice:
        """Choose lines of a day to examine.

        Parameters
        ----------
        day
            What was lodged.
        """
        ...

    def learn(self, results: Examinations) -> None:
        """Be told of the day's examinations; `known` in each says from when it may be used.

        Parameters
        ----------
        results
            The day's examinations.
        """
        ...


class Tally:
    """Examinations and hits by a key, of results already known.

    Parameters
    ----------
    weight
        Examinations' worth of prior belief in the common rate.
    """

    def __init__(self, weight: float) -> None:
        self._weight = weight
        self._counts = np.zeros((2, 64))

    def add(self, key: np.ndarray, hit: np.ndarray) -> None:
        """Count known results.

        Parameters
        ----------
        key
            Key of each examination as a number from 0, shape (n,).
        hit
            Whether it found anything, shape (n,).
        """
        if len(key):
            self._reach(int(key.max(initial=0)))
            np.add.at(self._counts[0], key, 1.0)
            np.add.at(self._counts[1], key, hit.astype(float))

    def lift(self, key: np.ndarray) -> np.ndarray:
        """Log of a key's shrunken hit rate over the common one.

        Parameters
        ----------
        key
            Keys as numbers from 0, shape (n,), at least one.
        """
        self._reach(int(key.max(initial=0)))
        common = (self._counts[1].sum() + 0.6) / (self._counts[0].sum() + 10.0)
        examined, hits = self._counts[:, key]
        rate = (hits + self._weight * common) / (examined + self._weight)
        return np.log(rate / common)

    def _reach(self, key: int) -> None:
        if key >= self._counts.shape[1]:
            more = np.zeros((2, 2 * key + 1 - self._counts.shape[1]))
            self._counts = np.concatenate([self._counts, more], axis=1)


class Port:
    """The port as it works today, without a model.

    Parameters
    ----------
    ground
        What the world stands on: shares of the reasons, goods, free zones and the seed.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._waiting: list[Examinations] = []
        self._traders, self._brokers = Tally(5.0), Tally(12.0)
        self._goods, self._origins = Tally(12.0), Tally(25.0)
        self._first_seen = np.full(64, np.iinfo(np.int64).max)

    def choose(self, day: Day) -> Choice:
        """Choose lines of a day: first the lot, then orders, tips, rules and habits.

        Parameters
        ----------
        day
            What was lodged.
        """
        self._hear(day.number)
        self._see(day)
        roster = Roster.standing(self._ground, day)
        roster.take_best("rule", 2.3 * self._rules(day))
        roster.take_best("officer", 3.0 * self._habits(day))
        return roster.choice()

    def learn(self, results: Examinations) -> None:
        """Keep the day's examinations until their results are known.

        Parameters
        ----------
        results
            The day's examinations.
        """
        self._waiting.append(results)

    def _hear(self, day: int) -> None:
        """Count the results that became known before a day."""
        if self._waiting:
            results = type(self._waiting[0]).stack(self._waiting)
            known = results.known // DAY_S < day
            self._count(results.take(known))
            self._waiting = [results.take(~known)]

    def _count(self, results: Examinations) -> None:
        self._traders.add(results.trader, results.hit)
        self._brokers.add(results.broker + 1, results.hit)
        self._goods.add(results.goods, results.hit)
        self._origins.add(results.origin, results.hit)

    def _see(self, day: Day) -> None:
        """Remember when each trader was first seen."""
        top = int(day.orders.trader.max(initial=0))
        if top >= len(self._first_seen):
            more = np.full(2 * top + 1 - len(self._first_seen), np.iinfo(np.int64).max)
            self._first_seen = np.concatenate([self._first_seen, more])
        np.minimum.at(self._first_seen, day.orders.trader, day.number)

    def _rules(self, day: Day) -> np.ndarray:
        """Add up risk lists: produce of source countries, free zones, prices, new traders."""
        orders, lines, ground = day.orders, day.lines, self._ground
        young = day.number - self._first_seen[orders.trader] < 45
        learned = 0.7 * self._goods.lift(lines.goods) + 0.7 * self._origins.lift(orders.origin)
        made_in_china = orders.origin == COUNTRY["CN"]
        return (
            1.1 * (_in(ground, day, "fresh") & np.isin(orders.origin, _SOURCES))
            + 0.9 * np.isin(orders.hub, ground.free_zones)
            + 0.5 * (_in(ground, day, "textiles", "footwear") & made_in_china)
            + 0.6 * _in(ground, day, "strategic")
            + 0.9 * (orders.preference & (orders.dispatch != orders.origin))
            + 1.2 * _below_reference(ground, day)
            + 0.6 * (young & (day.number > 45))
            + 0.5 * (orders.seal_twin & (day.papers.seal != NONE))
            + learned
        )

    def _habits(self, day: Day) -> np.ndarray:
        """Go back to whoever was caught, and to the brokers of those who were."""
        party = self._traders.lift(day.orders.trader)
        return 1.0 * party + 0.4 * self._brokers.lift(day.orders.broker + 1)


_SOURCES = [COUNTRY[code] for code in ("IR", "PK", "AF")]


def _in(ground: Ground, day: Day, *sectors: str) -> np.ndarray:
    return np.isin(day.lines.goods, ground.goods.of(*sectors))


def _below_reference(ground: Ground, day: Day) -> np.ndarray:
    """Flag lines below six tenths of the price list, where value and mass are stated."""
    price = day.lines.value / np.maximum(day.lines.net, 0.1)
    stated = ~(day.papers.left_out("customs_value") | day.papers.left_out("net_mass_kg"))
    return stated & (price < 0.6 * ground.goods.price[day.lines.goods])
