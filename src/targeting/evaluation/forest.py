"""Parts of the traffic beside each other, with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.evaluation.plots import (
    BLUE,
    ORANGE,
    as_percent,
    canvas,
    figure_of,
    say_instead,
)
from targeting.evaluation.words import TITLES, shorten, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    groups = [(name, parts) for name, parts in _groups(evaluation, most) if parts]
    height = 1.3 + 0.25 * sum(len(parts) + 1.2 for _, parts in groups)
    with canvas(max(height, 2.5)) as axes:
        axes.set_title("Hits among opened lines, by part of the traffic")
        if groups:
            _forest(axes, groups)
        else:
            say_instead(axes, "No part of the traffic is large enough")
    return figure_of(axes)


def _groups(evaluation: Evaluation, most: int) -> Iterator[tuple[str, list[Slice]]]:
    dimensions = dict.fromkeys(part.dimension for part in evaluation.slices)
    for name in sorted(dimensions, key=_place):
        parts = [p for p in evaluation.slices if p.dimension == name and _ranked(p)]
        largest = sorted(parts, key=lambda part: (-part.examined, part.value))[:most]
        yield name, [part for part in parts if part in largest]


def _place(dimension: str) -> tuple[int, str]:
    known = list(TITLES)
    return (known.index(dimension) if dimension in known else len(known), dimension)


def _ranked(part: Slice) -> bool:
    return not part.too_small and part.precision.value is not None


def _forest(axes: Axes, groups: Sequence[tuple[str, list[Slice]]]) -> None:
    at, ticks, names = 0.0, [], []
    for dimension, parts in groups:
        ticks.append(at)
        names.append(title(dimension))
        for part in parts:
            at += 1
            ticks.append(at)
            names.append(f"{shorten(part.value)}  ({part.examined:,} examined)")
            _whisker(axes, at, part)
        at += 1.3
    axes.set_yticks(ticks, names)
    headings = {title(dimension) for dimension, _ in groups}
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in headings else "normal")
    axes.set_ylim(at - 0.5, -0.7)
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.yaxis.grid(visible=False)
    axes.set_xlabel("Share of hits, 95 % interval")
    as_percent(axes, y=False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.set_title(axes.get_title(loc="left"), pad=26)


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
