"""Where MLflow keeps runs and models, and how it is spoken to: silently, errors told plainly."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient

EXPERIMENT = "targeting"
REGISTERED = "targeting"
REGISTRY_PREFIX = "models:/"
_SHOWN = {
    # MLflow's pages for language models stay out of the way.
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": "What was done is the tag `kind`: `train`, `evaluate`, `backtest`, "
    "`compare` or `tune`. Read `report.html` first, among the artifacts of a run.",
}


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

    @property
    def is_there(self) -> bool:
        """Whether there can be anything in it: MLflow makes a missing SQLite file when asked."""
        path = self.uri.removeprefix("sqlite:///")
        return path == self.uri or Path(path).is_file()


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
    with connected(store) as client:
        experiment(client, store)


def unknown_model(model: str, found: str) -> InputError:
    """Build the error for a name the registry does not know.

    Parameters
    ----------
    model
        What the user named.
    found
        What stands there instead.
    """
    return InputError(
        "the registry has no such model",
        where=f"--model {model}",
        found=found,
        do="Train one, or set MLFLOW_TRACKING_URI to the store that holds it.",
    )


@contextmanager
def connected(store: Store) -> Iterator[MlflowClient]:
    """Speak to one store, silently, and leave MLflow's global state as it was.

    Parameters
    ----------
    store
        The store.

    Yields
    ------
    mlflow.MlflowClient
        Of the store, for runs and for the registry.

    Raises
    ------
    InputError
        If the store cannot be reached.
    """
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
        raise unreachable(store, error) from None


def unreachable(store: Store, error: Exception) -> InputError:
    """Build the error for a store that does not answer.

    Parameters
    ----------
    store
        The store.
    error
        What MLflow said.
    """
    return InputError(
        "the MLflow store cannot be reached",
        where=store.uri.split("@")[-1],  # never print a password
        found=said(error, store),
        do="Check MLFLOW_TRACKING_URI, or train with --no-track.",
    )


def said(error: Exception, store: Store) -> str:
    """Return the first line of an error, without the user and password of the store's address.

    Parameters
    ----------
    error
        What MLflow said.
    store
        The store.
    """
    first = (str(error).splitlines() or [type(error).__name__])[0]
    login = store.uri.rpartition("@")[0].rpartition("//")[2]
    return (first.replace(f"{login}@", "") if login else first)[:200]


def experiment(client: MlflowClient, store: Store) -> str:
    """Give the id of the one experiment all runs stand in; the first run makes it.

    Parameters
    ----------
    client
        Of the store.
    store
        The store.

    Raises
    ------
    InputError
        If the store does not answer.
    """
    from mlflow.exceptions import MlflowException

    try:
        known = client.get_experiment_by_name(EXPERIMENT)
        if known is not None:
            return known.experiment_id
        where = None if store.artifacts is None else store.artifacts.as_uri()
        return client.create_experiment(EXPERIMENT, artifact_location=where, tags=_SHOWN)
    except (MlflowException, OSError) as error:
        raise unreachable(store, error) from None
