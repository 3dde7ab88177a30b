"""Damage to bundles: thousands of changed files, each loaded with every hash put right.

Run: python -m benchmarks.fuzz_bundle [--cases 2000] [--seed 0] [--bundle FOLDER].

Each case changes one file of a sound bundle (bits flipped, bytes cut, inserted or repeated, lines
swapped, digits changed), writes a manifest that agrees with it, and loads it in another process,
with a bound on its memory. Allowed is one of two ends:

- it is refused with a BundleError;
- it loads, and scores the rows it was packaged with as it did then. Such a bundle is sound, but
  another one: its id differs, so a name of the registry no longer gives it. It is counted how many
  of them also score two hundred other rows as before.

Anything else (another exception, a crash of the process, an endless wait, a bite at memory) is a
failure: the command prints the case, which `--only` runs again, and exits 1.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from targeting.bundle.bundle import load_bundle
from targeting.bundle.manifest import MANIFEST, bundle_id, list_files
from targeting.bundle.probe import PROBE_TOLERANCE
from targeting.errors import BundleError
from targeting.explain.contributions import contributions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from targeting.bundle.bundle import Bundle

    Draw = np.random.Generator
    Matrix = npt.NDArray[np.float32]

CASES = 2000
AT_ONCE = 100
LIMIT_SECONDS = 180  # for AT_ONCE cases
LIMIT_BYTES = 6 * 1024**3
ENDS = ("refused", "scores the same", "scores other rows otherwise", "escaped", "crashed", "hung")
ALLOWED = frozenset(ENDS[:3])


def flipped(data: bytearray, draw: Draw) -> bytearray:
    """Flip one to four bits."""
    for _ in range(int(draw.integers(1, 5))):
        data[int(draw.integers(len(data)))] ^= 1 << int(draw.integers(8))
    return data


def cut(data: bytearray, draw: Draw) -> bytearray:
    """Leave the end away."""
    return data[: int(draw.integers(len(data)))]


def shortened(data: bytearray, draw: Draw) -> bytearray:
    """Take a piece out of the middle."""
    start = int(draw.integers(len(data)))
    del data[start : start + int(draw.integers(1, 200))]
    return data


def repeated(data: bytearray, draw: Draw) -> bytearray:
    """Repeat a piece."""
    start = int(draw.integers(len(data)))
    piece = data[start : start + int(draw.integers(1, 200))]
    data[start:start] = piece * int(draw.integers(1, 50))
    return data


def inserted(data: bytearray, draw: Draw) -> bytearray:
    """Put random bytes in."""
    at = int(draw.integers(len(data)))
    data[at:at] = draw.bytes(int(draw.integers(1, 64)))
    return data


def line_swapped(data: bytearray, draw: Draw) -> bytearray:
    """Put one line in the place of another, or beside it."""
    lines = data.split(b"\n")
    here, there = (int(draw.integers(len(lines))) for _ in range(2))
    if draw.random() < 0.5:
        lines[here], lines[there] = lines[there], lines[here]
    else:
        lines.insert(here, lines[there])
    return bytearray(b"\n").join(lines)


def digit_changed(data: bytearray, draw: Draw) -> bytearray:
    """Change one digit to another: what text survives most often."""
    digits = [at for at, byte in enumerate(data) if 48 <= byte < 58]
    if digits:
        data[int(draw.choice(digits))] = int(draw.integers(48, 58))
    return data


def number_changed(data: bytearray, draw: Draw) -> bytearray:
    """Put an odd number where a digit stands."""
    odd = (b"nan", b"inf", b"-1", b"-0", b"1e999", b"4294967296", b"99999999999999999999", b"0")
    digits = [at for at, byte in enumerate(data) if 48 <= byte < 58]
    if digits:
        at = int(draw.choice(digits))
        data[at : at + 1] = odd[int(draw.integers(len(odd)))]
    return data


WAYS: tuple[Callable[[bytearray, Draw], bytearray], ...] = (
    flipped, cut, shortened, repeated, inserted, line_swapped, digit_changed, number_changed,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sound:
    """The bundle as it was packaged, and how it scores."""

    folder: Path
    names: tuple[str, ...]
    rows: Matrix
    probe: Matrix
    bundle: Bundle

    @classmethod
    def load(cls, folder: Path) -> Sound:
        """Load it, and make the rows it is tried on."""
        bundle = load_bundle(folder)
        table = pq.read_table(folder / "probe.parquet").select(bundle.spec.names)
        probe = np.column_stack([column.to_numpy() for column in table.columns])
        draw = np.random.default_rng(0)
        rows = probe[draw.integers(len(probe), size=200)].copy()
        rows *= np.exp(draw.normal(0, 1, rows.shape)).astype(np.float32)
        rows[draw.random(rows.shape) < 0.2] = np.nan
        names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
        return cls(folder, tuple(names), rows, np.ascontiguousarray(probe), bundle)


def damaged(sound: Sound, case: int, seed: int, folder: Path) -> str:
    """Write a copy with one file changed and every hash put right; return what was done."""
    draw = np.random.default_rng([seed, case])
    shutil.copytree(sound.folder, folder)
    name = sound.names[int(draw.integers(len(sound.names)))]
    way = WAYS[int(draw.integers(len(WAYS)))]
    changed = way(bytearray((folder / name).read_bytes()), draw)
    (folder / name).write_bytes(changed)
    if name != MANIFEST:
        values = json.loads((folder / MANIFEST).read_text())
        values["files"] = {one: entry.model_dump() for one, entry in list_files(folder).items()}
        (folder / MANIFEST).write_text(json.dumps(values))
    return f"{name} {way.__name__}"


def end_of(sound: Sound, folder: Path) -> str:
    """Load a damaged bundle and say how it ended."""
    try:
        loaded = load_bundle(folder)
    except BundleError as error:
        return ENDS[0] if "\n" not in str(error) else f"{ENDS[3]}: a message of several lines"
    same = np.array_equal(_scores(loaded, sound.rows), _scores(sound.bundle, sound.rows))
    probed = [_scores(one, sound.probe) for one in (loaded, sound.bundle)]
    if not np.allclose(*probed, rtol=PROBE_TOLERANCE, atol=PROBE_TOLERANCE):
        return f"{ENDS[3]}: the probe is scored otherwise"
    contributions(loaded.model, sound.probe)
    if same:
        return ENDS[1]
    return ENDS[2] if bundle_id(folder) != sound.bundle.bundle_id else f"{ENDS[3]}: the same id"


def _scores(bundle: Bundle, rows: Matrix) -> npt.NDArray[np.float64]:
    model = bundle.model
    score = model.score(rows)
    parts = [score, model.probability(score), model.expected_revenue(rows, score)]
    if model.views is not None:
        parts += [model.views.papers(rows), model.views.conveyance(rows)]
    return np.nan_to_num(np.column_stack(parts), nan=-1.0)


def run_cases(folder: Path, cases: range, seed: int) -> None:
    """Run some cases in this process, printing a line before and after each."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    sound = Sound.load(folder)
    with TemporaryDirectory(prefix="targeting-fuzz-") as work:
        for case in cases:
            copy = Path(work) / str(case)
            done = damaged(sound, case, seed, copy)
            print(f"begin\t{case}\t{done}", flush=True)
            try:
                end = end_of(sound, copy)
            except Exception as error:  # whatever it is, it is told as a failure
                end = f"{ENDS[3]}: {type(error).__name__}"
            print(f"end\t{case}\t{end}", flush=True)
            shutil.rmtree(copy)


def tried(folder: Path, cases: range, seed: int) -> Iterator[tuple[int, str, str]]:
    """Run cases in processes of their own, going on after one that was ended by its case."""
    first = cases.start
    while first < cases.stop:
        told, why = _child(folder, range(first, cases.stop), seed)
        done: dict[int, str] = {}
        for line in told.splitlines():
            if line.count("\t") != 2:  # a library's own words
                continue
            mark, case, text = line.split("\t")
            if mark == "begin":
                done[int(case)] = text
            else:
                yield int(case), done.pop(int(case)), text
            first = int(case) + 1
        for case, what in done.items():
            yield case, what, why
        if not told:
            raise SystemExit("the cases could not be begun")


def _child(folder: Path, cases: range, seed: int) -> tuple[str, str]:
    command = [
        *(sys.executable, "-m", "benchmarks.fuzz_bundle", "--bundle", str(folder)),
        *("--child", str(cases.start), str(cases.stop), "--seed", str(seed)),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and this module
            command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as stopped:
        return (stopped.stdout or b"").decode(), "hung"
    return done.stdout, f"crashed: exit {done.returncode}"


def fuzz(folder: Path, cases: range, seed: int) -> Counter[tuple[str, str]]:
    """Count the ends of all cases by file; failures are printed as they come."""
    counts: Counter[tuple[str, str]] = Counter()
    for start in range(cases.start, cases.stop, AT_ONCE):
        some = range(start, min(start + AT_ONCE, cases.stop))
        for case, what, end in tried(folder, some, seed):
            if end not in ALLOWED:
                print(f"case {case}: {what}: {end}", flush=True)
            counts[what.split()[0], end.partition(":")[0]] += 1
        print(f"{some.stop - cases.start:,} cases", file=sys.stderr, flush=True)
    return counts


def report(counts: Counter[tuple[str, str]]) -> bool:
    """Print the table; tell whether every case had an allowed end."""
    print(f"{'file':34}" + "".join(f"{end:>30}" for end in ENDS))
    for name in sorted({name for name, _ in counts}):
        print(f"{name:34}" + "".join(f"{counts[name, end]:30,}" for end in ENDS))
    total = {end: sum(n for (_, one), n in counts.items() if one == end) for end in ENDS}
    print(f"{'all':34}" + "".join(f"{total[end]:30,}" for end in ENDS))
    return not any(total[end] for end in ENDS[3:])


def _packaged(folder: Path) -> Path:
    """Train a small bundle to damage."""
    from tests.small_world import small_world

    return small_world(folder).bundle


def without_evaluation(bundle: Path, folder: Path) -> Path:
    """Copy a bundle without its evaluation, which no score comes from."""
    shutil.copytree(bundle, folder, ignore=shutil.ignore_patterns("evaluation"))
    values = json.loads((folder / MANIFEST).read_text())
    values["files"] = {one: entry.model_dump() for one, entry in list_files(folder).items()}
    (folder / MANIFEST).write_text(json.dumps(values))
    return folder


def main() -> None:
    """Parse the arguments, damage, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="run one case again, in this process")
    parser.add_argument("--bundle", type=Path, help="a bundle to damage instead of a small one")
    parser.add_argument("--child", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        run_cases(given.bundle, range(*given.child), given.seed)
        return
    with TemporaryDirectory(prefix="targeting-fuzz-") as work:
        bundle = given.bundle or _packaged(Path(work))
        folder = without_evaluation(bundle, Path(work) / "sound")
        if given.only is not None:
            run_cases(folder, range(given.only, given.only + 1), given.seed)
            return
        sys.exit(0 if report(fuzz(folder, range(given.cases), given.seed)) else 1)


if __name__ == "__main__":
    main()
