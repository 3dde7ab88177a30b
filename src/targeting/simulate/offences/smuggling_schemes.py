"""Schemes that hide goods: what they order and what trace they leave.

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
    mass_written,
    new_supplier,
    site_among,
    tax_share,
    value_written,
)
from targeting.simulate.places import (
    AIR,
    COUNTRY,
    EXPORT,
    IMPORT,
    NOWHERE,
    PORTS,
    RAIL,
    ROAD,
    SEA,
    TRANSIT,
)
from targeting.simulate.trade.lines import vague_words
from targeting.simulate.trade.orders import FULL, GROUPAGE, any_carrier, broker_of

if TYPE_CHECKING:
    from targeting.simulate.offences.schemes import Hand, Wave
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.lines import Lines
    from targeting.simulate.trade.orders import Desk, Orders
    from targeting.simulate.trade.streams import Floats
    from targeting.simulate.trade.traders import Traders

_HIT_PORTS = ("IRBND", "AEJEA", "GEPTI", "IRAMD")
_CIGARETTE_EXCISE_PER_KG = 48.0


def cover_loaders(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit young or small traders in produce and food, import or transit.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    food = deals_in(ground, traders, "fresh", "food", "meat")
    passing = np.isin(traders.flow, (IMPORT, TRANSIT)) & (traders.activity(day) > 0)
    small = traders.young(day) | (traders.volume < 0.4)
    return (food & passing & small).astype(float)


def shape_perishable_cover(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Bring cheap produce by road from the wave's border, lodged late (3, 26, 32, 67, 70).

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
    source = COUNTRY[wave.choose("source", ("IR", "PK", "IR", "AF"))]
    usual = site_among(desk, wave, orders, codes=("AZAST", "TMASB", "AZALA"))
    country = desk.ground.site_country
    site = np.where(
        lot(desk, size, 0.6) & (country[usual] == country[orders.site]), usual, orders.site
    )
    late = lot(desk, size, 0.35)
    mode = np.where(desk.ground.with_mode(ROAD)[site], ROAD, AIR)
    shaped = orders.having(
        goods=goods_among(desk, orders, "fresh"),
        site=site,
        mode=mode,
        broker=broker_of(desk, orders.trader, site),
        carrier=any_carrier(desk, mode),
        boxed=np.zeros(size, dtype=bool),
        load=np.full(size, FULL),
        origin=np.full(size, source),
        supply=np.full(size, source),
        dispatch=np.full(size, source),
        loading=PORTS[source, ROAD, desk.rng.integers(0, 3, size)],
        hub=np.full(size, -1),
        preference=np.zeros(size, dtype=bool),
        lead=np.where(late, desk.rng.integers(-3600, 7200, size), orders.lead),
    )
    return shaped.having(supplier=new_supplier(desk, shaped))


def trace_perishable_cover(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Carry a hidden mass in a small load whose freight it does not earn (38, 41, 48).

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
    hidden = np.exp(hand.rng.normal(4.0, 0.8, size))
    lighter = mass_written(hand, lines.net[hand.rows] * hand.rng.uniform(0.45, 1.0, size))
    ratio = lighter / lines.net[hand.rows]
    changed = lines.changed(
        hand.rows,
        net=lighter,
        gross=lines.gross[hand.rows] * ratio + hidden,
        value=value_written(
            hand, lines.value[hand.rows] * ratio * hand.rng.uniform(0.8, 1.1, size)
        ),
        packages=np.maximum((lines.packages[hand.rows] * ratio).astype(np.int64), 1),
        freight=np.round(lines.freight[hand.rows] * hand.rng.uniform(0.9, 1.5, size), 2),
    )
    return marked(changed, hand.rows, evaded=0.0, quantity=np.round(hidden, 1))


def clean_regulars(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit everybody who ships boxes by sea or rail, by volume: the trader is a victim.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    boxes = (ground.with_mode(SEA) | ground.with_mode(RAIL))[traders.site]
    return np.where(boxes & (traders.flow != EXPORT), traders.activity(day), 0.0)


def shape_rip_on(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Ride on a clean full box through the wave's hit port; the seal was changed (32, 64, 68).

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
    port = wave.choose("port", _hit_ports(desk.ground))
    other = np.isin(orders.mode, (ROAD, AIR))
    boxes = np.where(desk.ground.with_mode(RAIL)[orders.site], RAIL, SEA)
    mode = np.where(other, boxes, orders.mode)
    count = np.array(desk.ground.settings.services.carriers.in_order)[mode]
    return orders.having(
        mode=mode,
        carrier=np.where(other, mode * 1000 + orders.carrier % 1000 % count, orders.carrier),
        boxed=np.ones(size, dtype=bool),
        load=np.where(orders.load == GROUPAGE, FULL, orders.load),
        hub=np.where(lot(desk, size, 0.7), port, orders.hub),
        seal_twin=orders.seal_twin | lot(desk, size, 0.4),
        amendments=later_amendments(desk, orders, 0.45),
    )


def _hit_ports(ground: Ground) -> list[int]:
    """Ports where gangs have their people, of those the corridor's cargo does go through."""
    hubs = np.unique(ground.hubs[ground.hubs != NOWHERE]).tolist()
    usual = [hub for hub in hubs if ground.places[hub] in _HIT_PORTS]
    return usual or hubs or [NOWHERE]


def trace_rip_on(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Leave goods, price and mass alone: only the first line of the box is marked.

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
    first = hand.rows[np.diff(lines.order[hand.rows], prepend=-1) > 0]
    quantity = np.round(np.exp(hand.rng.normal(3.6, 0.7, len(first))), 1)
    return marked(lines, first, evaded=0.0, quantity=quantity)


def smugglers(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit young or small importers and transit traders.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    passing = np.isin(traders.flow, (IMPORT, TRANSIT)) & (traders.activity(day) > 0)
    passing &= ground.with_mode(ROAD)[traders.site]
    return (passing & (traders.young(day) | (traders.volume < 0.3))).astype(float)


def shape_free_zone_tobacco(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Declare bulky household goods that changed ship in a free zone (30, 31, 34, 68).

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
    zone = wave.choose("zone", desk.ground.free_zones.tolist())
    source = COUNTRY[wave.choose("source", ("AE", "CN", "TR"))]
    cover = wave.choose("cover", ("homeware", "plastics", "wood"))
    mode = np.where(orders.mode == AIR, ROAD, orders.mode)
    dispatch = np.where(lot(desk, size, 0.4), COUNTRY["AE"], source)
    shaped = orders.having(
        goods=np.where(lot(desk, size, 0.4), orders.goods, goods_among(desk, orders, cover)),
        mode=mode,
        load=np.full(size, FULL),
        boxed=orders.boxed | (mode == SEA),
        origin=np.full(size, source),
        supply=np.full(size, source),
        dispatch=dispatch,
        loading=PORTS[dispatch, mode, desk.rng.integers(0, 3, size)],
        carrier=any_carrier(desk, mode),
        hub=np.where(lot(desk, size, 0.6), zone, orders.hub),
        preference=np.zeros(size, dtype=bool),
        amendments=later_amendments(desk, orders, 0.35),
    )
    return shaped.having(supplier=new_supplier(desk, shaped))


def trace_free_zone_tobacco(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Weigh like cases of cigarettes and pay freight the goods do not carry (38, 39, 48).

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
    case_kg = hand.rng.normal(11.6, 1.3, size).clip(8.0, 16.0)
    packages = np.maximum(np.round(lines.net[hand.rows] / case_kg), 1).astype(np.int64)
    part = hand.rng.uniform(0.15, 0.7, size)
    quantity = np.round(lines.net[hand.rows] * part, 1)
    freight = np.round(lines.freight[hand.rows] * hand.rng.uniform(1.0, 1.8, size), 2)
    packed = np.where(hand.rng.random(size) < 0.7, packages, lines.packages[hand.rows])
    changed = lines.changed(hand.rows, packages=packed, freight=freight)
    return marked(changed, hand.rows, evaded=quantity * _CIGARETTE_EXCISE_PER_KG, quantity=quantity)


def shells(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit young or small importers of anything that is branded somewhere.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    small = traders.young(day) | (traders.volume < 0.8)
    return (importing(traders, day) & small).astype(float)


def shape_shell_counterfeit(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Order mixed branded goods in groupage, a forwarder as notify party (1, 8, 12, 17).

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
    source = COUNTRY[wave.choose("source", ("CN", "TR", "CN", "AE"))]
    branded = goods_among(desk, orders, "textiles", "footwear", "homeware", "electronics", "pharma")
    load = np.where(lot(desk, size, 0.45) & (orders.mode != AIR), GROUPAGE, FULL)
    forwarder = int(wave.chance("forwarder") * desk.ground.settings.services.forwarders)
    shaped = orders.having(
        goods=np.where(lot(desk, size, 0.6), orders.goods, branded),
        flow=np.zeros_like(orders.flow),
        destination=desk.ground.site_country[orders.site],
        load=load,
        boxed=orders.boxed | ((orders.mode == SEA) & (load == GROUPAGE)),
        origin=np.full(size, source),
        supply=np.full(size, source),
        dispatch=np.full(size, source),
        loading=PORTS[source, orders.mode, desk.rng.integers(0, 3, size)],
        preference=np.zeros(size, dtype=bool),
        notify=np.where(lot(desk, size, 0.5), forwarder, orders.notify),
        broker=gang_broker(desk, orders, wave, share=0.25),
        lines=1 + desk.rng.integers(0, 3, size),
    )
    return shaped.having(supplier=new_supplier(desk, shaped))


def trace_shell_counterfeit(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Write vague words and a modest price on most lines (20, 21, 46).

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
    vague = hand.rng.random(size) < 0.15 + 0.15 * wave.chance("vague")
    true = lines.value[hand.rows]
    value = value_written(hand, true * hand.rng.uniform(0.5, 1.0, size))
    word = np.where(vague, vague_words(hand.ground.goods, hand.rng, size), lines.word[hand.rows])
    changed = lines.changed(hand.rows, word=word, value=value)
    pieces = np.ceil(lines.net[hand.rows] * hand.rng.uniform(0.3, 1.0, size))
    return marked(
        changed, hand.rows, evaded=(true - value) * tax_share(lines, hand), quantity=pieces
    )


def diverters(ground: Ground, traders: Traders, day: int) -> Floats:
    """Suit traders in electronics and machinery of any age, and young ones in anything.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders known by then; shape (n,).
    day
        Days since the world began.
    """
    suited = deals_in(ground, traders, "electronics", "strategic", "machinery", "instruments")
    passing = np.isin(traders.flow, (IMPORT, TRANSIT)) & (traders.activity(day) > 0)
    return (passing & (suited | traders.young(day))).astype(float)


def shape_strategic_diversion(desk: Desk, orders: Orders, wave: Wave) -> Orders:
    """Buy listed goods for a neighbour country through a third one (27, 77b).

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
    maker = COUNTRY[wave.choose("maker", ("DE", "US", "KR", "JP"))]
    usual = COUNTRY[wave.choose("through", ("TR", "AE", "DE"))]
    others = np.array([COUNTRY[code] for code in ("TR", "AE", "DE", "GE", "CN", "RU")])
    through = np.where(lot(desk, size, 0.4), usual, others[desk.rng.integers(0, len(others), size)])
    onward = COUNTRY[wave.choose("onward", ("KG", "UZ", "GE"))]
    dispatch = np.where(lot(desk, size, 0.4), through, maker)
    listed = lot(desk, size, 0.4)
    other = goods_among(desk, orders, "electronics", "instruments")
    other = np.where(lot(desk, size, 0.6), orders.goods, other)
    shaped = orders.having(
        goods=np.where(listed, goods_among(desk, orders, "strategic"), other),
        origin=np.full(size, maker),
        supply=np.full(size, maker),
        dispatch=dispatch,
        loading=PORTS[dispatch, orders.mode, desk.rng.integers(0, 3, size)],
        destination=np.where(
            (orders.flow == TRANSIT) & lot(desk, size, 0.6), onward, orders.destination
        ),
        preference=np.zeros(size, dtype=bool),
        lead=np.where(lot(desk, size, 0.2), desk.rng.integers(-3600, 9000, size), orders.lead),
    )
    return shaped.having(supplier=new_supplier(desk, shaped))


def trace_strategic_diversion(lines: Lines, hand: Hand, wave: Wave) -> Lines:
    """Call the goods parts or equipment now and then; the price is the market's (20).

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
    vague = hand.rng.random(size) < 0.1 + 0.2 * wave.chance("vague")
    word = np.where(vague, vague_words(hand.ground.goods, hand.rng, size), lines.word[hand.rows])
    quantity = np.ceil(lines.net[hand.rows] * hand.rng.uniform(2.0, 20.0, size))
    return marked(lines.changed(hand.rows, word=word), hand.rows, evaded=0.0, quantity=quantity)
