"""What the models are fitted on: labels, features and temporal blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from targeting.errors import InputError, LeakageError
from targeting.features.build import build
from targeting.features.engine import Reader, Wanted, day_start, local_date
from targeting.features.spec import learn_spec, recoded
from targeting.tables.check import require
from targeting.training.block import Block, Known
from targeting.training.consignment import companions
from targeting.training.labels import examined
from targeting.training.learn import Moment
from targeting.training.model import LEAST_HITS, enough
from targeting.training.splits import Split, split
from targeting.training.unexamined import sample_unexamined

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from targeting.config import FeatureSettings, TrainSettings
    from targeting.features.cluster import Cluster
    from targeting.features.snapshot import Snapshot
    from targeting.features.spec import FeatureSpec
    from targeting.pipeline.steps import Steps
    from targeting.tables.folder import TablesFolder

    Bools = npt.NDArray[np.bool_]
    Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train.

    Parameters
    ----------
    features
        What the model may look at.
    settings
        How it is trained and judged.
    until
        The label cut-off, a local day, exclusive; None takes everything in the tables.
    """

    features: FeatureSettings
    settings: TrainSettings
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything the models are fitted on.

    Parameters
    ----------
    cut_off
        Local day; nothing lodged or known on it or later is used.
    known
        Examined declarations, their features and labels, and a sample of unexamined ones.
    snapshot
        Profiles as of the cut-off.
    split
        The temporal blocks, over the examined declarations.
    """

    cut_off: date
    known: Known
    snapshot: Snapshot
    split: Split

    @property
    def spec(self) -> FeatureSpec:
        """What the features are."""
        return self.known.block.spec

    @property
    def labels(self) -> pd.DataFrame:
        """Examined declarations, in the order of the matrix."""
        return self.known.labels

    @property
    def rows(self) -> pd.DataFrame:
        """Columns of the examined declarations, in the order of the matrix."""
        return self.known.block.rows

    @property
    def matrix(self) -> Matrix:
        """Features of the examined rows, shape (n, features)."""
        return self.known.block.matrix

    @property
    def hit(self) -> Bools:
        """Whether each examined row was a hit."""
        return self.known.hit

    def enough(self, rows: Bools) -> bool:
        """Tell whether there are hits and clear results enough among some rows to learn from.

        Parameters
        ----------
        rows
            Shape (n,). Which of the examined rows are meant.
        """
        return enough(self.hit[rows])

    @property
    def gap(self) -> timedelta:
        """The label delay of the blocks."""
        return timedelta(days=self.split.settings.gap_days)

    @property
    def shipped(self) -> Known:
        """Lines of the shipped model: the ripe ones, or all known ones when those are too few."""
        moment = day_start(self.cut_off, self.spec.settings.time_zone)
        enough = self.enough(self.split.ship)
        return self.known.before(moment, gap=self.gap if enough else timedelta(0))


def prepare(
    tables: TablesFolder, plan: Plan, *, steps: Steps, cluster: Cluster | None = None
) -> Prepared:
    """Read labels, build features and cut the temporal blocks.

    Parameters
    ----------
    tables, plan, steps, cluster
        As for `train`.
    """
    features = plan.features
    with steps.step("check the tables"):
        require(tables)
    with steps.step("read labels"):
        cut_off = _cut_off(tables, features, plan.until)
        moment = day_start(cut_off, features.time_zone)
        labels = examined(tables, known_before=moment)
        if plan.settings.expert is None:
            _require_results(labels, cut_off)
        blocks = split(labels, cut_off=moment, settings=plan.settings.split)
        rest = sample_unexamined(
            tables,
            plan.settings.unexamined,
            before=moment,
            begun_before=Moment(blocks.test_from, blocks.settings).calibrate_from,
        )
    with steps.step("build features"):
        spec = learn_spec(tables, features, until=cut_off)
        ids = pa.array(labels["declaration_id"].to_numpy(dtype=object), type=pa.string())
        beside = _beside(tables, ids, plan.settings)
        every = pa.chunked_array([ids, rest, beside]).unique()
        wanted = Wanted(ids=every)
        engine = build if cluster is None else cluster.build
        built = engine(tables, spec, wanted, until=cut_off)
        known = known_of(
            Block(built.rows, built.matrix, spec), labels, unexamined=rest, companions=beside
        )
    return Prepared(cut_off, known, built.snapshot, blocks)


def _beside(tables: TablesFolder, ids: pa.Array, settings: TrainSettings) -> pa.Array:
    if not settings.model.consignment_share:
        return pa.array([], type=pa.string())
    return companions(tables, ids)


def known_of(
    block: Block, labels: pd.DataFrame, *, unexamined: pa.Array, companions: pa.Array
) -> Known:
    """Part lines into those examined, in the order of their labels, and those beside them.

    Parameters
    ----------
    block
        Lines and features, in order of `lodged_at`, `declaration_id`.
    labels
        From `targeting.training.labels.examined`, in the same order.
    unexamined, companions
        Ids of the sample of unexamined lines, and of the other lines of the same consignments; a
        line may be both.

    Raises
    ------
    LeakageError
        If an examined line has no features, or the orders differ.
    """
    ids = block.rows["declaration_id"]
    lines = block.take(ids.isin(labels["declaration_id"]).to_numpy())
    if labels["declaration_id"].tolist() != lines.rows["declaration_id"].tolist():
        raise LeakageError(
            "labels and features are not of the same declarations",
            where="the training rows",
            found=f"{len(labels):,} labels and {len(lines):,} rows in another order",
            do="Report this: it is a defect of the program.",
        )
    rest, beside = (
        block.take(ids.isin(some.to_pylist()).to_numpy()) if len(some) else None
        for some in (unexamined, companions)
    )
    return Known(lines, labels, rest, beside)


def _cut_off(tables: TablesFolder, features: FeatureSettings, until: date | None) -> date:
    reader = Reader(tables, features.time_zone, ())
    first, last = reader.span()
    if until is None:
        # One line dated in the far future must not move the cut-off past everything known.
        return min(last, reader.last_known_day() or last) + timedelta(days=1)
    if not first < until or until - timedelta(days=1) > last:
        raise InputError(
            "the cut-off lies outside the data",
            where=f"--until, {tables.name}",
            found=f"{until}; declarations were lodged from {first} to {last}",
            do=f"Choose a day from {first + timedelta(days=1)} to {last + timedelta(days=1)}.",
        )
    return until


def _require_results(labels: pd.DataFrame, cut_off: date) -> None:
    hit = labels["hit"].to_numpy(dtype=bool)
    if not enough(hit):
        raise InputError(
            "there are too few results to learn from",
            where="inspections",
            found=f"{len(labels):,} results known before {cut_off}, {hit.sum():,} of them hits",
            do=f"At least {LEAST_HITS} hits and as many clear results are needed: take a later "
            "--until, or bring in more history.",
        )


def as_of_test(prepared: Prepared, tables: TablesFolder) -> Prepared:
    """Return the same rows as a model made on the test block's first day would have seen them.

    Every feature is as of its own day already; what is learnt from all declarations, the levels
    of the categories, must then also be learnt from those before the block.

    Parameters
    ----------
    prepared
        As of the cut-off.
    tables
        Where it comes from.
    """
    settings = prepared.spec.settings
    day = local_date(prepared.split.test_from, settings.time_zone)
    spec = learn_spec(tables, settings, until=day)
    known = prepared.known
    rest, beside = (
        None if one is None else _recoded(one, spec) for one in (known.unexamined, known.companions)
    )
    seen = Known(_recoded(known.block, spec), known.labels, rest, beside)
    return replace(prepared, known=seen)


def _recoded(block: Block, spec: FeatureSpec) -> Block:
    return Block(block.rows, recoded(block.matrix, block.spec, spec), spec)
