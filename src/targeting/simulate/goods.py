"""Lines of goods: HS subheadings with price, packing, duty, origins, season and words.

Codes are HS 2022 subheadings. Prices per kilogram and package masses are assumptions of the
right order of magnitude; no record comes from a real declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from targeting.simulate.goods_list import GOODS_LIST
from targeting.simulate.places import COUNTRY
from targeting.simulate.streams import cumulative

ORIGIN_SLOTS = 8
WORD_SLOTS = 3
UNITS = ("dry", "reefer", "tank", "open")
VAGUE = (
    "general merchandise", "spare parts", "consumer goods", "accessories", "household items",
    "samples", "equipment", "goods as per invoice", "miscellaneous", "parts",
)  # fmt: skip
"""Descriptions that say nothing (domain.md indicator 20); honest declarants write them too."""


@dataclass(frozen=True)
class Goods:
    """All lines of goods, one array element each; `sector` groups them by trade.

    Parameters
    ----------
    codes
        HS subheadings, six digits.
    words
        Descriptions, `WORD_SLOTS` per line of goods, then `VAGUE`.
    sectors
        Names of the sectors.
    price, package_kg, duty
        Typical price per kg, mass of a package in kg, duty in percent; shape (n,).
    sector, unit
        Number of the sector and of the kind of container; shape (n,).
    season
        Relative volume by calendar month, mean 1; shape (n, 12).
    origin, origin_shares
        Country numbers and their cumulative shares; shape (n, `ORIGIN_SLOTS`).
    cover
        The cheaper-taxed line the goods could be passed off as, -1 where there is none.
    """

    codes: tuple[str, ...]
    words: tuple[str, ...]
    sectors: tuple[str, ...]
    price: np.ndarray
    package_kg: np.ndarray
    duty: np.ndarray
    sector: np.ndarray
    unit: np.ndarray
    season: np.ndarray
    origin: np.ndarray
    origin_shares: np.ndarray
    cover: np.ndarray

    @property
    def empty_box(self) -> int:
        """Number of the line for containers that move empty."""
        return self.codes.index("860900")

    def of(self, *sectors: str) -> np.ndarray:
        """Return the numbers of the goods of some sectors.

        Parameters
        ----------
        *sectors
            Names of the sectors.
        """
        wanted = [self.sectors.index(name) for name in sectors]
        return np.flatnonzero(np.isin(self.sector, wanted))


@dataclass(frozen=True, slots=True)
class _Sector:
    name: str
    unit: int
    origins: tuple[tuple[int, float], ...]


@cache
def goods() -> Goods:
    """Read the list of goods.

    Examples
    --------
    >>> trade = goods()
    >>> len(trade.codes) >= 150, len({code[:2] for code in trade.codes}) >= 40
    (True, True)
    """
    sectors, records = _read()
    numbers = np.array([number for number, _ in records])
    fields = [record for _, record in records]
    duty = np.array([float(record[3]) for record in fields])
    price = np.array([float(record[1]) for record in fields])
    origin, shares = _origins([sectors[number] for number in numbers])
    return Goods(
        codes=tuple(record[0] for record in fields),
        words=(*(word for record in fields for word in _three(record[5])), *VAGUE),
        sectors=tuple(sector.name for sector in sectors),
        price=price,
        package_kg=np.array([float(record[2]) for record in fields]),
        duty=duty,
        sector=numbers,
        unit=np.array([sectors[number].unit for number in numbers]),
        season=np.array([_season(record[4]) for record in fields]),
        origin=origin,
        origin_shares=shares,
        cover=_covers(numbers, duty, price),
    )


def _read() -> tuple[list[_Sector], list[tuple[int, list[str]]]]:
    sectors: list[_Sector] = []
    records: list[tuple[int, list[str]]] = []
    for line in filter(None, GOODS_LIST.split("\n")):
        if line.startswith("["):
            sectors.append(_sector(line))
        else:
            records.append((len(sectors) - 1, [*line.split("|")]))
    return sectors, records


def _sector(line: str) -> _Sector:
    head, origins = line.strip("[").split("]")
    name, unit = head.split()
    pairs = [pair.split(":") for pair in origins.split()]
    weights = tuple((COUNTRY[code], float(weight)) for code, weight in pairs)
    return _Sector(name, UNITS.index(unit), weights)


def _three(words: str) -> list[str]:
    given = words.split(";")
    return [given[slot % len(given)] for slot in range(WORD_SLOTS)]


def _season(months: str) -> np.ndarray:
    """Give the months of harvest, such as `6-9` or `11-3`, four times the weight of the others."""
    weights = np.ones(12)
    if months:
        first, last = (int(month) for month in months.split("-"))
        inside = [(first - 1 + step) % 12 for step in range((last - first) % 12 + 1)]
        weights[inside] = 4.0
    return weights / weights.mean()


def _origins(sectors: list[_Sector]) -> tuple[np.ndarray, np.ndarray]:
    """Tilt the sector's origins by line of goods, so that lines differ in where they come from."""
    origin = np.zeros((len(sectors), ORIGIN_SLOTS), dtype=np.int64)
    weights = np.zeros((len(sectors), ORIGIN_SLOTS))
    for line, sector in enumerate(sectors):
        for slot, (country, weight) in enumerate(sector.origins):
            origin[line, slot] = country
            weights[line, slot] = weight * (0.4 + 0.3 * ((line * 7 + slot * 5) % 5))
    return origin, cumulative(weights)


def _covers(sector: np.ndarray, duty: np.ndarray, price: np.ndarray) -> np.ndarray:
    """Find, for taxed goods, a line of the same sector with at least 5 points less duty."""
    cover = np.full(len(duty), -1)
    for line in range(len(duty)):
        fit = (sector == sector[line]) & (duty <= duty[line] - 5) & (price < price[line])
        if fit.any():
            distance = np.where(fit, np.abs(np.log(price / price[line])), np.inf)
            cover[line] = int(distance.argmin())
    return cover
