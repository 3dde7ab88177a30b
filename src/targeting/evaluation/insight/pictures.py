"""Pictures of a model as a whole: dependence with counts, and deletion curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.evaluation.plots import BLUE, GREY, ORANGE, canvas, figure_of
from targeting.evaluation.words import shorten

if TYPE_CHECKING:
    from targeting.evaluation.insight.dependence import Dependence
    from targeting.evaluation.insight.insight import Insight
    from targeting.evaluation.insight.removal import Removal
    from targeting.evaluation.plots import Axes, Figure


def figures(insight: Insight) -> dict[str, Figure]:
    """Draw what is told of a model, by title, in the order a report shows it.

    Parameters
    ----------
    insight
        What is told.
    """
    drawn = {f"How {one.feature} moves the score": dependence(one) for one in insight.dependence}
    return {**drawn, "Scores without the causes of their reasons": deletion(insight.removal)}


def dependence(one: Dependence) -> Figure:
    """Draw how a feature moves the score: mean, eight of ten lines, and how many lines.

    Parameters
    ----------
    one
        The feature.
    """
    with canvas(1.6 + 0.32 * max(len(one.bins), 3)) as axes:
        axes.set_title(f"{one.subject}: {one.feature}", pad=26)
        axes.axvline(0, color=GREY, lw=1)
        for at, part in enumerate(one.bins):
            colour = GREY if part.is_thin else BLUE
            axes.plot([part.low, part.high], [at, at], color=colour, lw=1.4)
            face = "white" if part.is_thin else colour
            axes.plot([part.mean], [at], "o", color=colour, markerfacecolor=face, ms=6)
        labels = [f"{shorten(part.label)}  ({part.lines:,} lines)" for part in one.bins]
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.yaxis.grid(visible=False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("Push on the score (log-odds): left lowers, right raises")
        _key(axes)
    return figure_of(axes)


def _key(axes: Axes) -> None:
    axes.plot([], [], "o-", color=BLUE, label="mean, and eight of ten lines")
    axes.plot([], [], "o-", color=GREY, markerfacecolor="white", label="fewer than 30 lines")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)


def deletion(removal: Removal) -> Figure:
    """Draw how scores fall as the causes of reasons are taken away, and others beside them.

    Parameters
    ----------
    removal
        What scores did.
    """
    with canvas() as axes:
        axes.set_title("Scores without the causes of their reasons")
        taken = [step.removed for step in removal.curve]
        for values, colour, label in (
            ([step.by_lot for step in removal.curve], GREY, "others, drawn by lot"),
            ([step.by_reasons for step in removal.curve], ORANGE, "reasons, strongest first"),
        ):
            axes.plot(taken, values, "o-", color=colour, label=label)
        axes.set_xlabel("Subjects taken away")
        axes.set_ylabel("Mean score (log-odds)")
        axes.set_xticks(taken)
        axes.legend(loc="lower left")
    return figure_of(axes)
