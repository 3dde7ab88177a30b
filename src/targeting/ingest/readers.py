"""Extracts of any format read a chunk at a time; databases are read here themselves.

The only module that talks to SQLAlchemy. A file that cannot be read to its end is refused whole;
a single record that is no row (too many fields, not JSON) is handed on to the quarantine.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from targeting.errors import ConfigError, InputError
from targeting.ingest.chunk import Chunk, from_objects
from targeting.ingest.opening import Header, empty, told
from targeting.ingest.text_files import csv_chunks, csv_header, jsonl_chunks, jsonl_header
from targeting.ingest.typed_files import parquet_chunks, parquet_header, xlsx_chunks, xlsx_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from targeting.ingest.inputs import Origin
    from targeting.ingest.mapping import FormatSettings

CHUNK_ROWS = 50_000


def read_header(origin: Origin) -> Header:
    """Read the column names of an extract and nothing more.

    Parameters
    ----------
    origin
        File or query to read, and how it is written down.

    Raises
    ------
    InputError
        If the extract is empty, unreadable, or its names do not tell the columns apart.
    ConfigError
        If the database's environment variable is not set.
    """
    reader = {
        "csv": csv_header,
        "xlsx": xlsx_header,
        "parquet": parquet_header,
        "jsonl": jsonl_header,
        "database": _database_header,
    }[origin.form.kind]
    with told(origin):
        header = reader(origin)
    twice = sorted({name for name in header.names if header.names.count(name) > 1})
    if twice:
        raise InputError(
            "the header names a column twice",
            where=origin.name,
            found=", ".join(twice),
            do="Give the columns of the extract different names.",
        )
    return header


def read_chunks(origin: Origin, header: Header, *, rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
    """Read an extract from first to last row, a bounded number of rows at a time.

    Parameters
    ----------
    origin
        What to read.
    header
        From `read_header`.
    rows
        Most rows of one chunk.

    Raises
    ------
    InputError
        If the extract breaks off or is damaged.
    """
    reader = {
        "csv": csv_chunks,
        "xlsx": xlsx_chunks,
        "parquet": parquet_chunks,
        "jsonl": jsonl_chunks,
        "database": _database_chunks,
    }[origin.form.kind]
    with told(origin):
        yield from reader(origin, header, rows)


@contextmanager
def _database_result(origin: Origin) -> Iterator[Any]:
    import sqlalchemy as sa
    import sqlalchemy.exc

    url = database_url(origin.form)
    try:
        engine = sa.create_engine(url)
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        raise _no_database(origin, error) from None
    try:
        with engine.connect() as connection:
            streamed = connection.execution_options(stream_results=True)
            yield streamed.exec_driver_sql(origin.form.query or "")
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise _no_database(origin, error) from None
    finally:
        engine.dispose()


def database_url(form: FormatSettings) -> str:
    """Read the database's address from the environment, the only place it may stand.

    Parameters
    ----------
    form
        Format that names the environment variable.

    Raises
    ------
    ConfigError
        If the variable is not set.
    """
    name = form.url_variable or ""
    url = os.environ.get(name, "")
    if not url:
        raise ConfigError(
            "the database's address is not set",
            where=f"environment variable {name}",
            found="nothing",
            do="Set it to a SQLAlchemy URL before the command; never write it into the YAML.",
        )
    return url


def _no_database(origin: Origin, error: Exception) -> InputError:
    """Name the kind of failure only: drivers quote addresses, passwords and rows."""
    return InputError(
        "the database did not answer the query",
        where=f"environment variable {origin.form.url_variable}",
        found=type(error).__name__,
        do="Check the URL, that its driver is installed, and the query in another client.",
    )


def _database_header(origin: Origin) -> Header:
    with _database_result(origin) as result:
        if not result.returns_rows:
            raise empty(origin, "a query that returns no rows")
        return Header(tuple(str(name) for name in tuple(result.keys())))


def _database_chunks(origin: Origin, header: Header, rows: int) -> Iterator[Chunk]:
    number = 1
    with _database_result(origin) as result:
        for part in result.partitions(rows):
            records = [tuple(record) for record in part]
            yield from_objects(header.names, range(number, number + len(records)), records)
            number += len(records)
