from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.testclient import TestClient
from tests.service.standin import StandIn

from targeting.config import LimitSettings, ServiceSettings, TimeoutSettings
from targeting.service.app import create_app
from targeting.service.audit import Audit
from targeting.service.desk import Desk, Ring
from targeting.service.keys import KeyStore, Scope
from targeting.service.metrics import Metrics
from targeting.service.server import Listening, uvicorn_config
from targeting.service.serving import Current, Serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from targeting.service.door import Door


QUIET = {"version": 1, "disable_existing_loggers": False}


class StandInSource:
    """Hands out stand-ins; or raises what it is told to."""

    def __init__(self) -> None:
        self.database = StandIn().database
        self.named = "version 1"
        self.bundle_id = "aaaaaaaaaaaa"
        self.error: Exception | None = None
        self.loads = 0

    def name(self) -> str:
        return self.named

    def load(self) -> Serving:
        if self.error is not None:
            raise self.error
        self.loads += 1
        scorer: Any = StandIn(self.database, self.bundle_id)
        return Serving(scorer, self.named, "2024-03-15T00:00:00+00:00", 0.0)


@dataclass
class Service:
    """A service in memory and what a test may want of it."""

    desk: Desk
    app: Door
    client: TestClient
    source: StandInSource

    def key(self, *scopes: Scope, **other: Any) -> dict[str, str]:
        """Make a key and return the header that carries it."""
        _, written = self.desk.ring.store.create("a test", scopes, **other)
        self.desk.ring._version = -1  # its own store's changes are not seen as another program's
        self.desk.ring.refresh()
        return {"Authorization": f"Bearer {written}"}


@contextmanager
def service_with(settings: ServiceSettings) -> Iterator[Service]:
    source = StandInSource()
    ring = Ring(KeyStore.open(settings.state))
    current = Current(source, source.load(), Metrics())
    desk = Desk.of(settings, current, ring, Audit(settings.state, durable="process"))
    app = create_app(desk)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Service(desk, app, client, source)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with service_with(ServiceSettings(state=tmp_path / "state")) as made:
        yield made


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    def make(**settings: Any) -> Any:
        return service_with(ServiceSettings(state=tmp_path / "state", **settings))

    return make


@dataclass
class Live:
    """A service on loopback, in a thread of its own."""

    desk: Desk
    port: int
    source: StandInSource
    written: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.written}"}


@contextmanager
def live_with(settings: ServiceSettings) -> Iterator[Live]:
    source = StandInSource()
    store = KeyStore.open(settings.state)
    scopes = ("score", "results", "admin")
    _, written = store.create("a test", scopes, per_second=1_000_000.0)
    current = Current(source, source.load(), Metrics())
    desk = Desk.of(settings, current, Ring(store), Audit(settings.state, durable="process"))
    server = uvicorn.Server(
        uvicorn_config(create_app(desk), settings, Listening(port=0), logs=QUIET)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Live(desk, port, source, written)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    settings = ServiceSettings(
        state=tmp_path_factory.mktemp("live"),
        timeouts=TimeoutSettings(headers=0.3, body=0.3),
        limits=LimitSettings(declarations=8, results=8, body_bytes=100_000),
    )
    with live_with(settings) as made:
        yield made
