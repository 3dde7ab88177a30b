"""The champion alias is followed: by the registry's own record, and only when it moves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.small_world import small_world

from targeting.bundle.bundle import load_bundle
from targeting.bundle.manifest import bundle_id
from targeting.errors import InputError
from targeting.scoring.online import ProfileDatabase
from targeting.service.metrics import Metrics
from targeting.service.serving import Current, NamedModel
from targeting.tracking import Store, TrainingRecord, log_training, set_champion

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    # MLflow 3.17 still calls what pandas 4, Python 3.16 and SQLAlchemy 2.1 will take away.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning"),
    pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CHAMPION = "models:/targeting@champion"


def test_the_version_the_alias_names_is_put_to_use(tmp_path_factory, tmp_path: Path):
    world = small_world(tmp_path_factory.getbasetemp())
    loaded = load_bundle(world.bundle)
    record = TrainingRecord(
        bundle=world.bundle, bundle_id=bundle_id(world.bundle), params={}, metrics={}, datasets={},
        source="tables",
    )  # fmt: skip
    store = Store.local(tmp_path / "store")
    first, second = (log_training(record, store) for _ in range(2))

    def promote(version: str) -> None:
        set_champion(version, who="a test", why="it is time", evidence=first.run_id, store=store)

    url = f"sqlite:///{tmp_path / 'profiles.db'}"
    ProfileDatabase.create(url, loaded.snapshot, loaded.spec.settings).close()
    database = ProfileDatabase.open(url)
    source = NamedModel(CHAMPION, database, store)
    current = Current(source, source.load(), Metrics())

    assert current.serving.name == f"version {first.version}"
    serving = current.serving
    assert asyncio.run(current.reload()) is False
    assert current.serving is serving
    promote(second.version)
    assert asyncio.run(current.reload()) is False  # another version, the same bundle
    assert current.serving.name == f"version {second.version}"
    assert current.serving.bundle_id == loaded.bundle_id
    gone = NamedModel("models:/targeting@nobody", database, store)
    with pytest.raises(InputError, match="the registry has no such model"):
        gone.load()
    database.close()
