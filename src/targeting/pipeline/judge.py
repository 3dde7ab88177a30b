"""Judging on the test block: a model of its first day, against what was found afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.evaluation.context import slice_context
from targeting.evaluation.judge import evaluate
from targeting.evaluation.report import write_evaluation
from targeting.features.engine import local_date
from targeting.pipeline.prepare import as_of_test
from targeting.scoring.numbers import score_examined
from targeting.training.calibrate import Calibrator
from targeting.training.learn import Moment, calibrated, fit, learn

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.config import TrainSettings
    from targeting.evaluation.findings import Evaluation
    from targeting.pipeline.insight import Looked
    from targeting.pipeline.prepare import Prepared
    from targeting.tables.folder import TablesFolder
    from targeting.training.model import Model


@dataclass(frozen=True, slots=True)
class Judged:
    """The model of the test block's first day, and how it did afterwards.

    Parameters
    ----------
    model
        Trained and calibrated on what was known before the block.
    then
        Labels and features as it saw them.
    evaluation
        Figures of the block.
    """

    model: Model
    then: Prepared
    evaluation: Evaluation


def judge(prepared: Prepared, tables: TablesFolder, settings: TrainSettings) -> Judged | None:
    """Train as of the test block's first day, and judge what came after.

    Parameters
    ----------
    prepared
        Labels, features and blocks as of the cut-off.
    tables
        Where they come from.
    settings
        How to train.

    Returns
    -------
    Judged or None
        None when too few results were known before the block, or none of its own.
    """
    blocks = prepared.split
    if not prepared.enough(blocks.train) or not blocks.test.any():
        return None
    then = as_of_test(prepared, tables)
    model = learn(then.known, settings, Moment(blocks.test_from, blocks.settings))
    return Judged(model, then, _evaluate(then, tables, settings, model))


def report(judged: Judged, looked: Looked, tables: TablesFolder, folder: Path) -> None:
    """Write the report of the test block.

    Parameters
    ----------
    judged
        The model of the test block, and how it did.
    looked
        What was found by looking at it as a whole.
    tables
        Where its lines come from.
    folder
        Gets the folder `evaluation`.
    """
    write_evaluation(
        judged.evaluation,
        folder / "evaluation",
        provenance=_provenance(judged.then, tables),
        extra_figures=looked.figures,
        insight=looked.insight,
    )


def _evaluate(
    prepared: Prepared, tables: TablesFolder, settings: TrainSettings, model: Model
) -> Evaluation:
    test = prepared.split.test
    scores = score_examined(model, prepared.known.take(test))
    time_zone = prepared.spec.settings.time_zone
    return evaluate(
        scores,
        prepared.labels.loc[test],
        capacity=settings.capacity,
        time_zone=time_zone,
        seed=settings.model.seed,
        context=slice_context(tables, time_zone=time_zone),
    )


def _provenance(prepared: Prepared, tables: TablesFolder) -> dict[str, str]:
    blocks, zone = prepared.split, prepared.spec.settings.time_zone
    return {
        "trained_until": local_date(blocks.test_from, zone).isoformat(),
        "test block": f"lodged {local_date(blocks.test_from, zone)} to "
        f"{local_date(blocks.test_until, zone)} (exclusive)",
        "results known before": prepared.cut_off.isoformat(),
        "time zone": zone,
        **{f"SHA-256 of {name}": digest for name, digest in tables.digest().items()},
    }


def ship(prepared: Prepared, settings: TrainSettings, judged: Judged | None) -> Model:
    """Train on everything ripe by the cut-off, calibrated by the judged model's test scores.

    Parameters
    ----------
    prepared
        Labels and features as of the cut-off.
    settings
        How to train.
    judged
        The model of the test block; None when there was none.
    """
    model = fit(prepared.shipped, settings)
    if judged is None:
        return model.calibrated(Calibrator(why="too few results before the test block"))
    later = judged.then.known.take(prepared.split.test)
    return calibrated(model, judged.model, later, conveyance=settings.conveyance_offences)
