"""A PostgreSQL of our own, which lives as long as the tests that want it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

if TYPE_CHECKING:
    from collections.abc import Iterator

BINARIES = f"/usr/local/bin:{os.environ['PATH']}"
NOBODY = 65_534


@dataclass(frozen=True)
class Server:
    """A running server that listens in a folder of its own."""

    folder: Path

    @property
    def url(self) -> str:
        """Of its first database."""
        return self._named("postgres")

    def _named(self, database: str) -> str:
        return f"postgresql+psycopg://targeting@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-c listen_addresses='' -k {self.folder} -c fsync=off"
        _called("pg_ctl", "-D", str(self.data), "-w", "-l", f"{self.folder}/log", "-o", options,
                "start")  # fmt: skip

    def stop(self) -> None:
        """Stop it; who is connected is cut off."""
        _called("pg_ctl", "-D", str(self.data), "-w", "-m", "immediate", "stop")

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it take connections and answer nothing."""
        first = int((self.data / "postmaster.pid").read_text().split()[0])
        family = [first, *_children(first)]
        for one in family:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in family:
                os.kill(one, signal.SIGCONT)

    def emptied(self) -> str:
        """Drop everything and return the address."""
        self.told("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        return self.url

    def another(self, name: str, options: str) -> str:
        """Make another database, and return its address."""
        self.told(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        return self._named(name)

    def told(self, *statements: str) -> None:
        """Tell the first database what to do."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    @property
    def data(self) -> Path:
        """Its files."""
        return self.folder / "data"


@contextmanager
def postgres_server(*options: str) -> Iterator[Server]:
    """Make a server, or skip the test where there is no PostgreSQL.

    Parameters
    ----------
    options
        Of `initdb`.
    """
    pytest.importorskip("psycopg", reason="PostgreSQL's driver is not installed")
    if shutil.which("postgres", path=BINARIES) is None:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            os.chown(folder, NOBODY, NOBODY)
        server = Server(Path(folder))
        _called("initdb", "-D", str(server.data), "-U", "targeting", "--auth=trust", "--no-sync",
                *options)  # fmt: skip
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _children(parent: int) -> list[int]:
    stats = (path.read_text().rsplit(")", 1) for path in Path("/proc").glob("[0-9]*/stat"))
    found = ((int(head.split()[0]), int(rest.split()[1])) for head, rest in stats)
    return [own for own, of in found if of == parent]


def _called(name: str, *arguments: str) -> None:
    tool = shutil.which(name, path=BINARIES)
    if tool is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run([tool, *arguments], check=True, capture_output=True, cwd="/tmp", **who)  # noqa: S108, S603
