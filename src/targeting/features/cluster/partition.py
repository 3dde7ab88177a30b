"""What one task of a cluster does with the events of its keys, as they stream by.

A task is handed Arrow batches ordered by key, day, kind of event and moment, and yields Arrow
batches. It runs the kernel of `profiles.replay` on a batch's worth of events at a time and carries
the state of the last key over to the next, so its memory does not grow with its share of the
history, nor with a key that holds a tenth of it. Nothing here knows Spark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from targeting.features.columns import floats_of
from targeting.features.derived import DERIVED, source_of
from targeting.features.engine import DAY, measured_as
from targeting.features.kernel import STATISTICS, grouped, known_before
from targeting.features.keys import encode
from targeting.features.lines import Lines
from targeting.features.measures import MEASURES
from targeting.features.profiles import Declared, ProfileState, Results, replay
from targeting.features.replays import Amounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int32]
    Bools = npt.NDArray[np.bool_]
    Batches = Iterator[pa.RecordBatch]

KIND, AT, ID, ROW, ONE, TWO, NUMBERS = (
    "_kind", "_at", "_id", "_row", "_one", "_two", "_numbers",
)  # fmt: skip
"""Columns of an event beside its key and `DAY`: what it is; when and which, to put the events of a
day in order; the row of a wanted declaration, or -1; value and mass, or hit and revenue; and the
sums of a profile."""

HELD, LODGED, KNOWN = 0, 1, 2
"""Kinds of events, in the order they count within a day: a profile held before, a declaration, a
result."""

NOT_WANTED = -1

SOURCE = "_from_"
"""Goes before the name of a column that keys are made of: an extract's own names may be any."""

_STATE_DAYS, _READ_DAYS = 4, 3


def packed(sums: Floats, days: npt.NDArray[np.number]) -> pa.Array:
    """Lay the sums and days of each profile out as bytes: one column instead of dozens.

    Parameters
    ----------
    sums
        Shape (n, k).
    days
        Shape (n, 3 or 4).

    Examples
    --------
    >>> sums, days = unpacked(packed(np.array([[1.5, 2.0]]), np.array([[7.0]])), 2)
    >>> sums.tolist(), days.tolist()
    ([[1.5, 2.0]], [[7.0]])
    """
    numbers = np.ascontiguousarray(np.hstack([sums, days]), dtype=np.float64)
    large = numbers.nbytes > np.iinfo(np.int32).max  # more bytes than small offsets can count
    ends = np.arange(len(numbers) + 1, dtype=np.int64) * (numbers.shape[1] * numbers.itemsize)
    offsets = pa.py_buffer(ends if large else ends.astype(np.int32))
    kind = pa.large_binary() if large else pa.binary()
    return pa.Array.from_buffers(kind, len(numbers), [None, offsets, pa.py_buffer(numbers)])


def unpacked(column: pa.Array | pa.ChunkedArray, sums: int) -> tuple[Floats, Floats]:
    """Read what `packed` laid out.

    Parameters
    ----------
    column
        Bytes without gaps, of one length.
    sums
        How many of each row's numbers are sums.

    Returns
    -------
    tuple of ndarray
        Sums and days.
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [_numbers(chunk) for chunk in chunks if len(chunk)]
    numbers = np.concatenate(parts) if parts else np.zeros((0, sums + _STATE_DAYS))
    return np.ascontiguousarray(numbers[:, :sums]), np.ascontiguousarray(numbers[:, sums:])


def _numbers(chunk: pa.Array) -> Floats:
    _, ends, data = chunk.cast(pa.binary()).buffers()
    places = np.frombuffer(ends, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    numbers = np.frombuffer(memoryview(data)[places[0] : places[-1]], dtype=np.float64)
    return numbers.reshape(len(chunk), -1)


def whole_days(batches: Batches, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Cut a stream of events anew, so that no cut parts the events of a key's day.

    Parameters
    ----------
    batches
        Ordered by the key's columns and `DAY`.
    columns
        The key's columns.
    """
    rest: pa.Table | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        more = pa.Table.from_batches([batch])
        events = more if rest is None else pa.concat_tables([rest, more])
        end = _last_begins(events, (*columns, DAY))
        if end:
            yield events.slice(0, end)
        rest = events.slice(end)
    if rest is not None:
        yield rest


def _last_begins(events: pa.Table, columns: Sequence[str]) -> int:
    """Return the row at which the last key's last day begins."""
    other = np.zeros(events.num_rows, dtype=bool)
    for name in columns:
        equal = pc.call_function("equal", [events[name], events[name][-1]])
        other |= ~equal.to_numpy()
    return int(np.flatnonzero(other)[-1]) + 1 if other.any() else 0


@dataclass(frozen=True, slots=True)
class Derive:
    """Makes the key columns, each as text, and what stands above and below each measure's line.

    Parameters
    ----------
    keys
        Columns of keys, the derived ones included, by the names they are given.
    kept
        Columns handed on as they are.
    measures
        Ratios besides the price that keys follow.
    """

    keys: Mapping[str, str]
    kept: tuple[str, ...]
    measures: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns of the tables it needs."""
        measured = (name for one in self.measures for name in MEASURES[one].columns)
        return tuple(dict.fromkeys([*map(source_of, self.keys.values()), *measured]))

    @property
    def made(self) -> dict[str, pa.DataType]:
        """Columns it makes, and their types."""
        parts = [part for one in self.measures for part in measured_as(one)]
        return dict.fromkeys(self.keys, pa.string()) | dict.fromkeys(parts, pa.float64())

    def __call__(self, batches: Batches) -> Batches:
        """Work on a task's share of the rows.

        Parameters
        ----------
        batches
            Rows with `sources`, `SOURCE` before their names.
        """
        for batch in batches:
            kept = {name: batch[name] for name in self.kept}
            rows = pa.table({name: batch[SOURCE + name] for name in self.sources})
            yield pa.RecordBatch.from_pydict(kept | self._texts(rows) | self._measured(rows))

    def _texts(self, rows: pa.Table) -> dict[str, pa.Array]:
        coded = {name: _coded(rows[name]) for name in set(map(source_of, self.keys.values()))}
        return {
            given: (DERIVED[name].of(coded[source_of(name)]) if name in DERIVED else coded[name])
            .cast(pa.string())
            for given, name in self.keys.items()
        }  # fmt: skip

    def _measured(self, rows: pa.Table) -> dict[str, pa.Array]:
        lines = Lines.of_table(rows, "UTC")
        return {
            name: pa.array(part)
            for one in self.measures
            for name, part in zip(measured_as(one), MEASURES[one].of(lines), strict=True)
        }


def _coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    coded = column.cast(pa.string()).dictionary_encode().combine_chunks()
    assert isinstance(coded, pa.DictionaryArray)  # noqa: S101 - for the type checker
    return coded


@dataclass(frozen=True, slots=True)
class _Last:
    """The last key of the events so far, which the next ones may go on with."""

    parts: pa.Table
    state: ProfileState
    first: pa.Table


_FIRST = (KIND, DAY, AT, ID)


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays keys: yields what each wanted declaration reads, and the states where kept.

    Parameters
    ----------
    parts
        The key's columns.
    half_lives_days
        Half-lives in days.
    keep
        Whether to yield each key's state after its last event, with its first event, by which
        the keys of all tasks are put in the order of their first appearance.
    """

    parts: tuple[str, ...]
    half_lives_days: tuple[float, ...]
    keep: bool = False

    def __call__(self, batches: Batches) -> Batches:
        """Work on a task's share of the events.

        Parameters
        ----------
        batches
            Events by key, `DAY`, `KIND`, `AT`, `ID`. A profile held before comes first: its day
            is before every other.
        """
        last: _Last | None = None
        for events in whole_days(batches, self.parts):
            coded = encode(self.parts, [events])
            goes_on = last is not None and last.parts.equals(coded.parts.slice(0, 1))
            if last is not None and not goes_on:
                yield from self._done(last)
            state = self._begun(events, coded.codes[0], last if goes_on else None)
            yield from self._read(events, coded.codes[0], state)
            firsts = _firsts(events, coded.codes[0], last if goes_on else None)
            upto = coded.parts.num_rows - 1
            yield from self._done(_Last(*_some((coded.parts, state, firsts), 0, upto)))
            last = _Last(*_some((coded.parts, state, firsts), upto, upto + 1))
        if last is not None:
            yield from self._done(last)

    def _begun(self, events: pa.Table, code: Ints, last: _Last | None) -> ProfileState:
        """Return the state these events begin from."""
        keys = int(code.max()) + 1
        state = ProfileState.empty(keys, len(self.half_lives_days))
        if last is not None:
            state.sums[0], state.days[0] = last.state.sums[0], last.state.days[0]
        held = _of_kind(events, HELD)
        if held.any():
            sums, days = unpacked(events[NUMBERS].filter(pa.array(held)), state.sums.shape[1])
            state.sums[code[held]], state.days[code[held]] = sums, days.astype(np.int32)
        return state

    def _read(self, events: pa.Table, code: Ints, state: ProfileState) -> Batches:
        rows = events[ROW].to_numpy()
        order, declared = _declared(events, code, rows >= 0)
        results = _results(events, code)
        told = replay(state, declared, results, half_lives_days=self.half_lives_days)
        wanted = order[declared.wanted]
        if len(wanted):
            yield self._laid_out(
                {ROW: pa.array(rows[wanted]), NUMBERS: packed(told.sums, told.days)}
            )

    def _done(self, keys: _Last) -> Batches:
        """Lay out the states of keys that have no more events."""
        if self.keep and keys.parts.num_rows:
            columns = {name: keys.parts[name].combine_chunks() for name in self.parts}
            columns |= {name: keys.first[name].combine_chunks() for name in _FIRST}
            own = {
                ROW: pa.array(np.full(keys.parts.num_rows, NOT_WANTED, dtype=np.int64)),
                NUMBERS: packed(keys.state.sums, keys.state.days),
            }
            yield self._laid_out(own | columns)

    def _laid_out(self, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
        rows = len(columns[ROW])
        return pa.RecordBatch.from_arrays(
            [columns.get(one.name, pa.nulls(rows, one.type)) for one in self.schema],
            schema=self.schema,
        )

    @property
    def schema(self) -> pa.Schema:
        """Columns of what is yielded."""
        told = {ROW: pa.int64(), NUMBERS: pa.binary()}
        if self.keep:
            told |= {KIND: pa.int8(), DAY: pa.int32(), AT: pa.int64(), ID: pa.string()}
            told |= dict.fromkeys(self.parts, pa.string())
        return pa.schema(list(told.items()))


@dataclass(frozen=True, slots=True)
class DaySums:
    """Adds up the events of each day, for the one key all declarations share.

    It has no keys to be spread by, so it is spread by days: the sums of days are added afterwards.

    Parameters
    ----------
    half_lives_days
        Half-lives in days.
    """

    half_lives_days: tuple[float, ...]

    def __call__(self, batches: Batches) -> Batches:
        """Work on a task's share of the days.

        Parameters
        ----------
        batches
            Events by `DAY`, `KIND`, `AT`, `ID`.
        """
        for events in whole_days(batches, ()):
            days, code = np.unique(events[DAY].to_numpy(), return_inverse=True)
            code = code.astype(np.int32)
            state = ProfileState.empty(len(days), len(self.half_lives_days))
            _, declared = _declared(events, code, np.zeros(len(code), dtype=bool))
            results = _results(events, code)
            replay(state, declared, results, half_lives_days=self.half_lives_days)
            columns = [pa.array(days, pa.int32()), packed(state.sums, state.days)]
            yield pa.RecordBatch.from_arrays(columns, schema=self.schema)

    @property
    def schema(self) -> pa.Schema:
        """Columns of what is yielded."""
        return pa.schema([(DAY, pa.int32()), (NUMBERS, pa.binary())])


@dataclass(frozen=True, slots=True)
class Reach:
    """Tells each declaration what had been found with what a link goes through.

    Parameters
    ----------
    parts
        Columns of the key the link goes through.
    of
        Columns of the key the link tells of, carried along.
    """

    parts: tuple[str, ...]
    of: tuple[str, ...]

    def __call__(self, batches: Batches) -> Batches:
        """Work on a task's share of the keys gone through.

        Parameters
        ----------
        batches
            Events by key, `DAY`, `KIND`, `AT`, `ID`. `ONE` and `TWO` of a key held before are its
            examinations and hits.
        """
        key, known = None, (0.0, 0.0)
        for events in whole_days(batches, self.parts):
            coded = encode(self.parts, [events])
            examined, hits = (np.zeros(coded.parts.num_rows) for _ in range(2))
            if key is not None and key.equals(coded.parts.slice(0, 1)):
                examined[0], hits[0] = known
            self._take(events, coded.codes[0], examined, hits)
            yield self._told(events, coded.codes[0], examined, hits)
            key = coded.parts.slice(coded.parts.num_rows - 1)
            known = self._after(events, coded.codes[0], examined[-1], hits[-1])

    @staticmethod
    def _take(events: pa.Table, code: Ints, examined: Floats, hits: Floats) -> None:
        held = _of_kind(events, HELD)
        examined[code[held]] = floats_of(events[ONE])[held]
        hits[code[held]] = floats_of(events[TWO])[held]

    def _told(self, events: pa.Table, code: Ints, examined: Floats, hits: Floats) -> pa.RecordBatch:
        lodged = _of_kind(events, LODGED)
        own = code[lodged]
        examined, hits = examined[own], hits[own]
        results = _results(events, code)
        starts, known = grouped(results.code, int(code.max()) + 1, results.events)
        known_before(own, events[DAY].to_numpy()[lodged], starts, known, examined, hits)
        there = np.flatnonzero(examined > 0)
        told = events.take(pa.array(np.flatnonzero(lodged)[there])).combine_chunks()
        found = {
            ONE: pa.array(hits[there] / examined[there]),
            TWO: pa.array((hits[there] > 0).astype(np.float64)),
        }
        columns = [
            found[name] if name in found else told[name].combine_chunks()
            for name in self.schema.names
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    @staticmethod
    def _after(events: pa.Table, code: Ints, examined: float, hits: float) -> tuple[float, float]:
        """Return what is known of the last key after these events."""
        last = _of_kind(events, KNOWN) & (code == code.max())
        hit = floats_of(events[ONE])[last]
        return float(examined) + len(hit), float(hits) + float(hit.sum())

    @property
    def schema(self) -> pa.Schema:
        """Columns of what is yielded: results of the key the link tells of."""
        own = {DAY: pa.int32(), AT: pa.int64(), ID: pa.string()}
        numbers = {ONE: pa.float64(), TWO: pa.float64()}
        return pa.schema(list((dict.fromkeys(self.of, pa.string()) | own | numbers).items()))


def _of_kind(events: pa.Table, kind: int) -> Bools:
    return events[KIND].to_numpy() == kind


def _in_time(events: pa.Table, chosen: Bools) -> tuple[npt.NDArray[np.int64], Ints]:
    """Return rows of some events by day, keeping each key's own order; and the days."""
    rows = np.flatnonzero(chosen)
    day = events[DAY].to_numpy()[rows]
    order = np.argsort(day, kind="stable")
    return rows[order], day[order]


def _declared(
    events: pa.Table, code: Ints, wanted: Bools
) -> tuple[npt.NDArray[np.int64], Declared]:
    rows, day = _in_time(events, _of_kind(events, LODGED))
    amounts = Amounts.of(*(floats_of(events[name])[rows] for name in (ONE, TWO)))
    return rows, Declared(code[rows], day, amounts.value, amounts.mass, amounts.price, wanted[rows])


def _results(events: pa.Table, code: Ints) -> Results:
    rows, day = _in_time(events, _of_kind(events, KNOWN))
    hit, revenue = (floats_of(events[name])[rows] for name in (ONE, TWO))
    return Results(code[rows], day, hit, revenue)


def _firsts(events: pa.Table, code: Ints, last: _Last | None) -> pa.Table:
    """Return the event each key first appeared with: held, else declared, else a result."""
    kind = events[KIND].to_numpy()
    order = np.lexsort((np.arange(len(code)), kind, code))
    begins = order[np.flatnonzero(np.diff(code[order], prepend=-1))]
    firsts = events.select(list(_FIRST)).take(pa.array(begins))
    if last is not None and last.first[KIND][0].as_py() <= kind[begins[0]]:
        firsts = pa.concat_tables([last.first, firsts.slice(1)])
    return firsts


def _some(
    keys: tuple[pa.Table, ProfileState, pa.Table], start: int, stop: int
) -> tuple[pa.Table, ProfileState, pa.Table]:
    parts, state, firsts = keys
    length = stop - start
    own = ProfileState(state.sums[start:stop].copy(), state.days[start:stop].copy())
    return parts.slice(start, length), own, firsts.slice(start, length)


def state_of(table: pa.Table, half_lives: int) -> tuple[pa.Table, ProfileState]:
    """Put the states `Replay` kept in the order their keys first appeared.

    Parameters
    ----------
    table
        What all tasks yielded, the readings left out.
    half_lives
        How many half-lives there are.

    Returns
    -------
    tuple of Table and ProfileState
        The keys' columns as `Replay` names them, and their states.
    """
    by = pc.SortOptions([(name, "ascending") for name in _FIRST])
    ordered = table.take(pc.call_function("sort_indices", [table.select(list(_FIRST))], by))
    sums, days = unpacked(ordered[NUMBERS], len(STATISTICS) * (1 + half_lives))
    own = [name for name in table.column_names if name not in {*_FIRST, ROW, NUMBERS}]
    return ordered.select(own), ProfileState(sums, days.astype(np.int32))
