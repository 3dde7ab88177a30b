"""Random numbers by name: every day, party and purpose has a stream of its own.

A stream is reached by its name, never by how much was drawn before, so that a longer span, or a
scheme switched off, leaves every other draw as it was.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

Ints = np.ndarray[Any, np.dtype[np.integer]]
Floats = np.ndarray[Any, np.dtype[np.floating]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def stream(seed: int, purpose: str, *when: int) -> Generator:
    """Open the random stream of one purpose at one time.

    Parameters
    ----------
    seed
        Seed of the world.
    purpose
        Name of what is drawn.
    *when
        Day, month or wave numbers, none negative.

    Examples
    --------
    >>> bool(stream(1, "orders", 5).random() == stream(1, "orders", 5).random())
    True
    >>> bool(stream(1, "orders", 5).random() == stream(1, "orders", 6).random())
    False
    """
    return Generator(PCG64(SeedSequence(seed, spawn_key=(crc32(purpose.encode()), *when))))


def habit(seed: int, purpose: str, *ids: Ints | int) -> Floats:
    """Draw the number that belongs to a combination of ids: the same whenever it is asked for.

    Parameters
    ----------
    seed
        Seed of the world.
    purpose
        Name of the habit.
    *ids
        Whole numbers or arrays of them, broadcast together.

    Returns
    -------
    Floats
        Uniform in [0, 1), shape of the broadcast ids.

    Notes
    -----
    The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), applied once per id.

    Examples
    --------
    >>> import numpy as np
    >>> both = habit(1, "broker", np.array([7, 8]))
    >>> bool(habit(1, "broker", np.array([8]))[0] == both[1])
    True
    """
    start = (seed * 0x100000001 + crc32(purpose.encode())) & 0xFFFFFFFFFFFFFFFF
    state = np.array([start], dtype=np.uint64)
    for one in ids:
        number = np.atleast_1d(np.asarray(one, dtype=np.int64)).astype(np.uint64)
        state = _mix(state + (number + np.uint64(1)) * _GOLDEN)
    return (state >> np.uint64(11)) * 2.0**-53


def _mix(state: np.ndarray) -> np.ndarray:
    state = (state ^ (state >> np.uint64(30))) * _MIX_1
    state = (state ^ (state >> np.uint64(27))) * _MIX_2
    return state ^ (state >> np.uint64(31))


def bell(uniform: Floats) -> Floats:
    """Turn uniform habits into bell-shaped ones of mean 0 and deviation 1.

    Parameters
    ----------
    uniform
        Uniform draws in [0, 1), of any shape.

    Examples
    --------
    >>> import numpy as np
    >>> bell(np.array([0.5])).tolist()
    [0.0]
    """
    clipped = np.clip(uniform, 1e-6, 1 - 1e-6)
    # The logistic has deviation pi / sqrt(3).
    return np.log(clipped / (1 - clipped)) * (np.sqrt(3) / np.pi)


def pick(cumulative: np.ndarray, uniform: Floats) -> Ints:
    """Choose a column per row from rows of cumulative weights.

    Parameters
    ----------
    cumulative
        Shape (k,) or (n, k); each row ends at 1.
    uniform
        Shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> pick(np.array([0.2, 1.0]), np.array([0.1, 0.5])).tolist()
    [0, 1]
    """
    return (uniform[:, None] >= cumulative[..., :-1]).sum(axis=1)


def cumulative(weights: np.ndarray) -> np.ndarray:
    """Turn rows of weights into rows of cumulative shares ending at 1.

    Parameters
    ----------
    weights
        Shape (..., k), none negative; each row has a sum above 0.

    Examples
    --------
    >>> import numpy as np
    >>> cumulative(np.array([1.0, 3.0])).tolist()
    [0.25, 1.0]
    """
    totals = weights.cumsum(axis=-1)
    return totals / totals[..., -1:]
