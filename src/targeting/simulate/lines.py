"""Goods lines of the consignments: what they weigh, what they cost, how they are described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.goods import VAGUE, WORD_SLOTS, goods
from targeting.simulate.places import IMPORT, REGION
from targeting.simulate.rows import Rows
from targeting.simulate.streams import Flags, Floats, Ints, bell, habit

if TYPE_CHECKING:
    from targeting.simulate.orders import Orders

FREIGHT_PER_KG = np.array([0.10, 0.12, 0.15, 2.60])
_DISTANCE = np.array([1.5, 0.8, 0.55, 1.1, 1.35, 0.6])


@dataclass(frozen=True)
class Lines(Rows):
    """Goods lines as declared, with their truth beside them.

    Parameters
    ----------
    order
        Position of the line's consignment among the day's orders.
    goods, word
        Declared line of goods, and the number of its description.
    packages, net, gross
        Count, and kilograms.
    value, freight, duty
        Customs value, freight, and rate of duty applied in percent.
    evaded, quantity
        Duty and tax evaded, and what there is to be seized.
    illicit
        Whether the line is part of an offence.
    """

    order: Ints
    goods: Ints
    word: Ints
    packages: Ints
    net: Floats
    gross: Floats
    value: Floats
    freight: Floats
    duty: Floats
    evaded: Floats
    quantity: Floats
    illicit: Flags


def draw_lines(rng: np.random.Generator, orders: Orders, *, seed: int, day: int) -> Lines:
    """Draw the goods lines of a day's orders, all of them honest as yet.

    Parameters
    ----------
    rng
        The day's stream for goods.
    orders
        The day's consignments.
    seed, day
        Seed of the world and days since it began.
    """
    order = np.repeat(np.arange(len(orders)), orders.lines)
    each = orders.take(order)
    line = _line_goods(rng, each, first=np.diff(order, prepend=-1) > 0)
    net, packages = _masses(rng, each, line)
    value = net * _price(rng, each, line, seed=seed, day=day)
    size = len(order)
    return Lines(
        order=order,
        goods=line,
        word=_words(rng, line),
        packages=packages,
        net=net,
        gross=net * (1.02 + rng.gamma(2.0, 0.025, size)),
        value=np.round(np.where(rng.random(size) < 0.10, np.round(value, -2), value), 2),
        freight=_freight(rng, each, net),
        duty=_duty(each, line),
        evaded=np.zeros(size),
        quantity=np.zeros(size),
        illicit=np.zeros(size, dtype=bool),
    )


def _line_goods(rng: np.random.Generator, each: Orders, *, first: np.ndarray) -> np.ndarray:
    """Keep the order's goods on its first line; further lines are of the same sector."""
    sector = goods().sector
    count = np.bincount(sector)
    start = np.concatenate([[0], count.cumsum()[:-1]])
    mine = sector[each.goods]
    other = start[mine] + (count[mine] * rng.random(len(mine))).astype(np.int64)
    return np.where(first | (rng.random(len(mine)) < 0.35), each.goods, other)


def _masses(
    rng: np.random.Generator, each: Orders, line: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw net mass from mode and price, and packages from the goods' usual package."""
    trade, size = goods(), len(line)
    typical = np.array([13_500.0, 17_000.0, 11_000.0, 420.0])[each.mode]
    dear = np.clip(trade.price[line], 0.3, 300.0) ** -0.45
    small = np.where(each.load == 1, 0.18, 1.0)
    net = typical * dear * small / each.lines * np.exp(rng.normal(0.0, 0.55, size))
    net = np.clip(net, 1.0, np.where(each.mode == 1, 62_000.0, 26_500.0))
    odd = np.where(rng.random(size) < 0.14, rng.normal(0.0, 0.8, size), 0.0)
    package = trade.package_kg[line] * np.exp(rng.normal(0.0, 0.2, size) + odd)
    packages = np.maximum(np.round(net / package), 1).astype(np.int64)
    rounded = np.where(rng.random(size) < 0.18, np.maximum(np.round(net, -1), 10.0), net)
    return np.round(rounded, 1), packages


def _price(
    rng: np.random.Generator, each: Orders, line: np.ndarray, *, seed: int, day: int
) -> np.ndarray:
    """Draw the price per kg: goods, place of supply, trader, market of the day and chance.

    One line in eleven is a stock lot or second choice, honestly cheap: the cover story of
    undervaluation.
    """
    trade, size = goods(), len(line)
    place = 0.28 * bell(habit(seed, "price of place", line, each.supply))
    trader = 0.16 * bell(habit(seed, "price of trader", each.trader, line))
    wave = 0.06 * np.sin(day / 58.0 + 6.28 * habit(seed, "market", line)) + 0.03 * day / 365
    lot = np.where(rng.random(size) < 0.09, np.log(rng.uniform(0.4, 0.9, size)), 0.0)
    return trade.price[line] * np.exp(place + trader + wave + lot + rng.normal(0.0, 0.24, size))


def _words(rng: np.random.Generator, line: np.ndarray) -> np.ndarray:
    size = len(line)
    own = line * WORD_SLOTS + rng.integers(0, WORD_SLOTS, size)
    return np.where(rng.random(size) < 0.055, vague_words(rng, size), own)


def vague_words(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw numbers of descriptions that say nothing.

    Parameters
    ----------
    rng
        The stream to draw from.
    size
        How many.
    """
    return len(goods().codes) * WORD_SLOTS + rng.integers(0, len(VAGUE), size)


def _freight(rng: np.random.Generator, each: Orders, net: np.ndarray) -> np.ndarray:
    """Draw freight from mode, distance and mass, with a minimum per consignment."""
    rate = FREIGHT_PER_KG[each.mode] * _DISTANCE[REGION[each.dispatch]]
    noise = np.exp(rng.normal(0.0, 0.28, len(net)))
    return np.round((rate * net + 90.0 / each.lines) * noise, 2)


def _duty(each: Orders, line: np.ndarray) -> np.ndarray:
    """Apply the tariff to imports; a preference or a passing regime pays nothing."""
    pays = (each.flow == IMPORT) & ~each.preference
    return np.where(pays, goods().duty[line], 0.0)
