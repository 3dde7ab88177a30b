"""A few thousand rows of an extract as text, whatever the format they came in.

Text is the common ground: what cannot be read later can be shown in the quarantine as it stood.
Values that had a type of their own (a spreadsheet date, a Parquet number) are written in one
fixed way and marked `native`, so that the source's decimal mark is not applied to them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

from targeting.ingest.arrow import pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

Mask: TypeAlias = "npt.NDArray[np.bool_]"
Text: TypeAlias = "pa.StringArray"

_LARGEST_WHOLE = 2.0**53


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is not a row of the table at all, such as a line with too many fields.

    Parameters
    ----------
    row
        Its number, counted from 1 after the header.
    reason
        Why, in words.
    raw
        The record as JSON.
    """

    row: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of one file.

    Parameters
    ----------
    rows
        Number of each row, counted from 1 after the header.
    columns
        Source column to its values as text.
    native
        Source column to a mask of the values that were not text in the source.
    rejected
        Records that could not become rows.
    blank
        Empty lines passed over.
    """

    rows: npt.NDArray[np.int64]
    columns: dict[str, Text]
    native: dict[str, Mask]
    rejected: tuple[Rejected, ...] = ()
    blank: int = 0

    def raw(self, index: int) -> str:
        """One row as a JSON object of source column to text.

        Parameters
        ----------
        index
            Position of the row in the chunk, from 0.
        """
        return as_json({name: values[index].as_py() for name, values in self.columns.items()})


def as_json(value: object) -> str:
    """Write a raw record down; letters beyond ASCII stay readable.

    Parameters
    ----------
    value
        The record; what JSON has no form for is written as text.
    """
    return json.dumps(value, ensure_ascii=False, default=str)


def from_text(names: Sequence[str], rows: Sequence[int], records: list[list[str]]) -> Chunk:
    """Build a chunk from records of text, each as long as the header.

    Parameters
    ----------
    names
        Columns of the source, in order.
    rows
        Number of each record, counted from 1 after the header; shape (n,).
    records
        n records of text, each with one field per name.

    Examples
    --------
    >>> from_text(["a", "b"], [1, 2], [["x", "1"], ["y", "2"]]).raw(1)
    '{"a": "y", "b": "2"}'
    """
    turned = zip(*records, strict=True) if records else ((),) * len(names)
    columns = {
        name: pa.array(values, pa.string()) for name, values in zip(names, turned, strict=True)
    }
    return Chunk(np.asarray(rows, dtype=np.int64), columns, {})


def from_objects(
    names: Sequence[str], rows: Sequence[int], records: Sequence[Sequence[object]]
) -> Chunk:
    """Build a chunk from records of Python values, each as long as the header.

    Parameters
    ----------
    names
        Columns of the source, in order.
    rows
        Number of each record, counted from 1 after the header; shape (n,).
    records
        n records of values, each with one value per name.

    Examples
    --------
    >>> from_objects(["a", "b"], [1], [[date(2024, 1, 31), 10.0]]).raw(0)
    '{"a": "2024-01-31", "b": "10"}'
    """
    columns: dict[str, Text] = {}
    native: dict[str, Mask] = {}
    for place, name in enumerate(names):
        rendered = [render(record[place]) for record in records]
        columns[name] = pa.array([text for text, _ in rendered], pa.string())
        native[name] = np.asarray([own for _, own in rendered], dtype=bool)
    return Chunk(np.asarray(rows, dtype=np.int64), columns, native)


def render(value: object) -> tuple[str | None, bool]:
    """Write a value as text, and say whether it had a type of its own.

    Parameters
    ----------
    value
        A cell of a sheet, a database or a JSON object.

    Examples
    --------
    >>> render(40890.0), render("40890"), render(True), render(None)
    (('40890', True), ('40890', False), ('true', False), (None, False))
    """
    if value is None or isinstance(value, str):
        return value, False
    if isinstance(value, bool):
        return ("true" if value else "false"), False
    if isinstance(value, int | float | Decimal):
        return _render_number(value)
    if isinstance(value, datetime | date):
        return value.isoformat(), True
    return (as_json(value) if isinstance(value, dict | list) else str(value)), False


def _render_number(value: float | Decimal) -> tuple[str | None, bool]:
    """Drop the `.0` that a code gains when software takes it for a number."""
    if isinstance(value, int):
        return str(value), True
    if math.isnan(value):
        return None, False
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WHOLE:
        return str(int(value)), True
    return str(value), True


def from_arrow(batch: pa.RecordBatch, first_row: int) -> Chunk:
    """Build a chunk from typed columns.

    Parameters
    ----------
    batch
        Rows of a Parquet file.
    first_row
        Number of the first of them.
    """
    columns: dict[str, Text] = {}
    native: dict[str, Mask] = {}
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        columns[name], own = _arrow_text(values)
        native[name] = np.full(len(values), own)
    rows = np.arange(first_row, first_row + batch.num_rows, dtype=np.int64)
    return Chunk(rows, columns, native)


def _arrow_text(values: pa.Array) -> tuple[Text, bool]:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _arrow_text(values.dictionary_decode())
    if pa.types.is_floating(kind):
        return _float_text(values.cast(pa.float64())), True
    if pa.types.is_timestamp(kind):
        return _timestamp_text(values), True
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_date(kind):
        return values.cast(pa.string()), True
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind):
        return values.cast(pa.string()), False
    return pa.array([render(value)[0] for value in values.to_pylist()], pa.string()), False


def _float_text(values: pa.Array) -> Text:
    present = pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    whole = pc.and_(
        pc.equal(present, pc.floor(present)), pc.less(pc.abs(present), pa.scalar(_LARGEST_WHOLE))
    )
    counted = pc.if_else(whole, present, pa.scalar(None, pa.float64())).cast(pa.int64())
    return pc.if_else(whole, counted.cast(pa.string()), present.cast(pa.string()))


def _timestamp_text(values: pa.Array) -> Text:
    if values.type.tz is None:
        return values.cast(pa.timestamp("us"), safe=False).cast(pa.string())
    utc = values.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.timestamp("us"))
    return pc.binary_join_element_wise(utc.cast(pa.string()), "Z", "")
