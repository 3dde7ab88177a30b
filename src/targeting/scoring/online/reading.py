"""Reading profiles of a few lines, each as of its own day, by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.features.kernel import AS_OF, DAYS, read_lines
from targeting.scoring.online.engine import past_states, states_of
from targeting.scoring.online.states import unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from sqlalchemy import Connection

    from targeting.scoring.online.ledger import Design

    Floats = npt.NDArray[np.float64]
    Keys = Sequence[Sequence[bytes | None]]


def profiles_of(
    connection: Connection, design: Design, keys: Keys, days: Sequence[int]
) -> tuple[Floats, Floats]:
    """Read every profile of lines, each as of its day.

    Parameters
    ----------
    connection
        Inside a transaction.
    design
        What the profiles are of.
    keys
        Of each line, by the number of the profile.
    days
        Of each line; days whose profiles the database keeps.

    Returns
    -------
    tuple of ndarray
        Sums, shape (n, profiles, statistics * (1 + half-lives)), decayed to the day; and days
        since first, last and last hit, shape (n, profiles, 3). NaN where the key is missing.
    """
    place: dict[tuple[bytes, int], int] = {}
    code = [
        [-1 if key is None else place.setdefault((key, day), len(place)) for key in own]
        for own, day in zip(keys, days, strict=True)
    ]
    state = unpacked(_states(connection, design, list(place)), design.half_lives)
    shape = (len(keys), len(design.space.names))
    sums = np.full((*shape, state.sums.shape[1]), np.nan)
    when = np.full((*shape, len(DAYS)), np.nan)
    read_lines(
        state.sums, state.days, design.decay, np.array(code, dtype=np.int32),
        np.array(days, dtype=np.int32), sums, when,
    )  # fmt: skip
    return sums, when


def _states(
    connection: Connection, design: Design, asked: Sequence[tuple[bytes, int]]
) -> list[bytes | None]:
    """Return the state of keys as they were before the events of a day each.

    A profile that holds no event of the day or later is that as it stands; only others, of lines
    lodged on a day that has closed or is closing, are looked up as they were.
    """
    keys = list(dict.fromkeys(key for key, _ in asked))
    now = states_of(connection, keys)
    found = [now.get(key) for key, _ in asked]
    days = np.array([day for _, day in asked], dtype=np.int32)
    passed = unpacked(found, design.half_lives).days[:, AS_OF] >= days
    if not passed.any():
        return found
    later = list(
        dict.fromkeys(
            key for (key, _), is_later in zip(asked, passed.tolist(), strict=True) if is_later
        )
    )
    past = past_states(connection, later, int(days.min()))
    return [
        _before(past.get(key, ()), day, state)
        for (key, day), state in zip(asked, found, strict=True)
    ]


def _before(versions: Sequence[tuple[int, bytes]], day: int, now: bytes | None) -> bytes | None:
    """Return a profile as it was before a day: the first version of that day or later, or now."""
    return next((state for at, state in versions if at >= day), now)
