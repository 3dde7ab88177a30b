"""A writer that is killed loses no event it told of, and counts none twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def crashed(*options: str) -> dict[str, float]:
    """Run the benchmark in a process of its own: it forks."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "benchmarks.online_crash", *options],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_few_kills() -> None:
    told = crashed("--kills", "3", "--days", "4")
    assert told["kills"] == 3
    assert (told["lost"], told["twice"]) == (0, 0)
    assert told["largest_difference"] < 1e-9


@pytest.mark.slow
def test_many_kills() -> None:
    # More are asked for than must land: on a fast machine many a writer ends before its kill.
    told = crashed("--kills", "90")
    assert told["kills"] >= 30
    assert (told["lost"], told["twice"]) == (0, 0)


@pytest.mark.slow
def test_many_kills_on_postgres(postgres: str) -> None:
    told = crashed("--kills", "60", "--url", postgres)
    assert told["kills"] >= 25
    assert (told["lost"], told["twice"]) == (0, 0)
