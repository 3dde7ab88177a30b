"""What a training run leaves in MLflow, and how a model is found there again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pandas as pd
import pytest

from targeting.bundle.bundle import load_bundle
from targeting.errors import BundleError, InputError
from targeting.scoring.pyfunc import ScoringModel
from targeting.scoring.scorer import Scorer
from targeting.tracking import (
    EXPERIMENT,
    REGISTERED,
    Store,
    Tracked,
    TrainingRecord,
    log_training,
    resolved,
)

if TYPE_CHECKING:
    from tests.small_world import World


@pytest.fixture(scope="session")
def store(trained: tuple[Store, Tracked, Tracked]) -> Store:
    return trained[0]


@pytest.fixture(scope="session")
def twice(trained: tuple[Store, Tracked, Tracked]) -> tuple[Tracked, Tracked]:
    return trained[1:]


@pytest.fixture(scope="session")
def client(store: Store, twice: tuple[Tracked, Tracked]) -> mlflow.MlflowClient:
    assert twice
    return mlflow.MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)


def test_a_run_holds_settings_figures_and_data_digests(
    client: mlflow.MlflowClient, record: TrainingRecord, twice: tuple[Tracked, Tracked]
) -> None:
    run = client.get_run(twice[0].run_id)

    assert run.info.status == "FINISHED"
    assert run.data.params["train.model.trees"] == "30"
    assert run.data.params["long"] == "x" * 6000
    whole = {name: value for name, value in run.data.metrics.items() if "/" not in name}
    assert whole == pytest.approx(dict(record.metrics))
    assert run.data.tags["bundle_id"] == record.bundle_id
    assert run.inputs is not None
    digests = {one.dataset.name: one.dataset.digest for one in run.inputs.dataset_inputs}
    assert digests == {name: digest[:36] for name, digest in record.datasets.items()}


def test_a_run_holds_the_evaluation_and_the_model_card(
    client: mlflow.MlflowClient, twice: tuple[Tracked, Tracked]
) -> None:
    roots = {one.path for one in client.list_artifacts(twice[0].run_id)}
    inside = {one.path for one in client.list_artifacts(twice[0].run_id, "evaluation")}

    assert {"MODEL_CARD.md", "evaluation"} <= roots
    assert {"evaluation/report.html", "evaluation/metrics.json"} <= inside


def test_the_first_version_is_champion_and_each_is_challenger_in_turn(
    client: mlflow.MlflowClient, twice: tuple[Tracked, Tracked]
) -> None:
    first, second = twice

    assert (first.version, first.aliases) == ("1", ("challenger", "champion"))
    assert (second.version, second.aliases) == ("2", ("challenger",))
    assert client.get_model_version_by_alias(REGISTERED, "champion").version in {1, "1"}
    assert client.get_model_version_by_alias(REGISTERED, "challenger").version in {2, "2"}
    assert client.get_experiment_by_name(EXPERIMENT) is not None


@pytest.mark.parametrize("name", ["@champion", "@challenger", "/1", "/2"])
def test_a_registry_name_gives_the_bundle_to_the_byte(
    store: Store, twice: tuple[Tracked, Tracked], record: TrainingRecord, name: str
) -> None:
    assert twice
    with resolved(f"models:/{REGISTERED}{name}", store) as folder:
        assert load_bundle(folder).bundle_id == record.bundle_id

    assert not folder.exists()


def test_a_path_is_handed_back_as_it_is(store: Store, tmp_path: Path) -> None:
    with resolved(str(tmp_path), store) as folder:
        assert folder == tmp_path

    assert tmp_path.is_dir()


@pytest.mark.parametrize("name", ["nothing@champion", "targeting@nobody", "targeting/99"])
def test_an_unknown_model_is_refused(
    store: Store, twice: tuple[Tracked, Tracked], name: str
) -> None:
    assert twice
    with (
        pytest.raises(InputError, match="the registry has no such model"),
        resolved(f"models:/{name}", store),
    ):
        pytest.fail("a folder was given")


def test_mlflow_itself_loads_the_champion_and_scores_the_same(
    world: World, store: Store, twice: tuple[Tracked, Tracked]
) -> None:
    assert twice
    rows = world.lodged_from_cut_off().head(30)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store.uri)
    try:
        loaded = mlflow.pyfunc.load_model(f"models:/{REGISTERED}@champion")
    finally:
        mlflow.set_tracking_uri(before)

    pd.testing.assert_frame_equal(
        loaded.predict(rows),
        ScoringModel(Scorer.load(world.bundle)).predict(rows),
        check_exact=True,
    )


def test_mlflow_refuses_a_changed_bundle(world: World, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(world.bundle, tmp_path / "bundle"))
    with (copy / "model.txt").open("a") as stream:
        stream.write("\n")

    with pytest.raises(BundleError, match=r"model\.txt was changed"):
        mlflow.pyfunc.load_model(str(copy))


def test_files_that_are_not_those_that_were_registered_are_refused(
    record: TrainingRecord, tmp_path: Path
) -> None:
    """Whoever can write to the artifacts, and put every hash right, cannot slip a bundle in."""
    store = Store.local(tmp_path)
    log_training(record, store)
    manifest = next((tmp_path / "mlartifacts").rglob("manifest.json"))
    manifest.write_text(manifest.read_text() + " ")  # sound still, and another one

    assert load_bundle(manifest.parent).bundle_id != record.bundle_id
    for name in ("@champion", "/1"):
        with (
            pytest.raises(BundleError, match="not those that were registered"),
            resolved(f"models:/{REGISTERED}{name}", store),
        ):
            pytest.fail("a folder was given")

    manifest.unlink()
    with (
        pytest.raises(BundleError, match=r"no manifest\.json, where"),
        resolved("models:/targeting@champion", store),
    ):
        pytest.fail("a folder was given")


def test_logging_leaves_mlflow_s_own_address_alone(record: TrainingRecord, tmp_path: Path) -> None:
    before = mlflow.get_tracking_uri()
    log_training(record, Store.local(tmp_path))

    assert mlflow.get_tracking_uri() == before
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["DO_NOT_TRACK"] == "true"
    assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db", "mlartifacts"}


@pytest.mark.parametrize(
    "address",
    [
        "http://officer:s3cret@127.0.0.1:9",
        "nosuchdialect://officer:s3cret@host/db",
        "postgresql://officer:s3cret@127.0.0.1:port/db",
    ],
)
def test_a_store_that_cannot_be_reached_is_told_without_its_password(
    record: TrainingRecord, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    store = Store(address)

    with pytest.raises(InputError, match="the MLflow store cannot be reached") as logging:
        log_training(record, store)
    with (
        pytest.raises(InputError, match=r"no such model|cannot be reached") as looking,
        resolved("models:/targeting@champion", store),
    ):
        pytest.fail("a folder was given")

    for told in (str(logging.value), str(looking.value)):
        assert "s3cret" not in told
        assert "officer" not in told


def test_a_file_that_is_no_database_is_refused(record: TrainingRecord, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is a letter, not a database")

    with pytest.raises(InputError, match="the MLflow store cannot be reached"):
        log_training(record, Store.local(tmp_path))


def test_the_environment_names_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert Store.from_environment() == Store("http://localhost:5000")

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.chdir(tmp_path)
    assert Store.from_environment() == Store.local(tmp_path)


def test_telemetry_is_off_before_mlflow_is_imported(tmp_path: Path) -> None:
    script = (
        "import os, sys; from targeting.tracking import Store, resolved\n"
        "from targeting.errors import InputError\n"
        f"store = Store({f'sqlite:///{tmp_path}/mlflow.db'!r})\n"
        "assert 'mlflow' not in sys.modules\n"
        "try:\n"
        "    with resolved('models:/targeting@champion', store): pass\n"
        "except InputError: pass\n"
        "import mlflow.telemetry.utils as telemetry\n"
        "print(telemetry.is_telemetry_disabled())\n"
    )
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "CI"}
    }

    done = subprocess.run(  # noqa: S603 - our own interpreter and a constant script
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True, text=True, check=True, env=kept,
    )  # fmt: skip

    assert done.stdout.strip() == "True"
