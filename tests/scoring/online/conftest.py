from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.online_week import Week, simulated_week
from tests.postgres_server import Server, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.small_world import World


@pytest.fixture(scope="session")
def week(world: World, tmp_path_factory: pytest.TempPathFactory) -> Week:
    return simulated_week(world, f"sqlite:///{tmp_path_factory.mktemp('week') / 'profiles.db'}")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgres_server() as made:
        yield made


@pytest.fixture
def postgres(server: Server) -> str:
    """The address of an empty database; that of the test before is gone."""
    return server.emptied()
