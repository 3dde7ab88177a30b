"""Commands that live past days again: backtest."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from targeting.cli.common import Output, TablesPath, app, day, opened_tables, telling

if TYPE_CHECKING:
    from targeting.pipeline.backtest import Given


@app.command()
def backtest(
    tables: TablesPath,
    output: Output,
    first_day: Annotated[
        date | None,
        typer.Option("--from", parser=day, metavar="YYYY-MM-DD", help="First day lived."),
    ] = None,
    stop: Annotated[
        date | None,
        typer.Option(
            "--to", parser=day, metavar="YYYY-MM-DD", help="Day to stop at, not lived itself."
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="NAME=BUNDLE",
            help="A version to live the days as it is: a bundle folder, or a registry name such "
            "as models:/targeting@champion. May be given again.",
        ),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="YAML; configs/features.yaml is one.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML; configs/backtest.yaml is one.")
    ] = None,
    train_config: Annotated[
        Path | None, typer.Option("--train-config", help="YAML; configs/train.yaml is one.")
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="truth.parquet of a simulated world.")] = None,
    no_track: Annotated[
        bool, typer.Option("--no-track", help="Do not log the run to MLflow.")
    ] = False,
) -> None:
    """Live past days again: what each version and baseline would have caught.

    Writes figures, a report, plots and every score. A version learns only from what was known on
    each day.

    Example: targeting backtest --tables world/tables --output backtest --from 2025-01-06
    """
    from targeting import config as settings
    from targeting.pipeline import Steps
    from targeting.pipeline.backtest import Asked, backtest
    from targeting.tracking import Store

    asked = Asked(
        settings.load(settings.BacktestSettings, config),
        settings.load(settings.FeatureSettings, features),
        settings.load(settings.TrainSettings, train_config),
        start=first_day,
        stop=stop,
        given=tuple(_given(one) for one in model or ()),
        truth=truth,
    )
    store = None if no_track else Store.from_environment()
    with telling() as tell:
        report = backtest(opened_tables(tables), output, asked, store=store, steps=Steps(tell))
    typer.echo(report.text())


def _given(text: str) -> Given:
    from targeting.pipeline.backtest import Given

    name, mark, bundle = text.partition("=")
    if not mark or not name.strip() or not bundle.strip():
        raise typer.BadParameter(f"'{text}' is not NAME=BUNDLE, such as last=models/bundle.")
    return Given(name.strip(), bundle.strip())
