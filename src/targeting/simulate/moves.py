"""Moves several schemes share: whom they look for, which brokers and suppliers they turn to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.goods import goods
from targeting.simulate.orders import BROKERS_PER_COUNTRY, SUPPLIER_SLOTS
from targeting.simulate.places import IMPORT, SITE_COUNTRY, SITE_VAT

if TYPE_CHECKING:
    from targeting.simulate.lines import Lines
    from targeting.simulate.orders import Desk, Orders
    from targeting.simulate.schemes import Hand, Wave
    from targeting.simulate.streams import Floats
    from targeting.simulate.traders import Traders


def deals_in(traders: Traders, *sectors: str) -> np.ndarray:
    """Tell whose main goods are of some sectors.

    Parameters
    ----------
    traders
        Traders to look at, shape (n,).
    *sectors
        Names of the sectors.
    """
    return np.isin(traders.goods[:, 0], goods().of(*sectors))


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
        Traders, seed, day and stream.
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
        Traders, seed, day and stream.
    orders
        Orders of the gang, shape (n,).
    """
    group = orders.dispatch * len(goods().sectors) + goods().sector[orders.goods]
    firms = min(40 + desk.day // 12, SUPPLIER_SLOTS - 1)
    late = firms - 1 - (desk.rng.random(len(orders)) ** 2 * firms * 0.7).astype(np.int64)
    return group * SUPPLIER_SLOTS + late


def among(desk: Desk, choices: np.ndarray, size: int) -> np.ndarray:
    """Draw so many from the choices, each as likely.

    Parameters
    ----------
    desk
        Traders, seed, day and stream.
    choices
        What is drawn from, shape (k,).
    size
        How many draws.
    """
    return choices[desk.rng.integers(0, len(choices), size)]


def gang_broker(desk: Desk, orders: Orders, wave: Wave, *, share: float) -> np.ndarray:
    """Send part of the gang's work to the wave's two brokers (17).

    Parameters
    ----------
    desk
        Traders, seed, day and stream.
    orders
        Orders of the gang, shape (n,).
    wave
        The wave that runs.
    share
        Share of the orders sent to the two, in [0, 1].
    """
    first = int(wave.chance("broker") * BROKERS_PER_COUNTRY)
    number = (first + desk.rng.integers(0, 2, len(orders)) * 7) % BROKERS_PER_COUNTRY
    gang = SITE_COUNTRY[orders.site] * 1000 + number
    return np.where(lot(desk, len(orders), share), gang, orders.broker)


def later_amendments(desk: Desk, orders: Orders, mean: float) -> np.ndarray:
    """Add amendments, Poisson with the mean given (68).

    Parameters
    ----------
    desk
        Traders, seed, day and stream.
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


def tax_share(lines: Lines, hand: Hand) -> np.ndarray:
    """Duty and value-added tax as a share of the value, as declared.

    Parameters
    ----------
    lines
        All goods lines of the day.
    hand
        The scheme's rows among them, with their orders.
    """
    duty, vat = lines.duty[hand.rows] / 100, SITE_VAT[hand.orders.site[hand.rows]]
    return duty + vat * (1 + duty)
