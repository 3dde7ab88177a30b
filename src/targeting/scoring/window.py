"""The days to score: refused where they make no sense, and cut into parts that fit in memory."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from targeting.errors import ContractError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from targeting.features.engine import Reader
    from targeting.tables.folder import Tables

CHUNK_DAYS = 31
CHUNK_ROWS = 500_000
"""Days scored at a time, and about how many declarations in them, at most: memory grows neither
with the window nor with the traffic. How a window is cut changes no score."""


def require_window(tables: Tables, reader: Reader, start: date, stop: date) -> None:
    """Make sure that there are days to score.

    Parameters
    ----------
    tables, reader
        Declarations, and what reads them.
    start, stop
        The window; `stop` is exclusive.

    Raises
    ------
    InputError
        If it is empty, or lies outside the tables.
    """
    if start >= stop:
        raise InputError(
            "the window to score is empty",
            where="--from and --to",
            found=f"from {start} to {stop}",
            do="Give a first day, and a later day at which to stop (exclusive).",
        )
    first, last = reader.span()
    if stop <= first or start > last:
        raise InputError(
            "the window lies outside the data",
            where=f"--from and --to, {tables.name}",
            found=f"from {start} to {stop}; declarations were lodged {first} to {last}",
            do="Choose days inside that span.",
        )


def require_once(tables: Tables, reader: Reader, start: date, stop: date) -> int:
    """Make sure there are declarations in the window, each once; return how many.

    Parameters
    ----------
    tables, reader, start, stop
        As for `require_window`.

    Raises
    ------
    InputError
        If there are none.
    ContractError
        If one stands there twice.
    """
    lodged, distinct = reader.lodged(start, stop)
    if not lodged:
        raise _nothing_lodged(tables, start, stop)
    if distinct < lodged:
        raise ContractError(
            "a declaration must stand in the tables once",
            where=f"{tables.name}: declarations",
            found=f"{lodged - distinct:,} rows of the window repeat a declaration_id",
            do="Run `targeting check` to see which, and ingest again without them.",
        )
    return lodged


def spans(start: date, stop: date, lodged: int) -> Iterator[tuple[date, date]]:
    """Cut a window into spans of whole days, of about `CHUNK_ROWS` declarations at most.

    Parameters
    ----------
    start, stop
        The window; `stop` is exclusive.
    lodged
        Declarations in it.

    Examples
    --------
    >>> [str(one) for one, _ in spans(date(2024, 1, 1), date(2024, 1, 8), 1_500_000)]
    ['2024-01-01', '2024-01-03', '2024-01-05', '2024-01-07']
    """
    share = CHUNK_ROWS / lodged
    days = max(1, min(CHUNK_DAYS, int((stop - start).days * share)))
    first = start
    while first < stop:
        last = min(first + timedelta(days=days), stop)
        yield first, last
        first = last


def _nothing_lodged(tables: Tables, start: date, stop: date) -> InputError:
    return InputError(
        "no declaration was lodged in the window",
        where=tables.name,
        found=f"none from {start} to {stop}",
        do="Choose other days.",
    )
