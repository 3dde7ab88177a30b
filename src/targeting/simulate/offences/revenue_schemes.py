"""Schemes against the revenue: what they order and what trace they leave.

The numbers in brackets are the indicators of domain.md section 1.2. Every trace overlaps with
something honest: stock lots, re-exports, small new traders, late lodging, vague words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.offences.moves import (
    deals_in,
    gang_broker,
    goods_among,
    importing,
    later_amendments,
    lot,
    marked,
    new_supplier,
    tax_share,
    value_written,
)
from targeting.simulate.places import AIR, COUNTRY, IMPORT, IS_PREFERRED, PORTS, TRANSIT
from targeting.simulate.trade.goods import WORD_SLOTS
from targeting.simulate.trade.lines import vague_words
from targeting.simulate.trade.orders import PAYMENTS, any_carrier
from targeting.simulate.trade.streams import pick

if TYPE_CHECKING:
    from targeting.simulate.offences.schemes import Hand, Wave
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.lines import Lines
    from targeting.simulate.trade.orders import Desk, Orders
    from targeting.simulate.trade.streams import Floats
    from targeting.simulate.trade.traders import Traders

_MANUFACTURES = (
    "textiles", "footwear", "plastics", "ceramics", "metals", "homeware", "food", "electronics",
)  # fmt: skip


def undervaluers(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit importers of taxed goods.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    taxed = ground.goods.duty[traders.goods[:, 0]] >= 10
    return (importing(traders, day) & taxed).astype(float)


def shape_undervaluation(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Import in full duty through the wave's brokers (17, 55).

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    orders
        The gang's orders, shape (n,), as honest traders write them.
    wave
        The wave that runs.
    """
    return orders.having(
        flow=np.zeros_like(orders.flow),
        destination=desk.ground.site_country[orders.site],
        broker=gang_broker(desk, orders, wave, share=0.2),
    )


def trace_undervaluation(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Declare half to nine tenths of the value, often a round sum (43, 46, 48, 55).

    Parameters
    ----------
    lines
        All goods lines of the day.
    hand
        The scheme's rows among them, their orders and a stream.
    wave
        The wave that runs.
    """
    size = len(hand.rows)
    depth = 0.30 + 0.16 * wave.chance("depth")
    share = np.clip(np.exp(hand.rng.normal(-depth, 0.20, size)), 0.3, 0.95)
    true = lines.value[hand.rows]
    declared = np.maximum(value_written(hand, true * share, more_round=0.12), 1.0)
    evaded = np.maximum(true - declared, 0.0) * tax_share(lines, hand)
    changed = lines.changed(hand.rows, value=declared)
    return marked(changed, hand.rows, evaded=evaded, quantity=0.0)


def misclassifiers(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit importers whose goods have a cheaper-taxed neighbour in the tariff.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    covered = ground.goods.cover[traders.goods[:, 0]] >= 0
    return (importing(traders, day) & covered).astype(float)


def shape_misclassification(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Import the trader's own main goods, without a preference, through the wave's brokers (17).

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    orders
        The gang's orders, shape (n,), as honest traders write them.
    wave
        The wave that runs.
    """
    return orders.having(
        goods=desk.traders.goods[orders.trader, 0],
        flow=np.zeros_like(orders.flow),
        destination=desk.ground.site_country[orders.site],
        preference=np.zeros(len(orders), dtype=bool),
        broker=gang_broker(desk, orders, wave, share=0.2),
    )


def trace_misclassification(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Declare the neighbour's code: price, package and words stay the true goods' (22, 39, 46).

    Parameters
    ----------
    lines
        All goods lines of the day.
    hand
        The scheme's rows among them, their orders and a stream.
    wave
        The wave that runs.
    """
    trade = hand.ground.goods
    cover = trade.cover[lines.goods[hand.rows]]
    rows, cover = hand.rows[cover >= 0], cover[cover >= 0]
    true_duty, vat = lines.duty[rows] / 100, hand.ground.site_vat[hand.orders.site[rows]]
    declared_duty = trade.duty[cover] / 100
    lot = hand.rng.random(len(rows))
    neighbour = cover * WORD_SLOTS + hand.rng.integers(0, WORD_SLOTS, len(rows))
    vague = vague_words(hand.ground.goods, hand.rng, len(rows))
    own_words = 0.25 + 0.2 * wave.chance("words")
    word = np.select(
        [lot < own_words, lot < own_words + 0.15], [lines.word[rows], vague], neighbour
    )
    package = trade.package_kg[cover] * np.exp(hand.rng.normal(0.0, 0.2, len(rows)))
    repacked = np.maximum(np.round(lines.net[rows] / package), 1).astype(np.int64)
    packages = np.where(hand.rng.random(len(rows)) < 0.5, repacked, lines.packages[rows])
    changed = lines.changed(
        rows, goods=cover, duty=declared_duty * 100, word=word, packages=packages
    )
    evaded = lines.value[rows] * np.maximum(true_duty - declared_duty, 0.0) * (1 + vat)
    return marked(changed, rows, evaded=evaded, quantity=0.0)


def origin_frauds(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit importers of taxed manufactures.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    made = deals_in(ground, traders, *_MANUFACTURES)
    return (importing(traders, day) & made).astype(float)


def shape_origin_fraud(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Claim the origin of a free-trade country for goods made elsewhere (24, 25, 27, 56).

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    orders
        The gang's orders, shape (n,), as honest traders write them.
    wave
        The wave that runs.
    """
    size = len(orders)
    maker = COUNTRY[wave.choose("maker", ("CN", "IN", "CN", "VN"))]
    claimed = _plausible(
        desk, orders.goods, COUNTRY[wave.choose("claimed", ("UZ", "GE", "KG", "RU"))]
    )
    seller = COUNTRY[wave.choose("seller", ("AE", "CN", "TR", "CN"))]
    elsewhere = np.where(lot(desk, size, 0.2), maker, seller)
    dispatch = np.where(lot(desk, size, 0.42), elsewhere, claimed)
    shaped = orders.having(
        flow=np.zeros_like(orders.flow),
        destination=desk.ground.site_country[orders.site],
        supply=np.full(size, maker),
        origin=claimed,
        dispatch=dispatch,
        loading=PORTS[dispatch, orders.mode, desk.rng.integers(0, 3, size)],
        preference=np.ones(size, dtype=bool),
        broker=gang_broker(desk, orders, wave, share=0.2),
    )
    return shaped.having(supplier=new_supplier(desk, shaped))


def _plausible(desk: Desk, line: np.ndarray, usual: int) -> np.ndarray:
    """Claim a free-trade origin the goods do come from where there is one, else the wave's own."""
    origins = desk.goods.origin[line]
    known = IS_PREFERRED[origins]
    first = origins[np.arange(len(line)), known.argmax(axis=1)]
    return np.where(known.any(axis=1) & lot(desk, len(line), 0.7), first, usual)


def trace_origin_fraud(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Keep the maker's prices under the claimed origin (46); the duty is what is evaded.

    Parameters
    ----------
    lines
        All goods lines of the day.
    hand
        The scheme's rows among them, their orders and a stream.
    wave
        The wave that runs; not used.
    """
    del wave
    duty = hand.ground.goods.duty[lines.goods[hand.rows]] / 100
    vat = hand.ground.site_vat[hand.orders.site[hand.rows]]
    evaded = lines.value[hand.rows] * duty * (1 + vat)
    return marked(lines, hand.rows, evaded=evaded, quantity=0.0)


def good_importers(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit large, long-established importers: theirs is the name that opens doors.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    known = traders.enters < day - 300
    return np.where(importing(traders, day) & known, traders.activity(day), 0.0)


def shape_identity_hijack(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Use a good name with a broker, notify party, supplier and goods not its own (4, 13, 16).

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    orders
        The gang's orders, shape (n,), as honest traders write them.
    wave
        The wave that runs.
    """
    size = len(orders)
    source = COUNTRY[wave.choose("source", ("CN", "TR", "AE"))]
    branded = goods_among(
        desk, orders, "electronics", "footwear", "textiles", "vehicles", "drinks", "homeware"
    )
    shaped = orders.having(
        goods=np.where(lot(desk, size, 0.5), orders.goods, branded),
        flow=np.zeros_like(orders.flow),
        destination=desk.ground.site_country[orders.site],
        origin=np.full(size, source),
        supply=np.full(size, source),
        dispatch=np.full(size, source),
        loading=PORTS[source, orders.mode, desk.rng.integers(0, 3, size)],
        preference=np.zeros(size, dtype=bool),
        broker=gang_broker(desk, orders, wave, share=0.5),
        notify=np.where(
            lot(desk, size, 0.7),
            desk.rng.integers(0, desk.ground.settings.services.forwarders, size),
            orders.notify,
        ),
        payment=np.where(lot(desk, size, 0.3), PAYMENTS.index("cash"), orders.payment),
    )
    return shaped.having(supplier=new_supplier(desk, shaped))


def trace_identity_hijack(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Declare four fifths of the value; the tax will never be paid by who is named (46).

    Parameters
    ----------
    lines
        All goods lines of the day.
    hand
        The scheme's rows among them, their orders and a stream.
    wave
        The wave that runs; not used.
    """
    del wave
    true = lines.value[hand.rows]
    value = value_written(hand, true * hand.rng.uniform(0.6, 1.0, len(hand.rows)))
    changed = lines.changed(hand.rows, value=value)
    return marked(changed, hand.rows, evaded=true * tax_share(lines, hand), quantity=0.0)


def carriers_through(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit young or small traders in transit, and importers of taxed goods who are young.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    passing = (traders.flow == TRANSIT) & (traders.young(day) | (traders.volume < 0.5))
    taxed = ground.goods.duty[traders.goods[:, 0]] >= 10
    home = (traders.flow == IMPORT) & traders.young(day) & taxed
    return ((passing | home) & (traders.activity(day) > 0)).astype(float)


def shape_transit_diversion(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Declare taxed goods in transit to a country they will never reach (25, 29, 34, 52, 69).

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    orders
        The gang's orders, shape (n,), as honest traders write them.
    wave
        The wave that runs.
    """
    size = len(orders)
    sector = wave.choose("goods", ("electronics", "footwear", "drinks", "textiles"))
    onward = COUNTRY[wave.choose("onward", ("TJ", "KG", "AF", "UZ"))]
    source = COUNTRY[wave.choose("source", ("TR", "CN", "AE"))]
    taxed = desk.goods.duty[orders.goods] >= 10
    line = np.where(taxed & lot(desk, size, 0.4), orders.goods, goods_among(desk, orders, sector))
    origin = desk.goods.origin[line, pick(desk.goods.origin_shares[line], desk.rng.random(size))]
    dispatch = np.where(lot(desk, size, 0.4), source, origin)
    usual = np.where(orders.flow == TRANSIT, orders.destination, onward)
    shaped = orders.having(
        goods=line,
        flow=np.full(size, TRANSIT),
        destination=np.where(lot(desk, size, 0.6), onward, usual),
        origin=origin,
        supply=origin,
        dispatch=dispatch,
        loading=PORTS[dispatch, orders.mode, desk.rng.integers(0, 3, size)],
        preference=np.zeros(size, dtype=bool),
        carrier=np.where(
            (orders.mode != AIR) & lot(desk, size, 0.5),
            any_carrier(desk, orders.mode),
            orders.carrier,
        ),
        payment=np.where(lot(desk, size, 0.4), PAYMENTS.index("cash"), orders.payment),
        amendments=later_amendments(desk, orders, 0.4),
        broker=gang_broker(desk, orders, wave, share=0.25),
    )
    return shaped.having(supplier=new_supplier(desk, shaped))


def trace_transit_diversion(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Pay freight for a shorter way than declared, and value low what is guaranteed (46, 49).

    Parameters
    ----------
    lines
        All goods lines of the day.
    hand
        The scheme's rows among them, their orders and a stream.
    wave
        The wave that runs; not used.
    """
    del wave
    size = len(hand.rows)
    true = lines.value[hand.rows]
    value = value_written(hand, true * hand.rng.uniform(0.6, 1.0, size))
    freight = np.round(lines.freight[hand.rows] * hand.rng.uniform(0.5, 0.95, size), 2)
    duty = hand.ground.goods.duty[lines.goods[hand.rows]] / 100
    vat = hand.ground.site_vat[hand.orders.site[hand.rows]]
    changed = lines.changed(hand.rows, value=value, freight=freight)
    return marked(changed, hand.rows, evaded=true * (duty + vat * (1 + duty)), quantity=0.0)
