"""Reading the histories behind the reasons of a list, all lines together.

The tables are read by the reader that reads them for the profiles, so what an officer is shown is
what the model saw: a declaration counts from the day after it was lodged, a result from the day
after it became known. Columns are read once, and each key is gone through once, however many lines
ask about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from targeting.features.columns import floats_of
from targeting.features.engine import DAY, HIT, MASS, VALUE, WANTED, Reader, Wanted, measured_as
from targeting.features.keys import encode_wanted
from targeting.shortlist.history import Asked, Followed, History, counted_before, spread_of
from targeting.shortlist.pointers import structs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    import numpy.typing as npt

    from targeting.config import FeatureSettings, KeyMeasure
    from targeting.features.engine import History as Events
    from targeting.tables.folder import Tables

    Bools = npt.NDArray[np.bool_]
    Codes = npt.NDArray[np.int32]
    Days = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

HISTORIES = "histories"
"""Column of a list with the histories behind each line's reasons, by the feature that speaks."""

_FOLLOWED: Mapping[str, Followed] = {
    "typical_price": "price", "price_ratio": "price", "price_z": "price",
    "value_ratio": "value", "mass_ratio": "mass",
}  # fmt: skip
_SPAN = 1 << 20  # more days than any history has


def add_histories(
    lines: pd.DataFrame, tables: Tables, features: FeatureSettings | None
) -> pd.DataFrame:
    """Add the histories behind the reasons of each line.

    Parameters
    ----------
    lines
        From `targeting.shortlist.lines.add_facts`. Not changed.
    tables
        The tables the lines were scored from.
    features
        What the model looks at; None, as an older scores file has it, adds no history.

    Returns
    -------
    pandas.DataFrame
        `lines` with the column `HISTORIES`: by feature, or empty.
    """
    asked = [] if features is None else _asked(lines)
    found: dict[Asked, History] = {}
    if features is not None and asked:
        last = lines["lodged_at"].dt.tz_convert(features.time_zone).max().date()
        found = histories(tables, asked, features, until=last + timedelta(days=1))
    by_line: dict[str, dict[str, History]] = {}
    for one, history in found.items():
        by_line.setdefault(one.declaration_id, {})[one.feature] = history
    told = [by_line.get(str(name), {}) for name in lines["declaration_id"]]
    return lines.assign(**{HISTORIES: pd.Series(told, index=lines.index, dtype="object")})


def _asked(lines: pd.DataFrame) -> list[Asked]:
    """List the reasons that speak of a key."""
    return [
        Asked(str(name), str(one["key"]), str(one["feature"]))
        for name, cell in zip(lines["declaration_id"], lines["reasons"], strict=True)
        for one in structs_of(cell)
        if one.get("key") and one.get("feature")
    ]


def histories(
    tables: Tables, asked: Iterable[Asked], settings: FeatureSettings, *, until: date
) -> dict[Asked, History]:
    """Read the history behind each reason, strictly before the day of its line.

    Parameters
    ----------
    tables
        The tables the lines were scored from.
    asked
        Reasons. One whose key the settings do not name, or whose line lacks a column of the key,
        has no history. A link's is that of the link: what had been found with the other parties.
    settings
        Keys and links of the model, and the zone where days close.
    until
        Local day after the last line's; nothing later is read.
    """
    profiles = _Profiles.of(settings)
    by_key: dict[str, list[Asked]] = {}
    for one in sorted({*asked}, key=lambda one: (one.key, one.declaration_id, one.feature)):
        name = profiles.behind(one)
        if profiles.columns.get(name):
            by_key.setdefault(name, []).append(one)
    if not by_key:
        return {}
    shelf = _Shelf.read(tables, by_key, profiles, until=until)
    return {
        one: told for name, group in by_key.items() for one, told in _of_key(shelf, name, group)
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Profiles:
    """What the settings say of each profile, by its name."""

    time_zone: str
    columns: Mapping[str, tuple[str, ...]]
    measures: Mapping[str, KeyMeasure]
    links: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, settings: FeatureSettings) -> _Profiles:
        links = {link.name: link.through for link in settings.links}
        return cls(settings.time_zone, settings.profile_columns, settings.measures, links)

    def behind(self, one: Asked) -> str:
        """Name the profile a reason speaks of: its key's, or that of the link its feature is of."""
        names = [name for name in self.links if one.feature.startswith(f"{name}_")]
        return max(names, key=len, default=one.key)

    def measure(self, name: str) -> KeyMeasure:
        """Return what a profile follows."""
        return self.measures.get(name, "price")

    def followed(self, name: str, feature: str) -> Followed | KeyMeasure | None:
        """Tell which amount a reason compares; None where it compares none."""
        measure = self.measure(name)
        return measure if measure != "price" else _FOLLOWED.get(feature.removeprefix(f"{name}_"))


@dataclass(frozen=True, slots=True, eq=False)
class _Shelf:
    """Everything read, once for all keys."""

    events: Events
    profiles: _Profiles
    day: Days
    place: Mapping[str, int]

    @classmethod
    def read(
        cls,
        tables: Tables,
        by_key: Mapping[str, list[Asked]],
        profiles: _Profiles,
        *,
        until: date,
    ) -> _Shelf:
        columns = dict.fromkeys(
            column
            for key in by_key
            for column in (*profiles.columns[key], *profiles.links.get(key, ()))
        )
        followed = dict.fromkeys(profiles.measure(key) for key in by_key)
        measures = tuple(measure for measure in followed if measure != "price")
        ids = pa.array(sorted({one.declaration_id for group in by_key.values() for one in group}))
        reader = Reader(tables, profiles.time_zone, tuple(columns), measures)
        events = reader.history(Wanted(ids=ids.cast(pa.string())), until=until)
        places = np.flatnonzero(events.declarations[WANTED].to_numpy()).tolist()
        return cls(
            events,
            profiles,
            events.declarations[DAY].to_numpy().astype(np.int64),
            dict(zip(events.ids.to_pylist(), places, strict=True)),
        )

    def coded(self, columns: tuple[str, ...], of: Bools) -> tuple[Codes, Codes]:
        """Give a number to each key that some declarations have; -1 to all others."""
        tables = [self.events.declarations, self.events.results]
        lodged, known = encode_wanted(columns, tables, of).codes
        return lodged, known

    def amounts(self, followed: str) -> Floats:
        """Return the amount a reason compares, of every declaration; NaN where it is not stated."""
        if followed in {"value", "mass"}:
            name = VALUE if followed == "value" else MASS
            return floats_of(self.events.declarations[name])
        above, below = (floats_of(self.events.declarations[name]) for name in measured_as(followed))
        known = (above > 0) & (below > 0)
        return np.divide(above, below, out=np.full(len(above), np.nan), where=known)


@dataclass(frozen=True, slots=True, eq=False)
class _Dated:
    """Events of one key after the other, each key's in order of their day."""

    at: Days
    day: Days
    place: Days

    @classmethod
    def of(cls, code: Codes, day: Days) -> _Dated:
        there = np.flatnonzero(code >= 0)
        order = there[np.lexsort((day[there], code[there]))]
        return cls(code[order].astype(np.int64) * _SPAN + day[order], day[order], order)

    def ends(self, code: Days, day: Days) -> tuple[Days, Days]:
        """Return where the events of some keys begin, and where those before a day end."""
        first = code * _SPAN
        return np.searchsorted(self.at, first), np.searchsorted(self.at, first + day)

    def before(self, code: int, day: int) -> slice:
        """Return where a key's events strictly before a day lie."""
        (start,), (stop,) = self.ends(np.array([code]), np.array([day]))
        return slice(int(start), int(stop))


@dataclass(frozen=True, slots=True, eq=False)
class _Results:
    """Results of one key after the other, and which of them are hits."""

    dated: _Dated
    hit: Bools


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    """Everything of one key, for every line that asks about it."""

    name: str
    columns: tuple[str, ...]
    through: tuple[str, ...]
    code: Codes
    lodged: _Dated
    results: _Results
    amounts: Mapping[str, Floats]

    @classmethod
    def of(cls, shelf: _Shelf, name: str, group: list[Asked]) -> _Key:
        profiles = shelf.profiles
        columns, through = profiles.columns[name], profiles.links.get(name, ())
        asking = np.zeros(len(shelf.day), dtype=bool)
        asking[[shelf.place[one.declaration_id] for one in group]] = True
        lodged, known = shelf.coded(columns, asking)
        followed = {profiles.followed(name, one.feature) for one in group}
        return cls(
            name=name,
            columns=columns,
            through=through,
            code=lodged,
            lodged=_Dated.of(lodged, shelf.day),
            results=_reached(shelf, through, lodged) if through else _results(shelf, known),
            amounts={what: shelf.amounts(what) for what in sorted(filter(None, followed))},
        )

    def history(self, place: int, day: int, followed: Followed | KeyMeasure | None) -> History:
        """Count what was known of a line's key before its day."""
        code = int(self.code[place])
        lodged = self.lodged.before(code, day)
        known = self.results.dated.before(code, day)
        days, found = self.results.dated.day[known], self.results.hit[known]
        before, months = counted_before(day, self.lodged.day[lodged], days, days[found])
        spread = None
        if followed is not None:
            amounts = self.amounts[followed]
            earlier = amounts[self.lodged.place[lodged]]
            spread = spread_of(followed, earlier, float(amounts[place]))
        return History(
            key=self.name,
            columns=self.columns,
            through=self.through,
            before=before,
            declarations=len(self.lodged.day[lodged]),
            examinations=len(days),
            hits=int(found.sum()),
            months=months,
            spread=spread,
        )


def _of_key(shelf: _Shelf, name: str, group: list[Asked]) -> Iterator[tuple[Asked, History]]:
    """Answer all reasons of one key from one pass over its events."""
    there = [one for one in group if one.declaration_id in shelf.place]
    if not there:
        return
    key = _Key.of(shelf, name, there)
    for one in there:
        place = shelf.place[one.declaration_id]
        if key.code[place] >= 0:
            day = int(shelf.day[place])
            yield one, key.history(place, day, shelf.profiles.followed(name, one.feature))


def _results(shelf: _Shelf, known: Codes) -> _Results:
    results = shelf.events.results
    dated = _Dated.of(known, results[DAY].to_numpy().astype(np.int64))
    return _Results(dated, floats_of(results[HIT])[dated.place] > 0)


def _reached(shelf: _Shelf, through: tuple[str, ...], lodged: Codes) -> _Results:
    """Take as results of a link the lines whose other party had been examined by their day."""
    code, known = shelf.coded(through, lodged >= 0)
    results = _results(shelf, known)
    start, stop = results.dated.ends(code.astype(np.int64), shelf.day)
    hits = np.concatenate([[0], np.cumsum(results.hit)])
    reached = (code >= 0) & (stop > start)
    dated = _Dated.of(np.where(reached, lodged, np.int32(-1)), shelf.day)
    return _Results(dated, (hits[stop] > hits[start])[dated.place])
