"""The drawing board: house style, and files that are the same to the byte every time.

The only module that imports matplotlib. No global state is touched: figures need no closing.
"""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

BLUE, ORANGE, GREY, INK = "#0b5394", "#c8500a", "#8a929a", "#22303c"
"""Blue and orange keep apart for colour-blind readers and in a grey print."""

_STYLE: dict[str, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": "#b9c1c8",
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6eaee",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.fonttype": "path",
    "svg.hashsalt": "targeting",
}
_WIDE, _TALL = 7.2, 3.9
_DPI = 150


COLOURS = LinearSegmentedColormap.from_list("port", [BLUE, "#c9ced3", ORANGE])
"""From a low value of a feature to a high one."""


@contextmanager
def canvas(height: float = _TALL) -> Iterator[Axes]:
    """Open the axes of a new figure in the house style.

    Parameters
    ----------
    height
        In inches; the width is that of a printed page.

    Yields
    ------
    Axes
        Drawn on by the block; `figure_of` gives the figure.
    """
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(_WIDE, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure.subplots()


def figure_of(axes: Axes) -> Figure:
    """Give the figure that axes from `canvas` stand on.

    Parameters
    ----------
    axes
        Axes from `canvas`.
    """
    figure = axes.get_figure(root=True)
    if figure is None:  # pragma: no cover - axes of `canvas` always have one
        raise ValueError("axes without a figure")
    return figure


def as_percent(axes: Axes, *, x: bool = True, y: bool = True) -> None:
    """Label shares on an axis as percentages.

    Parameters
    ----------
    axes
        Axes from `canvas`; changed in place.
    x, y
        Whether to label the level axis, and the upright one.
    """
    for axis in [axes.xaxis] * x + [axes.yaxis] * y:
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=" %"))


def as_counts(axes: Axes) -> None:
    """Label whole numbers only on the upright axis.

    Parameters
    ----------
    axes
        Axes from `canvas`; changed in place.
    """
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def say_instead(axes: Axes, why: str) -> None:
    """Write on empty axes why there is nothing to draw.

    Parameters
    ----------
    axes
        Axes from `canvas`; changed in place.
    why
        The sentence to write.
    """
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=GREY)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)


def colour_key(axes: Axes, name: str) -> None:
    """Draw the key of `COLOURS`, from low to high, beside the axes.

    Parameters
    ----------
    axes
        Axes from `canvas`; changed in place.
    name
        What the colours stand for, written beside the key.
    """
    scale = ScalarMappable(Normalize(0, 1), COLOURS)
    bar = figure_of(axes).colorbar(scale, ax=axes, aspect=40, pad=0.015)
    bar.set_ticks([0, 1], labels=["low", "high"])
    bar.ax.tick_params(length=0)
    bar.set_label(name, labelpad=-14)
    for spine in bar.ax.spines.values():
        spine.set_visible(False)


def save(plots: Mapping[str, Figure], folder: Path) -> None:
    """Write each plot as `NAME.png`, with nothing in it that changes from run to run.

    Parameters
    ----------
    plots
        Figures by name.
    folder
        Created when it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in plots.items():
        figure.savefig(folder / f"{name}.png", dpi=_DPI, metadata={"Software": None})


def svg(figure: Figure) -> bytes:
    """Draw a figure as SVG with letters as outlines, so it looks alike on every machine.

    Parameters
    ----------
    figure
        The figure.
    """
    with mpl.rc_context(_STYLE), BytesIO() as stream:  # type: ignore[arg-type]
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(stream, format="svg", dpi=_DPI, metadata=nothing)
        return stream.getvalue()
