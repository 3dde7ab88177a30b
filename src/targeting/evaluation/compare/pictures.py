"""Plots of a comparison: differences, parts of the traffic, calibration, lists, features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.compare.findings import EXAMINED, RECOMMENDED, TRUTH
from targeting.evaluation.compare.words import UNDER, place
from targeting.evaluation.dimensions import by_dimension, height_of, set_below
from targeting.evaluation.plots import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    as_percent,
    canvas,
    figure_of,
    say_instead,
)
from targeting.evaluation.words import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.evaluation.compare.findings import (
        CalibrationRow,
        Comparison,
        Difference,
    )
    from targeting.evaluation.plots import Axes, Figure

COLOURS = {EXAMINED: BLUE, RECOMMENDED: ORANGE, TRUTH: INK}
MOST_SLICES = 6
MOST_FEATURES = 16


def differences_plot(comparison: Comparison) -> Figure:
    """Difference of hits among opened lines, wherever the lists are cut.

    Parameters
    ----------
    comparison
        What was found.
    """
    rows = {
        what: [row for row in comparison.under(what) if row.figure == "precision"]
        for what in COLOURS
    }
    rows = {what: found for what, found in rows.items() if any(map(_known, found))}
    cuts = [row.at for row in comparison.examined if row.figure == "precision"]
    with canvas(1.8 + 0.25 * len(rows) * len(cuts)) as axes:
        axes.set_title("Hits among opened lines: B less A", pad=26)
        if not rows:
            say_instead(axes, "Nothing can be compared")
            return figure_of(axes)
        for offset, (what, found) in enumerate(rows.items()):
            for row in filter(_known, found):
                at = cuts.index(row.at) + 0.22 * (offset - (len(rows) - 1) / 2)
                _whisker(axes, at, row, COLOURS[what], UNDER[what])
        axes.set_yticks(range(len(cuts)), [place(at)[0].upper() + place(at)[1:] for at in cuts])
        _finish(axes, "Difference of the share of hits, 95 % interval")
        axes.invert_yaxis()
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure_of(axes)


def _known(row: Difference) -> bool:
    return row.difference.value is not None


def _whisker(axes: Axes, at: float, row: Difference, colour: str, label: str = "") -> None:
    measure = row.difference
    if measure.low is not None and measure.high is not None:
        axes.plot([measure.low, measure.high], [at, at], color=colour, lw=1.4)
    named = axes.get_legend_handles_labels()[1]
    axes.plot(
        [measure.value or 0.0], [at], "o", color=colour, ms=4.5,
        label=label if label and label not in named else None,
    )  # fmt: skip


def _finish(axes: Axes, name: str) -> None:
    axes.axvline(0, color=GREY, lw=1, ls="--")
    axes.yaxis.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"{name} (right of the line: B finds more)")
    as_percent(axes, y=False)


def slices_plot(comparison: Comparison) -> Figure:
    """Difference of the share of hits found in each part of the traffic large enough to tell.

    Parameters
    ----------
    comparison
        What was found.
    """
    known = [p for p in comparison.slices if not p.too_small and _known(p.recall)]
    dimensions = by_dimension(known, size=lambda part: part.hits, most=MOST_SLICES)
    with canvas(height_of(dimensions)) as axes:
        axes.set_title("Share of the hits opened: B less A")
        if not dimensions:
            say_instead(axes, "No part of the traffic is large enough")
            return figure_of(axes)
        set_below(
            axes, dimensions,
            said=lambda part: f"{part.hits:,} hits",
            draw=lambda at, part: _whisker(axes, at, part.recall, BLUE),
        )  # fmt: skip
        _finish(axes, "Difference, 95 % interval")
    return figure_of(axes)


def calibration_plot(comparison: Comparison) -> Figure:
    """Hit rate of lines of similar probability against that probability, for both versions.

    Parameters
    ----------
    comparison
        What was found.
    """
    with canvas() as axes:
        axes.set_title("Does a probability of 20 % mean two hits in ten?")
        axes.set_xlabel("Mean probability the version gave")
        axes.set_ylabel("Share that were hits")
        if not comparison.calibration[0].table:
            say_instead(axes, "Nothing was examined")
            return figure_of(axes)
        ends = [
            _reliability(axes, row, colour, name)
            for row, colour, name in zip(comparison.calibration, (BLUE, ORANGE), "AB", strict=True)
        ]
        end = 1.05 * max(ends)
        axes.plot(
            [0, end], [0, end], color=GREY, lw=1, ls="--", label="Probability = share of hits"
        )
        axes.set(xlim=(0, end), ylim=(0, end))
        as_percent(axes)
        axes.legend(loc="upper left")
    return figure_of(axes)


def _reliability(axes: Axes, row: CalibrationRow, colour: str, name: str) -> float:
    given = np.array([one.mean_probability for one in row.table])
    rate = np.array([one.hit_rate.value or 0.0 for one in row.table])
    low = np.array([one.hit_rate.low or 0.0 for one in row.table])
    high = np.array([one.hit_rate.high or 0.0 for one in row.table])
    axes.errorbar(
        given, rate, yerr=(rate - low, high - rate), color=colour, fmt="o-", ms=4, lw=1.2,
        elinewidth=1, capsize=2, label=f"{name}, 95 % interval",
    )  # fmt: skip
    return max(float(given.max()), float(high.max()))


def lists_plot(comparison: Comparison) -> Figure:
    """Show what was found in the lines both would open, and in those only one would.

    Parameters
    ----------
    comparison
        What was found.
    """
    agreed = comparison.agreement
    groups = (
        ("Both", agreed.both), ("Only A", agreed.only_first), ("Only B", agreed.only_second),
    )  # fmt: skip
    parts = (
        ("Hit", ORANGE, [one.hits for _, one in groups]),
        ("Examined and clear", BLUE, [one.examined - one.hits for _, one in groups]),
        ("Not examined", "#d7dde2", [max(one.lines - one.examined, 0) for _, one in groups]),
    )
    with canvas(2.6) as axes:
        axes.set_title("Lines the lists at capacity would open, and what is known of them", pad=26)
        left = np.zeros(len(groups))
        for name, colour, counts in parts:
            axes.barh(range(len(groups)), counts, left=left, color=colour, label=name, height=0.6)
            left += np.asarray(counts, dtype=np.float64)
        axes.set_yticks(range(len(groups)), [name for name, _ in groups])
        axes.invert_yaxis()
        axes.yaxis.grid(visible=False)
        axes.set_xlabel("Lines")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure_of(axes)


def features_plot(comparison: Comparison) -> Figure:
    """Show the features whose share of the score moved most.

    Parameters
    ----------
    comparison
        What was found.
    """
    rows = comparison.moved.features[:MOST_FEATURES]
    with canvas(1.5 + 0.27 * max(len(rows), 3)) as axes:
        axes.set_title("Features whose weight moved most", pad=26)
        if not rows:
            say_instead(axes, "Nothing was explained")
            return figure_of(axes)
        for at, row in enumerate(rows):
            pair = [row.first or 0.0, row.second or 0.0]
            axes.plot(pair, [at, at], color="#c9ced3", lw=2, zorder=1)
        for name, colour, values in (
            ("A", BLUE, [row.first for row in rows]),
            ("B", ORANGE, [row.second for row in rows]),
        ):
            _dots(axes, values, colour, name)
        axes.set_yticks(range(len(rows)), [shorten(row.name) for row in rows])
        axes.invert_yaxis()
        axes.yaxis.grid(visible=False)
        axes.set_xlabel("Share of all contributions to the score")
        as_percent(axes, y=False)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure_of(axes)


def _dots(axes: Axes, values: Sequence[float | None], colour: str, name: str) -> None:
    there = [(at, value) for at, value in enumerate(values) if value is not None]
    axes.plot(
        [value for _, value in there], [at for at, _ in there], "o", color=colour, ms=5, label=name
    )


def figures(comparison: Comparison) -> dict[str, Figure]:
    """All plots by the name of their file, in the order the report shows them.

    Parameters
    ----------
    comparison
        What was found.
    """
    return {
        "differences": differences_plot(comparison),
        "lists": lists_plot(comparison),
        "slices": slices_plot(comparison),
        "calibration": calibration_plot(comparison),
        "features": features_plot(comparison),
    }
