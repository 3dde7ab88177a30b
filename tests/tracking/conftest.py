from __future__ import annotations

import pytest
from tests.small_world import World, small_world

from targeting.bundle.bundle import load_bundle
from targeting.bundle.manifest import bundle_id
from targeting.tracking import Store, Tracked, TrainingRecord, log_training

HERE = "tests/tracking/"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """MLflow 3.17 still calls what pandas 4, Python 3.16 and SQLAlchemy 2.1 will take away."""
    for item in items:
        if HERE in item.path.as_posix():
            for ignored in (
                "ignore::DeprecationWarning",
                "ignore::FutureWarning:mlflow",
                "ignore:.*Any type hint is inferred:UserWarning",
                "ignore:unclosed database:ResourceWarning",
                "ignore::pytest.PytestUnraisableExceptionWarning",
            ):
                item.add_marker(pytest.mark.filterwarnings(ignored))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> object:
    """Leave the process's environment as it was; the store fills in what is not set."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "MLFLOW_TRACKING_URI"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def record(world: World) -> TrainingRecord:
    manifest = load_bundle(world.bundle).manifest
    return TrainingRecord(
        bundle=world.bundle,
        bundle_id=bundle_id(world.bundle),
        params={"train.model.trees": "30", "features.time_zone": "Asia/Baku", "long": "x" * 7000},
        metrics=manifest.metrics,
        datasets=manifest.data,
        source="tables",
    )


@pytest.fixture(scope="session")
def trained(
    record: TrainingRecord, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Store, Tracked, Tracked]:
    """A store in which the same bundle was trained twice; tests add nothing to it."""
    store = Store.local(tmp_path_factory.mktemp("store"))
    return store, log_training(record, store), log_training(record, store)
