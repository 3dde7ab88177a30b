"""What the commands share: options, progress, and opening what they name."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from targeting.features.cluster import Cluster
    from targeting.tables.folder import TablesFolder

app = typer.Typer(
    name="targeting",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Output = Annotated[Path, typer.Option("--output", "-o", help="Where to write it.")]
TablesPath = Annotated[
    Path, typer.Option("--tables", help="Folder with declarations.parquet and inspections.parquet.")
]
StorePath = Annotated[
    Path, typer.Option("--profiles", help="Folder `targeting profiles snapshot` wrote.")
]
Explain = Literal["none", "top", "all"]
EngineName = Annotated[
    Literal["local", "spark"],
    typer.Option("--engine", help="Where features are computed: this machine or Spark."),
]
SparkMaster = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Master of the Spark cluster, as spark://host:7077; else SPARK_MASTER, else this "
        "machine.",
    ),
]
LanguageName = Annotated[
    str,
    typer.Option(metavar="CODE", help="Language of the reasons: en, ru, or one of --languages."),
]
LanguagesPath = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of further languages, one file CODE.po each."),
]

console = Console(stderr=True, soft_wrap=True)


@contextmanager
def telling() -> Iterator[Callable[[str], None]]:
    """Show what is going on: a live line in a terminal, plain lines in a log."""
    if not console.is_terminal:
        yield lambda text: console.print(text, highlight=False, markup=False)
        return
    columns = SpinnerColumn(), "{task.description}", TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda text: progress.update(task, description=text)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar that fills as `done` of `total` comes in; in a log, only what is counted."""
    if not console.is_terminal:
        console.print(what, highlight=False, markup=False)
        yield lambda _done, _total: None
        return
    columns = what, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def day(text: str) -> date:
    """Read a day as it is written in help texts: a guess at another form would be silent."""
    from datetime import datetime

    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a day written as YYYY-MM-DD.") from None


def opened_tables(tables: Path) -> TablesFolder:
    """Open a tables folder whose columns keep the contract."""
    from targeting.tables.contract import require_columns
    from targeting.tables.folder import TablesFolder

    folder = TablesFolder.open(tables)
    require_columns(folder)
    return folder


@contextmanager
def cluster_of(engine: str, master: str | None) -> Iterator[Cluster | None]:
    """Open what computes the features; None is this machine."""
    if engine == "local":
        if master is not None:
            raise InputError(
                "a Spark master is named, but features are computed on this machine",
                where="--spark-master",
                found="--engine local",
                do="Add `--engine spark`, or leave the master out.",
            )
        yield None
        return
    from targeting.features.cluster import opened

    with opened(master) as cluster:
        yield cluster
