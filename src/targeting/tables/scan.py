"""One pass over a table: every rule counted at once, the first broken rows found only if any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

from targeting.tables.engine import case, column, constant, function
from targeting.tables.report import Breach, Row
from targeting.tables.rules import CodeList, Rule, code_lists
from targeting.tables.schema import DECLARATIONS, Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from targeting.tables.engine import Connection, Expression, Relation
    from targeting.tables.folder import TablesFolder
    from targeting.tables.schema import Kind

AT = "row at"
"""Column with a row's place: the file's number times `_FILE`, plus the row's number in the file."""

_FILE = 2**40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scan:
    """A table opened for checking.

    Parameters
    ----------
    table
        Which table.
    usable
        Columns of the schema that are there with a fitting type.
    rows
        These columns, the marks of the code lists and `AT`.
    files
        File names, relative to the tables folder, in the order of `AT`.
    """

    table: Table
    usable: tuple[Column, ...]
    rows: Relation
    files: tuple[str, ...]

    def places(self, numbers: Sequence[int]) -> tuple[Row, ...]:
        """Turn values of `AT` into files and row numbers.

        Parameters
        ----------
        numbers
            Values of `AT`.
        """
        return tuple(Row(self.files[at // _FILE], at % _FILE) for at in numbers)


@dataclass(frozen=True, slots=True)
class Counts:
    """What one pass over a table counted.

    Parameters
    ----------
    rows
        Rows of the table.
    present
        Values that are not missing, by column.
    first, last
        Ends of the table's clock column; None where it has no value.
    broken
        Rows that break each rule, in the order of the rules.
    """

    rows: int
    present: tuple[int, ...]
    first: datetime | None
    last: datetime | None
    broken: tuple[int, ...]


def open_scan(
    connection: Connection, folder: TablesFolder, table: Table, usable: tuple[Column, ...]
) -> Scan:
    """Open a table with the place of every row, times as instants, and code lists joined.

    Parameters
    ----------
    connection
        An open engine.
    folder
        The tables.
    table
        Which table.
    usable
        Its columns that can be checked by value.
    """
    files = folder.files(table)
    place = column("file_index") * constant(_FILE) + column("file_row_number")
    stored = connection.read_parquet(
        [str(file) for file in files], union_by_name=True, hive_partitioning=False
    )
    rows = stored.project(*map(_read, usable), place.alias(AT))
    if table is DECLARATIONS:
        names = {one.name for one in usable}
        lists = [one for one in code_lists() if one.column in names]
        rows = reduce(lambda joined, one: _join_codes(connection, joined, one), lists, rows)
    return Scan(table, usable, rows, tuple(str(file.relative_to(folder.path)) for file in files))


_ENGINE_TYPES: Mapping[Kind, str] = {
    "string": "VARCHAR",
    "timestamp": "TIMESTAMPTZ",
    "int": "DOUBLE",
    "float": "DOUBLE",
}


def _read(one: Column) -> Expression:
    return column(one.name).cast(_ENGINE_TYPES[one.kind]).alias(one.name)


def _join_codes(connection: Connection, rows: Relation, listed: CodeList) -> Relation:
    """Add the code found to each row; the list's codes are unique, so no row is doubled."""
    reference = connection.from_arrow(listed.table).project(column("code").alias(listed.mark))
    return rows.set_alias("rows").join(
        reference.set_alias("codes"), listed.key == column(listed.mark), how="left"
    )


def count(scan: Scan, rules: Sequence[Rule], clock: str) -> Counts:
    """Count rows, values and broken rules in one pass.

    Parameters
    ----------
    scan
        The table.
    rules
        Every rule to count.
    clock
        The timestamp column whose ends are told.
    """
    has_clock = clock in {one.name for one in scan.usable}
    when = function("epoch_us", column(clock)) if has_clock else constant(None)
    rows, first, last, *rest = only_row(
        scan.rows.aggregate(
            [
                function("count_star"),
                function("min", when),
                function("max", when),
                *(function("count", column(one.name)) for one in scan.usable),
                *(function("count_if", rule.broken) for rule in rules),
            ]
        )
    )
    split = len(scan.usable)
    present = tuple(map(int, rest[:split]))
    broken = tuple(int(one or 0) for one in rest[split:])  # count_if of nulls alone is null
    return Counts(rows, present, _instant(first), _instant(last), broken)


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def broken_rules(
    scan: Scan, rules: Sequence[Rule], counts: Counts, *, first_rows: int
) -> list[Breach]:
    """Turn the rules that some rows break into findings, with the first rows of each.

    Parameters
    ----------
    scan
        The table.
    rules
        The rules counted.
    counts
        What `count` found with the same rules.
    first_rows
        How many row numbers to tell of each.
    """
    hit = [(rule, number) for rule, number in zip(rules, counts.broken, strict=True) if number]
    places = first_places(scan.rows, [rule.broken for rule, _ in hit], first_rows)
    return [
        Breach(
            rule.table, rule.column, rule.words, number, rule.severity, rule.advice,
            counts.rows, scan.places(at),
        )
        for (rule, number), at in zip(hit, places, strict=True)
    ]  # fmt: skip


def first_places(
    rows: Relation, conditions: Sequence[Expression], first_rows: int
) -> list[list[int]]:
    """Find the first rows that meet each condition, in one pass; none where none is asked for.

    Parameters
    ----------
    rows
        Rows with the column `AT`.
    conditions
        What to look for.
    first_rows
        Most rows to name for each condition.
    """
    if not conditions or not first_rows:
        return [[] for _ in conditions]
    wanted = constant(first_rows)
    found = rows.aggregate([function("min", case(one, column(AT)), wanted) for one in conditions])
    return [list(places or ()) for places in only_row(found)]


def only_row(relation: Relation) -> tuple[Any, ...]:
    """Fetch the one row of an aggregate without groups.

    Parameters
    ----------
    relation
        An aggregate without groups.
    """
    return relation.fetchall()[0]
