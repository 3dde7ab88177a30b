"""Filling a new database: profiles of a store or a snapshot, and the events behind them.

Profiles are written key by key and in the order of their keys, so that memory holds one lot of
them and the database grows at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from targeting.features.engine import day_start
from targeting.features.lines import Lines
from targeting.features.store.keyed import chosen
from targeting.scoring.online.accepting import Taker
from targeting.scoring.online.rows import day_of, local_day, typed, written
from targeting.scoring.online.states import packed
from targeting.scoring.online.tables import (
    LOAD_DECLARATION,
    LOAD_RESULT,
    PUT_PROFILE,
    PUT_REACHED,
)
from targeting.tables.engine import column, connect, constant
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from targeting.features.snapshot import KeyProfiles
    from targeting.scoring.online.ledger import Design, Ledger
    from targeting.scoring.online.rows import Row
    from targeting.tables.engine import Connection as Engine
    from targeting.tables.engine import Relation
    from targeting.tables.folder import Tables
    from targeting.tables.schema import Table

    Tell = Callable[[str], None]

_LOT = 100_000  # profiles laid out as bytes at a time
_ROWS = 5_000  # events made into rows at a time


@dataclass(frozen=True, slots=True)
class Loader:
    """Fills a database, inside one writing transaction.

    Parameters
    ----------
    connection
        Of the transaction.
    design
        What the profiles are of.
    ledger
        The day they stand at.
    """

    connection: Connection
    design: Design
    ledger: Ledger

    def profiles(self, name: str, profiles: KeyProfiles) -> int:
        """Write the profiles of one key, in the order of the keys.

        Parameters
        ----------
        name
            Of the key or link.
        profiles
            No key twice.

        Returns
        -------
        int
            How many were written.
        """
        number = self.design.space.names.index(name)
        keys = self.design.space.written(number, profiles.parts)
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
        for start in range(0, len(order), _LOT):
            some = order[start : start + _LOT]
            states = packed(chosen(profiles, some).state)
            told = [
                {"key": keys[at], "state": state}
                for at, state in zip(some.tolist(), states, strict=True)
            ]
            self.connection.execute(PUT_PROFILE, told)
        return len(keys)

    def events(self, tables: Tables, *, progress: Tell) -> tuple[int, int]:
        """Remember the events of the last days before the profiles' day: they are in them.

        Parameters
        ----------
        tables
            Declarations and results.
        progress
            Told what is being done.

        Returns
        -------
        tuple of int
            Declarations and results written.
        """
        lines = results = 0
        with connect() as connection:
            for rows in _batches(self._in_days(connection, tables, DECLARATIONS)):
                lines += self._declarations(typed(rows, DECLARATIONS))
                progress(f"{lines:,} declarations remembered")
            found = self._in_days(connection, tables, INSPECTIONS)
            lodged = conformed(tables.read(connection, DECLARATIONS), DECLARATIONS).select(
                "declaration_id", column("lodged_at").alias(_LODGED)
            )
            for rows in _batches(found.join(lodged, "declaration_id", how="left")):
                results += self._results(rows)
                progress(f"{results:,} results remembered")
        return lines, results

    def _in_days(self, connection: Engine, tables: Tables, table: Table) -> Relation:
        """Return the rows of the days remembered."""
        zone = self.design.settings.time_zone
        first, stop = (
            constant(day_start(day_of(day), zone))
            for day in (self.ledger.remembered_from, self.ledger.as_of)
        )
        moment = column(_CLOCKS[table.name])
        rows = conformed(tables.read(connection, table), table)
        return rows.filter(moment >= first).filter(moment < stop)

    def _declarations(self, rows: Sequence[Row]) -> int:
        told = [
            self._taker.told_of("declaration", row, written(row)) | {"folded": 1} for row in rows
        ]
        self.connection.execute(LOAD_DECLARATION, told)
        keys = self.design.space.keys_of(Lines.of_rows(rows, self.design.settings.time_zone))
        reached = [
            {"key": own[number], "day": one["day"], "declaration_id": one["declaration_id"]}
            for one, own in zip(told, keys, strict=True)
            for number in self.design.space.reached
            if own[number] is not None
        ]
        if reached:
            self.connection.execute(PUT_REACHED, reached)
        return len(told)

    def _results(self, rows: Sequence[dict[str, Any]]) -> int:
        """Write results: those of a line the tables hold before the day are in the profiles."""
        lodged = [row.pop(_LODGED) for row in rows]
        told: list[dict[str, Any]] = []
        for row, moment in zip(typed(rows, INSPECTIONS), lodged, strict=True):
            one = self._taker.told_of("result", row, written(row))
            line = None if moment is None else local_day(moment, self.design.zone)
            if line is not None and line < self.ledger.as_of:
                one |= {"folded": 1, "counts_from": max(one["day"], line)}
            told.append(one)
        self.connection.execute(LOAD_RESULT, told)
        return len(told)

    @property
    def _taker(self) -> Taker:
        return Taker(self.connection, self.design, self.ledger)


_LODGED = "_lodged"
_CLOCKS = {DECLARATIONS.name: "lodged_at", INSPECTIONS.name: "result_known_at"}


def _batches(rows: Relation) -> Iterator[list[dict[str, Any]]]:
    for batch in rows.to_arrow_reader(_ROWS):
        yield batch.to_pylist()
