"""A scorer with plain arithmetic and a database in memory: HTTP is what these tests look at."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd

from targeting.errors import DayError
from targeting.explain.reasons import Reason
from targeting.explain.similar import PastLine, Similar
from targeting.language import Phrase
from targeting.scoring.online import Accepted, Closed, Refused, Scored, ScoredLine, Status
from targeting.scoring.scores import Scores, ScoresInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

OPEN_DAY = date(2024, 3, 15)
SIMILAR = Similar(
    (PastLine("D1", OPEN_DAY, OPEN_DAY, "AZALA", "080510", "clear", None, None, "lot", 0.5),), 1
)
REASON = Reason(Phrase("not stated"), "gross_mass_kg", "mass", "declared", 0.25, (3,), "")


@dataclass
class StandInDatabase:
    """Keeps events in dictionaries, by the rules of `ProfileDatabase`."""

    as_of: date = OPEN_DAY
    declared: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)

    in_file = True

    def status(self) -> Status:
        return Status(self.as_of, self.as_of, 10, 2, len(self.declared), len(self.found), 0)

    def accept(self, declarations: Sequence[Any] = (), results: Sequence[Any] = ()) -> Accepted:
        new, repeated, refused = 0, 0, []
        for kind, rows, kept, key in (
            ("declaration", declarations, self.declared, "declaration_id"),
            ("result", results, self.found, "inspection_id"),
        ):
            for at, row in enumerate(rows):
                known = kept.setdefault(row[key], row)
                if known is row:
                    new += 1
                elif known == row:
                    repeated += 1
                else:
                    refused.append(Refused(kind, at, "kept before with other contents"))
        return Accepted(new, repeated, refused=tuple(refused))

    def close_day(self, day: date) -> Closed:
        since, self.as_of = self.as_of, max(self.as_of, day + timedelta(days=1))
        return Closed(since, self.as_of, len(self.declared), len(self.found))

    def declarations(self, *, start: date, stop: date, office_id: str | None = None) -> list[Any]:
        return [
            row
            for row in self.declared.values()
            if start <= row["lodged_at"].date() < stop and office_id in (None, row["office_id"])
        ]


@dataclass(frozen=True)
class StandInScored(Scored):
    """Scored lines with the frame the list is drawn from."""

    def scores(self, *_: Any) -> Scores:
        names = ("declaration_id", "lodged_at", "office_id", "score", "probability",
                 "expected_revenue")  # fmt: skip
        rows = [{name: getattr(line, name) for name in names} for line in self.lines]
        return Scores(pd.DataFrame(rows), self.info)


@dataclass
class StandIn:
    """Scores by the sum of a declaration's id."""

    database: StandInDatabase = field(default_factory=StandInDatabase)
    bundle_id: str = "aaaaaaaaaaaa"

    @property
    def bundle(self) -> Any:
        settings = SimpleNamespace(time_zone="Asia/Baku")
        manifest = SimpleNamespace(
            training=SimpleNamespace(cut_off_day="2024-03-15"), features=settings,
            train=SimpleNamespace(currency="EUR"), intended_use="",
            not_for=(), notes=(),
        )  # fmt: skip
        spec = SimpleNamespace(names=["a", "b"])
        return SimpleNamespace(bundle_id=self.bundle_id, manifest=manifest, spec=spec)

    def score_typed(
        self, declarations: Sequence[Any], *, explain: bool = False, similar: bool = False
    ) -> Scored:
        for row in declarations:
            if row["lodged_at"].astimezone(UTC).date() != self.database.as_of:
                raise DayError(
                    "the profiles do not stand at this day",
                    where="lodged_at",
                    found=f"profiles as of {self.database.as_of}",
                    do="Close the days before.",
                )
        lines = tuple(self._line(row, explain, similar) for row in declarations)
        return StandInScored(lines, ScoresInfo(self.bundle_id, "2024-03-15", "Asia/Baku", "EUR"))

    def _line(self, row: Any, explain: bool, similar: bool) -> ScoredLine:
        share = (zlib.crc32(row["declaration_id"].encode()) + 1) / 2**33
        return ScoredLine(
            row["declaration_id"], row["lodged_at"], row["office_id"], share / 3, share,
            float("nan"), reasons=(REASON,) if explain else None,
            similar=SIMILAR if similar else None,
        )  # fmt: skip


def declaration(at: int = 0, **other: Any) -> dict[str, Any]:
    """Return a declaration as JSON has it."""
    return {
        "declaration_id": f"D-{at}",
        "lodged_at": f"{OPEN_DAY}T08:00:00Z",
        "flow": "import",
        "transport_mode": "sea",
        "office_id": "AZALA",
        "hs_code": "080510",
    } | other


def result(at: int = 0, **other: Any) -> dict[str, Any]:
    """Return a result as JSON has it."""
    return {
        "inspection_id": f"I-{at}",
        "declaration_id": f"D-{at}",
        "selected_by": "random",
        "inspected_at": f"{OPEN_DAY}T09:00:00Z",
        "result_known_at": f"{OPEN_DAY}T10:00:00Z",
        "result": "clear",
    } | other


def moment() -> datetime:
    """Return the first moment of the open day."""
    return datetime(OPEN_DAY.year, OPEN_DAY.month, OPEN_DAY.day, tzinfo=UTC)
