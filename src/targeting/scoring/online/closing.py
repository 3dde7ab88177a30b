"""Closing days: the events that waited are added to the profiles, in the order a batch has them.

A day closes in steps, each a transaction of its own, so that what arrives meanwhile is not kept
waiting and a run stopped half-way is gone on with. An event says itself whether it is in the
profiles; only the last step moves the day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from targeting.scoring.online.accepting import results_of
from targeting.scoring.online.engine import reading, records_of, writing
from targeting.scoring.online.events import Closed
from targeting.scoring.online.folding import Folder
from targeting.scoring.online.ledger import read_ledger
from targeting.scoring.online.rows import day_of, read
from targeting.scoring.online.tables import (
    FORGET_PAST,
    MOVE_LEDGER,
    WAITING_DECLARATIONS,
    WAITING_RESULTS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine

    from targeting.scoring.online.ledger import Design, Ledger

STEP = 500
"""Events of one step."""


@dataclass(frozen=True, slots=True)
class Closer:
    """Closes days.

    Parameters
    ----------
    engine
        Of the database.
    design
        What the profiles are of.
    progress
        Told what is being done.
    """

    engine: Engine
    design: Design
    progress: Callable[[str], None]

    def close(self, until: int) -> Closed:
        """Close every day before one.

        Parameters
        ----------
        until
            The day to stand at afterwards.
        """
        with reading(self.engine) as connection:
            since = read_ledger(connection).as_of
        lines = results = 0
        for day in range(since, until):
            counted = self._close_one(day)
            lines, results = lines + counted[0], results + counted[1]
        return Closed(day_of(since), day_of(max(since, until)), lines, results)

    def _close_one(self, day: int) -> tuple[int, int]:
        with reading(self.engine) as connection:
            lines, results = _waiting(connection, day)
        if lines or results:
            self.progress(f"closing {day_of(day)}: {len(lines):,} lines, {len(results):,} results")
        for ids in _steps(lines):
            with writing(self.engine) as connection:
                self._fold_lines(connection, ids, day)
        for ids in _steps(results):
            with writing(self.engine) as connection:
                self._fold_results(connection, ids, day)
        with writing(self.engine) as connection:
            more = self._finish(connection, day)
        return len(lines) + more[0], len(results) + more[1]

    def _folder(self, connection: Connection, day: int) -> Folder | None:
        """Return what adds the events; None where another run has closed the day."""
        ledger = read_ledger(connection)
        return Folder(connection, self.design, ledger) if ledger.as_of == day else None

    def _fold_lines(self, connection: Connection, ids: Sequence[str], day: int) -> None:
        folder, waiting = self._folder(connection, day), set(_waiting(connection, day)[0])
        if folder is not None:
            own = [name for name in ids if name in waiting]
            records = records_of(connection, "declarations", own)
            folder.declarations([read(records[name]) for name in own], day)

    def _fold_results(self, connection: Connection, ids: Sequence[str], day: int) -> None:
        folder, waiting = self._folder(connection, day), set(_waiting(connection, day)[1])
        if folder is not None:
            own = [name for name in ids if name in waiting]
            folder.results(results_of(connection, own, day), day)

    def _finish(self, connection: Connection, day: int) -> tuple[int, int]:
        """Add what came while the day was closing, and move on to the next."""
        ledger = read_ledger(connection)
        if ledger.as_of != day:
            return 0, 0
        lines, results = _waiting(connection, day)
        self._fold_lines(connection, lines, day)
        self._fold_results(connection, results, day)
        self._move(connection, replace(ledger, as_of=day + 1))
        return len(lines), len(results)

    @staticmethod
    def _move(connection: Connection, ledger: Ledger) -> None:
        connection.execute(MOVE_LEDGER, {"as_of": ledger.as_of})
        connection.execute(FORGET_PAST, {"day": ledger.first_day})


def _waiting(connection: Connection, day: int) -> tuple[list[str], list[str]]:
    """Events of a day that wait, in the order a batch adds them."""
    lines = connection.execute(WAITING_DECLARATIONS, {"day": day}).all()
    results = connection.execute(WAITING_RESULTS, {"day": day}).scalars()
    return [name for _, name in sorted(tuple(row) for row in lines)], sorted(results)


def _steps(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[at : at + STEP] for at in range(0, len(ids), STEP)]
