"""Small charts of a history, drawn as inline SVG and as blocks of text.

An SVG holds no script and no style of its own: classes alone, which the page's style sheet colours,
so that the page's policy need allow nothing more. Hits are told from the rest by their place and
shape as well as by colour: on grey paper and to any eye they are the same. Every word is escaped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from targeting.shortlist.history import Month, Spread

BLOCKS = " ▁▂▃▄▅▆▇█"
"""Eighths of a character's height, none first."""

_WIDTH, _LEFT = 240.0, 2.0


@dataclass(frozen=True, slots=True)
class MonthWords:
    """What stands on a chart of months.

    Parameters
    ----------
    title
        What it shows, for who cannot see it.
    description
        Its numbers, for who cannot see it.
    declarations, examinations
        Names of the two rows, with their highest month.
    first, last
        Names of the first and the last month.
    """

    title: str
    description: str
    declarations: str
    examinations: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class SpreadWords:
    """What stands on a chart of a spread.

    Parameters
    ----------
    title
        What it shows, for who cannot see it.
    description
        Its numbers, for who cannot see it.
    own, typical
        The line's own amount, and the typical one.
    low, high
        Ends of the scale.
    """

    title: str
    description: str
    own: str
    typical: str
    low: str
    high: str


def months_svg(months: Sequence[Month], words: MonthWords) -> str:
    """Draw declarations, and below them examinations with their hits, month by month.

    Each row has its own scale: a year may hold thousands of declarations and three examinations.

    Parameters
    ----------
    months
        In order.
    words
        What stands on it.
    """
    lodged, seen = (_Row(len(months), bottom, height) for bottom, height in ((42, 28), (82, 24)))
    most = max((one.examinations for one in months), default=0)
    shapes = [
        _text(_LEFT, 10, words.declarations),
        *lodged.bars([one.declarations for one in months], "lodged"),
        lodged.axis,
        _text(_LEFT, 54, words.examinations),
        *seen.bars([one.examinations for one in months], "seen"),
        *seen.bars([one.hits for one in months], "hits", most=most),
        seen.axis,
        *seen.marks([one.hits for one in months]),
        _text(_LEFT, 102, words.first),
        _text(_WIDTH - _LEFT, 102, words.last, end=True),
    ]
    return _svg((_WIDTH, 104), words, shapes)


def spread_svg(spread: Spread, words: SpreadWords) -> str:
    """Draw how amounts of earlier lines are spread, on a scale of logarithms, the line marked.

    Parameters
    ----------
    spread
        The amounts.
    words
        What stands on it.
    """
    row = _Row(len(spread.counts), 58, 34)
    own, typical = (_place(spread, value) for value in (spread.own, spread.typical))
    shapes = [
        *row.bars(spread.counts, "lodged"),
        row.axis,
        _line("typical", (typical, 22), (typical, 62)),
        _line("own", (own, 14), (own, 58)),
        f'<path class="own" d="M{_n(own - 4)} 14h8l-4 6z"/>',
        _text(own, 10, words.own, end=own > _WIDTH / 2),
        _text(typical, 71, words.typical, end=typical > _WIDTH / 2),
        _text(_LEFT, 86, words.low),
        _text(_WIDTH - _LEFT, 86, words.high, end=True),
    ]
    return _svg((_WIDTH, 90), words, shapes)


def spark_svg(months: Sequence[Month]) -> str:
    """Draw a line of text's worth of history: declarations by month, months with a hit marked.

    It stands beside its own numbers in words, so it says nothing to who cannot see it.

    Parameters
    ----------
    months
        In order.
    """
    row = _Row(len(months), 14, 13, left=0.0, right=96.0)
    shapes = [
        *row.bars([one.declarations for one in months], "lodged"),
        *row.marks([one.hits for one in months]),
    ]
    drawn = "".join(shapes)
    return (
        f'<svg class="spark" viewBox="0 0 96 22" aria-hidden="true" focusable="false">{drawn}</svg>'
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of columns, one beside the other."""

    columns: int
    bottom: float
    height: float
    left: float = _LEFT
    right: float = _WIDTH - _LEFT

    @property
    def step(self) -> float:
        return (self.right - self.left) / self.columns

    @property
    def axis(self) -> str:
        level = self.bottom + 0.5
        return _line("axis", (self.left, level), (self.right, level))

    def bars(self, counts: Sequence[int], kind: str, *, most: int | None = None) -> list[str]:
        """Draw a bar for each count; anything above none is seen."""
        most = max(counts, default=0) if most is None else most
        width, drawn = _n(0.8 * self.step), ""
        for at, count in enumerate(counts):
            if count:
                tall = max(self.height * count / most, 1.0)
                x = _n(self.left + (at + 0.1) * self.step)
                drawn += f"M{x} {_n(self.bottom)}v-{_n(tall)}h{width}v{_n(tall)}z"
        return [f'<path class="{kind}" d="{drawn}"/>'] if drawn else []

    def marks(self, counts: Sequence[int]) -> list[str]:
        """Mark the columns with any count by a diamond below the axis."""
        drawn = "".join(
            f"M{_n(self.left + (at + 0.5) * self.step)} {_n(self.bottom + 2)}l3 3-3 3-3-3z"
            for at, count in enumerate(counts)
            if count
        )
        return [f'<path class="mark" d="{drawn}"/>'] if drawn else []


def _place(spread: Spread, value: float) -> float:
    """Place an amount on the scale of logarithms; what lies beyond an end stands on it."""
    low, high = math.log(spread.low), math.log(spread.high)
    share = (math.log(value) - low) / (high - low) if value > 0 else 0.0
    return _LEFT + (_WIDTH - 2 * _LEFT) * min(max(share, 0.0), 1.0)


def _line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = ((_n(x), _n(y)) for x, y in (start, end))
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _text(x: float, y: float, words: str, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{_n(x)}" y="{_n(y)}"{anchor}>{escape(words)}</text>'


def _svg(size: tuple[float, float], words: MonthWords | SpreadWords, shapes: Iterable[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {_n(size[0])} {_n(size[1])}" role="img" '
        f'focusable="false" aria-label="{escape(words.title)}">'
        f"<title>{escape(words.title)}</title><desc>{escape(words.description)}</desc>"
        f"{''.join(shapes)}</svg>"
    )


def _n(number: float) -> str:
    """Write a coordinate briefly, the same on every machine."""
    return f"{number:.1f}".removesuffix(".0")


def spark_text(counts: Sequence[int]) -> str:
    """Write counts as blocks, the highest a full one; anything above none is seen.

    Parameters
    ----------
    counts
        In order.

    Examples
    --------
    >>> spark_text([0, 1, 4, 8, 2])
    ' ▁▄█▂'
    """
    most = max(counts, default=0)
    return "".join(BLOCKS[math.ceil(8 * count / most)] if count else " " for count in counts)


def bar_text(share: float, width: int = 20) -> str:
    """Write a share as a bar of blocks.

    Parameters
    ----------
    share
        In [0, 1].
    width
        Of the longest bar, in characters.

    Examples
    --------
    >>> bar_text(1.0, 4), bar_text(0.5, 4), bar_text(0.01, 4)
    ('████', '██', '▏')
    """
    eighths = max(round(share * width * 8), 1)
    full, rest = divmod(eighths, 8)
    return "█" * full + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
