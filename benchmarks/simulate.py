"""Speed and memory of the simulator: a year of a country, ten million declarations.

Run: python benchmarks/simulate.py [--preset national] [--lines 1000000] [--output FOLDER].
`--lines` shortens or lengthens the span until about so many declarations are lodged. Prints what
was lodged and found, a line and JSON. Times depend on the machine; the target is 5 minutes and 8 GB
on 2 cores. Memory is the peak of resident memory of this process; the tables go to a temporary
folder unless told otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from targeting.simulate import PRESETS, preset, simulate

if TYPE_CHECKING:
    from targeting.simulate import SimulateSettings


@dataclass(frozen=True, slots=True)
class Measured:
    """One measured run."""

    preset: str
    days: int
    declarations: int
    seconds: float
    peak_memory_gb: float
    written_mb: float

    @property
    def declarations_per_second(self) -> float:
        """Declarations a second, simulated and written."""
        return self.declarations / self.seconds


def world(name: str, lines: int | None) -> SimulateSettings:
    """Take a preset, with as many days as so many lines need."""
    settings = preset(name)
    if lines is None:
        return settings
    days = max(1, round(lines / settings.declarations_per_day))
    return settings.model_copy(update={"days": days})


def measure(settings: SimulateSettings, folder: Path) -> Measured:
    """Simulate a world into an empty folder."""
    start = time.perf_counter()
    report = simulate(settings, folder / "tables", progress=_tell)
    seconds = time.perf_counter() - start
    print(f"\n{report.text()}\n")
    sizes = [path.stat().st_size for path in folder.rglob("*.parquet") if path.is_file()]
    return Measured(
        settings.preset, report.days, report.declarations, seconds, _peak_gb(), sum(sizes) / 1e6
    )


def _tell(done: int, days: int) -> None:
    print(f"\r{done:,} of {days:,} days", end="", file=sys.stderr, flush=True)


def _peak_gb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kilobytes, macOS in bytes.
    return peak / (1e9 if sys.platform == "darwin" else 1e9 / 1024)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="national", choices=sorted(PRESETS))
    parser.add_argument("--lines", type=int)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    with nullcontext(given.output) if given.output else TemporaryDirectory() as folder:
        run = measure(world(given.preset, given.lines), Path(folder))
    print(
        f"{run.preset}: {run.declarations:,} declarations in {run.seconds:.1f} s, "
        f"{run.declarations_per_second:,.0f} a second; peak {run.peak_memory_gb:.2f} GB; "
        f"{run.written_mb:,.0f} MB written"
    )
    print(
        json.dumps(
            {
                **asdict(run),
                "cores": os.cpu_count(),
                "machine": platform.machine(),
                "python": platform.python_version(),
                **{name: version(name) for name in ("numpy", "pyarrow")},
            }
        )
    )


if __name__ == "__main__":
    main()
