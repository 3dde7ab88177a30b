"""Who is examined, and why: the lot, orders, tip-offs, rules and officers' habits.

The port knows what was lodged and which results are known by now; only `intelligence` knows more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from targeting.simulate.goods import goods
from targeting.simulate.orders import DAY_S
from targeting.simulate.places import COUNTRY, PLACE
from targeting.simulate.streams import Floats, Ints, stream

if TYPE_CHECKING:
    from targeting.simulate.examination import Examinations
    from targeting.simulate.settings import SimulateSettings
    from targeting.simulate.world import Day

REASONS = ("random", "mandatory", "intelligence", "rule", "officer")
"""In the order in which they take their lines."""
_TIP = 3.5
"""Log-odds by which a tip-off prefers what is illicit; tips are wrong about half the time."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Lines of one day to examine.

    Parameters
    ----------
    rows
        Positions of the lines in the day, each at most once.
    reason
        Number in `REASONS` for each.
    probability
        Chance with which the lot drew it; NaN for other reasons.
    """

    rows: Ints
    reason: Ints
    probability: Floats


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
            self._reach(int(key.max()))
            np.add.at(self._counts[0], key, 1.0)
            np.add.at(self._counts[1], key, hit.astype(float))

    def lift(self, key: np.ndarray) -> np.ndarray:
        """Log of a key's shrunken hit rate over the common one.

        Parameters
        ----------
        key
            Keys as numbers from 0, shape (n,), at least one.
        """
        self._reach(int(key.max()))
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
    settings
        Shares of the reasons, and the seed.
    """

    def __init__(self, settings: SimulateSettings) -> None:
        self._seed, self._shares = settings.seed, settings.examined
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
        rng = stream(self._seed, "selection", day.number)
        reason = np.full(len(day), -1)
        reason[rng.random(len(day)) < self._shares.random] = 0
        for number, score in enumerate(self._scores(day), start=1):
            self._fill(rng, reason, number=number, score=score)
        rows = np.flatnonzero(reason >= 0)
        drawn = np.where(reason[rows] == 0, self._shares.random, np.nan)
        return Choice(rows, reason[rows], drawn)

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
        top = int(day.orders.trader.max())
        if top >= len(self._first_seen):
            more = np.full(2 * top + 1 - len(self._first_seen), np.iinfo(np.int64).max)
            self._first_seen = np.concatenate([self._first_seen, more])
        np.minimum.at(self._first_seen, day.orders.trader, day.number)

    def _fill(
        self, rng: np.random.Generator, reason: np.ndarray, *, number: int, score: np.ndarray
    ) -> None:
        """Give a reason its share of the day: the highest scores, blurred by chance."""
        share = getattr(self._shares, REASONS[number])
        count = int(share * len(reason) + rng.random())
        blurred = score + rng.gumbel(0.0, 1.0, len(reason))
        blurred[reason >= 0] = -np.inf
        best = np.lexsort((np.arange(len(reason)), -blurred))[:count]
        best = best[np.isfinite(blurred[best])]
        reason[best] = number

    def _scores(self, day: Day) -> tuple[np.ndarray, ...]:
        """Score the lines for mandatory orders, intelligence, rules and officers, in that order."""
        return (
            _ordered(day),
            _TIP * day.lines.illicit,
            2.3 * self._rules(day),
            3.0 * self._habits(day),
        )

    def _rules(self, day: Day) -> np.ndarray:
        """Add up risk lists: produce of source countries, free zones, prices, new traders."""
        orders, lines = day.orders, day.lines
        young = day.number - self._first_seen[orders.trader] < 45
        learned = 0.7 * self._goods.lift(lines.goods) + 0.7 * self._origins.lift(orders.origin)
        return (
            1.1 * (_in(lines.goods, "fresh") & np.isin(orders.origin, _SOURCES))
            + 0.9 * np.isin(orders.hub, _ZONES)
            + 0.5 * (_in(lines.goods, "textiles", "footwear") & (orders.origin == COUNTRY["CN"]))
            + 0.6 * _in(lines.goods, "strategic")
            + 0.9 * (orders.preference & (orders.dispatch != orders.origin))
            + 1.2 * _below_reference(day)
            + 0.6 * (young & (day.number > 45))
            + 0.5 * orders.seal_twin
            + learned
        )

    def _habits(self, day: Day) -> np.ndarray:
        """Go back to whoever was caught, and to the brokers of those who were."""
        party = self._traders.lift(day.orders.trader)
        return 1.0 * party + 0.4 * self._brokers.lift(day.orders.broker + 1)


_SOURCES = [COUNTRY[code] for code in ("IR", "PK", "AF")]
_ZONES = [PLACE[code] for code in ("AEJEA", "IRBND", "TRMER")]


def _in(line: np.ndarray, *sectors: str) -> np.ndarray:
    return np.isin(line, goods().of(*sectors))


def _ordered(day: Day) -> np.ndarray:
    """Mandatory orders fall on listed goods: meat, pharmaceuticals, precursors, listed devices."""
    listed = _in(day.lines.goods, "meat", "pharma", "chemicals", "strategic")
    return np.where(listed, 0.0, -np.inf)


def _below_reference(day: Day) -> np.ndarray:
    """Flag lines below six tenths of the price list."""
    price = day.lines.value / np.maximum(day.lines.net, 0.1)
    return price < 0.6 * goods().price[day.lines.goods]
