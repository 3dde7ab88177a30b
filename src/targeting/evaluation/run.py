"""Judging a scores file against the results of a tables folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.errors import InputError
from targeting.evaluation.context import slice_context
from targeting.evaluation.judge import evaluate
from targeting.evaluation.report import write_evaluation
from targeting.tables.engine import connect
from targeting.tables.folder import from_frame
from targeting.tables.schema import DECLARATIONS
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
    InputError
        If not one of the scored declarations stands in the tables.
    OutputError
        If the folder cannot be written.
    """
    _require_lines_of(scores, tables)
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


def _require_lines_of(scores: Scores, tables: TablesFolder) -> None:
    """Refuse scores of other tables: every figure would be empty."""
    with connect() as connection:
        ids = from_frame(scores.rows[["declaration_id"]])
        lodged = tables.read(connection, DECLARATIONS).select("declaration_id")
        there = lodged.join(connection.from_arrow(ids), "declaration_id", how="semi")
        known = there.aggregate("count(*)").fetchall()[0][0]
    if not known:
        raise InputError(
            "these scores and these tables do not belong together",
            where=tables.name,
            found=f"none of the {len(scores.rows):,} scored declarations",
            do="Name the tables the scores were made from.",
        )
