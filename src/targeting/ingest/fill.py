"""One output column from one chunk: join, clean, map, read, check; every fault by row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from targeting.ingest import faults as words
from targeting.ingest.arrow import pc
from targeting.ingest.values import numbers, times

if TYPE_CHECKING:
    from targeting.ingest.chunk import Chunk, Mask, Text
    from targeting.ingest.plan import Recipe
    from targeting.tables.schema import Column


@dataclass(frozen=True, slots=True)
class Filled:
    """One column of a chunk.

    Parameters
    ----------
    values
        In the target's type; null where missing or unreadable.
    faults
        Reason to the rows it concerns.
    nulled
        Values that could not be read and were made null, as the mapping asks.
    outside
        Values that were not in the map, counted.
    """

    values: pa.Array
    faults: dict[str, Mask] = field(default_factory=dict)
    nulled: int = 0
    outside: Counter[str] = field(default_factory=Counter)


def fill(recipe: Recipe, chunk: Chunk) -> Filled:
    """Fill one column from a chunk, as its recipe says.

    Parameters
    ----------
    recipe
        What to do.
    chunk
        Rows of the source as text.
    """
    size = len(chunk.rows)
    if recipe.how.constant is not None:
        scalar = pa.scalar(recipe.how.constant).cast(recipe.target.arrow)
        return Filled(pa.repeat(scalar, size))
    raw, native = _source(recipe, chunk)
    text, faults = _clean(raw, recipe)
    text, outside, counted = _map(text, recipe)
    values, unreadable = _read(text, native, recipe)
    faults |= unreadable | _breaches(values, recipe.target)
    nulled = 0
    if recipe.how.invalid == "null":
        bad = _any(faults, size)
        nulled, values, faults = int(bad.sum()), _without(values, bad), {}
    faults["value not in the map"] = outside
    if not recipe.target.null:
        gone = _mask(values.is_null()) & ~_any(faults, size)
        faults[words.MISSING] = gone
    named = {f"{recipe.label}: {why}": bad for why, bad in faults.items() if bad.any()}
    return Filled(values, named, nulled, counted)


def trimmed(text: Text, nulls: tuple[str, ...]) -> Text:
    """Take white space off both ends and make the words for "no value" null.

    Parameters
    ----------
    text
        Values of one column, shape (n,).
    nulls
        Words that mean "no value".
    """
    clean = pc.utf8_trim_whitespace(text)
    empty = pc.is_in(clean, value_set=pa.array(nulls, pa.string()))
    return pc.if_else(empty, pa.scalar(None, pa.string()), clean)


def _source(recipe: Recipe, chunk: Chunk) -> tuple[Text, Mask]:
    size = len(chunk.rows)
    parts = [chunk.columns.get(name, pa.nulls(size, pa.string())) for name in recipe.how.sources]
    if len(parts) == 1:
        return parts[0], chunk.native.get(recipe.how.sources[0], np.zeros(size, dtype=bool))
    # Trimmed before joining: white space inside a key would make two keys of one.
    clean = [trimmed(part, recipe.nulls) for part in parts]
    joined = pc.binary_join_element_wise(*clean, recipe.how.separator, null_handling="emit_null")
    return joined, np.zeros(size, dtype=bool)


def _clean(raw: Text, recipe: Recipe) -> tuple[Text, dict[str, Mask]]:
    how, text = recipe.how, raw
    if how.strip:
        text = pc.utf8_trim_whitespace(text)
    for mark in how.remove:
        text = pc.replace_substring(text, mark, "")
    if how.case != "keep":
        text = pc.utf8_upper(text) if how.case == "upper" else pc.utf8_lower(text)
    empty = pc.is_in(text, value_set=pa.array(recipe.nulls, pa.string()))
    text = pc.if_else(empty, pa.scalar(None, pa.string()), text)
    return _pad(text, recipe) if how.pad else (text, {})


def _pad(text: Text, recipe: Recipe) -> tuple[Text, dict[str, Mask]]:
    """Give a code of digits its leading zeros back; two lost zeros make no HS chapter."""
    digits = pc.match_substring_regex(text, r"^[0-9]+$")
    padded = pc.if_else(digits, pc.utf8_lpad(text, recipe.how.pad, "0"), text)
    if recipe.target.name != "hs_code":
        return padded, {}
    return padded, {"no HS chapter 00": _mask(pc.starts_with(padded, "00"))}


def _map(text: Text, recipe: Recipe) -> tuple[Text, Mask, Counter[str]]:
    table, otherwise = recipe.how.map, recipe.how.otherwise
    if table is None:
        return text, np.zeros(len(text), dtype=bool), Counter()
    place = pc.index_in(text, value_set=pa.array(list(table), pa.string()))
    mapped = pa.array(list(table.values()), pa.string()).take(place)
    outside = pc.and_(pc.is_null(place), pc.is_valid(text))
    counted = Counter({str(v): n for v, n in _counts(text.filter(outside))})
    if otherwise in ("quarantine", "null", None):
        bad = _mask(outside) & (otherwise == "quarantine")
        return mapped, bad, counted
    other = text if otherwise == "keep" else pa.scalar(otherwise, pa.string())
    return pc.if_else(outside, other, mapped), np.zeros(len(text), dtype=bool), counted


def _counts(values: pa.Array) -> list[tuple[object, int]]:
    return [(one["values"].as_py(), one["counts"].as_py()) for one in pc.value_counts(values)]


def _read(text: Text, native: Mask, recipe: Recipe) -> tuple[pa.Array, dict[str, Mask]]:
    kind = recipe.target.kind
    if kind == "string":
        return text, {}
    if kind == "timestamp":
        return _read_times(text, native, recipe)
    own = pa.array(native)
    read = numbers(text, decimal=recipe.decimal, thousands=recipe.thousands)
    if native.any():
        read = pc.if_else(own, numbers(text, decimal=".", thousands=""), read)
    faults = {words.NOT_A_NUMBER: _mask(pc.and_(pc.is_null(read), pc.is_valid(text)))}
    if recipe.factor != 1.0:
        read = pc.multiply(read, recipe.factor)
    return (read, faults) if kind == "float" else _whole(text, read, faults, recipe.factor)


def _whole(
    text: Text, read: pa.Array, faults: dict[str, Mask], factor: float
) -> tuple[pa.Array, dict[str, Mask]]:
    """Read plain digits exactly; beyond 2^53 the way over a float would change them."""
    plain = pc.match_substring_regex(text, r"^-?[0-9]{1,18}$" if factor == 1.0 else "^$.")
    exact = pc.if_else(plain, text, pa.scalar(None, pa.string())).cast(pa.int64())
    broken = pc.or_(
        pc.not_equal(read, pc.floor(read)), pc.greater(pc.abs(read), float(words.LARGEST_WHOLE))
    )
    bad = _mask(broken) & _mask(exact.is_null())
    rest = _without(read, _mask(broken)).cast(pa.int64())
    return pc.coalesce(exact, rest), faults | {words.NOT_WHOLE: bad}


def _read_times(text: Text, native: Mask, recipe: Recipe) -> tuple[pa.Array, dict[str, Mask]]:
    how = recipe.how
    read, unsure = times(text, formats=how.dates, zone=recipe.zone, clock_change=how.clock_change)
    if native.any():
        # A spreadsheet's date cell and a Parquet timestamp are ISO here, whatever text is.
        iso = [*how.dates, "iso"] if set(how.dates) - {"iso"} else ["iso"]
        typed, _ = times(text, formats=iso, zone=recipe.zone, clock_change=how.clock_change)
        read, unsure = pc.if_else(pa.array(native), typed, read), unsure & ~native
    unreadable = _mask(pc.and_(pc.is_null(read), pc.is_valid(text))) & ~unsure
    faults = {
        words.TWO_TIMES: unsure,
        words.NOT_A_TIME: unreadable,
    }
    return read, faults


def _breaches(values: pa.Array, target: Column) -> dict[str, Mask]:
    faults: dict[str, Mask] = {}
    if target.choices:
        known = pc.is_in(values, value_set=pa.array(target.choices, pa.string()))
        faults[words.NOT_A_WORD] = _mask(pc.and_(pc.invert(known), pc.is_valid(values)))
    if target.pattern:
        fits = pc.match_substring_regex(values, f"^({target.pattern})$")
        faults[words.NOT_OF_FORM] = _mask(pc.invert(fits))
    return faults | _out_of_bounds(values, target)


def _out_of_bounds(values: pa.Array, target: Column) -> dict[str, Mask]:
    faults: dict[str, Mask] = {}
    if target.minimum is not None:
        below = pc.less_equal if target.above_minimum else pc.less
        faults[words.below(target.minimum)] = _mask(below(values, target.minimum))
    if target.maximum is not None:
        faults[words.above(target.maximum)] = _mask(pc.greater(values, target.maximum))
    return faults


def _mask(values: pa.Array) -> Mask:
    return np.asarray(values.fill_null(fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)


def _any(faults: dict[str, Mask], size: int) -> Mask:
    return np.logical_or.reduce([np.zeros(size, dtype=bool), *faults.values()])


def _without(values: pa.Array, bad: Mask) -> pa.Array:
    return pc.if_else(pa.array(bad), pa.scalar(None, values.type), values)
