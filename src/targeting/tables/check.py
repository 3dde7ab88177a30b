"""`targeting check`: the contract and the quality of a tables folder, out of core.

Each table is scanned once with all its rules, and once more only where rows broke one, to find
their numbers. Keys, seals and the link between the tables take a pass over their own columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.tables import links
from targeting.tables.contract import column_findings, row_count, stored_types, usable_columns
from targeting.tables.engine import connect
from targeting.tables.report import CheckReport, TableSummary
from targeting.tables.rules import code_rules, column_rules, cross_rules, link_rules
from targeting.tables.scan import Counts, Scan, broken_rules, count, open_scan
from targeting.tables.schema import DECLARATIONS, INSPECTIONS, TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from targeting.tables.engine import Connection
    from targeting.tables.folder import TablesFolder
    from targeting.tables.report import Breach
    from targeting.tables.rules import Rule

    Say = Callable[[str], None]

_CLOCKS = {DECLARATIONS.name: "lodged_at", INSPECTIONS.name: "inspected_at"}


def check(folder: TablesFolder, *, first_rows: int = 5, progress: Say | None = None) -> CheckReport:
    """Check tables against the contract and tell what is unusual in them.

    Memory is bounded by `TARGETING_MEMORY_LIMIT` whatever the size of the tables.

    Parameters
    ----------
    folder
        The tables.
    first_rows
        How many row numbers to tell of each finding.
    progress
        Called with a line of text before each step.

    Returns
    -------
    CheckReport
        Every breach and notice; `raise_on_breach` refuses, `lines` and `to_dict` tell.

    Raises
    ------
    InputError
        If a table is missing, or a file is not Parquet or cannot be read to its end.
    """
    say = progress or (lambda _line: None)
    with connect() as connection:
        return _report(connection, folder, first_rows, say)


def require(folder: TablesFolder) -> CheckReport:
    """Check tables and refuse them if they break the contract.

    Parameters
    ----------
    folder
        The tables.

    Returns
    -------
    CheckReport
        With notices only.

    Raises
    ------
    InputError
        If a table cannot be read.
    ContractError
        With all breaches in one paragraph.
    """
    report = check(folder)
    report.raise_on_breach()
    return report


def _report(connection: Connection, folder: TablesFolder, first_rows: int, say: Say) -> CheckReport:
    declarations = _open(connection, folder, DECLARATIONS)
    inspections = _open(connection, folder, INSPECTIONS)
    say("linking examinations to declarations")
    joined = links.linked(connection, inspections, declarations)
    scans = (declarations, joined or inspections)
    rules = [(*_rules(declarations),), (*_rules(inspections), *(link_rules() if joined else ()))]
    tables, findings = [], []
    for scan, row_rules in zip(scans, rules, strict=True):
        say(f"checking {scan.table.name}, {row_count(folder, scan.table):,} rows")
        counts = count(scan, row_rules, _CLOCKS[scan.table.name])
        tables.append(_summary(folder, scan, counts))
        findings += column_findings(folder, scan.table)
        findings += broken_rules(scan, row_rules, counts, first_rows=first_rows)
        findings += links.repeated_keys(scan, counts.rows, first_rows=first_rows)
    say("looking for shared seals")
    findings += links.shared_seals(declarations)
    return CheckReport(
        path=str(folder.path),
        tables=tuple(tables),
        findings=tuple(sorted(findings, key=_order)),
        examined=links.examined_count(connection) if joined else None,
        selections=links.selections(inspections),
    )


def _open(connection: Connection, folder: TablesFolder, table: Table) -> Scan:
    usable = usable_columns(table, stored_types(folder, table))
    return open_scan(connection, folder, table, usable)


def _rules(scan: Scan) -> Iterator[Rule]:
    yield from column_rules(scan.table, scan.usable)
    yield from cross_rules(scan.table, scan.usable)
    if scan.table is DECLARATIONS:
        yield from code_rules(scan.usable)


def _summary(folder: TablesFolder, scan: Scan, counts: Counts) -> TableSummary:
    types = stored_types(folder, scan.table)
    return TableSummary(
        name=scan.table.name,
        rows=counts.rows,
        files=len(scan.files),
        first=counts.first,
        last=counts.last,
        null_shares=tuple(
            (one.name, 1 - present / counts.rows if counts.rows else 0.0)
            for one, present in zip(scan.usable, counts.present, strict=True)
        ),
        extra_columns=tuple(name for name in types if name not in scan.table.names),
    )


def _order(one: Breach) -> tuple[bool, int, int]:
    """Breaches first; then by table and column, as the schema has them."""
    place = [table.name for table in TABLES].index(one.table)
    names = TABLES[place].names
    return (one.severity != "breach", place, names.index(one.column) if one.column else -1)
