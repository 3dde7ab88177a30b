"""What a list holds, counted, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from targeting.language import (
    ENGLISH,
    Count,
    Day,
    Language,
    Percent,
    Phrase,
    Slot,
    counted,
    marked,
    say,
)
from targeting.shortlist.policy import local_day

if TYPE_CHECKING:
    from collections.abc import Collection

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
    untold
        Texts of the advice that are missing in the list's language.
    """

    office_days: tuple[OfficeDay, ...]
    mandatory_not_scored: int = 0
    untold: int = 0

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
    def notes(self) -> tuple[Phrase, ...]:
        """What the reader of the list must be told, in whole sentences."""
        notes = [
            counted(
                "{office}, {day}: {n} ordered line, {over} more than the {capacity} examinations "
                "a day; all are listed.",
                "{office}, {day}: {n} ordered lines, {over} more than the {capacity} examinations "
                "a day; all are listed.",
                one.mandatory, office=one.office_id, day=Day(one.day),
                over=Count(one.over_capacity), capacity=Count(one.capacity),
            )
            for one in self.over_capacity
        ]  # fmt: skip
        if self.mandatory_not_scored:
            notes.append(
                say(
                    "Mandatory orders that name no scored declaration, and so are not on this "
                    "list: {count}.",
                    count=Count(self.mandatory_not_scored),
                )
            )
        if self.untold:
            notes.append(
                counted(
                    "{n} text of the advice is missing in this language and stands in English.",
                    "{n} texts of the advice are missing in this language and stand in English.",
                    self.untold,
                )
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
    language
        In which it is written.
    """

    info: ScoresInfo
    settings: ShortlistSettings
    capacity: int
    report: ShortlistReport
    language: Language = ENGLISH

    @property
    def last_day(self) -> date:
        """The last day of the list, which dates its files: the same list, the same bytes."""
        return max(one.day for one in self.report.office_days)

    @property
    def period(self) -> Slot:
        """The days of the list."""
        first = min(one.day for one in self.report.office_days)
        last = self.last_day
        if first == last:
            return Day(last)
        return say("{first} to {last}", first=Day(first), last=Day(last))

    @property
    def offices(self) -> Slot:
        """The office of the list, or how many there are."""
        names = sorted({one.office_id for one in self.report.office_days})
        if len(names) == 1:
            return names[0]
        return counted("{n} office", "{n} offices", len(names))

    @property
    def model_words(self) -> Slot:
        """The model and its cut-off."""
        name = self.info.bundle_id or say("not named in the scores file")
        until = self.info.trained_until
        if not until:
            return name
        return say(
            "{model}, results known before {day}", model=name, day=Day(date.fromisoformat(until))
        )

    @property
    def policy_words(self) -> Phrase:
        """How the list was drawn, in one sentence."""
        share, goal = self.settings.random_share, _goal(self.settings)
        if share:
            return counted(
                "Up to {n} line per office and day, {share} of them on average drawn by lot; "
                "mandatory orders first, the rest by {goal}.",
                "Up to {n} lines per office and day, {share} of them on average drawn by lot; "
                "mandatory orders first, the rest by {goal}.",
                self.capacity, share=Percent(share), goal=goal,
            )  # fmt: skip
        return counted(
            "Up to {n} line per office and day; mandatory orders first, the rest by {goal}.",
            "Up to {n} lines per office and day; mandatory orders first, the rest by {goal}.",
            self.capacity, goal=goal,
        )  # fmt: skip


_GOALS = {
    "probability": marked("chance of a find"),
    "expected_revenue": marked("revenue expected"),
    "either_probability": marked("chance of a find in the papers or on the journey"),
}


def _goal(settings: ShortlistSettings) -> Phrase:
    if settings.rank_by in _GOALS:
        return say(_GOALS[settings.rank_by])
    revenue = settings.revenue_weight
    return say(
        "a mix of finds ({hits}) and revenue ({revenue}) expected",
        hits=Percent(1 - revenue),
        revenue=Percent(revenue),
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
