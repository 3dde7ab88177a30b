"""CSV and JSON lines, read a chunk at a time."""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, cast

from targeting.errors import InputError
from targeting.ingest.chunk import Chunk, Rejected, as_json, from_objects, from_text
from targeting.ingest.opening import LONG_LINE, NOT_JSON, SHORT_LINE, Header, empty, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from targeting.ingest.inputs import Origin
    from targeting.ingest.mapping import FormatSettings


@contextmanager
def _csv_records(origin: Origin) -> Iterator[Iterator[list[str]]]:
    form, path = origin.form, cast("Path", origin.path)
    quoting = csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE
    with path.open(encoding=_codec(form), newline="") as stream:
        yield csv.reader(
            stream,
            delimiter=form.delimiter,
            quotechar=form.quote or None,
            quoting=quoting,
            strict=True,
        )


def _codec(form: FormatSettings) -> str:
    """Take a byte-order mark off UTF-8, as spreadsheets write it."""
    return (
        "utf-8-sig"
        if form.encoding.lower().replace("_", "-") in ("utf-8", "utf8")
        else form.encoding
    )


def csv_header(origin: Origin) -> Header:
    """Read the names on the first line of a CSV file.

    Parameters
    ----------
    origin
        The file to read, and how it is written down.
    """
    with _csv_records(origin) as records:
        first = next(records, None)
    if not first:
        raise empty(origin, "no header line")
    if len(first) == 1:
        _refuse_wrong_delimiter(origin, first[0])
    return Header(named(first))


def _refuse_wrong_delimiter(origin: Origin, line: str) -> None:
    seen = {mark: line.count(mark) for mark in ";,\t|" if mark in line}
    if seen:
        likely = max(seen, key=lambda mark: seen[mark])
        raise InputError(
            f"the delimiter {origin.form.delimiter!r} does not divide the header",
            where=origin.name,
            found=f"one column, with {seen[likely]} of {likely!r} in its name",
            do=f"Perhaps the source's `delimiter` is {likely!r}.",
        )


def csv_chunks(origin: Origin, header: Header, rows: int) -> Iterator[Chunk]:
    """Read the rows of a CSV file; a record of another length than the header is rejected.

    Parameters
    ----------
    origin
        The file to read, and how it is written down.
    header
        The names, from `csv_header`.
    rows
        Most records of one chunk.
    """
    with _csv_records(origin) as records:
        next(records)
        number = 1
        while batch := list(islice(records, rows)):
            chunk = _text_chunk(header.names, batch, number)
            number += len(chunk.rows) + len(chunk.rejected)
            yield chunk


def _text_chunk(names: Sequence[str], batch: list[list[str]], number: int) -> Chunk:
    filled = [record for record in batch if record]
    numbered = list(enumerate(filled, number))
    good = [(row, record) for row, record in numbered if len(record) == len(names)]
    rejected = tuple(
        Rejected(row, LONG_LINE if len(record) > len(names) else SHORT_LINE, as_json(record))
        for row, record in numbered
        if len(record) != len(names)
    )
    chunk = from_text(names, [row for row, _ in good], [record for _, record in good])
    return Chunk(chunk.rows, chunk.columns, chunk.native, rejected, len(batch) - len(filled))


def jsonl_header(origin: Origin) -> Header:
    """Collect the keys of all objects: in JSON lines a key may first appear on the last line.

    Parameters
    ----------
    origin
        The file to read, and how it is written down.
    """
    names: dict[str, None] = {}
    with cast("Path", origin.path).open(encoding=_codec(origin.form)) as stream:
        for line in stream:
            names.update(dict.fromkeys(_json_object(line) or ()))
    if not names:
        raise empty(origin, "no JSON object on any line")
    return Header(tuple(names))


def jsonl_chunks(origin: Origin, header: Header, rows: int) -> Iterator[Chunk]:
    """Read the objects of a JSON lines file; any other line is rejected.

    Parameters
    ----------
    origin
        The file to read, and how it is written down.
    header
        The names, from `jsonl_header`.
    rows
        Most records of one chunk.
    """
    number = 1
    with cast("Path", origin.path).open(encoding=_codec(origin.form)) as stream:
        while lines := list(islice(stream, rows)):
            chunk = _json_chunk(header.names, lines, number)
            number += len(chunk.rows) + len(chunk.rejected)
            yield chunk


def _json_chunk(names: Sequence[str], lines: list[str], number: int) -> Chunk:
    filled = [line for line in lines if line.strip()]
    found = [(row, line, _json_object(line)) for row, line in enumerate(filled, number)]
    good = [(row, record) for row, _, record in found if record is not None]
    rejected = tuple(
        Rejected(row, NOT_JSON, as_json(line.strip())) for row, line, one in found if one is None
    )
    values = [[record.get(name) for name in names] for _, record in good]
    chunk = from_objects(names, [row for row, _ in good], values)
    return Chunk(chunk.rows, chunk.columns, chunk.native, rejected, len(lines) - len(filled))


def _json_object(line: str) -> dict[str, object] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
