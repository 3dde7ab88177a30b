"""What the models are fitted on: labels, features and temporal blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from targeting.errors import InputError, LeakageError
from targeting.features.build import Built, build
from targeting.features.engine import Reader, Wanted, day_start, local_date
from targeting.features.spec import FeatureSpec, learn_spec, recoded
from targeting.tables.check import require
from targeting.training.labels import examined
from targeting.training.model import LEAST_HITS
from targeting.training.splits import Split, split

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from targeting.config import FeatureSettings, TrainSettings
    from targeting.features.cluster import Cluster
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
    labels
        Examined declarations, in the order of the matrix.
    built
        Their features, and the profiles as of the cut-off.
    spec
        What the features are.
    split
        The temporal blocks.
    """

    cut_off: date
    labels: pd.DataFrame
    built: Built
    spec: FeatureSpec
    split: Split

    @property
    def matrix(self) -> Matrix:
        """Features of the examined rows, shape (n, features)."""
        return self.built.matrix

    @property
    def hit(self) -> Bools:
        """Whether each examined row was a hit."""
        return self.labels["hit"].to_numpy(dtype=bool)

    def enough(self, rows: Bools) -> bool:
        """Tell whether there are hits and clear results enough among some rows to learn from.

        Parameters
        ----------
        rows
            Shape (n,). Which of the examined rows are meant.
        """
        hits = int(self.hit[rows].sum())
        return min(hits, int(rows.sum()) - hits) >= LEAST_HITS

    @property
    def shipped(self) -> Bools:
        """Rows of the shipped model: the ripe ones, or all known ones when those are too few."""
        ripe = self.split.ship
        return ripe if self.enough(ripe) else np.ones_like(ripe)


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
        _require_results(labels, cut_off)
        blocks = split(labels, cut_off=moment, settings=plan.settings.split)
    with steps.step("build features"):
        spec = learn_spec(tables, features, until=cut_off)
        wanted = Wanted(ids=pa.array(labels["declaration_id"], type=pa.string()))
        engine = build if cluster is None else cluster.build
        built = engine(tables, spec, wanted, until=cut_off)
        _require_aligned(labels, built)
    return Prepared(cut_off, labels, built, spec, blocks)


def _require_aligned(labels: pd.DataFrame, built: Built) -> None:
    """Labels and matrix are joined by their order alone, so the order must be the same."""
    if labels["declaration_id"].tolist() != built.rows["declaration_id"].tolist():
        raise LeakageError(
            "labels and features are not of the same declarations",
            where="the training rows",
            found=f"{len(labels):,} labels and {len(built.rows):,} rows in another order",
            do="Report this: it is a defect of the program.",
        )


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
    hits = int(labels["hit"].sum())
    if min(hits, len(labels) - hits) < LEAST_HITS:
        raise InputError(
            "there are too few results to learn from",
            where="inspections",
            found=f"{len(labels):,} results known before {cut_off}, {hits:,} of them hits",
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
    matrix = recoded(prepared.matrix, prepared.spec, spec)
    return replace(prepared, spec=spec, built=replace(prepared.built, matrix=matrix))
