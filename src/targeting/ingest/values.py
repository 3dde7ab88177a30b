"""Text into numbers and times, column by column: read exactly or reported as unreadable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from targeting.ingest.arrow import pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.ingest.chunk import Mask, Text

ISO = "iso"
EXCEL = "excel_serial"
UNIX_SECONDS = "unix_seconds"
UNIX_MILLISECONDS = "unix_milliseconds"
DATE_WORDS = (ISO, EXCEL, UNIX_SECONDS, UNIX_MILLISECONDS)
DATE_CODES = frozenset("YymdbBjHIMSpfz%")

_ISO_LOCAL = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?$"
_ISO_OFFSET = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$"
_SECONDS_A_DAY = 86_400
_EXCEL_EPOCH = pd.Timestamp("1899-12-30")


def date_format_fault(written: str) -> str:
    """Say what is wrong with a date format, or nothing.

    Parameters
    ----------
    written
        A strptime format or one of `DATE_WORDS`.

    Examples
    --------
    >>> date_format_fault("%d.%m.%Y"), date_format_fault("dd.mm.yyyy")
    ('', 'names no year, month and day (%Y %m %d)')
    >>> date_format_fault("%d.%m.%Q")
    'has the unknown code %Q'
    """
    if written in DATE_WORDS:
        return ""
    codes = re.findall(r"%(.?)", written)
    for code in codes:
        if code not in DATE_CODES or not code:
            return f"has the unknown code %{code}"
    names_day = "j" in codes or ("d" in codes and {"m", "b", "B"} & set(codes))
    if not ({"Y", "y"} & set(codes) and names_day):
        return "names no year, month and day (%Y %m %d)"
    if "I" in codes and "p" not in codes:
        return "has %I (12 hours) without %p (am or pm)"
    return ""


def numbers(text: Text, *, decimal: str, thousands: str) -> pa.DoubleArray:
    """Read numbers; what does not read whole is null.

    Parameters
    ----------
    text
        Values as text, trimmed.
    decimal
        The decimal mark.
    thousands
        The mark between groups of three digits, or empty. A space stands for the no-break
        spaces too.

    Examples
    --------
    >>> text = pa.array(["1 234,5", "12,5", "1.5", "12 34"])
    >>> numbers(text, decimal=",", thousands=" ").to_pylist()
    [1234.5, 12.5, None, None]
    """
    point = re.escape(decimal)
    plain = pc.match_substring_regex(text, rf"^[+-]?(\d+({point}\d+)?|{point}\d+)([eE][+-]?\d+)?$")
    clean, good = text, plain
    if thousands:
        group = "[ \u00a0\u202f]" if thousands == " " else re.escape(thousands)
        grouped = pc.match_substring_regex(text, rf"^[+-]?\d{{1,3}}({group}\d{{3}})+({point}\d+)?$")
        clean = pc.replace_substring_regex(text, group, "")
        good = pc.or_(plain, grouped)
    readable = pc.if_else(good, clean, pa.scalar(None, pa.string()))
    english = pc.utf8_ltrim(pc.replace_substring(readable, decimal, "."), "+")
    found = english.cast(pa.float64())
    return pc.if_else(pc.is_finite(found), found, pa.scalar(None, pa.float64()))


def times(
    text: Text, *, formats: Sequence[str], zone: str, clock_change: str
) -> tuple[pa.TimestampArray, Mask]:
    """Read times into UTC; what does not read whole, or reads two ways, is null.

    Parameters
    ----------
    text
        Values as text, trimmed.
    formats
        strptime formats or `DATE_WORDS`; each is tried on every value.
    zone
        IANA zone of values that carry no offset.
    clock_change
        `quarantine`, `earlier` or `later`: how to read a local time lived twice or skipped.

    Returns
    -------
    tuple of pyarrow.TimestampArray and numpy.ndarray
        Times, and a mask of the values that the formats read as different times.

    Examples
    --------
    >>> found, unsure = times(pa.array(["31.01.2024", "31.02.2024"]), formats=["%d.%m.%Y"],
    ...     zone="Asia/Baku", clock_change="quarantine")
    >>> found.to_pylist()[0].isoformat(), found.to_pylist()[1], unsure.any()
    ('2024-01-30T20:00:00+00:00', None, np.False_)
    """
    written = pd.Series(text.to_pylist(), dtype=object)
    # pandas reads "now" and "today" as this moment: a time has a digit in it.
    written = written.where(written.str.contains(r"\d", na=False), None)
    best: pd.Series | None = None
    unsure = np.zeros(len(written), dtype=bool)
    for one in formats:
        read = _read(written, one, zone=zone, clock_change=clock_change)
        if best is None:
            best = read
            continue
        unsure |= (best.notna() & read.notna() & (best != read)).to_numpy()
        best = best.fillna(read)
    known = (best if best is not None else _nothing(written)).mask(unsure)
    clock = known.dt.tz_convert(None).to_numpy()
    return pa.array(clock, pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC")), unsure


def _read(written: pd.Series, form: str, *, zone: str, clock_change: str) -> pd.Series:
    if form == ISO:
        return _read_iso(written, zone=zone, clock_change=clock_change)
    if form in DATE_WORDS:
        return _read_count(written, form, zone=zone, clock_change=clock_change)
    if "%z" in form:
        found = pd.to_datetime(written, format=form, utc=True, errors="coerce")
        return found.astype("datetime64[us, UTC]")
    local = pd.to_datetime(written, format=form, errors="coerce")
    return _localise(local, zone=zone, clock_change=clock_change)


def _read_iso(written: pd.Series, *, zone: str, clock_change: str) -> pd.Series:
    """Read ISO 8601 dates and times; pandas alone would take `2024` for a day."""
    local_text = written.where(written.str.match(_ISO_LOCAL, na=False), None)
    offset_text = written.where(written.str.match(_ISO_OFFSET, na=False), None)
    local = pd.to_datetime(local_text, format="ISO8601", errors="coerce")
    fixed = pd.to_datetime(offset_text, format="ISO8601", utc=True, errors="coerce")
    there = _localise(local, zone=zone, clock_change=clock_change)
    return there.fillna(fixed.astype("datetime64[us, UTC]"))


def _read_count(written: pd.Series, form: str, *, zone: str, clock_change: str) -> pd.Series:
    """Read days since the spreadsheet epoch, or seconds since 1970."""
    text = pa.array(written, pa.string(), from_pandas=True)
    count = pd.Series(numbers(text, decimal=".", thousands="").to_pandas())
    size = {EXCEL: _SECONDS_A_DAY, UNIX_SECONDS: 1, UNIX_MILLISECONDS: 0.001}[form]
    # Beyond 200 years either way this is no date of a declaration, and would overflow.
    seconds = (count * size).where((count * size).abs() < 200 * 366 * _SECONDS_A_DAY)
    span = pd.to_timedelta(seconds.round(3), unit="s")
    if form == EXCEL:
        local = (_EXCEL_EPOCH + span).astype("datetime64[us]")
        return _localise(local, zone=zone, clock_change=clock_change)
    return (pd.Timestamp("1970-01-01", tz="UTC") + span).astype("datetime64[us, UTC]")


def _localise(local: pd.Series, *, zone: str, clock_change: str) -> pd.Series:
    local = local.astype("datetime64[us]")
    strict = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    open_ = strict.isna() & local.notna()
    if open_.any():
        midnight = local.dt.normalize() == local
        settled = midnight | (clock_change != "quarantine")
        earlier = np.asarray(midnight | (clock_change == "earlier"), dtype=bool)
        chosen = local.dt.tz_localize(zone, ambiguous=earlier, nonexistent="shift_forward")
        strict = strict.where(~(open_ & settled), chosen)
    return strict.dt.tz_convert("UTC").astype("datetime64[us, UTC]")


def _nothing(written: pd.Series) -> pd.Series:
    return pd.Series(pd.NaT, index=written.index, dtype="datetime64[us, UTC]")
