"""Results appear whole or not at all.

A writer works in a hidden neighbour of its target; only when it is done is the neighbour renamed
into place. A run that fails, or is stopped, leaves what was there before.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def staged_folder(target: Path) -> Iterator[Path]:
    """Write a folder that appears under its name only when the block ends well.

    An existing folder is replaced as a whole, but only one that an earlier run may have
    written: it must be empty or hold one of our own files (see `_ours`).

    Parameters
    ----------
    target
        The folder to create or replace.

    Yields
    ------
    Path
        An empty folder to write into.

    Raises
    ------
    OutputError
        If the folder cannot be created, or something else stands in its place.
    """
    _refuse_strangers(target)
    stage = _new_stage(target)
    try:
        yield stage
        _replace(stage, target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def staged_file(target: Path) -> Iterator[Path]:
    """Write a file that appears under its name only when the block ends well.

    Parameters
    ----------
    target
        The file to create or replace.

    Yields
    ------
    Path
        A path, with the same suffix, to write to.

    Raises
    ------
    OutputError
        If the file cannot be written, or a folder stands in its place.
    """
    if target.is_dir():
        raise OutputError(
            "a file was to be written, but a folder stands there",
            where=str(target),
            found="a folder",
            do="Name a file that does not exist yet, or remove the folder.",
        )
    stage = _new_stage(target)
    try:
        yield stage / target.name
        (stage / target.name).replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _new_stage(target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        stage.chmod(0o755)
    except OSError as error:
        raise _unwritable(target, error) from error
    return stage


def _replace(stage: Path, target: Path) -> None:
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
        target.replace(old / "old")
        stage.replace(target)
        shutil.rmtree(old)
    else:
        stage.replace(target)


def _refuse_strangers(target: Path) -> None:
    """Never delete a folder we did not write: `--output ~` must not empty a home."""
    if target.exists() and not target.is_dir():
        raise OutputError(
            "a folder was to be written, but a file stands there",
            where=str(target),
            found="a file",
            do="Name a folder that does not exist yet.",
        )
    if target.is_dir() and any(target.iterdir()) and not _ours(target):
        raise OutputError(
            "the folder holds files this command did not write and will not delete",
            where=str(target),
            found=f"{sum(1 for _ in target.iterdir())} entries",
            do="Name an empty or a new folder.",
        )


def _ours(folder: Path) -> bool:
    marks = (
        "declarations.parquet",
        "manifest.json",
        "shortlist.parquet",
        "metrics.json",
        "demo.json",
    )
    return any((folder / mark).exists() for mark in marks)


def _unwritable(target: Path, error: OSError) -> OutputError:
    return OutputError(
        "the result cannot be written",
        where=str(target),
        found=error.strerror or type(error).__name__,
        do="Check the path, the rights on the folder and the free disk space.",
    )
