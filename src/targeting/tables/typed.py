"""Tables read with the schema's types, whatever near relation of them a file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.tables.engine import column, constant, sql_type

if TYPE_CHECKING:
    from targeting.tables.engine import Relation
    from targeting.tables.schema import Kind, Table

_SQL_TYPES: dict[Kind, str] = {
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "int": "BIGINT",
    "float": "DOUBLE",
}


def conformed(rows: Relation, table: Table) -> Relation:
    """Give every column of the schema its type, absent ones as null; keep extra columns.

    Parameters
    ----------
    rows
        A table as it stands in its files. Moments without a time zone are UTC.
    table
        The schema to read it with.
    """
    present = set(rows.columns)
    typed = [
        (column(one.name) if one.name in present else constant(None))
        .cast(sql_type(_SQL_TYPES[one.kind]))
        .alias(one.name)
        for one in table.columns
    ]
    extra = [column(name) for name in rows.columns if name not in table.names]
    return rows.select(*typed, *extra)
