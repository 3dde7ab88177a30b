"""Documents: their numbers, what the clerk left out, and slips of the pen.

Whatever is missing or mistyped here is so by chance alone: no scheme is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.places import AIR, ROAD, SEA
from targeting.simulate.trade.rows import Rows

if TYPE_CHECKING:
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.trade.orders import Orders
    from targeting.simulate.trade.streams import Flags, Ints
    from targeting.simulate.trade.yard import Units

BLANK_SHARES = (
    ("arrival_at", 0.012),
    ("consignor_id", 0.012),
    ("notify_party_id", 0.060),
    ("carrier_id", 0.015),
    ("goods_description", 0.010),
    ("origin_country", 0.004),
    ("dispatch_country", 0.015),
    ("destination_country", 0.008),
    ("loading_port", 0.020),
    ("transport_document_id", 0.006),
    ("conveyance_id", 0.015),
    ("voyage_id", 0.030),
    ("container_type", 0.020),
    ("container_load", 0.010),
    ("package_count", 0.008),
    ("gross_mass_kg", 0.005),
    ("net_mass_kg", 0.010),
    ("customs_value", 0.003),
    ("freight_cost", 0.090),
    ("duty_rate_pct", 0.020),
    ("tax_regime", 0.010),
    ("payment_method", 0.020),
    ("procedure_code", 0.005),
)
"""Columns the clerk leaves out, and how often; the same for every line, honest or not."""


@dataclass(frozen=True)
class Papers(Rows):
    """Document numbers of each goods line.

    Parameters
    ----------
    day, row
        Day of lodging, and position of the line among that day's.
    document
        Position of the consignment in its day; the day's documents are numbered from it.
    conveyance, trip
        Number of the vessel, train, vehicle or aircraft, and of its trip on the way.
    container, kind, seal
        From the yard.
    typo
        Digit to mistype in the container number, 0 for none.
    procedure
        Uniform draw behind the procedure code.
    blanks
        Which of `BLANK_SHARES` is left out, shape (n, columns).
    """

    day: Ints
    row: Ints
    document: Ints
    conveyance: Ints
    trip: Ints
    container: Ints
    kind: Ints
    seal: Ints
    typo: Ints
    procedure: np.ndarray
    blanks: np.ndarray

    def left_out(self, column: str) -> Flags:
        """Tell on which lines the clerk left a column out.

        Parameters
        ----------
        column
            One of `BLANK_SHARES`.
        """
        return self.blanks[:, [name for name, _ in BLANK_SHARES].index(column)]


def draw_papers(
    ground: Ground,
    rng: np.random.Generator,
    orders: Orders,
    units: Units,
    *,
    order: np.ndarray,
    day: int,
) -> Papers:
    """Draw the documents of a day's consignments, one row per goods line.

    Parameters
    ----------
    ground
        What the world stands on.
    rng
        The day's stream for papers.
    orders, units
        Consignments in the order of lodging, and their transport units.
    order
        Position of each line's consignment.
    day
        Days since the world began.
    """
    count, documents = len(orders), ground.settings.documents
    vehicle, trip = _conveyance(ground, rng, orders)
    typo = np.where(rng.random(count) < documents.typo_share, rng.integers(1, 10, count), 0)
    shares = documents.blanks * np.array([share for _, share in BLANK_SHARES])
    return Papers(
        day=np.full(len(order), day),
        row=np.arange(len(order)),
        document=order,
        conveyance=vehicle[order],
        trip=trip[order],
        container=units.container[order],
        kind=units.kind[order],
        seal=units.seal[order],
        typo=typo[order],
        procedure=rng.random(count)[order],
        blanks=rng.random((len(order), len(shares))) < shares,
    )


def _conveyance(
    ground: Ground, rng: np.random.Generator, orders: Orders
) -> tuple[np.ndarray, np.ndarray]:
    """Give conveyances numbers: vessels call every fourth day, trains daily."""
    carriers = ground.settings.services.carriers
    count, day = len(orders), orders.lodged // 86_400
    sailing = day // 4
    vehicle = np.select(
        [orders.mode == SEA, orders.mode == ROAD, orders.mode == AIR],
        [
            (sailing + orders.site) % carriers.vessels,
            rng.integers(0, carriers.trucks, count),
            rng.integers(0, carriers.aircraft, count),
        ],
        day % carriers.trains,
    )
    return orders.carrier * 100 + vehicle, np.where(orders.mode == SEA, sailing, day)
