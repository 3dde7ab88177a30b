"""Curves of an evaluation: gain, precision, calibration, scores, hits by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.plots import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    as_counts,
    as_percent,
    canvas,
    figure_of,
    say_instead,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.evaluation.findings import Evaluation
    from targeting.evaluation.measures import CurvePoint, Measure
    from targeting.evaluation.plots import Axes, Figure


def _band(axes: Axes, share: Sequence[float], measures: Sequence[Measure]) -> None:
    low = [np.nan if m.low is None else m.low for m in measures]
    high = [np.nan if m.high is None else m.high for m in measures]
    if np.isfinite(low).any():
        axes.fill_between(
            share, low, high, color=BLUE, alpha=0.16, linewidth=0, label="95 % interval"
        )


def gain_curve(evaluation: Evaluation) -> Figure:
    """Share of the hits found against the share of examined lines opened.

    Parameters
    ----------
    evaluation
        What was found.
    """
    with canvas() as axes:
        axes.set_title("How many of the hits stand at the top of the list")
        axes.set_xlabel("Share of examined lines opened, highest score first")
        axes.set_ylabel("Share of hits found")
        points = [point for point in evaluation.curve if point.recall.value is not None]
        if points:
            _gain(axes, evaluation, points)
        else:
            say_instead(axes, "No hit among the examined lines")
    return figure_of(axes)


def _gain(axes: Axes, evaluation: Evaluation, points: Sequence[CurvePoint]) -> None:
    share = [0.0, *(point.share for point in points)]
    _band(axes, share[1:], [point.recall for point in points])
    axes.plot(share, [0.0, *(p.recall.value or 0.0 for p in points)], color=BLUE, label="Score")
    base = evaluation.base_rate.value or 1.0
    axes.plot([0, base, 1], [0, 1, 1], color=ORANGE, lw=1, ls=":", label="Perfect order")
    axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", label="Blind draw")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    as_percent(axes)
    axes.legend(loc="lower right")


def precision_curve(evaluation: Evaluation) -> Figure:
    """Share of opened lines that were hits against the share of examined lines opened.

    Parameters
    ----------
    evaluation
        What was found.
    """
    with canvas() as axes:
        axes.set_title("How many opened lines are hits, as more are opened")
        axes.set_xlabel("Share of examined lines opened, highest score first")
        axes.set_ylabel("Share of opened lines that were hits")
        if evaluation.curve and evaluation.accounting.examined:
            _precision(axes, evaluation)
        else:
            say_instead(axes, "Nothing was examined")
    return figure_of(axes)


def _precision(axes: Axes, evaluation: Evaluation) -> None:
    share = [point.share for point in evaluation.curve]
    measures = [point.precision for point in evaluation.curve]
    _band(axes, share, measures)
    axes.plot(share, [m.value or 0.0 for m in measures], color=BLUE, label="Score")
    base = evaluation.base_rate.value or 0.0
    axes.axhline(base, color=GREY, lw=1, ls="--", label=f"All examined lines ({100 * base:.1f} %)")
    random = evaluation.random.hit_rate.value
    if random is not None:
        axes.axhline(
            random, color=ORANGE, lw=1, ls=":", label=f"Random checks ({100 * random:.1f} %)"
        )
    axes.set(xlim=(0, 1), ylim=(0, None))
    as_percent(axes)
    axes.legend(loc="upper right")


def calibration_plot(evaluation: Evaluation) -> Figure:
    """Hit rate of lines of similar probability against that probability.

    Parameters
    ----------
    evaluation
        What was found.
    """
    with canvas() as axes:
        axes.set_title("Does a probability of 20 % mean two hits in ten?")
        axes.set_xlabel("Mean probability the model gave")
        axes.set_ylabel("Share that were hits")
        if evaluation.reliability:
            _calibration(axes, evaluation)
        else:
            say_instead(axes, "Nothing was examined")
    return figure_of(axes)


def _calibration(axes: Axes, evaluation: Evaluation) -> None:
    rows = evaluation.reliability
    given = np.array([row.mean_probability for row in rows])
    rate = np.array([row.hit_rate.value or 0.0 for row in rows])
    low = np.array([row.hit_rate.low or 0.0 for row in rows])
    high = np.array([row.hit_rate.high or 0.0 for row in rows])
    end = 1.05 * max(float(given.max()), float(high.max()))
    axes.plot([0, end], [0, end], color=GREY, lw=1, ls="--", label="Probability = share of hits")
    axes.errorbar(
        given, rate, yerr=(rate - low, high - rate), color=BLUE, fmt="o-", ms=4, lw=1.2,
        elinewidth=1, capsize=2, label="Examined lines, 95 % interval",
    )  # fmt: skip
    axes.set(xlim=(0, end), ylim=(0, end))
    as_percent(axes)
    axes.legend(loc="upper left")


def score_distribution(evaluation: Evaluation) -> Figure:
    """Show how scores spread over hits, clear lines and lines nobody examined.

    Parameters
    ----------
    evaluation
        What was found.
    """
    with canvas() as axes:
        axes.set_title("Where hits, clear and unexamined lines stand on the score")
        axes.set_xlabel("Score (log-odds)")
        axes.set_ylabel("Share of the group's lines")
        if evaluation.scores:
            _distribution(axes, evaluation)
        else:
            say_instead(axes, "Nothing was scored")
    return figure_of(axes)


def _distribution(axes: Axes, evaluation: Evaluation) -> None:
    bins = evaluation.scores
    edges = [*(row.low for row in bins), bins[-1].high]
    groups = (
        ("Hit", [row.hits for row in bins], ORANGE, True),
        ("Examined and clear", [row.clear for row in bins], BLUE, True),
        ("Not examined (unknown)", [row.unknown for row in bins], INK, False),
    )
    for name, counts, colour, filled in groups:
        total = sum(counts)
        if not total:
            continue
        share = [count / total for count in counts]
        label = f"{name}: {total:,}"
        if filled:
            axes.stairs(share, edges, color=colour, fill=True, alpha=0.35, label=label)
        axes.stairs(share, edges, color=colour, lw=1.2, label=None if filled else label)
    axes.set_ylim(bottom=0)
    as_percent(axes, x=False)
    axes.legend(loc="best")


def hits_per_day(evaluation: Evaluation) -> Figure:
    """Show what each day would have found at capacity, and the most it could have found.

    Parameters
    ----------
    evaluation
        What was found.
    """
    with canvas() as axes:
        capacity = evaluation.at_capacity.capacity
        axes.set_title(f"Hits per day at a capacity of {capacity} per office")
        axes.set_ylabel("Hits")
        rows = evaluation.at_capacity.by_day
        if not rows:
            say_instead(axes, "Nothing was examined")
            return figure_of(axes)
        day = np.array([row.day for row in rows], dtype="datetime64[D]")
        best, found = [row.attainable for row in rows], [row.found for row in rows]
        axes.bar(day, best, width=0.9, color="#d7dde2", label="Most that could be found")
        axes.bar(day, found, width=0.9, color=BLUE, label="Found by the score")
        axes.set_xlabel("Day the line was lodged")
        axes.xaxis.grid(visible=False)
        axes.set_ylim(0, 1.18 * max(*best, 1))
        as_counts(axes)
        axes.legend(loc="upper right", ncols=2)
        axes.tick_params(axis="x", rotation=30)
    return figure_of(axes)
