"""What features must be, counted line by line with the rule of time in plain sight.

Counts and days are worked out outright; of the other features it is told where they must be
unknown, and that they are known everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
from tests.leakage.suite import END

from targeting.features.build import build
from targeting.features.derived import DERIVED, source_of
from targeting.features.engine import Wanted
from targeting.features.lines import Lines
from targeting.features.measures import MEASURES
from targeting.features.shares import CROSS_FEATURES
from targeting.features.spec import learn_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from tests.leakage.suite import Check
    from tests.leakage.worlds import Knobs

    from targeting.config import FeatureSettings
    from targeting.tables.folder import MemoryTables

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Expected = dict[str, Floats]
    Unknown = dict[str, Bools]


@dataclass(frozen=True)
class Plainly:
    """Tables, line against line."""

    tables: MemoryTables
    settings: FeatureSettings

    @cached_property
    def lines(self) -> pd.DataFrame:
        frame = self.tables.declarations.to_pandas()
        frame["day"] = self._days(frame["lodged_at"])
        return frame.sort_values(["lodged_at", "declaration_id"]).reset_index(drop=True)

    @cached_property
    def examined(self) -> pd.DataFrame:
        """Results, the place of the line they are of, and the day they count from."""
        frame = self.tables.inspections.to_pandas()
        place = pd.Series(self.lines.index, index=self.lines["declaration_id"])
        frame["place"] = place.reindex(frame["declaration_id"]).to_numpy().astype(int)
        lodged = self.day[frame["place"]]
        return frame.assign(day=np.maximum(self._days(frame["result_known_at"]), lodged))

    @cached_property
    def day(self) -> npt.NDArray[np.int64]:
        return self.lines["day"].to_numpy()

    def _days(self, moments: pd.Series) -> npt.NDArray[np.int64]:
        zone = ZoneInfo(self.settings.time_zone)
        dates = [moment.to_pydatetime().astimezone(zone).date() for moment in moments]
        return np.array([day.toordinal() for day in dates], dtype=np.int64)

    def code(self, columns: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """Number the lines' keys; -1 where a part is missing."""
        keys = list(zip(*(self._texts(column) for column in columns), strict=True))
        numbers: dict[tuple[str | None, ...], int] = {}
        return np.array(
            [-1 if None in key else numbers.setdefault(key, len(numbers)) for key in keys],
            dtype=np.int64,
        )

    def _texts(self, column: str) -> list[str | None]:
        source = self.lines[source_of(column)].astype(object)
        texts = pa.array(source.where(source.notna(), None).tolist()).cast(pa.string())
        return (DERIVED[column].cut(texts) if column in DERIVED else texts).to_pylist()

    def earlier(self, columns: tuple[str, ...]) -> Bools:
        """Of each line, by row, the lines of its key lodged on an earlier day."""
        code = self.code(columns)
        return (code[:, None] == code) & (code >= 0)[:, None] & (self.day < self.day[:, None])

    def results(self, columns: tuple[str, ...]) -> Bools:
        """Of each line, by row, the results of its key known on an earlier day."""
        code = self.code(columns)
        of = code[self.examined["place"].to_numpy()]
        known = self.examined["day"].to_numpy() < self.day[:, None]
        return (code[:, None] == of) & (code >= 0)[:, None] & known

    @cached_property
    def hit(self) -> Bools:
        return (self.examined["result"] == "hit").to_numpy()

    @cached_property
    def no_base(self) -> Bools:
        """Lines before whose day no result of any line was known."""
        return ~(self.examined["day"].to_numpy() < self.day[:, None]).any(axis=1)

    def counted(self) -> Expected:
        """Features that are plain counts or days, in full."""
        return {name: values for columns in self._keys() for name, values in self._counts(*columns)}

    def _keys(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(key.name, key.columns) for key in self.settings.keys if key.measure == "price"]

    def _counts(self, name: str, columns: tuple[str, ...]) -> Iterator[tuple[str, Floats]]:
        missing = self.code(columns) < 0
        lines, found = self.earlier(columns), self.results(columns)
        known = self.examined["day"].to_numpy()
        for suffix, counted in (
            ("declarations", lines.sum(axis=1)),
            ("examinations", found.sum(axis=1)),
            ("hits", (found & self.hit).sum(axis=1)),
        ):
            yield f"{name}_{suffix}", np.where(missing, np.nan, counted)
        yield f"{name}_days_since_first", self.day - _least(self.day, lines)
        yield f"{name}_days_since_last", self.day + _least(-self.day, lines)
        yield f"{name}_days_since_last_hit", self.day + _least(-known, found & self.hit)

    def unknown(self) -> Unknown:
        """Where the features that rest on no amount must be NaN; nowhere else."""
        places = {f"{name}_level": self.lines[name].isna().to_numpy() for name in self._plain()}
        for name, columns in self._keys():
            places |= self._unknown_of_key(name, columns)
        for link in self.settings.links:
            missing = self.code(link.of) < 0
            places |= {f"{link.name}_{suffix}": missing for suffix in ("lines", "caught")}
            places[f"{link.name}_hit_rate"] = missing | self.no_base
        return places | self._unknown_crossed()

    def _plain(self) -> list[str]:
        return [name for name in self.settings.categories if name in self.lines]

    def _tails(self) -> list[str]:
        halves = self.settings.half_lives_days
        return ["", *(f"_{half:g}d".replace(".", "p") for half in halves)]

    def _unknown_of_key(self, name: str, columns: tuple[str, ...]) -> Unknown:
        missing = self.code(columns) < 0
        counts = {f"{name}_declarations{tail}": missing for tail in self._tails()}
        rates = {f"{name}_hit_rate{tail}": missing | self.no_base for tail in self._tails()}
        return counts | rates | {
            f"{name}_pace": ~self.earlier(columns).any(axis=1),
            f"{name}_revenue": ~self.results(columns).any(axis=1),
        }  # fmt: skip

    def _unknown_crossed(self) -> Unknown:
        places: Unknown = {}
        for crossed in CROSS_FEATURES:
            name, joint = crossed.feature.name, crossed.needs[-1]
            if name.endswith("_lift"):
                left, right = (self.earlier(part).any(axis=1) for part in crossed.needs[:2])
                places[name] = (self.code(joint) < 0) | ~left | ~right
            elif name.endswith("_unusual"):
                places[name] = self.code(joint) < 0
            else:
                paid = self.lines["payment_method"].notna().to_numpy()
                places[name] = (self.code(joint) < 0) | ~paid
        return places

    def unknown_amounts(self) -> Unknown:
        """Where the features that rest on amounts must be NaN, if no amount is out of the way."""
        value, mass = self._stated("customs_value"), self._stated("net_mass_kg")
        priced = value & mass
        places: Unknown = {}
        for name, columns in self._keys():
            lines = self.earlier(columns)
            prices = (lines & priced).sum(axis=1)
            places |= {
                f"{name}_value_ratio": ~(value & (lines & value).any(axis=1)),
                f"{name}_mass_ratio": ~(mass & (lines & mass).any(axis=1)),
                f"{name}_typical_price": prices == 0,
                f"{name}_price_ratio": ~(priced & (prices > 0)),
                f"{name}_price_z": ~(priced & (prices > 1)),
            }
        return places | self._unknown_measures()

    def _unknown_measures(self) -> Unknown:
        places: Unknown = {}
        for key in self.settings.keys:
            if key.measure == "price":
                continue
            above, below = MEASURES[key.measure].of(Lines.of_table(self._as_read(), "UTC"))
            stated = (above > 0) & (below > 0)
            earlier = (self.earlier(key.columns) & stated).sum(axis=1)
            places |= {
                f"{key.name}_typical": earlier == 0,
                f"{key.name}_ratio": ~(stated & (earlier > 0)),
                f"{key.name}_z": ~(stated & (earlier > 1)),
            }
        return places

    def _as_read(self) -> pa.Table:
        in_time = [("lodged_at", "ascending"), ("declaration_id", "ascending")]
        return self.tables.declarations.sort_by(in_time)

    def _stated(self, name: str) -> Bools:
        return (self.lines[name].to_numpy(dtype=np.float64, na_value=np.nan) > 0).astype(bool)


def judged(check: Check, world: Knobs) -> dict[str, set[str]]:
    """Name the features that are infinite, wrongly counted, or unknown where they should not be.

    Only plain amounts are judged by where they must be unknown: what is left of 1e300 depends on
    how far a float reaches.
    """
    tables = world.tables()
    spec = learn_spec(tables, check.settings)
    matrix = build(tables, spec, Wanted(), until=END).matrix
    columns = {name: matrix[:, at] for at, name in enumerate(spec.names)}
    plainly = Plainly(tables, check.settings)
    unknown, counted = plainly.unknown(), plainly.counted()
    if world.amounts == "plain":
        unknown |= plainly.unknown_amounts()
    # Keys tell what suits their kind; what they do not tell is not judged.
    kinds = {
        "infinite": {name for name, column in columns.items() if np.isinf(column).any()},
        "not as counted": {
            name
            for name in columns.keys() & counted.keys()
            if not np.array_equal(columns[name], counted[name].astype("f4"), equal_nan=True)
        },
        "unknown elsewhere than defined": {
            name
            for name in columns.keys() & unknown.keys()
            if not np.array_equal(np.isnan(columns[name]), unknown[name])
        },
    }
    return {kind: names for kind, names in kinds.items() if names}


def _least(values: npt.NDArray[np.int64], among: Bools) -> Floats:
    """Return the least value among some, by row; NaN where there is none."""
    shown = np.where(among, values.astype(np.float64), np.inf)
    least = shown.min(axis=1, initial=np.inf)
    return np.where(np.isinf(least), np.nan, least)
