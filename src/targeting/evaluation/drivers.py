"""What drives the score: features by weight, and which way each pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.plots import (
    BLUE,
    COLOURS,
    GREY,
    canvas,
    colour_key,
    figure_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.evaluation.metrics import Floats
    from targeting.evaluation.plots import Axes, Figure


def feature_importance(names: Sequence[str], values: Floats, *, top: int = 20) -> Figure:
    """Show which features matter most.

    Parameters
    ----------
    names
        Shape (f,). Features as a reader knows them.
    values
        Shape (f,). Their importance, such as the mean size of their contribution.
    top
        Features shown.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    if len(names) != len(values):
        raise ValueError(f"{len(names)} names for {len(values)} values")
    order = sorted(range(len(names)), key=lambda at: (-values[at], names[at]))[:top]
    with canvas(1.0 + 0.27 * max(len(order), 3)) as axes:
        axes.set_title("What the score rests on")
        axes.barh(range(len(order)), [float(values[at]) for at in order], color=BLUE, height=0.7)
        axes.set_yticks(range(len(order)), [names[at] for at in order])
        axes.invert_yaxis()
        axes.yaxis.grid(visible=False)
        axes.set_xlabel("Importance")
    return figure_of(axes)


def beeswarm(
    contributions: Floats, values: Floats, names: Sequence[str], *, top: int = 15
) -> Figure:
    """Show how features drive the score: one dot a line, its push, and its value as a colour.

    Parameters
    ----------
    contributions
        Shape (n, f). TreeSHAP contributions in log-odds, without the base value.
    values
        Shape (n, f). Values of the features; NaN is drawn grey.
    names
        Shape (f,). Features as a reader knows them.
    top
        Features shown, by mean size of contribution.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Lundberg et al., Nature Machine Intelligence 2, 2020. Drawn here and not by the shap package,
    whose plot takes its jitter from the global random state and so differs from run to run.
    """
    if contributions.shape != values.shape or contributions.shape[1] != len(names):
        raise ValueError(
            f"contributions {contributions.shape}, values {values.shape}, {len(names)} names"
        )
    size = np.abs(contributions).mean(axis=0) if len(contributions) else np.zeros(len(names))
    order = sorted(range(len(names)), key=lambda at: (-size[at], names[at]))[:top]
    with canvas(1.3 + 0.38 * max(len(order), 3)) as axes:
        axes.set_title("What drives the score")
        axes.axvline(0, color=GREY, lw=1)
        for row, at in enumerate(order):
            _swarm(axes, row, contributions[:, at], values[:, at])
        axes.set_yticks(range(len(order)), [names[at] for at in order])
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.yaxis.grid(visible=False)
        axes.set_xlabel("Push on the score (log-odds): left lowers, right raises")
        colour_key(axes, "Value of the feature")
    return figure_of(axes)


_MISSING = (0.54, 0.57, 0.60, 0.5)
"""Grey, half seen through."""


def _swarm(axes: Axes, row: int, push: Floats, value: Floats) -> None:
    known = np.isfinite(value)
    rank = np.full(len(value), np.nan)
    if known.any():
        low, high = np.quantile(value[known], (0.05, 0.95))
        rank[known] = np.clip((value[known] - low) / ((high - low) or 1.0), 0, 1)
    colours = COLOURS(np.nan_to_num(rank, nan=0.5))
    colours[~known] = _MISSING
    axes.scatter(
        push, row + _spread(push), c=colours, s=7, linewidths=0, alpha=0.85, rasterized=True
    )


def _spread(push: Floats) -> Floats:
    """Stack the dots of one narrow strip evenly around the row's middle, most crowded widest."""
    if not len(push):
        return push
    strips = np.histogram_bin_edges(push, bins=90)
    strip = np.clip(np.searchsorted(strips, push, side="right") - 1, 0, 89)
    order = np.lexsort((push, strip))
    counts = np.bincount(strip, minlength=90)
    place = np.empty(len(push))
    place[order] = np.arange(len(push)) - np.repeat(np.cumsum(counts) - counts, counts)
    # Golden-ratio steps fill a strip evenly without a pattern and without a random number.
    even = (place * 0.6180339887498949) % 1 - 0.5
    return even * 0.8 * np.sqrt(counts[strip] / counts.max())
