"""Declarations as features read them: columns of numbers and of distinct texts.

A history comes from Arrow, a declaration scored online from a mapping. Either way a feature sees
arrays: what is said of a text is worked out once for each distinct one, what is said of numbers by
the same operations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from targeting.errors import ConfigError
from targeting.features.derived import DERIVED, HS_LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Codes = npt.NDArray[np.int32]

Value: TypeAlias = str | int | float | bool | datetime | None
"""What a declaration may hold in a column."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROS = 1_000_000
_LARGEST_TEXT = 2**31  # bytes Arrow's plain strings hold; a country's descriptions may be more


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: a code per line, and the distinct texts behind the codes.

    Parameters
    ----------
    codes
        Shape (n,). Place of each line's text among the levels; -1 where it is missing.
    levels
        Distinct texts.
    """

    codes: Codes
    levels: Sequence[str]

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Texts:
        """Code a few texts.

        Parameters
        ----------
        values
            One per line; None where it is missing.

        Examples
        --------
        >>> Texts.of(["ab", None, "ab"]).codes.tolist()
        [0, -1, 0]
        """
        place: dict[str, int] = {}
        codes = [-1 if text is None else place.setdefault(text, len(place)) for text in values]
        return cls(np.array(codes, dtype=np.int32), tuple(place))

    @property
    def known(self) -> Bools:
        """Which lines have a text, shape (n,)."""
        return self.codes >= 0

    def map(self, value_of: Callable[[str], float]) -> Floats:
        """Apply a function once to each distinct text; NaN where it is missing.

        Parameters
        ----------
        value_of
            From a text to a number, NaN where it has none.

        Examples
        --------
        >>> Texts.of(["ab", None, "ab"]).map(len).tolist()
        [2.0, nan, 2.0]
        """
        return np.array([*map(value_of, self.levels), np.nan], dtype=np.float64)[self.codes]

    def cut(self, text_of: Callable[[str], str | None]) -> Texts:
        """Apply a function once to each distinct text, to get another column of texts.

        Parameters
        ----------
        text_of
            From a text to another, None where there is none.

        Examples
        --------
        >>> Texts.of(["TR1", "TR2"]).cut(lambda text: text[:2])
        Texts(codes=array([0, 0], dtype=int32), levels=('TR',))
        """
        made = Texts.of([*map(text_of, self.levels), None])
        return Texts(made.codes[self.codes], made.levels)

    def among(self, words: Collection[str]) -> Bools:
        """Tell which lines have one of some texts, shape (n,); a missing text is none of them.

        Parameters
        ----------
        words
            The texts.

        Examples
        --------
        >>> Texts.of(["FCL", None, "LCL"]).among(["FCL"]).tolist()
        [True, False, False]
        """
        return np.array([*(text in words for text in self.levels), False])[self.codes]

    def is_(self, other: Texts) -> Bools:
        """Tell which lines have the same text in both columns, shape (n,).

        Parameters
        ----------
        other
            Another column of the same lines.

        Examples
        --------
        >>> Texts.of(["C1", "C1", None]).is_(Texts.of(["C2", "C1", None])).tolist()
        [False, True, False]
        """
        place = {text: code for code, text in enumerate(self.levels)}
        theirs = np.array([*(place.get(text, -2) for text in other.levels), -2], dtype=np.int32)
        return self.codes == theirs[other.codes]

    def with_(self, other: Texts, value_of: Callable[[str, str], float]) -> Floats:
        """Apply a function once to each distinct pair of texts; NaN where either is missing.

        Parameters
        ----------
        other
            Another column of the same lines.
        value_of
            From a text of each to a number.

        Examples
        --------
        >>> goods = Texts.of(["08", "08", None])
        >>> goods.with_(Texts.of(["TR", "IR", "IR"]), lambda hs, origin: origin == "IR").tolist()
        [0.0, 1.0, nan]
        """
        width = max(len(other.levels), 1)
        pair = np.where(self.known & other.known, self.codes.astype(np.int64) * width, -1)
        pair = np.where(pair < 0, -1, pair + other.codes)
        pairs, which = np.unique(pair, return_inverse=True)
        told = [
            np.nan if one < 0 else value_of(self.levels[one // width], other.levels[one % width])
            for one in map(int, pairs)
        ]
        return np.array(told, dtype=np.float64)[which]


class _Source(Protocol):
    """Where columns come from."""

    def __len__(self) -> int: ...
    def number(self, name: str) -> Floats: ...
    def amount(self, name: str) -> Floats: ...
    def extra_number(self, name: str) -> Floats: ...
    def text(self, name: str) -> Texts: ...
    def micros(self, name: str) -> Floats: ...
    def clock(self, time_zone: str) -> tuple[Floats, Floats]: ...


@dataclass(frozen=True, slots=True)
class Lines:
    """Declarations by column; each column is read once, when it is first asked for.

    Parameters
    ----------
    source
        Where the columns come from: `of_table` and `of_rows` make it.
    time_zone
        The administration's, which tells the hour of lodging.
    """

    source: _Source
    time_zone: str
    _texts: dict[str, Texts] = field(default_factory=dict)
    _clock: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def of_table(cls, table: pa.Table, time_zone: str) -> Lines:
        """Read declarations of an Arrow table.

        Parameters
        ----------
        table
            Columns of the schema with its types, and extra ones.
        time_zone
            IANA name.
        """
        return cls(_ArrowSource(table), time_zone)

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[str, Value]], time_zone: str) -> Lines:
        """Read a few declarations; for one, this takes a thousandth of a table's time.

        Parameters
        ----------
        rows
            Columns by name, with the types of the schema; one left out is missing.
        time_zone
            IANA name.

        Examples
        --------
        >>> lines = Lines.of_rows([{"hs_code": "080510", "package_count": 4}], "UTC")
        >>> lines.number("package_count").tolist(), lines.text("hs2").levels
        ([4.0], ('08',))
        """
        return cls(_RowSource(rows), time_zone)

    def __len__(self) -> int:
        return len(self.source)

    def number(self, name: str) -> Floats:
        """Return a column of numbers, shape (n,); NaN where one is missing.

        Parameters
        ----------
        name
            Of a column of numbers.
        """
        return self.source.number(name)

    def amount(self, name: str) -> Floats:
        """Return a column as numbers, shape (n,); NaN where it holds none, or an infinite one.

        Parameters
        ----------
        name
            Of a column of any type; an extract may lack it.

        Examples
        --------
        >>> Lines.of_rows([{"a": "2.5"}, {"a": "heavy"}, {}], "UTC").amount("a").tolist()
        [2.5, nan, nan]
        """
        values = self.source.amount(name)
        return np.where(np.isinf(values), np.nan, values)

    def extra_number(self, name: str) -> Floats:
        """Return an extra column of numbers, shape (n,); NaN where one is missing.

        Parameters
        ----------
        name
            Of a column the settings list under `numbers`.

        Raises
        ------
        ConfigError
            If it holds text that is no number.
        """
        try:
            return self.source.extra_number(name)
        except (ValueError, TypeError) as error:
            raise ConfigError(
                "an extra column listed under `numbers` holds text",
                where=f"declarations: column {name}",
                found="a value that is no number",
                do="List it under `categories`, or ingest it as a number.",
            ) from error

    def text(self, name: str) -> Texts:
        """Return a column as texts; one that an extract lacks is missing throughout.

        Parameters
        ----------
        name
            Of a column of any type, or a level of the goods code.
        """
        if name in HS_LEVELS:
            return self.key(name)
        if name not in self._texts:
            self._texts[name] = self.source.text(name)
        return self._texts[name]

    def key(self, name: str) -> Texts:
        """Return a column profile keys are made of, as texts.

        Parameters
        ----------
        name
            Of a column, or of one derived from another.
        """
        if name not in DERIVED:
            return self.text(name)
        kept, derived = f"key {name}", DERIVED[name]
        if kept not in self._texts:
            self._texts[kept] = self.text(derived.source).cut(derived.text_of)
        return self._texts[kept]

    def micros(self, name: str) -> Floats:
        """Return a column of moments as microseconds from 1970, shape (n,); NaN where missing.

        Parameters
        ----------
        name
            Of a column of moments.
        """
        return self.source.micros(name)

    @property
    def hour(self) -> Floats:
        """Local hour of lodging, shape (n,)."""
        return self._local("hour")

    @property
    def weekday(self) -> Floats:
        """Local weekday of lodging, Monday is 0, shape (n,)."""
        return self._local("weekday")

    def _local(self, part: str) -> Floats:
        if not self._clock:
            hour, weekday = self.source.clock(self.time_zone)
            self._clock.update(hour=hour, weekday=weekday)
        return self._clock[part]


@dataclass(frozen=True, slots=True)
class _ArrowSource:
    """Columns of an Arrow table."""

    table: pa.Table

    def __len__(self) -> int:
        return self.table.num_rows

    def _nothing(self, name: str) -> Floats | None:
        """Return a column of gaps where the table has none of that name."""
        return None if name in self.table.column_names else np.full(len(self), np.nan)

    def number(self, name: str) -> Floats:
        if (nothing := self._nothing(name)) is not None:
            return nothing
        return self.table[name].cast(pa.float64()).to_numpy(zero_copy_only=False)

    def amount(self, name: str) -> Floats:
        if (nothing := self._nothing(name)) is not None:
            return nothing
        column = self.table[name]
        if _is_number(column.type):
            return self.number(name)
        values = pd.to_numeric(column.to_pandas(), errors="coerce")
        return values.to_numpy(dtype=np.float64, na_value=np.nan)

    def extra_number(self, name: str) -> Floats:
        values = pd.to_numeric(self.table[name].to_pandas())
        return values.to_numpy(dtype=np.float64, na_value=np.nan)

    def text(self, name: str) -> Texts:
        if name not in self.table.column_names:
            return Texts(np.full(len(self), -1, dtype=np.int32), ())
        coded = as_coded(self.table[name])
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return Texts(codes, coded.dictionary.to_pylist())

    def micros(self, name: str) -> Floats:
        nothing = self._nothing(name)
        return as_micros(self.table[name]) if nothing is None else nothing

    def clock(self, time_zone: str) -> tuple[Floats, Floats]:
        moments = self.table["lodged_at"].to_pandas()
        local = pd.to_datetime(moments, utc=True).dt.tz_convert(time_zone).dt
        hour, weekday = (part.to_numpy(np.float64) for part in (local.hour, local.day_of_week))
        return hour, weekday


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)


def as_micros(column: pa.ChunkedArray) -> Floats:
    """Return moments as microseconds from 1970, shape (n,); NaN where missing.

    Parameters
    ----------
    column
        Timestamps; those without a time zone are UTC.
    """
    moments = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    floats = pc.call_function("cast", [moments], pc.CastOptions.safe(pa.float64()))
    return floats.to_numpy(zero_copy_only=False)


def as_coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Code a column of any type as texts over one dictionary.

    The text is laid out in one piece first: coding chunk by chunk gives each of them the whole
    dictionary, and every one of those would be looked through to make them one.

    Parameters
    ----------
    column
        Values of any type that Arrow writes as text.
    """
    coded = column.cast(pa.large_string()).combine_chunks().dictionary_encode()
    texts = coded.dictionary
    if texts.nbytes < _LARGEST_TEXT:
        texts = texts.cast(pa.string())
    return pa.DictionaryArray.from_arrays(coded.indices, texts)


@dataclass(frozen=True, slots=True)
class _RowSource:
    """Columns of a few mappings."""

    rows: Sequence[Mapping[str, Value]]

    def __len__(self) -> int:
        return len(self.rows)

    def _of(self, name: str) -> list[Value]:
        return [row.get(name) for row in self.rows]

    def number(self, name: str) -> Floats:
        return np.array(self._of(name), dtype=np.float64)

    def amount(self, name: str) -> Floats:
        return np.array([_amount(value) for value in self._of(name)], dtype=np.float64)

    def extra_number(self, name: str) -> Floats:
        return np.array([_number(value) for value in self._of(name)], dtype=np.float64)

    def text(self, name: str) -> Texts:
        return Texts.of([_as_text(value) for value in self._of(name)])

    def micros(self, name: str) -> Floats:
        return np.array([_moment(value) for value in self._of(name)], dtype=np.float64)

    def clock(self, time_zone: str) -> tuple[Floats, Floats]:
        zone = ZoneInfo(time_zone)
        local = [
            moment.astimezone(zone)
            for moment in self._of("lodged_at")
            if isinstance(moment, datetime)
        ]
        hours = np.array([moment.hour for moment in local], dtype=np.float64)
        return hours, np.array([moment.weekday() for moment in local], dtype=np.float64)


def _number(value: Value) -> float:
    if isinstance(value, str):
        return float(pd.to_numeric(pd.Series([value])).iloc[0])
    return np.nan if value is None or isinstance(value, datetime) else float(value)


def _amount(value: Value) -> float:
    if isinstance(value, str):
        return float(pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0])
    return _number(value)


def _as_text(value: Value) -> str | None:
    """Write a value as Arrow does, so that a level learnt from a table is found again."""
    if value is None or isinstance(value, str):
        return value
    return pa.scalar(value).cast(pa.string()).as_py()


def _moment(value: Value) -> float:
    if not isinstance(value, datetime):
        return np.nan
    since = value - _EPOCH
    return float((since.days * 86_400 + since.seconds) * _MICROS + since.microseconds)
