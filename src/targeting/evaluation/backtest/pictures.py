"""Plots of a backtest: versions beside each other, week by week, and part by part."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from targeting.evaluation.backtest.policies import OWN_CAPACITY
from targeting.evaluation.backtest.words import best
from targeting.evaluation.dimensions import by_dimension, finish_shares, height_of, set_below
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
    from targeting.evaluation.backtest.parts import Part
    from targeting.evaluation.backtest.result import Backtest, Row, VersionResult
    from targeting.evaluation.measures import Measure
    from targeting.evaluation.plots import Axes, Figure

_PARTS_SHOWN = 8
_DASHES = ("-", "--", ":", "-.")


def precision_by_version(found: Backtest, policy: str = OWN_CAPACITY) -> Figure:
    """Precision of every version's list with its interval, and that of a perfect order.

    Parameters
    ----------
    found
        The backtest.
    policy
        Which list.
    """
    rows = [row for row in found.rows if (row.policy, row.unit) == (policy, "line")]
    with canvas(1.9 + 0.42 * len(rows)) as axes:
        axes.set_title(f"Hits among opened lines, {found.policies[policy]}")
        for at, row in enumerate(rows):
            _version(axes, at, row)
        attainable = best(rows[0]).attainable
        if attainable is not None:
            axes.axvline(attainable, color=GREY, lw=1, ls="--", label="At most, in perfect order")
        axes.set_yticks(range(len(rows)), [row.version for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.yaxis.grid(visible=False)
        axes.set_xlabel("Share of opened lines that are hits, 95 % interval")
        as_percent(axes, y=False)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
        axes.set_title(axes.get_title(loc="left"), pad=46)
    return figure_of(axes)


def _version(axes: Axes, at: int, row: Row) -> None:
    shown = [
        (row.naive.precision, GREY, -0.22, "Among examined lines"),
        (row.estimated.precision, BLUE, 0.0, "Estimated for all opened lines"),
    ]
    if row.real is not None:
        shown.append((row.real.precision, ORANGE, 0.22, "True"))
    for measure, colour, shift, label in shown:
        _whisker(axes, at + shift, measure, colour, label if at == 0 else None)


def _whisker(axes: Axes, at: float, measure: Measure, colour: str, label: str | None) -> None:
    if measure.low is not None and measure.high is not None:
        axes.plot([measure.low, measure.high], [at, at], color=colour, lw=1.5)
    if measure.value is not None:
        axes.plot([measure.value], [at], "o", color=colour, ms=4.5, label=label)
    elif label:
        axes.plot([], [], "o", color=colour, ms=4.5, label=label)


def hits_by_week(found: Backtest) -> Figure:
    """Hits found so far by every version's list, week by week.

    Parameters
    ----------
    found
        The backtest.
    """
    lived = [one for one in found.versions if one.blocks]
    with canvas(4.6) as axes:
        what = "True hits" if found.has_truth else "Known hits"
        axes.set_title(f"{what} within the offices' capacity, so far")
        for at, version in enumerate(lived):
            days = [block.first_day for block in version.blocks]
            colour, width, dashes = _line(at)
            axes.plot(
                days, _so_far(version, found), label=version.name, color=colour, lw=width,
                ls=dashes,
            )  # fmt: skip
        axes.set_xlabel("Block of days, by its first day")
        axes.set_ylabel("Hits")
        as_counts(axes)
        axes.tick_params(axis="x", rotation=45)
        if lived:
            axes.legend(loc="upper left")
    return figure_of(axes)


def _line(at: int) -> tuple[str, float, str]:
    """Style a version's line: this model stands out, the others differ by dashes and shade."""
    if at == 0:
        return BLUE, 2.6, "-"
    colours = (ORANGE, INK, GREY)
    return colours[at % 3], 1.3, _DASHES[at // 3 % len(_DASHES)]


def _so_far(version: VersionResult, found: Backtest) -> list[float]:
    each = (
        block.real if found.has_truth and block.real is not None else block.found
        for block in version.blocks
    )
    return list(accumulate(each))


def parts_forest(found: Backtest) -> Figure:
    """Hits among this model's opened lines in each part of the traffic large enough to tell.

    Parameters
    ----------
    found
        The backtest.
    """
    ranked = [
        part
        for part in found.versions[0].parts
        if not part.too_small and part.examined.precision.value is not None
    ]
    dimensions = by_dimension(ranked, size=lambda part: part.lines, most=_PARTS_SHOWN)
    with canvas(height_of(dimensions, each=0.3)) as axes:
        axes.set_title("Hits among opened lines, by part")
        if dimensions:
            set_below(
                axes, dimensions,
                said=lambda part: f"{part.lines:,} lines",
                draw=lambda at, part: _part(axes, at, part, named=part is ranked[0]),
            )  # fmt: skip
            finish_shares(axes, pad=42)
        else:
            say_instead(axes, "No part of the traffic is large enough")
    return figure_of(axes)


def _part(axes: Axes, at: float, part: Part, *, named: bool) -> None:
    own = part.examined
    labels = ("Opened and examined", "Estimated, all opened") if named else (None, None)
    _whisker(axes, at - 0.16, own.precision, GREY, labels[0])
    _whisker(axes, at + 0.16, part.estimated, BLUE, labels[1])
    axes.plot(
        [own.hit_rate.value or 0], [at], "|", color=INK, ms=9, mew=1.4,
        label="Hit rate in practice" if named else None,
    )  # fmt: skip
    if part.real.value is not None:
        axes.plot(
            [part.real.value], [at], "D", color=ORANGE, ms=3.5,
            label="True, all opened" if named else None,
        )  # fmt: skip
