"""Simulated worlds with known truth, prepared for `benchmarks.coverage`.

A world is lived, a model is learnt at a cut-off from what was known then, and every line of the
days after it is scored. What is kept: the lines as `targeting.evaluation.value` takes them, the
shares of each that policies open, and the truth. One folder a world, so that a broken run resumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.config import (
    FeatureSettings,
    KeySettings,
    ModelSettings,
    SplitSettings,
    TrainSettings,
    load,
)
from targeting.errors import InputError
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted, day_start
from targeting.features.spec import FeatureSpec, learn_spec
from targeting.simulate import SimulateSettings, Truth, preset, reach_of, simulate
from targeting.simulate.control.examination import DEPTHS
from targeting.simulate.control.selection import Port
from targeting.simulate.settings import SelectionShares
from targeting.simulate.trade.ground import Ground
from targeting.tables.folder import TablesFolder
from targeting.training.block import Block, Known
from targeting.training.labels import examined
from targeting.training.learn import Moment, learn
from targeting.training.propensity import fit_propensity

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from targeting.simulate.control.selection import Policy
    from targeting.simulate.world import Day
    from targeting.training.model import Model

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[1]
NEXT = 50
"""From the seed of a world that teaches nothing to that of the world in its place."""

HIDDEN_EYE = 1.0
"""Log-odds by which officers of the `hidden eye` kind favour offenders beyond any document."""

KEYS = (
    ("consignee_id",), ("consignor_id",), ("declarant_id",), ("carrier_id",), ("hs6",), ("hs2",),
    ("origin_country",), ("office_id",), ("hs6", "origin_country"), ("consignee_id", "hs6"),
    ("consignee_id", "consignor_id"),
)  # fmt: skip
"""A third of the usual profile keys, so that a world takes seconds."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of world.

    Parameters
    ----------
    name
        As the page shows it.
    what
        What is special about it, in a few words.
    settings
        The world, but for its seed.
    judged_days
        Length of the period after the cut-off that is judged.
    knowing
        Whether officers act on something no document holds.
    """

    name: str
    what: str
    settings: SimulateSettings
    judged_days: int = 75
    knowing: bool = False

    @property
    def cut_off(self) -> date:
        """First judged day."""
        first, days = self.settings.first_day, self.settings.days
        return first + timedelta(days=days - self.judged_days)


def _port(**changes: float) -> SimulateSettings:
    """Give a shrunk demo corridor with other shares examined."""
    base = preset("demo")
    return base.model_copy(
        update={
            "days": 170,
            "declarations_per_day": 70.0,
            "traders": base.traders.model_copy(update={"count": 700}),
            "documents": base.documents.model_copy(update={"manifests": False}),
            "examined": SelectionShares.model_validate(base.examined.model_dump() | changes),
        }
    )


def _small(name: str, **changes: object) -> SimulateSettings:
    base = preset(name)
    plain = base.documents.model_copy(update={"manifests": False})
    return base.model_copy(update={"documents": plain, **changes})


KINDS = (
    Kind("usual", "the demo corridor, shrunk: 9 % examined, 1.8 % by lot", _port()),
    Kind(
        "much examined",
        "a small port that examines 29 % of its lines, 6 % by lot",
        _small("small", days=160, declarations_per_day=40.0),
    ),
    Kind(
        "two sites",
        "two sites in their first months; 7 % examined, 2 % by lot",
        _small("cold_start", days=170, declarations_per_day=60.0),
    ),
    Kind(
        "tips",
        "strong intelligence: tips take 2.5 % of lines, 8 in 10 point at an offence",
        _port(intelligence=0.025, tips_right=0.8),
    ),
    Kind(
        "rules",
        "rules and officers take 15 %, the lot 1 %",
        _port(rule=0.10, officer=0.05, random=0.01),
    ),
    Kind(
        "hidden eye",
        f"officers see what no document holds: they choose an offender {np.exp(HIDDEN_EYE):.1f} "
        "times as often as a like line",
        _port(),
        knowing=True,
    ),
)  # fmt: skip
"""The last one breaks the assumption that propensity methods rest on: it tests sensitivity."""


class KnowingPort(Port):
    """A port whose officers also see what no document holds."""

    def _habits(self, day: Day) -> np.ndarray:
        # `choose` multiplies habits by 3: this adds HIDDEN_EYE in units of its blur.
        return super()._habits(day) + HIDDEN_EYE / 3.0 * day.lines.illicit


@dataclass(frozen=True, slots=True)
class Prepared:
    """A world ready to be judged.

    Parameters
    ----------
    folder
        Holds `lines.parquet`.
    """

    folder: Path

    @property
    def lines(self) -> pd.DataFrame:
        """Columns of `PolicyLines`, the truth (`found`, `found_revenue`), `opened: NAME` each."""
        return pd.read_parquet(self.folder / "lines.parquet")

    @property
    def is_there(self) -> bool:
        """Whether the world was finished."""
        return (self.folder / "lines.parquet").exists()


def prepare(kind: Kind, seed: int, folder: Path) -> Prepared:
    """Live a world and keep what judging it takes.

    Parameters
    ----------
    kind
        Which.
    seed
        Of the world.
    folder
        Written to; a finished world found there is kept.
    """
    done = Prepared(folder)
    if done.is_there:
        return done
    try:
        _live(kind, seed, folder)
    except InputError:
        # Too few hits before the cut-off to learn a model from: the next world takes its place.
        return prepare(kind, seed + NEXT, folder)
    return done


def _live(kind: Kind, seed: int, folder: Path) -> None:
    with TemporaryDirectory() as scratch:
        world = _Lived.through(kind, seed, Path(scratch))
        lines = world.as_lines()
        folder.mkdir(parents=True, exist_ok=True)
        lines.to_parquet(folder / "unfinished.parquet", index=False)
        (folder / "unfinished.parquet").rename(folder / "lines.parquet")


@dataclass(frozen=True)
class _Lived:
    kind: Kind
    tables: TablesFolder
    truth: Truth

    @classmethod
    def through(cls, kind: Kind, seed: int, scratch: Path) -> _Lived:
        settings = kind.settings.model_copy(update={"seed": seed})
        policy: Policy | None = KnowingPort(Ground.of(settings)) if kind.knowing else None
        report = simulate(settings, scratch / "tables", policy=policy)
        return cls(kind, TablesFolder.open(scratch / "tables"), Truth.open(report.truth))

    @cached_property
    def features(self) -> FeatureSettings:
        zone = load(FeatureSettings, ROOT / "configs" / "features.yaml").time_zone
        keys = tuple(KeySettings(columns=key) for key in KEYS)
        return FeatureSettings(time_zone=zone, keys=keys, links=(), half_lives_days=(60.0,))

    @cached_property
    def spec(self) -> FeatureSpec:
        return learn_spec(self.tables, self.features, until=self.kind.cut_off)

    @cached_property
    def labels(self) -> pd.DataFrame:
        return examined(self.tables)

    @cached_property
    def everything(self) -> Block:
        last = self.kind.settings.first_day + timedelta(days=self.kind.settings.days + 1)
        rows, matrix = matrix_of(self.tables, self.spec, Wanted(), until=last)
        return Block(rows, matrix, self.spec)

    @cached_property
    def judged(self) -> Block:
        return self.everything.take(self._late)

    @property
    def _late(self) -> Bools:
        return (self.everything.rows["lodged_local"].dt.date >= self.kind.cut_off).to_numpy()

    @cached_property
    def model(self) -> Model:
        moment = day_start(self.kind.cut_off, self.features.time_zone)
        labels = examined(self.tables, known_before=moment)
        there = self.everything.rows["declaration_id"].isin(labels["declaration_id"]).to_numpy()
        known = Known(self.everything.take(there), labels)
        settings = TrainSettings(
            model=ModelSettings(trees=100, leaves=8, threads=1),
            split=SplitSettings(gap_days=10, calibration_days=45),
        )
        return learn(known, settings, Moment(moment, settings.split))

    def as_lines(self) -> pd.DataFrame:
        rows, score = self.judged.rows, self.model.score(self.judged.matrix)
        expected = self.model.probability(score)
        results = self.labels.set_index("declaration_id").reindex(rows["declaration_id"])
        hit = results["hit"].to_numpy(dtype=float, na_value=np.nan)
        selected_by = np.array(results["selected_by"], dtype=object)
        lines = pd.DataFrame(
            {
                "label": np.where(np.isnan(hit), -1, hit).astype(np.int8),
                "selected_by": selected_by,
                "chance": results["selection_probability"].to_numpy(float, na_value=np.nan),
                "propensity": fit_propensity(self.judged, selected_by).of(self.judged),
                "expected": expected,
                "revenue": results["revenue_recovered"].to_numpy(float, na_value=np.nan),
                "expected_revenue": self.model.expected_revenue(self.judged.matrix, expected),
                "day": rows["lodged_local"].dt.tz_localize(None).dt.normalize(),
                "lodged_at": rows["lodged_at"],
                "office": rows["office_id"].to_numpy(dtype=object),
                "consignee": np.array(rows["consignee_id"], dtype=object),
                **self._found(),
            }
        )
        opened = {f"opened: {name}": rank(self.judged, score) for name, rank in POLICIES.items()}
        return lines.assign(**opened)

    def _found(self) -> dict[str, Floats]:
        """Return what examinations as deep as those of a model's lines find on average."""
        depths = self.kind.settings.examinations
        weight = np.array([getattr(depths.model, depth) for depth in DEPTHS])
        weight = weight / weight.sum()
        ids = self.judged.rows["declaration_id"]
        results = [self.truth.examine(ids, reach) for reach in reach_of(depths, DEPTHS)]
        hits = np.array([one["result"].eq("hit").to_numpy(dtype=float) for one in results])
        revenue = np.array([one["revenue_recovered"].to_numpy(dtype=float) for one in results])
        return {"found": weight @ hits, "found_revenue": weight @ revenue}


# Policies ----------------------------------------------------------------------------------------


def _per_office_and_day(block: Block, score: Floats) -> Floats:
    """Open the highest-scored line of each office and day."""
    frame = pd.DataFrame(
        {
            "office": block.rows["office_id"],
            "day": block.rows["lodged_local"].dt.date,
            "score": score,
        }
    )
    place = frame.groupby(["office", "day"])["score"].rank(method="first", ascending=False)
    return np.where(place.to_numpy(dtype=float) <= 1, 1.0, 0.0)


def _top(share: float, score: Floats) -> Floats:
    opened = np.zeros(len(score))
    opened[np.argsort(-score, kind="stable")[: int(np.ceil(share * len(score)))]] = 1.0
    return opened


def _newest(block: Block, _: Floats) -> Floats:
    """Open the 5 % of lines whose consignee is known for the shortest time."""
    known_for = block.column("consignee_days_since_first")
    return _top(0.05, -np.nan_to_num(known_for.astype(float)))


POLICIES: dict[str, Callable[[Block, Floats], Floats]] = {
    "model, 1 per office and day": _per_office_and_day,
    "model, 2 % of lines": lambda _, score: _top(0.02, score),
    "model, 5 % of lines": lambda _, score: _top(0.05, score),
    "newest consignees, 5 %": _newest,
    "blind draw of 5 %": lambda block, _: np.full(len(block), 0.05),
}
