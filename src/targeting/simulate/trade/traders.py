"""The local traders of the corridor: they enter, grow, rest and leave.

Traders come in monthly cohorts, each drawn from a stream of its own, so that who comes later
never changes who is there already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.places import AIR, EXPORT, ROAD
from targeting.simulate.trade.rows import Rows
from targeting.simulate.trade.streams import Flags, Floats, Ints, cumulative, pick, stream

if TYPE_CHECKING:
    from targeting.simulate.trade.ground import Ground

MONTH_DAYS = 30
LINE_SLOTS = 5
_NEVER = 10**6

_AIR_GOODS = ("pharma", "electronics", "strategic", "instruments", "textiles", "machinery")
_EXPORT_GOODS = ("minerals", "metals", "fresh", "chemicals", "food", "textiles")


@dataclass(frozen=True)
class Traders(Rows):
    """Local traders, one array element each; the position is the trader's number.

    Parameters
    ----------
    site, flow
        Home office and main flow.
    volume, growth
        Relative volume, and its growth per year.
    enters, leaves
        First day at work and first day gone.
    rests, wakes
        Days between which the trader is dormant.
    goods, lines
        Lines of goods, shape (n, `LINE_SLOTS`), and how many of them are in use.
    season
        Relative volume by month from the world's first, mean 1; shape (n, 12).
    crooked
        Hidden inclination in [0, 1): whom a scheme finds willing. In no column.
    """

    site: Ints
    flow: Ints
    volume: Floats
    growth: Floats
    enters: Ints
    leaves: Ints
    rests: Ints
    wakes: Ints
    goods: np.ndarray
    lines: Ints
    season: np.ndarray
    crooked: Floats

    def activity(self, day: int) -> Floats:
        """Give each trader's relative volume on a day; 0 before entry, at rest and after leaving.

        Parameters
        ----------
        day
            Days since the world began.
        """
        month = (day % 365) * 12 // 365
        working = (self.enters <= day) & (day < self.leaves)
        working &= (day < self.rests) | (day >= self.wakes)
        age = np.clip(day - self.enters, 0, 1500)
        return np.where(
            working, self.volume * self.growth ** (age / 365.0) * self.season[:, month], 0.0
        )

    def young(self, day: int) -> Flags:
        """Tell who has been at work for less than five months.

        Parameters
        ----------
        day
            Days since the world began.
        """
        return (self.enters <= day) & (day < self.leaves) & (day - self.enters < 150)


def first_cohort(ground: Ground) -> Traders:
    """Draw the traders at work when the world begins.

    Parameters
    ----------
    ground
        What the world stands on.
    """
    size = ground.settings.traders.count
    rng = stream(ground.seed, "traders", 0)
    tenure = rng.exponential(900.0, size).astype(np.int64) + 1
    return _cohort(ground, rng, size, enters=-tenure, short=np.zeros(size, dtype=bool))


def later_cohort(ground: Ground, month: int) -> Traders:
    """Draw the traders who enter in one month, many of them for a short while only.

    Parameters
    ----------
    ground
        What the world stands on.
    month
        Months of thirty days since the world began; the first is 0.
    """
    settings = ground.settings.traders
    rng = stream(ground.seed, "traders", month + 1)
    size = int(rng.poisson(settings.count * settings.entry_share_per_month))
    enters = month * MONTH_DAYS + rng.integers(0, MONTH_DAYS, size)
    short = rng.random(size) < settings.short_lived_share
    return _cohort(ground, rng, size, enters=enters, short=short)


def _cohort(
    ground: Ground, rng: np.random.Generator, size: int, *, enters: np.ndarray, short: np.ndarray
) -> Traders:
    settings = ground.settings.traders
    site, flow = _home(ground, rng, size)
    long = rng.exponential(settings.life_days, size) + 120
    life = np.where(short, rng.exponential(80.0, size) + 20, long)
    # A trader of the first cohort is at work on day 0; what is left of a life has the same law.
    leaves = np.maximum(enters, 0) + life.astype(np.int64)
    rests = np.maximum(enters, 0) + rng.exponential(250.0, size).astype(np.int64)
    rests = np.where(rng.random(size) < settings.dormant_share, rests, _NEVER)
    volume = np.clip(rng.pareto(settings.concentration, size) + 0.15, 0, 120)
    lines = _lines(ground, rng, site, flow)
    return Traders(
        site=site,
        flow=flow,
        volume=np.where(enters >= 0, np.minimum(volume, 12.0), volume),
        growth=np.exp(rng.normal(0.0, settings.growth_spread, size)),
        enters=enters,
        leaves=leaves,
        rests=rests,
        wakes=rests + rng.integers(60, 200, size),
        goods=lines,
        lines=1 + np.minimum(rng.geometric(0.4, size) - 1, LINE_SLOTS - 1),
        # Months are counted from the world's first.
        season=np.roll(ground.goods.season[lines[:, 0]], 1 - ground.settings.first_day.month, 1),
        crooked=rng.random(size),
    )


def _home(ground: Ground, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    site = pick(ground.site_shares, rng.random(size))
    return site, pick(ground.flows[site], rng.random(size))


def _lines(
    ground: Ground, rng: np.random.Generator, site: np.ndarray, flow: np.ndarray
) -> np.ndarray:
    """Draw lines of goods: mostly from one sector that suits the home office."""
    size = len(site)
    shares = _sector_shares(ground)
    main = pick(shares[site, (flow == EXPORT).astype(int)], rng.random(size))
    other = pick(shares[site, 0], rng.random(size))
    sector = np.where(rng.random((size, LINE_SLOTS)) < 0.82, main[:, None], other[:, None])
    sector[:, 0] = main
    start, count = ground.goods.bounds
    # The first lines of a sector are the more common ones.
    inside = (count[sector] * rng.random((size, LINE_SLOTS)) ** 1.3).astype(np.int64)
    return start[sector] + inside


def _sector_shares(ground: Ground) -> np.ndarray:
    """Cumulative shares of the sectors by site and by whether the trader exports."""
    names, given = ground.goods.sectors, ground.settings.goods.sectors
    weights = np.tile([given.get(name, 1.0) for name in names], (len(ground.sites), 2, 1))
    modes = np.diff(ground.modes, axis=1, prepend=0.0)
    by_air = np.array([name in _AIR_GOODS for name in names])
    weights[modes[:, AIR] > 0.5] *= np.where(by_air, 1.0, 0.05)
    # Produce comes by lorry.
    fresh = np.array([name == "fresh" for name in names])
    weights[modes[:, ROAD] >= 0.5] *= np.where(fresh, 2.5, 1.0)
    exported = np.array([name in _EXPORT_GOODS for name in names])
    weights[:, 1] *= np.where(exported, 1.0, 0.08)
    return cumulative(weights)
