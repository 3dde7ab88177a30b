"""Judging a scores file against the results of a tables folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.evaluation.context import slice_context
from targeting.evaluation.judge import evaluate
from targeting.evaluation.report import write_evaluation
from targeting.training.labels import examined

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.evaluation.findings import Evaluation
    from targeting.scoring.scores import Scores
    from targeting.tables.folder import TablesFolder

SEED = 20_250_101


def evaluate_scores(
    scores: Scores, tables: TablesFolder, output: Path, *, capacity: int
) -> Evaluation:
    """Judge scores by what examinations found and write metrics, report and plots.

    Parameters
    ----------
    scores
        From `targeting.scoring.scores.read_scores`.
    tables
        Where the results are.
    output
        The folder to write; it appears whole or not at all.
    capacity
        Examinations per office and day, >= 1.

    Raises
    ------
    ConfigError
        If `capacity` is below 1.
    OutputError
        If the folder cannot be written.
    """
    zone = scores.info.time_zone
    evaluation = evaluate(
        scores.rows,
        examined(tables),
        capacity=capacity,
        time_zone=zone,
        seed=SEED,
        context=slice_context(tables, time_zone=zone),
    )
    provenance = {
        "bundle": scores.info.bundle_id or "unknown",
        **({"trained_until": scores.info.trained_until} if scores.info.trained_until else {}),
        "time zone": zone,
        **{f"SHA-256 of {name}": digest for name, digest in tables.digest().items()},
    }
    write_evaluation(evaluation, output, provenance=provenance)
    return evaluation
