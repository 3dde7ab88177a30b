"""A world lived day by day under a policy: arrivals, choices, results, and the gangs' answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.simulate.control.examination import Examinations, examine
from targeting.simulate.control.roster import Choice, Roster
from targeting.simulate.control.selection import Policy, Port
from targeting.simulate.world import Day, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from targeting.simulate.settings import SimulateSettings
    from targeting.simulate.trade.ground import Ground


class Beside:
    """A policy in the place of rules and officers; lot, mandatory orders and tips stay.

    Each day and site it has as many examinations as rules and officers would have had. So the
    lot still draws every line with its recorded chance, and two policies can be compared at the
    same effort.

    Parameters
    ----------
    policy
        Chooses lines in order of preference, as many as it likes: what others took is passed
        over, and what does not fit is left.
    ground
        What the world stands on; `Ground.of(settings)` of the world lived in.
    """

    def __init__(self, policy: Policy, ground: Ground) -> None:
        self._policy, self._ground = policy, ground

    def choose(self, day: Day) -> Choice:
        """Choose lines of a day: lot, orders and tips first, then the policy's list.

        Parameters
        ----------
        day
            What was lodged.
        """
        return beside(self._ground, day, self._policy.choose(day))

    def learn(self, results: Examinations) -> None:
        """Pass all of the day's examinations on to the policy.

        Parameters
        ----------
        results
            The day's examinations.
        """
        self._policy.learn(results)


def beside(ground: Ground, day: Day, listed: Choice) -> Choice:
    """Fit a list of preferences in beside the lot, mandatory orders and intelligence.

    Parameters
    ----------
    ground
        What the world stands on.
    day
        What was lodged.
    listed
        Lines in order of preference.
    """
    roster = Roster.standing(ground, day)
    roster.take_listed(listed)
    return roster.choice()


def live(
    settings: SimulateSettings, policy: Policy | None = None
) -> Iterator[tuple[Day, Examinations]]:
    """Live through a world day by day under a policy.

    Parameters
    ----------
    settings
        The world and its span.
    policy
        Who chooses what to examine; None is the port as it works today.

    Yields
    ------
    tuple of Day and Examinations
        What was lodged on a day, and what was examined of it.

    Examples
    --------
    >>> from targeting.simulate.presets import preset
    >>> days = live(preset("small"))
    >>> day, results = next(days)
    >>> len(results) <= len(day)
    True
    """
    world = World(settings)
    chooser = Port(world.ground) if policy is None else policy
    for _ in range(settings.days):
        day = world.next_day()
        results = examine(world.ground, day, chooser.choose(day))
        chooser.learn(results)
        world.hear(results.seized)
        yield day, results
