"""Profile keys as numbers: every distinct key is coded once, not looked up at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from targeting.features.coding import first_appearance, only_wanted, pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class KeyCodes:
    """A key's codes over several tables, read as one.

    Parameters
    ----------
    codes
        One int32 array per table handed in; -1 where any part of the key is missing.
    parts
        The key's columns, one row per code, in order of first appearance.
    """

    codes: tuple[Codes, ...]
    parts: pa.Table


def encode(columns: Sequence[str], tables: Sequence[pa.Table]) -> KeyCodes:
    """Give a number to the distinct keys of several tables, in order of first appearance.

    Because the order is that of first appearance, a snapshot handed in as the first table keeps
    its own numbering.

    Parameters
    ----------
    columns
        Columns of the key; none stands for the one key every row shares.
    tables
        Arrow tables that hold the columns, as text or as dictionaries of distinct texts.

    Returns
    -------
    KeyCodes
        Codes per table, and the parts behind each code.

    Examples
    --------
    >>> seen = pa.table({"hs6": ["081050", None, "240220", "081050"]})
    >>> [codes.tolist() for codes in encode(["hs6"], [seen]).codes]
    [[0, -1, 1, 0]]
    """
    lengths = [table.num_rows for table in tables]
    if not columns:
        return KeyCodes(_split(np.zeros(sum(lengths), dtype=np.int32), lengths), pa.table({}))
    parts = [_part(column, tables) for column in columns]
    codes, behind = _joined(parts)
    codes, seen = first_appearance(codes, len(behind[0]))
    names = {
        column: part.levels.take(pa.array(own[seen]))
        for column, part, own in zip(columns, parts, behind, strict=True)
    }
    return KeyCodes(_split(codes, lengths), pa.table(names))


@dataclass(frozen=True, slots=True)
class WantedCodes:
    """A key's codes where some rows are asked about, and nothing is to be kept.

    Parameters
    ----------
    codes
        One int32 array per table handed in; -1 where any part of the key is missing, or no wanted
        row has the key.
    count
        One more than the highest code.
    """

    codes: tuple[Codes, ...]
    count: int


def encode_wanted(
    columns: Sequence[str], tables: Sequence[pa.Table], wanted: npt.NDArray[np.bool_]
) -> WantedCodes:
    """Give a number to the distinct keys that wanted rows have, in no stated order.

    Parameters
    ----------
    columns
        Columns of the key; none stands for the one key every row shares.
    tables
        Arrow tables that hold the columns, as text or as dictionaries of distinct texts.
    wanted
        Which rows of the first table are wanted.

    Examples
    --------
    >>> seen = pa.table({"hs6": ["081050", None, "240220", "081050"]})
    >>> encode_wanted(["hs6"], [seen], np.array([False, False, False, True])).codes[0].tolist()
    [0, -1, -1, 0]
    """
    lengths = [table.num_rows for table in tables]
    if not columns:
        return WantedCodes(_split(np.zeros(sum(lengths), dtype=np.int32), lengths), 1)
    parts = [_part(column, tables) for column in columns]
    asked = [
        _Part(only_wanted(part.codes, len(part.levels), wanted), part.levels) for part in parts
    ]
    codes, behind = _joined(asked)
    if len(parts) > 1:
        codes = only_wanted(codes, len(behind[0]), wanted)
    return WantedCodes(_split(codes, lengths), len(behind[0]))


@dataclass(frozen=True, slots=True)
class _Part:
    """One column of a key: a code per row, and the levels behind the codes."""

    codes: Codes
    levels: pa.Array


def _part(column: str, tables: Sequence[pa.Table]) -> _Part:
    """Code one column; what is coded already is not looked at row by row again."""
    chunks = [chunk for table in tables for chunk in _as_codes(table[column]).chunks]
    if not chunks:
        return _Part(np.zeros(0, dtype=np.int32), no_codes().dictionary)
    levels = chunks[0].dictionary
    if not all(chunk.dictionary.equals(levels) for chunk in chunks[1:]):
        chunks = pa.chunked_array(chunks, type=_CODED).unify_dictionaries().chunks
        levels = chunks[0].dictionary
    codes = np.concatenate(
        [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in chunks]
    )
    return _Part(codes, levels)


_CODED = pa.dictionary(pa.int32(), pa.string())


def _as_codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type == _CODED:
        return column
    return column.cast(pa.string()).dictionary_encode()


def no_codes() -> pa.DictionaryArray:
    """Return a coded column without rows."""
    return pa.array([], type=pa.string()).dictionary_encode()


def _joined(parts: list[_Part]) -> tuple[Codes, list[Codes]]:
    """Combine the parts' codes into one; return it, and each part's own code behind each."""
    codes, behind = parts[0].codes, [np.arange(len(parts[0].levels), dtype=np.int32)]
    for part in parts[1:]:
        codes, left, right = pairs(codes, part.codes, len(behind[0]), len(part.levels))
        behind = [*(own[left] for own in behind), right]
    return codes, behind


def _split(codes: Codes, lengths: list[int]) -> tuple[Codes, ...]:
    return tuple(np.split(codes, np.cumsum(lengths)[:-1]))
