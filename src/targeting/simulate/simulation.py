"""A whole span at once: the tables folder, and the truth beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.simulate import writing
from targeting.simulate.catalogue import SCHEMES
from targeting.simulate.examination import Examinations, examine
from targeting.simulate.selection import REASONS, Policy, Port
from targeting.simulate.traders import MONTH_DAYS
from targeting.simulate.world import Day, World
from targeting.tables.folder import write_tables
from targeting.tables.output import staged_file, staged_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from targeting.simulate.settings import SimulateSettings

TRUTH_FILE = "truth.parquet"


@dataclass(frozen=True, slots=True)
class Count:
    """How many lines, and how many of them were found, under one name.

    Parameters
    ----------
    name
        Reason for selection, or scheme.
    lines
        Lines examined for the reason, or illicit lines of the scheme.
    hits
        How many of them were found.
    """

    name: str
    lines: int
    hits: int


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """What a simulation wrote.

    Parameters
    ----------
    preset
        Name of the world.
    tables, truth
        The tables folder and the truth beside it.
    days, declarations, examined, hits, illicit
        Counts.
    by_reason
        Examinations and hits by reason for selection.
    by_scheme
        Illicit lines and hits by scheme.
    """

    preset: str
    tables: Path
    truth: Path
    days: int
    declarations: int
    examined: int
    hits: int
    illicit: int
    by_reason: tuple[Count, ...]
    by_scheme: tuple[Count, ...]

    @property
    def examined_share(self) -> float:
        """Share of declarations examined."""
        return self.examined / self.declarations

    @property
    def hit_rate(self) -> float | None:
        """Hits per examination; None when nothing was examined."""
        return self.hits / self.examined if self.examined else None


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
    >>> from targeting.simulate.settings import preset
    >>> days = live(preset("small"))
    >>> day, results = next(days)
    >>> len(results) <= len(day)
    True
    """
    world, chooser = World(settings), policy or Port(settings)
    for _ in range(settings.days):
        day = world.next_day()
        results = examine(day, chooser.choose(day), settings.delays)
        chooser.learn(results)
        yield day, results


def simulate(
    settings: SimulateSettings,
    output: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> SimulationReport:
    """Simulate a corridor: a tables folder, and `truth.parquet` beside it.

    Parameters
    ----------
    settings
        The world and its span.
    output
        The tables folder to write; the truth goes to its parent folder, never inside.
    progress
        Called with the days done and the days in all, after each month of the world.

    Raises
    ------
    OutputError
        If the folder or the truth cannot be written.
    """
    declared: list[pa.Table] = []
    inspected: list[pa.Table] = []
    known: list[pa.Table] = []
    counts = _Counts()
    for lived in _months(live(settings)):
        day, results = Day.join([d for d, _ in lived]), Examinations.stack([r for _, r in lived])
        declared.append(writing.declarations(settings, day))
        inspected.append(writing.inspections(settings, results))
        known.append(writing.truth(settings, day))
        counts.add(day, results)
        if progress is not None:
            progress(day.number + len(lived), settings.days)
    beside = output.parent / TRUTH_FILE
    with staged_folder(output) as stage, staged_file(beside) as file:
        write_tables(stage, _whole(declared), _whole(inspected))
        pq.write_table(_whole(known), file, compression="zstd")
    return counts.report(settings, output, beside)


def _months(
    days: Iterator[tuple[Day, Examinations]],
) -> Iterator[list[tuple[Day, Examinations]]]:
    """Gather days by thirty, so that writing them costs little more than writing one."""
    while chunk := list(islice(days, MONTH_DAYS)):
        yield chunk


def _whole(parts: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(parts).combine_chunks()


class _Counts:
    """Running counts behind the report."""

    def __init__(self) -> None:
        self._declarations = 0
        self._reasons = np.zeros((2, len(REASONS)), dtype=np.int64)
        self._schemes = np.zeros((2, len(SCHEMES) + 1), dtype=np.int64)

    def add(self, day: Day, results: Examinations) -> None:
        """Count one day."""
        self._declarations += len(day)
        self._reasons[0] += np.bincount(results.reason, minlength=len(REASONS))
        self._reasons[1] += np.bincount(results.reason[results.hit], minlength=len(REASONS))
        illicit = day.orders.scheme[day.lines.illicit]
        found = results.scheme[results.hit]
        self._schemes[0] += np.bincount(illicit, minlength=len(SCHEMES) + 1)
        self._schemes[1] += np.bincount(found, minlength=len(SCHEMES) + 1)

    def report(self, settings: SimulateSettings, tables: Path, truth: Path) -> SimulationReport:
        """Sum up."""
        return SimulationReport(
            preset=settings.preset,
            tables=tables,
            truth=truth,
            days=settings.days,
            declarations=self._declarations,
            examined=int(self._reasons[0].sum()),
            hits=int(self._reasons[1].sum()),
            illicit=int(self._schemes[0].sum()),
            by_reason=_named(REASONS, self._reasons),
            by_scheme=_named([scheme.name for scheme in SCHEMES], self._schemes[:, 1:]),
        )


def _named(names: list[str] | tuple[str, ...], counts: np.ndarray) -> tuple[Count, ...]:
    rows = zip(names, counts[0].tolist(), counts[1].tolist(), strict=True)
    return tuple(Count(name, lines, hits) for name, lines, hits in rows)
