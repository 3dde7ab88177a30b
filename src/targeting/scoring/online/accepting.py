"""Keeping events: each once, by its id, and at once in the profiles where its day has closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from targeting.features.lines import Lines
from targeting.scoring.online.engine import records_of
from targeting.scoring.online.events import Accepted, Refused
from targeting.scoring.online.folding import Folder, Result
from targeting.scoring.online.rows import (
    consignment_of,
    day_of,
    local_day,
    micros,
    moment_of,
    read,
    written,
)
from targeting.scoring.online.tables import (
    LATE_RESULTS,
    MATCH_RESULTS,
    PUT_DECLARATION,
    PUT_RESULT,
    WAITING_DAYS,
    WAITING_DECLARATIONS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from targeting.features.lines import Value
    from targeting.scoring.online.events import Kind
    from targeting.scoring.online.ledger import Design, Ledger

    Row = Mapping[str, Value]
    Told = dict[str, Any]


@dataclass(slots=True)
class _Tally:
    """What became of the events so far."""

    new: int = 0
    repeated: int = 0
    late: int = 0
    unmatched: int = 0
    refused: list[Refused] = field(default_factory=list)

    def told(self) -> Accepted:
        return Accepted(self.new, self.repeated, self.late, self.unmatched, tuple(self.refused))


@dataclass(frozen=True, slots=True)
class Taker:
    """Takes events, inside one writing transaction.

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

    def take(self, declarations: Sequence[Row], results: Sequence[Row]) -> Accepted:
        """Keep the events that are new.

        Parameters
        ----------
        declarations, results
            Typed rows.
        """
        tally = _Tally()
        lines = self._new(declarations, "declaration", tally)
        found = self._new(results, "result", tally)
        self._keep_declarations([told for told, _ in lines])
        self._keep_results([told for told, _ in found], tally)
        folder = Folder(self.connection, self.design, self.ledger)
        late = [(told, row) for told, row in lines if told["day"] < self.ledger.as_of]
        fold_by_day(folder, late)
        tally.late += len(late) + self._fold_late_results(folder)
        return tally.told()

    def _new(self, rows: Sequence[Row], kind: Kind, tally: _Tally) -> list[tuple[Told, Row]]:
        """Tell the new events from those that are known, or cannot be taken."""
        name = "declaration_id" if kind == "declaration" else "inspection_id"
        known = records_of(self.connection, f"{kind}s", [str(row[name]) for row in rows])
        taken: list[tuple[Told, Row]] = []
        for at, row in enumerate(rows):
            event, record = str(row[name]), written(row)
            told = self.told_of(kind, row, record)
            if event in known:
                self._again(Refused(kind, at, _OTHER), known[event] == record, tally)
            elif told["day"] < self.ledger.remembered_from:
                tally.refused.append(Refused(kind, at, self._forgotten()))
            elif self._is_too_long(told, row):
                tally.refused.append(Refused(kind, at, _LONG))
            else:
                known[event] = record
                taken.append((told, row))
        tally.new += len(taken)
        return taken

    @staticmethod
    def _again(refused: Refused, same: bool, tally: _Tally) -> None:  # noqa: FBT001
        if same:
            tally.repeated += 1
        else:
            tally.refused.append(refused)

    def _is_too_long(self, told: Told, row: Row) -> bool:
        """Tell whether a key of an event is longer than an index takes.

        Found at the close of its day, it would keep the day from closing for ever.
        """
        if len(told["record"].encode()) <= LONGEST_KEY:
            return False  # a key is made of what the record holds
        keys = [str(told.get(name, "")).encode() for name in _INDEXED]
        if "consignment" in told:
            line = Lines.of_rows([row], self.design.settings.time_zone)
            profiles = self.design.space.keys_of(line)[0]
            # Beside the key of a profile stands the line's id, where links go through it.
            ids = str(told["declaration_id"]).encode()
            keys += [told["consignment"] or b"", *(key + ids for key in profiles if key)]
        return max(map(len, keys)) > LONGEST_KEY

    def _forgotten(self) -> str:
        first = day_of(self.ledger.remembered_from)
        return f"of a day before {first}: whether it was counted is not known"

    def told_of(self, kind: Kind, row: Row, record: str) -> Told:
        """Return an event as its table keeps it.

        Parameters
        ----------
        kind
            `declaration` or `result`.
        row
            Typed.
        record
            The row as text.
        """
        if kind == "declaration":
            return {
                "declaration_id": row["declaration_id"],
                "day": local_day(moment_of(row, "lodged_at"), self.design.zone),
                "lodged_at": micros(moment_of(row, "lodged_at")),
                "office_id": row["office_id"],
                "consignment": consignment_of(row),
                "folded": 0,
                "record": record,
            }
        return {
            "inspection_id": row["inspection_id"],
            "declaration_id": row["declaration_id"],
            "day": local_day(moment_of(row, "result_known_at"), self.design.zone),
            "counts_from": None,
            "folded": 0,
            "record": record,
        }

    def _keep_declarations(self, told: Sequence[Told]) -> None:
        if told:
            self.connection.execute(PUT_DECLARATION, told)
            matched = [{"id": one["declaration_id"], "day": one["day"]} for one in told]
            self.connection.execute(MATCH_RESULTS, matched)

    def _keep_results(self, told: Sequence[Told], tally: _Tally) -> None:
        if not told:
            return
        ids = list(dict.fromkeys(one["declaration_id"] for one in told))
        lines = records_of(self.connection, "declarations", ids)
        for one in told:
            record = lines.get(one["declaration_id"])
            if record is None:
                tally.unmatched += 1
                continue
            lodged = local_day(moment_of(read(record), "lodged_at"), self.design.zone)
            one["counts_from"] = max(one["day"], lodged)
        self.connection.execute(PUT_RESULT, told)

    def fold_waiting(self) -> None:
        """Add every event of a closed day that is in no profile yet."""
        folder = Folder(self.connection, self.design, self.ledger)
        days = self.connection.execute(WAITING_DAYS, {"day": self.ledger.as_of}).scalars()
        for day in sorted(days):
            ids = self.connection.execute(WAITING_DECLARATIONS, {"day": day}).all()
            ordered = [name for _, name in sorted(tuple(row) for row in ids)]
            records = records_of(self.connection, "declarations", ordered)
            folder.declarations([read(records[name]) for name in ordered], day)
        self._fold_late_results(folder)

    def _fold_late_results(self, folder: Folder) -> int:
        """Add the results of closed days: those that came late, or whose line did."""
        waiting = self.connection.execute(LATE_RESULTS, {"day": self.ledger.as_of}).all()
        ordered = sorted((row.counts_from, row.inspection_id) for row in waiting)
        for day, same_day in groupby(ordered, key=lambda one: one[0]):
            ids = [name for _, name in same_day]
            folder.results(results_of(self.connection, ids, day), day)
        return len(ordered)


LONGEST_KEY = 2_600
"""Bytes. PostgreSQL takes 2,704 into an index, less what it adds itself; SQLite takes any."""

_INDEXED = ("declaration_id", "inspection_id", "office_id")
_LONG = f"codes of more than {LONGEST_KEY:,} bytes together make no key"
_OTHER = "known by the same id with other contents"


def fold_by_day(folder: Folder, lines: Sequence[tuple[Told, Row]]) -> None:
    """Add declarations to the profiles, day by day, each day's in the order they were lodged.

    Parameters
    ----------
    folder
        Adds them.
    lines
        As the table keeps them, and typed.
    """
    ordered = sorted(
        lines, key=lambda one: (one[0]["day"], one[0]["lodged_at"], one[0]["declaration_id"])
    )
    for day, same_day in groupby(ordered, key=lambda one: one[0]["day"]):
        folder.declarations([row for _, row in same_day], day)


def results_of(connection: Connection, ids: Sequence[str], day: int) -> list[Result]:
    """Read results and the lines they speak of.

    Parameters
    ----------
    connection
        Inside a transaction.
    ids
        Of results whose line is there.
    day
        The day they count from.
    """
    found = {name: read(text) for name, text in records_of(connection, "results", ids).items()}
    lines = list(dict.fromkeys(str(row["declaration_id"]) for row in found.values()))
    declared = records_of(connection, "declarations", lines)
    return [
        Result.of(day, found[name], read(declared[str(found[name]["declaration_id"])]))
        for name in ids
    ]
