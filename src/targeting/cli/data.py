"""Commands that make tables: demo, simulate, ingest, check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from targeting.cli.common import (
    Output,
    app,
    counting,
    telling,
)


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to fill.")] = Path("demo"),
) -> None:
    """Run the whole job on simulated data.

    Prints what each step took, what was learnt and where everything is.

    Example: targeting demo --output demo
    """
    from targeting.demo import run_demo

    with telling() as tell:
        report = run_demo(output, tell=tell)
    typer.echo(report.text())


@app.command()
def simulate(
    output: Output,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML; configs/simulate.yaml is one.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="demo (the default), small, corridor, national, cold_start or two_countries; "
            "not with --config, which has a key `preset`."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Another world of the same kind.")
    ] = None,
) -> None:
    """Make the tables of a simulated corridor.

    The truth, which no real port ever learns, lies beside the folder as truth.parquet, and the
    versions of the manifests as manifests.parquet.

    Example: targeting simulate --output world/tables
    """
    from targeting import config as settings
    from targeting.errors import ConfigError
    from targeting.simulate import preset as named
    from targeting.simulate import simulate, world_of

    if config is not None and preset is not None:
        raise ConfigError(
            "two worlds are named",
            where="simulate",
            found="--config and --preset",
            do="Write `preset: NAME` into the file, and over it what is to be different.",
        )
    if config is None:
        world = named(preset or "demo")
    else:
        world = world_of(settings.read_yaml(config), where=str(config))
    world = world if seed is None else world.model_copy(update={"seed": seed})
    with counting("days lived") as count:
        report = simulate(world, output, progress=count)
    typer.echo(f"{report.text()}\n\ntables     {report.tables}\ntruth      {report.truth}")
    if report.manifests is not None:
        typer.echo(f"manifests  {report.manifests}")


@app.command()
def ingest(
    output: Output,
    source: Annotated[Path, typer.Option(help="Mapping: configs/sources/NAME.yaml.")],
    inputs: Annotated[
        list[Path] | None, typer.Option("--input", help="Files or folders; repeatable.")
    ] = None,
) -> None:
    """Turn an extract into a tables folder.

    Every row is accounted for in ingest_report.json: written, quarantined or a duplicate.

    Example: targeting ingest --source configs/sources/kcs.yaml --input train.csv --output tables
    """
    from targeting.ingest import ingest

    with telling() as tell:
        report = ingest(
            source, inputs or [], output,
            progress=lambda what, rows: tell(f"{what}: {rows:,} rows"),
        )  # fmt: skip
    typer.echo(report.summary())


@app.command()
def check(
    tables: Annotated[Path, typer.Argument(help="The tables folder.")],
    report: Annotated[
        Path | None, typer.Option("--report", help="Also write the findings as JSON.")
    ] = None,
) -> None:
    """Check a tables folder; exit 1 on a breach.

    Example: targeting check world/tables
    """
    from targeting.tables.check import check
    from targeting.tables.folder import TablesFolder
    from targeting.tables.output import staged_file

    with telling() as tell:
        findings = check(TablesFolder.open(tables), progress=tell)
    typer.echo("\n".join(findings.lines()))
    if report is not None:
        with staged_file(report) as stage:
            stage.write_text(json.dumps(findings.to_dict(), indent=1) + "\n", encoding="utf-8")
    if not findings.ok:
        raise typer.Exit(1)
