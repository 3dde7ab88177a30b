"""Offence schemes: who takes part, when they run, and how their waves move on.

A scheme comes in waves. Each wave has its own gang, route, goods and brokers; between waves the
scheme rests. So what was learnt from one wave helps, but only so far, with the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from targeting.simulate.streams import Floats, habit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from targeting.simulate.lines import Lines
    from targeting.simulate.orders import Desk, Orders
    from targeting.simulate.traders import Traders

T = TypeVar("T")
GANG_DAYS = 30
"""A gang is looked over again every so many days: who has left is replaced."""


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave of a scheme: everything that stays the same while it runs.

    Parameters
    ----------
    seed
        Seed of the world.
    scheme
        Name of the scheme.
    number
        Waves before this one.
    """

    seed: int
    scheme: str
    number: int

    def chance(self, name: str) -> float:
        """Give the wave's own number in [0, 1) for a named decision.

        Parameters
        ----------
        name
            Name of the decision.
        """
        return float(habit(self.seed, f"{self.scheme}: {name}", self.number)[0])

    def choose(self, name: str, options: Sequence[T]) -> T:
        """Choose among options; the next wave chooses the next one, and so moves on.

        Parameters
        ----------
        name
            Name of the decision.
        options
            What is chosen from, at least one, in the order of the waves.
        """
        first = int(habit(self.seed, f"{self.scheme}: {name}")[0] * len(options))
        return options[(first + self.number) % len(options)]


@dataclass(frozen=True, slots=True)
class Hand:
    """What a trace works on: the day's orders, one per line, the lines' rows and a stream."""

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
    first_day, wave_days, pause_days
        When the first wave begins (days since the world began, or before it), how long a wave
        runs and how long it rests.
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
    inclined
        Whether the gang is taken from the crooked; a scheme that abuses clean traders is not.
    """

    name: str
    offence: str
    first_day: int
    wave_days: int
    pause_days: int
    detectable: float
    unit: str
    gang_share: float
    suits: Callable[[Traders, int], Floats]
    shape: Callable[[Desk, Orders, Wave], Orders]
    trace: Callable[[Lines, Hand, Wave], Lines]
    inclined: bool = True

    def wave(self, seed: int, day: int) -> Wave | None:
        """Return the wave that runs on a day, None while the scheme rests.

        Parameters
        ----------
        seed
            Seed of the world.
        day
            Days since the world began.
        """
        if day < self.first_day or self._into(day) >= self.wave_days:
            return None
        return Wave(seed, self.name, (day - self.first_day) // self._period)

    def intensity(self, day: int) -> float:
        """Rise and fall of a wave: mean about 1 over its days, 0 at rest.

        Parameters
        ----------
        day
            Days since the world began.
        """
        if day < self.first_day or self._into(day) >= self.wave_days:
            return 0.0
        return 0.45 + 0.86 * float(np.sin(np.pi * (self._into(day) + 0.5) / self.wave_days))

    @property
    def _period(self) -> int:
        return self.wave_days + self.pause_days

    def _into(self, day: int) -> int:
        return (day - self.first_day) % self._period

    def gang(self, traders: Traders, wave: Wave, day: int) -> tuple[np.ndarray, Floats]:
        """Choose the wave's gang as it stands on a day, and how busy each member is.

        Parameters
        ----------
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
        weight = self.suits(traders, day)
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
