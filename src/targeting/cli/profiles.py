"""Commands of living profiles."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from targeting.cli.common import (
    Output,
    StorePath,
    TablesPath,
    app,
    day,
    opened_tables,
    telling,
)

if TYPE_CHECKING:
    from targeting.features.store.rolling import Rolled

profiles = typer.Typer(
    name="profiles",
    help="Living profiles: what is known of every trader, code and route, rolled day by day.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(profiles)
app.add_typer(profiles)


@profiles.command("snapshot")
def profiles_snapshot(
    tables: TablesPath,
    output: Output,
    as_of: Annotated[
        date,
        typer.Option(
            "--as-of", parser=day, metavar="YYYY-MM-DD", help="Events before this day are in."
        ),
    ],
    features: Annotated[
        Path | None, typer.Option(help="YAML; configs/features.yaml is one.")
    ] = None,
) -> None:
    """Make a profile store from all events before a day.

    Example: targeting profiles snapshot --tables world/tables --as-of 2025-06-01
    --output profiles
    """
    from targeting import config as settings
    from targeting.features.store import create_store

    how = settings.load(settings.FeatureSettings, features)
    with telling() as tell:
        done = create_store(opened_tables(tables), how, output, as_of=as_of, progress=tell)
    _say(done, "made")


@profiles.command("roll")
def profiles_roll(
    tables: TablesPath,
    store: StorePath,
    to: Annotated[
        date,
        typer.Option("--to", parser=day, metavar="YYYY-MM-DD", help="Day to roll to."),
    ],
) -> None:
    """Add the events of the days since the store's own.

    Example: targeting profiles roll --profiles profiles --tables world/tables --to 2025-06-02
    """
    from targeting.features.store import roll_store

    with telling() as tell:
        done = roll_store(store, opened_tables(tables), to=to, progress=tell)
    _say(done, "rolled")


@profiles.command("merge")
def profiles_merge(
    left: Annotated[Path, typer.Argument(help="A store.")],
    right: Annotated[Path, typer.Argument(help="A store of another office, as of the same day.")],
    output: Output,
) -> None:
    """Add the profiles of two offices or countries.

    Example: targeting profiles merge north south --output both
    """
    from targeting.features.store import merge_stores

    with telling() as tell:
        done = merge_stores(left, right, output, progress=tell)
    _say(done, "merged")


@profiles.command("compact")
def profiles_compact(store: Annotated[Path, typer.Argument(help="The store.")]) -> None:
    """Add up the days rolled, so that the store is read faster.

    Example: targeting profiles compact profiles
    """
    from targeting.features.store import compact_store

    with telling() as tell:
        done = compact_store(store, progress=tell)
    _say(done, "compacted")


@profiles.command("verify")
def profiles_verify(
    store: Annotated[Path, typer.Argument(help="The store.")],
    tables: Annotated[
        Path | None,
        typer.Option("--tables", help="Also make the profiles from scratch, and compare."),
    ] = None,
) -> None:
    """Check every file of a store, and every number where tables are given.

    Example: targeting profiles verify profiles --tables world/tables
    """
    from targeting.features.store import verify_store

    with telling() as tell:
        found = verify_store(
            store, None if tables is None else opened_tables(tables), progress=tell
        )
    index = found.store.index
    typer.echo(
        f"{len(index.files):,} files, {found.size / 1e6:,.1f} MB as written; "
        f"profiles as of {index.as_of} of {index.events.words}"
    )
    if found.difference is not None:
        worst = found.difference
        typer.echo(
            f"{worst.profiles:,} profiles equal those made from scratch; "
            f"largest difference {worst.sums:.1e} ({worst.where})"
        )


def _say(done: Rolled, what: str) -> None:
    """Tell what a command did to a store."""
    for note in done.notes:
        typer.echo(note)
    if not done.notes:
        index = done.store.index
        added = f": {done.events.words} added" if what == "rolled" else ""
        typer.echo(
            f"{what}{added}, {done.profiles:,} profiles written; as of {index.as_of} the store "
            f"holds {index.events.words} in {len(index.parts):,} parts: {done.store.path}"
        )
