"""Looking at a model as a whole: what it rests on, whether its reasons hold, what it cannot see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.drivers import beeswarm, feature_importance
from targeting.evaluation.insight.insight import Insight, dependence_of, weights_of
from targeting.evaluation.insight.removal import Case, remove
from targeting.evaluation.insight.stability import Explained, compare
from targeting.evaluation.insight.subjects import Subjects
from targeting.evaluation.insight.told import told_subjects
from targeting.evaluation.insight.unseen import unseen
from targeting.explain.contributions import contributions
from targeting.features.engine import day_start

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.config import TrainSettings
    from targeting.evaluation.insight.unseen import Unseen
    from targeting.evaluation.plots import Figure
    from targeting.pipeline.judge import Judged
    from targeting.pipeline.prepare import Prepared
    from targeting.tables.folder import TablesFolder
    from targeting.training.block import Block
    from targeting.training.model import Model

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

EXPLAINED_ROWS = 300
"""Test rows behind what scores rest on: an even sample of the block."""

TOP_ROWS = 200
"""Highest-scored test rows whose reasons are put to the test."""

ORDINARY_ROWS = 2_000
"""Lines nobody examined that stand for ordinary traffic."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found by looking at a model as a whole.

    Parameters
    ----------
    insight
        In numbers.
    figures
        Pictures of single contributions, by title.
    """

    insight: Insight
    figures: dict[str, Figure]


def look(
    judged: Judged,
    shipped: Model,
    prepared: Prepared,
    tables: TablesFolder,
    settings: TrainSettings,
) -> Looked:
    """Look at the judged model on the test block it has not seen, and at the shipped one beside it.

    Parameters
    ----------
    judged
        The model of the test block.
    shipped
        The model trained on everything known by the cut-off.
    prepared
        Labels and features as of the cut-off.
    tables, settings
        What the run is made from.
    """
    then, seed = judged.then.known.block.take(prepared.split.test), settings.model.seed
    sample = then.take(_even(len(then), EXPLAINED_ROWS))
    moved = contributions(judged.model, np.ascontiguousarray(sample.matrix)).values
    top = _highest(judged.model.score(then.matrix), TOP_ROWS)
    early = _explained(judged.model, then.take(top))
    late = _explained(shipped, prepared.known.block.take(prepared.split.test).take(top))
    case = Case(then.matrix[top], early.total, _days(then.take(top)), _ordinary(judged.then))
    insight = Insight(
        lines=len(sample),
        weights=weights_of(then.spec, moved),
        dependence=dependence_of(then.spec, sample.matrix, moved),
        removal=remove(judged.model.score, case, Subjects.of(then.spec.features), seed=seed),
        stability=compare(early, late, case.day, seed=seed),
        unseen=blind_spots(prepared, tables),
    )
    return Looked(insight, _pictures(then, sample.matrix, moved))


def blind_spots(prepared: Prepared, tables: TablesFolder) -> Unseen:
    """List what the shipped model does not see.

    Parameters
    ----------
    prepared
        Labels and features as of the cut-off.
    tables
        What the run is made from.
    """
    before = day_start(prepared.cut_off, prepared.spec.settings.time_zone)
    return unseen(tables, prepared.spec, prepared.matrix, before=before)


def _explained(model: Model, block: Block) -> Explained:
    moved = contributions(model, np.ascontiguousarray(block.matrix)).values
    total = Subjects.of(block.spec.features).total(moved)
    return Explained(model.score(block.matrix), total, told_subjects(block, moved))


def _even(size: int, most: int) -> Bools:
    some = np.zeros(size, dtype=bool)
    some[np.linspace(0, size - 1, min(size, most)).astype(int)] = True
    return some


def _highest(score: Floats, most: int) -> Bools:
    some = np.zeros(len(score), dtype=bool)
    some[np.argsort(-score, kind="stable")[:most]] = True
    return some


def _days(block: Block) -> npt.NDArray[np.datetime64]:
    zone = block.spec.settings.time_zone
    local = block.rows["lodged_at"].dt.tz_convert(zone).dt.tz_localize(None)
    return local.to_numpy().astype("datetime64[D]")


def _ordinary(then: Prepared) -> Matrix:
    """Take lines nobody examined; lines found clear where there are none."""
    rest = then.known.unexamined
    rows = then.matrix[~then.hit] if rest is None or not len(rest) else rest.matrix
    return rows[_even(len(rows), ORDINARY_ROWS)]


def _pictures(block: Block, matrix: Matrix, moved: Floats) -> dict[str, Figure]:
    names = block.spec.names
    return {
        "What the score rests on": feature_importance(names, np.abs(moved).mean(axis=0)),
        "What drives the score": beeswarm(moved, matrix.astype(np.float64), names),
    }
