"""DuckDB, opened in one place with bounded memory.

Check, ingest and features all read tables larger than memory, so the one opener lives in the
lowest room that needs it. Queries are built from DuckDB's relations and expressions; no SQL text
is put together by hand.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

Connection = duckdb.DuckDBPyConnection
Relation = duckdb.DuckDBPyRelation
Expression = duckdb.Expression
EngineError = duckdb.Error

case = duckdb.CaseExpression
column = duckdb.ColumnExpression
constant = duckdb.ConstantExpression
function = duckdb.FunctionExpression
star = duckdb.StarExpression
sql_type = duckdb.sqltype

_UNREADABLE = (
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.SerializationException,
)

MEMORY_LIMIT = "4GB"


@contextmanager
def connect(*, threads: int | None = None) -> Iterator[Connection]:
    """Open an in-memory DuckDB that spills to a temporary folder and never to the network.

    Parameters
    ----------
    threads
        Worker threads; None leaves DuckDB's own choice of one per core.

    Yields
    ------
    duckdb.DuckDBPyConnection
        Closed, and its spill folder deleted, when the block ends.

    Examples
    --------
    >>> with connect() as connection:
    ...     connection.execute("select 6 * 7").fetchone()
    (42,)
    """
    with tempfile.TemporaryDirectory(prefix="targeting-") as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": os.environ.get("TARGETING_MEMORY_LIMIT", MEMORY_LIMIT),
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads is not None:
            settings["threads"] = threads
        connection = duckdb.connect(":memory:", config=settings)
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = false")  # it would print into --json output
        try:
            yield connection
        except _UNREADABLE as error:
            raise InputError(
                "a table cannot be read to its end",
                where="the Parquet files",
                found=f"damaged or unfit data ({type(error).__name__})",  # its text quotes values
                do="Run `targeting check` on the folder; write or copy the files again.",
            ) from error
        finally:
            connection.close()
