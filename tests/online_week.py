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
class Day:
    """What happens on one local day: lines lodged on it, results that become known on it."""

    date: date
    declarations: tuple[Row, ...]
    results: tuple[Row, ...]

    @property
    def ids(self) -> list[str]:
        """Of its lines."""
        return [row["declaration_id"] for row in self.declarations]


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


def simulated_days(world: World) -> tuple[Day, ...]:
    """Cut the week into its days."""
    declarations, results = world.declarations.to_pylist(), world.inspections.to_pylist()
    return tuple(
        Day(
            day,
            tuple(row for row in declarations if _day(row["lodged_at"]) == day),
            tuple(row for row in results if _day(row["result_known_at"]) == day),
        )
        for day in (START + timedelta(days=number) for number in range((STOP - START).days))
    )


def new_database(world: World, url: str) -> ProfileDatabase:
    """Make a database as of the week's beginning, from the bundle and the past."""
    bundle = load_bundle(world.bundle)
    return ProfileDatabase.create(url, bundle.snapshot, bundle.spec.settings, tables=world.tables)


def simulated_week(world: World, url: str) -> Week:
    """Play the week into a new database: every day's events, then its close."""
    database, days = new_database(world, url), simulated_days(world)
    for day in days:
        database.accept(day.declarations, day.results)
        database.close_day(day.date)
    database.close()
    expected = (
        Scorer.load(world.bundle).score(world.tables, start=START, stop=STOP, explain="all").rows
    )
    declarations = tuple(row for day in days for row in day.declarations)
    results = tuple(row for day in days for row in day.results)
    return Week(world.bundle, url, declarations, results, expected)


def _day(moment: Any) -> date:
    return moment.astimezone(ZONE).date()
