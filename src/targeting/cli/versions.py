"""Commands about versions: compare, promote."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from targeting.cli.common import Output, TablesPath, app, day, opened_tables, telling

_DAY = {"parser": day, "metavar": "YYYY-MM-DD"}


@app.command()
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="Bundle folder or registry name.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The version held against A.")],
    tables: TablesPath,
    output: Output,
    start: Annotated[date, typer.Option("--from", help="First day.", **_DAY)],
    stop: Annotated[date, typer.Option("--to", help="Day to stop at, exclusive.", **_DAY)],
    capacity: Annotated[
        int | None, typer.Option(help="Examinations per office and day; else that of A.")
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="truth.parquet of a simulated world.")] = None,
    accept_learnt_days: Annotated[
        bool,
        typer.Option(
            "--accept-learnt-days", help="Compare on days a version may have learnt from."
        ),
    ] = False,
    no_track: Annotated[
        bool, typer.Option("--no-track", help="Do not log the comparison to MLflow.")
    ] = False,
) -> None:
    """Hold two versions against each other on the same days.

    Every difference is B less A, with its interval. Writes a report, plots and the evidence that
    `targeting promote` asks for.

    Example: targeting compare models:/targeting@champion models/new --tables world/tables
    --from 2025-06-02 --to 2025-06-30 --output comparison
    """
    from targeting.evaluation.compare.words import summary
    from targeting.pipeline.compare import Days, compare_versions
    from targeting.pipeline.steps import Steps
    from targeting.tracking import Store

    days = Days(start, stop, capacity, truth, accept_learnt_days)
    with telling() as tell:
        made = compare_versions(
            (first, second),
            opened_tables(tables),
            output,
            days=days,
            registry=Store.from_environment(),
            track=not no_track,
            steps=Steps(tell),
        )
    for name, value in summary(made.comparison):
        typer.echo(f"{name:<50}{value}")
    if made.comparison.learnt_from:
        typer.echo(f"NOT CLEAN: {made.comparison.learnt_from}")
    if made.run_id is not None:
        typer.echo(f"MLflow run {made.run_id}")
    typer.echo(f"report: {output / 'report.html'}")


@app.command()
def promote(
    why: Annotated[str, typer.Option(help="The reason, in words.")],
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Registry name or bundle folder.")
    ] = None,
    evidence: Annotated[
        str | None,
        typer.Option(help="comparison.json of `targeting compare`, its folder or its run."),
    ] = None,
    who: Annotated[
        str | None, typer.Option(help="Who decides; else the user of this machine.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML; configs/promote.yaml is one.")
    ] = None,
    roll_back: Annotated[
        bool, typer.Option("--roll-back", help="Bring back the champion before this one.")
    ] = False,
) -> None:
    """Make a version the champion, through the gates; or bring the last one back.

    Example: targeting promote models:/targeting@challenger --evidence comparison
    --why "finds more tobacco"
    """
    from targeting.pipeline.promote import decided_by

    person = decided_by(who)
    if roll_back:
        _roll_back(model, evidence, person, why)
    else:
        _promote(model, evidence, person, why, config)


def _roll_back(model: str | None, evidence: str | None, who: str, why: str) -> None:
    from targeting.errors import ConfigError
    from targeting.tracking import Store, roll_back

    if model is not None or evidence is not None:
        raise ConfigError(
            "a roll-back brings back the champion before, and takes no model and no evidence",
            where="--roll-back",
            found=" and ".join(
                name for name, given in (("MODEL", model), ("--evidence", evidence)) if given
            ),
            do="Leave them out, or promote the version you want.",
        )
    made = roll_back(who=who, why=why, store=Store.from_environment())
    typer.echo(
        f"champion is version {made.version} again, after version {made.previous}; "
        f"by {made.who} on {made.when}: {made.why}"
    )


def _promote(
    model: str | None, evidence: str | None, who: str, why: str, config: Path | None
) -> None:
    from datetime import UTC, datetime

    from targeting import config as settings
    from targeting.errors import ConfigError
    from targeting.pipeline.promote import RefusedError, Request, promote
    from targeting.tracking import Store

    if model is None:
        raise ConfigError(
            "no version is named",
            where="MODEL",
            found="nothing",
            do="Name a registry version such as models:/targeting@challenger, or give --roll-back.",
        )
    limits = settings.load(settings.PromoteSettings, config)
    request = Request(model, who, why, evidence)
    store = Store.from_environment()
    try:
        made = promote(request, store, settings=limits, now=datetime.now(UTC))
    except RefusedError as refused:
        for verdict in refused.decision.verdicts:
            typer.echo(verdict.text())
        raise
    for verdict in made.verdicts:
        typer.echo(verdict.text())
    done = made.promotion
    if done is not None:
        before = "none" if done.previous is None else f"version {done.previous}"
        typer.echo(
            f"champion is version {done.version}, before it {before}; by {done.who} on "
            f"{done.when}: {done.why}"
        )
