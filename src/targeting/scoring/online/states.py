"""Profiles as bytes: sums as eight-byte floats, then days as four-byte whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.features.profiles import ProfileState

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_DAYS = 4


def _kind(width: int) -> np.dtype:
    return np.dtype([("sums", "<f8", (width,)), ("days", "<i4", (_DAYS,))])


def packed(state: ProfileState) -> list[bytes]:
    """Write each row of a state as bytes.

    Parameters
    ----------
    state
        Rows of profiles.

    Examples
    --------
    >>> [len(one) for one in packed(ProfileState.empty(2, 1))]
    [192, 192]
    """
    kind = _kind(state.sums.shape[1])
    rows = np.empty(len(state.sums), dtype=kind)
    rows["sums"], rows["days"] = state.sums, state.days
    whole, size = rows.tobytes(), kind.itemsize
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def unpacked(rows: Sequence[bytes | None], half_lives: int) -> ProfileState:
    """Read rows of profiles; None or no bytes stand for one never seen.

    Parameters
    ----------
    rows
        Of `packed`.
    half_lives
        Number of half-lives beside the all-time sums.

    Examples
    --------
    >>> unpacked([None, *packed(ProfileState.empty(1, 0))], 0).sums.shape
    (2, 11)
    """
    nothing = ProfileState.empty(1, half_lives)
    empty, kind = packed(nothing)[0], _kind(nothing.sums.shape[1])
    whole = b"".join([row or empty for row in rows])
    told: npt.NDArray[np.void] = np.frombuffer(whole, kind) if whole else np.empty(0, kind)
    return ProfileState(np.array(told["sums"]), np.array(told["days"]))
