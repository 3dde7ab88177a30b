"""Honest twins of planted lines: what a simulated trader would have lodged but for the scheme.

A world is lived once more with every scheme watched: what its orders were before it shaped them,
and what its goods lines were before it laid its trace on them. From these a twin of each planted
line is written by the simulator's own hand. The line and its twin differ by the scheme's trace and
by nothing else: the goods ordered and the random draws behind mass and price are the same.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from targeting.simulate import world as live_world
from targeting.simulate.customs_view import arrivals_table
from targeting.simulate.living import live
from targeting.simulate.offences.catalogue import SCHEMES
from targeting.simulate.trade.ground import Ground
from targeting.simulate.trade.yard import NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from targeting.simulate import SimulateSettings
    from targeting.simulate.offences.schemes import Hand, Scheme, Wave
    from targeting.simulate.trade.lines import Lines
    from targeting.simulate.trade.orders import Desk, Orders
    from targeting.simulate.world import Day

Key = tuple[int, int, int]
"""Scheme, trader and second of lodging: no two consignments of a scheme share them."""

SUFFIX = "-twin"
_KEPT = frozenset({"goods", "lines", "supply", "scheme", "wave", "move", "journey", "home"})
"""Fields of an order that a twin keeps: what was ordered, and what no document shows."""

_NEW_SEAL = 900_000_000
"""Seals from this number on are on no other box of the world."""


@dataclass
class Watch:
    """What schemes were given before they changed it.

    Parameters
    ----------
    orders
        Fields of each order before it was shaped.
    lines
        Fields of each goods line of an order before the trace, in order.
    """

    orders: dict[Key, dict[str, Any]] = field(default_factory=dict)
    lines: dict[Key, list[dict[str, Any]]] = field(default_factory=dict)

    def watched(self, scheme: Scheme) -> Scheme:
        """Return a scheme that does as it did and tells this watch of it."""
        return replace(scheme, shape=self._shape(scheme), trace=self._trace(scheme))

    def _shape(self, scheme: Scheme) -> Callable[[Desk, Orders, Wave], Orders]:
        def shape(desk: Desk, orders: Orders, wave: Wave) -> Orders:
            shaped = scheme.shape(desk, orders, wave)
            for at, key in enumerate(_keys(orders)):
                self.orders[key] = {name: getattr(orders, name)[at] for name in _fields(orders)}
            return shaped

        return shape

    def _trace(self, scheme: Scheme) -> Callable[[Lines, Hand, Wave], Lines]:
        def trace(lines: Lines, hand: Hand, wave: Wave) -> Lines:
            for row, key in zip(hand.rows, _keys(hand.orders.take(hand.rows)), strict=True):
                before = {name: getattr(lines, name)[row] for name in _fields(lines)}
                self.lines.setdefault(key, []).append(before)
            return scheme.trace(lines, hand, wave)

        return trace


def _fields(rows: Orders | Lines) -> list[str]:
    return [one.name for one in fields(rows)]


def _keys(orders: Orders) -> list[Key]:
    columns = (orders.scheme.tolist(), orders.trader.tolist(), orders.lodged.tolist())
    return list(zip(*columns, strict=True))


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch every scheme of the worlds lived inside the block."""
    watch = Watch()
    schemes = tuple(watch.watched(scheme) for scheme in SCHEMES)
    with patch.object(live_world, "SCHEMES", schemes):
        yield watch


def twins_of(settings: SimulateSettings, *, first_day: int) -> pa.Table:
    """Write the twins of a world's planted lines.

    Parameters
    ----------
    settings
        The world; it is lived again, as it was.
    first_day
        Days since the world began; lines lodged earlier get no twin.

    Returns
    -------
    pyarrow.Table
        Rows of `declarations`, their ids those of the planted lines with `SUFFIX`. The second
        leg of a journey has none: what it carries was laid at the first.
    """
    ground = Ground.of(settings)
    parts: list[pa.Table] = []
    with watching() as watch:
        for day, _ in live(settings):
            if day.number >= first_day:
                parts += _twins_of_day(ground, day, watch)
            watch.orders.clear()
            watch.lines.clear()
    return pa.concat_tables(parts)


def _twins_of_day(ground: Ground, day: Day, watch: Watch) -> list[pa.Table]:
    rows, orders, lines = _before(day, watch)
    if not len(rows):
        return []
    honest = replace(
        day,
        orders=day.orders.changed(rows, scheme=0, **orders),
        lines=day.lines.changed(rows, illicit=False, **lines),
    )
    table = arrivals_table(ground, replace(honest, papers=_papers(day, honest, rows)))
    at = table.schema.get_field_index("declaration_id")
    twins = table.take(pa.array(rows))
    named = pa.array([f"{name}{SUFFIX}" for name in twins["declaration_id"].to_pylist()])
    return [twins.set_column(at, "declaration_id", named)]


def _before(day: Day, watch: Watch) -> tuple[np.ndarray, dict[str, Any], dict[str, Any]]:
    """Find the planted lines of a day, and what they were before their scheme."""
    rows, seen = [], dict[Key, int]()
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for row, key in enumerate(_keys(day.orders)):
        if key not in watch.orders:
            continue
        place = seen[key] = seen.get(key, -1) + 1
        if day.lines.illicit[row]:
            rows.append(row)
            orders.append(watch.orders[key])
            lines.append(watch.lines[key][place])
    skipped = {"order", "evaded", "quantity", "illicit"}
    return (
        np.array(rows, dtype=np.int64),
        _columns(orders, [name for name in _fields(day.orders) if name not in _KEPT]),
        _columns(lines, [name for name in _fields(day.lines) if name not in skipped]),
    )


def _columns(rows: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    return {name: np.array([row[name] for row in rows]) for name in names}


def _papers(day: Day, honest: Day, rows: np.ndarray) -> Any:
    """Take the box away where the honest goods came without, and give a copied seal its own."""
    papers = day.papers
    unboxed = rows[day.orders.boxed[rows] & ~honest.orders.boxed[rows]]
    copied = rows[
        day.orders.seal_twin[rows] & ~honest.orders.seal_twin[rows] & (papers.seal[rows] != NONE)
    ]
    papers = papers.changed(unboxed, container=NONE, seal=NONE)
    return papers.changed(copied, seal=_NEW_SEAL + day.number * 100_000 + copied)


def changed_columns(planted: pa.Table, twin: pa.Table) -> dict[str, frozenset[str]]:
    """Tell which columns of each planted line its scheme changed: the trace, line by line.

    Parameters
    ----------
    planted
        Declarations with the planted lines.
    twin
        From `twins_of`.

    Returns
    -------
    dict
        By the id of the planted line, names of columns.
    """
    ids = [name.removesuffix(SUFFIX) for name in twin["declaration_id"].to_pylist()]
    place = pc.call_function(
        "index_in", [pa.array(ids)], pc.SetLookupOptions(planted["declaration_id"].combine_chunks())
    )
    lines = planted.take(place).to_pylist()
    return {
        name: frozenset(
            column
            for column, value in was.items()
            if column != "declaration_id" and line[column] != value
        )
        for name, line, was in zip(ids, lines, twin.to_pylist(), strict=True)
    }
