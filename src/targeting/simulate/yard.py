"""The yard: containers that travel and return, and the seals put on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from targeting.simulate.goods import goods
from targeting.simulate.orders import EMPTY, GROUPAGE, Orders
from targeting.simulate.places import ROAD
from targeting.simulate.streams import Ints, habit, stream
from targeting.tables.iso6346 import check_digit

OWNERS = ("CSQU", "ALTU", "KHZU", "TRXU", "CRDU", "NOMU", "BAYU", "SLKU")
TYPES = (("22G1", "45G1", "42G1"), ("45R1", "22R1", "45R1"), ("22T1", "22T1", "22T6"),
         ("22U1", "42U1", "22U1"))  # fmt: skip
NONE = -1
_DRY = 0
_TWIN_MEMORY = 400


@dataclass(frozen=True, slots=True)
class Units:
    """Transport units of a day's orders; `NONE` where a consignment has no box or no seal.

    Parameters
    ----------
    container, seal
        Numbers, one per order.
    kind
        Kind of the container (`targeting.simulate.goods.UNITS`); 0 where there is none.
    """

    container: Ints
    kind: Ints
    seal: Ints


class Yard:
    """Containers in circulation; the one part of the world that remembers from day to day.

    Parameters
    ----------
    seed
        Seed of the world.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
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
        rng = stream(self._seed, "yard", day)
        container = self._containers(rng, day, orders)
        kind = np.where(container == NONE, _DRY, self._kind[container])
        return Units(container, kind, self._seal(rng, orders))

    def _containers(self, rng: np.random.Generator, day: int, orders: Orders) -> np.ndarray:
        kind = np.where(orders.load == GROUPAGE, _DRY, goods().unit[orders.goods])
        box = _shared_boxes(orders)
        given = np.full(len(orders), NONE)
        for number in range(len(TYPES)):
            mine = np.flatnonzero(orders.boxed & (kind == number))
            if len(mine):
                boxes, which = np.unique(box[mine], return_inverse=True)
                given[mine] = self._take(rng, day, number, len(boxes))[which]
        return given

    def _take(self, rng: np.random.Generator, day: int, kind: int, count: int) -> np.ndarray:
        """Take free containers of one kind, bringing in new ones for a fifth of the demand."""
        free = np.flatnonzero((self._home <= day) & (self._kind == kind))
        old = min(len(free), int(rng.binomial(count, 0.8)))
        used = rng.choice(free, old, replace=False) if old else free[:0]
        fresh = len(self._home) + np.arange(count - old)
        self._home = np.concatenate([self._home, np.zeros(count - old, dtype=np.int64)])
        self._kind = np.concatenate([self._kind, np.full(count - old, kind)])
        taken = np.concatenate([used, fresh])
        self._home[taken] = day + 18 + rng.geometric(0.04, count)
        return rng.permutation(taken)

    def _seal(self, rng: np.random.Generator, orders: Orders) -> np.ndarray:
        """Seal units; some documents leave the seal out, a few repeat a number seen before."""
        sealable = orders.boxed | (orders.mode == ROAD)
        share = np.where(orders.boxed, 0.94, 0.55)
        sealed = sealable & (orders.load != EMPTY) & (rng.random(len(orders)) < share)
        seal = np.where(sealed, self._seals + np.arange(len(orders)), NONE)
        self._seals += len(orders)
        twins = np.flatnonzero(orders.seal_twin & sealed)
        if len(self._recent_seals):
            seal[twins] = rng.choice(self._recent_seals, len(twins))
        self._recent_seals = np.concatenate([self._recent_seals, seal[sealed]])[-_TWIN_MEMORY:]
        return seal


def _shared_boxes(orders: Orders) -> np.ndarray:
    """Give the day's boxes numbers: groupage of a site shares one by threes."""
    box = np.arange(len(orders))
    groupage = (orders.load == GROUPAGE) & orders.boxed
    for site in np.unique(orders.site[groupage]):
        mine = np.flatnonzero(groupage & (orders.site == site))
        box[mine] = mine[np.arange(len(mine)) // 3 * 3]
    return box


def container_codes(seed: int, container: np.ndarray) -> list[str]:
    """Write container numbers with a valid ISO 6346 check digit.

    Parameters
    ----------
    seed
        Seed of the world.
    container
        Numbers from `Yard.load`, none of them `NONE`.

    Examples
    --------
    >>> import numpy as np
    >>> from targeting.tables.iso6346 import is_valid
    >>> bool(is_valid(container_codes(1, np.array([5]))).all())
    True
    """
    owner = (habit(seed, "owner", container) * len(OWNERS)).astype(np.int64)
    serial = (container * 7_919 + 104_729) % 1_000_000
    bare = [
        f"{OWNERS[one]}{number:06d}"
        for one, number in zip(owner.tolist(), serial.tolist(), strict=True)
    ]
    return [code + str(check_digit(code)) for code in bare]


def container_types(seed: int, container: np.ndarray, kind: np.ndarray) -> list[str]:
    """Give each container its size and type code, the same each time it travels.

    Parameters
    ----------
    seed
        Seed of the world.
    container, kind
        Numbers of the containers, and the kind of unit of each.
    """
    slot = (habit(seed, "container type", container) * 3).astype(np.int64)
    return [TYPES[one][number] for one, number in zip(kind.tolist(), slot.tolist(), strict=True)]
