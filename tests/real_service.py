"""The service over a real bundle and a real database: in this process, or in one of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from starlette.testclient import TestClient

from targeting.config import ServiceSettings
from targeting.service.app import create_app
from targeting.service.keys import KeyStore
from targeting.service.server import ServeOptions, make_desk
from targeting.tables.schema import DECLARATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from targeting.service.desk import Desk

ALL = ("score", "results", "admin")
SECRET = "tgk_bootstrap_" + "s" * 43


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write a row of the tables as a caller would, leaving out what is not stated."""
    text = orjson.dumps(row, default=str, option=orjson.OPT_SERIALIZE_NUMPY)
    known = {name: value for name, value in orjson.loads(text).items() if value is not None}
    whole = {one.name for one in DECLARATIONS.columns if one.kind == "int"}
    return {
        name: int(value) if name in whole else value
        for name, value in known.items()
        if value != "NaT"
    }


@dataclass
class Real:
    """A service in this process."""

    client: TestClient
    headers: dict[str, str]
    desk: Desk
    bundle: Path
    profiles: str

    def send(self, path: str, body: dict[str, Any]) -> Any:
        """Post a body and return the answer, which must be a success."""
        answer = self.client.post(path, json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def real_service(bundle: Path, profiles: str, state: Path, **other: Any) -> Iterator[Real]:
    """Serve a bundle and a database from this process."""
    settings = ServiceSettings(state=state, **other)
    store = KeyStore.open(state)
    _, written = store.create("a test", ALL)
    store.close()
    options = ServeOptions(model=str(bundle), profiles=profiles, settings=settings)
    desk = make_desk(options, {})
    with TestClient(create_app(desk), raise_server_exceptions=False) as client:
        yield Real(client, {"Authorization": f"Bearer {written}"}, desk, bundle, profiles)


@dataclass
class Process:
    """A running `targeting serve` and what it was started with."""

    process: subprocess.Popen[bytes]
    port: int
    key: str

    def send(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> Any:
        """Ask and return the answer, which must be a success."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 - loopback
            return json.load(answer)


def serve_command(bundle: Path | str, profiles: str, folder: Path, *options: str) -> list[str]:
    """Return the command line of a service whose own files are in a folder."""
    config = folder / "service.yaml"
    config.write_text(f"state: {folder / 'state'}\n", encoding="utf-8")
    return [
        sys.executable, "-c", "from targeting.cli import main; main()", "serve",
        "--model", str(bundle), "--profiles", profiles, "--config", str(config), *options,
    ]  # fmt: skip


@contextmanager
def serving(bundle: Path, profiles: str, folder: Path, *options: str) -> Iterator[Process]:
    """Run `targeting serve`; it is ready, and its log is in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = serve_command(bundle, profiles, folder, "--port", str(port), *options)
    environment = os.environ | {"TARGETING_BOOTSTRAP_KEY": SECRET}
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,  # noqa: S603
    ):
        made = Process(process, port, SECRET)
        try:
            _wait(made)
            yield made
        finally:
            process.terminate()


def _wait(made: Process) -> None:
    for _ in range(6_000):
        assert made.process.poll() is None
        try:
            made.send("/health/ready")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
        else:
            return
    pytest.fail("the service did not start")
