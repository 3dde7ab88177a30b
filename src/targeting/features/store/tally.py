"""Counting the events of a tables folder without reading more than their clocks."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from targeting.features.engine import day_start
from targeting.features.store.index import Events
from targeting.tables.engine import column, connect, constant
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from datetime import datetime

    from targeting.tables.engine import Connection, Relation
    from targeting.tables.folder import Tables
    from targeting.tables.schema import Table


def events_in(tables: Tables, time_zone: str, *, since: date | None, until: date) -> Events:
    """Count the declarations lodged and the results known in [since, until).

    Parquet keeps the first and last moment of every group of rows, so groups that lie wholly
    inside or outside are not read.

    Parameters
    ----------
    tables
        The tables folder.
    time_zone
        Where days close at midnight.
    since
        First local day; None counts from the beginning.
    until
        Local day to stop before.
    """
    with connect() as connection:
        lodged, known = (
            _count(_within(connection, tables, table, time_zone, since, until))
            for table in (DECLARATIONS, INSPECTIONS)
        )
    return Events(declarations=lodged, results=known)


def results_without_line(tables: Tables, time_zone: str, *, since: date, until: date) -> int:
    """Count the results known in [since, until) whose declaration the tables do not hold.

    Parameters
    ----------
    tables
        The tables folder.
    time_zone
        Where days close at midnight.
    since, until
        Local days.
    """
    with connect() as connection:
        known = _within(connection, tables, INSPECTIONS, time_zone, since, until)
        lines = conformed(tables.read(connection, DECLARATIONS), DECLARATIONS)
        ids = lines.select("declaration_id")
        return _count(known.select("declaration_id").join(ids, "declaration_id", how="anti"))


_CLOCKS = {DECLARATIONS.name: "lodged_at", INSPECTIONS.name: "result_known_at"}


def _within(
    connection: Connection, tables: Tables, table: Table,
    zone: str, since: date | None, until: date,
) -> Relation:  # fmt: skip
    rows = conformed(tables.read(connection, table), table)
    moment = column(_CLOCKS[table.name])
    rows = rows.filter(moment < constant(_start(until, zone)))
    return rows if since is None else rows.filter(moment >= constant(_start(since, zone)))


def _start(day: date, zone: str) -> datetime:
    """Return when a day begins; the calendar's first and last years have no other time zones."""
    return day_start(min(max(day, date(2, 1, 1)), date(9998, 12, 31)), zone)


def _count(rows: Relation) -> int:
    return rows.aggregate("count(*)").fetchall()[0][0]
