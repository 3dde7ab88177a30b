"""Reading every profile of the wanted declarations, on Spark.

The events of a key go to one task by the hash of its text, in the order of their day, and
`partition.Replay` runs the kernel on them as they stream by; the driver collects what the wanted
declarations read, and nothing else. The answers are those of `LocalReplays`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from targeting.features.cluster.partition import (
    AT,
    HELD,
    ID,
    KIND,
    KNOWN,
    LODGED,
    NOT_WANTED,
    NUMBERS,
    ONE,
    ROW,
    TWO,
    DaySums,
    Reach,
    Replay,
    packed,
    state_of,
    unpacked,
)
from targeting.features.cluster.plan import in_words, key_place, mapped
from targeting.features.engine import DAY, measured_as
from targeting.features.kernel import NEVER, STATISTICS
from targeting.features.lines import Lines
from targeting.features.measures import MEASURES
from targeting.features.profiles import Profiles, ProfileState, as_of, merge
from targeting.features.replays import Amounts
from targeting.features.snapshot import KeyProfiles
from targeting.features.spec import key_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    from pyspark.sql import Column, DataFrame, SparkSession

    from targeting.config import FeatureSettings, LinkSettings
    from targeting.features.replays import Caught

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]
    Told = Replay | DaySums | Reach


@dataclass(frozen=True, slots=True)
class SparkReplays:
    """Replays a history that is spread over a cluster; `Source.replays` makes one.

    Parameters
    ----------
    session
        An open session.
    settings
        Half-lives and keys.
    rows
        The wanted declarations, by day, `lodged_at` and `declaration_id`.
    events
        Declarations and results.
    before
        Profiles the replay starts from, by name.
    caught
        By link, the keys it goes through that had been examined before.
    keep
        Told each profile's name and its state after the last event; None keeps none.
    """

    session: SparkSession
    settings: FeatureSettings
    rows: pa.Table
    events: tuple[DataFrame, DataFrame]
    before: Mapping[str, KeyProfiles] = field(default_factory=dict)
    caught: Mapping[str, Caught] = field(default_factory=dict)
    keep: Callable[[str, KeyProfiles], None] | None = None

    def amounts(self, measure: str = "price") -> Amounts:
        """Return the amounts of the wanted declarations.

        Parameters
        ----------
        measure
            `price`, or one of `MEASURES`.
        """
        if measure != "price":
            return Amounts.of(*MEASURES[measure].of(Lines.of_table(self.rows, "UTC")))
        stated = (self.rows[name] for name in ("customs_value", "net_mass_kg"))
        return Amounts.of(*(column.to_numpy() for column in stated))

    def of(self, name: str, columns: tuple[str, ...]) -> Profiles:
        """Read the profiles of a key.

        Parameters
        ----------
        name
            The key's name.
        columns
            The key's columns; none is the one key all declarations share.
        """
        if not columns:
            return self._of_all(name)
        measure = self.settings.measures.get(name, "price")
        lodged = self._of_kind(LODGED, columns, measure=measure)
        return self._replayed(name, columns, lodged.unionByName(self._of_kind(KNOWN, columns)))

    def through(self, link: LinkSettings) -> Profiles:
        """Read the profiles of a link.

        Parameters
        ----------
        link
            Of which key, through which.
        """
        from pyspark.sql import functions as sql

        task = Reach(_parts(link.through), tuple(f"_of{at}" for at in range(len(link.of))))
        told = self._mapped(self._reaching(link, task), task.parts, task)
        renamed = dict(zip(task.of, _parts(link.of), strict=True))
        told = told.withColumnsRenamed(renamed).select(
            *renamed.values(), DAY, AT, ID, ONE, TWO,
            sql.lit(KNOWN).cast("tinyint").alias(KIND),
            sql.lit(NOT_WANTED).cast("bigint").alias(ROW),
        )  # fmt: skip
        lodged = self._of_kind(LODGED, link.of)
        return self._replayed(link.name, link.of, lodged.unionByName(told))

    def _reaching(self, link: LinkSettings, task: Reach) -> DataFrame:
        """Return the events of what a link goes through; lines carry the key it tells of."""
        from pyspark.sql import functions as sql

        carried = [sql.col(name) for name in self._names(link.of)]
        own = [column.alias(name) for column, name in zip(carried, task.of, strict=True)]
        lodged = self._of_kind(LODGED, link.through, own)
        lodged = lodged.na.drop(subset=list(task.of))
        nothing = [sql.lit(None).cast("string").alias(name) for name in task.of]
        events = lodged.unionByName(self._of_kind(KNOWN, link.through, nothing))
        caught = self.caught.get(link.name)
        if caught is None or not caught.parts.num_rows:
            return events
        numbers = {ONE: pa.array(caught.examinations), TWO: pa.array(caught.hits)}
        held = self._held(caught.parts.select(list(link.through)), numbers)
        return events.unionByName(held, allowMissingColumns=True)

    def _replayed(self, name: str, columns: tuple[str, ...], events: DataFrame) -> Profiles:
        parts, before = _parts(columns), self.before.get(name)
        if before is not None and before.parts.num_rows:
            numbers = {NUMBERS: packed(before.state.sums, before.state.days)}
            held = self._held(before.parts.select(list(columns)), numbers)
            events = events.unionByName(held, allowMissingColumns=True)
        half_lives = self.settings.half_lives_days
        task = Replay(parts, half_lives, keep=self.keep is not None)
        if NUMBERS not in events.columns:
            events = _without_numbers(events)
        told = self._mapped(events, parts, task).toArrow()
        read = told.filter(pa.array(told[ROW].to_numpy() >= 0)) if task.keep else told
        if self.keep is not None:
            states = told.filter(pa.array(told[ROW].to_numpy() < 0))
            found, state = state_of(states, len(half_lives))
            self.keep(name, KeyProfiles(found.rename_columns(list(columns)), state))
        return self._in_order(read)

    def _in_order(self, read: pa.Table) -> Profiles:
        """Put what was read into the rows of the wanted declarations; NaN where there is no key."""
        width = len(STATISTICS) * (1 + len(self.settings.half_lives_days))
        sums = np.full((self.rows.num_rows, width), np.nan)
        days = np.full((self.rows.num_rows, 3), np.nan)
        if read.num_rows:
            rows = read[ROW].to_numpy()
            sums[rows], days[rows] = unpacked(read[NUMBERS], width)
        return Profiles(sums, days)

    def _of_all(self, name: str) -> Profiles:
        """Add up each day's events on the cluster, and the days here."""
        lodged, known = (self._of_kind(kind, ()) for kind in (LODGED, KNOWN))
        task = DaySums(self.settings.half_lives_days)
        told = self._mapped(lodged.unionByName(known), (), task).toArrow()
        before = self.before.get(name)
        state = before.state if before else ProfileState.empty(1, len(task.half_lives_days))
        profiles, state = over_days(told, self.rows[DAY].to_numpy(), state, task.half_lives_days)
        if self.keep is not None:
            self.keep(name, KeyProfiles(pa.table({}), state))
        return profiles

    def _names(self, columns: Sequence[str]) -> list[str]:
        places = key_columns(self.settings)
        return [key_place(places.index(name)) for name in columns]

    def _of_kind(
        self, kind: int, columns: tuple[str, ...], more: Sequence[Column] = (), *,
        measure: str = "price",
    ) -> DataFrame:  # fmt: skip
        """Return the events of a kind whose key is there, its columns named by their place."""
        from pyspark.sql import functions as sql

        events = self.events[0 if kind == LODGED else 1]
        parts = zip(self._names(columns), _parts(columns), strict=True)
        named = [sql.col(own).alias(part) for own, part in parts]
        which = sql.lit(kind).cast("tinyint").alias(KIND)
        numbers = (ONE, TWO) if measure == "price" else measured_as(measure)
        one, two = (
            sql.col(name).alias(given) for name, given in zip(numbers, (ONE, TWO), strict=True)
        )
        chosen = events.select(*named, DAY, which, AT, ID, ROW, one, two, *more)
        return chosen.na.drop(subset=list(_parts(columns))) if columns else chosen

    def _held(self, parts: pa.Table, numbers: Mapping[str, pa.Array]) -> DataFrame:
        """Hand what was held of keys before to the cluster, as events before every other."""
        rows = parts.num_rows
        columns = {_parts(parts.column_names)[at]: c for at, c in enumerate(parts.columns)}
        own = {
            DAY: pa.array(np.full(rows, NEVER, dtype=np.int32)),
            KIND: pa.array(np.full(rows, HELD, dtype=np.int8)),
            AT: pa.array(np.arange(rows, dtype=np.int64)),
            ID: pa.array([""] * rows, pa.string()),
            ROW: pa.array(np.full(rows, NOT_WANTED, dtype=np.int64)),
        }
        return self.session.createDataFrame(pa.table(columns | own | dict(numbers)))

    @staticmethod
    def _mapped(events: DataFrame, parts: tuple[str, ...], task: Told) -> DataFrame:
        """Bring each key's events together, in time, and run a task on them."""
        together = events.repartition(*(parts or (DAY,)))
        ordered = together.sortWithinPartitions(*parts, DAY, KIND, AT, ID)
        return mapped(ordered, task, in_words(task.schema))


def _without_numbers(events: DataFrame) -> DataFrame:
    from pyspark.sql import functions as sql

    return events.withColumn(NUMBERS, sql.lit(None).cast("binary"))


def _parts(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"_part{at}" for at in range(len(columns)))


def over_days(
    told: pa.Table, asked: npt.NDArray[np.int32], state: ProfileState, half_lives: Sequence[float]
) -> tuple[Profiles, ProfileState]:
    """Walk the days of the key all declarations share: read, then add the day's sums.

    Parameters
    ----------
    told
        What `partition.DaySums` yielded, in any order.
    asked
        Shape (n,). Day of each wanted declaration.
    state
        Before the first day.
    half_lives
        Half-lives in days.

    Returns
    -------
    tuple of Profiles and ProfileState
        What each wanted declaration reads, and the state after the last day.
    """
    told = told.sort_by(DAY)
    width = state.sums.shape[1]
    sums, days = unpacked(told[NUMBERS], width)
    read_sums, read_days = np.empty((len(sums), width)), np.empty((len(sums), 3))
    lived = told[DAY].to_numpy()
    for at, day in enumerate(lived):
        state = as_of(state, int(day), half_lives_days=half_lives)
        since = day - state.days[0, :3].astype(np.float64)
        read_sums[at] = state.sums[0]
        read_days[at] = np.where(state.days[0, :3] == NEVER, np.nan, since)
        that_day = ProfileState(sums[at : at + 1], days[at : at + 1].astype(np.int32))
        state = merge(state, that_day)
    place = np.searchsorted(lived, asked)
    return Profiles(read_sums[place], read_days[place]), state
