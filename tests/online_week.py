"""A simulated week behind a profile database, and the scores a batch gives it: for every way in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.small_world import CUT_OFF

from targeting.bundle.bundle import load_bundle
from targeting.scoring.online import ProfileDatabase
from targeting.scoring.scorer import Scorer

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from tests.small_world import World

START, STOP = CUT_OFF, CUT_OFF + timedelta(days=7)
ZONE = ZoneInfo("Asia/Baku")
Row = dict[str, Any]


@dataclass(frozen=True)
class Week:
    """Seven days after a bundle's cut-off, all of them closed: each line scores as of its day."""

    bundle: Path
    url: str
    declarations: tuple[Row, ...]
    results: tuple[Row, ...]
    expected: pd.DataFrame

    @property
    def scores(self) -> dict[str, float]:
        """Scores of the batch by declaration."""
        return dict(zip(self.expected["declaration_id"], self.expected["score"], strict=True))


def simulated_week(world: World, url: str) -> Week:
    """Play the week into a new database: every day's events, then its close."""
    bundle = load_bundle(world.bundle)
    database = ProfileDatabase.create(
        url, bundle.snapshot, bundle.spec.settings, tables=world.tables
    )
    declarations = _between(world.declarations.to_pylist(), "lodged_at")
    results = _between(world.inspections.to_pylist(), "result_known_at")
    for number in range((STOP - START).days):
        day = START + timedelta(days=number)
        database.accept(
            [row for row in declarations if _day(row["lodged_at"]) == day],
            [row for row in results if _day(row["result_known_at"]) == day],
        )
        database.close_day(day)
    database.close()
    expected = Scorer(bundle).score(world.tables, start=START, stop=STOP, explain="all").rows
    return Week(world.bundle, url, tuple(declarations), tuple(results), expected)


def _day(moment: Any) -> date:
    return moment.astimezone(ZONE).date()


def _between(rows: list[Row], clock: str) -> list[Row]:
    return [row for row in rows if START <= _day(row[clock]) < STOP]
