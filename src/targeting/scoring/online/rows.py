"""Declarations and results as they are handed in: typed by the schema, or refused with reasons."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from targeting.errors import ContractError
from targeting.features.engine import EPOCH
from targeting.tables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from targeting.features.lines import Value
    from targeting.tables.schema import Column, Kind, Table

    Row = dict[str, Value]

_REQUIRED = {
    table.name: tuple(column.name for column in table.columns if not column.null)
    for table in TABLES
}
_SHOWN = 20
_START = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_INT = 2**63 - 1


def typed(rows: Sequence[Mapping[str, Any]], table: Table) -> list[Row]:
    """Give every value the type of its column; leave out what is missing.

    Parameters
    ----------
    rows
        Columns by name, those of the schema and extra ones.
    table
        `DECLARATIONS` or `INSPECTIONS`.

    Raises
    ------
    ContractError
        If a row lacks what it must have, or a value does not fit; every breach is told, none with
        the value itself.

    Examples
    --------
    >>> from targeting.tables.schema import DECLARATIONS
    >>> typed([{"hs_code": "0805"}], DECLARATIONS)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    targeting.errors.ContractError: declarations: ... Found: row 0: declaration_id is missing; ...
    """
    wrong: list[str] = []
    made = [_typed(row, table, lambda text, at=at: wrong.append(f"row {at}: {text}"))
            for at, row in enumerate(rows)]  # fmt: skip
    if wrong:
        more = len(wrong) - _SHOWN
        raise ContractError(
            "these rows do not keep the contract",
            where=table.name,
            found="; ".join(wrong[:_SHOWN]) + (f" and {more:,} more" if more > 0 else ""),
            do="Mend them; docs/data-dictionary.md lists every column.",
        )
    return made


def _typed(row: Mapping[str, Any], table: Table, tell: Any) -> Row:
    rules, out = _RULES[table.name], {}
    for name, given in row.items():
        value = _plain(given)
        if value is None:
            continue
        rule = rules.get(name, _EXTRA)
        read = rule.read(value)
        if read is None:
            tell(f"{name} is no {_KINDS[rule.kind]}")
        elif rule.breach is not None and (breach := rule.breach(read)):
            tell(f"{name} {breach}")
        else:
            out[name] = read
    for name in _REQUIRED[table.name]:
        if name not in out and _plain(row.get(name)) is None:
            tell(f"{name} is missing")
    return out


def _plain(value: Any) -> Any:
    """Return a value as Python has it; None where a frame has a gap."""
    if value is None or type(value) in (str, int, bool, datetime):
        return value
    if hasattr(value, "to_pydatetime"):
        return None if value != value else value.to_pydatetime(warn=False)  # noqa: PLR0124 - NaT
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and "\0" not in value else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if abs(value) <= _LARGEST_INT else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _extra(value: object) -> Value:
    if isinstance(value, bool):
        return value
    return _text(value) if isinstance(value, str) else _whole_or_number(value)


def _whole_or_number(value: object) -> Value:
    return _whole(value) if isinstance(value, int) else _number(value)


_READ = {
    "string": _text, "timestamp": _moment, "int": _whole, "float": _number, "extra": _extra,
}  # fmt: skip
_KINDS: Mapping[Kind | str, str] = {
    "string": "text", "timestamp": "moment (ISO 8601)", "int": "whole number", "float": "number",
    "extra": "text, number or flag",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rule:
    """How the values of a column are read, and what is told of one that breaks its rules."""

    kind: Kind | str
    read: Callable[[Any], Value]
    breach: Callable[[Any], str] | None = None

    @classmethod
    def of(cls, column: Column) -> _Rule:
        return cls(column.kind, _READ[column.kind], _breach_of(column))


def _breach_of(column: Column) -> Callable[[Any], str] | None:
    """Make what says how a value breaks the rules of a column; empty where it does not."""
    if column.choices:
        words = frozenset(column.choices)
        other = f"is none of {', '.join(column.choices)}"
        return lambda value: "" if value in words else other
    if column.pattern:
        form = re.compile(column.pattern)
        unlike = f"does not match {column.pattern}"
        return lambda value: "" if form.fullmatch(value) else unlike
    if column.minimum is None and column.maximum is None:
        return None
    return partial(_out_of_bounds, column)


def _out_of_bounds(column: Column, value: float) -> str:
    low, high = column.minimum, column.maximum
    if low is not None and (value < low or (column.above_minimum and value == low)):
        return f"is below {low:g}" if value < low else f"is not above {low:g}"
    return f"is above {high:g}" if high is not None and value > high else ""


_EXTRA = _Rule("extra", _extra)
_RULES: Mapping[str, Mapping[str, _Rule]] = {
    table.name: {column.name: _Rule.of(column) for column in table.columns} for table in TABLES
}


def local_day(moment: datetime, zone: ZoneInfo) -> int:
    """Return the local day a moment falls on, in days from 1970-01-01.

    Parameters
    ----------
    moment
        With its zone.
    zone
        The administration's.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> local_day(datetime(1970, 1, 1, 22, tzinfo=UTC), ZoneInfo("Asia/Baku"))
    1
    """
    return (moment.astimezone(zone).date() - EPOCH).days


def day_of(number: int) -> date:
    """Return the day of a number of days from 1970-01-01.

    Parameters
    ----------
    number
        As `targeting.features.engine.day_number` gives it.
    """
    return date.fromordinal(EPOCH.toordinal() + number)


def written(row: Mapping[str, Value]) -> str:
    """Write a typed row as text that is the same whenever the row is.

    Parameters
    ----------
    row
        Of `typed`.

    Examples
    --------
    >>> written({"b": 1.5, "a": datetime(2024, 1, 1, tzinfo=UTC)})
    '{"a":"2024-01-01T00:00:00+00:00","b":1.5}'
    """
    return json.dumps(
        row, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_as_text
    )


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a row of the database cannot hold a {type(value).__name__}")


_MOMENTS = tuple(
    column.name for table in TABLES for column in table.columns if column.kind == "timestamp"
)


def read(text: str) -> Row:
    """Read what `written` wrote.

    Parameters
    ----------
    text
        Of one row.
    """
    row: Row = json.loads(text)
    for name in _MOMENTS:
        value = row.get(name)
        if isinstance(value, str):
            row[name] = datetime.fromisoformat(value)
    return row


def moment_of(row: Mapping[str, Value], name: str) -> datetime:
    """Return a moment a row must have.

    Parameters
    ----------
    row
        Of `typed`.
    name
        Of a required column.
    """
    value = row[name]
    assert isinstance(value, datetime)  # noqa: S101 - `typed` made sure
    return value


def micros(moment: datetime) -> int:
    """Return a moment in microseconds from 1970-01-01.

    Parameters
    ----------
    moment
        With its zone.

    Examples
    --------
    >>> micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    since = moment - _START
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def consignment_of(row: Mapping[str, Value]) -> bytes | None:
    """Return what a line shares with the others of its consignment; None where it stands alone.

    Parameters
    ----------
    row
        Of `typed`.
    """
    document, consignee = row.get("transport_document_id"), row.get("consignee_id")
    if document is None:
        return None
    lodged = micros(moment_of(row, "lodged_at"))
    return json.dumps([document, consignee, lodged], ensure_ascii=False).encode()
