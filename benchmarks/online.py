"""Online scoring beside `mlflow models serve` of the same bundle, over HTTP on loopback.

Run: python -m benchmarks.online [--lines N] [--bundle F --tables F --profiles URL] [--seconds 60]
[--output FOLDER]; `--small` is a try-out. Makes a simulated country, a bundle and a
database of living profiles, unless they are given; starts `targeting serve` and sends it, from a
bounded load generator in this process: one declaration at a time, without and with reasons; then
over eight connections for so many seconds; then 64 at a time. Then `mlflow models serve` gets the
same declarations one at a time and over eight connections. Writes `online.md` and `online.json`.
Both servers and the generator share the machine, so figures on a busy machine say little.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq
from benchmarks.http_load import Load, load, request
from benchmarks.simulate import world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LINES = 10_300_000
ZONE = "Asia/Baku"
BEFORE_THE_END = 5  # days: what is scored was lodged after the profiles' day
SERVE_PORT, MLFLOW_PORT = 18_180, 18_181
CONNECTIONS = 8
BATCH = 64
PATIENCE = 180.0  # seconds until a server must answer
TARGETS = {
    "one at a time": (4.0, 12.0), "one at a time, with reasons": (8.0, 20.0),
}  # fmt: skip
"""Milliseconds that half, and 99 of 100, of the requests may take."""


@dataclass(frozen=True)
class Given:
    """What is served, and the declarations sent."""

    bundle: Path
    profiles: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Size:
    """How much is sent."""

    one: int = 5_000
    reasons: int = 2_000
    seconds: float = 60.0
    batches: int = 300
    mlflow: int = 300


SMALL = Size(one=200, reasons=50, seconds=3.0, batches=10, mlflow=20)


@dataclass(frozen=True)
class Figure:
    """One load, told."""

    what: str
    requests: int
    errors: int
    p50_ms: float
    p99_ms: float
    per_second: float

    @classmethod
    def of(cls, what: str, found: Load) -> Figure:
        """Tell a load; there is nothing to tell of one that was never answered."""
        if not found.seconds:
            raise RuntimeError(f"{what}: no request was answered, {found.errors} were refused")
        return cls(
            what, len(found.seconds), found.errors, round(found.at(0.5), 3),
            round(found.at(0.99), 3), round(found.per_second, 1),
        )  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Everything one run found."""

    declarations: int
    profiles: int
    serve: list[Figure]
    mlflow: list[Figure]
    start_seconds: float
    mlflow_start_seconds: float
    machine: dict[str, Any] = field(
        default_factory=lambda: {"cores": os.cpu_count(), "machine": platform.machine()}
    )

    @property
    def times_mlflow(self) -> float:
        """Requests a second over many connections, by those of MLflow."""
        return self.serve[2].per_second / self.mlflow[1].per_second


def prepared(work: Path, lines: int, *, small: bool) -> Given:
    """Simulate a country and load its profiles; train on another world up to the same day."""
    from targeting.bundle.bundle import load_bundle
    from targeting.config import FeatureSettings, ModelSettings, TrainSettings
    from targeting.features.spec import reader_for
    from targeting.features.store import create_store, open_store
    from targeting.pipeline import Plan, train
    from targeting.scoring.online import ProfileDatabase
    from targeting.simulate import preset, simulate
    from targeting.tables.folder import TablesFolder

    settings = FeatureSettings(time_zone=ZONE)
    simulate(preset("small") if small else world("national", lines), work / "country" / "tables")
    country = TablesFolder.open(work / "country" / "tables")
    last = reader_for(country, settings).span()[1]
    as_of = last - timedelta(days=BEFORE_THE_END)
    create_store(country, settings, work / "store", as_of=as_of)
    # The truth of a world lies beside its tables: each world has a folder of its own.
    # A bundle needs a year of results, not ten million lines: it learns from a smaller world.
    taught = country
    if not small:
        simulate(preset("demo"), work / "demo" / "tables")
        taught = TablesFolder.open(work / "demo" / "tables")
    how = TrainSettings(model=ModelSettings(trees=30)) if small else TrainSettings()
    train(taught, work / "bundle", plan=Plan(settings, how, as_of))
    url = f"sqlite:///{work / 'profiles.db'}"
    spec = load_bundle(work / "bundle").spec.settings
    ProfileDatabase.create(url, open_store(work / "store"), spec).close()
    return Given(work / "bundle", url, lodged_on(country.path, as_of))


def lodged_on(tables: Path, day: date, most: int = 2_000) -> list[dict[str, Any]]:
    """Return declarations of one local day as JSON has them, without what is not stated."""
    begin = datetime.combine(day, clock(), tzinfo=ZoneInfo(ZONE))
    window = (pc.field("lodged_at") >= begin) & (pc.field("lodged_at") < begin + timedelta(days=1))
    rows = pq.read_table(tables / "declarations.parquet", filters=window).to_pandas().head(most)
    text = orjson.dumps(rows.to_dict("records"), option=orjson.OPT_SERIALIZE_NUMPY, default=str)
    return [
        {name: value for name, value in row.items() if value is not None and value != "NaT"}
        for row in orjson.loads(text)
    ]


def counted(database: Any) -> int:
    """Count the profiles a database keeps."""
    from sqlalchemy import func, select

    from targeting.scoring.online.tables import PROFILES

    with database.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(PROFILES)).scalar_one()


@contextmanager
def running(command: Sequence[str], url: str, log: Path) -> Iterator[float]:
    """Start a server; give the seconds until it answered; stop it."""
    # MLflow starts uvicorn by its name: the one beside this interpreter is meant.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path}
    begun = time.perf_counter()
    with (
        log.open("wb") as stream,
        subprocess.Popen(  # noqa: S603 - our own commands
            command, stdout=stream, stderr=subprocess.STDOUT, env=environment
        ) as process,
    ):
        try:
            while not answers(url):
                if process.poll() is not None or time.perf_counter() - begun > PATIENCE:
                    raise RuntimeError(f"{command[0]} did not start: {log.read_text()[-2000:]}")
                time.sleep(0.02)
            yield time.perf_counter() - begun
        finally:
            process.terminate()
            process.wait(timeout=30)


def answers(url: str) -> bool:
    """Say whether an address answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def ours(given: Given, size: Size, work: Path) -> tuple[float, list[Figure]]:
    """Measure `targeting serve`."""
    from targeting.service.keys import KeyStore

    config = work / "service.yaml"
    config.write_text(f"state: {work / 'state'}\n", encoding="utf-8")
    store = KeyStore.open(work / "state")
    _, key = store.create("the benchmark", ("score",), per_second=1e6)
    store.close()
    command = [
        sys.executable, "-c", "from targeting.cli import main; main()", "serve",
        "--model", str(given.bundle), "--profiles", given.profiles, "--port", str(SERVE_PORT),
        "--config", str(config),
    ]  # fmt: skip
    ready = f"http://127.0.0.1:{SERVE_PORT}/health/ready"
    with running(command, ready, work / "serve.log") as seconds:
        return seconds, ours_loads(SERVE_PORT, key, given.rows, size)


def ours_loads(port: int, key: str, rows: list[dict[str, Any]], size: Size) -> list[Figure]:
    """Send every kind of load to a running service."""

    def requests(body: Callable[[int], dict[str, Any]], count: int) -> list[bytes]:
        headers = [("Authorization", f"Bearer {key}")]
        return [request("/v1/score", orjson.dumps(body(at)), headers) for at in range(count)]

    def some(at: int) -> list[dict[str, Any]]:
        return [rows[(at * BATCH + ahead) % len(rows)] for ahead in range(min(BATCH, len(rows)))]

    ones = requests(lambda at: {"declarations": [rows[at]]}, len(rows))
    told = requests(lambda at: {"declarations": [rows[at]], "explain": True}, len(rows))
    batches = requests(lambda at: {"declarations": some(at)}, 30)
    load(port, ones, connections=1, total=200, seconds=30)  # what is lazy is loaded
    most = int(size.seconds * 5_000)
    plans = (
        ("one at a time", ones, 1, size.one, 120.0),
        ("one at a time, with reasons", told, 1, size.reasons, 120.0),
        (f"over {CONNECTIONS} connections", ones, CONNECTIONS, most, size.seconds),
        (f"{len(some(0))} at a time", batches, 1, size.batches, 120.0),
    )
    return [
        Figure.of(what, load(port, sent, connections=many, total=total, seconds=seconds))
        for what, sent, many, total, seconds in plans
    ]


def mlflows(given: Given, size: Size, work: Path) -> tuple[float, list[Figure]]:
    """Measure `mlflow models serve` of the same bundle and declarations."""
    names = list(dict.fromkeys(name for row in given.rows for name in row))
    command = [
        str(Path(sys.executable).parent / "mlflow"), "models", "serve", "--model-uri",
        str(given.bundle), "--env-manager", "local", "--host", "127.0.0.1",
        "--port", str(MLFLOW_PORT),
    ]  # fmt: skip

    def body(row: dict[str, Any]) -> bytes:
        data = [[row.get(name) for name in names]]
        return orjson.dumps({"dataframe_split": {"columns": names, "data": data}})

    sent = [request("/invocations", body(row)) for row in given.rows]
    with running(command, f"http://127.0.0.1:{MLFLOW_PORT}/ping", work / "mlflow.log") as seconds:
        load(MLFLOW_PORT, sent, connections=1, total=5, seconds=60)
        plans = (("one at a time", 1), (f"over {CONNECTIONS} connections", CONNECTIONS))
        return seconds, [
            Figure.of(what, load(MLFLOW_PORT, sent, connections=many, total=size.mlflow,
                                 seconds=180.0))
            for what, many in plans
        ]  # fmt: skip


def page(found: Found) -> str:
    """Write the page."""
    lines = [
        "# Online scoring over HTTP",
        "",
        "Written by `make bench-online` (`python -m benchmarks.online`). Servers and load",
        "generator share one machine; a server scores declarations of the day its profiles stand",
        f"at. {found.machine['cores']} cores; {found.declarations:,} declarations in the profiles, "
        f"{found.profiles:,} profiles.",
        "",
        "| server | load | requests | errors | p50 ms | p99 ms | requests a second |",
        "|---|---|---|---|---|---|---|",
    ]
    for server, figures in (
        ("targeting serve", found.serve),
        ("mlflow models serve", found.mlflow),
    ):
        lines += [
            f"| `{server}` | {one.what} | {one.requests:,} | {one.errors:,} | {one.p50_ms:.2f} "
            f"| {one.p99_ms:.2f} | {one.per_second:,.0f} |"
            for one in figures
        ]
    batch = found.serve[3]
    lines += [
        "",
        f"Declarations a second, {batch.what}: {batch.per_second * BATCH:,.0f}. Start-up: "
        f"{found.start_seconds:.1f} s; MLflow's: {found.mlflow_start_seconds:.1f} s. Requests a "
        f"second over {CONNECTIONS} connections are {found.times_mlflow:,.0f} times MLflow's.",
        "",
        *(
            f"Target, {what}: {p50:g} ms and {p99:g} ms, "
            + ("met." if _met(found, what) else "missed.")
            for what, (p50, p99) in TARGETS.items()
        ),
        "",
    ]
    return "\n".join(lines)


def _met(found: Found, what: str) -> bool:
    one = next(figure for figure in found.serve if figure.what == what)
    return one.p50_ms <= TARGETS[what][0] and one.p99_ms <= TARGETS[what][1]


def written(found: Found, output: Path) -> None:
    """Write the page and the figures."""
    whole = asdict(found) | {"times_mlflow": round(found.times_mlflow, 1)}
    (output / "online.md").write_text(page(found), encoding="utf-8")
    (output / "online.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Parse the arguments, measure both servers, and write the page."""
    from targeting.scoring.online import ProfileDatabase

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help="declarations to simulate")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the sustained load")
    parser.add_argument("--small", action="store_true", help="a try-out of a minute")
    parser.add_argument("--bundle", type=Path, help="a bundle to serve instead of a new one")
    parser.add_argument("--profiles", help="its database")
    parser.add_argument("--tables", type=Path, help="tables with declarations of the open day")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    args = parser.parse_args()
    size = SMALL if args.small else Size(seconds=args.seconds)
    with TemporaryDirectory(prefix="targeting-") as name:
        work = Path(name)
        if args.bundle is None:
            given = prepared(work, args.lines, small=args.small)
        else:
            database = ProfileDatabase.open(args.profiles)
            given = Given(args.bundle, args.profiles, lodged_on(args.tables, database.as_of))
            database.close()
        database = ProfileDatabase.open(given.profiles)
        status, profiles = database.status(), counted(database)
        database.close()
        start, serve = ours(given, size, work)
        mlflow_start, mlflow = mlflows(given, size, work)
    found = Found(status.declarations, profiles, serve, mlflow, start, mlflow_start)
    written(found, args.output)
    print(page(found))


if __name__ == "__main__":
    main()
