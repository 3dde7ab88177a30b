"""Speed and memory of the features: from Parquet tables to the written matrix, beside three peers.

Run: python -m benchmarks.features [--lines 10300000] [--tables FOLDER] [--output docs/benchmarks].

A tenth of the declarations is wanted: the examined ones, filled up by lot. Ours is measured twice:
with the statistics its peers compute (25 for each of 16 keys), and with everything a model looks at
by default. Each engine runs in a process of its own, one after the other, on the same tables; then
a sample of its numbers is compared with ours. `--sizes 2500000 5000000 10000000` measures ours at
these sizes instead and draws time against size.

Writes features.json and features.md (or features_sizes.json and .svg) to the output folder.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from benchmarks.features_peers import (
    DAYS,
    HALF_LIFE,
    KEYS,
    PEERS,
    STATISTICS,
    ZONE,
    Run,
    Task,
    Watch,
    measured,
    task_of,
    task_options,
)

from targeting.config import FeatureSettings
from targeting.evaluation.plots import BLUE, GREY, canvas, figure_of, svg
from targeting.features import replays
from targeting.features.build import computed_from
from targeting.features.engine import Wanted
from targeting.features.replays import LocalReplays
from targeting.features.spec import learn_spec, reader_for
from targeting.ingest.arrow import pc
from targeting.tables.folder import TablesFolder
from targeting.tables.output import staged_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "docs" / "benchmarks"
LINES = 10_300_000
SHARE = 10  # every tenth declaration is wanted
SAMPLE = 20_000
TOLERANCE = 1e-6
"""Largest difference from ours, relative to the larger of 1 and the value."""
# Ours --------------------------------------------------------------------------------------------


def sums_matrix(task: Task, watch: Watch) -> None:
    """Write what the peers write: the statistics of each key as they are, as float32."""
    settings = FeatureSettings.model_validate(
        {
            "time_zone": ZONE,
            "keys": [KEYS[key] for key in task.keys],
            "links": [],
            "half_lives_days": [HALF_LIFE],
        }
    )
    history = reader_for(TablesFolder.open(task.tables), settings).history(_wanted(task))
    known = LocalReplays.over(history, settings)
    watch.lap("reading")
    width, days = len(STATISTICS), len(DAYS)
    matrix = np.empty((len(history.ids), width * len(task.keys)), dtype=np.float32)

    def one(place: int) -> None:
        key = settings.keys[place]
        read = known.of(key.name, key.columns)
        own = matrix[:, place * width : (place + 1) * width]
        own[:, :-days], own[:, -days:] = read.sums, read.days

    with _shared_out(watch, rest="replay"), ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(one, range(len(task.keys))))
    names = [f"{key}_{statistic}" for key in task.keys for statistic in STATISTICS]
    _write(history.ids, names, matrix, task.output)
    watch.lap("writing")


def model_matrix(task: Task, watch: Watch) -> None:
    """Write every feature of the default settings; the keys of the task do not count."""
    tables, settings = TablesFolder.open(task.tables), FeatureSettings(time_zone=ZONE)
    spec = learn_spec(tables, settings)
    history = reader_for(tables, settings).history(_wanted(task))
    known = LocalReplays.over(history, settings)
    watch.lap("reading")
    with _shared_out(watch, rest="features"):
        _, matrix = computed_from(known, spec)
    _write(history.ids, spec.names, matrix, task.output)
    watch.lap("writing")


def _wanted(task: Task) -> Wanted:
    return Wanted(ids=pq.read_table(task.wanted)["declaration_id"].combine_chunks())


def _write(ids: pa.ChunkedArray, names: Sequence[str], matrix: Matrix, output: Path) -> None:
    """Write a matrix as two files, side by side, in row groups: no second copy of it is held."""
    output.mkdir()
    middle = len(matrix) // 2
    halves = (slice(0, middle), slice(middle, len(matrix)))

    def one(half: slice) -> None:
        with pq.ParquetWriter(
            output / f"from-{half.start}.parquet", schema, use_dictionary=False
        ) as writer:
            for start in range(half.start, half.stop, _GROUP):
                rows = slice(start, min(start + _GROUP, half.stop))
                columns = np.ascontiguousarray(matrix[rows].T)
                some = ids.slice(start, rows.stop - start).combine_chunks()
                writer.write_table(pa.table([some, *columns], schema=schema))

    schema = pa.schema([("declaration_id", pa.string()), *((n, pa.float32()) for n in names)])
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(one, halves))


_GROUP = 65_536
_TIMED = {
    "encode_wanted": "key coding",
    "encode": "key coding",
    "read_only": "replay",
    "known_before": "replay",
}
"""Functions `LocalReplays` calls, and the phase their time belongs to."""


@contextmanager
def _shared_out(watch: Watch, *, rest: str) -> Iterator[None]:
    """Share the seconds of a block out over phases by what was called in it.

    The package keeps no time of itself: its functions are wrapped from outside while the block
    lasts. Two keys are handled side by side, so that two seconds spent in them are one of the
    block's.

    Parameters
    ----------
    watch
        Where the phases are booked.
    rest
        Phase of what no function of `_TIMED` spent.
    """
    spent: Counter[str] = Counter()
    with ExitStack() as stack:
        for name, phase in _TIMED.items():
            wrapped = _timed(getattr(replays, name), phase, spent)
            stack.enter_context(patch.object(replays, name, wrapped))
        yield
    watch.lap(rest)
    for phase, seconds in spent.items():
        moved = min(seconds / 2, watch.seconds[rest])
        watch.seconds[rest] -= moved
        watch.seconds[phase] = watch.seconds.get(phase, 0.0) + moved


def _timed(call: Callable[..., Any], phase: str, spent: Counter[str]) -> Callable[..., Any]:
    lock = threading.Lock()

    @wraps(call)
    def wrapped(*given: object, **named: object) -> object:
        begun = time.perf_counter()
        try:
            return call(*given, **named)
        finally:
            with lock:
                spent[phase] += time.perf_counter() - begun  # type: ignore[assignment]

    return wrapped


OURS: dict[str, Callable[[Task, Watch], None]] = {
    "targeting": sums_matrix,
    "targeting, model": model_matrix,
}
LIBRARIES = ("numba", "numpy", "pyarrow", "duckdb", "pandas")


# One after the other -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class World:
    """What was computed on.

    Parameters
    ----------
    declarations, wanted, examined, days
        Counts; `examined` of the declarations were, all of them among the wanted.
    """

    declarations: int
    wanted: int
    examined: int
    days: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One engine in the table.

    Parameters
    ----------
    engine
        Its name.
    keys
        For how many keys it was run.
    run
        What was measured; None when it did not come to its end.
    failure
        Why not; empty when it did.
    difference
        Largest difference from ours in the sample, relative to the larger of 1 and the value;
        None where there is nothing to compare.
    """

    engine: str
    keys: int
    run: Run | None
    failure: str = ""
    difference: float | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds for all keys: what is spent on keys and writing grows with their number."""
        if self.run is None:
            return None
        reading = self.run.split["reading"]
        return reading + (self.run.seconds - reading) * len(KEYS) / self.keys


def simulated(lines: int, folder: Path) -> Path:
    """Simulate a country in a process of its own, and return the tables folder."""
    command = [sys.executable, str(ROOT / "benchmarks" / "simulate.py")]
    given = ["--lines", str(lines), "--output", str(folder)]
    subprocess.run([*command, *given], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return folder / "tables"


def draw_wanted(tables: Path, wanted: Path) -> World:
    """Write the ids of a tenth of the declarations: the examined ones, filled up by lot."""
    declared = ds.dataset(tables / "declarations.parquet").to_table(
        columns=["declaration_id", "lodged_at"]
    )
    inspected = ds.dataset(tables / "inspections.parquet").to_table(columns=["declaration_id"])
    ids = declared["declaration_id"].combine_chunks()
    examined = pc.is_in(ids, inspected["declaration_id"].combine_chunks()).to_numpy(
        zero_copy_only=False
    )
    others = np.flatnonzero(~examined)
    more = max(0, len(ids) // SHARE - int(examined.sum()))
    chosen = examined.copy()
    chosen[np.random.default_rng(1).choice(others, more, replace=False)] = True
    pq.write_table(pa.table({"declaration_id": ids.filter(pa.array(chosen))}), wanted)
    first, last = (declared["lodged_at"].cast("date32").to_pandas().agg(f) for f in ("min", "max"))
    return World(len(ids), int(chosen.sum()), int(examined.sum()), (last - first).days + 1)


def in_own_process(engine: str, task: Task, *, minutes: float) -> Entry:
    """Run one engine in a process of its own, so that its peak of memory is its own."""
    module = "features" if engine in OURS else "features_peers"
    command = [
        *(sys.executable, "-m", f"benchmarks.{module}", engine),
        *("--tables", str(task.tables), "--wanted", str(task.wanted)),
        *("--output", str(task.output), "--keys", *task.keys),
    ]
    keys = len(task.keys)
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=minutes * 60
        )
    except subprocess.TimeoutExpired:
        return Entry(engine, keys, None, f"stopped after {minutes:g} minutes")
    if done.returncode:
        told = done.stderr.strip().splitlines()[-1:] or [""]
        killed = "ended by the system, as it is when memory runs out"
        return Entry(engine, keys, None, killed if done.returncode < 0 else told[0])
    return Entry(engine, keys, Run(**json.loads(done.stdout.splitlines()[-1])))


def largest_difference(ours: Path, theirs: Path, keys: Sequence[str]) -> float:
    """Compare a sample of two matrices; missing on one side only is an infinite difference."""
    ids = pq.read_table(ours, columns=["declaration_id"])["declaration_id"].combine_chunks()
    sample = ids.take(pa.array(np.arange(0, len(ids), max(1, len(ids) // SAMPLE))))
    largest = 0.0
    for key in keys:
        names = [f"{key}_{statistic}" for statistic in STATISTICS]
        left, right = (_sampled(file, names, sample) for file in (ours, theirs))
        if (np.isnan(left) != np.isnan(right)).any():
            return float("inf")
        apart = np.abs(left - right) / np.maximum(1.0, np.abs(left))
        largest = max(largest, float(np.nanmax(apart, initial=0.0)))
    return largest


def _sampled(file: Path, names: Sequence[str], sample: pa.Array) -> Floats:
    lines = pq.read_table(file, columns=["declaration_id", *names]).to_pandas()
    return lines.set_index("declaration_id").loc[sample.to_pylist()].to_numpy(dtype=np.float64)


def compared(tables: Path, work: Path, options: Options) -> tuple[World, list[Entry]]:
    """Run ours and every peer on the same tables, and compare their numbers."""
    wanted = work / "wanted.parquet"
    world = draw_wanted(tables, wanted)
    entries: list[Entry] = []
    files: dict[str, Path] = {}
    for engine in (*OURS, *options.peers):
        keys = _some_keys(options.peer_keys if engine in PEERS else len(KEYS))
        files[engine] = work / f"{len(files)}.parquet"
        print(f"{engine}: {len(keys)} keys", file=sys.stderr, flush=True)
        task = Task(tables, wanted, files[engine], keys)
        entry = in_own_process(engine, task, minutes=options.minutes)
        if engine in PEERS and entry.run is not None and entries[0].run is not None:
            apart = largest_difference(files["targeting"], files[engine], keys)
            entry = replace(entry, difference=apart)
        entries.append(entry)
        if engine != "targeting":
            _removed(files[engine])
    return world, entries


def _removed(output: Path) -> None:
    if output.is_dir():
        shutil.rmtree(output)
    output.unlink(missing_ok=True)


def _some_keys(many: int) -> tuple[str, ...]:
    """Take so many keys, spread evenly over the light and the heavy ones."""
    names = list(KEYS)
    return tuple(names[round(at)] for at in np.linspace(0, len(names) - 1, many))


def warm_up(work: Path) -> None:
    """Compile the kernel into its cache on disk, as the first run after an installation does."""
    folder = work / "small"
    tables, wanted = simulated(3_000, folder), folder / "wanted.parquet"
    draw_wanted(tables, wanted)
    for engine in OURS:
        in_own_process(engine, Task(tables, wanted, folder / "out", tuple(KEYS)), minutes=10)


@dataclass(frozen=True, slots=True)
class Options:
    """How the peers are run.

    Parameters
    ----------
    peers
        Which.
    peer_keys
        For how many keys; the time of the others is reckoned from theirs.
    minutes
        After which a run is stopped.
    """

    peers: tuple[str, ...]
    peer_keys: int
    minutes: float


def told(world: World, entries: Sequence[Entry]) -> dict[str, Any]:
    """Gather what the page and programs are told."""
    return {
        "world": asdict(world),
        "keys": len(KEYS),
        "statistics": len(STATISTICS),
        "half_life_days": HALF_LIFE,
        "entries": [{**asdict(entry), "seconds": entry.seconds} for entry in entries],
        "machine": machine(),
    }


def machine() -> dict[str, Any]:
    """Name the machine and what runs on it."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


_ABOUT = {
    "targeting": "equal statistics",
    "targeting, model": "every feature of the default settings",
    "pandas": "equal statistics, of wanted keys only",
    "duckdb": "equal statistics, of wanted keys only",
    "polars": "equal statistics, of wanted keys only",
    "polars, plain": "equal statistics, as most would write it",
}
_PAGE = """\
# Features, speed and memory

{headline}

Written by `benchmarks/features.py`; do not edit. Reproduce it with `make bench-features`.

From Parquet tables with string keys to the written matrix of {wanted:,} wanted lines, of
{lines:,} declarations of {days} days (simulated, preset `national`). Wanted are the {examined:,}
examined lines, filled up by lot to a tenth. {keys} keys, and for each {statistics} statistics:
eleven sums, all-time and with a half-life of {half_life:g} days, and the days since the key was
first and last seen and last caught, all from days strictly before, results from the day they
became known. Every engine runs in a process of its own on the same files, one after the other;
memory is the peak of its resident memory, in GB of 10^9 bytes.

| engine | what it writes | s | s of all cores | peak GB | MB written | times ours | difference |
| --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

*s of all cores* is processor time. *difference* is the largest from ours over a sample of
{sample:,} lines and all statistics, relative to the larger of 1 and the value; matrices hold
float32.{scaled}

## Where the time goes

| engine | {phases} |
| --- | {dashes} |
{splits}

Seconds. Two keys are handled side by side in ours, so two seconds spent in their coding or replay
count as one.

## Made with

{machine}. Peers: {peers}.
"""


def page(figures: dict[str, Any]) -> str:
    """Write the page from the figures."""
    entries, world = figures["entries"], figures["world"]
    phases = list(dict.fromkeys(p for e in entries if e["run"] for p in e["run"]["split"]))
    few = [e["engine"] for e in entries if e["run"] and e["keys"] < figures["keys"]]
    scaled = f" Times of {', '.join(few)} are reckoned up from fewer keys, as said." if few else ""
    made = figures["machine"]
    peers = {
        e["engine"]: e["run"]["versions"] for e in entries if e["run"] and e["engine"] in PEERS
    }
    return _PAGE.format(
        headline=_headline(figures),
        lines=world["declarations"], **{n: world[n] for n in ("wanted", "days", "examined")},
        keys=figures["keys"], statistics=figures["statistics"],
        half_life=figures["half_life_days"], sample=SAMPLE, scaled=scaled,
        rows="\n".join(_row(entry, entries[0], figures["keys"]) for entry in entries),
        phases=" | ".join(phases), dashes=" | ".join("---" for _ in phases),
        splits="\n".join(_split_row(entry, phases) for entry in entries if entry["run"]),
        machine="; ".join(f"{name.replace('_', ' ')} {value}" for name, value in made.items()),
        peers="; ".join(_versions(of) for of in peers.values()),
    )  # fmt: skip


def _versions(versions: dict[str, str]) -> str:
    return " with ".join(f"{name} {value}" for name, value in versions.items())


def _headline(figures: dict[str, Any]) -> str:
    ours, rest = figures["entries"][0], figures["entries"]
    peers = [e for e in rest if e["engine"] in PEERS and e["seconds"]]
    if not ours["run"] or not peers:
        return "**Not every engine came to its end; the table says which.**"
    best = min(peers, key=lambda entry: entry["seconds"])
    return (
        f"**{ours['seconds']:.0f} seconds and {ours['run']['peak_gb']:.1f} GB for "
        f"{figures['world']['declarations'] / 1e6:.1f} million declarations; the fastest peer, "
        f"{best['engine']}, takes {best['seconds'] / ours['seconds']:.1f} times as long.**"
    )


def _row(entry: dict[str, Any], ours: dict[str, Any], keys: int) -> str:
    run = entry["run"]
    name, about = entry["engine"], _ABOUT[entry["engine"]]
    if run is None:
        return f"| {name} | {about} | {entry['failure']} | | | | | |"
    if entry["keys"] < keys:
        about = f"{about}, reckoned from {entry['keys']} keys in {run['seconds']:.1f} s"
    equal = name in PEERS and ours["run"] is not None
    times = f"{entry['seconds'] / ours['seconds']:.1f}" if equal else ""
    apart = "" if entry["difference"] is None else f"{entry['difference']:.0e}"
    cells = [
        name, about, f"{entry['seconds']:.1f}", f"{run['processor_seconds']:.1f}",
        f"{run['peak_gb']:.2f}", f"{run['written_mb']:,.0f}", times, apart,
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _split_row(entry: dict[str, Any], phases: Sequence[str]) -> str:
    split = entry["run"]["split"]
    cells = [f"{split[phase]:.1f}" if phase in split else "" for phase in phases]
    return f"| {entry['engine']} | {' | '.join(cells)} |"


# Time against size -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sized:
    """Ours at one size."""

    declarations: int
    run: Run


def at_sizes(sizes: Sequence[int], *, minutes: float) -> list[Sized]:
    """Measure ours on worlds of several sizes."""
    found = []
    for size in sorted(sizes):
        with TemporaryDirectory(prefix="targeting-") as folder:
            work = Path(folder)
            tables = simulated(size, work)
            world = draw_wanted(tables, work / "wanted.parquet")
            task = Task(tables, work / "wanted.parquet", work / "out.parquet", tuple(KEYS))
            entry = in_own_process("targeting", task, minutes=minutes)
        print(f"{world.declarations:,}: {entry.seconds or entry.failure}", file=sys.stderr)
        if entry.run is not None:
            found.append(Sized(world.declarations, entry.run))
    return found


def drawn(found: Sequence[Sized]) -> bytes:
    """Draw time against size; a straight line through the largest shows what linear would be."""
    sizes = [one.declarations / 1e6 for one in found]
    seconds = [one.run.seconds for one in found]
    with canvas() as axes:
        axes.plot([0, sizes[-1]], [0, seconds[-1]], color=GREY, linestyle="--", label="linear")
        axes.plot(sizes, seconds, color=BLUE, marker="o", label="measured")
        axes.set(xlabel="million declarations", ylabel="seconds", xlim=(0, None), ylim=(0, None))
        axes.set_title(f"{len(KEYS)} keys, {len(STATISTICS)} statistics each")
        axes.legend()
        return svg(figure_of(axes))


# The command line --------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything, or with an engine's name that one alone; 0 when all was as it should be."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] and given[0] in OURS:
        return _one(given[0], given[1:])
    options = _options(given)
    output, work = options.output.resolve(), TemporaryDirectory(prefix="targeting-")
    with work as folder:
        warm_up(Path(folder))
        if options.sizes:
            return _sizes(options, output)
        tables = options.tables or simulated(options.lines, Path(folder) / "world")
        how = Options(tuple(options.peers), options.peer_keys, options.minutes)
        world, entries = compared(tables.resolve(), Path(folder), how)
    figures = told(world, entries)
    _put(output / "features.json", json.dumps(figures, indent=1) + "\n")
    _put(output / "features.md", page(figures))
    print(page(figures))
    return 0 if all(_is_sound(entry) for entry in entries) else 1


def _is_sound(entry: Entry) -> bool:
    return entry.difference is None or entry.difference <= TOLERANCE


def _sizes(options: argparse.Namespace, output: Path) -> int:
    found = at_sizes(options.sizes, minutes=options.minutes)
    figures = {"sizes": [asdict(one) for one in found], "machine": machine()}
    _put(output / "features_sizes.json", json.dumps(figures, indent=1) + "\n")
    if found:
        _put(output / "features_sizes.svg", drawn(found).decode())
    return 0 if len(found) == len(options.sizes) else 1


def _put(file: Path, text: str) -> None:
    with staged_file(file) as stage:
        stage.write_text(text, encoding="utf-8")


def _one(engine: str, arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    task_options(parser)
    run = measured(engine, OURS[engine], task_of(parser.parse_args(arguments)), LIBRARIES)
    print(json.dumps(asdict(run)))
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--lines", type=int, default=LINES, help="declarations to simulate")
    parser.add_argument("--tables", type=Path, help="a tables folder to use instead")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for the page")
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--peer-keys", type=int, default=len(KEYS), help="keys the peers do")
    parser.add_argument("--minutes", type=float, default=30.0, help="a run is stopped after these")
    parser.add_argument("--sizes", type=int, nargs="+", help="measure ours at these sizes instead")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
