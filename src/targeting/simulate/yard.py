"""The yard: containers that travel and return, and the seals put on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.codes import joined, padded, words
from targeting.simulate.orders import EMPTY, GROUPAGE, Orders
from targeting.simulate.places import ROAD
from targeting.simulate.rows import Rows
from targeting.simulate.streams import Ints, habit, stream
from targeting.tables.iso6346 import check_digits

if TYPE_CHECKING:
    import pyarrow as pa

    from targeting.simulate.ground import Ground

OWNERS = ("CSQU", "ALTU", "KHZU", "TRXU", "CRDU", "NOMU", "BAYU", "SLKU")
TYPES = (("22G1", "45G1", "42G1"), ("45R1", "22R1", "45R1"), ("22T1", "22T1", "22T6"),
         ("22U1", "42U1", "22U1"))  # fmt: skip
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
        Kind of the container (`targeting.simulate.goods.UNITS`); 0 where there is none.
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
        container = self._containers(rng, day, orders)
        kind = np.append(self._kind, _DRY)[container]  # NONE is the last
        return Units(container, kind, self._seal(rng, orders))

    def _containers(self, rng: np.random.Generator, day: int, orders: Orders) -> np.ndarray:
        kind = np.where(orders.load == GROUPAGE, _DRY, self._ground.goods.unit[orders.goods])
        box = _shared_boxes(orders, self._settings.groupage_documents)
        given = np.full(len(orders), NONE)
        for number in range(len(TYPES)):
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

    def _seal(self, rng: np.random.Generator, orders: Orders) -> np.ndarray:
        """Seal units; some documents leave the seal out, a few repeat a number seen before."""
        sealable = orders.boxed | (orders.mode == ROAD)
        share = np.where(orders.boxed, self._settings.seal_share, 0.55)
        sealed = sealable & (orders.load != EMPTY) & (rng.random(len(orders)) < share)
        seal = np.where(sealed, self._seals + np.arange(len(orders)), NONE)
        self._seals += len(orders)
        twins = np.flatnonzero(orders.seal_twin & sealed)
        if len(self._recent_seals):
            seal[twins] = rng.choice(self._recent_seals, len(twins))
        self._recent_seals = np.concatenate([self._recent_seals, seal[sealed]])[-_TWIN_MEMORY:]
        return seal


def _shared_boxes(orders: Orders, together: int) -> np.ndarray:
    """Give the day's boxes numbers: so many groupage consignments of a site share one."""
    box = np.arange(len(orders))
    groupage = (orders.load == GROUPAGE) & orders.boxed
    for site in np.unique(orders.site[groupage]):
        mine = np.flatnonzero(groupage & (orders.site == site))
        box[mine] = mine[np.arange(len(mine)) // together * together]
    return box


def container_codes(seed: int, container: np.ndarray, slip: np.ndarray | int = 0) -> pa.Array:
    """Write container numbers with the check digit of ISO 6346.

    Parameters
    ----------
    seed
        Seed of the world.
    container
        Numbers from `Yard.load`, none of them `NONE`.
    slip
        What the clerk adds to the last digit of the serial number, leaving the check digit as it
        was: 0 for a number written well.

    Examples
    --------
    >>> import numpy as np
    >>> from targeting.tables.iso6346 import is_valid
    >>> is_valid(container_codes(1, np.array([5, 5]), np.array([0, 3]))).tolist()
    [True, False]
    """
    # Numbers a million apart share a serial; the owner tells them apart.
    lap, number = np.divmod(container, 1_000_000)
    first = (habit(seed, "owner", number) * len(OWNERS)).astype(np.int64)
    owner = words(OWNERS, (first + lap) % len(OWNERS))
    serial = (number * 7_919 + 104_729) % 1_000_000
    digit = check_digits(joined(owner, padded(serial, 6)))
    written = serial // 10 * 10 + (serial + slip) % 10
    return joined(owner, padded(written * 10 + digit, 7))


def container_types(seed: int, container: np.ndarray, kind: np.ndarray) -> pa.Array:
    """Give each container its size and type code, the same each time it travels.

    Parameters
    ----------
    seed
        Seed of the world.
    container, kind
        Numbers of the containers, and the kind of unit of each.
    """
    slot = (habit(seed, "container type", container) * 3).astype(np.int64)
    return words([one for group in TYPES for one in group], kind * 3 + slot)
