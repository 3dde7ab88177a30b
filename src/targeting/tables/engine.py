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
        _in_utc(connection)
        _be_silent(connection)
        try:
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise InputError(
                "the tables need more memory than DuckDB may use",
                where="TARGETING_MEMORY_LIMIT",
                found=os.environ.get("TARGETING_MEMORY_LIMIT", MEMORY_LIMIT),
                do="Set it higher, such as 8GB.",
            ) from error
        except duckdb.Error as error:
            if not _of_the_data(error):
                raise
            raise InputError(
                "the tables cannot be read to their end",
                where="the Parquet files",
                found=f"damaged or unfit data ({type(error).__name__})",  # its text quotes values
                do="Run `targeting check` on the folder; write or copy the files again.",
            ) from error
        finally:
            connection.close()


def _be_silent(connection: Connection) -> None:
    """Switch off the progress bar, which would print between results; a notebook has none."""
    shown = connection.execute("select current_setting('enable_progress_bar')").fetchall()
    if shown == [(True,)]:
        connection.execute("set enable_progress_bar = false")


def _of_the_data(error: duckdb.Error) -> bool:
    """Tell damaged files, which raise these, from a defect of ours."""
    kinds = (
        duckdb.IOException,
        duckdb.InvalidInputException,
        duckdb.ConversionException,
        duckdb.SerializationException,
    )
    return isinstance(error, kinds) or type(error) is duckdb.Error


@contextmanager
def beside(connection: Connection) -> Iterator[Connection]:
    """Open a second way into the same DuckDB, for another thread.

    Parameters
    ----------
    connection
        An open connection, of `connect`.

    Yields
    ------
    duckdb.DuckDBPyConnection
        Closed when the block ends. It reads moments without a zone as UTC too: DuckDB gives a
        cursor the machine's own zone.

    Examples
    --------
    >>> with connect() as connection, beside(connection) as other:
    ...     other.execute("select current_setting('TimeZone')").fetchone()
    ('UTC',)
    """
    with connection.cursor() as other:
        _in_utc(other)
        yield other


def _in_utc(connection: Connection) -> None:
    connection.execute("set TimeZone = 'UTC'")
