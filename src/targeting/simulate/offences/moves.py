"""Moves several schemes share: whom they look for, which brokers and suppliers they turn to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.places import IMPORT
from targeting.simulate.trade.lines import round_masses, round_sums
from targeting.simulate.trade.orders import SUPPLIER_SLOTS

if TYPE_CHECKING:
    from targeting.simulate.offences.schemes import Hand, Wave
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.lines import Lines
    from targeting.simulate.trade.orders import Desk, Orders
    from targeting.simulate.trade.streams import Floats
    from targeting.simulate.trade.traders import Traders


def deals_in(ground: Ground, traders: Traders, *sectors: str) -> np.ndarray:
    """Tell whose main goods are of some sectors.

    Parameters
    ----------
    ground
        What the world stands on.
    traders
        Traders to look at, shape (n,).
    *sectors
        Names of the sectors.
    """
    return np.isin(traders.goods[:, 0], ground.goods.of(*sectors))


def importing(traders: Traders, day: int) -> np.ndarray:
    """Tell whose main flow is import and who is at work on a day.

    Parameters
    ----------
    traders
        Traders to look at, shape (n,).
    day
        Days since the world began.
    """
    return (traders.flow == IMPORT) & (traders.activity(day) > 0)


def lot(desk: Desk, size: int, share: float) -> np.ndarray:
    """Draw lots: each of so many is chosen with the share given.

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    size
        How many lots.
    share
        Chance of each, in [0, 1].
    """
    return desk.rng.random(size) < share


def new_supplier(desk: Desk, orders: Orders) -> np.ndarray:
    """Name a firm of the country of dispatch, most often one not seen before (2, 3).

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    orders
        Orders of the gang, shape (n,).
    """
    group = orders.dispatch * len(desk.goods.sectors) + desk.goods.sector[orders.goods]
    firms = desk.firms
    late = firms - 1 - (desk.rng.random(len(orders)) ** 2 * firms * 0.7).astype(np.int64)
    return group * SUPPLIER_SLOTS + late


def goods_among(desk: Desk, orders: Orders, *sectors: str) -> np.ndarray:
    """Draw lines of goods of some sectors, each as likely; the orders' own where there are none.

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    orders
        Orders of the gang, shape (n,).
    *sectors
        Names of the sectors.
    """
    choices = desk.goods.of(*sectors)
    if not len(choices):
        return orders.goods
    return choices[desk.rng.integers(0, len(choices), len(orders))]


def site_among(desk: Desk, wave: Wave, orders: Orders, *, codes: tuple[str, ...]) -> np.ndarray:
    """Choose the wave's office among those named that the world has; else keep the orders' own.

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    wave
        The wave that runs.
    orders
        Orders of the gang, shape (n,).
    codes
        Codes of the offices, in the order of the waves.
    """
    there = [desk.ground.sites.index(code) for code in codes if code in desk.ground.sites]
    return np.full(len(orders), wave.choose("site", there)) if there else orders.site


def gang_broker(desk: Desk, orders: Orders, wave: Wave, *, share: float) -> np.ndarray:
    """Send part of the gang's work to the wave's two brokers (17).

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    orders
        Orders of the gang, shape (n,).
    wave
        The wave that runs.
    share
        Share of the orders sent to the two, in [0, 1].
    """
    brokers = desk.ground.settings.services.brokers_per_country
    first = int(wave.chance("broker") * brokers)
    number = (first + desk.rng.integers(0, 2, len(orders)) * 7) % brokers
    gang = desk.ground.site_country[orders.site] * 1000 + number
    return np.where(lot(desk, len(orders), share), gang, orders.broker)


def later_amendments(desk: Desk, orders: Orders, mean: float) -> np.ndarray:
    """Add amendments, Poisson with the mean given (68).

    Parameters
    ----------
    desk
        Ground, traders, day and stream.
    orders
        Orders of the gang, shape (n,).
    mean
        Mean number of amendments added to an order.
    """
    return orders.amendments + desk.rng.poisson(mean, len(orders))


def marked(
    lines: Lines, rows: np.ndarray, *, evaded: Floats | float, quantity: Floats | float
) -> Lines:
    """Mark lines as illicit, with what was evaded and what there is to be seized.

    Parameters
    ----------
    lines
        All goods lines of the day.
    rows
        Positions of the illicit ones, shape (k,).
    evaded
        Duty and tax evaded, as money; one value or shape (k,).
    quantity
        What there is to be seized, in the scheme's unit; one value or shape (k,).
    """
    return lines.changed(rows, illicit=True, evaded=evaded, quantity=quantity)


def value_written(hand: Hand, value: Floats, *, more_round: float = 0.0) -> np.ndarray:
    """Write values as honest declarants do: to the cent, a share of them as round sums (43).

    Parameters
    ----------
    hand
        Ground and stream of the trace.
    value
        Amounts, shape (k,).
    more_round
        Round sums beyond the honest share, in [0, 1].
    """
    share = hand.ground.settings.documents.round_share + more_round
    return round_sums(value, hand.rng.random(len(value)) < share)


def mass_written(hand: Hand, mass: Floats) -> np.ndarray:
    """Write masses as honest declarants do: to 100 g, a share of them in tens of kilograms.

    Parameters
    ----------
    hand
        Ground and stream of the trace.
    mass
        Kilograms, shape (k,).
    """
    return round_masses(mass, hand.rng.random(len(mass)))


def tax_share(lines: Lines, hand: Hand) -> np.ndarray:
    """Duty and value-added tax as a share of the value, as declared.

    Parameters
    ----------
    lines
        All goods lines of the day.
    hand
        The scheme's rows among them, with their orders.
    """
    duty, vat = lines.duty[hand.rows] / 100, hand.ground.site_vat[hand.orders.site[hand.rows]]
    return duty + vat * (1 + duty)
