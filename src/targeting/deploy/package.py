"""The folder `targeting package` writes: wheels, a bundle, and how to install them offline."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

import yaml

from targeting.bundle.bundle import load_bundle
from targeting.bundle.manifest import MANIFEST
from targeting.deploy.lock import needed, read_lock
from targeting.deploy.wheels import build_wheel, fetch_wheels, requirements_of, with_hashes
from targeting.tables.output import staged_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from targeting.config import FeatureSettings

WRITTEN = (
    "Dockerfile", "compose.yaml", "targeting.service", "service.yaml", "targeting", "INSTALL.md",
)  # fmt: skip
"""Files made from the templates of this room."""

FEATURES = "features.yaml"
"""Settings the bundle was trained with: profiles made on the server must be made with these."""

PAGES = ("operations.md", "service.md", "configuration.md")
"""Pages of the checkout's `docs/` that are read where there is no network."""

NOT_FOR_SERVING = frozenset({"matplotlib", "mlflow", "openpyxl", "optuna", "xlsxwriter"})
"""What trains, judges and draws; a server that scores with a bundle folder needs none of it."""


@dataclass(frozen=True, slots=True)
class Package:
    """What to package.

    Parameters
    ----------
    bundle
        The bundle folder.
    source
        The program's checkout, of which its wheel is built.
    lock
        The lock file.
    wheels
        A folder of wheels to take the libraries from; None asks pip's index.
    whole
        Whether libraries that only train, judge, draw and speak to a registry come too.
    """

    bundle: Path
    source: Path
    lock: Path
    wheels: Path | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class PackageReport:
    """What was packaged.

    Parameters
    ----------
    bundle_id
        Of the bundle.
    wheels
        How many there are, the program's own included.
    size
        Bytes of all files.
    """

    bundle_id: str
    wheels: int
    size: int


def write_package(
    package: Package, output: Path, *, progress: Callable[[str], None] = lambda _: None
) -> PackageReport:
    """Write a folder from which a server without a network can be set up.

    Parameters
    ----------
    package
        What to package.
    output
        The folder to write; it appears whole or not at all.
    progress
        Told what is being done.

    Raises
    ------
    BundleError
        If the bundle is not what was packaged.
    InputError
        If a wheel cannot be had or has another hash than the lock file says.
    OutputError
        If the folder cannot be written.
    """
    progress("checking the bundle")
    loaded = load_bundle(package.bundle)
    with staged_folder(output) as stage:
        wheels = stage / "wheels"
        wheels.mkdir()
        progress("building the program's wheel")
        own = build_wheel(package.source, wheels)
        without = frozenset[str]() if package.whole else NOT_FOR_SERVING
        locked = needed(read_lock(package.lock), requirements_of(own), without=without)
        progress(f"fetching {len(locked)} wheels")
        fetch_wheels(locked, wheels, source=package.wheels)
        progress("writing the folder")
        lines = [one.line() for one in with_hashes(wheels.glob("*.whl"))]
        (stage / "requirements.lock").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name in [*sorted(loaded.manifest.files), MANIFEST]:
            (stage / "bundle" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(package.bundle / name, stage / "bundle" / name)
        _write_texts(stage, loaded.bundle_id)
        _write_features(stage / FEATURES, loaded.manifest.features)
        (stage / "docs").mkdir()
        for name in PAGES:
            shutil.copyfile(package.source / "docs" / name, stage / "docs" / name)
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    return PackageReport(loaded.bundle_id, len(lines), size)


def _write_texts(stage: Path, bundle_id: str) -> None:
    version = ".".join(platform.python_version_tuple()[:2])
    told = {"bundle_id": bundle_id, "python": version, "machine": platform.machine()}
    for name in WRITTEN:
        text = files("targeting.deploy").joinpath("templates", name).read_text(encoding="utf-8")
        (stage / name).write_text(Template(text).substitute(told), encoding="utf-8")
    (stage / "targeting").chmod(0o755)


def _write_features(path: Path, settings: FeatureSettings) -> None:
    text = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
