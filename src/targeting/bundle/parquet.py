"""Parquet files of a bundle, looked through before Arrow unpacks a byte of them.

A few bytes of Parquet can stand for gigabytes: a page of zeros, a long text used by a million rows,
a count of rows that is a claim. So the pages are walked by their headers first, and a file is
refused whose contents are out of all proportion to its size, or of a kind we never write.

Source: Apache Parquet, `parquet.thrift`: PageHeader and FileMetaData, in the compact protocol.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from targeting.bundle.thrift import I64, Items, read_struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MIB = 1024**2
LARGEST_FOOTER = 4 * MIB
LARGEST_PAGE = 64 * MIB
LONGEST_TEXT = 4096
"""Bytes of one key's text."""

MOST_UNPACKED = 100
"""Unpacked bytes for each byte of the file, above a floor."""

_FLOOR = 16 * MIB
_HEADER = 64 * 1024
_NOTHING = 1024
_LISTED = frozenset({"FIXED_LEN_BYTE_ARRAY"})
_LIST_LEVELS = 3
_TYPES = frozenset({"DOUBLE", "FLOAT", "INT32", "INT64", "BYTE_ARRAY"})
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
_PLAIN, _BY_DICTIONARY = 0, 8
# Fields of a footer, of a group of rows, of a column of one, of what is said of that, of its sizes.
_GROUPS, _COLUMNS, _ABOUT, _SIZES, _BYTES = 4, 1, 3, 16, 1
_ENCRYPTED, _PLACES = frozenset({8, 9}), 17


@dataclass(frozen=True, slots=True)
class _Page:
    """A page by its header."""

    kind: int
    unpacked: int
    packed: int
    values: int
    encoding: int
    at: int

    @property
    def is_dictionary(self) -> bool:
        return self.kind == _DICTIONARY_PAGE


def require_flat(path: Path, *, lists: Mapping[str, int] = MappingProxyType({})) -> None:
    """Make sure a Parquet file is a plain table that takes memory in proportion to its size.

    Parameters
    ----------
    path
        A file of a bundle, its hash already checked.
    lists
        Columns that hold a list in each row, and how many numbers each list has.

    Raises
    ------
    ValueError
        If it is not such a file. Says what is wrong.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        footer = _footer(stream, size)
        metadata = pq.ParquetFile(stream).metadata
        # A row is told from every other, which takes a byte at the very least.
        if metadata.num_rows > size:
            raise ValueError("more rows than bytes")
        _require_columns(metadata.schema, lists)
        _require_sound(footer, metadata.schema)
        unpacked = sum(_unpacked(stream, metadata, size, lists))
    if unpacked > MOST_UNPACKED * size + _FLOOR:
        raise ValueError("it unpacks to out of all proportion")


def _footer(stream: BinaryIO, size: int) -> bytes:
    if size < 12:
        raise ValueError("too short to be Parquet")
    stream.seek(-8, io.SEEK_END)
    length, mark = struct.unpack("<I4s", stream.read(8))
    if mark != b"PAR1" or length > min(size - 12, LARGEST_FOOTER):
        raise ValueError("no footer of Parquet")
    stream.seek(-8 - length, io.SEEK_END)
    return stream.read(length)


def _require_columns(schema: pq.ParquetSchema, lists: Mapping[str, int]) -> None:
    for at in range(len(schema.names)):
        column = schema.column(at)
        is_list = column.path.partition(".")[0] in lists
        flat = column.path == column.name and column.max_definition_level <= 1
        listed = is_list and column.max_definition_level <= _LIST_LEVELS
        kinds = _LISTED if is_list else _TYPES
        wanted = (listed if is_list else flat) and column.max_repetition_level == int(is_list)
        if not wanted or column.physical_type not in kinds:
            raise ValueError("a column of a kind no bundle has")


def _require_sound(footer: bytes, schema: pq.ParquetSchema) -> None:
    """Refuse what Arrow would not refuse: asked about such a column, it ends the process.

    Of a column it throws where the histograms of its levels have another length than the levels,
    where bytes of texts are told of numbers, and where it is encrypted; pyarrow 25 catches none
    of it.
    """
    about, _ = read_struct(footer)
    for group in _structs(about.get(_GROUPS)):
        columns = _structs(group.get(_COLUMNS))
        if len(columns) != len(schema.names):
            raise ValueError("a group of rows with other columns")
        for at, column in enumerate(columns):
            _require_sound_column(column, schema.column(at))


def _structs(told: object) -> list[dict[int, object]]:
    values = told.values if isinstance(told, Items) else (None,)
    structs = [one for one in values if isinstance(one, dict)]
    if len(structs) != len(values):
        raise ValueError("a footer without its groups and columns")
    return structs


def _require_sound_column(chunk: dict[int, object], column: pq.ColumnSchema) -> None:
    about = chunk.get(_ABOUT)
    if not isinstance(about, dict) or chunk.keys() & _ENCRYPTED or _PLACES in about:
        raise ValueError("a column of a kind no bundle has")
    sizes = about.get(_SIZES, {})
    if not isinstance(sizes, dict) or (_BYTES in sizes and column.physical_type != "BYTE_ARRAY"):
        raise ValueError("sizes of a column of another kind")
    levels = ((2, column.max_repetition_level), (3, column.max_definition_level))
    for field, highest in levels:
        told = sizes.get(field, Items(I64, ()))
        if not isinstance(told, Items) or told.kind != I64 or (
            len(told.values) not in {0, highest + 1}
        ):  # fmt: skip
            raise ValueError("sizes that do not fit the levels of a column")


def _unpacked(
    stream: BinaryIO, metadata: pq.FileMetaData, size: int, lists: Mapping[str, int]
) -> Iterator[int]:
    """Give the unpacked bytes of each column of each group of rows."""
    rows = 0
    for group in range(metadata.num_row_groups):
        about = metadata.row_group(group)
        rows += about.num_rows
        for at in range(about.num_columns):
            chunk = about.column(at)
            width = lists.get(chunk.path_in_schema.partition(".")[0], 1)
            yield _column(stream, chunk, about.num_rows * width, size)
    if rows != metadata.num_rows:
        raise ValueError("the groups do not hold the rows it says")


def _column(stream: BinaryIO, chunk: pq.ColumnChunkMetaData, values: int, size: int) -> int:
    if not values and chunk.total_compressed_size <= _NOTHING:
        return 0  # Arrow writes no data page then, and reads none
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
        start = min(start, chunk.dictionary_page_offset)
    stop = start + chunk.total_compressed_size
    if chunk.file_path or chunk.compression != "ZSTD" or not 4 <= start <= stop <= size - 8:
        raise ValueError("a column lies elsewhere, or is packed in another way")
    pages = list(_pages(stream, start, stop))
    if sum(page.values for page in pages if not page.is_dictionary) != values:
        raise ValueError("a column has not the rows it says")
    for at, page in enumerate(pages):
        if page.is_dictionary:
            if at:
                raise ValueError("a dictionary out of place")
            _require_short_texts(stream, page, chunk.physical_type)
    return sum(page.unpacked for page in pages)


def _pages(stream: BinaryIO, start: int, stop: int) -> Iterator[_Page]:
    while start < stop:
        stream.seek(start)
        fields, length = read_struct(stream.read(min(_HEADER, stop - start)))
        page = _page(fields, start + length)
        start = page.at + page.packed
        if start > stop:
            raise ValueError("a page that ends outside its column")
        yield page


def _page(fields: dict[int, object], at: int) -> _Page:
    """Read a page's header: its kind, its sizes, and how many values it holds in which form."""
    kind, unpacked, packed = (fields.get(one) for one in (1, 2, 3))
    about = fields.get(7 if kind == _DICTIONARY_PAGE else 5)
    if kind not in {_DATA_PAGE, _DICTIONARY_PAGE} or not isinstance(about, dict):
        raise ValueError("a page of a kind no bundle has")
    page = _Page(kind, unpacked, packed, about.get(1), about.get(2), at)  # type: ignore[arg-type]
    numbers = (page.unpacked, page.packed, page.values, page.encoding)
    if not all(isinstance(one, int) and one >= 0 for one in numbers):
        raise ValueError("a page without its sizes")
    if page.unpacked > LARGEST_PAGE or page.encoding not in {_PLAIN, _BY_DICTIONARY}:
        raise ValueError("a page that is too large, or written in a form no bundle has")
    return page


def _require_short_texts(stream: BinaryIO, page: _Page, kind: str) -> None:
    """Make sure no text of a dictionary is long: each row that names it gets a copy."""
    if kind != "BYTE_ARRAY":
        return
    stream.seek(page.at)
    packed = stream.read(page.packed)
    texts = pa.Codec("zstd").decompress(packed, page.unpacked).to_pybytes()
    at = count = 0
    while at < len(texts):
        (length,) = struct.unpack_from("<I", texts, at)
        if length > LONGEST_TEXT:
            raise ValueError("a key's text is too long")
        at += 4 + length
        count += 1
    if at != len(texts) or count != page.values:
        raise ValueError("a dictionary that does not hold what it says")
