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
) -> None:
    """Judge scores by what was found.

    Writes metrics, a report and plots.

    Example: targeting evaluate --scores scores.parquet --tables world/tables --output report
    """
    from targeting.evaluation.run import evaluate_scores
    from targeting.evaluation.words import summary
    from targeting.scoring.scores import read_scores

    with telling() as tell:
        tell("judging")
        evaluation = evaluate_scores(
            read_scores(scores), opened_tables(tables), output, capacity=capacity
        )
    for name, value in summary(evaluation):
        typer.echo(f"{name:<38}{value}")
    typer.echo(f"report: {output / 'report.html'}")
