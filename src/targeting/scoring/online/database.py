"""The living profiles behind key look-ups: events in, profiles as of a day out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from targeting.config import FeatureSettings
    from targeting.features.snapshot import Snapshot
    from targeting.features.store import ProfileStore
    from targeting.features.store.check import Difference
    from targeting.scoring.online.events import Accepted, Closed, Status
    from targeting.tables.folder import Tables

    Row = Mapping[str, Any]
    Tell = Callable[[str], None]


def _silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class ProfileDatabase:
    """An open database of living profiles; safe to share between threads.

    Parameters
    ----------
    url
        `sqlite:///path/of/profiles.db`, or `postgresql+psycopg://user@host/name` where several
        workers share one.
    """

    url: str

    @classmethod
    def create(
        cls,
        url: str,
        profiles: ProfileStore | Snapshot,
        settings: FeatureSettings,
        *,
        tables: Tables | None = None,
        progress: Tell = _silent,
    ) -> Self:
        """Make a database from profiles.

        Parameters
        ----------
        url
            Where; there is no database yet.
        profiles
            From `targeting profiles snapshot`, or a bundle's snapshot.
        settings
            Features the profiles are for.
        tables
            Declarations of the time before the profiles' day, so that results of them find
            their line, and none is counted twice. None where no such result will come.
        progress
            Told what is being done.
        """
        raise NotImplementedError

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a database `create` made.

        Parameters
        ----------
        url
            As for the class.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of every connection."""
        raise NotImplementedError

    @property
    def as_of(self) -> date:
        """Local day; every event of the days before it is in the profiles."""
        raise NotImplementedError

    def status(self) -> Status:
        """Count what the database holds."""
        raise NotImplementedError

    def accept(self, declarations: Sequence[Row] = (), results: Sequence[Row] = ()) -> Accepted:
        """Keep events; when this returns, no stop of the process or the machine loses one.

        An event is known by `declaration_id` or `inspection_id`: handed in again it is told of as
        repeated, and with other contents refused. Events of the open day or later wait until
        their day closes. Events of a day that has closed are added to the profiles at once, with
        the decay of the days since.

        Parameters
        ----------
        declarations
            Columns of `declarations` by name; moments as `datetime` with a zone, or ISO 8601.
            What may be null may be left out.
        results
            Columns of `inspections` by name.

        Raises
        ------
        ContractError
            If any row lacks a required column or holds what its column cannot: every breach is
            told, and no event of the call is kept.
        """
        raise NotImplementedError

    def close_day(self, day: date) -> Closed:
        """Add the events of a day, and of the days before it, to the profiles.

        Closing a closed day changes nothing. A run stopped half-way is gone on with.

        Parameters
        ----------
        day
            Local day that is over.
        """
        raise NotImplementedError

    def declarations(self, *, start: date, stop: date, office_id: str | None = None) -> list[Row]:
        """Return the declarations lodged in [start, stop), by `lodged_at`, `declaration_id`.

        Parameters
        ----------
        start, stop
            Local days.
        office_id
            Of one office; None of all.
        """
        raise NotImplementedError

    def verify(self, tables: Tables, *, progress: Tell = _silent) -> Difference:
        """Compare every profile with those made from scratch.

        Parameters
        ----------
        tables
            All history up to `as_of`.
        progress
            Told the name of each profile.

        Raises
        ------
        InputError
            If the events differ, or a profile does.
        """
        raise NotImplementedError

    def rebuild(self, tables: Tables, *, progress: Tell = _silent) -> Status:
        """Make the profiles again from tables, and keep what was accepted and is not in them.

        Parameters
        ----------
        tables
            History up to `as_of`.
        progress
            Told the name of each profile.
        """
        raise NotImplementedError

    def backup(self, path: Path) -> None:
        """Copy a SQLite database while it is in use.

        Parameters
        ----------
        path
            The copy; it appears whole or not at all.
        """
        raise NotImplementedError
