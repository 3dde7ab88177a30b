"""Commands that learn: train."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from targeting.cli.common import (
    EngineName,
    Output,
    SparkMaster,
    TablesPath,
    app,
    cluster_of,
    day,
    telling,
)


@app.command()
def train(
    tables: TablesPath,
    output: Output,
    until: Annotated[
        date | None,
        typer.Option(
            parser=day,
            metavar="YYYY-MM-DD",
            help="Label cut-off: nothing of that day or later is used.",
        ),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="YAML; configs/features.yaml is one.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML; configs/train.yaml is one.")
    ] = None,
    expert: Annotated[
        Path | None, typer.Option(help="Expert score, YAML; configs/expert.yaml is one.")
    ] = None,
    no_track: Annotated[
        bool, typer.Option("--no-track", help="Do not log the run to MLflow.")
    ] = False,
    engine: EngineName = "local",
    spark_master: SparkMaster = None,
) -> None:
    """Train, judge, package and register a model.

    Example: targeting train --tables world/tables --output models/bundle --until 2025-06-01
    """
    from targeting import config as settings
    from targeting.pipeline import Plan, Steps, train
    from targeting.tables.folder import TablesFolder
    from targeting.tracking import Store

    how = settings.load(settings.TrainSettings, config)
    if expert is not None:
        weighed = settings.load(settings.ExpertSettings, expert)
        how = how.model_copy(update={"expert": weighed})
    plan = Plan(settings.load(settings.FeatureSettings, features), how, until)
    store = None if no_track else Store.from_environment()
    with telling() as tell:
        opened = TablesFolder.open(tables)
        with cluster_of(engine, spark_master) as cluster:
            report = train(
                opened, output, plan=plan, store=store, steps=Steps(tell), cluster=cluster
            )
    typer.echo(report.text())
