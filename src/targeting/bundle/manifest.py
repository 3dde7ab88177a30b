"""The bundle's manifest: what is in it, where it comes from, what it is for."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from targeting.bundle.limits import (
    LARGEST_BUNDLE,
    LARGEST_MANIFEST,
    MOST_FILES,
    alike,
    largest,
    shown,
    unfit,
)
from targeting.config import FeatureSettings, Settings, TrainSettings
from targeting.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT_VERSION = 3
MANIFEST = "manifest.json"
ADDED_BY_REGISTRY = frozenset({"registered_model_meta"})
"""Files a model registry puts beside a bundle it hands out; they are never read."""

_MOST_TOLD = 10

INTENDED_USE = (
    "Ranks declarations for physical examination, so that a unit that can open a few "
    "consignments a day opens those most likely to hold an infringement. An officer decides."
)
NOT_FOR = (
    "seizing, releasing or fining without an officer's examination",
    "judging persons, or any decision on the country of origin alone",
    "traffic, offices or goods unlike those it was trained on",
    "estimating how much crime there is: what nobody examined is unknown",
)


class FileEntry(Settings):
    """One file of the bundle."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Window(Settings):
    """What the shipped model learnt from."""

    first_day: str
    cut_off_day: str
    rows: int
    hits: int


class Manifest(Settings):
    """Everything a reader must know before trusting the bundle.

    Parameters
    ----------
    format_version
        Of the bundle's layout; another one is refused.
    files
        Hash and size of every file, by its path inside the bundle.
    training
        Window and counts of the shipped model's rows.
    data
        SHA-256 of each training table.
    features, train
        Settings as used.
    libraries
        Versions of the libraries that touch the numbers.
    metrics
        Of the last test block, by the names of the evaluation report.
    notes
        What the training could not do, and why.
    intended_use, not_for
        In words.
    profiles_as_of
        Day the profiles stand at, where they were brought up to one after the cut-off.
    """

    format_version: int
    files: dict[str, FileEntry]
    training: Window
    data: dict[str, str]
    features: FeatureSettings
    train: TrainSettings
    libraries: dict[str, str]
    metrics: dict[str, float]
    notes: tuple[str, ...] = ()
    intended_use: str = INTENDED_USE
    not_for: tuple[str, ...] = NOT_FOR
    profiles_as_of: str | None = None

    @property
    def profiles_day(self) -> date:
        """Day the profiles stand at: every event of the days before it is in them."""
        return date.fromisoformat(self.profiles_as_of or self.training.cut_off_day)


def list_files(folder: Path) -> dict[str, FileEntry]:
    """Hash every file below a folder, the manifest excepted.

    Parameters
    ----------
    folder
        The bundle as it is being written.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    entries = {path.relative_to(folder).as_posix(): _entry(path) for path in paths}
    return {name: entry for name, entry in entries.items() if name != MANIFEST}


def _entry(path: Path) -> FileEntry:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileEntry(sha256=digest, size=path.stat().st_size)


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write the manifest; always the last file of a bundle.

    Parameters
    ----------
    manifest
        What the bundle holds.
    folder
        The bundle folder, its other files already written.
    """
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def bundle_id(folder: Path) -> str:
    """Return the first 12 characters of the manifest's SHA-256: the name of these exact bytes.

    Parameters
    ----------
    folder
        A bundle folder with its manifest.
    """
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()[:12]


def verify(folder: Path) -> Manifest:
    """Check a bundle file by file before anything in it is used.

    Parameters
    ----------
    folder
        The bundle.

    Returns
    -------
    Manifest
        As read.

    Raises
    ------
    BundleError
        If the manifest is missing, unreadable or of another version, or any file is missing,
        changed, too large, a link, not a file or not listed, or bears a name that leads elsewhere.
        The first ten findings are told.
    """
    manifest = _read_manifest(folder)
    findings = chain(
        _wrong_list(manifest.files), _wrong_files(folder, manifest), _strangers(folder, manifest)
    )
    wrong = list(islice(findings, _MOST_TOLD + 1))
    if wrong:
        raise BundleError(
            "the bundle is not what was packaged",
            where=str(folder),
            found="; ".join(wrong[:_MOST_TOLD]) + (" ..." if len(wrong) > _MOST_TOLD else ""),
            do="Do not use it. Take it again from where it was trained.",
        )
    return manifest


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if path.is_symlink() or not path.is_file():
        raise BundleError(
            "this is not a bundle",
            where=str(folder),
            found="no manifest.json" if folder.is_dir() else "no such folder",
            do="Name a folder `targeting train --output` wrote, or a registry name such as "
            "models:/targeting@champion.",
        )
    values = _read_json(path)
    version = values.get("format_version") if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise BundleError(
            "the bundle is of another format version",
            where=str(path),
            found=f"version {shown(repr(version))}, this program reads {FORMAT_VERSION}",
            do="Train it again, or install the version of targeting that wrote it.",
        )
    try:
        return Manifest.model_validate(values)
    except ValidationError as error:
        raise _bad_manifest(path, f"{error.error_count()} fields do not fit") from error


def _read_json(path: Path) -> object:
    if path.stat().st_size > LARGEST_MANIFEST:
        raise _bad_manifest(path, "it is too large")
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_distinct)
    except (ValueError, OSError, RecursionError) as error:
        raise _bad_manifest(path, "it is not JSON") from error


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a key given twice: two readers may take either for what was meant."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key is given twice")
    return values


def _bad_manifest(path: Path, found: str) -> BundleError:
    return BundleError(
        "the manifest cannot be read",
        where=str(path),
        found=found,
        do="Do not use the bundle. Take it again from where it was trained.",
    )


def _wrong_list(files: dict[str, FileEntry]) -> Iterator[str]:
    """Look through the manifest's own claims before any file is touched."""
    if len(files) > MOST_FILES:
        yield f"the manifest lists {len(files):,} files"
    if sum(entry.size for entry in files.values()) > LARGEST_BUNDLE:
        yield "the files are too large together"
    for name in alike([*files, MANIFEST]):
        yield f"{shown(name)} is listed twice but for its letters"


def _wrong_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    for name, entry in sorted(manifest.files.items()):
        try:
            finding = unfit(name) or _finding(folder, name, entry)
        except OSError as error:
            finding = f"cannot be read ({error.strerror})"
        if finding:
            yield f"{shown(name)} {finding}"


def _finding(folder: Path, name: str, entry: FileEntry) -> str:
    """Say what is wrong with one listed file; empty when nothing is."""
    path = folder / name
    if any(part.is_symlink() for part in (path, *path.parents) if folder in part.parents):
        return "is a link"
    if not path.exists():
        return "is missing"
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode):
        return "is no plain file"
    if max(entry.size, about.st_size) > largest(name):
        return "is too large"
    if about.st_size != entry.size or _entry(path).sha256 != entry.sha256:
        return "was changed"
    return ""


def _strangers(folder: Path, manifest: Manifest) -> Iterator[str]:
    known = {*manifest.files, MANIFEST, *ADDED_BY_REGISTRY}
    for root, folders, files in os.walk(folder, followlinks=False):
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        for name in sorted([*files, *links]):
            relative = (Path(root) / name).relative_to(folder).as_posix()
            if relative not in known:
                yield f"{shown(relative)} is not listed in the manifest"
