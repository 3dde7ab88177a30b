"""Handing a tables folder to a profile database, some rows at a time, day after day."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from targeting.features.engine import day_start
from targeting.scoring.online.events import Accepted
from targeting.tables.engine import column, connect, constant
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from targeting.scoring.online.database import ProfileDatabase
    from targeting.tables.folder import Tables
    from targeting.tables.schema import Table

AT_ONCE = 1_000
"""Events of one call: the disk is waited for once for all of them."""


def accept_tables(
    database: ProfileDatabase,
    tables: Tables,
    *,
    since: date | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Accepted:
    """Hand over every declaration, then every result.

    Parameters
    ----------
    database
        Takes them.
    tables
        The tables folder.
    since
        Leave out what was lodged, or became known, before this local day; None leaves out none.
    progress
        Told what is being done.

    Returns
    -------
    Accepted
        What became of all of them; refused ones are told by their place in the tables.

    Raises
    ------
    ContractError
        If a row does not keep the contract; the rows before it are kept.
    """
    total, seen = Accepted(new=0), 0
    for rows in _batches(database, tables, DECLARATIONS, since):
        total = _added(total, database.accept(rows), seen)
        seen += len(rows)
        progress(f"{seen:,} declarations")
    seen = 0
    for rows in _batches(database, tables, INSPECTIONS, since):
        total = _added(total, database.accept((), rows), seen)
        seen += len(rows)
        progress(f"{seen:,} results")
    return total


_CLOCKS = {DECLARATIONS.name: "lodged_at", INSPECTIONS.name: "result_known_at"}


def _batches(
    database: ProfileDatabase, tables: Tables, table: Table, since: date | None
) -> Iterator[list[dict[str, Any]]]:
    moment = column(_CLOCKS[table.name])
    with connect() as connection:
        rows = conformed(tables.read(connection, table), table)
        if since is not None:
            start = day_start(since, database.design.settings.time_zone)
            rows = rows.filter(moment >= constant(start))
        for batch in rows.order(f"{_CLOCKS[table.name]}, {table.key}").to_arrow_reader(AT_ONCE):
            yield batch.to_pylist()


def _added(total: Accepted, one: Accepted, seen: int) -> Accepted:
    refused = tuple(replace(refused, at=refused.at + seen) for refused in one.refused)
    return Accepted(
        total.new + one.new,
        total.repeated + one.repeated,
        total.late + one.late,
        total.unmatched + one.unmatched,
        total.refused + refused,
    )
