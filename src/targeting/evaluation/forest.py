"""Parts of the traffic beside each other, with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.evaluation.dimensions import by_dimension, finish_shares, height_of, set_below
from targeting.evaluation.plots import (
    BLUE,
    ORANGE,
    canvas,
    figure_of,
    say_instead,
)
from targeting.evaluation.words import TITLES

if TYPE_CHECKING:
    from targeting.evaluation.findings import Evaluation
    from targeting.evaluation.measures import Slice
    from targeting.evaluation.plots import Axes, Figure


def slices_forest(evaluation: Evaluation, *, most: int = 8) -> Figure:
    """Share of hits among opened lines in each part of the traffic large enough to tell.

    Parameters
    ----------
    evaluation
        What was found.
    most
        Parts shown of one dimension: those with most examined lines.
    """
    ranked = [part for part in evaluation.slices if _ranked(part)]
    found = by_dimension(ranked, size=lambda part: part.examined, most=most)
    dimensions = sorted(found, key=lambda one: _place(one.name))
    with canvas(height_of(dimensions)) as axes:
        axes.set_title("Hits among opened lines, by part")
        if dimensions:
            set_below(
                axes, dimensions,
                said=lambda part: f"{part.examined:,} examined",
                draw=lambda at, part: _whisker(axes, at, part),
            )  # fmt: skip
            finish_shares(axes, pad=26)
        else:
            say_instead(axes, "No part of the traffic is large enough")
    return figure_of(axes)


def _place(dimension: str) -> tuple[int, str]:
    known = list(TITLES)
    return (known.index(dimension) if dimension in known else len(known), dimension)


def _ranked(part: Slice) -> bool:
    return not part.too_small and part.precision.value is not None


def _whisker(axes: Axes, at: float, part: Slice) -> None:
    first = not axes.get_legend_handles_labels()[1]
    figure, base = part.precision, part.hit_rate
    axes.plot([figure.low or 0, figure.high or 0], [at, at], color=BLUE, lw=1.4)
    axes.plot(
        [figure.value or 0], [at], "o", color=BLUE, ms=4.5,
        label="Opened at capacity" if first else None,
    )  # fmt: skip
    axes.plot(
        [base.value or 0], [at], "|", color=ORANGE, ms=9, mew=1.6,
        label="All its examined lines" if first else None,
    )  # fmt: skip
