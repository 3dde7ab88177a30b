"""Results appear whole or not at all.

A writer works in a hidden neighbour of its target; only when it is done is the neighbour renamed
into place. A run that fails, or is stopped, leaves what was there before.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def staged_folder(target: Path) -> Iterator[Path]:
    """Write a folder that appears under its name only when the block ends well.

    An existing folder is replaced as a whole, but only one that an earlier run may have
    written: it must be empty, or hold the same kind of result (see `_kinds`) and nothing hidden.
    A tables folder is never replaced by a bundle.

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
    with _stage(target) as stage:
        _refuse_strangers(target)
        yield stage
        _refuse_other_kind(target, stage)
        _replace(stage, target)


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
    with _stage(target) as stage:
        _refuse_folder(target)
        yield stage / target.name
        (stage / target.name).replace(target)


def require_file(target: Path) -> None:
    """Make sure a file can be written before long work is begun; nothing is left behind.

    Parameters
    ----------
    target
        The file that `staged_file` will write later.

    Raises
    ------
    OutputError
        If it cannot be written, or a folder stands in its place.
    """
    with _stage(target):
        _refuse_folder(target)


@contextmanager
def _stage(target: Path) -> Iterator[Path]:
    """Give an empty hidden neighbour; afterwards it is gone, and so are folders made in vain."""
    made: list[Path] = []
    try:
        made += [one for one in (target.parent, *target.parent.parents) if not one.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            stage.chmod(0o755)
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        for folder in made:
            with suppress(OSError):  # it is not empty: the result is in it
                folder.rmdir()


def _replace(stage: Path, target: Path) -> None:
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
        try:
            target.replace(old / "old")
            stage.replace(target)
        except BaseException:
            if not target.exists() and (old / "old").exists():
                (old / "old").replace(target)
            raise
        finally:
            if target.exists():
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
    if not target.is_dir():
        return
    entries = [entry.name for entry in target.iterdir()]
    hidden = any(name.startswith(".") for name in entries)
    if entries and (hidden or not _kinds(target)):
        raise _strangers(target, len(entries))


def _refuse_other_kind(target: Path, stage: Path) -> None:
    """Never replace one kind of result by another: `train --output TABLES` must not eat them."""
    if target.is_dir() and any(target.iterdir()) and not _kinds(target) & _kinds(stage):
        raise _strangers(target, sum(1 for _ in target.iterdir()))


def _strangers(target: Path, entries: int) -> OutputError:
    return OutputError(
        "the folder holds files this command did not write and will not delete",
        where=str(target),
        found="1 entry" if entries == 1 else f"{entries:,} entries",
        do="Name an empty or a new folder.",
    )


def _refuse_folder(target: Path) -> None:
    if target.is_dir():
        raise OutputError(
            "a file was to be written, but a folder stands there",
            where=str(target),
            found="a folder",
            do="Name a file that does not exist yet, or remove the folder.",
        )


def _kinds(folder: Path) -> set[str]:
    """Tell what is in a folder of ours by the one file each kind of result always has."""
    marks = (
        "declarations.parquet",
        "manifest.json",
        "shortlist.parquet",
        "metrics.json",
        "demo.json",
        "store.json",
        "Dockerfile",
    )
    kinds = {mark for mark in marks if (folder / mark).exists()}
    names = [entry.name for entry in folder.iterdir()]
    by_month = bool(names) and all(re.fullmatch(r"\d{4}-\d{2}\.parquet", name) for name in names)
    return kinds | {"a table by months"} if by_month else kinds


def _unwritable(target: Path, error: OSError) -> OutputError:
    return OutputError(
        "the result cannot be written",
        where=str(target),
        found=error.strerror or type(error).__name__,
        do="Check the path, the rights on the folder and the free disk space.",
    )
