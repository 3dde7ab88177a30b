from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.online_week import Week, simulated_week

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.small_world import World

POSTGRES = Path("/usr/local/bin/postgres")
NOBODY = 65_534


@pytest.fixture(scope="session")
def week(world: World, tmp_path_factory: pytest.TempPathFactory) -> Week:
    return simulated_week(world, f"sqlite:///{tmp_path_factory.mktemp('week') / 'profiles.db'}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL of our own, which lives as long as the tests."""
    pytest.importorskip("psycopg", reason="PostgreSQL's driver is not installed")
    if not POSTGRES.exists():
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        root = os.geteuid() == 0  # PostgreSQL refuses to run as root
        if root:
            os.chown(folder, NOBODY, NOBODY)
        run = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if root else {}
        data = Path(folder) / "data"
        _called(run, "initdb", "-D", str(data), "-U", "targeting", "--auth=trust", "--no-sync")
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        _called(run, "pg_ctl", "-D", str(data), "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://targeting@/postgres?host={folder}"
        finally:
            _called(run, "pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def _called(run: dict, name: str, *arguments: str) -> None:
    tool = shutil.which(name, path=f"{POSTGRES.parent}:{os.environ['PATH']}")
    if tool is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    subprocess.run([tool, *arguments], check=True, capture_output=True, cwd="/tmp", **run)  # noqa: S108, S603
