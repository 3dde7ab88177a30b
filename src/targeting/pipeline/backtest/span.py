"""The days lived again, cut in blocks, and the moments at which versions learn anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from targeting.errors import InputError
from targeting.features.engine import Reader

if TYPE_CHECKING:
    from targeting.config import BacktestSettings
    from targeting.tables.folder import Tables

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Days:
    """Local days, the last one exclusive.

    Parameters
    ----------
    start, stop
        First day, and the day after the last.
    """

    start: date
    stop: date

    def __len__(self) -> int:
        return (self.stop - self.start).days


@dataclass(frozen=True, slots=True)
class Season:
    """Blocks of days lived with what was learnt on the first of them.

    Parameters
    ----------
    learnt_on
        The day whose beginning is the moment of learning.
    blocks
        In order.
    """

    learnt_on: date
    blocks: tuple[Days, ...]


def seasons(days: Days, settings: BacktestSettings) -> tuple[Season, ...]:
    """Cut days in blocks, and the blocks in seasons with one moment of learning each.

    Parameters
    ----------
    days
        All days lived.
    settings
        Length of a block, and how many pass between two moments of learning.

    Returns
    -------
    tuple of Season
        In order; the last block ends with the days and may be shorter.

    Examples
    --------
    >>> from targeting.config import BacktestSettings
    >>> cut = seasons(Days(date(2024, 1, 1), date(2024, 2, 6)), BacktestSettings())
    >>> [(season.learnt_on.isoformat(), len(season.blocks)) for season in cut]
    [('2024-01-01', 4), ('2024-01-29', 2)]
    """
    step = timedelta(days=settings.block_days)
    starts = [days.start + at * step for at in range(-(-len(days) // settings.block_days))]
    blocks = [Days(start, min(start + step, days.stop)) for start in starts]
    groups = (
        blocks[at : at + settings.retrain_every]
        for at in range(0, len(blocks), settings.retrain_every)
    )
    return tuple(Season(group[0].start, tuple(group)) for group in groups)


def chosen_days(
    tables: Tables,
    settings: BacktestSettings,
    *,
    named: tuple[date | None, date | None],
    time_zone: str,
    gap_days: int,
) -> Days:
    """Settle which days are lived: those named, else the last whose results could be known.

    Parameters
    ----------
    tables
        Where the lines are.
    settings
        Number and length of the blocks lived when no first day is named.
    named
        First day, and the day after the last; None where not named.
    time_zone
        IANA name of the administration's time zone.
    gap_days
        Days a result takes to become known.

    Raises
    ------
    InputError
        If the days are none, too many, or not in the tables.
    """
    first, last = Reader(tables, time_zone, ()).span()
    stop = named[1] or last + timedelta(days=1 - gap_days)
    stop = max(stop, first)  # a day before all others is refused below, not counted back from
    start = named[0] or stop - timedelta(days=settings.blocks * settings.block_days)
    if not first < start < stop <= last + timedelta(days=1) or (stop - start).days > MOST_DAYS:
        raise InputError(
            "these days cannot be lived again",
            where=f"--from and --to, {tables.name}",
            found=f"from {start} to {stop}; lines were lodged from {first} to {last}",
            do=f"Choose a first day after {first} and a later day to stop at (exclusive), up to "
            f"{last + timedelta(days=1)} and {MOST_DAYS} days on.",
        )
    return Days(start, stop)
