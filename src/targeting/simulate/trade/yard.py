"""The yard: containers that travel and return, and the seals put on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.places import ROAD
from targeting.simulate.trade.goods import UNITS
from targeting.simulate.trade.orders import EMPTY, GROUPAGE, Orders
from targeting.simulate.trade.rows import Rows
from targeting.simulate.trade.streams import Ints, stream

if TYPE_CHECKING:
    from targeting.simulate.trade.ground import Ground

NONE = -1
_DRY = 0
_TWIN_MEMORY = 400


@dataclass(frozen=True)
class Units(Rows):
    """Transport units of a day's orders; `NONE` where a consignment has no box or no seal.

    Parameters
    ----------
    container, seal
        Numbers, one per order.
    kind
        Kind of the container (`targeting.simulate.trade.goods.UNITS`); 0 where there is none.
    """

    container: Ints
    kind: Ints
    seal: Ints


class Yard:
    """Containers in circulation; the one part of the world that remembers from day to day.

    Parameters
    ----------
    ground
        What the world stands on.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground, self._settings = ground, ground.settings.containers
        self._home = np.zeros(0, dtype=np.int64)
        self._kind = np.zeros(0, dtype=np.int64)
        self._recent_seals = np.zeros(0, dtype=np.int64)
        self._seals = 0

    def load(self, day: int, orders: Orders) -> Units:
        """Give each boxed consignment a container and most full units a seal.

        Parameters
        ----------
        day
            Days since the world began; days must come in order.
        orders
            The day's consignments, in the order they were lodged.
        """
        rng = stream(self._ground.seed, "yard", day)
        box = _shared_boxes(orders, self._settings.groupage_documents)
        container = self._containers(rng, day, orders, box)
        kind = np.append(self._kind, _DRY)[container]  # NONE is the last
        return Units(container, kind, self._seal(rng, orders, box))

    def _containers(
        self, rng: np.random.Generator, day: int, orders: Orders, box: np.ndarray
    ) -> np.ndarray:
        kind = np.where(orders.load == GROUPAGE, _DRY, self._ground.goods.unit[orders.goods])
        given = np.full(len(orders), NONE)
        for number in range(len(UNITS)):
            mine = np.flatnonzero(orders.boxed & (kind == number))
            if len(mine):
                boxes, which = np.unique(box[mine], return_inverse=True)
                given[mine] = self._take(rng, day, number, len(boxes))[which]
        return given

    def _take(self, rng: np.random.Generator, day: int, kind: int, count: int) -> np.ndarray:
        """Take free containers of one kind, bringing in new ones for the rest."""
        free = np.flatnonzero((self._home <= day) & (self._kind == kind))
        old = min(len(free), int(rng.binomial(count, self._settings.reused_share)))
        used = rng.choice(free, old, replace=False) if old else free[:0]
        fresh = len(self._home) + np.arange(count - old)
        self._home = np.concatenate([self._home, np.zeros(count - old, dtype=np.int64)])
        self._kind = np.concatenate([self._kind, np.full(count - old, kind)])
        taken = np.concatenate([used, fresh])
        self._home[taken] = day + self._away(rng, count)
        return rng.permutation(taken)

    def _away(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Draw days away: two fifths of the mean at least."""
        least = int(0.4 * self._settings.away_days)
        return least + rng.geometric(1.0 / max(self._settings.away_days - least, 1.0), count)

    def _seal(self, rng: np.random.Generator, orders: Orders, box: np.ndarray) -> np.ndarray:
        """Seal units; some documents leave the seal out, a few repeat a number seen before."""
        sealable = orders.boxed | (orders.mode == ROAD)
        share = np.where(orders.boxed, self._settings.seal_share, 0.55)
        sealed = sealable & (orders.load != EMPTY) & (rng.random(len(orders)) < share)
        seal = np.where(sealed, self._seals + np.arange(len(orders)), NONE)
        self._seals += len(orders)
        seal = seal[box]  # one seal a box, whoever shares it
        twins = np.flatnonzero(orders.seal_twin & sealed)
        if len(self._recent_seals):
            seal[twins] = rng.choice(self._recent_seals, len(twins))
        self._recent_seals = np.concatenate([self._recent_seals, seal[sealed]])[-_TWIN_MEMORY:]
        return seal


def _shared_boxes(orders: Orders, together: int) -> np.ndarray:
    """Give the day's boxes numbers: so many groupage consignments on the same way share one."""
    box = np.arange(len(orders))
    groupage = np.flatnonzero((orders.load == GROUPAGE) & orders.boxed)
    if not len(groupage):
        return box
    way = np.stack([orders.site, orders.flow, orders.mode, orders.dispatch])[:, groupage]
    queue = np.lexsort((groupage, *way))
    mine, way = groupage[queue], way[:, queue]
    begins = np.flatnonzero(np.append(True, (np.diff(way, axis=1) != 0).any(axis=0)))
    for start, stop in zip(begins.tolist(), [*begins[1:].tolist(), len(mine)], strict=True):
        group = mine[start:stop]
        box[group] = group[np.arange(len(group)) // together * together]
    return box
