"""Commands that bring a model to where it scores: freshen and package."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from targeting.cli.common import Output, TablesPath, app, day, opened_tables, telling

ModelName = Annotated[
    str,
    typer.Option("--model", help="Bundle folder or registry name, as models:/targeting@champion."),
]


@app.command()
def freshen(
    model: ModelName,
    tables: TablesPath,
    to: Annotated[
        date,
        typer.Option("--to", parser=day, metavar="YYYY-MM-DD", help="Events before it are in."),
    ],
    output: Output,
) -> None:
    """Bring a bundle's profiles up to a day.

    The same model; for scoring by MLflow and Spark, which have no tables beside the bundle.

    Example: targeting freshen --model models/bundle --tables world/tables --to 2025-06-08
    --output models/today
    """
    from targeting.scoring.freshen import freshen as freshened
    from targeting.tracking import Store, resolved

    opened = opened_tables(tables)
    with telling() as tell, resolved(model, Store.from_environment()) as folder:
        made = freshened(folder, opened, output, to=to, progress=tell)
    typer.echo(f"bundle {made}, profiles as of {to}: {output}")


@app.command()
def package(
    model: ModelName,
    output: Output,
    source: Annotated[
        Path, typer.Option(help="The program's checkout, of which its wheel is built.")
    ] = Path(),
    lock: Annotated[
        Path | None, typer.Option(help="Lock file; else requirements.lock of the checkout.")
    ] = None,
    wheels: Annotated[
        Path | None,
        typer.Option(help="Folder of wheels to take the libraries from, instead of the index."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Also what trains, judges and speaks to a registry.")
    ] = False,
) -> None:
    """Write a folder that installs a bundle on a server without a network.

    Wheels with their hashes, the bundle, a Dockerfile, a systemd unit and how to use them. Made
    for this machine's Python and processor.

    Example: targeting package --model models/bundle --output package
    """
    from targeting.deploy import Package, write_package
    from targeting.tracking import Store, resolved

    with telling() as tell, resolved(model, Store.from_environment()) as folder:
        asked = Package(folder, source, lock or source / "requirements.lock", wheels, whole)
        report = write_package(asked, output, progress=tell)
    typer.echo(
        f"bundle {report.bundle_id}, {report.wheels} wheels, {report.size / 1e6:,.0f} MB: {output}"
    )
