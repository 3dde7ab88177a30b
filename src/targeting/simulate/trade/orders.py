"""Consignments as their traders order them: who, what, from where, by which route, when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.places import (
    AIR,
    COUNTRIES,
    EXPORT,
    IMPORT,
    IS_PREFERRED,
    NOWHERE,
    PORTS,
    REGION,
    ROAD,
    SEA,
    TRANSIT,
)
from targeting.simulate.trade.rows import Rows
from targeting.simulate.trade.streams import Flags, Floats, Ints, cumulative, habit, pick

if TYPE_CHECKING:
    from targeting.simulate.settings import LoyaltySettings
    from targeting.simulate.trade.goods import Goods
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.traders import Traders

DAY_S = 86_400
MISSING = -1
SELF = -2
"""The notify party is the consignee itself."""
FULL, GROUPAGE, EMPTY = range(3)
SUPPLIER_SLOTS = 4096
_SEASON_OF_HABITS_DAYS = 240
_RUSSIA = COUNTRIES.index("RU")
PAYMENTS = ("transfer", "deferred", "guarantee", "card", "cash")
_PAYMENT_SHARES = cumulative(np.array([60.0, 20.0, 9.0, 6.0, 5.0]))
_RE_EXPORTERS = cumulative(
    np.array([12.0 if code in {"AE", "TR", "DE", "RU", "GE", "CN"} else 1.0 for code in COUNTRIES])
)
"""Anybody may sell on what others made; some countries live by it."""


@dataclass(frozen=True)
class Orders(Rows):
    """Consignments, one array element each; numbers stand for codes until they are written.

    Parameters
    ----------
    scheme
        0 for honest trade, else the number of the scheme plus one.
    trader
        Number of the local trader.
    goods
        Main line of goods.
    origin, dispatch, destination
        Country numbers. `supply` below is where the goods were really made.
    supply
        Country whose prices the goods have.
    supplier, broker, notify, carrier
        Party numbers; `MISSING` where the document names none, `SELF` for the consignee.
    site, flow, mode
        Numbers in `targeting.simulate.places`.
    loading, hub
        Place numbers; hub is `NOWHERE` on a direct route.
    load, boxed
        `FULL`, `GROUPAGE` or `EMPTY`, and whether it moves in an ISO container.
    lines
        Goods lines of the transport document.
    lodged, lead
        Seconds since the world began, in UTC, and seconds from lodging to arrival.
    payment, preference
        Means of payment, and whether a tariff preference is claimed.
    amendments
        Amendments when the version was lodged.
    seal_twin
        Whether the seal number repeats one seen before.
    journey, home
        Number of the journey through two sites, 0 for none, and the site where it ends.
    wave, move
        Wave of the scheme and how often the scheme had moved on; `MISSING` for honest trade.
    """

    scheme: Ints
    trader: Ints
    goods: Ints
    origin: Ints
    supply: Ints
    dispatch: Ints
    destination: Ints
    supplier: Ints
    broker: Ints
    notify: Ints
    carrier: Ints
    site: Ints
    flow: Ints
    mode: Ints
    loading: Ints
    hub: Ints
    load: Ints
    boxed: Flags
    lines: Ints
    lodged: Ints
    lead: Ints
    payment: Ints
    preference: Flags
    amendments: Ints
    seal_twin: Flags
    journey: Ints
    home: Ints
    wave: Ints
    move: Ints


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a day's orders are written: ground, traders, the day and its random stream."""

    ground: Ground
    traders: Traders
    day: int
    rng: np.random.Generator

    @property
    def goods(self) -> Goods:
        """Lines of goods."""
        return self.ground.goods

    @property
    def loyalty(self) -> LoyaltySettings:
        """How faithful traders are to their habits."""
        return self.ground.settings.services.loyalty

    @property
    def season_of_habits(self) -> int:
        """Number of the present stretch of 240 days: suppliers and brokers change with it."""
        return self.day // _SEASON_OF_HABITS_DAYS

    @property
    def firms(self) -> int:
        """Suppliers in each country and trade by now: new ones keep coming."""
        services = self.ground.settings.services
        grown = int(services.suppliers + self.day * services.new_suppliers_per_year / 365)
        return min(grown, SUPPLIER_SLOTS - 1)

    def kept(self, name: str, trader: np.ndarray, *, share: float, key: np.ndarray | int) -> Floats:
        """Draw a trader's habit, kept with a given share and replaced by chance otherwise.

        Parameters
        ----------
        name
            Name of the habit.
        trader
            Numbers of the traders, shape (n,).
        share
            Chance that the habit is kept, in [0, 1].
        key
            What tells habits of one name apart, such as a slot; one number or shape (n,).
        """
        chance = self.rng.random(len(trader))
        own = habit(self.ground.seed, name, trader, key)
        return np.where(self.rng.random(len(trader)) < share, own, chance)


def write_orders(desk: Desk, trader: np.ndarray) -> Orders:
    """Write one honest consignment for each trader named.

    Parameters
    ----------
    desk
        Traders, seed, day and stream.
    trader
        Numbers of the traders, one per consignment.
    """
    size, rng, documents = len(trader), desk.rng, desk.ground.settings.documents
    known = desk.traders.take(trader)
    site = _office(desk, known.site)
    slot = (known.lines * rng.random(size) ** 2).astype(np.int64)
    line = _goods(desk, known.goods[np.arange(size), slot])
    flow = _flow(desk, known.flow)
    origin, dispatch = _countries(desk, trader, slot=slot, line=line, flow=flow, site=site)
    mode = _mode(desk, trader, site)
    load = _load(desk, line=line, mode=mode)
    return Orders(
        scheme=np.zeros(size, dtype=np.int64),
        trader=trader,
        goods=line,
        origin=origin,
        supply=origin,
        dispatch=dispatch,
        destination=_destination(desk, trader, flow=flow, site=site, line=line, origin=origin),
        supplier=supplier_of(desk, trader, dispatch=dispatch, line=line, slot=slot),
        broker=broker_of(desk, trader, site),
        notify=_notify(desk, trader),
        carrier=_carrier(desk, trader, mode),
        site=site,
        flow=flow,
        mode=mode,
        loading=loading_of(desk, trader, dispatch=dispatch, mode=mode),
        hub=_hub(desk, trader, dispatch=dispatch, mode=mode, site=site),
        load=load,
        boxed=_boxed(desk, line=line, mode=mode, load=load),
        lines=np.where(load == EMPTY, 1, _line_count(rng, size, documents.lines)),
        lodged=desk.day * DAY_S + clock_of(desk, site),
        lead=_lead(desk, mode),
        payment=pick(
            _PAYMENT_SHARES, desk.kept("payment", trader, share=desk.loyalty.payment, key=0)
        ),
        preference=IS_PREFERRED[origin] & (rng.random(size) < documents.preference_share),
        amendments=rng.poisson(np.where(rng.random(size) < documents.amended_share, 0.9, 0.03)),
        seal_twin=rng.random(size) < documents.seal_slip_share,
        journey=np.zeros(size, dtype=np.int64),
        home=site,
        wave=np.full(size, MISSING),
        move=np.full(size, MISSING),
    )


def _office(desk: Desk, home: np.ndarray) -> np.ndarray:
    """Let a share of consignments be lodged at another office of the trader's country."""
    ground = desk.ground
    other = pick(ground.site_shares, desk.rng.random(len(home)))
    same = ground.site_country[other] == ground.site_country[home]
    away = desk.rng.random(len(home)) < ground.settings.services.other_office_share
    return np.where(away & same, other, home)


def _line_count(rng: np.random.Generator, size: int, mean: float) -> np.ndarray:
    """Draw one to four goods lines; cutting the geometric law at four costs it a little mean."""
    return np.minimum(rng.geometric(1.0 / (1.0 + 1.025 * (mean - 1.0)), size), 4)


def _goods(desk: Desk, usual: np.ndarray) -> np.ndarray:
    """Let a share of consignments leave the trader's lines."""
    odd = desk.rng.integers(0, len(desk.goods.codes), len(usual))
    leaves = desk.rng.random(len(usual)) < desk.ground.settings.goods.odd_share
    return np.where(leaves, odd, usual)


def _flow(desk: Desk, main: np.ndarray) -> np.ndarray:
    other = np.where(main == 0, TRANSIT, 0)
    return np.where(desk.rng.random(len(main)) < 0.03, other, main)


def _countries(
    desk: Desk,
    trader: np.ndarray,
    *,
    slot: np.ndarray,
    line: np.ndarray,
    flow: np.ndarray,
    site: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose where the goods were made, and the country they were dispatched from."""
    trade, ground, size = desk.goods, desk.ground, len(trader)
    kept = desk.kept("origin", trader, share=desk.loyalty.origin, key=slot)
    shares = np.diff(trade.origin_shares[line], axis=1, prepend=0.0)
    near = cumulative(shares * ground.nearness[site[:, None], trade.origin[line]])
    home = ground.site_country[site]
    abroad = np.where(trade.origin[line, 0] == home, trade.origin[line, 1], trade.origin[line, 0])
    made = trade.origin[line, pick(near, kept)]
    stray = desk.rng.random(size) < ground.settings.goods.stray_share
    made = np.where(stray, desk.rng.integers(0, len(COUNTRIES), size), made)
    origin = np.where(flow == EXPORT, home, np.where(made == home, abroad, made))
    re_export = desk.kept("re-export", trader, share=0.8, key=slot)
    via = pick(_RE_EXPORTERS, desk.rng.random(size))
    again = (re_export < ground.settings.routes.re_export_share) & (flow != EXPORT) & (via != home)
    return origin, np.where(again, via, origin)


def _destination(
    desk: Desk,
    trader: np.ndarray,
    *,
    flow: np.ndarray,
    site: np.ndarray,
    line: np.ndarray,
    origin: np.ndarray,
) -> np.ndarray:
    size, ground = len(trader), desk.ground
    slot = (4 * desk.kept("onward", trader, share=0.8, key=0)).astype(np.int64)
    onward = ground.onward[site, slot]
    stray = desk.rng.random(size) < ground.settings.routes.stray_share
    neighbours = np.unique(np.append(ground.onward, np.flatnonzero(REGION[_RUSSIA] == REGION)))
    onward = np.where(stray, neighbours[desk.rng.integers(0, len(neighbours), size)], onward)
    astray = (onward == origin) | (onward == ground.site_country[site])
    onward = np.where(astray, ground.onward[site, (slot + 1) % 4], onward)
    market = desk.goods.origin[line, desk.rng.integers(0, 4, size)]
    abroad = np.where(ground.is_home[market], onward, market)
    return np.select([flow == IMPORT, flow == EXPORT], [ground.site_country[site], abroad], onward)


def supplier_of(
    desk: Desk, trader: np.ndarray, *, dispatch: np.ndarray, line: np.ndarray, slot: np.ndarray
) -> np.ndarray:
    """Choose the foreign party: a country, a sector and a place among that group's firms.

    Parameters
    ----------
    desk, trader, dispatch, line, slot
        Where, whose, from which country, which goods, and the trader's slot for them.
    """
    key = slot + 8 * desk.season_of_habits
    usual = desk.kept("supplier", trader, share=desk.loyalty.supplier, key=key)
    group = dispatch * len(desk.goods.sectors) + desk.goods.sector[line]
    return group * SUPPLIER_SLOTS + (desk.firms * usual**1.8).astype(np.int64)


def broker_of(desk: Desk, trader: np.ndarray, site: np.ndarray) -> np.ndarray:
    """Choose the declarant: the habitual broker, another one, or the trader itself (`MISSING`).

    Parameters
    ----------
    desk
        Traders, seed, day and stream.
    trader
        Numbers of the traders, shape (n,).
    site
        Numbers of the offices, shape (n,).
    """
    services = desk.ground.settings.services
    usual = desk.kept("broker", trader, share=desk.loyalty.broker, key=desk.season_of_habits // 2)
    number = (services.brokers_per_country * usual**1.5).astype(np.int64)
    alone = habit(desk.ground.seed, "own declarant", trader) < services.own_declarant_share
    return np.where(alone, MISSING, desk.ground.site_country[site] * 1000 + number)


def _notify(desk: Desk, trader: np.ndarray) -> np.ndarray:
    usual = desk.kept("notify", trader, share=desk.loyalty.notify, key=0)
    forwarders = desk.ground.settings.services.forwarders
    forwarder = ((usual - 0.62) / 0.38 * forwarders).astype(np.int64)
    return np.where(usual < 0.62, SELF, forwarder)


def _mode(desk: Desk, trader: np.ndarray, site: np.ndarray) -> np.ndarray:
    return pick(desk.ground.modes[site], desk.kept("mode", trader, share=desk.loyalty.mode, key=0))


def _carrier(desk: Desk, trader: np.ndarray, mode: np.ndarray) -> np.ndarray:
    usual = desk.kept("carrier", trader, share=desk.loyalty.carrier, key=mode)
    count = np.array(desk.ground.settings.services.carriers.in_order)
    return mode * 1000 + (count[mode] * usual**1.6).astype(np.int64)


def any_carrier(desk: Desk, mode: np.ndarray) -> np.ndarray:
    """Choose a carrier of each mode, each as likely (34).

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    mode
        Numbers of the modes of transport, shape (n,).
    """
    count = np.array(desk.ground.settings.services.carriers.in_order)
    return mode * 1000 + desk.rng.integers(0, count[mode])


def loading_of(
    desk: Desk, trader: np.ndarray, *, dispatch: np.ndarray, mode: np.ndarray
) -> np.ndarray:
    """Choose the place of loading in the country of dispatch.

    Parameters
    ----------
    desk
        Traders, seed, day and stream.
    trader
        Numbers of the traders, shape (n,).
    dispatch
        Numbers of the countries of dispatch, shape (n,).
    mode
        Numbers of the modes of transport, shape (n,).
    """
    slot = (3 * desk.kept("loading", trader, share=desk.loyalty.loading, key=dispatch)).astype(
        np.int64
    )
    return PORTS[dispatch, mode, slot]


def _hub(
    desk: Desk, trader: np.ndarray, *, dispatch: np.ndarray, mode: np.ndarray, site: np.ndarray
) -> np.ndarray:
    region, ground = REGION[dispatch], desk.ground
    kept = desk.kept("hub", trader, share=desk.loyalty.hub, key=dispatch)
    hub = ground.hubs[region, pick(ground.hub_shares[region], kept)]
    stray = desk.rng.random(len(hub)) < ground.settings.routes.stray_share
    known = np.unique(ground.hubs[ground.hubs != NOWHERE])
    if len(known):
        hub = np.where(stray, known[desk.rng.integers(0, len(known), len(hub))], hub)
    pointless = (ground.place_country[hub] == ground.site_country[site]) | (mode == AIR)
    pointless |= (mode == ROAD) & (desk.rng.random(len(hub)) < 0.7)
    return np.where(pointless, NOWHERE, hub)


def _load(desk: Desk, *, line: np.ndarray, mode: np.ndarray) -> np.ndarray:
    small = desk.goods.price[line] > 6
    groupage = desk.rng.random(len(line)) < np.where(small, 0.30, 0.06)
    load = np.where(groupage & (mode != AIR), GROUPAGE, FULL)
    return np.where((line == desk.goods.empty_box) & (mode != AIR), EMPTY, load)


def clock_of(desk: Desk, site: np.ndarray) -> np.ndarray:
    """Draw the second of the UTC day, so that most local hours are office hours.

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    site
        Numbers of the offices, shape (n,).
    """
    size, rng = len(site), desk.rng
    local = np.clip(rng.normal(12.8, 2.9, size), 6.5, 21.5) * 3600
    night = rng.random(size) < desk.ground.settings.documents.night_share
    local = np.where(night, rng.random(size) * DAY_S, local)
    return (local.astype(np.int64) - desk.ground.site_offset_s[site]) % DAY_S


def _lead(desk: Desk, mode: np.ndarray) -> np.ndarray:
    """Draw the time to arrival: days at sea, hours by road; a share is lodged late."""
    size, rng = len(mode), desk.rng
    median_h = np.array([44.0, 30.0, 9.0, 5.0])[mode]
    hours = median_h * np.exp(rng.normal(0.0, 0.55, size))
    late = rng.random(size) < desk.ground.settings.documents.late_share
    return (np.where(late, rng.uniform(-2.0, 2.5, size), hours) * 3600).astype(np.int64)


def _boxed(desk: Desk, *, line: np.ndarray, mode: np.ndarray, load: np.ndarray) -> np.ndarray:
    """Tell which consignments move in ISO containers: sea, most of rail, some of road."""
    share = np.array([0.93, 0.72, 0.12, 0.0])[mode]
    bulk = desk.goods.price[line] < 0.2
    lot = desk.rng.random(len(line)) < np.where(bulk, share * 0.3, share)
    return (lot | (load == EMPTY) | ((mode == SEA) & (load == GROUPAGE))) & (mode != AIR)
