"""The contract at the level of columns: there, of the right type, and a table that is not empty.

Reads only the ends of the Parquet files, so `train` and `score` call it before any work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from targeting.errors import near_matches
from targeting.tables.report import Breach, Severity, refuse
from targeting.tables.schema import DECLARATIONS, NEVER_FEATURES, TABLES, Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from targeting.tables.folder import TablesFolder

Types = dict[str, tuple[pa.DataType, ...]]
"""Column names, each with the types its files store it as."""


def require_columns(folder: TablesFolder) -> None:
    """Refuse tables with a missing or wrongly typed column or no declaration, without a scan.

    Parameters
    ----------
    folder
        The tables.

    Raises
    ------
    InputError
        If a table is missing or is not Parquet.
    ContractError
        With all such breaches in one paragraph.
    """
    found = [one for table in TABLES for one in column_findings(folder, table)]
    refuse(str(folder.path), tuple(one for one in found if one.severity == "breach"))


def column_findings(folder: TablesFolder, table: Table) -> list[Breach]:
    """Compare a table's columns on disk with the schema.

    Parameters
    ----------
    folder
        The tables.
    table
        Which table.

    Returns
    -------
    list of Breach
        Missing columns, wrong types and an empty table; as notices, times without a zone, columns
        that leak and other extra ones.
    """
    types = stored_types(folder, table)
    findings = [one for column in table.columns for one in _judge(table, column, types)]
    if not row_count(folder, table):
        findings.append(_empty(table))
    return findings + _extra(table, types) + _partly_missing(folder, table)


def stored_types(folder: TablesFolder, table: Table) -> Types:
    """Collect every type a column is stored with, over all files of a table.

    Parameters
    ----------
    folder
        The tables.
    table
        Which table.

    Raises
    ------
    InputError
        If the table is missing or is not Parquet.
    """
    folder.schema(table)
    types: Types = {}
    for file in folder.files(table):
        for field in pq.read_schema(file):
            known = types.get(field.name, ())
            types[field.name] = known if field.type in known else (*known, field.type)
    return types


def usable_columns(
    table: Table, types: Mapping[str, tuple[pa.DataType, ...]]
) -> tuple[Column, ...]:
    """Columns of the schema that are there with a fitting type, and so can be checked by value.

    Parameters
    ----------
    table
        Which table.
    types
        Every type each column is stored with, by column name.
    """
    return tuple(
        column
        for column in table.columns
        if column.name in types
        and all(_fits(column.kind, one) and not pa.types.is_null(one) for one in types[column.name])
    )


def row_count(folder: TablesFolder, table: Table) -> int:
    """Count a table's rows from the ends of its files.

    Parameters
    ----------
    folder
        The tables.
    table
        Which table.
    """
    return sum(pq.read_metadata(file).num_rows for file in folder.files(table))


def _judge(table: Table, column: Column, types: Types) -> list[Breach]:
    if column.name not in types:
        return [_missing(table, column, types)]
    stored = types[column.name]
    wrong = [one for one in stored if not _allowed(column, one)]
    if wrong:
        return [_wrong_type(table, column, wrong)]
    if column.kind == "timestamp" and any(
        pa.types.is_timestamp(t) and t.tz is None for t in stored
    ):
        return [_zoneless(table, column)]
    return []


def _allowed(column: Column, stored: pa.DataType) -> bool:
    return column.null if pa.types.is_null(stored) else _fits(column.kind, stored)


def _is_text(stored: pa.DataType) -> bool:
    value = stored.value_type if pa.types.is_dictionary(stored) else stored
    return (
        pa.types.is_string(value)
        or pa.types.is_large_string(value)
        or pa.types.is_string_view(value)
    )


def _is_number(stored: pa.DataType) -> bool:
    return (
        pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored)
    )


_FITS: Mapping[Kind, Callable[[pa.DataType], bool]] = {
    "string": _is_text,
    "timestamp": pa.types.is_timestamp,
    "int": _is_number,
    "float": _is_number,
}


def _fits(kind: Kind, stored: pa.DataType) -> bool:
    return pa.types.is_null(stored) or _FITS[kind](stored)


def _missing(table: Table, column: Column, types: Types) -> Breach:
    """Tell of a column that is not there: a breach if required, else read as missing values."""
    if column.null:
        return Breach(
            table.name,
            column.name,
            "column not there, read as missing values",
            1,
            "notice",
            "Leave it so if the administration does not hold it.",
        )
    unknown = [name for name in types if name not in table.names]
    return Breach(
        table.name,
        column.name,
        "required column missing",
        1,
        "breach",
        f"Map a column of the extract to {column.name}. {near_matches(column.name, unknown)}"
        if unknown
        else f"Map a column of the extract to {column.name}.",
    )


def _wrong_type(table: Table, column: Column, wrong: list[pa.DataType]) -> Breach:
    found = ", ".join(str(one) for one in wrong)
    return Breach(
        table.name,
        column.name,
        f"wrong type: found {found}, expected {column.arrow}",
        1,
        "breach",
        f"Write {column.name} as {column.kind}; `targeting ingest` converts it.",
    )


def _zoneless(table: Table, column: Column) -> Breach:
    return Breach(
        table.name,
        column.name,
        "times without a time zone, read as UTC",
        1,
        "notice",
        "Write times with their zone if they are not UTC.",
    )


def _empty(table: Table) -> Breach:
    severity: Severity = "breach" if table is DECLARATIONS else "notice"
    advice = (
        "Extract at least one declaration."
        if table is DECLARATIONS
        else "Scoring needs none, but there is nothing to learn from: add past examinations."
    )
    return Breach(table.name, "", "the table has no rows", 0, severity, advice)


def _extra(table: Table, types: Types) -> list[Breach]:
    extra = [name for name in types if name not in table.names]
    leaks = [name for name in extra if name.lower() in NEVER_FEATURES]
    findings = []
    if leaks:
        findings.append(
            Breach(
                table.name,
                "",
                f"columns known only after the examination: {', '.join(leaks)}",
                len(leaks),
                "notice",
                "They are kept, but a feature configuration may not name them.",
            )
        )
    others = [name for name in extra if name not in leaks]
    if others:
        findings.append(
            Breach(
                table.name,
                "",
                f"extra columns: {', '.join(others)}",
                len(others),
                "notice",
                "They are kept and can be named in a feature configuration.",
            )
        )
    return findings


def _partly_missing(folder: TablesFolder, table: Table) -> list[Breach]:
    """Find required columns that only some files of a partitioned folder have."""
    files = folder.files(table)
    names = [set(pq.read_schema(file).names) for file in files]
    counts = {
        column.name: sum(column.name not in there for there in names)
        for column in table.columns
        if not column.null
    }
    return [
        Breach(
            table.name,
            name,
            f"required column missing from {count:,} of {len(files):,} files",
            count,
            "breach",
            f"Write {name} into every file.",
        )
        for name, count in counts.items()
        if 0 < count < len(files)
    ]
