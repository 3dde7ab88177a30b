"""The world, day by day: what is lodged, and the truth of it, whatever anybody examines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.catalogue import SCHEMES
from targeting.simulate.lines import Lines, draw_lines
from targeting.simulate.orders import Desk, Orders, write_orders
from targeting.simulate.papers import Papers, draw_papers
from targeting.simulate.rows import Rows
from targeting.simulate.schemes import GANG_DAYS, Hand, Scheme
from targeting.simulate.streams import Flags, Floats, stream
from targeting.simulate.traders import MONTH_DAYS, Traders, first_cohort, later_cohort
from targeting.simulate.yard import Yard

MEAN_LINES = 1.46
_WEEK = np.array([1.12, 1.14, 1.14, 1.10, 1.10, 0.80, 0.60])

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.simulate.settings import SimulateSettings


@dataclass(frozen=True)
class Truth(Rows):
    """What an examination of each line would find, fixed before anybody chooses.

    Parameters
    ----------
    found
        Whether a full examination finds the offence.
    hiding
        How deep an examination must reach, in [0, 1).
    delay
        Standard normal draw behind the delay of the result.
    query
        Uniform draw: whether a clear result waits for papers.
    start
        Uniform draw: when the officer gets to it.
    recovered
        Uniform draw: how much of what was evaded comes in, and the fine.
    """

    found: Flags
    hiding: Floats
    delay: Floats
    query: Floats
    start: Floats
    recovered: Floats


@dataclass(frozen=True, slots=True)
class Day:
    """All that was lodged on one day, one row per goods line, in the order of lodging.

    Parameters
    ----------
    number
        Days since the world began; of the first one, where several were joined.
    orders
        The consignment of each line.
    lines, papers, truth
        The goods, the documents' numbers and blanks, and what examinations would find.
    """

    number: int
    orders: Orders
    lines: Lines
    papers: Papers
    truth: Truth

    def __len__(self) -> int:
        """Count the goods lines."""
        return len(self.lines)

    @classmethod
    def join(cls, days: Sequence[Day]) -> Day:
        """Put the rows of several days one under the other, for writing.

        Parameters
        ----------
        days
            At least one day, in order.
        """
        return cls(
            days[0].number,
            Orders.stack([day.orders for day in days]),
            Lines.stack([day.lines for day in days]),
            Papers.stack([day.papers for day in days]),
            Truth.stack([day.truth for day in days]),
        )


class World:
    """A corridor that lives one day at a time; no examination changes what comes next.

    Parameters
    ----------
    settings
        What it is made of.

    Examples
    --------
    >>> from targeting.simulate.settings import preset
    >>> world = World(preset("small"))
    >>> first, second = world.next_day(), world.next_day()
    >>> first.number, second.number
    (0, 1)
    """

    def __init__(self, settings: SimulateSettings) -> None:
        self.settings = settings
        self.traders: Traders = first_cohort(settings.seed, settings.parties)
        self._day = 0
        self._weekday = settings.first_day.weekday()
        self._yard = Yard(settings.seed)
        self._gangs: dict[str, tuple[np.ndarray, Floats]] = {}

    def next_day(self) -> Day:
        """Live one more day and return what was lodged on it."""
        day, seed = self._day, self.settings.seed
        if day % MONTH_DAYS == 0:
            self._enter(day // MONTH_DAYS)
        orders = self._orders(day)
        lines = self._lines(day, orders)
        units = self._yard.load(day, orders)
        each = orders.take(lines.order)
        papers = draw_papers(stream(seed, "papers", day), orders, units, order=lines.order, day=day)
        self._day += 1
        return Day(day, each, lines, papers, self._truth(day, each, lines))

    def _enter(self, month: int) -> None:
        mean = self.settings.parties * self.settings.entry_share_per_month
        later = later_cohort(self.settings.seed, month, mean)
        self.traders = Traders.stack([self.traders, later])

    def _orders(self, day: int) -> Orders:
        """Write honest and other consignments, and put them in the order of lodging."""
        seed = self.settings.seed
        parts = [self._honest(day)]
        for number in range(len(SCHEMES)):
            parts += self._crime(day, number)
        orders = Orders.stack(parts)
        tie = stream(seed, "queue", day).permutation(len(orders))
        return orders.take(np.lexsort((tie, orders.lodged)))

    def _volume(self, day: int) -> float:
        """Expect so many consignments on a day."""
        week = float(_WEEK[(self._weekday + day) % 7])
        year = 1.0 + 0.10 * float(np.sin(2 * np.pi * (day - 60) / 365.25))
        return self.settings.declarations_per_day / MEAN_LINES * week * year

    def _honest(self, day: int) -> Orders:
        rng = stream(self.settings.seed, "orders", day)
        busy = self.traders.activity(day).cumsum()
        count = max(1, int(rng.poisson(self._volume(day))))
        trader = np.searchsorted(busy, rng.random(count) * busy[-1], side="right")
        return write_orders(Desk(self.traders, self.settings.seed, day, rng), trader)

    def _crime(self, day: int, number: int) -> list[Orders]:
        """Write a scheme's consignments of a day: one set, or none."""
        scheme, seed = SCHEMES[number], self.settings.seed
        wave = scheme.wave(seed, day)
        who, share = self._gang(scheme, day)
        rng = stream(seed, scheme.name, day)
        rate = getattr(self.settings.schemes, scheme.name) * scheme.intensity(day)
        count = int(rng.poisson(self._volume(day) * rate))
        if wave is None or not count or not len(who):
            return []
        desk = Desk(self.traders, seed, day, rng)
        orders = write_orders(desk, rng.choice(who, count, p=share))
        return [scheme.shape(desk, orders.having(scheme=np.full(count, number + 1)), wave)]

    def _gang(self, scheme: Scheme, day: int) -> tuple[np.ndarray, Floats]:
        """Look the gang over every `GANG_DAYS`, and whenever a wave begins."""
        wave = scheme.wave(self.settings.seed, day)
        if wave is None:
            self._gangs.pop(scheme.name, None)
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        if day % GANG_DAYS == 0 or scheme.name not in self._gangs:
            self._gangs[scheme.name] = scheme.gang(self.traders, wave, day)
        return self._gangs[scheme.name]

    def _lines(self, day: int, orders: Orders) -> Lines:
        seed = self.settings.seed
        lines = draw_lines(stream(seed, "goods", day), orders, seed=seed, day=day)
        each = orders.take(lines.order)
        for number, scheme in enumerate(SCHEMES):
            rows = np.flatnonzero(each.scheme == number + 1)
            wave = scheme.wave(seed, day)
            if len(rows) and wave is not None:
                rng = stream(seed, f"{scheme.name} trace", day)
                lines = scheme.trace(lines, Hand(each, rows, rng), wave)
        return lines

    def _truth(self, day: int, each: Orders, lines: Lines) -> Truth:
        size = len(lines)
        rng = stream(self.settings.seed, "truth", day)
        detectable = np.array([0.0, *(scheme.detectable for scheme in SCHEMES)])
        return Truth(
            found=lines.illicit & (rng.random(size) < detectable[each.scheme]),
            hiding=rng.random(size),
            delay=rng.standard_normal(size),
            query=rng.random(size),
            start=rng.random(size),
            recovered=rng.random(size),
        )
