"""A chunk of the source into staged rows; every other row with all its reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from targeting.ingest.arrow import pc
from targeting.ingest.faults import EARLY
from targeting.ingest.fill import Filled, fill, trimmed
from targeting.ingest.plan import DERIVED, FILE, KEY, NTH, ROW, WHEN

if TYPE_CHECKING:
    from targeting.ingest.chunk import Chunk, Mask, Rejected
    from targeting.ingest.mapping import DerivedSettings
    from targeting.ingest.plan import Plan

_CLOCK = {"declarations": "lodged_at", "inspections": "result_known_at"}
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that goes to the quarantine.

    Parameters
    ----------
    row
        Its number in the file.
    reasons
        All of them, in words.
    raw
        The record as JSON.
    """

    row: int
    reasons: tuple[str, ...]
    raw: str


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of a chunk.

    Parameters
    ----------
    rows
        Staged rows: our own columns, the table's, extra ones, those of derived inspections.
    refused
        All other rows.
    nulled
        Unreadable values made null, by column.
    outside
        Values outside maps, by column.
    """

    rows: pa.Table
    refused: tuple[Refused, ...]
    nulled: Counter[str]
    outside: dict[str, Counter[str]]


def convert(chunk: Chunk, plan: Plan, *, file: int) -> Converted:
    """Convert a chunk as planned.

    Parameters
    ----------
    chunk
        Rows of the source as text.
    plan
        Recipes of the table.
    file
        Place of the file among all inputs.
    """
    filled = {recipe.name: fill(recipe, chunk) for recipe in plan.recipes}
    faults = _merged(list(filled.values()))
    values = {name: one.values for name, one in filled.items()}
    if plan.derived is not None:
        later = {recipe.name: fill(recipe, chunk) for recipe in plan.derived_recipes}
        values, found = _derive(values, later, chunk, plan)
        faults |= found
        filled |= later
    elif plan.table.name == "inspections":
        values, found = _complete(values, plan.assumed_delay_days)
        faults |= found
    bad = np.logical_or.reduce([np.zeros(len(chunk.rows), dtype=bool), *faults.values()])
    rows = _staged(values, chunk, plan, file=file).filter(pa.array(~bad))
    labels = {one.name: one.label for one in (*plan.recipes, *plan.derived_recipes)}
    return Converted(
        rows=rows,
        refused=_refused(chunk, faults, bad),
        nulled=Counter({labels[name]: one.nulled for name, one in filled.items() if one.nulled}),
        outside={labels[name]: one.outside for name, one in filled.items() if one.outside},
    )


def _merged(filled: list[Filled]) -> dict[str, Mask]:
    return {why: bad for one in filled for why, bad in one.faults.items()}


def _staged(values: dict[str, pa.Array], chunk: Chunk, plan: Plan, *, file: int) -> pa.Table:
    size = len(chunk.rows)
    counted = values.get("amendment_count", pa.nulls(size, pa.int64()))
    ours: dict[str, pa.Array] = {
        FILE: pa.repeat(pa.scalar(file, pa.int64()), size),
        ROW: pa.array(chunk.rows),
        KEY: values[plan.table.key],
        WHEN: values[_CLOCK[plan.table.name]],
        NTH: counted,
    }
    return pa.table(ours | values)


def _refused(chunk: Chunk, faults: dict[str, Mask], bad: Mask) -> tuple[Refused, ...]:
    rows = [
        Refused(int(chunk.rows[i]), tuple(why for why, m in faults.items() if m[i]), chunk.raw(i))
        for i in np.flatnonzero(bad).tolist()
    ]
    rows += [_whole(one) for one in chunk.rejected]
    return tuple(sorted(rows, key=lambda one: one.row))


def _whole(one: Rejected) -> Refused:
    return Refused(one.row, (one.reason,), one.raw)


def _derive(
    values: dict[str, pa.Array], later: dict[str, Filled], chunk: Chunk, plan: Plan
) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
    """Add the columns of the inspection that a label tells of; null where there is no label."""
    derived = plan.derived
    if derived is None:
        return values, {}
    result, unknown = _label(derived, chunk, plan)
    labelled = np.asarray(result.is_valid())
    own = {name.removeprefix(DERIVED): one.values for name, one in later.items()}
    lodged = values["lodged_at"]
    if "inspected_at" not in own:
        own["inspected_at"] = _after(lodged, derived.inspected_after_days)
    if "result_known_at" not in own:
        own["result_known_at"] = _after(lodged, derived.assumed_delay_days or 0)
    own.setdefault("selected_by", pa.repeat(derived.selected_by, len(result)))
    faults = {why: bad & labelled for why, bad in _merged(list(later.values())).items()}
    for name in ("inspected_at", "result_known_at", "selected_by"):
        known = np.asarray(own[name].is_valid())
        # A time that only follows from a missing lodging time is that fault, not another.
        asked = DERIVED + name in later
        faults[f"inspections.{name}: missing"] = labelled & ~known & asked
    faults |= {f"inspections.{why}": bad & labelled for why, bad in _early(own).items()}
    faults["label: neither hit nor clear"] = unknown
    staged = {DERIVED + name: one for name, one in ({"result": result} | own).items()}
    blank = {name: _where(one, labelled) for name, one in staged.items()}
    return values | blank, {why: bad for why, bad in faults.items() if bad.any()}


def _label(derived: DerivedSettings, chunk: Chunk, plan: Plan) -> tuple[pa.Array, Mask]:
    label = derived.label
    size = len(chunk.rows)
    text = trimmed(chunk.columns.get(label.from_, pa.nulls(size, pa.string())), plan.nulls)
    words = pa.array([*label.hit, *label.clear], pa.string())
    meanings = pa.array(["hit"] * len(label.hit) + ["clear"] * len(label.clear), pa.string())
    result = meanings.take(pc.index_in(text, value_set=words))
    unknown = np.asarray(pc.and_(result.is_null(), text.is_valid()), dtype=bool)
    return result, unknown & (label.otherwise == "quarantine")


def _complete(
    values: dict[str, pa.Array], assumed_delay_days: float | None
) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
    """Add the assumed date of a result, and refuse a result known before its examination."""
    if assumed_delay_days is not None:
        values = values | {"result_known_at": _after(values["inspected_at"], assumed_delay_days)}
    return values, {why: bad for why, bad in _early(values).items() if bad.any()}


def _after(times: pa.Array, days: float) -> pa.Array:
    span = pa.scalar(round(days * _DAY_US), pa.duration("us"))
    return pc.add(times, span)


def _early(values: dict[str, pa.Array]) -> dict[str, Mask]:
    early = pc.less(values["result_known_at"], values["inspected_at"]).fill_null(fill_value=False)
    return {f"result_known_at: {EARLY}": np.asarray(early, dtype=bool)}


def _where(values: pa.Array, kept: Mask) -> pa.Array:
    return pc.if_else(pa.array(kept), values, pa.scalar(None, values.type))
