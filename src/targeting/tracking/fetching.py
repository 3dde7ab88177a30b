"""Bundles by their registry names: fetched as files, and held against what was registered.

MLflow's own loaders are never asked: they import whatever an `MLmodel` names. Here it only moves
files, and `targeting.bundle` looks at them before anything in them is used.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.bundle.manifest import MANIFEST, bundle_id
from targeting.errors import BundleError
from targeting.tracking.store import REGISTRY_PREFIX, connected, said, unknown_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient

    from targeting.tracking.store import Store


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
    BundleError
        If the store's files are not those that were registered.
    """
    if not model.startswith(REGISTRY_PREFIX):
        yield Path(model)
        return
    with tempfile.TemporaryDirectory(prefix="targeting-model-") as folder:
        yield _download(model, store, Path(folder))


def _download(model: str, store: Store, folder: Path) -> Path:
    if not store.is_there:
        raise unknown_model(model, "no MLflow store in this folder")
    with connected(store) as client:
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        try:
            exact, registered = _pinned(model, client)
            fetched = Path(download_artifacts(exact, dst_path=str(folder)))
        except (MlflowException, OSError) as error:
            raise unknown_model(model, said(error, store)) from error
    if registered:
        _require_registered(model, fetched, registered)
    return fetched


def _pinned(model: str, client: MlflowClient) -> tuple[str, str]:
    """Give the one version a name stands for now, and the id its bundle was registered under.

    The id is empty for a model this program did not register.
    """
    name, at, alias = model.removeprefix(REGISTRY_PREFIX).partition("@")
    if at:
        found = client.get_model_version_by_alias(name, alias)
        return f"{REGISTRY_PREFIX}{name}/{found.version}", found.tags.get("bundle_id", "")
    name, slash, version = name.partition("/")
    if slash and version.isdecimal():
        return model, client.get_model_version(name, version).tags.get("bundle_id", "")
    return model, ""


def _require_registered(model: str, folder: Path, registered: str) -> None:
    """Make sure the files are those whose id the registry wrote down when they were registered.

    The id is the hash of the manifest, which holds those of all files: whoever can write to the
    store's files but not to its registry cannot put another bundle in the place of one.
    """
    found = bundle_id(folder) if (folder / MANIFEST).is_file() else "no manifest.json"
    if found != registered:
        raise BundleError(
            "the store's files are not those that were registered",
            where=f"--model {model}",
            found=f"{found}, where {registered} was registered",
            do="Do not use it. Find out who changed the artifacts, and register it again.",
        )
