"""Runs as evidence: fetching what one keeps, and noting beside it what was decided on it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targeting.errors import InputError
from targeting.tracking.store import REGISTERED, connected, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from targeting.tracking.store import Store


@contextmanager
def files_of_run(run_id: str, folder: str, store: Store) -> Iterator[Path]:
    """Fetch a folder of files that a run keeps.

    Parameters
    ----------
    run_id
        MLflow's id of the run.
    folder
        The folder among its artifacts, such as `compare`.
    store
        Where the run is.

    Yields
    ------
    pathlib.Path
        A copy, deleted when the block ends.

    Raises
    ------
    InputError
        If there is no such run, or it keeps no such folder.
    """
    if not store.is_there:
        raise _no_such_run(run_id, "no MLflow store in this folder")
    with tempfile.TemporaryDirectory(prefix="targeting-run-") as copy, connected(store) as client:
        from mlflow.exceptions import MlflowException

        try:
            fetched = Path(client.download_artifacts(run_id, folder, copy))
        except (MlflowException, OSError) as error:
            raise _no_such_run(run_id, said(error, store)) from None
        yield fetched


def run_of_version(version: str, store: Store) -> str:
    """Return the id of the run that trained a version.

    Parameters
    ----------
    version
        Number of the version, as `version_of` gives it.
    store
        The registry.

    Raises
    ------
    InputError
        If the version was registered without a run.
    """
    with connected(store) as client:
        run_id = client.get_model_version(REGISTERED, version).run_id
    if not run_id:
        raise _no_such_run("", f"version {version} was registered without a training run")
    return str(run_id)


def note(run_id: str, name: str, content: Mapping[str, Any], store: Store) -> None:
    """Put a JSON file beside what a run keeps, such as what the gates said of it.

    Parameters
    ----------
    run_id
        MLflow's id of the run.
    name
        Of the file, with its folder.
    content
        What to write.
    store
        Where the run is.

    Raises
    ------
    InputError
        If there is no such run.
    """
    with connected(store) as client:
        from mlflow.exceptions import MlflowException

        try:
            client.log_dict(run_id, dict(content), name)
        except MlflowException as error:
            raise _no_such_run(run_id, said(error, store)) from None


def _no_such_run(run_id: str, found: str) -> InputError:
    return InputError(
        "there is no such run to take as evidence",
        where=f"--evidence {run_id}".rstrip(),
        found=found,
        do="Name the comparison.json `targeting compare` wrote, or the run it told.",
    )
