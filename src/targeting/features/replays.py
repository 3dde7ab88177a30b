"""Reading every profile of the wanted declarations, on one machine.

`Replays` is what the build asks of an engine; `LocalReplays` answers from a history in memory, and
`cluster.py` from Spark. What is asked for is the same, so are the answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from targeting.features.columns import floats_of
from targeting.features.engine import DAY, HIT, REVENUE, WANTED, measured_as
from targeting.features.formulas import priced
from targeting.features.kernel import STATISTICS, grouped, known_before
from targeting.features.keys import KeyCodes, WantedCodes, encode, encode_wanted
from targeting.features.profiles import (
    Declared,
    Profiles,
    ProfileState,
    Results,
    read_only,
    replay,
)
from targeting.features.snapshot import KeyProfiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt
    import pyarrow as pa

    from targeting.config import FeatureSettings, LinkSettings
    from targeting.features.engine import History

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Amounts:
    """What declarations state of value and mass, or of another ratio that a key follows.

    Parameters
    ----------
    value, mass
        Shape (n,). Customs value, and net mass in kg; NaN where not stated. For another measure,
        what stands above and below its line.
    price
        Shape (n,). Value per kg; NaN where either is missing or not above zero.
    """

    value: Floats
    mass: Floats
    price: Floats

    @classmethod
    def of(cls, value: Floats, mass: Floats) -> Amounts:
        """Work out the price.

        Parameters
        ----------
        value, mass
            Shape (n,). NaN where not stated.
        """
        return cls(value, mass, priced(value, mass))

    @property
    def side_by_side(self) -> Floats:
        """Value, mass and price, shape (n, 3)."""
        return np.column_stack([self.value, self.mass, self.price])

    @classmethod
    def in_history(cls, declarations: pa.Table, measure: str = "price") -> Amounts:
        """Take the amounts of a measure from the declarations of a history.

        Parameters
        ----------
        declarations
            Of a `History`.
        measure
            `price`, or one of `MEASURES`.
        """
        return cls.of(*(floats_of(declarations[name]) for name in measured_as(measure)))

    def only(self, wanted: npt.NDArray[np.bool_]) -> Amounts:
        """Return the amounts of some declarations.

        Parameters
        ----------
        wanted
            Shape (n,). Which.
        """
        return Amounts(self.value[wanted], self.mass[wanted], self.price[wanted])


@dataclass(frozen=True, slots=True)
class Caught:
    """Keys that had been examined before a replay begins, for the links that go through them.

    Parameters
    ----------
    parts
        The key's columns, one row per key; keys never examined may be left out.
    examinations, hits
        Shape (keys,). Counts over all time.
    """

    parts: pa.Table
    examinations: Floats
    hits: Floats

    @classmethod
    def of(cls, profiles: KeyProfiles) -> Caught:
        """Find the keys among some profiles that were examined.

        Parameters
        ----------
        profiles
            All profiles of the key.
        """
        sums = profiles.state.sums
        examinations = sums[:, STATISTICS.index("examinations")]
        there = np.flatnonzero(examinations > 0)
        hits = sums[there, STATISTICS.index("hits")]
        return cls(profiles.parts.take(there), examinations[there], hits)


class Replays(Protocol):
    """Reads the profiles of the wanted declarations, each as of its own day."""

    @property
    def rows(self) -> pa.Table:
        """The wanted declarations with every column, by `lodged_at` and `declaration_id`."""
        ...

    def amounts(self, measure: str = "price") -> Amounts:
        """Return the amounts of the wanted declarations.

        Parameters
        ----------
        measure
            `price`, or one of `MEASURES`.
        """
        ...

    def of(self, name: str, columns: tuple[str, ...]) -> Profiles:
        """Read the profiles of a key.

        Parameters
        ----------
        name
            The key's name.
        columns
            The key's columns; none is the one key all declarations share.
        """
        ...

    def through(self, link: LinkSettings) -> Profiles:
        """Read the profiles of a link.

        The statistics of results then speak of earlier lines: `examinations` counts those whose
        other party had been examined by then, `hits` adds up that party's hit rate by then, and
        `revenue` counts the lines whose other party had been caught.

        Parameters
        ----------
        link
            Of which key, through which.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalReplays:
    """Replays a history that is held in memory; `over` makes one.

    Parameters
    ----------
    history
        Events, and the wanted rows among them.
    settings
        Half-lives and keys.
    lodged, known
        The events, without codes of a key.
    before
        Profiles the replay starts from, by name; empty starts from nothing.
    caught
        By link, the keys it goes through that had been examined before.
    keep
        Told each profile's name and its state after the last event; None keeps none.
    spend
        Whether each profile is taken out of `before` as it is brought up.
    """

    history: History
    settings: FeatureSettings
    lodged: Declared
    known: Results
    before: dict[str, KeyProfiles]
    caught: Mapping[str, Caught]
    keep: Callable[[str, KeyProfiles], None] | None
    spend: bool = False

    @classmethod
    def over(
        cls,
        history: History,
        settings: FeatureSettings,
        *,
        before: dict[str, KeyProfiles] | None = None,
        caught: Mapping[str, Caught] | None = None,
        keep: Callable[[str, KeyProfiles], None] | None = None,
        spend: bool = False,
    ) -> LocalReplays:
        """Make ready to replay a history.

        Parameters
        ----------
        history
            Events, and the wanted rows among them.
        settings
            Half-lives and keys.
        before
            Profiles the replay starts from, by name; None starts from nothing.
        caught
            By link, the keys it goes through that had been examined before. Needed where the
            events do not begin at the beginning; None takes them from `before`.
        keep
            Told each profile's name and its state after the last event; None keeps none, which
            saves the memory they take.
        spend
            Whether each profile is taken out of `before` as it is brought up, so that no more than
            a few are held twice; each can then be read once.
        """
        declared, results = history.declarations, history.results
        amounts = Amounts.in_history(declared)
        nobody = np.zeros(0, dtype=np.int32)
        day, wanted = (declared[name].to_numpy() for name in (DAY, WANTED))
        lodged = Declared(nobody, day, amounts.value, amounts.mass, amounts.price, wanted)
        known = Results(
            nobody, results[DAY].to_numpy(), floats_of(results[HIT]), floats_of(results[REVENUE])
        )
        before = {} if before is None else before
        return cls(
            history,
            settings,
            # Packed once: the same events are put in order for every key.
            replace(lodged, packed=lodged.events),
            known,
            before,
            caught if caught is not None else caught_in(before, settings),
            keep,
            spend,
        )

    @property
    def rows(self) -> pa.Table:
        """The wanted declarations with every column, by `lodged_at` and `declaration_id`."""
        return self.history.rows

    def amounts(self, measure: str = "price") -> Amounts:
        """Return the amounts of the wanted declarations.

        Parameters
        ----------
        measure
            `price`, or one of `MEASURES`.
        """
        stated = Amounts.in_history(self.history.declarations, measure)
        return stated.only(self.lodged.wanted)

    def of(self, name: str, columns: tuple[str, ...]) -> Profiles:
        """Read the profiles of a key.

        Parameters
        ----------
        name
            The key's name; a key with a measure follows that instead of the price.
        columns
            The key's columns; none is the one key all declarations share.
        """
        coded = self._coded(name, columns)
        lodged, known = coded.codes[-2:]
        stated = self._stated(self.settings.measures.get(name, "price"))
        return self._replayed(
            name, coded, replace(stated, code=lodged), replace(self.known, code=known)
        )

    def _stated(self, measure: str) -> Declared:
        """Return the declarations with the amounts of a measure."""
        if measure == "price":
            return self.lodged
        own = Amounts.in_history(self.history.declarations, measure)
        return replace(self.lodged, value=own.value, mass=own.mass, price=own.price, packed=None)

    def through(self, link: LinkSettings) -> Profiles:
        """Read the profiles of a link.

        Parameters
        ----------
        link
            Of which key, through which.
        """
        examined, hits = self._reached(link)
        coded = self._coded(link.name, link.of)
        code, day = coded.codes[-2], self.lodged.day
        told = (examined > 0) & (code >= 0)
        found = Results(
            code[told], day[told], hits[told] / examined[told], (hits[told] > 0).astype(np.float64)
        )
        return self._replayed(link.name, coded, replace(self.lodged, code=code), found)

    def _reached(self, link: LinkSettings) -> tuple[Floats, Floats]:
        """Per declaration, examinations and hits of what a link goes through, known by then."""
        caught = self.caught.get(link.name)
        tables = [self.history.declarations, self.history.results]
        coded = encode(link.through, [caught.parts, *tables] if caught else tables)
        lodged, known = coded.codes[-2:]
        examined, hits = (np.zeros(len(lodged)) for _ in range(2))
        if caught is not None:
            seen = (lodged >= 0) & (lodged < len(caught.hits))
            examined[seen] = caught.examinations[lodged[seen]]
            hits[seen] = caught.hits[lodged[seen]]
        starts, events = grouped(known, coded.parts.num_rows, self.known.events)
        known_before(lodged, self.lodged.day, starts, events, examined, hits)
        return examined, hits

    def _coded(self, name: str, columns: tuple[str, ...]) -> KeyCodes | WantedCodes:
        """Code a key over what was known before, the declarations and the results."""
        tables = [self.history.declarations, self.history.results]
        before = self.before.get(name)
        if self.keep is None and before is None:
            return encode_wanted(columns, tables, self.lodged.wanted)
        return encode(columns, [before.parts, *tables] if before and columns else tables)

    def _replayed(
        self, name: str, coded: KeyCodes | WantedCodes, lodged: Declared, known: Results
    ) -> Profiles:
        half_lives = self.settings.half_lives_days
        if isinstance(coded, WantedCodes):
            return read_only(coded.count, lodged, known, half_lives_days=half_lives)
        shared = not self.settings.profile_columns[name]
        state = self._state(name, max(coded.parts.num_rows, 1 if shared else 0))
        profiles = replay(state, lodged, known, half_lives_days=half_lives)
        if self.keep is not None:
            self.keep(name, KeyProfiles(coded.parts, state))
        return profiles

    def _state(self, name: str, keys: int) -> ProfileState:
        """Return a key's state before the first event, to be changed in place."""
        before = self.before.pop(name, None) if self.spend else self.before.get(name)
        if before is None:
            return ProfileState.empty(keys, len(self.settings.half_lives_days))
        return before.state.growing(keys) if self.spend else before.state.grown(keys)


def caught_in(profiles: Mapping[str, KeyProfiles], settings: FeatureSettings) -> dict[str, Caught]:
    """Find what the links reach among some profiles.

    Parameters
    ----------
    profiles
        Profiles by name; empty finds nothing.
    settings
        Keys and links.
    """
    names = {key.columns: key.name for key in settings.keys if key.measure == "price"}
    through = {link.name: names[link.through] for link in settings.links}
    return {link: Caught.of(profiles[name]) for link, name in through.items() if name in profiles}
