"""A copy of everything the service cannot make again: keys, audit and profiles."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.errors import InputError
from targeting.service import audit, keys
from targeting.tables.output import staged_file

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.scoring.online import ProfileDatabase

PROFILES = "profiles.db"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds.

    Parameters
    ----------
    files
        The copies.
    chain
        What a walk over the copied audit found.
    """

    files: tuple[Path, ...]
    chain: audit.Chain


def back_up(state: Path, database: ProfileDatabase | None, output: Path) -> BackedUp:
    """Copy the databases while the service goes on.

    Parameters
    ----------
    state
        The service's folder.
    database
        The profiles; None where another program keeps them, as PostgreSQL's own does.
    output
        Folder of the copies; each appears whole or not at all.

    Returns
    -------
    BackedUp
        The files, and the head of the copied audit.

    Raises
    ------
    InputError
        If the service has no databases yet.
    OutputError
        If a copy cannot be written.
    """
    output.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = (keys.FILE, audit.FILE)
    for name in names:
        _copy(state / name, output / name)
    files = [output / name for name in names]
    if database is not None:
        database.backup(output / PROFILES)
        files.append(output / PROFILES)
    for path in files:
        path.chmod(0o600)
    return BackedUp(tuple(files), audit.verify(output))


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise InputError(
            "there is nothing to back up",
            where=str(source),
            found="no such file",
            do="Name the settings `targeting serve` runs with, by --config.",
        )
    with (
        staged_file(target) as stage,
        closing(sqlite3.connect(source)) as from_,
        closing(sqlite3.connect(stage)) as to,
    ):
        from_.backup(to)
