from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.bundle.forging import contents_of
from tests.small_world import World, small_world

from targeting.bundle.bundle import write_bundle


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a bundle without its evaluation, so that copies of it are quick."""
    folder = tmp_path_factory.mktemp("whole") / "bundle"
    folder.mkdir()
    write_bundle(contents_of(world.bundle), folder)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "bundle"))
