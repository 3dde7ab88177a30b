"""Container numbers and types, as documents write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.trade.streams import habit
from targeting.simulate.writing.codes import joined, padded, words
from targeting.tables.iso6346 import check_digits

if TYPE_CHECKING:
    import pyarrow as pa

OWNERS = ("CSQU", "ALTU", "KHZU", "TRXU", "CRDU", "NOMU", "BAYU", "SLKU")
TYPES = (("22G1", "45G1", "42G1"), ("45R1", "22R1", "45R1"), ("22T1", "22T1", "22T6"),
         ("22U1", "42U1", "22U1"))  # fmt: skip
"""Size and type codes by kind of container (`targeting.simulate.trade.goods.UNITS`)."""


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
