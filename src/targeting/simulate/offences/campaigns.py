"""Schemes at work in one world: when they send, what was caught of it, and when they move on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.offences.schemes import Wave

if TYPE_CHECKING:
    from targeting.simulate.settings import AdaptationSettings, SchemeSettings


@dataclass(frozen=True, slots=True)
class Move:
    """A scheme that moved on because too much of it was caught.

    Parameters
    ----------
    scheme
        Its name.
    day
        Days since the world began.
    sent, caught
        Goods lines of the days it looked back over, and how many of them were seized.
    """

    scheme: str
    day: int
    sent: int
    caught: int


class Campaign:
    """One scheme in one world.

    Parameters
    ----------
    name
        Name of the scheme.
    seed
        Seed of the world.
    settings
        How much, when, and whether it learns.
    adaptation
        When it moves on.

    Notes
    -----
    The gang knows of a seizure when it happens, long before the port has the result on paper.

    Examples
    --------
    >>> from targeting.simulate.settings import AdaptationSettings, SchemeSettings
    >>> always = SchemeSettings(share=0.01, wave_days=100, pause_days=0)
    >>> campaign = Campaign("rip_on", 1, always, AdaptationSettings(lie_low_days=3))
    >>> campaign.send(0, 10), campaign.lose([0] * 6)
    (None, None)
    >>> campaign.rise(1).caught, campaign.wave(1), campaign.wave(4).moves
    (6, None, 1)
    """

    def __init__(
        self, name: str, seed: int, settings: SchemeSettings, adaptation: AdaptationSettings
    ) -> None:
        self.name, self._seed = name, seed
        self._settings, self._adaptation = settings, adaptation
        self._moves = 0
        self._quiet_until = -(10**9)
        self._sent: dict[int, int] = {}
        self._caught: dict[int, int] = {}

    def wave(self, day: int) -> Wave | None:
        """Return what the scheme does on a day, None while it rests.

        Parameters
        ----------
        day
            Days since the world began.
        """
        settings = self._settings
        over = settings.last_day is not None and day > settings.last_day
        if over or day < settings.first_day or day < self._quiet_until:
            return None
        if self._into(day) >= settings.wave_days:
            return None
        return Wave(self._seed, self.name, (day - settings.first_day) // self._period, self._moves)

    def intensity(self, day: int) -> float:
        """Share of consignments the scheme adds on a day: it rises and falls with the wave.

        Parameters
        ----------
        day
            Days since the world began.
        """
        if self.wave(day) is None:
            return 0.0
        into = (self._into(day) + 0.5) / self._settings.wave_days
        return self._settings.share * (0.45 + 0.86 * float(np.sin(np.pi * into)))

    def send(self, day: int, lines: int) -> None:
        """Remember how many lines were sent on a day.

        Parameters
        ----------
        day
            Days since the world began.
        lines
            Illicit goods lines.
        """
        if lines:
            self._sent[day] = lines

    def lose(self, days: list[int]) -> None:
        """Hear of seizures.

        Parameters
        ----------
        days
            Day of each seizure, days since the world began.
        """
        for day in days:
            self._caught[day] = self._caught.get(day, 0) + 1

    def rise(self, day: int) -> Move | None:
        """Begin a day: look back, and move on if too much was caught.

        Parameters
        ----------
        day
            Days since the world began.
        """
        first = day - self._adaptation.memory_days
        for known in (self._sent, self._caught):
            for old in [one for one in known if one < first]:
                del known[old]
        sent = sum(self._sent.values())
        caught = sum(count for one, count in self._caught.items() if one < day)
        enough = caught >= self._adaptation.least_caught
        if not (self._settings.adapts and enough and caught > self._adaptation.tolerance * sent):
            return None
        self._moves += 1
        self._quiet_until = day + self._adaptation.lie_low_days
        self._sent.clear()
        self._caught = {one: count for one, count in self._caught.items() if one >= day}
        return Move(self.name, day, sent, caught)

    @property
    def _period(self) -> int:
        return self._settings.wave_days + self._settings.pause_days

    def _into(self, day: int) -> int:
        return (day - self._settings.first_day) % self._period
