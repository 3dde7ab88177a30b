"""Commands of profiles that live in a database, for scoring declarations as they come."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from targeting.cli.common import Output, TablesPath, app, day, opened_tables, telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from targeting.scoring.online import ProfileDatabase, Status

online = typer.Typer(
    name="online",
    help="Living profiles in a database: declarations and results as they come, days that close.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(online)

Database = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="TARGETING_DATABASE",
        metavar="URL",
        help="sqlite:///profiles.db, or postgresql://user@host/name.",
    ),
]


@online.command("create")
def online_create(
    database: Database,
    profiles: Annotated[
        Path, typer.Option("--profiles", help="Folder `targeting profiles snapshot` wrote.")
    ],
    tables: Annotated[
        Path | None,
        typer.Option(
            "--tables",
            help="Past declarations and results: results that come find their line, and none is "
            "counted twice.",
        ),
    ] = None,
) -> None:
    """Make a database from a profile store.

    Example: targeting online create --database sqlite:///profiles.db --profiles profiles
    --tables world/tables
    """
    from targeting.features.store import open_store
    from targeting.scoring.online import ProfileDatabase

    store = open_store(profiles)
    past = None if tables is None else opened_tables(tables)
    with telling() as tell:
        made = ProfileDatabase.create(
            database, store, store.index.settings.features(), tables=past, progress=tell
        )
    _say("made", made.status())
    made.close()


@online.command("accept")
def online_accept(
    database: Database,
    tables: TablesPath,
    since: Annotated[
        date | None,
        typer.Option(
            "--since", parser=day, metavar="YYYY-MM-DD",
            help="Leave out what was lodged, or became known, before this day.",
        ),
    ] = None,
) -> None:  # fmt: skip
    """Take the declarations and results of a tables folder; those known already are left alone.

    Example: targeting online accept --database sqlite:///profiles.db --tables today
    """
    from targeting.scoring.online.feeding import accept_tables

    with _opened(database) as living, telling() as tell:
        told = accept_tables(living, opened_tables(tables), since=since, progress=tell)
        typer.echo(
            f"{told.new:,} new ({told.late:,} of days that have closed), {told.repeated:,} known "
            f"already, {told.unmatched:,} results without their line, {len(told.refused):,} refused"
        )
        for one in told.refused[:10]:
            typer.echo(f"refused: {one.kind} {one.at:,}: {one.found}")
        _say("the database", living.status())


@online.command("close-day")
def online_close_day(
    database: Database,
    until: Annotated[
        date,
        typer.Option(
            "--day", parser=day, metavar="YYYY-MM-DD",
            help="A day that is over; the days before it are closed too.",
        ),
    ],
) -> None:  # fmt: skip
    """Add the events of a day that is over to the profiles.

    Example: targeting online close-day --database sqlite:///profiles.db --day 2025-06-01
    """
    with _opened(database) as living, telling() as tell:
        closed = living.close_day(until, progress=tell)
        if closed.since == closed.as_of:
            typer.echo("that day is closed already")
        else:
            typer.echo(f"{closed.declarations:,} declarations and {closed.results:,} results added")
        _say("the database", living.status())


@online.command("status")
def online_status(database: Database) -> None:
    """Tell the day the profiles stand at, and what waits.

    Example: targeting online status --database sqlite:///profiles.db
    """
    with _opened(database) as living:
        _say("the database", living.status())


@online.command("verify")
def online_verify(database: Database, tables: TablesPath) -> None:
    """Make the profiles from scratch, and compare every number.

    Example: targeting online verify --database sqlite:///profiles.db --tables world/tables
    """
    with _opened(database) as living, telling() as tell:
        worst = living.verify(opened_tables(tables), progress=tell)
        typer.echo(
            f"{worst.profiles:,} profiles as of {living.as_of} equal those made from scratch; "
            f"largest difference {worst.sums:.1e} ({worst.where})"
        )


@online.command("rebuild")
def online_rebuild(database: Database, tables: TablesPath) -> None:
    """Make the profiles again from tables, and keep what was accepted and is not in them.

    Example: targeting online rebuild --database sqlite:///profiles.db --tables world/tables
    """
    with _opened(database) as living, telling() as tell:
        _say("rebuilt", living.rebuild(opened_tables(tables), progress=tell))


@online.command("backup")
def online_backup(database: Database, output: Output) -> None:
    """Copy a SQLite database while it is in use.

    Example: targeting online backup --database sqlite:///profiles.db --output profiles.backup.db
    """
    with _opened(database) as living:
        living.backup(output)
    typer.echo(f"copied to {output}: {output.stat().st_size / 1e6:,.1f} MB")


@contextmanager
def _opened(url: str) -> Iterator[ProfileDatabase]:
    from targeting.scoring.online import ProfileDatabase

    living = ProfileDatabase.open(url)
    try:
        yield living
    finally:
        living.close()


def _say(what: str, status: Status) -> None:
    """Tell what a database holds."""
    typer.echo(
        f"{what}: profiles as of {status.as_of} of {status.declarations:,} declarations and "
        f"{status.results:,} results; waiting: {status.waiting_declarations:,} declarations, "
        f"{status.waiting_results:,} results; {status.unmatched:,} results without their line; "
        f"lines lodged from {status.first_day} on can be scored"
    )
