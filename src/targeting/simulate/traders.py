"""The local traders of the corridor: they enter, grow, rest and leave.

Traders come in monthly cohorts, each drawn from a stream of its own, so that who comes later
never changes who is there already.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from targeting.simulate.goods import goods
from targeting.simulate.places import COUNTRY, EXPORT, IMPORT, SITES
from targeting.simulate.rows import Rows
from targeting.simulate.streams import Flags, Floats, Ints, cumulative, pick, stream

MONTH_DAYS = 30
LINE_SLOTS = 5
_NEVER = 10**6

_SECTOR_VOLUME = {
    "fresh": 10.0, "food": 12.0, "meat": 3.0, "drinks": 2.5, "tobacco": 1.0, "minerals": 4.0,
    "chemicals": 6.0, "pharma": 6.0, "plastics": 10.0, "wood": 6.0, "textiles": 10.0,
    "footwear": 4.0, "ceramics": 5.0, "metals": 9.0, "machinery": 9.0, "electronics": 8.0,
    "strategic": 1.6, "vehicles": 6.0, "instruments": 3.0, "homeware": 7.0, "boxes": 1.2,
}  # fmt: skip
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
        season = goods().season[self.goods[:, 0], month]
        return np.where(working, self.volume * self.growth ** (age / 365.0) * season, 0.0)

    def young(self, day: int) -> Flags:
        """Tell who has been at work for less than five months.

        Parameters
        ----------
        day
            Days since the world began.
        """
        return (self.enters <= day) & (day < self.leaves) & (day - self.enters < 150)


def first_cohort(seed: int, size: int) -> Traders:
    """Draw the traders at work when the world begins.

    Parameters
    ----------
    seed
        Seed of the world.
    size
        How many.
    """
    rng = stream(seed, "traders", 0)
    tenure = rng.exponential(900.0, size).astype(np.int64) + 1
    return _cohort(rng, size, enters=-tenure, short=np.zeros(size, dtype=bool))


def later_cohort(seed: int, month: int, mean_size: float) -> Traders:
    """Draw the traders who enter in one month, many of them for a short while only.

    Parameters
    ----------
    seed
        Seed of the world.
    month
        Months of thirty days since the world began; the first is 0.
    mean_size
        Expected number of entries.
    """
    rng = stream(seed, "traders", month + 1)
    size = int(rng.poisson(mean_size))
    enters = month * MONTH_DAYS + rng.integers(0, MONTH_DAYS, size)
    return _cohort(rng, size, enters=enters, short=rng.random(size) < 0.4)


def _cohort(
    rng: np.random.Generator, size: int, *, enters: np.ndarray, short: np.ndarray
) -> Traders:
    site, flow = _home(rng, size)
    life = np.where(short, rng.exponential(80.0, size) + 20, rng.exponential(1300.0, size) + 120)
    # A trader of the first cohort is at work on day 0; what is left of a life has the same law.
    leaves = np.maximum(enters, 0) + life.astype(np.int64)
    rests = _rest_start(rng, size, enters=enters)
    volume = np.clip(rng.pareto(1.15, size) + 0.15, 0, 120)
    return Traders(
        site=site,
        flow=flow,
        volume=np.where(enters >= 0, np.minimum(volume, 12.0), volume),
        growth=np.exp(rng.normal(0.0, 0.25, size)),
        enters=enters,
        leaves=leaves,
        rests=rests,
        wakes=rests + rng.integers(60, 200, size),
        goods=_lines(rng, site, flow),
        lines=1 + np.minimum(rng.geometric(0.4, size) - 1, LINE_SLOTS - 1),
        crooked=rng.random(size),
    )


def _home(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    site = pick(cumulative(np.array([one.share for one in SITES])), rng.random(size))
    flows = cumulative(np.array([one.flows for one in SITES]))
    return site, pick(flows[site], rng.random(size))


def _rest_start(rng: np.random.Generator, size: int, *, enters: np.ndarray) -> np.ndarray:
    rests = np.maximum(enters, 0) + rng.exponential(250.0, size).astype(np.int64)
    return np.where(rng.random(size) < 0.25, rests, _NEVER)


def _lines(rng: np.random.Generator, site: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Draw lines of goods: mostly from one sector that suits the home office."""
    size = len(site)
    main = pick(_sector_shares()[site, (flow == EXPORT).astype(int)], rng.random(size))
    other = pick(_sector_shares()[site, 0], rng.random(size))
    sector = np.where(rng.random((size, LINE_SLOTS)) < 0.82, main[:, None], other[:, None])
    sector[:, 0] = main
    start, count = _sector_bounds()
    # The first lines of a sector are the more common ones.
    inside = (count[sector] * rng.random((size, LINE_SLOTS)) ** 1.3).astype(np.int64)
    return start[sector] + inside


def _sector_bounds() -> tuple[np.ndarray, np.ndarray]:
    sector = goods().sector
    count = np.bincount(sector)
    return np.concatenate([[0], count.cumsum()[:-1]]), count


def _sector_shares() -> np.ndarray:
    """Cumulative shares of the sectors by site and by whether the trader exports."""
    names = goods().sectors
    base = np.array([_SECTOR_VOLUME[name] for name in names])
    weights = np.tile(base, (len(SITES), 2, 1))
    by_air = np.array([name in _AIR_GOODS for name in names])
    exported = np.array([name in _EXPORT_GOODS for name in names])
    for number, site in enumerate(SITES):
        if site.modes[3] > 0.5:
            weights[number] *= np.where(by_air, 1.0, 0.05)
        if site.code in {"AZAST", "TMASB"}:
            weights[number, :, names.index("fresh")] *= 2.5
    weights[:, 1] *= np.where(exported, 1.0, 0.08)
    return cumulative(weights)


def destinations() -> np.ndarray:
    """Onward countries by site and slot, shape (sites, 4); short lists repeat."""
    return np.array(
        [[COUNTRY[site.onward[slot % len(site.onward)]] for slot in range(4)] for site in SITES]
    )


def is_importer(traders: Traders) -> np.ndarray:
    """Tell whose main flow is import.

    Parameters
    ----------
    traders
        Traders to look at, shape (n,).
    """
    return traders.flow == IMPORT
