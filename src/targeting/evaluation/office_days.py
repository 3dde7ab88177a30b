"""Figures at capacity: mean over office-days, resampled by day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.intervals import too_few
from targeting.evaluation.measures import AtCapacity, DayRow, Measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.capacity import DailyPrecision
    from targeting.evaluation.intervals import DayResamples
    from targeting.evaluation.lines import Lines
    from targeting.evaluation.metrics import Floats
    from targeting.evaluation.stratum import Stratum

NOTHING = "nothing was examined"
NO_HIT = "no hit among the examined lines"
NO_CHOICE = "on no office-day were more lines examined than capacity"


@dataclass(frozen=True, slots=True, eq=False)
class _OfficeDays:
    """Office-days, with the draws of days they are resampled by."""

    daily: DailyPrecision
    days: NDArray[np.datetime64]
    code: NDArray[np.intp]
    draws: DayResamples

    def mean(self, each: Floats, *, few: str) -> Measure:
        """Mean over office-days of a figure, with its interval unless there is too little."""
        if not len(each):
            return Measure(None, why=NOTHING)
        return self.measure(float(each.mean()), self.mean_replicates(each), few)

    def mean_replicates(self, each: Floats) -> Floats:
        return self.ratio(each, np.ones(len(each)))

    def ratio(self, upper: Floats, lower: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.draws.totals(upper, self.code) / self.draws.totals(lower, self.code)

    def measure(self, value: float, replicates: Floats, few: str) -> Measure:
        if few:
            return Measure(value, why=few)
        interval = self.draws.interval(replicates)
        return Measure(value, interval.low, interval.high, interval.why)


def judge_capacity(
    lines: Lines, daily: DailyPrecision, stratum: Stratum, *, capacity: int
) -> AtCapacity:
    """Sum office-days up to the figures at capacity.

    Parameters
    ----------
    lines
        Scores and results.
    daily
        One entry per office and day.
    stratum
        The random lines, with the draws of days.
    capacity
        Examinations per office and day.
    """
    days, code = np.unique(daily.day, return_inverse=True)
    table = _OfficeDays(daily, days, code, stratum.draws)
    opened, found = float(daily.opened.sum()), float(daily.found.sum())
    few = too_few(len(days), found, opened - found)
    precision = table.mean(daily.precision, few=few)
    choice = daily.with_choice
    return AtCapacity(
        capacity=capacity,
        office_days=len(daily.opened),
        office_days_with_choice=int(choice.sum()),
        opened=int(opened),
        found=found,
        precision=precision,
        attainable=_plain_mean(daily.attainable, NOTHING),
        chance=_plain_mean(daily.chance, NOTHING),
        lift=_lift(table, few),
        lift_over_random=stratum.lift(precision, table.mean_replicates(daily.precision)),
        precision_with_choice=_with_choice(table),
        chance_with_choice=_plain_mean(daily.chance[choice], NO_CHOICE),
        recall=_recall(table),
        revenue=_revenue(lines, daily.within),
        by_day=_by_day(table),
    )


def _plain_mean(each: Floats, why: str) -> Measure:
    return Measure(float(each.mean())) if len(each) else Measure(None, why=why)


def _with_choice(table: _OfficeDays) -> Measure:
    daily, choice = table.daily, table.daily.with_choice
    if not choice.any():
        return Measure(None, why=NO_CHOICE)
    opened, found = float(daily.opened[choice].sum()), float(daily.found[choice].sum())
    few = too_few(len(np.unique(daily.day[choice])), found, opened - found)
    replicates = table.ratio(daily.precision * choice, choice.astype(np.float64))
    return table.measure(float(daily.precision[choice].mean()), replicates, few)


def _lift(table: _OfficeDays, few: str) -> Measure:
    precision, chance = table.daily.precision, table.daily.chance
    if not chance.sum():
        return Measure(None, why=NO_HIT if len(chance) else NOTHING)
    return table.measure(
        float(precision.mean() / chance.mean()), table.ratio(precision, chance), few
    )


def _recall(table: _OfficeDays) -> Measure:
    daily = table.daily
    if daily.recall is None:
        return Measure(None, why=NO_HIT if len(daily.opened) else NOTHING)
    found, hits = float(daily.found.sum()), float(daily.hits.sum())
    few = too_few(len(table.days), found, hits - found)
    return table.measure(daily.recall, table.ratio(daily.found, daily.hits), few)


def _revenue(lines: Lines, within: Floats) -> Measure:
    revenue = np.where(lines.examined, np.nan_to_num(lines.revenue), 0.0)
    if not revenue.sum():
        return Measure(None, why="no revenue recovered was recorded")
    return Measure(float(revenue @ within / revenue.sum()))


def _by_day(table: _OfficeDays) -> tuple[DayRow, ...]:
    daily = table.daily
    attainable = np.minimum(daily.hits, daily.opened)
    columns = [
        np.bincount(table.code, weights=each, minlength=len(table.days))
        for each in (daily.examined, daily.hits, daily.opened, daily.found, attainable)
    ]
    return tuple(
        DayRow(str(day), int(examined), int(hits), int(opened), float(found), float(best))
        for day, examined, hits, opened, found, best in zip(table.days, *columns, strict=True)
    )
