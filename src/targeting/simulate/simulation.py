"""A whole span at once: the tables folder, and the truth beside it."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import OutputError
from targeting.simulate.control.examination import Examinations
from targeting.simulate.control.selection import REASONS
from targeting.simulate.customs_view import arrivals_table, results_table
from targeting.simulate.living import live
from targeting.simulate.offences.catalogue import SCHEMES
from targeting.simulate.trade.ground import Ground
from targeting.simulate.trade.traders import MONTH_DAYS
from targeting.simulate.world import Day
from targeting.simulate.writing import manifests
from targeting.simulate.writing import tables as writing
from targeting.simulate.writing.spool import Spool, in_background
from targeting.tables.output import staged_file, staged_folder
from targeting.tables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pyarrow as pa

    from targeting.simulate.control.selection import Policy
    from targeting.simulate.settings import SimulateSettings

TRUTH_FILE = "truth.parquet"
MANIFESTS_FILE = "manifests.parquet"
LINES_TOGETHER = 400_000
"""Goods lines written at once; a chunk ends with the day that reaches them."""


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
    manifests
        The versions of the manifests, beside them too; None where the settings want none.
    days, declarations, examined, hits, illicit
        Counts.
    by_reason
        Examinations and hits by reason for selection, of the reasons there were.
    by_scheme
        Illicit lines and hits by scheme.
    """

    preset: str
    tables: Path
    truth: Path
    manifests: Path | None
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

    def text(self) -> str:
        """Return the report in words: what was lodged, examined and found, by reason and scheme.

        Rates among the examined are those a port sees; what was missed only the truth knows.
        """
        rate = "none" if self.hit_rate is None else f"{self.hit_rate:.1%}"
        return "\n".join(
            [
                f"{self.preset}: {self.declarations:,} declarations of {self.days:,} days, "
                f"{self.examined:,} examined ({self.examined_share:.1%}), {self.hits:,} hits "
                f"({rate}); {self.illicit:,} lines are illicit "
                f"({self.illicit / self.declarations:.1%})",
                "",
                f"  {'reason for selection':<24}{'examined':>10}{'hits':>8}{'hit rate':>10}",
                *(_row(one) for one in self.by_reason),
                "",
                f"  {'scheme':<24}{'illicit':>10}{'found':>8}{'share':>10}",
                *(_row(one) for one in self.by_scheme),
            ]
        )


def _row(count: Count) -> str:
    rate = f"{count.hits / count.lines:.1%}" if count.lines else "-"
    return f"  {count.name:<24}{count.lines:>10,}{count.hits:>8,}{rate:>10}"


def simulate(
    settings: SimulateSettings,
    output: Path,
    *,
    policy: Policy | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SimulationReport:
    """Simulate a corridor: a tables folder, and `truth.parquet` beside it.

    Worlds of many lines are written as they go on, a chunk of days at a time, so that a long one
    needs no more memory than a short one.

    Parameters
    ----------
    settings
        The world and its span.
    output
        The tables folder to write; the truth goes to its parent folder, never inside, and so do
        the manifests: one world to a parent folder.
    policy
        Who chooses what to examine; None is the port as it works today.
    progress
        Called with the days done and the days in all, after each chunk of at most a month.

    Raises
    ------
    OutputError
        If the folder, the truth or the manifests cannot be written.
    """
    with (
        _books(settings, output) as books,
        closing(in_background(books.write, _chunks(settings, policy))) as written,
    ):
        for done in written:
            if progress is not None:
                progress(done, settings.days)
    return books.counts.report(settings, output)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Days written together; those of one month where each month has a file of its own."""

    month: str | None
    days: list[tuple[Day, Examinations]] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Writing a few days at once costs little more than writing one."""
        lines = sum(len(day) for day, _ in self.days)
        return lines >= LINES_TOGETHER or len(self.days) >= MONTH_DAYS


def _chunks(settings: SimulateSettings, policy: Policy | None) -> Iterator[_Chunk]:
    """Live through the world and gather its days."""
    chunk = _Chunk(_month(settings, 0))
    for day, results in live(settings, policy):
        month = _month(settings, day.number)
        if chunk.is_full or month != chunk.month:
            yield chunk
            chunk = _Chunk(month)
        chunk.days.append((day, results))
    yield chunk


def _month(settings: SimulateSettings, day: int) -> str | None:
    """Name the calendar month of a day, such as 2024-01, if each month has its own file."""
    if settings.files == "one":
        return None
    return (settings.first_day + timedelta(days=day)).isoformat()[:7]


@contextmanager
def _books(settings: SimulateSettings, output: Path) -> Iterator[_Books]:
    """Open every file; all are whole before the first appears under its name."""
    _refuse_old_manifests(settings, output.parent / MANIFESTS_FILE)
    with ExitStack() as stack:
        folder = stack.enter_context(staged_folder(output))
        tables = [folder / f"{table.name}.parquet" for table in TABLES]
        names = (TRUTH_FILE, MANIFESTS_FILE) if _has_manifests(settings) else (TRUTH_FILE,)
        beside = [stack.enter_context(_staged(settings, output.parent / name)) for name in names]
        spools = [stack.enter_context(Spool(path)) for path in (*tables, *beside)]
        yield _Books(Ground.of(settings), spools)


def _refuse_old_manifests(settings: SimulateSettings, beside: Path) -> None:
    """Another world's manifests beside this one's tables would be taken for its own."""
    if beside.exists() and not _has_manifests(settings):
        raise OutputError(
            "the manifests of an earlier world lie beside the tables",
            where=str(beside),
            found="a world without manifests to write",
            do="Remove them, or write to another folder.",
        )


def _staged(settings: SimulateSettings, target: Path) -> AbstractContextManager[Path]:
    return staged_file(target) if settings.files == "one" else staged_folder(target)


def _has_manifests(settings: SimulateSettings) -> bool:
    return settings.documents.manifests


class _Books:
    """What is being written, and the counts of what is in it."""

    def __init__(self, ground: Ground, spools: Sequence[Spool]) -> None:
        self._ground, self._spools = ground, spools
        self.counts = _Counts()

    def write(self, chunk: _Chunk) -> int:
        """Write a chunk to every file; return the days done."""
        day = Day.join([day for day, _ in chunk.days])
        results = Examinations.stack([results for _, results in chunk.days])
        for spool, rows in zip(self._spools, _tables(self._ground, day, results), strict=True):
            spool.write(rows, part=chunk.month)
        self.counts.add(day, results)
        return day.number + len(chunk.days)


def _tables(ground: Ground, day: Day, results: Examinations) -> Iterator[pa.Table]:
    """Write rows of declarations, inspections, truth and, if asked for, manifests, in turn."""
    yield arrivals_table(ground, day)
    yield results_table(ground, results)
    yield writing.truth(ground, day)
    if _has_manifests(ground.settings):
        yield manifests.versions(ground, day)


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

    def report(self, settings: SimulateSettings, tables: Path) -> SimulationReport:
        """Sum up."""
        return SimulationReport(
            preset=settings.preset,
            tables=tables,
            truth=tables.parent / TRUTH_FILE,
            manifests=tables.parent / MANIFESTS_FILE if _has_manifests(settings) else None,
            days=settings.days,
            declarations=self._declarations,
            examined=int(self._reasons[0].sum()),
            hits=int(self._reasons[1].sum()),
            illicit=int(self._schemes[0].sum()),
            by_reason=tuple(one for one in _named(REASONS, self._reasons) if one.lines),
            by_scheme=_named([scheme.name for scheme in SCHEMES], self._schemes[:, 1:]),
        )


def _named(names: list[str] | tuple[str, ...], counts: np.ndarray) -> tuple[Count, ...]:
    rows = zip(names, counts[0].tolist(), counts[1].tolist(), strict=True)
    return tuple(Count(name, lines, hits) for name, lines, hits in rows)
