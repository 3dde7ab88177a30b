"""The command line: one command per step, each a few lines over the Python API.

Progress goes to stderr, results to stdout. A user's mistake is one paragraph and exit code 1;
`--debug` shows the traceback as well.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from datetime import date  # noqa: TC003 - typer reads the annotations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

from targeting.errors import InputError, OutputError, TargetingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from targeting.features.cluster import Cluster
    from targeting.features.store.rolling import Rolled
    from targeting.tables.folder import TablesFolder

app = typer.Typer(
    name="targeting",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

profiles = typer.Typer(
    name="profiles",
    help="Living profiles: what is known of every trader, code and route, rolled day by day.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(profiles)

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

console = Console(stderr=True, soft_wrap=True)


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Show what is going on: a live line in a terminal, plain lines in a log."""
    if not console.is_terminal:
        yield lambda text: console.print(text, highlight=False, markup=False)
        return
    columns = SpinnerColumn(), "{task.description}", TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda text: progress.update(task, description=text)


@contextmanager
def _counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar that fills as `done` of `total` comes in; in a log, only what is counted."""
    if not console.is_terminal:
        console.print(what, highlight=False, markup=False)
        yield lambda _done, _total: None
        return
    columns = what, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _day(text: str) -> date:
    """Read a day as it is written in help texts: a guess at another form would be silent."""
    from datetime import datetime

    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a day written as YYYY-MM-DD.") from None


def _opened(tables: Path) -> TablesFolder:
    """Open a tables folder whose columns keep the contract."""
    from targeting.tables.contract import require_columns
    from targeting.tables.folder import TablesFolder

    folder = TablesFolder.open(tables)
    require_columns(folder)
    return folder


@contextmanager
def _cluster(engine: str, master: str | None) -> Iterator[Cluster | None]:
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


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show an error's traceback too.")] = False,
) -> None:
    """From declarations to a shortlist of what to open, with the reason for each line.

    Begin with: targeting demo
    """
    del debug  # `main` looks for it: it is what prints errors


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to fill.")] = Path("demo"),
) -> None:
    """Run the whole job on simulated data.

    Prints what each step took, what was learnt and where everything is.

    Example: targeting demo --output demo
    """
    from targeting.demo import run_demo

    with _telling() as tell:
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
    with _counting("days lived") as count:
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

    with _telling() as tell:
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

    with _telling() as tell:
        findings = check(TablesFolder.open(tables), progress=tell)
    typer.echo("\n".join(findings.lines()))
    if report is not None:
        with staged_file(report) as stage:
            stage.write_text(json.dumps(findings.to_dict(), indent=1) + "\n", encoding="utf-8")
    if not findings.ok:
        raise typer.Exit(1)


@app.command()
def train(
    tables: TablesPath,
    output: Output,
    until: Annotated[
        date | None,
        typer.Option(
            parser=_day,
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

    plan = Plan(
        settings.load(settings.FeatureSettings, features),
        settings.load(settings.TrainSettings, config),
        until,
    )
    store = None if no_track else Store.from_environment()
    with _telling() as tell:
        opened = TablesFolder.open(tables)
        with _cluster(engine, spark_master) as cluster:
            report = train(
                opened, output, plan=plan, store=store, steps=Steps(tell), cluster=cluster
            )
    typer.echo(report.text())


@app.command()
def score(
    tables: TablesPath,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Scores file; CSV if it ends in .csv, else Parquet."),
    ],
    model: Annotated[
        str, typer.Option(help="Bundle folder or registry name, as models:/targeting@champion.")
    ],
    start: Annotated[
        date,
        typer.Option("--from", parser=_day, metavar="YYYY-MM-DD", help="First day lodged."),
    ],
    stop: Annotated[
        date, typer.Option("--to", parser=_day, metavar="YYYY-MM-DD", help="Day to stop before.")
    ],
    explain: Annotated[
        Explain, typer.Option(help="Reasons: of none, the top of each office and day, or all.")
    ] = "top",
    engine: EngineName = "local",
    spark_master: SparkMaster = None,
) -> None:
    """Score declarations, with reasons.

    Those lodged in [from, to), each as of the day it was lodged.

    Example: targeting score --model models/bundle --tables world/tables
    --from 2025-06-01 --to 2025-06-08 --output scores.parquet
    """
    from targeting.scoring.scorer import Scorer
    from targeting.scoring.scores import write_scores
    from targeting.tables.output import require_file
    from targeting.tracking import Store, resolved

    _require_scores_name(output)
    require_file(output)
    opened = _opened(tables)
    with (
        _telling() as tell,
        resolved(model, Store.from_environment()) as folder,
        _cluster(engine, spark_master) as cluster,
    ):
        scores = Scorer.load(folder, cluster=cluster).score(
            opened, start=start, stop=stop, explain=explain, progress=tell
        )
        write_scores(scores, output)
    typer.echo(f"{len(scores.rows):,} declarations scored: {output}")


def _require_scores_name(output: Path) -> None:
    """Refuse a name that promises another format; any other name is written as Parquet."""
    if output.suffix.lower() in {".xlsx", ".xls", ".json", ".jsonl", ".html", ".txt", ".tsv"}:
        raise OutputError(
            "scores are written as Parquet or CSV",
            where=f"--output {output}",
            found=f"a name ending in {output.suffix}",
            do="End the name in .parquet or .csv; `targeting shortlist` makes workbooks.",
        )


@app.command()
def shortlist(
    tables: TablesPath,
    output: Output,
    scores: Annotated[Path, typer.Option(help="File `targeting score` wrote.")],
    capacity: Annotated[int, typer.Option(help="Examinations per office and day.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML; configs/shortlist.yaml is one.")
    ] = None,
    mandatory: Annotated[
        Path | None, typer.Option(help="Text file of declaration ids that must be examined.")
    ] = None,
) -> None:
    """Draw the list of what to open.

    As Parquet, CSV, XLSX and a page to print.

    Example: targeting shortlist --scores scores.parquet --tables world/tables --capacity 5
    --output shortlist
    """
    from targeting import config as settings
    from targeting.scoring.scores import read_scores
    from targeting.shortlist.make import make_shortlist

    report = make_shortlist(
        read_scores(scores),
        _opened(tables),
        capacity=capacity,
        settings=settings.load(settings.ShortlistSettings, config),
        output=output,
        mandatory=_ids(mandatory),
    )
    typer.echo(
        f"{report.lines:,} lines for {len(report.office_days):,} office-days, "
        f"{report.mandatory_lines:,} ordered, {report.random_lines:,} drawn by lot: {output}"
    )
    for note in report.notes:
        typer.echo(note, err=True)


def _ids(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "the list of mandatory examinations cannot be read",
            where=str(path),
            found=getattr(error, "strerror", None) or "text that is not UTF-8",
            do="Give a text file with one declaration id a line.",
        ) from error
    return [line.strip() for line in lines if line.strip()]


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

    with _telling() as tell:
        tell("judging")
        evaluation = evaluate_scores(
            read_scores(scores), _opened(tables), output, capacity=capacity
        )
    for name, value in summary(evaluation):
        typer.echo(f"{name:<38}{value}")
    typer.echo(f"report: {output / 'report.html'}")


@profiles.command("snapshot")
def profiles_snapshot(
    tables: TablesPath,
    output: Output,
    as_of: Annotated[
        date,
        typer.Option(
            "--as-of", parser=_day, metavar="YYYY-MM-DD", help="Events before this day are in."
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
    with _telling() as tell:
        done = create_store(_opened(tables), how, output, as_of=as_of, progress=tell)
    _say(done, "made")


@profiles.command("roll")
def profiles_roll(
    tables: TablesPath,
    store: StorePath,
    to: Annotated[
        date,
        typer.Option("--to", parser=_day, metavar="YYYY-MM-DD", help="Day to roll to."),
    ],
) -> None:
    """Add the events of the days since the store's own.

    Example: targeting profiles roll --profiles profiles --tables world/tables --to 2025-06-02
    """
    from targeting.features.store import roll_store

    with _telling() as tell:
        done = roll_store(store, _opened(tables), to=to, progress=tell)
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

    with _telling() as tell:
        done = merge_stores(left, right, output, progress=tell)
    _say(done, "merged")


@profiles.command("compact")
def profiles_compact(store: Annotated[Path, typer.Argument(help="The store.")]) -> None:
    """Add up the days rolled, so that the store is read faster.

    Example: targeting profiles compact profiles
    """
    from targeting.features.store import compact_store

    with _telling() as tell:
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

    with _telling() as tell:
        found = verify_store(store, None if tables is None else _opened(tables), progress=tell)
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


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a polite kill end the run as Ctrl-C does, so that nothing half-written stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """Run the command line; the entry point of the `targeting` program."""
    # Read when LightGBM loads: waiting threads then sleep instead of burning a shared core.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        with _stoppable():
            app()
    except TargetingError as error:
        if debug:
            console.print_exception()
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
