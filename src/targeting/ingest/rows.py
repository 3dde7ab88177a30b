"""Rows of JSON into typed rows of a table, one at a time: the checks of ingest without a frame.

Every breach of every row is told at once, in the words of `targeting.ingest.faults`; whatever
ingest refuses in a file of JSON lines is refused here for the same reason (a test holds the two
together). A request is stricter in one way: JSON has types, so text must be text, as `080510`
would lose its zero, and a moment must carry its offset from UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from targeting.ingest import faults
from targeting.ingest.mapping import NULL_WORDS
from targeting.tables.schema import INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from targeting.tables.schema import Column, Table

    Value = str | int | float | bool | datetime | None
    Row = dict[str, Value]

MOMENT = (
    r"(19|20|21)\d{2}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):?\d{2})"
)
"""A moment with its offset from UTC, in the years 1900 to 2199."""

_MOMENT = re.compile(MOMENT, re.ASCII)
_NULLS = frozenset(NULL_WORDS)
_LARGEST_PLAIN = 10**18
_AS_NUMBER = "Write a JSON number, or null where it is not known."
_AS_MOMENT = "Write it with its offset from UTC, as 2025-06-01T08:00:00Z."


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one row.

    Parameters
    ----------
    row
        Place of the row, from 0.
    column
        Column of the table; empty where the row as a whole, or a column beyond the table, is meant.
    what
        What is wrong.
    found
        What stands there: its kind and size, never the value.
    do
        What to do about it.
    """

    row: int
    column: str
    what: str
    found: str
    do: str


@dataclass(frozen=True, slots=True)
class Rows:
    """What became of the rows of a request.

    Parameters
    ----------
    rows
        Typed: every column of the table, and the extra ones. Whole only when there is no fault.
    faults
        Everything that is wrong, by row and column.
    """

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]


class _UnfitError(Exception):
    """A value breaks the contract; told as what, and what to do."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.what, self.do = what, do


class RowReader:
    """Reads rows of one table.

    Parameters
    ----------
    table
        Which table.
    text_length
        Longest text of a value, in characters.
    columns
        Most columns of a row.

    Examples
    --------
    >>> from targeting.tables.schema import INSPECTIONS
    >>> read = RowReader(INSPECTIONS).read([{"inspection_id": "I-1", "result": "found"}])
    >>> [(one.column, one.what) for one in read.faults][:3]
    [('declaration_id', 'missing'), ('selected_by', 'missing'), ('inspected_at', 'missing')]
    """

    def __init__(self, table: Table, *, text_length: int = 2_000, columns: int = 200) -> None:
        self._table, self._columns = table, columns
        self._text = partial(_text, longest=text_length)
        self._readers = tuple((one, _reader(one, self._text)) for one in table.columns)
        self._known = frozenset(table.names)

    def read(self, records: Sequence[object]) -> Rows:
        """Read rows as JSON gave them.

        Parameters
        ----------
        records
            Values of any kind; objects are rows.
        """
        found: list[Fault] = []
        rows = tuple(self._row(at, record, found) for at, record in enumerate(records))
        found += _repeated(rows, self._table.key)
        if self._table is INSPECTIONS:
            found += _early(rows)
        return Rows(rows, tuple(sorted(found, key=lambda one: one.row)))

    def _row(self, at: int, record: object, found: list[Fault]) -> Row:
        if not isinstance(record, dict):
            found.append(Fault(at, "", faults.NOT_A_ROW, kind_of(record), "Write a JSON object."))
            return {}
        if len(record) > self._columns:
            limit = f"Give at most {self._columns:,} columns."
            found.append(Fault(at, "", faults.TOO_WIDE, f"{len(record):,} columns", limit))
            return {}
        row: Row = {}
        for column, take in self._readers:
            value = record.get(column.name)
            try:
                row[column.name] = None if value is None else take(value)
            except _UnfitError as unfit:
                found.append(Fault(at, column.name, unfit.what, kind_of(value), unfit.do))
                row[column.name] = None
                continue
            if not column.null and row[column.name] is None:
                found.append(_missing(at, column, value))
        if len(record) > len(self._known & record.keys()):
            self._extra(at, record, row, found)
        return row

    def _extra(self, at: int, record: Mapping[str, object], row: Row, found: list[Fault]) -> None:
        """Keep the columns beyond the table: a feature may name them. Their names are not told."""
        for name, value in record.items():
            if name in self._known:
                continue
            try:
                row[name] = _single(value, self._text)
            except _UnfitError as unfit:
                found.append(
                    Fault(at, "", f"an extra column: {unfit.what}", kind_of(value), unfit.do)
                )


def kind_of(value: object) -> str:
    """Say of what kind and size a value is, and nothing of what it holds.

    Parameters
    ----------
    value
        As JSON gave it.

    Examples
    --------
    >>> kind_of("80510"), kind_of(1.5), kind_of(None), kind_of({"a": 1}), kind_of(True)
    ('text of 5 characters', 'a number', 'nothing', 'an object', 'true or false')
    """
    if isinstance(value, str):
        return f"text of {len(value):,} character{'' if len(value) == 1 else 's'}"
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        ((int, float), "a number"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "nothing")


def _missing(at: int, column: Column, value: object) -> Fault:
    do = f"Give {column.name}: {column.meaning[:1].lower()}{column.meaning[1:]}"
    return Fault(at, column.name, faults.MISSING, kind_of(value), do)


def _repeated(rows: Iterable[Row], key: str) -> Iterator[Fault]:
    seen: set[Value] = set()
    for at, row in enumerate(rows):
        value = row.get(key)
        if value is not None and value in seen:
            yield Fault(at, key, faults.TWICE, "the same key again", "Send each row once.")
        seen.add(value)


def _early(rows: Iterable[Row]) -> Iterator[Fault]:
    for at, row in enumerate(rows):
        known, inspected = row.get("result_known_at"), row.get("inspected_at")
        if isinstance(known, datetime) and isinstance(inspected, datetime) and known < inspected:
            do = "Give the moment the result became known; it is never before inspected_at."
            yield Fault(at, "result_known_at", faults.EARLY, "an earlier moment", do)


def _reader(column: Column, text: Callable[[object], str | None]) -> Callable[[object], Value]:
    if column.kind == "timestamp":
        return _moment
    if column.kind == "float":
        return partial(_number, column=column)
    if column.kind == "int":
        return partial(_whole, column=column)
    if column.choices:
        return partial(_word, choices=frozenset(column.choices), column=column, text=text)
    if column.pattern:
        return partial(_formed, form=re.compile(column.pattern), column=column, text=text)
    return text


def _text(value: object, *, longest: int) -> str | None:
    if not isinstance(value, str):
        raise _UnfitError(faults.NOT_TEXT, "Write it in quotes, leading zeros kept.")
    if len(value) > longest:
        raise _UnfitError(faults.TOO_LONG, f"Give at most {longest:,} characters.")
    if "\0" in value:
        raise _UnfitError(faults.NUL, "Take it out.")
    trimmed = value.strip()
    return None if trimmed in _NULLS else trimmed


def _word(
    value: object,
    *,
    choices: frozenset[str],
    column: Column,
    text: Callable[[object], str | None],
) -> str | None:
    word = text(value)
    if word is not None and word not in choices:
        raise _UnfitError(faults.NOT_A_WORD, f"Use one of {', '.join(column.choices)}.")
    return word


def _formed(
    value: object,
    *,
    form: re.Pattern[str],
    column: Column,
    text: Callable[[object], str | None],
) -> str | None:
    code = text(value)
    if code is not None and not form.fullmatch(code):
        raise _UnfitError(faults.NOT_OF_FORM, f"Write it as text of the form {column.pattern}.")
    return code


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        written = value.strip()
        if written in _NULLS:
            return None
        if _MOMENT.fullmatch(written):
            try:
                return datetime.fromisoformat(written).astimezone(UTC)
            except ValueError:  # 30 February
                pass
    raise _UnfitError(faults.NOT_A_TIME, _AS_MOMENT)


def _number(value: object, *, column: Column) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnfitError(faults.NOT_A_NUMBER, _AS_NUMBER)
    return _bounded(float(value) + 0.0, column)  # no negative zero, as ingest reads none


def _whole(value: object, *, column: Column) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnfitError(faults.NOT_A_NUMBER, _AS_NUMBER)
    largest = _LARGEST_PLAIN - 1 if isinstance(value, int) else faults.LARGEST_WHOLE
    if abs(value) > largest or value != int(value):
        raise _UnfitError(faults.NOT_WHOLE, "Write a whole number.")
    return int(_bounded(int(value), column))


def _bounded(value: float, column: Column) -> float:
    """Return a number inside its bounds; whole numbers stay whole."""
    low, high = column.minimum, column.maximum
    if low is not None and (value <= low if column.above_minimum else value < low):
        raise _UnfitError(faults.below(low), _AS_NUMBER)
    if high is not None and value > high:
        raise _UnfitError(faults.above(high), _AS_NUMBER)
    return value


def _single(value: object, text: Callable[[object], str | None]) -> Value:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int) and abs(value) >= _LARGEST_PLAIN:
        raise _UnfitError(faults.NOT_WHOLE, f"Write at most {len(str(_LARGEST_PLAIN)) - 1} digits.")
    if value is None or isinstance(value, int | float):
        return value
    raise _UnfitError(faults.NOT_SINGLE, "Write one value, or leave the column out.")
