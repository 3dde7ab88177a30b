"""Adding events to the living profiles: at the close of their day, or late and at their own day.

One rule serves both. A profile is kept as it is now and, for the last days, as it was before the
events of each day that changed it. An event of day D is added to every version that speaks of a
later day, with the decay of the days since D, and the version of D itself is kept without it. For
an event of the day that is closing there is one such version: the profile as it is now.

A link remembers what had been found with the other party of each line by the day of that line. A
line that comes late finds what was known by its own day; a result that comes late is told to the
lines lodged since.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.features.formulas import log
from targeting.features.kernel import STATISTICS, fold_events
from targeting.features.lines import Lines
from targeting.scoring.online.engine import past_states, records_of, states_of
from targeting.scoring.online.rows import read
from targeting.scoring.online.states import packed, unpacked
from targeting.scoring.online.tables import (
    DECLARATION_FOLDED,
    KEEP_PAST,
    LATER_RESULTS,
    PUT_PAST,
    PUT_PROFILE,
    PUT_REACHED,
    REACHED_AFTER,
    RESULT_FOLDED,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from targeting.features.lines import Value
    from targeting.scoring.online.ledger import Design, Ledger

    Row = Mapping[str, Value]
    Keys = list[bytes | None]

_EXAMINATIONS, _HITS = (STATISTICS.index(name) for name in ("examinations", "hits"))


@dataclass(frozen=True, slots=True)
class _Event:
    """What one event adds to one key, as `fold_events` wants it."""

    key: bytes
    declared: bool
    numbers: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Result:
    """A result and the line it speaks of.

    Parameters
    ----------
    inspection_id
        Of the result.
    counts_from
        The later of the day it became known and the day the line was lodged.
    hit
        1 for a hit, 0 for clear.
    revenue
        Recovered; 0 where none is recorded.
    declaration
        The line.
    """

    inspection_id: str
    counts_from: int
    hit: float
    revenue: float
    declaration: Row

    @classmethod
    def of(cls, counts_from: int, result: Row, declaration: Row) -> Result:
        """Take from a result what the profiles keep.

        Parameters
        ----------
        counts_from
            As for the class.
        result, declaration
            Typed rows.
        """
        revenue = result.get("revenue_recovered")
        return cls(
            str(result["inspection_id"]),
            counts_from,
            float(result["result"] == "hit"),
            float(revenue) if isinstance(revenue, int | float) else 0.0,
            declaration,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """A result of a key."""

    counts_from: int
    hit: float


@dataclass(frozen=True, slots=True)
class Folder:
    """Adds events to the profiles, inside one writing transaction.

    Parameters
    ----------
    connection
        Of the transaction.
    design
        What the profiles are of.
    ledger
        The day they stand at.
    """

    connection: Connection
    design: Design
    ledger: Ledger

    def declarations(self, rows: Sequence[Row], day: int) -> None:
        """Add declarations of one day.

        Parameters
        ----------
        rows
            Typed, by `lodged_at`, `declaration_id`.
        day
            The day they were lodged.
        """
        if not rows:
            return
        space, lines = self.design.space, self._lines(rows)
        keys = space.keys_of(lines)
        stated = [
            np.column_stack([one.value, one.mass, log(one.price)]).tolist()
            for one in space.amounts(lines)
        ]
        events = [
            _Event(key, True, tuple(stated[space.measure[number]][at]))  # noqa: FBT003
            for at, own in enumerate(keys)
            for number, key in enumerate(own)
            if key is not None
        ]
        self._apply([*events, *self._linked(keys, day)], day)
        self._tell_reached(rows, keys, day)
        self.connection.execute(DECLARATION_FOLDED, [{"id": row["declaration_id"]} for row in rows])

    def results(self, results: Sequence[Result], day: int) -> None:
        """Add results that count from one day.

        Parameters
        ----------
        results
            By `inspection_id`.
        day
            The day they count from.
        """
        if not results:
            return
        if day < self.ledger.as_of:
            for one in results:
                self._late_result(one)
        else:
            self._apply(self._of_results(results), day)
        self.connection.execute(RESULT_FOLDED, [{"id": one.inspection_id} for one in results])

    def _lines(self, rows: Sequence[Row]) -> Lines:
        return Lines.of_rows(rows, self.design.settings.time_zone)

    def _of_results(self, results: Sequence[Result]) -> list[_Event]:
        space = self.design.space
        keys = space.keys_of(self._lines([one.declaration for one in results]))
        return [
            _Event(key, False, (1.0, one.hit, one.revenue))  # noqa: FBT003
            for one, own in zip(results, keys, strict=True)
            for number, key in enumerate(own)
            if key is not None and number not in space.linked
        ]

    def _linked(self, keys: Sequence[Keys], day: int) -> list[_Event]:
        """Remember, for each line, what is known of the other party by its day."""
        links = self.design.space.links
        reached = {own[link.through] for own in keys for link in links} - {None}
        known = self._known(sorted(key for key in reached if key is not None))
        later = self._later(day)
        events = []
        for own in keys:
            for link in links:
                key, through = own[link.of], own[link.through]
                if key is None or through is None:
                    continue
                examined, hits = known.get(through, (0.0, 0.0))
                for one in later.get(through, ()):
                    examined, hits = examined - 1.0, hits - one.hit
                if examined > 0:
                    told = (1.0, hits / examined, float(hits > 0))
                    events.append(_Event(key, False, told))  # noqa: FBT003
        return events

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, tuple[float, float]]:
        """Return examinations and hits of keys over all time, as they stand."""
        found = states_of(self.connection, keys)
        sums = unpacked([*found.values()], self.design.half_lives).sums
        counts = zip(sums[:, _EXAMINATIONS].tolist(), sums[:, _HITS].tolist(), strict=True)
        return dict(zip(found, counts, strict=True))

    def _later(self, day: int) -> Mapping[bytes, list[_Found]]:
        """Results in the profiles already that count from a day on, by the keys links go through.

        There are none while a day closes; there are some when a line or a result comes late.
        """
        rows = self.connection.execute(LATER_RESULTS, {"day": day}).all()
        found: dict[bytes, list[_Found]] = defaultdict(list)
        if not rows:
            return found
        space = self.design.space
        keys = space.keys_of(self._lines([read(row.declaration) for row in rows]))
        for row, own in zip(rows, keys, strict=True):
            one = Result.of(row.counts_from, read(row.result), {})
            for number in space.reached:
                key = own[number]
                if key is not None:
                    found[key].append(_Found(one.counts_from, one.hit))
        return found

    def _tell_reached(self, rows: Sequence[Row], keys: Sequence[Keys], day: int) -> None:
        told = [
            {"key": own[number], "day": day, "declaration_id": row["declaration_id"]}
            for row, own in zip(rows, keys, strict=True)
            for number in self.design.space.reached
            if own[number] is not None
        ]
        if told:
            self.connection.execute(PUT_REACHED, told)

    def _late_result(self, result: Result) -> None:
        """Add a result of a day that has closed, and tell it to the lines lodged since."""
        (own,) = self.design.space.keys_of(self._lines([result.declaration]))
        amended = self._amended(result, own)
        for day in sorted(amended):
            self._apply(amended[day], day)
        self._apply(self._of_results([result]), result.counts_from)

    def _amended(self, result: Result, own: Keys) -> dict[int, list[_Event]]:
        """Work out what the links of later lines would have seen more, had it come in time."""
        space, later = self.design.space, self._later(result.counts_from + 1)
        amended: dict[int, list[_Event]] = defaultdict(list)
        for number in space.reached:
            through = own[number]
            if through is None:
                continue
            links = [link for link in space.links if link.through == number]
            known = self._known([through]).get(through, (0.0, 0.0))
            for day, keys in self._lines_since(through, result.counts_from):
                told = _more(known, [one for one in later[through] if one.counts_from >= day],
                             result.hit)  # fmt: skip
                amended[day] += [
                    _Event(key, False, told)  # noqa: FBT003
                    for link in links
                    if (key := keys[link.of]) is not None
                ]
        return amended

    def _lines_since(self, through: bytes, day: int) -> Iterable[tuple[int, Keys]]:
        """Return the lines of a key lodged after a day: when, and their keys."""
        found = self.connection.execute(REACHED_AFTER, {"key": through, "day": day})
        rows = sorted(tuple(row) for row in found)
        if not rows:
            return []
        ids = [name for _, name in rows]
        records = records_of(self.connection, "declarations", ids)
        keys = self.design.space.keys_of(self._lines([read(records[one]) for one in ids]))
        return zip([lodged for lodged, _ in rows], keys, strict=True)

    def _apply(self, events: Sequence[_Event], day: int) -> None:
        """Add events of one day to every version of their keys that speaks of a later day."""
        if not events:
            return
        keys = list(dict.fromkeys(event.key for event in events))
        now = states_of(self.connection, keys)
        late = day < self.ledger.as_of
        past = past_states(self.connection, keys, day) if late else {}
        if day >= self.ledger.first_day:
            self._keep(keys, now, past, day)
        targets = [(key, None, now.get(key)) for key in keys]
        targets += [
            (key, at, state or None)
            for key, versions in past.items()
            for at, state in versions
            if at > day
        ]
        self._fold(events, targets, day)

    def _keep(
        self,
        keys: Sequence[bytes],
        now: Mapping[bytes, bytes],
        past: Mapping[bytes, Sequence[tuple[int, bytes]]],
        day: int,
    ) -> None:
        """Keep each profile as it was before the day's events; nothing stands for never seen."""
        before = []
        for key in keys:
            versions = past.get(key)
            state = versions[0][1] if versions else now.get(key, b"")
            before.append({"key": key, "day": day, "state": state})
        self.connection.execute(KEEP_PAST, before)

    def _fold(
        self,
        events: Sequence[_Event],
        targets: Sequence[tuple[bytes, int | None, bytes | None]],
        day: int,
    ) -> None:
        rows: dict[bytes, list[int]] = defaultdict(list)
        for row, (key, _, _) in enumerate(targets):
            rows[key].append(row)
        state = unpacked([one for _, _, one in targets], self.design.half_lives)
        spread = [(row, event) for event in events for row in rows[event.key]]
        fold_events(
            state.sums, state.days, self.design.decay,
            np.array([row for row, _ in spread], dtype=np.int64),
            np.array([event.declared for _, event in spread], dtype=np.bool_),
            np.full(len(spread), day, dtype=np.int32),
            np.array([event.numbers for _, event in spread], dtype=np.float64),
        )  # fmt: skip
        self._write(targets, packed(state))

    def _write(
        self, targets: Sequence[tuple[bytes, int | None, bytes | None]], states: Sequence[bytes]
    ) -> None:
        told = [
            {"key": key, "day": at, "state": state}
            for (key, at, _), state in zip(targets, states, strict=True)
        ]
        now = [{"key": one["key"], "state": one["state"]} for one in told if one["day"] is None]
        self.connection.execute(PUT_PROFILE, now)
        before = [one for one in told if one["day"] is not None]
        if before:
            self.connection.execute(PUT_PAST, before)


def _more(
    known: tuple[float, float], later: Sequence[_Found], hit: float
) -> tuple[float, float, float]:
    """Say what one more result adds to what a line had seen: lines, hit rate, lines caught."""
    examined = known[0] - len(later)
    hits = known[1] - sum(one.hit for one in later)
    rate = hits / examined if examined > 0 else 0.0
    return (
        0.0 if examined > 0 else 1.0,
        (hits + hit) / (examined + 1.0) - rate,
        float(hits + hit > 0) - float(hits > 0),
    )
