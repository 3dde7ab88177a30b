"""A world lived with by any policy that sees only what customs sees, day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from targeting.errors import InputError
from targeting.simulate.control.examination import examine
from targeting.simulate.customs_view import (
    Post,
    Selection,
    arrivals_table,
    as_choice,
    results_table,
)
from targeting.simulate.living import Beside, beside
from targeting.simulate.simulation import simulate
from targeting.simulate.trade.ground import Ground
from targeting.simulate.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from targeting.simulate.control.examination import Examinations
    from targeting.simulate.control.roster import Choice
    from targeting.simulate.settings import SimulateSettings
    from targeting.simulate.simulation import SimulationReport
    from targeting.simulate.world import Day

__all__ = ["Corridor", "Selection", "TablePolicy", "ThroughTables", "live_with"]


class TablePolicy(Protocol):
    """Anything that chooses from tables, as a model or an officer does: it sees no truth."""

    def choose(self, today: date, arrivals: pa.Table, new_results: pa.Table) -> Sequence[Selection]:
        """Choose lines of a day to examine.

        Parameters
        ----------
        today
            The day.
        arrivals
            What was lodged, as rows of `declarations`.
        new_results
            Results that became known since the day before, as rows of `inspections`.
        """
        ...


class Corridor:
    """A world lived day by day: observe arrivals, choose, and get results late.

    A day is one of the world's own, in UTC. A result may be used from the day after the one it
    became known on. Iterate over the corridor for its days; a day that nobody ended with
    `examine` ends without an examination.

    Parameters
    ----------
    settings
        The world and its span.
    beside_port
        Whether the lot, mandatory orders and intelligence select as well. Selections then take
        the place of rules and officers: they are a list in order of preference, cut at each
        office to as many lines as rules and officers would have examined.

    Examples
    --------
    >>> from targeting.simulate import preset
    >>> corridor = Corridor(preset("small").model_copy(update={"days": 3}))
    >>> for today in corridor:
    ...     first = corridor.arrivals()["declaration_id"][0].as_py()
    ...     corridor.examine([Selection(first, "model")])
    >>> corridor.today.isoformat(), corridor.is_over
    ('2024-01-04', True)
    """

    def __init__(self, settings: SimulateSettings, *, beside_port: bool = False) -> None:
        self._settings, self._beside_port = settings, beside_port
        self._world = World(settings)
        self._post = Post()
        self._day = self._world.next_day()
        self._number = 0

    def __iter__(self) -> Iterator[date]:
        while not self.is_over:
            number = self._number
            yield self.today
            if self._number == number:
                self.examine([])

    @property
    def today(self) -> date:
        """The present day; the one after the last when the world is over."""
        return self._settings.first_day + timedelta(days=self._number)

    @property
    def is_over(self) -> bool:
        """Whether the world's span has been lived."""
        return self._number >= self._settings.days

    def arrivals(self) -> pa.Table:
        """Return what was lodged today: rows of `declarations`, in the order of lodging.

        Raises
        ------
        InputError
            If the world is over.
        """
        self._require_a_day()
        return arrivals_table(self._world.ground, self._day)

    def results(self) -> pa.Table:
        """Return all results known before today: rows of `inspections`, in order of lodging."""
        return results_table(self._world.ground, self._post.known_before(self._number))

    def new_results(self) -> pa.Table:
        """Return the results that became known yesterday: rows of `inspections`."""
        return results_table(self._world.ground, self._post.known_on(self._number - 1))

    def examine(self, selections: Iterable[Selection]) -> None:
        """Examine lines lodged today, and end the day.

        Parameters
        ----------
        selections
            Lines of today, each at most once.

        Raises
        ------
        InputError
            If a line was not lodged today or is named twice, a reason is unknown, or a chance
            is missing or impossible. The day then goes on.
        """
        self._require_a_day()
        ground = self._world.ground
        choice = as_choice(ground, self._day, list(selections))
        if self._beside_port:
            choice = beside(ground, self._day, choice)
        results = examine(ground, self._day, choice)
        self._post.send(results)
        self._world.hear(results.seized)
        self._number += 1
        if not self.is_over:
            self._day = self._world.next_day()

    def _require_a_day(self) -> None:
        if self.is_over:
            days = self._settings.days
            raise InputError(
                "the world is over",
                where="Corridor",
                found=f"all of its {days:,} days were lived",
                do="Set more `days`, or stop at `is_over`.",
            )


def live_with(
    settings: SimulateSettings,
    policy: TablePolicy,
    output: Path,
    *,
    beside_port: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> SimulationReport:
    """Live through a world under a policy, and write its tables and truth as `simulate` does.

    Parameters
    ----------
    settings
        The world and its span.
    policy
        Chooses what to examine.
    output
        The tables folder to write; the truth goes to its parent folder.
    beside_port
        Whether the lot, mandatory orders and intelligence select as well, as in `Corridor`.
    progress
        Called with the days done and the days in all, now and then.

    Raises
    ------
    InputError
        If the policy selects what cannot be examined.
    OutputError
        If the folder or the truth cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from targeting.simulate import preset
    >>> class Heaviest:
    ...     def choose(self, today, arrivals, new_results):
    ...         lines = arrivals.sort_by([("gross_mass_kg", "descending")])["declaration_id"]
    ...         return [Selection(line, "model") for line in lines[:2].to_pylist()]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     world = preset("small").model_copy(update={"days": 3})
    ...     live_with(world, Heaviest(), Path(folder) / "tables").examined
    6
    """
    ground = Ground.of(settings)
    alone = ThroughTables(policy, ground)
    chooser = Beside(alone, ground) if beside_port else alone
    return simulate(settings, output, policy=chooser, progress=progress)


class ThroughTables:
    """Lets a policy that chooses from tables live with a world.

    Parameters
    ----------
    policy
        Chooses from tables.
    ground
        What the world stands on; `Ground.of(settings)` of the world lived in.
    """

    def __init__(self, policy: TablePolicy, ground: Ground) -> None:
        self._policy, self._ground = policy, ground
        self._post = Post()

    def choose(self, day: Day) -> Choice:
        """Show the policy a day's arrivals and news, and take its selections.

        Parameters
        ----------
        day
            What was lodged.
        """
        today = self._ground.settings.first_day + timedelta(days=day.number)
        news = results_table(self._ground, self._post.known_on(day.number - 1))
        selections = self._policy.choose(today, arrivals_table(self._ground, day), news)
        return as_choice(self._ground, day, list(selections))

    def learn(self, results: Examinations) -> None:
        """Keep the day's examinations until their results are known.

        Parameters
        ----------
        results
            The day's examinations.
        """
        self._post.send(results)
