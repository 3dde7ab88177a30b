"""Commands that search settings: tune."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from targeting.cli.common import TablesPath, app, counting, day, telling


@app.command()
def tune(
    tables: TablesPath,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Settings file to write; trials, history, verdict and study lie beside it.",
        ),
    ],
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Settings to try in all; those a study already has are counted."),
    ] = None,
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
        Path | None, typer.Option("--config", help="YAML; configs/tune.yaml is one.")
    ] = None,
    train_config: Annotated[
        Path | None,
        typer.Option("--train-config", help="The present settings; configs/train.yaml is one."),
    ] = None,
    storage: Annotated[
        Path | None,
        typer.Option(help="SQLite file of the study; one that is there is gone on with."),
    ] = None,
    no_track: Annotated[
        bool, typer.Option("--no-track", help="Do not log the trials to MLflow.")
    ] = False,
) -> None:
    """Search better settings, and say whether they hold on days no trial has seen.

    Settings are tried on blocks of time, by the hits within capacity. The file written holds the
    tuned settings only where their gain holds on a last block that no trial has seen; else the
    present ones. A run that was stopped goes on when it is called again.

    Example: targeting tune --tables world/tables --output best.yaml --trials 40
    """  # fmt: skip
    from targeting import config as settings
    from targeting.pipeline.steps import Steps
    from targeting.pipeline.tune import TunedFiles, TunePlan, conclude, prepare_ground, search
    from targeting.pipeline.tune.run import require_ready
    from targeting.tables.folder import TablesFolder
    from targeting.tracking import Store

    how = settings.load(settings.TuneSettings, config)
    plan = TunePlan(
        settings.load(settings.FeatureSettings, features),
        settings.load(settings.TrainSettings, train_config),
        how if trials is None else how.model_copy(update={"trials": trials}),
        until,
    )
    files = TunedFiles(output)
    store = None if no_track else Store.from_environment()
    require_ready(files, store)
    with telling() as tell:
        ground = prepare_ground(TablesFolder.open(tables), plan, steps=Steps(tell))
    with counting("trials") as count:
        tried = search(ground, storage or files.study, progress=count)
    with telling() as tell:
        tell("judge on the held-out block")
        report = conclude(ground, tried, files, store=store)
    typer.echo(report.text())
