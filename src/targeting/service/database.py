"""The service's own databases: SQLite files only the service's user can read."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Literal

from targeting.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

Durable = Literal["process", "disk"]

_SYNCHRONOUS = {"process": "NORMAL", "disk": "FULL"}
_CHECKPOINT_PAGES = 16_384  # 64 MB: a checkpoint waits for the disk, so it should be rare


def opened(path: Path, schema: str, *, durable: Durable = "disk") -> sqlite3.Connection:
    """Open a database, and make it with its tables where there is none.

    Parameters
    ----------
    path
        The file. Its folder is made readable by its owner alone.
    schema
        `create ... if not exists` statements.
    durable
        What a commit survives: a crash of the program, or of the machine too.

    Raises
    ------
    OutputError
        If the file cannot be made, or is no database.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=10.0
        )
        connection.execute("pragma journal_mode=wal")
        connection.execute(f"pragma synchronous={_SYNCHRONOUS[durable]}")
        connection.execute(f"pragma wal_autocheckpoint={_CHECKPOINT_PAGES}")
        connection.executescript(schema)
    except (OSError, sqlite3.Error) as error:
        raise OutputError(
            "a database of the service cannot be opened",
            where=str(path),
            found=str(getattr(error, "strerror", None) or error),
            do="Name a folder the service's user may write with `state` in configs/service.yaml, "
            "or bring the file back from a backup.",
        ) from error
    return connection
