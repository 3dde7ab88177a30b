"""Speed of a roll: one day more onto the living profiles of a country's year.

Run: python -m benchmarks.profiles [--lines 10300000] [--tables FOLDER] [--store FOLDER].
Makes a profile store of everything before the last three days (or takes a copy of the one given,
which must be as of that day), then rolls the next two days on with the command users call,
`targeting profiles roll`, each in a process of its own. The first roll warms the caches of the
disk; the second is the figure. The target is 5 seconds for a day of 20,000 declarations upon ten
million, on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.simulate import world

from targeting.config import FeatureSettings
from targeting.features.spec import reader_for
from targeting.features.store import create_store, open_store
from targeting.simulate import simulate
from targeting.tables.folder import TablesFolder

ZONE = "Asia/Baku"
LINES = 10_300_000
BEFORE_THE_END = 11  # days: the store stops there, so that no day is short of results


def rolled(store: Path, tables: Path, to: date) -> dict[str, float]:
    """Roll a store to a day by the command; return seconds, and what the day held."""
    before = open_store(store).events
    command = [
        *(sys.executable, "-c", "from targeting.cli import main; main()", "profiles", "roll"),
        *("--profiles", str(store), "--tables", str(tables), "--to", str(to)),
    ]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
    seconds = time.perf_counter() - begun
    after = open_store(store).events
    return {
        "seconds": seconds,
        "declarations": after.declarations - before.declarations,
        "results": after.results - before.results,
    }


def main() -> None:
    """Parse the arguments, roll, and print a line for each day and JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help="declarations to simulate")
    parser.add_argument("--tables", type=Path, help="a tables folder to use instead")
    parser.add_argument("--store", type=Path, help="a store to start from instead of a new one")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="targeting-") as name:
        work = Path(name)
        if given.tables is None:
            simulate(world("national", given.lines), work / "tables")
        tables = TablesFolder.open(given.tables or work / "tables")
        settings, store = FeatureSettings(time_zone=ZONE), work / "store"
        if given.store is None:
            last = reader_for(tables, settings).span()[1]
            as_of = last - timedelta(days=BEFORE_THE_END)
            create_store(tables, settings, store, as_of=as_of)
        else:
            shutil.copytree(given.store, store)
        held = open_store(store)
        print(f"{held.events.declarations:,} declarations as of {held.as_of}", flush=True)
        days = [held.as_of + timedelta(days=ahead) for ahead in (1, 2)]
        told = [rolled(store, tables.path, day) for day in days]
    for day, one in zip(days, told, strict=True):
        print(f"to {day}: {one['declarations']:,} declarations in {one['seconds']:.2f} s")
    machine = {"cores": os.cpu_count(), "machine": platform.machine()}
    print(json.dumps({"declarations": held.events.declarations, "rolls": told, **machine}))


if __name__ == "__main__":
    main()
