"""Where a key's profile lies: a hash of its text that no library or run may change.

Python's own hash differs from run to run and a library's may differ from version to version; a
store must find its keys again after years, and a cluster must agree with one machine. The hash
is FNV-1a of 64 bits over the UTF-8 bytes of the key's parts, each part followed by the byte 31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

LARGEST_PARTITION = 500_000
"""Profiles in one file; a key with more is split into twice as many files until it fits."""

_START = np.uint64(14_695_981_039_346_656_037)
_PRIME = np.uint64(1_099_511_628_211)
_END = np.uint64(31)


def partitions(profiles: int) -> int:
    """Return into how many files the profiles of a key are split: a power of two.

    Parameters
    ----------
    profiles
        How many there are.

    Examples
    --------
    >>> [partitions(many) for many in (0, 500_000, 500_001, 3_000_000)]
    [1, 1, 2, 8]
    """
    files = 1
    while profiles > files * LARGEST_PARTITION:
        files *= 2
    return files


def key_hashes(parts: pa.Table) -> npt.NDArray[np.uint64]:
    """Hash the text of keys.

    Parameters
    ----------
    parts
        The key's columns, as text without gaps; one row per key.

    Examples
    --------
    >>> keys = pa.table({"hs6": ["240220", "240220"], "origin_country": ["TR", "IR"]})
    >>> [f"{one:016x}" for one in key_hashes(keys).tolist()]
    ['b871a880d7245dd3', '296c3d81173d7328']
    """
    hashes = np.full(parts.num_rows, _START, dtype=np.uint64)
    for column in parts.columns if parts.num_rows else ():
        text = column.cast(pa.large_string()).combine_chunks()
        _, ends, letters = text.buffers()
        # An array may be a slice of a longer one; what it shows begins at its offset.
        ends = np.frombuffer(ends, dtype=np.int64)[text.offset : text.offset + len(text) + 1]
        _add_text(hashes, ends, np.frombuffer(letters or b"", dtype=np.uint8))
    return hashes


@numba.njit(cache=True, nogil=True)
def _add_text(hashes, ends, letters):
    for row in range(len(hashes)):
        value = hashes[row]
        for at in range(ends[row], ends[row + 1]):
            value = (value ^ np.uint64(letters[at])) * _PRIME
        hashes[row] = (value ^ _END) * _PRIME
