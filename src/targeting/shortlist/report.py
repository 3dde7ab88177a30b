"""What a list holds, counted, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from targeting.shortlist.policy import local_day
from targeting.shortlist.words import day_words

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from targeting.config import ShortlistSettings
    from targeting.scoring.scores import ScoresInfo


@dataclass(frozen=True, slots=True)
class OfficeDay:
    """One office on one local day.

    Parameters
    ----------
    office_id
        The office.
    day
        The local day.
    arrivals
        Scored lines the list was drawn from.
    capacity
        Examinations the office can make.
    mandatory, random, model
        Lines on the list, by what chose them.
    """

    office_id: str
    day: date
    arrivals: int
    capacity: int
    mandatory: int = 0
    random: int = 0
    model: int = 0

    @property
    def lines(self) -> int:
        """Lines on the list."""
        return self.mandatory + self.random + self.model

    @property
    def over_capacity(self) -> int:
        """Mandatory lines beyond what the office can examine; they are all kept."""
        return max(self.lines - self.capacity, 0)


@dataclass(frozen=True, slots=True)
class ShortlistReport:
    """Counts of a whole list.

    Parameters
    ----------
    office_days
        By office, then day.
    mandatory_not_scored
        Mandatory orders that name no scored declaration: they are on no list and need the
        officer's eye.
    """

    office_days: tuple[OfficeDay, ...]
    mandatory_not_scored: int = 0

    @property
    def lines(self) -> int:
        """Lines on the list."""
        return sum(one.lines for one in self.office_days)

    @property
    def random_lines(self) -> int:
        """Lines drawn by lot."""
        return sum(one.random for one in self.office_days)

    @property
    def mandatory_lines(self) -> int:
        """Lines ordered from outside."""
        return sum(one.mandatory for one in self.office_days)

    @property
    def over_capacity(self) -> tuple[OfficeDay, ...]:
        """Office-days with more mandatory lines than examinations."""
        return tuple(one for one in self.office_days if one.over_capacity)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of the list must be told, in whole sentences."""
        notes = [
            f"{one.office_id}, {day_words(one.day)}: {one.mandatory} ordered lines, "
            f"{one.over_capacity} more than the {one.capacity} examinations a day; all are listed."
            for one in self.over_capacity
        ]
        if self.mandatory_not_scored:
            notes.append(
                f"Mandatory orders that name no scored declaration, and so are not on this list: "
                f"{self.mandatory_not_scored:,}."
            )
        return tuple(notes)


@dataclass(frozen=True, slots=True)
class ShortlistHeader:
    """What stands above a list: model, rules and counts.

    Parameters
    ----------
    info
        Where the scores come from.
    settings
        How the list was drawn; its time zone is that of every time shown.
    capacity
        Examinations per office and day.
    report
        Counts of the list.
    """

    info: ScoresInfo
    settings: ShortlistSettings
    capacity: int
    report: ShortlistReport

    @property
    def last_day(self) -> date:
        """The last day of the list, which dates its files: the same list, the same bytes."""
        return max(one.day for one in self.report.office_days)

    @property
    def period(self) -> str:
        """The days of the list, in words."""
        first = min(one.day for one in self.report.office_days)
        last = self.last_day
        one_day = day_words(last)
        return one_day if first == last else f"{day_words(first)} to {one_day}"

    @property
    def offices(self) -> str:
        """The office of the list, or how many there are."""
        names = sorted({one.office_id for one in self.report.office_days})
        return names[0] if len(names) == 1 else f"{len(names)} offices"

    @property
    def model_words(self) -> str:
        """The model and its cut-off, in words."""
        name = self.info.bundle_id or "not named in the scores file"
        until = self.info.trained_until
        return f"{name}, results known before {until}" if until else name

    @property
    def policy_words(self) -> str:
        """How the list was drawn, in one sentence."""
        share = self.settings.random_share
        by_lot = f", {share:.0%} of them on average drawn by lot" if share else ""
        revenue = self.settings.revenue_weight
        goal = {
            "probability": "chance of a find",
            "expected_revenue": "revenue expected",
            "either_probability": "chance of a find in the papers or on the journey",
            "mix": f"a mix of finds ({1 - revenue:.0%}) and revenue ({revenue:.0%}) expected",
        }
        return (
            f"Up to {self.capacity:,} lines per office and day{by_lot}; mandatory orders first, "
            f"the rest by {goal[self.settings.rank_by]}."
        )


def count(
    scores: pd.DataFrame,
    drawn: pd.DataFrame,
    *,
    capacity: int,
    time_zone: str,
    mandatory: Collection[str] = (),
) -> ShortlistReport:
    """Count a drawn list against what it was drawn from.

    Parameters
    ----------
    scores
        What the list was drawn from.
    drawn
        From `targeting.shortlist.policy.draw`.
    capacity
        Examinations per office and day.
    time_zone
        The zone the list was drawn in.
    mandatory
        The orders it was drawn with.

    Returns
    -------
    ShortlistReport
        One entry per office and day that had arrivals.
    """
    arrivals = scores.assign(day=local_day(scores["lodged_at"], time_zone))
    size = arrivals.groupby(["office_id", "day"]).size().rename("arrivals")
    chosen = pd.crosstab([drawn["office_id"], drawn["day"]], drawn["selected_by"])
    table = pd.concat([size, chosen], axis=1).fillna(0).astype(int).reset_index()
    days = tuple(
        OfficeDay(capacity=capacity, **{str(name): value for name, value in row.items()})
        for row in table.to_dict(orient="records")
    )
    unknown = set(mandatory) - set(scores["declaration_id"])
    return ShortlistReport(days, mandatory_not_scored=len(unknown))
