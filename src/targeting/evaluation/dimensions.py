"""Parts of the traffic by dimension: which are shown, and how plots set them below each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from targeting.evaluation.parts import OFFENCE
from targeting.evaluation.plots import as_percent
from targeting.evaluation.words import shorten, title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from targeting.evaluation.plots import Axes


class Part(Protocol):
    """A part of the traffic, such as one office."""

    @property
    def dimension(self) -> str:
        """Name of the dimension, such as `office_id`."""
        ...

    @property
    def value(self) -> str:
        """Which part of it."""
        ...

    @property
    def too_small(self) -> str:
        """Why it is named and not ranked; empty when it is ranked."""
        ...


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Dimension(Generic[P]):
    """Parts of one dimension: those shown, how many are not, and those too small.

    Parameters
    ----------
    name
        Of the dimension.
    shown
        The largest, in the order they were judged.
    hidden
        How many large enough ones are not shown.
    small
        Those too small to be ranked.
    """

    name: str
    shown: tuple[P, ...]
    hidden: int
    small: tuple[P, ...]

    @property
    def title(self) -> str:
        """The dimension in words."""
        return title(self.name)

    @property
    def of_hits_only(self) -> bool:
        """Whether only hits have it: a clear line has no offence."""
        return self.name == OFFENCE


def by_dimension(
    parts: Iterable[P], *, size: Callable[[P], float], most: int
) -> list[Dimension[P]]:
    """Gather parts by dimension, and choose the largest.

    Parameters
    ----------
    parts
        In the order they were judged.
    size
        What the largest have most of.
    most
        How many are shown of a dimension.
    """
    every = list(parts)
    found = []
    for name in dict.fromkeys(part.dimension for part in every):
        own = [part for part in every if part.dimension == name]
        ranked = [part for part in own if not part.too_small]
        largest = sorted(ranked, key=lambda part: (-size(part), part.value))[:most]
        small = tuple(part for part in own if part.too_small)
        shown = tuple(part for part in ranked if part in largest)
        found.append(Dimension(name, shown, len(ranked) - len(shown), small))
    return found


def height_of(dimensions: Sequence[Dimension[P]], *, each: float = 0.25) -> float:
    """Return the height a plot of parts needs, in inches.

    Parameters
    ----------
    dimensions
        What is shown.
    each
        Height of one part.
    """
    return max(1.3 + each * sum(len(one.shown) + 1.2 for one in dimensions), 2.5)


def set_below(
    axes: Axes,
    dimensions: Sequence[Dimension[P]],
    *,
    said: Callable[[P], str],
    draw: Callable[[float, P], None],
) -> None:
    """Set parts below each other under the names of their dimensions.

    Parameters
    ----------
    axes
        To draw on.
    dimensions
        Those with a part to show.
    said
        What stands behind the name of a part, such as how many lines it has.
    draw
        Draws a part at a height.
    """
    at, ticks, names = 0.0, [], []
    for dimension in dimensions:
        ticks.append(at)
        names.append(dimension.title)
        for part in dimension.shown:
            at += 1
            ticks.append(at)
            names.append(f"{shorten(part.value)}  ({said(part)})")
            draw(at, part)
        at += 1.3
    axes.set_yticks(ticks, names)
    headings = {dimension.title for dimension in dimensions}
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in headings else "normal")
    axes.set_ylim(at - 0.5, -0.7)


def finish_shares(axes: Axes, *, pad: float) -> None:
    """Finish a plot of shares of hits by part.

    Parameters
    ----------
    axes
        With its parts drawn.
    pad
        Room between the title and the plot, for the legend.
    """
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.yaxis.grid(visible=False)
    axes.set_xlabel("Share of hits, 95 % interval")
    as_percent(axes, y=False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.set_title(axes.get_title(loc="left"), pad=pad)
