"""XLSX and Parquet, whose values have types of their own, read a chunk at a time."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from targeting.errors import InputError, near_matches
from targeting.ingest.chunk import Chunk, Rejected, as_json, from_arrow, from_objects
from targeting.ingest.opening import LONG_LINE, Header, broken, empty, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from targeting.ingest.inputs import Origin
    from targeting.ingest.mapping import ExtraKind

NAMES_SHEET = "targeting names"
"""Hidden sheet in which a shortlist in another language than English keeps the English titles of
its columns, and below them that of its first sheet: one mapping reads it in every language."""


@contextmanager
def _xlsx_rows(origin: Origin) -> Iterator[Iterator[tuple[object, ...]]]:
    """Open a sheet at its header row; openpyxl's warnings are about styles, not values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = _open_book(origin)
        try:
            sheets, names = _named_sheets(book)
            sheet = _sheet(sheets, origin)
            sheet.reset_dimensions()
            rows = sheet.iter_rows(min_row=origin.form.header_row, values_only=True)
            yield rows if names is None else chain([names], islice(rows, 1, None))
        finally:
            book.close()


def _open_book(origin: Origin) -> Any:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    path = cast("Path", origin.path)
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError) as error:
        raise broken(origin, "no workbook inside") from error


def _named_sheets(book: Any) -> tuple[dict[str, Any], tuple[object, ...] | None]:
    """Return the sheets by name, and the English titles a translated shortlist keeps."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    kept = sheets.pop(NAMES_SHEET, None)
    if kept is None or not sheets:
        return sheets, None
    names, (tab, *_) = kept.iter_rows(max_row=2, values_only=True)
    title, first = next(iter(sheets.items()))
    return {title: first, str(tab): first, **sheets}, names


def _sheet(sheets: dict[str, Any], origin: Origin) -> Any:
    wanted = origin.form.sheet
    if not sheets:
        raise empty(origin, "no sheet")
    if wanted is None:
        return next(iter(sheets.values()))
    if wanted not in sheets:
        raise InputError(
            f"the workbook has no sheet '{wanted}'",
            where=origin.name,
            found=f"{len(sheets)} sheets",
            do=near_matches(wanted, sheets),
        )
    return sheets[wanted]


def xlsx_header(origin: Origin) -> Header:
    """Read the names in the header row of a sheet.

    Parameters
    ----------
    origin
        The file to read, and how it is written down.
    """
    with _xlsx_rows(origin) as rows:
        first = list(next(rows, ()))
    while first and first[-1] is None:
        first.pop()
    if not first:
        raise empty(origin, f"nothing in row {origin.form.header_row}, the header row")
    return Header(named(first))


def xlsx_chunks(origin: Origin, header: Header, rows: int) -> Iterator[Chunk]:
    """Read the rows of a sheet below its header; a cell beyond the header rejects its row.

    Parameters
    ----------
    origin
        The file to read, and how it is written down.
    header
        The names, from `xlsx_header`.
    rows
        Most records of one chunk.
    """
    with _xlsx_rows(origin) as records:
        next(records)
        number = 1
        while batch := list(islice(records, rows)):
            chunk = _sheet_chunk(header.names, batch, number)
            number += len(chunk.rows) + len(chunk.rejected)
            yield chunk


def _sheet_chunk(names: Sequence[str], batch: list[tuple[object, ...]], number: int) -> Chunk:
    width = len(names)
    filled = [row for row in batch if any(cell is not None for cell in row)]
    numbered = list(enumerate(filled, number))
    long = {row for row, cells in numbered if any(cell is not None for cell in cells[width:])}
    rejected = tuple(
        Rejected(row, LONG_LINE, as_json(list(cells))) for row, cells in numbered if row in long
    )
    good = [(row, cells) for row, cells in numbered if row not in long]
    padded = [(*cells[:width], *(None,) * (width - len(cells))) for _, cells in good]
    chunk = from_objects(names, [row for row, _ in good], padded)
    return Chunk(chunk.rows, chunk.columns, chunk.native, rejected, len(batch) - len(filled))


def parquet_header(origin: Origin) -> Header:
    """Read the names and types of a Parquet file.

    Parameters
    ----------
    origin
        The file to read, and how it is written down.
    """
    with pq.ParquetFile(cast("Path", origin.path)) as file:
        schema = file.schema_arrow
    if not schema.names:
        raise empty(origin, "no columns")
    return Header(tuple(schema.names), {one.name: _arrow_kind(one.type) for one in schema})


def _arrow_kind(kind: pa.DataType) -> ExtraKind:
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "float"
    if pa.types.is_integer(kind):
        return "int"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "timestamp"
    return "string"


def parquet_chunks(origin: Origin, header: Header, rows: int) -> Iterator[Chunk]:
    """Read the rows of a Parquet file.

    Parameters
    ----------
    origin
        The file to read, and how it is written down.
    header
        Not used: the file names its own columns.
    rows
        Most rows of one chunk.
    """
    del header
    number = 1
    with pq.ParquetFile(cast("Path", origin.path)) as file:
        for batch in file.iter_batches(batch_size=rows):
            yield from_arrow(batch, number)
            number += batch.num_rows
