"""What a profile database says of itself: whose profiles it keeps, and the day they stand at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from targeting.errors import InputError
from targeting.features.profiles import decay_table
from targeting.features.store.index import StoreSettings
from targeting.scoring.online.engine import ledger_row
from targeting.scoring.online.keys import KeySpace
from targeting.scoring.online.tables import FORMAT_VERSION, WRITE_LEDGER

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from sqlalchemy import Connection

    Floats = npt.NDArray[np.float64]

KEEP_DAYS = 7
"""Days whose profiles are kept beside today's: a line lodged then is still scored as of its day."""

REMEMBER_DAYS = 400
"""Days of events a new database takes from tables: results come within them, and none of their
events is counted twice."""

_SPAN = 73_050  # days, two centuries: what a sum has left after them is nothing


@dataclass(frozen=True, slots=True)
class Ledger:
    """The day the profiles stand at, and how far back the database looks; days from 1970-01-01.

    Parameters
    ----------
    as_of
        Every event of the days before it is in the profiles.
    versions_from
        Day the profiles were made for; none of an earlier day can be read.
    remembered_from
        Events of earlier days are refused: whether they were counted is not known.
    keep_days
        Days before `as_of` whose profiles can be read.
    """

    as_of: int
    versions_from: int
    remembered_from: int
    keep_days: int = KEEP_DAYS

    @property
    def first_day(self) -> int:
        """The earliest day whose profiles can be read."""
        return max(self.versions_from, self.as_of - self.keep_days)


@dataclass(frozen=True, slots=True)
class Design:
    """What the profiles of a database are of; it never changes.

    Parameters
    ----------
    settings
        Keys, links, half-lives and time zone.
    space
        How keys are written.
    zone
        Where days close at midnight.
    decay
        Share of a sum left after each number of days.
    """

    settings: StoreSettings
    space: KeySpace
    zone: ZoneInfo
    decay: Floats

    @classmethod
    def of(cls, settings: StoreSettings) -> Design:
        """Work out what follows from the settings.

        Parameters
        ----------
        settings
            Of the profiles.
        """
        return cls(
            settings,
            KeySpace.of(settings.features()),
            ZoneInfo(settings.time_zone),
            _decay(settings.half_lives_days),
        )

    @property
    def half_lives(self) -> int:
        """Number of half-lives beside the all-time sums."""
        return len(self.settings.half_lives_days)


@cache
def _decay(half_lives_days: tuple[float, ...]) -> Floats:
    return decay_table(half_lives_days, _SPAN)


def read_ledger(connection: Connection) -> Ledger:
    """Read the days of the ledger.

    Parameters
    ----------
    connection
        Inside a transaction.

    Raises
    ------
    InputError
        If there is none.
    """
    row = ledger_row(connection)
    if row is None:
        raise not_ours("an empty ledger: it was not made to the end")
    return Ledger(row.as_of, row.versions_from, row.remembered_from, row.keep_days)


def read_design(connection: Connection) -> Design:
    """Read what the profiles are of.

    Parameters
    ----------
    connection
        Inside a transaction.

    Raises
    ------
    InputError
        If there is nothing to read, or another format version wrote it.
    """
    row = ledger_row(connection)
    if row is None:
        raise not_ours("an empty ledger: it was not made to the end")
    if row.format_version != FORMAT_VERSION:
        raise not_ours(f"version {row.format_version}, this program reads {FORMAT_VERSION}")
    return Design.of(StoreSettings.model_validate_json(row.settings))


def write_ledger(connection: Connection, ledger: Ledger, settings: StoreSettings) -> None:
    """Write the one row of the ledger: from then on the database may be opened.

    Parameters
    ----------
    connection
        Inside a transaction.
    ledger
        The days.
    settings
        What the profiles are of.
    """
    connection.execute(
        WRITE_LEDGER,
        {
            "format_version": FORMAT_VERSION,
            "settings": json.dumps(settings.model_dump(mode="json"), sort_keys=True),
            "as_of": ledger.as_of,
            "versions_from": ledger.versions_from,
            "remembered_from": ledger.remembered_from,
            "keep_days": ledger.keep_days,
        },
    )


def not_ours(found: str) -> InputError:
    """Say that a database is none of ours.

    Parameters
    ----------
    found
        What stands there.
    """
    return InputError(
        "this is not a profile database this program can use",
        where="the profile database",
        found=found,
        do="Make one with `targeting online create`.",
    )
