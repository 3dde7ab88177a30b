"""The living profiles behind key look-ups: events in, profiles as of a day out."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from targeting.config import ALL
from targeting.errors import InputError
from targeting.features.engine import Reader, day_number
from targeting.features.kernel import STATISTICS
from targeting.features.store.index import StoreSettings
from targeting.scoring.online.accepting import Taker
from targeting.scoring.online.checking import Checker
from targeting.scoring.online.closing import Closer
from targeting.scoring.online.engine import (
    already_there,
    filling,
    is_sqlite,
    opened,
    parsed,
    reading,
    states_of,
    writing,
)
from targeting.scoring.online.events import Status
from targeting.scoring.online.keys import prefix_of
from targeting.scoring.online.ledger import (
    KEEP_DAYS,
    REMEMBER_DAYS,
    Design,
    Ledger,
    read_design,
    read_ledger,
    write_ledger,
)
from targeting.scoring.online.loading import Loader
from targeting.scoring.online.rebuilding import Rebuilder
from targeting.scoring.online.rows import day_of, read, typed
from targeting.scoring.online.states import unpacked
from targeting.scoring.online.tables import (
    COUNTS,
    DECLARATIONS_BETWEEN,
    DECLARATIONS_OF_OFFICE,
)
from targeting.tables.output import staged_file
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection, Engine

    from targeting.config import FeatureSettings
    from targeting.features.snapshot import KeyProfiles, Snapshot
    from targeting.features.store import ProfileStore
    from targeting.features.store.check import Difference
    from targeting.scoring.online.events import Accepted, Closed
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
    engine
        Of `sqlite:///path/of/profiles.db`, or of `postgresql://user@host/name` where
        several workers share one.
    design
        What the profiles are of.
    """

    engine: Engine
    design: Design

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
            Declarations and results of the time before the profiles' day, so that results find
            their line, and none is counted twice. None where no such event will come.
        progress
            Told what is being done.

        Returns
        -------
        ProfileDatabase
            Open.

        Raises
        ------
        InputError
            If the address is none, a database is there already, or the profiles are not those the
            settings ask for.
        OutputError
            If it cannot be written.
        """
        design = Design.of(StoreSettings.of(settings))
        _require_fit(profiles, design)
        with _made(url) as engine, filling(engine) as connection:
            as_of = day_number(profiles.as_of)
            first = as_of if tables is None else as_of - REMEMBER_DAYS
            ledger = Ledger(as_of, as_of, first, KEEP_DAYS)
            loader = Loader(connection, design, ledger)
            for name in design.space.names:
                many = sum(loader.profiles(name, lot) for lot in _lots(profiles, name))
                progress(f"{name}: {many:,} profiles")
            if tables is not None:
                loader.events(tables, progress=progress)
            write_ledger(connection, ledger, design.settings)
        return cls.open(url)

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a database `create` made.

        Parameters
        ----------
        url
            As for the class.

        Raises
        ------
        InputError
            If there is none, or another version of this program made it.
        """
        where = parsed(url)
        if where.drivername == "sqlite" and not Path(str(where.database)).is_file():
            raise InputError(
                "there is no profile database",
                where="the URL of the profile database",
                found="no such file",
                do="Make one with `targeting online create`.",
            )
        engine = opened(url)
        try:
            with reading(engine) as connection:
                return cls(engine, read_design(connection))
        except BaseException:
            engine.dispose()
            raise

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @property
    def in_file(self) -> bool:
        """Whether it is a file of this machine, which always answers at once."""
        return is_sqlite(self.engine)

    @property
    def as_of(self) -> date:
        """Local day; every event of the days before it is in the profiles."""
        with reading(self.engine) as connection:
            return day_of(read_ledger(connection).as_of)

    def status(self) -> Status:
        """Count what the database holds."""
        with reading(self.engine) as connection:
            ledger = read_ledger(connection)
            waiting = connection.execute(COUNTS).one()
            lines, results = self.counted(connection)
        return Status(
            as_of=day_of(ledger.as_of),
            first_day=day_of(ledger.first_day),
            declarations=lines,
            results=results,
            waiting_declarations=waiting.declarations,
            waiting_results=waiting.results,
            unmatched=waiting.unmatched,
        )

    def counted(self, connection: Connection) -> tuple[int, int]:
        """Return the declarations and results the profiles hold.

        Parameters
        ----------
        connection
            Inside a transaction.
        """
        key = prefix_of(self.design.space.names.index(ALL))
        found = states_of(connection, [key])
        sums = unpacked([found.get(key)], self.design.half_lives).sums[0]
        lines, results = (
            round(sums[STATISTICS.index(name)]) for name in ("declarations", "examinations")
        )
        return lines, results

    def accept(self, declarations: Sequence[Row] = (), results: Sequence[Row] = ()) -> Accepted:
        """Keep events; when this returns, no stop of the process or the machine loses one.

        An event is known by `declaration_id` or `inspection_id`: handed in again it is told of as
        repeated, and with other contents refused. Events of the open day or later wait until
        their day closes. Events of a day that has closed are added to the profiles at once, with
        the decay of the days since.

        Parameters
        ----------
        declarations
            Columns of `declarations` by name; moments as `datetime`, or ISO 8601, those without a
            zone being UTC. What may be null may be left out.
        results
            Columns of `inspections` by name.

        Returns
        -------
        Accepted
            What became of them.

        Raises
        ------
        ContractError
            If any row lacks a required column or holds what its column cannot: every breach is
            told, and no event of the call is kept.
        OutputError
            If the database cannot be written; no event of the call is kept.
        """
        lines, found = typed(declarations, DECLARATIONS), typed(results, INSPECTIONS)
        with writing(self.engine) as connection:
            return Taker(connection, self.design, read_ledger(connection)).take(lines, found)

    def close_day(self, day: date, *, progress: Tell = _silent) -> Closed:
        """Add the events of a day, and of the days before it, to the profiles.

        Closing a closed day changes nothing. A run stopped half-way is gone on with.

        Parameters
        ----------
        day
            Local day that is over.
        progress
            Told the day being closed.
        """
        return Closer(self.engine, self.design, progress).close(day_number(day) + 1)

    def declarations(
        self, *, start: date, stop: date, office_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the declarations lodged in [start, stop), by `lodged_at`, `declaration_id`.

        Parameters
        ----------
        start, stop
            Local days.
        office_id
            Of one office; None of all.
        """
        between = {"start": day_number(start), "stop": day_number(stop)}
        with reading(self.engine) as connection:
            if office_id is None:
                found = connection.execute(DECLARATIONS_BETWEEN, between)
            else:
                found = connection.execute(
                    DECLARATIONS_OF_OFFICE, between | {"office_id": office_id}
                )
            # Sorted here: how an engine orders texts is its own affair.
            return [read(text) for _, _, text in sorted(tuple(row) for row in found)]

    def key(self, name: str) -> KeyProfiles:
        """Return all profiles of one key or link.

        Parameters
        ----------
        name
            As in `FeatureSettings.profile_columns`.
        """
        with reading(self.engine) as connection:
            return Checker(connection, self.design).key(name)

    def counts_beside(self, tables: Tables) -> tuple[tuple[int, int], tuple[int, int]]:
        """Count declarations and results in the profiles, and those the tables give to the day.

        Parameters
        ----------
        tables
            All history up to `as_of`.
        """
        with reading(self.engine) as connection:
            mine, as_of = self.counted(connection), day_of(read_ledger(connection).as_of)
        reader = Reader(tables, self.design.settings.time_zone, ())
        return mine, reader.events_before(as_of)

    def verify(self, tables: Tables, *, progress: Tell = _silent) -> Difference:
        """Compare every profile with those made from scratch.

        Parameters
        ----------
        tables
            All history up to `as_of`.
        progress
            Told the name of each profile.

        Returns
        -------
        Difference
            The largest.

        Raises
        ------
        InputError
            If the events differ, or a profile does.
        """
        with reading(self.engine) as connection:
            counted, ledger = self.counted(connection), read_ledger(connection)
            return Checker(connection, self.design).verify(
                tables, counted, ledger, progress=progress
            )

    def rebuild(self, tables: Tables, *, progress: Tell = _silent) -> Status:
        """Make the profiles again from tables, and keep what was accepted and is not in them.

        Writers wait until it is done; scoring goes on with the profiles as they were.

        Parameters
        ----------
        tables
            History up to `as_of`.
        progress
            Told the name of each profile.
        """
        with writing(self.engine) as connection:
            ledger = read_ledger(connection)
            Rebuilder(connection, self.design, ledger).rebuild(tables, progress=progress)
        return self.status()

    def backup(self, path: Path) -> None:
        """Copy a SQLite database while it is in use.

        Parameters
        ----------
        path
            The copy; it appears whole or not at all.

        Raises
        ------
        InputError
            If the database is not in SQLite.
        OutputError
            If the copy cannot be written.
        """
        if not self.in_file:
            raise InputError(
                "only a SQLite database is copied by this command",
                where="the URL of the profile database",
                found="a PostgreSQL database",
                do="Use pg_dump.",
            )
        with staged_file(path) as stage:
            source = sqlite3.connect(str(self.engine.url.database))
            copy = sqlite3.connect(stage)
            try:
                source.backup(copy)
            finally:
                copy.close()
                source.close()


def _require_fit(profiles: ProfileStore | Snapshot, design: Design) -> None:
    index = getattr(profiles, "index", None)
    if index is not None:
        differences = index.settings.differences(design.settings)
    else:
        differences = sorted({*profiles.profiles} ^ {*design.space.names})  # type: ignore[union-attr]
    if differences:
        raise InputError(
            "the profiles are not those the features ask for (first: the profiles)",
            where="the profiles and the feature settings",
            found="; ".join(differences),
            do="Make the profiles with the features the model was trained with.",
        )


def _lots(profiles: ProfileStore | Snapshot, name: str) -> Iterator[KeyProfiles]:
    lots = getattr(profiles, "lots", None)
    if lots is not None:
        yield from lots(name)
    else:
        yield profiles.profiles[name]  # type: ignore[union-attr]


@contextmanager
def _made(url: str) -> Iterator[Engine]:
    """Make the tables where there are none yet: a file aside, moved into place when it is whole."""
    where = parsed(url)
    if where.drivername != "sqlite":
        engine = opened(url)
        try:
            yield engine
        finally:
            engine.dispose()
        return
    path = Path(str(where.database))
    if path.exists():
        raise already_there("a file")
    with staged_file(path) as stage:
        aside = where.set(database=str(stage)).render_as_string(hide_password=False)
        engine = opened(aside, filling=True)
        try:
            yield engine
        finally:
            engine.dispose()
        with stage.open("rb") as whole:
            os.fsync(whole.fileno())
