"""Whether tuning paid: default and best on the folds, and on a block no trial has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import InputError
from targeting.evaluation.capacity import precision_at_capacity
from targeting.evaluation.intervals import MIN_DAYS, MIN_LINES, DayResamples
from targeting.evaluation.measures import Measure
from targeting.evaluation.metrics import average_precision
from targeting.training.learn import fit, score_known
from targeting.training.tune import Figures, best, chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from targeting.config import ModelSettings
    from targeting.evaluation.capacity import DailyPrecision
    from targeting.pipeline.tune.prepare import Ground, ReadyFold
    from targeting.training.tune import Trial


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """How settings did on one block.

    Parameters
    ----------
    daily
        Office by office and day by day.
    figures
        The same in two numbers.
    """

    daily: DailyPrecision
    figures: Figures


def live_fold(ready: ReadyFold, ground: Ground, model: ModelSettings) -> Lived:
    """Make a model as of a fold's moment, and judge it on the lines lodged afterwards.

    Parameters
    ----------
    ready
        The fold.
    ground
        What the tuning stands on.
    model
        The settings to try.
    """
    train = ground.plan.train
    made = fit(ready.known(), train.model_copy(update={"model": model}))
    score = score_known(made, ready.judged())
    daily = precision_at_capacity(
        score, ready.label, ready.day, capacity=ground.plan.capacity, office=ready.office
    )
    area = average_precision(score, ready.label) or 0.0
    return Lived(daily, Figures(float(daily.found.sum()), area))


def live_folds(ground: Ground) -> Callable[[ModelSettings], Iterator[Figures]]:
    """Return what tells, fold by fold, how settings did.

    Parameters
    ----------
    ground
        What the tuning stands on.

    Raises
    ------
    InputError
        If on no office-day of the folds more lines were examined than capacity: any order is
        as good as another, and nothing can be tuned.
    """
    if not choice(ground)[0]:
        raise InputError(
            "no setting can be better than another: within capacity every examined line is opened",
            where="capacity",
            found=f"{ground.plan.capacity}, and on no office and day of the folds were more "
            "lines examined",
            do="Lower `capacity` in the settings of tuning, `--config`.",
        )
    return lambda model: (live_fold(ready, ground, model).figures for ready in ground.folds)


def choice(ground: Ground) -> tuple[int, int]:
    """Count the office-days of the folds on which the order mattered, and all of them.

    Parameters
    ----------
    ground
        What the tuning stands on.
    """
    alike = [
        precision_at_capacity(
            np.zeros(len(ready.label)),
            ready.label,
            ready.day,
            capacity=ground.plan.capacity,
            office=ready.office,
        )
        for ready in ground.folds
    ]
    return sum(int(one.with_choice.sum()) for one in alike), sum(len(one.opened) for one in alike)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Default and best on the last block, which no trial has seen.

    Parameters
    ----------
    first, last
        First and last local day of its lines, ISO 8601.
    lines, hits
        Examined lines and hits among them.
    opened
        Lines within capacity.
    default, best
        Hits within capacity, and average precision.
    gain
        Hits of the best less those of the default, with its paired interval by day.
    new_parties
        For each slice of lines with a party never seen before: its hits, and those within
        capacity by default and by best.
    """

    first: str
    last: str
    lines: int
    hits: int
    opened: int
    default: Figures
    best: Figures
    gain: Measure
    new_parties: tuple[tuple[str, int, float, float], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a study found, and whether to act on it.

    Parameters
    ----------
    default, best
        Trial 0, and the one worth most on the folds.
    why
        Whether the best settings are to be used and why, in one clause.
    held_out
        Both on the block no trial has seen; None when they are the same, or it is too thin.
    recommended
        Whether the best settings are to be used.
    """

    default: Trial
    best: Trial
    why: str
    held_out: HeldOut | None = None
    recommended: bool = False


def judge_trials(ground: Ground, trials: Sequence[Trial]) -> Verdict:
    """Compare the best trial with the present settings where neither was chosen.

    Parameters
    ----------
    ground
        What the tuning stands on.
    trials
        All trials of the study.
    """
    default, top = trials[0], best(trials)
    if top.number == default.number:
        return Verdict(default, top, why="no trial found more than the present settings")
    if ground.held_out is None:
        why = "nothing is known after the folds to check the gain on"
        return Verdict(default, top, why=why)
    held = _hold_out(ground.held_out, ground, chosen(ground.plan.train.model, top))
    holds, why = _say(held.gain)
    return Verdict(default, top, why, held, recommended=holds)


def _say(gain: Measure) -> tuple[bool, str]:
    if gain.value is None or gain.value <= 0:
        return False, "the gain on the folds does not hold on days no trial has seen"
    if gain.low is None:
        return False, f"the gain cannot be told from luck on days no trial has seen ({gain.why})"
    if gain.low <= 0:
        return False, "the gain on days no trial has seen may be luck: its interval includes none"
    return True, "the gain holds on days no trial has seen"


def _hold_out(ready: ReadyFold, ground: Ground, model: ModelSettings) -> HeldOut:
    before = live_fold(ready, ground, ground.plan.train.model)
    after = live_fold(ready, ground, model)
    hit = ready.label == 1
    return HeldOut(
        first=str(ready.day.min()),
        last=str(ready.day.max()),
        lines=len(hit),
        hits=int(hit.sum()),
        opened=int(before.daily.opened.sum()),
        default=before.figures,
        best=after.figures,
        gain=paired_gain(before.daily, after.daily, seed=ground.plan.tune.seed),
        new_parties=tuple(
            (
                name,
                int(hit[mask].sum()),
                float(before.daily.within[mask & hit].sum()),
                float(after.daily.within[mask & hit].sum()),
            )
            for name, mask in ready.new_parties().items()
        ),
    )


def paired_gain(before: DailyPrecision, after: DailyPrecision, *, seed: int) -> Measure:
    """Say how many more hits one order found than another on the same lines.

    Parameters
    ----------
    before, after
        Of the same lines at the same capacity.
    seed
        Of the draws of days; both orders are judged on the same draws.

    Returns
    -------
    Measure
        The difference with its 95 % interval, resampled by day; without one when there are too
        few days, or both open nearly the same lines.
    """
    more = after.found - before.found
    value = float(more.sum())
    days, code = np.unique(before.day, return_inverse=True)
    changed = float(np.abs(after.within - before.within).sum()) / 2
    if len(days) < MIN_DAYS:
        return Measure(value, why=f"{len(days)} days judged, at least {MIN_DAYS} are needed")
    if changed < MIN_LINES:
        return Measure(value, why=f"the two differ in {changed:,.4g} of the lines they open")
    draws = DayResamples.draw(days=len(days), lines=int(before.examined.sum()), seed=seed)
    interval = draws.interval(draws.totals(more, code))
    return Measure(value, interval.low, interval.high, interval.why)
