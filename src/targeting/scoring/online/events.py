"""What a profile database says of the events handed to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date

Kind = Literal["declaration", "result"]


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that was not taken.

    Parameters
    ----------
    kind
        `declaration` or `result`.
    at
        Its place in the list handed in, from 0.
    found
        Why, without a trader's name or code.
    """

    kind: Kind
    at: int
    found: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of the events of one call; they are kept when the caller reads this.

    Parameters
    ----------
    new
        Events the database did not hold.
    repeated
        Events it held already, with the same contents: not counted again.
    late
        Of the new ones, those of a day that had closed: they are in the profiles already, at
        their own day.
    unmatched
        Of the new ones, results of a declaration that is not there yet: they count once it comes.
    refused
        Events that were not taken; the others were.
    """

    new: int
    repeated: int = 0
    late: int = 0
    unmatched: int = 0
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing days did.

    Parameters
    ----------
    since
        Day the profiles stood at before.
    as_of
        Day they stand at now: every event of the days before it is in them.
    declarations, results
        Events that were added to the profiles.
    """

    since: date
    as_of: date
    declarations: int
    results: int


@dataclass(frozen=True, slots=True)
class Status:
    """What a profile database holds.

    Parameters
    ----------
    as_of
        Every event of the days before is in the profiles, none of that day or later.
    first_day
        The earliest day a declaration can still be scored as of.
    declarations, results
        Events the profiles hold.
    waiting_declarations, waiting_results
        Events of days that have not closed.
    unmatched
        Results whose declaration is not there.
    """

    as_of: date
    first_day: date
    declarations: int
    results: int
    waiting_declarations: int
    waiting_results: int
    unmatched: int
