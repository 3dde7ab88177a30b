"""Commands that judge: evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from targeting.cli.common import (
    Output,
    TablesPath,
    app,
    opened_tables,
    telling,
)


@app.command()
def evaluate(
    tables: TablesPath,
    output: Output,
    scores: Annotated[Path, typer.Option(help="File `targeting score` wrote.")],
    capacity: Annotated[int, typer.Option(help="Examinations per office and day.")] = 5,
    track: Annotated[bool, typer.Option("--track", help="Log the figures to MLflow.")] = False,
) -> None:
    """Judge scores by what was found.

    Writes metrics, a report and plots.

    Example: targeting evaluate --scores scores.parquet --tables world/tables --output report
    """
    from targeting.evaluation.run import evaluate_scores
    from targeting.evaluation.words import summary
    from targeting.scoring.scores import read_scores
    from targeting.tracking import Store, log_evaluation

    with telling() as tell:
        tell("judging")
        read, opened = read_scores(scores), opened_tables(tables)
        evaluation = evaluate_scores(read, opened, output, capacity=capacity)
        if track:
            tell("log to MLflow")
            log_evaluation(
                "evaluate",
                folder=output,
                metrics=evaluation.flat_metrics(),
                params={"bundle_id": read.info.bundle_id, "capacity": capacity},
                datasets=opened.digest(),
                store=Store.from_environment(),
            )
    for name, value in summary(evaluation):
        typer.echo(f"{name:<38}{value}")
    typer.echo(f"report: {output / 'report.html'}")
