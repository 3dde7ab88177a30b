"""Goods lines of the consignments: what they weigh, what they cost, how they are described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.places import IMPORT, RAIL, REGION
from targeting.simulate.trade.goods import VAGUE, WORD_SLOTS
from targeting.simulate.trade.rows import Rows
from targeting.simulate.trade.streams import Flags, Floats, Ints, bell, habit

if TYPE_CHECKING:
    from targeting.simulate.trade.goods import Goods
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.orders import Orders

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


def draw_lines(ground: Ground, rng: np.random.Generator, orders: Orders, *, day: int) -> Lines:
    """Draw the goods lines of a day's orders, all of them honest as yet.

    Parameters
    ----------
    ground
        What the world stands on.
    rng
        The day's stream for goods.
    orders
        The day's consignments.
    day
        Days since the world began.
    """
    order = np.repeat(np.arange(len(orders)), orders.lines)
    each = orders.take(order)
    line = _line_goods(ground.goods, rng, each, first=np.diff(order, prepend=-1) > 0)
    net, packages = _masses(ground.goods, rng, each, line)
    value = net * _price(ground, rng, each, line, day=day)
    size = len(order)
    round_sum = rng.random(size) < ground.settings.documents.round_share
    return Lines(
        order=order,
        goods=line,
        word=_words(ground, rng, line),
        packages=packages,
        net=net,
        gross=net * (1.02 + rng.gamma(2.0, 0.025, size)),
        value=round_sums(value, round_sum),
        freight=_freight(rng, each, net),
        duty=duty_of(ground.goods, each, line),
        evaded=np.zeros(size),
        quantity=np.zeros(size),
        illicit=np.zeros(size, dtype=bool),
    )


def _line_goods(
    trade: Goods, rng: np.random.Generator, each: Orders, *, first: np.ndarray
) -> np.ndarray:
    """Keep the order's goods on its first line; further lines are of the same sector."""
    start, count = trade.bounds
    mine = trade.sector[each.goods]
    other = start[mine] + (count[mine] * rng.random(len(mine))).astype(np.int64)
    return np.where(first | (rng.random(len(mine)) < 0.35), each.goods, other)


def _masses(
    trade: Goods, rng: np.random.Generator, each: Orders, line: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw net mass from mode and price, and packages from the goods' usual package."""
    size = len(line)
    typical = np.array([13_500.0, 17_000.0, 11_000.0, 420.0])[each.mode]
    dear = np.clip(trade.price[line], 0.3, 300.0) ** -0.45
    small = np.where(each.load == 1, 0.18, 1.0)
    net = typical * dear * small / each.lines * np.exp(rng.normal(0.0, 0.55, size))
    # A wagon carries more than a box or a lorry.
    wagon = (each.mode == RAIL) & ~each.boxed
    net = np.clip(net, 1.0, np.where(wagon, 62_000.0, 26_500.0))
    odd = np.where(rng.random(size) < 0.14, rng.normal(0.0, 0.8, size), 0.0)
    package = trade.package_kg[line] * np.exp(rng.normal(0.0, 0.2, size) + odd)
    packages = np.maximum(np.round(net / package), 1).astype(np.int64)
    return round_masses(net, rng.random(size)), packages


def round_masses(net: Floats, chance: Floats) -> np.ndarray:
    """Write masses to 100 g; nearly a fifth of them are told in tens of kilograms.

    Parameters
    ----------
    net
        Kilograms, shape (n,).
    chance
        Uniform draws, shape (n,).

    Examples
    --------
    >>> round_masses(np.array([123.456, 123.456]), np.array([0.1, 0.9])).tolist()
    [120.0, 123.5]
    """
    return np.round(np.where(chance < 0.18, np.maximum(np.round(net, -1), 10.0), net), 1)


def round_sums(value: Floats, chosen: Flags) -> np.ndarray:
    """Write values to the cent, and those chosen as round hundreds.

    Parameters
    ----------
    value
        Amounts, shape (n,).
    chosen
        Which of them are round sums; those below a hundred are left as they are.

    Examples
    --------
    >>> round_sums(np.array([1234.567, 1234.567]), np.array([True, False])).tolist()
    [1200.0, 1234.57]
    """
    return np.round(np.where(chosen & (value >= 100), np.round(value, -2), value), 2)


def _price(
    ground: Ground, rng: np.random.Generator, each: Orders, line: np.ndarray, *, day: int
) -> np.ndarray:
    """Draw the price per kg: goods, place of supply, trader, market of the day and chance.

    A share of lines is a stock lot or second choice, honestly cheap: the cover story of
    undervaluation.
    """
    settings, seed, size = ground.settings.goods, ground.seed, len(line)
    place = 0.28 * bell(habit(seed, "price of place", line, each.supply))
    trader = 0.16 * bell(habit(seed, "price of trader", each.trader, line))
    wave = 0.06 * np.sin(day / 58.0 + 6.28 * habit(seed, "market", line)) + 0.03 * day / 365
    cheap = rng.random(size) < settings.stock_lot_share
    lot = np.where(cheap, np.log(rng.uniform(0.4, 0.9, size)), 0.0)
    chance = rng.normal(0.0, settings.price_spread, size)
    return ground.goods.price[line] * np.exp(place + trader + wave + lot + chance)


def _words(ground: Ground, rng: np.random.Generator, line: np.ndarray) -> np.ndarray:
    size = len(line)
    start, count = ground.goods.bounds
    sector = ground.goods.sector[line]
    other = start[sector] + (count[sector] * rng.random(size)).astype(np.int64)
    misworded = rng.random(size) < ground.settings.goods.misworded_share
    own = np.where(misworded, other, line) * WORD_SLOTS + rng.integers(0, WORD_SLOTS, size)
    vague = rng.random(size) < ground.settings.goods.vague_share
    return np.where(vague, vague_words(ground.goods, rng, size), own)


def vague_words(trade: Goods, rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw numbers of descriptions that say nothing.

    Parameters
    ----------
    trade
        Lines of goods.
    rng
        The stream to draw from.
    size
        How many.
    """
    return len(trade.codes) * WORD_SLOTS + rng.integers(0, len(VAGUE), size)


def _freight(rng: np.random.Generator, each: Orders, net: np.ndarray) -> np.ndarray:
    """Draw freight from mode, distance and mass, with a minimum per consignment."""
    rate = FREIGHT_PER_KG[each.mode] * _DISTANCE[REGION[each.dispatch]]
    noise = np.exp(rng.normal(0.0, 0.28, len(net)))
    return np.round((rate * net + 90.0 / each.lines) * noise, 2)


def duty_of(trade: Goods, each: Orders, line: np.ndarray) -> np.ndarray:
    """Apply the tariff to imports; a preference or a passing regime pays nothing.

    Parameters
    ----------
    trade
        Lines of goods.
    each
        The consignment of each line, shape (n,).
    line
        Numbers of the goods, shape (n,).

    Returns
    -------
    ndarray
        Rates in percent, shape (n,).
    """
    pays = (each.flow == IMPORT) & ~each.preference
    return np.where(pays, trade.duty[line], 0.0)
