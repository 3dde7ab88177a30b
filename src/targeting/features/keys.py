"""Profile keys as numbers: every distinct key is coded once, not looked up at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


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

    codes: tuple[npt.NDArray[np.int32], ...]
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
        Arrow tables that hold the columns, as text.

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
        shared = np.zeros(sum(lengths), dtype=np.int32)
        return KeyCodes(_split(shared, lengths), pa.table({}))
    parts = [_part(column, tables) for column in columns]
    joint, behind = _joint(parts)
    names = {
        column: part.levels.take(pa.array(codes))
        for column, part, codes in zip(columns, parts, behind, strict=True)
    }
    return KeyCodes(_split(joint, lengths), pa.table(names))


@dataclass(frozen=True, slots=True)
class _Part:
    """One column of a key: a code per row, and the levels behind the codes."""

    codes: npt.NDArray[np.int64]
    levels: pa.Array


def _part(column: str, tables: Sequence[pa.Table]) -> _Part:
    """Code one column; what is coded already is not looked at row by row again."""
    chunks = [chunk for table in tables for chunk in _as_codes(table[column]).chunks]
    whole = pa.chunked_array(chunks, type=_CODED).unify_dictionaries().combine_chunks()
    if not isinstance(whole, pa.DictionaryArray):
        whole = no_codes()
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return _by_first_appearance(codes, whole.dictionary)


_CODED = pa.dictionary(pa.int32(), pa.string())


def _as_codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type == _CODED:
        return column
    return column.cast(pa.string()).dictionary_encode()


def no_codes() -> pa.DictionaryArray:
    """Return a coded column without rows."""
    return pa.array([], type=pa.string()).dictionary_encode()


def _by_first_appearance(codes: npt.NDArray[np.int32], levels: pa.Array) -> _Part:
    """Renumber the levels as they first appear; two codes of one text become one."""
    texts = levels.dictionary_encode()
    if levels.null_count or len(texts.dictionary) < len(levels):
        same = texts.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        codes = np.where(codes >= 0, same[codes], -1) if len(levels) else codes
        levels = texts.dictionary
    known = codes >= 0
    numbered, seen = pd.factorize(codes[known])
    ordered = np.full(len(codes), -1, dtype=np.int64)
    ordered[known] = numbered
    return _Part(ordered, levels.take(pa.array(seen)))


def _joint(
    parts: list[_Part],
) -> tuple[npt.NDArray[np.int32], list[npt.NDArray[np.int64]]]:
    """Combine the parts' codes into one, numbered by first appearance.

    Returns the codes, and each part's own code behind every combined one.
    """
    if len(parts) == 1:
        codes = parts[0].codes
        return codes.astype(np.int32), [np.arange(len(parts[0].levels))]
    combined = parts[0].codes.copy()
    missing = np.any([part.codes < 0 for part in parts], axis=0)
    combined = combined[~missing]
    # Numbered after every part, so that the product of two never leaves 64 bits.
    uniques = np.arange(len(parts[0].levels))
    behind = [uniques]
    for part in parts[1:]:
        combined = combined * max(len(part.levels), 1) + part.codes[~missing]
        combined, seen = pd.factorize(combined)
        before, last = np.divmod(np.asarray(seen, dtype=np.int64), max(len(part.levels), 1))
        behind = [*(codes[before] for codes in behind), last]
    joint = np.full(len(missing), -1, dtype=np.int32)
    joint[~missing] = combined
    return joint, behind


def _split(codes: npt.NDArray[np.int32], lengths: list[int]) -> tuple[npt.NDArray[np.int32], ...]:
    return tuple(np.split(codes, np.cumsum(lengths)[:-1]))
