"""Is one column's mapping fit for its target? Contradictions, formats, units and words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from targeting.errors import near_matches
from targeting.ingest.units import units_of
from targeting.ingest.values import date_format_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from targeting.ingest.mapping import ColumnSettings
    from targeting.tables.schema import Column

_TEXT_ONLY = {"pad", "case"}


def mark_findings(at: str, decimal: str | None, thousands: str | None) -> Iterator[str]:
    """Say what is wrong with the marks inside numbers.

    Parameters
    ----------
    at
        Key of the mapping that a finding begins with.
    decimal
        Decimal mark; None where it is not given.
    thousands
        Mark between thousands; empty for none, None where it is not given.
    """
    if decimal is not None and (len(decimal) != 1 or decimal.isalnum()):
        yield f"{at}.decimal: one mark is needed, such as . or ,"
    if thousands and (len(thousands) != 1 or thousands.isalnum()):
        yield f"{at}.thousands: one mark, or empty for none"
    if decimal is not None and decimal == thousands:
        yield f"{at}.thousands: the same as decimal"


def column_findings(at: str, how: ColumnSettings, target: Column) -> Iterator[str]:
    """Say what is wrong with one column's settings against its target.

    Parameters
    ----------
    at
        Key of the mapping that a finding begins with.
    how
        Settings of the column.
    target
        Type, bounds and nullability it must meet.
    """
    given = how.model_fields_set
    if not how.sources and how.constant is None:
        yield f"{at}: neither `from` nor `constant`"
    if how.constant is not None:
        yield from _constant_findings(at, how, target)
    yield from _option_findings(at, how, target)
    if "otherwise" in given and how.map is None:
        yield f"{at}.otherwise: means nothing without `map`"
    if "separator" in given and len(how.sources) < 2:
        yield f"{at}.separator: means nothing without several columns in `from`"
    if how.invalid == "null" and not target.null:
        yield f"{at}.invalid: null contradicts a required column"
    if how.map is not None and target.choices:
        yield from _choice_findings(at, how, target)


def _constant_findings(at: str, how: ColumnSettings, target: Column) -> Iterator[str]:
    others = sorted(how.model_fields_set - {"constant", "kind"})
    if others:
        words = ", ".join("from" if name == "from_" else name for name in others)
        yield f"{at}.constant: contradicts {words}"
    if target.kind == "timestamp":
        yield f"{at}.constant: a time cannot be the same in every row"
        return
    is_text = isinstance(how.constant, str)
    if is_text != (target.kind == "string") or (
        target.kind == "int" and isinstance(how.constant, float)
    ):
        yield f"{at}.constant: not a {target.kind}"
    elif target.choices and how.constant not in target.choices:
        yield f"{at}.constant: unknown word. {near_matches(str(how.constant), target.choices)}"


def _option_findings(at: str, how: ColumnSettings, target: Column) -> Iterator[str]:
    given = how.model_fields_set
    time_only = {"dates", "time_zone", "clock_change"} & given
    if target.kind != "timestamp" and time_only:
        yield f"{at}: {', '.join(sorted(time_only))} is for times; {target.name} is {target.kind}"
    number_only = {"decimal", "thousands", "factor", "unit"} & given
    if target.kind not in ("int", "float") and number_only:
        yield f"{at}: {', '.join(sorted(number_only))} is for numbers; {target.name} is not one"
    if target.kind != "string" and _TEXT_ONLY & given:
        yield f"{at}: {', '.join(sorted(_TEXT_ONLY & given))} is for codes and text"
    yield from _time_findings(at, how)
    yield from _unit_findings(at, how, target)
    yield from mark_findings(at, how.decimal, how.thousands)


def _time_findings(at: str, how: ColumnSettings) -> Iterator[str]:
    if not how.dates:
        yield f"{at}.dates: at least one format is needed"
    for written in how.dates:
        fault = date_format_fault(written)
        if fault:
            yield f"{at}.dates: '{written}' {fault}"
    if how.time_zone is not None and not is_zone(how.time_zone):
        yield f"{at}.time_zone: '{how.time_zone}' is not an IANA time zone such as Asia/Baku"


def is_zone(name: str) -> bool:
    """Say whether a name is an IANA time zone.

    Parameters
    ----------
    name
        Name to look up, such as Asia/Baku.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _unit_findings(at: str, how: ColumnSettings, target: Column) -> Iterator[str]:
    if how.unit is not None and how.factor is not None:
        yield f"{at}.factor: contradicts unit"
    if how.factor is not None and not 0 < how.factor < float("inf"):
        yield f"{at}.factor: must be above 0"
    if how.unit is None:
        return
    known = units_of(target)
    if not known:
        yield f"{at}.unit: {target.name} has no unit to convert; use factor"
    elif how.unit not in known:
        yield f"{at}.unit: unknown '{how.unit}'. {near_matches(how.unit, known)}"


def _choice_findings(at: str, how: ColumnSettings, target: Column) -> Iterator[str]:
    words = {word for word in (how.map or {}).values() if word is not None}
    if how.otherwise not in (None, "null", "keep", "quarantine"):
        words.add(how.otherwise)
    for word in sorted(words - set(target.choices)):
        yield f"{at}.map: '{word}' is no {target.name}. {near_matches(word, target.choices)}"
