"""Wheels: the program's own, built from its checkout, and those of the libraries it needs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zipfile import ZipFile

from packaging.utils import parse_wheel_filename

from targeting.deploy.lock import Locked
from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EPOCH = "315532800"  # 1 January 1980, the first a zip file can hold: the same bytes every time


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the program's own wheel.

    Parameters
    ----------
    source
        The checkout.
    folder
        Where the wheel goes.

    Raises
    ------
    InputError
        If there is no checkout, or it cannot be built.
    """
    if not (source / "pyproject.toml").is_file():
        raise InputError(
            "the program's checkout is not there",
            where=f"--source {source}",
            found="no pyproject.toml",
            do="Run in the checkout, or name it with --source.",
        )
    # A copy is built: setuptools would take in what an older build left behind in the checkout.
    with TemporaryDirectory(prefix="targeting-build-") as work:
        copy = Path(work) / "targeting"
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(source / "src", copy / "src", ignore=ignored)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copyfile(source / name, copy / name)
        _pip(["wheel", "--no-deps", "--no-build-isolation", "--no-index", str(copy)], folder)
    return next(folder.glob("targeting-*.whl"))


def requirements_of(wheel: Path) -> list[str]:
    """Return what a wheel says it needs.

    Parameters
    ----------
    wheel
        The file.
    """
    with ZipFile(wheel) as archive:
        name = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        about = message_from_bytes(archive.read(name))
    return [str(one) for one in about.get_all("Requires-Dist") or []]


def fetch_wheels(locked: Sequence[Locked], folder: Path, *, source: Path | None = None) -> None:
    """Fetch locked wheels, each held against its hashes by pip.

    Parameters
    ----------
    locked
        What to fetch.
    folder
        Where the wheels go.
    source
        A folder of wheels to take them from; None asks the package index pip is set up for.

    Raises
    ------
    InputError
        If one cannot be had, or has another hash.
    """
    asked = folder.parent / "asked.txt"
    asked.write_text("".join(f"{one.line()}\n" for one in locked), encoding="utf-8")
    where = ["--no-index", "--find-links", str(source.resolve())] if source else []
    only = ["--no-deps", "--require-hashes", "--only-binary", ":all:"]
    try:
        _pip(["download", *only, *where, "-r", str(asked)], folder)
    finally:
        asked.unlink()


def _pip(arguments: list[str], folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    target = "--wheel-dir" if arguments[0] == "wheel" else "--dest"
    done = subprocess.run(  # noqa: S603 - our own interpreter and pip
        [*command, target, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"SOURCE_DATE_EPOCH": _EPOCH},
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise InputError(
            "wheels cannot be had",
            where=f"pip {arguments[0]}",
            found=(said or ["no reason given"])[0].removeprefix("ERROR: ")[:300],
            do="Check the network and pip's settings, or give a folder of wheels with --wheels.",
        )


def with_hashes(wheels: Iterable[Path]) -> list[Locked]:
    """Say which wheels there are, with the hash of each.

    Parameters
    ----------
    wheels
        The files.
    """
    found = []
    for wheel in wheels:
        name, version, _, _ = parse_wheel_filename(wheel.name)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        found.append(Locked(str(name), str(version), (f"sha256:{digest}",)))
    return sorted(found, key=lambda one: one.name)
