"""Lines of goods: HS subheadings with price, packing, duty, origins, season and words.

Codes of the built-in list are HS 2022 subheadings. Prices per kilogram and package masses are
assumptions of the right order of magnitude; no record comes from a real declaration.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from targeting.errors import ConfigError
from targeting.simulate.places import COUNTRY
from targeting.simulate.trade.streams import cumulative

ORIGIN_SLOTS = 12
WORD_SLOTS = 3
UNITS = ("dry", "reefer", "tank", "open")
VAGUE = (
    "general merchandise", "spare parts", "consumer goods", "accessories", "household items",
    "samples", "equipment", "goods as per invoice", "miscellaneous", "parts",
)  # fmt: skip
"""Descriptions that say nothing (domain.md indicator 20); honest declarants write them too."""


@dataclass(frozen=True)
class Goods:
    """All lines of goods, one array element each; lines of one sector stand together.

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
        """Number of the line for containers that move empty; -1 where there is none."""
        return self.codes.index("860900") if "860900" in self.codes else -1

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """First line of each sector, and how many lines it has."""
        count = np.bincount(self.sector)
        return np.concatenate([[0], count.cumsum()[:-1]]), count

    def of(self, *sectors: str) -> np.ndarray:
        """Return the numbers of the goods of some sectors; a sector there is none of adds none.

        Parameters
        ----------
        *sectors
            Names of the sectors.
        """
        wanted = [self.sectors.index(name) for name in sectors if name in self.sectors]
        return np.flatnonzero(np.isin(self.sector, wanted))


class GoodsLine(BaseModel):
    """One row of a list of goods.

    Parameters
    ----------
    sector, unit
        Trade the line belongs to, and the kind of container it travels in.
    hs_code
        HS code, six to ten digits.
    price_per_kg, package_kg, duty_pct
        Typical price, mass of a package in kg, and rate of duty in percent.
    season
        Months of harvest such as `6-9` or `11-3`; empty for all the year.
    origins
        Countries with weights, such as `IR:6 TR:4`.
    words
        Descriptions, apart by semicolons.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sector: str = Field(pattern=r"^[a-z_]{2,30}$")
    unit: str
    hs_code: str = Field(pattern=r"^[0-9]{6,10}$")
    price_per_kg: float = Field(gt=0, le=1e7)
    package_kg: float = Field(gt=0, le=1e5)
    duty_pct: float = Field(ge=0, le=1000)
    season: str = Field(pattern=r"^((1[0-2]|[1-9])-(1[0-2]|[1-9]))?$")
    origins: str = Field(pattern=r"^[A-Z]{2}:[0-9.]+( [A-Z]{2}:[0-9.]+)*$")
    words: str = Field(min_length=1)

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, value: str) -> str:
        if value not in UNITS:
            raise ValueError(f"one of {', '.join(UNITS)}")
        return value

    @field_validator("origins")
    @classmethod
    def _known_countries(cls, value: str) -> str:
        pairs = [pair.split(":") for pair in value.split()]
        unknown = [code for code, _ in pairs if code not in COUNTRY]
        if unknown or len(pairs) > ORIGIN_SLOTS:
            raise ValueError(f"at most {ORIGIN_SLOTS} of {', '.join(COUNTRY)}")
        if sum(float(weight) for _, weight in pairs) <= 0:
            raise ValueError("at least one weight above 0")
        return value

    @property
    def shares(self) -> tuple[tuple[int, float], ...]:
        """Origins as country numbers with weights."""
        pairs = (pair.split(":") for pair in self.origins.split())
        return tuple((COUNTRY[code], float(weight)) for code, weight in pairs)


@cache
def built_in_goods() -> Goods:
    """Read the built-in list of goods.

    Examples
    --------
    >>> trade = built_in_goods()
    >>> len(trade.codes) >= 150, len({code[:2] for code in trade.codes}) >= 40
    (True, True)
    """
    return read_goods(Path(__file__).parent / "reference" / "goods.csv")


def read_goods(file: Path) -> Goods:
    """Read a list of goods.

    Parameters
    ----------
    file
        CSV with the columns of `GoodsLine`.

    Raises
    ------
    ConfigError
        If the file is not there, has no lines, or any line cannot be used; all are told at once.
    """
    lines = _checked(file)
    # Lines of one sector must stand together; the order of the sectors is that of the file.
    sectors = tuple(dict.fromkeys(line.sector for line in lines))
    lines = sorted(lines, key=lambda line: sectors.index(line.sector))
    numbers = np.array([sectors.index(line.sector) for line in lines])
    duty = np.array([line.duty_pct for line in lines])
    price = np.array([line.price_per_kg for line in lines])
    origin, shares = _origins(lines)
    return Goods(
        codes=tuple(line.hs_code for line in lines),
        words=(*(word for line in lines for word in _three(line.words)), *VAGUE),
        sectors=sectors,
        price=price,
        package_kg=np.array([line.package_kg for line in lines]),
        duty=duty,
        sector=numbers,
        unit=np.array([UNITS.index(line.unit) for line in lines]),
        season=np.array([_season(line.season) for line in lines]),
        origin=origin,
        origin_shares=shares,
        cover=_covers(numbers, duty, price),
    )


def _checked(file: Path) -> list[GoodsLine]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "the list of goods cannot be read",
            where=str(file),
            found=type(error).__name__,
            do="Name a CSV file in UTF-8 under `goods.file`, or leave the key out.",
        ) from error
    good: list[GoodsLine] = []
    bad: list[str] = []
    for number, row in enumerate(
        csv.DictReader(text.splitlines(), restkey="more cells than columns"), start=2
    ):
        try:
            good.append(GoodsLine.model_validate(row))
        except ValidationError as error:
            bad += [f"line {number}, {one['loc'][0]}: {one['msg']}" for one in error.errors()]
    if bad or not good:
        raise ConfigError(
            "the list of goods cannot be used",
            where=str(file),
            found="; ".join(bad[:20]) or "no lines",
            do=f"It needs the columns {', '.join(GoodsLine.model_fields)} and one line of goods "
            "or more.",
        )
    return good


def _three(words: str) -> list[str]:
    given = words.split(";")
    return [given[slot % len(given)] for slot in range(WORD_SLOTS)]


def _season(months: str) -> np.ndarray:
    """Give the months of harvest, such as `6-9` or `11-3`, nine times the weight of the others."""
    weights = np.ones(12)
    if months:
        first, last = (int(month) for month in months.split("-"))
        inside = [(first - 1 + step) % 12 for step in range((last - first) % 12 + 1)]
        weights[inside] = 9.0
    return weights / weights.mean()


def _origins(lines: list[GoodsLine]) -> tuple[np.ndarray, np.ndarray]:
    """Tilt the origins by line of goods, so that lines of a sector differ in where they come from.

    Slots beyond a line's own origins repeat its first one and have no share.
    """
    origin = np.zeros((len(lines), ORIGIN_SLOTS), dtype=np.int64)
    weights = np.zeros((len(lines), ORIGIN_SLOTS))
    for number, line in enumerate(lines):
        origin[number] = line.shares[0][0]
        for slot, (country, weight) in enumerate(line.shares):
            origin[number, slot] = country
            weights[number, slot] = weight * (0.4 + 0.3 * ((number * 7 + slot * 5) % 5))
    return origin, cumulative(weights)


def _covers(sector: np.ndarray, duty: np.ndarray, price: np.ndarray) -> np.ndarray:
    """Find, for taxed goods, a line of the same sector with at least 5 points less duty."""
    cover = np.full(len(duty), -1)
    for line in range(len(duty)):
        fit = (sector == sector[line]) & (duty <= duty[line] - 5) & (price < price[line])
        # Goods at several times the neighbour's price would be seen at once.
        fit &= price > price[line] / 3
        if fit.any():
            distance = np.where(fit, np.abs(np.log(price / price[line])), np.inf)
            cover[line] = int(distance.argmin())
    return cover
