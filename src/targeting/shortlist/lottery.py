"""A lot anyone can draw again: SHA-256 of the seed and an id, never a random-number generator."""

from __future__ import annotations

import hashlib
import math

_BITS = 53


def lot(seed: int, name: str) -> str:
    """Draw the lot of one name: 64 hexadecimal digits; the smallest come first.

    Parameters
    ----------
    seed
        Seed of the lottery.
    name
        What the lot is for, such as a declaration's id.

    Examples
    --------
    >>> lot(1, "D-1")[:8]
    'bc2acf39'
    """
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def whole_slots(expected: float, *, seed: int, name: str) -> int:
    """Turn a share of a slot into whole slots, so that their mean over lots is `expected`.

    Parameters
    ----------
    expected
        Slots on average, >= 0; 1.3 gives 1 slot, and a second in three lots of ten.
    seed
        Seed of the lottery.
    name
        Which draw this is, such as an office and its day.

    Examples
    --------
    >>> whole_slots(2.0, seed=1, name="AZ001:2025-03-01")
    2
    >>> sum(whole_slots(0.3, seed=seed, name="AZ001:2025-03-01") for seed in range(1000))
    297
    """
    whole = math.floor(expected)
    # Top 53 bits: the finest even grid of [0, 1) that a float holds exactly.
    chance = (int(lot(seed, name), 16) >> (256 - _BITS)) / 2**_BITS
    return whole + int(chance < expected - whole)
