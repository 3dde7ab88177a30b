"""The world, day by day: what is lodged, and the truth of it, whatever anybody examines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.offences.campaigns import Campaign, Move
from targeting.simulate.offences.catalogue import SCHEMES
from targeting.simulate.offences.schemes import GANG_DAYS, Hand, Scheme, Wave
from targeting.simulate.places import TRANSIT
from targeting.simulate.trade.ground import Ground
from targeting.simulate.trade.journeys import Arrivals, Journeys
from targeting.simulate.trade.lines import Lines, draw_lines
from targeting.simulate.trade.orders import MISSING, Desk, Orders, write_orders
from targeting.simulate.trade.papers import Papers, draw_papers
from targeting.simulate.trade.rows import Rows
from targeting.simulate.trade.streams import Flags, Floats, Ints, stream
from targeting.simulate.trade.traders import MONTH_DAYS, Traders, first_cohort, later_cohort
from targeting.simulate.trade.yard import Units, Yard

_WEEK = np.array([1.12, 1.14, 1.14, 1.10, 1.10, 0.80, 0.60])
_HOLIDAY = 0.42
_RIDES_ALONG = "rip_on"
"""The one scheme that does not mind by which sites a clean trader's box goes."""

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
    depth
        Uniform draw: how deep the examination goes, were there one.
    wave, move
        Wave of the scheme, and how often the scheme had moved on; -1 for honest lines.
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
    depth: Floats
    wave: Ints
    move: Ints
    delay: Floats
    query: Floats
    start: Floats
    recovered: Floats


@dataclass(frozen=True)
class Seizures(Rows):
    """Lines of one day in which something was found.

    Parameters
    ----------
    row
        Position of the line in its day.
    scheme
        Number of the scheme plus one.
    day
        Day of the examination, days since the world began.
    """

    row: Ints
    scheme: Ints
    day: Ints


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
    """A corridor that lives one day at a time; whoever is caught too often moves on.

    Until something is seized, what is lodged does not depend on who is examined.

    Parameters
    ----------
    settings
        What it is made of.

    Raises
    ------
    ConfigError
        If the list of goods cannot be read, or a weight names a sector there is none of.

    Examples
    --------
    >>> from targeting.simulate.presets import preset
    >>> world = World(preset("small"))
    >>> first, second = world.next_day(), world.next_day()
    >>> first.number, second.number
    (0, 1)
    """

    def __init__(self, settings: SimulateSettings) -> None:
        self.ground = Ground.of(settings)
        self.traders: Traders = first_cohort(self.ground)
        self.moves: list[Move] = []
        self._day = 0
        self._weekday = settings.first_day.weekday()
        self._yard = Yard(self.ground)
        self._journeys = Journeys(self.ground)
        self._campaigns = [
            Campaign(one.name, settings.seed, getattr(settings.schemes, one.name),
                     settings.adaptation)
            for one in SCHEMES
        ]  # fmt: skip
        self._journey_of_row = np.zeros(0, dtype=np.int64)
        self._gangs: dict[str, tuple[Wave, np.ndarray, Floats]] = {}

    def next_day(self) -> Day:
        """Live one more day and return what was lodged on it."""
        day, seed = self._day, self.ground.seed
        if day % MONTH_DAYS == 0:
            self.traders = Traders.stack(
                [self.traders, later_cohort(self.ground, day // MONTH_DAYS)]
            )
        self._rise(day)
        waves = [campaign.wave(day) for campaign in self._campaigns]
        fresh = self._fresh(day, waves)
        lodged = self._in_order(day, [fresh, *self._journeys.arrive(day)])
        each = lodged.orders.take(lodged.lines.order)
        papers = draw_papers(
            self.ground, stream(seed, "papers", day), lodged.orders, lodged.units,
            order=lodged.lines.order, day=day,
        )  # fmt: skip
        self._day += 1
        self._journey_of_row = each.journey
        self._remember(day, each, lodged.lines)
        return Day(day, each, lodged.lines, papers, self._truth(day, each, lodged.lines))

    def hear(self, seized: Seizures) -> None:
        """Hear what was found of a day's lines: gangs learn of seizures as they happen.

        Parameters
        ----------
        seized
            Finds among the lines of the day that `next_day` returned last.
        """
        self._journeys.seize(self._journey_of_row[seized.row])
        for day, scheme in zip(seized.day.tolist(), seized.scheme.tolist(), strict=True):
            self._campaigns[scheme - 1].lose([day])

    def _rise(self, day: int) -> None:
        for campaign in self._campaigns:
            move = campaign.rise(day)
            if move is not None:
                self.moves.append(move)

    def _remember(self, day: int, each: Orders, lines: Lines) -> None:
        # A second leg is not sent again.
        fresh = lines.illicit & ((each.journey == 0) | (each.flow == TRANSIT))
        sent = np.bincount(each.scheme[fresh], minlength=len(SCHEMES) + 1)
        for number, campaign in enumerate(self._campaigns, start=1):
            campaign.send(day, int(sent[number]))

    def _fresh(self, day: int, waves: list[Wave | None]) -> Arrivals:
        """Write the day's new consignments with their goods and boxes."""
        orders = Orders.stack([self._honest(day), *self._crimes(day, waves)])
        desk = Desk(self.ground, self.traders, day, stream(self.ground.seed, "journeys", day))
        bound = ~np.isin(orders.scheme, (0, _scheme_number(_RIDES_ALONG)))
        orders = self._journeys.depart(desk, orders, unchanged=bound)
        orders = orders.take(np.argsort(orders.lodged, kind="stable"))
        lines, units = self._lines(day, orders, waves), self._yard.load(day, orders)
        self._journeys.follow(desk, orders, lines, units)
        return Arrivals(orders, lines, units)

    def _in_order(self, day: int, parts: list[Arrivals]) -> Arrivals:
        """Put new consignments and second legs in the order of lodging."""
        orders = Orders.stack([part.orders for part in parts])
        starts = np.cumsum([0, *(len(part.orders) for part in parts[:-1])])
        lines = Lines.stack(
            [
                part.lines.having(order=part.lines.order + start)
                for part, start in zip(parts, starts.tolist(), strict=True)
            ]
        )
        tie = stream(self.ground.seed, "queue", day).permutation(len(orders))
        queue = np.lexsort((tie, orders.lodged))
        place = np.empty(len(orders), dtype=np.int64)
        place[queue] = np.arange(len(orders))
        lines = lines.having(order=place[lines.order])
        units = Units.stack([part.units for part in parts])
        lines = lines.take(np.argsort(lines.order, kind="stable"))
        return Arrivals(orders.take(queue), lines, units.take(queue))

    def _volume(self, day: int) -> float:
        """Expect so many consignments on a day."""
        settings = self.ground.settings
        week = float(_WEEK[(self._weekday + day) % 7])
        date = settings.first_day + timedelta(days=day)
        year = 1.0 + 0.10 * float(np.sin(2 * np.pi * (date.timetuple().tm_yday - 61) / 365.25))
        rest = _HOLIDAY if f"{date:%m-%d}" in settings.holidays else 1.0
        return settings.declarations_per_day / settings.documents.lines * week * year * rest

    def _honest(self, day: int) -> Orders:
        rng = stream(self.ground.seed, "orders", day)
        busy = self.traders.activity(day).cumsum()
        # Second legs are lodged on top of the day's own consignments.
        count = int(rng.poisson(self._volume(day))) if busy[-1] > 0 else 0
        trader = np.searchsorted(busy, rng.random(count) * busy[-1], side="right")
        return write_orders(Desk(self.ground, self.traders, day, rng), trader)

    def _crimes(self, day: int, waves: list[Wave | None]) -> list[Orders]:
        """Write the schemes' consignments of a day."""
        written = []
        for number, wave in enumerate(waves):
            scheme = SCHEMES[number]
            rng = stream(self.ground.seed, scheme.name, day)
            rate = self._campaigns[number].intensity(day)
            count = int(rng.poisson(self._volume(day) * rate))
            who, share = self._gang(scheme, wave, day)
            if wave is None or not count or not len(who):
                continue
            desk = Desk(self.ground, self.traders, day, rng)
            orders = write_orders(desk, rng.choice(who, count, p=share))
            orders = orders.take(orders.goods != desk.goods.empty_box)
            if len(orders):
                orders = orders.having(
                    scheme=np.full(len(orders), number + 1),
                    wave=np.full(len(orders), wave.number),
                    move=np.full(len(orders), wave.moves),
                )
                written.append(scheme.shape(desk, orders, wave))
        return written

    def _gang(self, scheme: Scheme, wave: Wave | None, day: int) -> tuple[np.ndarray, Floats]:
        """Look the gang over every `GANG_DAYS`, and whenever a wave begins."""
        if wave is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        known = self._gangs.get(scheme.name)
        if known is None or known[0].number != wave.number or day % GANG_DAYS == 0:
            known = (wave, *scheme.gang(self.ground, self.traders, wave, day))
            self._gangs[scheme.name] = known
        return known[1], known[2]

    def _lines(self, day: int, orders: Orders, waves: list[Wave | None]) -> Lines:
        seed = self.ground.seed
        lines = draw_lines(self.ground, stream(seed, "goods", day), orders, day=day)
        each = orders.take(lines.order)
        for number, (scheme, wave) in enumerate(zip(SCHEMES, waves, strict=True)):
            rows = np.flatnonzero(each.scheme == number + 1)
            if len(rows) and wave is not None:
                rng = stream(seed, f"{scheme.name} trace", day)
                lines = scheme.trace(lines, Hand(self.ground, each, rows, rng), wave)
        return lines

    def _truth(self, day: int, each: Orders, lines: Lines) -> Truth:
        size = len(lines)
        rng = stream(self.ground.seed, "truth", day)
        detectable = np.array([0.0, *(scheme.detectable for scheme in SCHEMES)])
        return Truth(
            found=lines.illicit & (rng.random(size) < detectable[each.scheme]),
            hiding=rng.random(size),
            depth=rng.random(size),
            wave=np.where(lines.illicit, each.wave, MISSING),
            move=np.where(lines.illicit, each.move, MISSING),
            delay=rng.standard_normal(size),
            query=rng.random(size),
            start=rng.random(size),
            recovered=rng.random(size),
        )


def _scheme_number(name: str) -> int:
    return 1 + [scheme.name for scheme in SCHEMES].index(name)
