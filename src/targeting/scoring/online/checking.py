"""Whether the living profiles are those a batch would make of the same events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from threading import Lock
from typing import TYPE_CHECKING

import pyarrow as pa

from targeting.errors import InputError
from targeting.features.build import profiles_between
from targeting.features.engine import Reader
from targeting.features.profiles import ProfileState
from targeting.features.snapshot import KeyProfiles
from targeting.features.store.check import Difference, difference_of
from targeting.scoring.online.keys import prefix_of
from targeting.scoring.online.rows import day_of
from targeting.scoring.online.states import unpacked
from targeting.scoring.online.tables import PROFILES_BETWEEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from targeting.scoring.online.ledger import Design, Ledger
    from targeting.tables.folder import Tables


@dataclass(frozen=True, slots=True)
class Checker:
    """Reads whole keys of a database, and compares them.

    Parameters
    ----------
    connection
        Inside a transaction.
    design
        What the profiles are of.
    """

    connection: Connection
    design: Design

    def key(self, name: str) -> KeyProfiles:
        """Return all profiles of one key or link, by key.

        Parameters
        ----------
        name
            Of the key or link.
        """
        number, half_lives = self.design.space.names.index(name), self.design.half_lives
        between = {"start": prefix_of(number), "stop": prefix_of(number + 1)}
        rows = sorted(tuple(row) for row in self.connection.execute(PROFILES_BETWEEN, between))
        if not self.design.space.columns[number]:
            state = unpacked([state for _, state in rows], half_lives)
            return KeyProfiles(pa.table({}), state if rows else ProfileState.empty(1, half_lives))
        parts = self.design.space.read(number, [bytes(key) for key, _ in rows])
        return KeyProfiles(parts, unpacked([bytes(state) for _, state in rows], half_lives))

    def verify(
        self,
        tables: Tables,
        counted: tuple[int, int],
        ledger: Ledger,
        *,
        progress: Callable[[str], None],
    ) -> Difference:
        """Compare every profile with those made from scratch.

        Parameters
        ----------
        tables
            All history up to the day.
        counted
            Declarations and results the profiles hold.
        ledger
            The day they stand at.
        progress
            Told the name of each profile.

        Raises
        ------
        InputError
            If the events differ, or a profile does.
        """
        self._require_same_events(tables, counted, ledger)
        worst = self._compared(tables, ledger, progress)
        if not worst.small:
            raise InputError(
                "the profiles differ from those made from scratch",
                where="the profile database",
                found=f"{worst.where} by {worst.sums:.1e}, {worst.days:,} days",
                do="Make them again with `targeting online rebuild`.",
            )
        return worst

    def _compared(
        self, tables: Tables, ledger: Ledger, progress: Callable[[str], None]
    ) -> Difference:
        as_of, settings = day_of(ledger.as_of), self.design.settings
        found: dict[str, Difference] = {}
        alone = Lock()  # a connection serves one at a time

        def one(name: str, scratch: KeyProfiles) -> None:
            with alone:
                both = self.key(name), scratch
                found[name] = difference_of(
                    name, settings.profile_columns[name], both,
                    half_lives_days=settings.half_lives_days,
                )  # fmt: skip

        profiles_between(tables, settings.features(), (None, as_of), one, progress=progress)
        return reduce(Difference.worse, [found[name] for name in settings.profile_columns])

    def _require_same_events(
        self, tables: Tables, counted: tuple[int, int], ledger: Ledger
    ) -> None:
        as_of = day_of(ledger.as_of)
        there = Reader(tables, self.design.settings.time_zone, ()).events_before(as_of)
        if there != counted:
            lines, results = (mine - theirs for mine, theirs in zip(counted, there, strict=True))
            raise InputError(
                "the tables hold other events than the profiles",
                where=f"the profile database and {tables.name}",
                found=f"before {as_of} the database has {lines:+,} declarations and "
                f"{results:+,} results",
                do="Write the tables anew from what was accepted, or run `targeting online "
                "rebuild` with tables that are right.",
            )
