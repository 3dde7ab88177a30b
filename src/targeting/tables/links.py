"""What holds between rows: unique keys, examinations of declarations, seals on one unit only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.tables.engine import column, constant, function
from targeting.tables.report import Breach, SelectionSummary
from targeting.tables.rules import LODGED_AT, LODGED_ID
from targeting.tables.scan import AT, Scan, first_places, only_row
from targeting.tables.schema import SELECTED_BY

if TYPE_CHECKING:
    from targeting.tables.engine import Connection, Expression, Relation

_DAY = 86_400_000_000
_ONE = constant(1)
_LODGED = "lodged"


def repeated_keys(scan: Scan, rows: int, *, first_rows: int) -> list[Breach]:
    """Find rows whose key an earlier row already has.

    Keys are first counted by a 64-bit hash, which takes a third of the memory; only those whose
    hash comes twice are compared as text, so a chance collision is never taken for a repetition.

    Parameters
    ----------
    scan
        The table.
    rows
        How many rows it has.
    first_rows
        How many row numbers to tell.
    """
    if not any(one.name == scan.table.key for one in scan.usable):
        return []
    twice = _repeated(scan)
    surplus = int(only_row(twice.aggregate([function("sum", column("times") - _ONE)]))[0] or 0)
    if not surplus:
        return []
    return [
        Breach(
            scan.table.name, scan.table.key, "key that an earlier row already has", surplus,
            "breach", "Keep one row of each key: the version that customs held first.",
            rows, scan.places(_later_places(scan, twice, first_rows)),
        )
    ]  # fmt: skip


def _repeated(scan: Scan) -> Relation:
    """Keys that come more than once: the key, how often, and the place of the first."""
    key = column(scan.table.key)
    keyed = scan.rows.project(key.alias("key"), function("hash", key).alias("digest"), column(AT))
    keyed = keyed.filter(column("key").isnotnull())
    doubtful = keyed.aggregate([column("digest").alias("same"), function("count_star").alias("n")])
    doubtful = doubtful.filter(column("n") > _ONE).project(column("same"))
    kept = keyed.set_alias("keyed").join(
        doubtful.set_alias("doubtful"), column("digest") == column("same"), how="semi"
    )
    return kept.aggregate(
        [
            column("key").alias("twice"),
            function("count_star").alias("times"),
            function("min", column(AT)).alias("first at"),
        ]
    ).filter(column("times") > _ONE)


def _later_places(scan: Scan, twice: Relation, first_rows: int) -> list[int]:
    keyed = scan.rows.project(column(scan.table.key).alias("key"), column(AT))
    later = keyed.set_alias("keyed").join(
        twice.set_alias("repeated"), column("key") == column("twice"), how="inner"
    )
    return first_places(later, [column(AT) != column("first at")], first_rows)[0]


def linked(connection: Connection, inspections: Scan, declarations: Scan) -> Scan | None:
    """Join to each examination the declaration it is of; None where a column for it is missing.

    The declarations named by an examination are gathered once into a table of the engine, which
    holds as many rows as were examined, not as were declared.

    Parameters
    ----------
    connection
        An open engine.
    inspections, declarations
        The two tables.
    """
    if not (_has(inspections, "declaration_id", "inspected_at")
            and _has(declarations, "declaration_id", "lodged_at")):  # fmt: skip
        return None
    examined = inspections.rows.project(column("declaration_id").alias("examined id")).distinct()
    named = declarations.rows.project(column("declaration_id"), column("lodged_at"))
    named = named.set_alias("named").join(
        examined.set_alias("examined"),
        column("declaration_id") == column("examined id"),
        how="semi",
    )
    named.aggregate(
        [
            column("declaration_id").alias(LODGED_ID),
            function("min", column("lodged_at")).alias(LODGED_AT),
        ]
    ).create(_LODGED)
    rows = inspections.rows.set_alias("rows").join(
        connection.table(_LODGED), column("declaration_id") == column(LODGED_ID), how="left"
    )
    return Scan(inspections.table, inspections.usable, rows, inspections.files)


def examined_count(connection: Connection) -> int:
    """Count the declarations that `linked` found examined.

    Parameters
    ----------
    connection
        DuckDB connection on which `linked` ran.
    """
    return len(connection.table(_LODGED))


def _has(scan: Scan, *names: str) -> bool:
    return {one.name for one in scan.usable}.issuperset(names)


def shared_seals(declarations: Scan) -> list[Breach]:
    """Count seals declared on two or more units on the same day (UTC).

    Parameters
    ----------
    declarations
        The declarations.
    """
    if not _has(declarations, "seal_id", "container_id", "lodged_at"):
        return []
    unit = function("hash", column("container_id"))
    day = function("epoch_us", column("lodged_at")) // constant(_DAY)
    sealed = declarations.rows.filter(_told("seal_id") & _told("container_id"))
    seals = sealed.project(
        function("hash", column("seal_id")).alias("seal"), day.alias("day"), unit.alias("unit")
    ).aggregate(
        [
            column("seal"),
            column("day"),
            function("min", column("unit")).alias("one"),
            function("max", column("unit")).alias("other"),
        ]
    )
    found = len(seals.filter(column("one") != column("other")))
    words = f"seals declared on two or more units on the same day: {found:,}"
    advice = "Look for placeholder seal numbers, then for copied seals."
    return [Breach("declarations", "seal_id", words, found, "notice", advice)] if found else []


def _told(name: str) -> Expression:
    return column(name) != constant("")


def selections(inspections: Scan) -> tuple[SelectionSummary, ...]:
    """Count examinations and hits by the way of selection, known ways only.

    Parameters
    ----------
    inspections
        The examinations.
    """
    if not _has(inspections, "selected_by", "result"):
        return ()
    hit = function("count_if", column("result") == constant("hit"))
    groups = inspections.rows.filter(
        column("selected_by").isin(*map(constant, SELECTED_BY))
    ).aggregate([column("selected_by"), function("count_star"), hit])
    found = {way: (number, int(hits)) for way, number, hits in groups.fetchall()}
    return tuple(SelectionSummary(way, *found[way]) for way in SELECTED_BY if way in found)
