"""Offence schemes: who takes part, when they run, and how they move on.

A scheme comes in waves. Each wave has its own gang, route, goods and brokers; between waves the
scheme rests. A scheme that is caught too often lies low and comes back by another route, with
other brokers and goods. So what was learnt helps, but only so far, with what comes next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from targeting.simulate.trade.streams import Floats, habit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.lines import Lines
    from targeting.simulate.trade.orders import Desk, Orders
    from targeting.simulate.trade.traders import Traders

T = TypeVar("T")
GANG_DAYS = 30
"""A gang is looked over again every so many days: who has left is replaced."""


@dataclass(frozen=True, slots=True)
class Wave:
    """What a scheme does at one time: everything that stays the same until it moves on.

    Parameters
    ----------
    seed
        Seed of the world.
    scheme
        Name of the scheme.
    number
        Waves before this one: it decides on the people.
    moves
        Times the scheme moved because too much of it was caught. With the number it decides on
        routes, brokers and goods.
    """

    seed: int
    scheme: str
    number: int
    moves: int = 0

    def chance(self, name: str) -> float:
        """Give the number in [0, 1) that decides a named question until the scheme moves on.

        Parameters
        ----------
        name
            Name of the decision.
        """
        return float(habit(self.seed, f"{self.scheme}: {name}", self.number, self.moves)[0])

    def choose(self, name: str, options: Sequence[T]) -> T:
        """Choose among options; whoever moves on takes the next one.

        Parameters
        ----------
        name
            Name of the decision.
        options
            What is chosen from, at least one, in the order of the moves.
        """
        first = int(habit(self.seed, f"{self.scheme}: {name}")[0] * len(options))
        return options[(first + self.number + self.moves) % len(options)]


@dataclass(frozen=True, slots=True)
class Hand:
    """What a trace works on: ground, the day's orders one per line, the lines' rows, a stream."""

    ground: Ground
    orders: Orders
    rows: np.ndarray
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Scheme:
    """One offence scheme.

    Parameters
    ----------
    name, offence
        Name in the truth, and the offence an examination would record.
    detectable
        Chance that a full examination finds it.
    unit
        Unit of what is seized; empty where only revenue is at stake.
    gang_share
        Gang as a share of those who suit.
    suits
        Weight of each trader as a candidate on a day; 0 does not suit.
    shape
        Changes the orders the gang places.
    trace
        Changes their lines, marks the illicit ones and states the evaded revenue.
    orders, lines
        Names of the fields of `Orders` and `Lines` that it changes, and no others; what it
        evades and hides is not among them, for no document shows it.
    inclined
        Whether the gang is taken from the crooked; a scheme that abuses clean traders is not.
    """

    name: str
    offence: str
    detectable: float
    unit: str
    gang_share: float
    suits: Callable[[Ground, Traders, int], Floats]
    shape: Callable[[Desk, Orders, Wave], Orders]
    trace: Callable[[Lines, Hand, Wave], Lines]
    orders: str
    lines: str
    inclined: bool = True

    def gang(
        self, ground: Ground, traders: Traders, wave: Wave, day: int
    ) -> tuple[np.ndarray, Floats]:
        """Choose the wave's gang as it stands on a day, and how busy each member is.

        Parameters
        ----------
        ground
            What the world stands on.
        traders
            Who is known by then.
        wave
            The wave that runs.
        day
            Days since the world began.

        Returns
        -------
        tuple of ndarray
            Numbers of the traders, and weights that add to 1; both empty when nobody suits.
        """
        weight = self.suits(ground, traders, day)
        candidates = np.flatnonzero(weight > 0)
        if not len(candidates):
            return candidates, weight[candidates]
        if not self.inclined:
            return candidates, weight[candidates] / weight[candidates].sum()
        willing = self._willing(traders, candidates, wave)
        size = min(len(candidates), max(4, round(self.gang_share * len(candidates))))
        ranked = np.lexsort((candidates, -willing))[:size]
        busy = 1.0 / (np.arange(size) + 4.0) ** 0.6
        return candidates[ranked], busy / busy.sum()

    def _willing(self, traders: Traders, candidates: np.ndarray, wave: Wave) -> Floats:
        """Mix character, a taste for this scheme and the wave's own acquaintances."""
        taste = habit(wave.seed, f"taste for {self.name}", candidates)
        known = habit(wave.seed, f"{self.name} acquaintance", candidates, wave.number)
        return 0.30 * traders.crooked[candidates] + 0.20 * taste + 0.50 * known
