"""Making the living profiles again from tables, without losing what the tables do not hold yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import delete, text

from targeting.features.build import profiles_between
from targeting.scoring.online.accepting import Taker
from targeting.scoring.online.loading import Loader
from targeting.scoring.online.rows import day_of
from targeting.scoring.online.tables import (
    MATCH_ALL_RESULTS,
    PAST_PROFILES,
    PROFILES,
    REACHED,
    VERSIONS_BEGIN,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from targeting.features.snapshot import KeyProfiles
    from targeting.scoring.online.ledger import Design, Ledger
    from targeting.tables.folder import Tables

_TAKE_OUT = (
    text("UPDATE declarations SET folded = 0 WHERE day < :day"),
    text("UPDATE results SET folded = 0 WHERE counts_from < :day"),
)


@dataclass(frozen=True, slots=True)
class Rebuilder:
    """Makes the profiles again, inside one writing transaction.

    Parameters
    ----------
    connection
        Of the transaction.
    design
        What the profiles are of.
    ledger
        The day they stand at, which does not change.
    """

    connection: Connection
    design: Design
    ledger: Ledger

    def rebuild(self, tables: Tables, *, progress: Callable[[str], None]) -> None:
        """Put the profiles of the tables in the place of those there are.

        Events the database holds and the tables do not are then added, late, at their own day.

        Parameters
        ----------
        tables
            History up to the day.
        progress
            Told the name of each profile.
        """
        for table in (PROFILES, PAST_PROFILES, REACHED):
            self.connection.execute(delete(table))
        for statement in _TAKE_OUT:
            self.connection.execute(statement, {"day": self.ledger.as_of})
        loader = Loader(self.connection, self.design, self.ledger)
        self._load(loader, tables, progress)
        self.connection.execute(MATCH_ALL_RESULTS)
        now = replace(self.ledger, versions_from=self.ledger.as_of)
        self.connection.execute(VERSIONS_BEGIN, {"day": now.versions_from})
        Taker(self.connection, self.design, now).fold_waiting()

    def _load(self, loader: Loader, tables: Tables, progress: Callable[[str], None]) -> None:
        alone = Lock()  # two keys are made side by side

        def keep(name: str, profiles: KeyProfiles) -> None:
            with alone:
                loader.profiles(name, profiles)

        days = (None, day_of(self.ledger.as_of))
        profiles_between(tables, self.design.settings.features(), days, keep, progress=progress)
        loader.events(tables, progress=progress)
