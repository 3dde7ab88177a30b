"""MLflow, the evaluator's home: runs, the registry and its aliases. No other module imports it."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow import MlflowClient

EXPERIMENT = "targeting"
REGISTERED = "targeting"
REGISTRY_PREFIX = "models:/"
_SOURCE = {"mlflow.source.name": "targeting train", "mlflow.source.type": "JOB"}


@dataclass(frozen=True, slots=True)
class Store:
    """Where runs and models are kept.

    Parameters
    ----------
    uri
        MLflow tracking URI; SQLite in a local file by default.
    artifacts
        Folder for artifacts of a local store; None leaves it to the server.
    """

    uri: str
    artifacts: Path | None = None

    @classmethod
    def local(cls, folder: Path) -> Store:
        """Keep runs in `mlflow.db` and artifacts in `mlartifacts/` of a folder.

        Parameters
        ----------
        folder
            Folder for the database and the artifacts.
        """
        whole = folder.resolve()
        return cls(f"sqlite:///{whole / 'mlflow.db'}", whole / "mlartifacts")

    @classmethod
    def from_environment(cls) -> Store:
        """Use `MLFLOW_TRACKING_URI` when it is set, else a local store in the current folder."""
        uri = os.environ.get("MLFLOW_TRACKING_URI")
        return cls(uri) if uri else cls.local(Path.cwd())


@dataclass(frozen=True, slots=True)
class Tracked:
    """Where a training run can be found again.

    Parameters
    ----------
    run_id
        MLflow's id of the run.
    version
        Version of the registered model `targeting`.
    aliases
        Aliases that now point to it.
    """

    run_id: str
    version: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What a training run leaves behind.

    Parameters
    ----------
    bundle
        The bundle folder; its evaluation lies inside.
    bundle_id
        Its digest.
    params
        Settings, flat.
    metrics
        Figures of the evaluation, and seconds of each step.
    datasets
        SHA-256 of each training table.
    source
        What to call the tables: a path without a trader's name.
    """

    bundle: Path
    bundle_id: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    datasets: Mapping[str, str]
    source: str


def log_training(record: TrainingRecord, store: Store) -> Tracked:
    """Log a run, register its bundle and point the alias `challenger` at it.

    The first version ever registered also becomes the `champion`; later ones are promoted.

    Parameters
    ----------
    record
        What to log.
    store
        Where.

    Raises
    ------
    InputError
        If the store cannot be reached.
    """
    with _client(store) as client:
        experiment = _experiment(client, store)
        run = client.create_run(experiment, run_name=f"train {record.bundle_id}", tags=_SOURCE)
        run_id, status = run.info.run_id, "FAILED"
        try:
            _log_run(client, run_id, record)
            version = _register(client, experiment, run_id, record)
            aliases = _point_aliases(client, version)
            status = "FINISHED"
        finally:
            client.set_terminated(run_id, status)
    return Tracked(run_id, version, aliases)


def require_reachable(store: Store) -> None:
    """Make sure a store answers, before minutes of training end in one that does not.

    Parameters
    ----------
    store
        Where the run is to be logged.

    Raises
    ------
    InputError
        If the store cannot be reached.
    """
    with _client(store) as client:
        _experiment(client, store)


@contextmanager
def resolved(model: str, store: Store) -> Iterator[Path]:
    """Give the folder of a bundle named by path or by registry name.

    Parameters
    ----------
    model
        A bundle folder, or a name such as `models:/targeting@champion`.
    store
        The registry.

    Yields
    ------
    pathlib.Path
        The folder; a registry's copy is deleted when the block ends.

    Raises
    ------
    InputError
        If the registry has no such model.
    """
    if not model.startswith(REGISTRY_PREFIX):
        yield Path(model)
        return
    with tempfile.TemporaryDirectory(prefix="targeting-model-") as folder:
        yield _download(model, store, Path(folder))


def _download(model: str, store: Store, folder: Path) -> Path:
    _require_database(model, store)
    with _client(store):
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        try:
            return Path(download_artifacts(model, dst_path=str(folder)))
        except (MlflowException, OSError) as error:
            raise InputError(
                "the registry has no such model",
                where=f"--model {model}",
                found=_said(error, store),
                do="Train one, or set MLFLOW_TRACKING_URI to the store that holds it.",
            ) from error


def _require_database(model: str, store: Store) -> None:
    """Refuse a local registry that is not there; MLflow would make an empty one."""
    path = store.uri.removeprefix("sqlite:///")
    if path != store.uri and not Path(path).is_file():
        raise InputError(
            "the registry has no such model",
            where=f"--model {model}",
            found="no MLflow store in this folder",
            do="Train one, or set MLFLOW_TRACKING_URI to the store that holds it.",
        )


@contextmanager
def _client(store: Store) -> Iterator[MlflowClient]:
    """Speak to one store, silently, and leave MLflow's global state as it was."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store.uri)
    try:
        yield _opened(store)
    finally:
        mlflow.set_tracking_uri(before)


def _opened(store: Store) -> MlflowClient:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)
    except (MlflowException, SQLAlchemyError, ImportError, OSError, ValueError) as error:
        raise _unreachable(store, error) from None


def _unreachable(store: Store, error: Exception) -> InputError:
    return InputError(
        "the MLflow store cannot be reached",
        where=store.uri.split("@")[-1],  # never print a password
        found=_said(error, store),
        do="Check MLFLOW_TRACKING_URI, or train with --no-track.",
    )


def _said(error: Exception, store: Store) -> str:
    """Return the first line of an error, without the user and password of the store's address."""
    first = (str(error).splitlines() or [type(error).__name__])[0]
    login = store.uri.rpartition("@")[0].rpartition("//")[2]
    return (first.replace(f"{login}@", "") if login else first)[:200]


def _experiment(client: MlflowClient, store: Store) -> str:
    from mlflow.exceptions import MlflowException

    try:
        known = client.get_experiment_by_name(EXPERIMENT)
        if known is not None:
            return known.experiment_id
        where = None if store.artifacts is None else store.artifacts.as_uri()
        return client.create_experiment(EXPERIMENT, artifact_location=where)
    except (MlflowException, OSError) as error:
        raise _unreachable(store, error) from None


def _log_run(client: MlflowClient, run_id: str, record: TrainingRecord) -> None:
    from mlflow.entities import Param

    params = [Param(name, value[:6000]) for name, value in sorted(record.params.items())]
    client.log_batch(run_id, params=params)
    for name, value in sorted(record.metrics.items()):
        client.log_metric(run_id, name, value)
    client.set_tag(run_id, "bundle_id", record.bundle_id)
    _log_datasets(client, run_id, record)
    evaluation = record.bundle / "evaluation"
    if evaluation.is_dir():
        client.log_artifacts(run_id, str(evaluation), "evaluation")
    client.log_artifact(run_id, str(record.bundle / "MODEL_CARD.md"))


def _log_datasets(client: MlflowClient, run_id: str, record: TrainingRecord) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs = [
        DatasetInput(
            Dataset(
                name=name,
                digest=digest[:36],
                source_type="local",
                source=json.dumps({"uri": record.source}),
                profile=json.dumps({"sha256": digest}),
            ),
            [InputTag("mlflow.data.context", "training")],
        )
        for name, digest in sorted(record.datasets.items())
    ]
    client.log_inputs(run_id, inputs)


def _register(client: MlflowClient, experiment: str, run_id: str, record: TrainingRecord) -> str:
    """Log the bundle as it is, `MLmodel` at its root, and give it a version."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    model = client.create_logged_model(
        experiment,
        name=f"{REGISTERED}-{record.bundle_id}",
        source_run_id=run_id,
        model_type="targeting bundle",
        tags={"bundle_id": record.bundle_id},
        params=dict(record.params),
    )
    client.log_model_artifacts(model.model_id, str(record.bundle))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    if not client.search_registered_models(f"name = '{REGISTERED}'"):
        client.create_registered_model(
            REGISTERED, description="Ranks declarations for examination."
        )
    made = client.create_model_version(
        REGISTERED,
        source=f"models:/{model.model_id}",
        run_id=run_id,
        model_id=model.model_id,
        tags={"bundle_id": record.bundle_id},
    )
    return str(made.version)


def _point_aliases(client: MlflowClient, version: str) -> tuple[str, ...]:
    known = client.get_registered_model(REGISTERED).aliases
    new = ("challenger",) if "champion" in known else ("challenger", "champion")
    for alias in new:
        client.set_registered_model_alias(REGISTERED, alias, version)
    return new
