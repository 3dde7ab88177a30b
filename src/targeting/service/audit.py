"""Who scored what with which bundle: rows that are only ever added, each sealed by the next.

Every row carries the SHA-256 of its contents and of the row before. Changing, removing or adding a
row in the middle breaks the chain from there on; cutting rows off the end does not, so the count
and the head that `targeting audit verify` prints are worth keeping elsewhere.

Rows are written by one thread, all that wait in one transaction, and a request is answered only
when its rows are committed. While the thread writes, the request is scored.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

import orjson

from targeting.errors import OutputError
from targeting.service.database import opened
from targeting.service.keys import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from targeting.service.database import Durable

Action = Literal[
    "score", "declare", "results", "shortlist", "reload", "close day", "key created", "key revoked"
]

FILE = "audit.sqlite"
START = "0" * 64
"""What the first row has for the row before."""

_AT_ONCE = 500
_SCHEMA = """
create table if not exists audit (
    seq integer primary key,
    at text not null,
    key_id text not null,
    action text not null,
    request_id text not null,
    bundle_id text not null,
    subjects text not null,
    sha256 text not null
) strict;
create trigger if not exists audit_is_not_changed before update on audit
begin select raise(abort, 'the audit is append-only'); end;
create trigger if not exists audit_is_not_shortened before delete on audit
begin select raise(abort, 'the audit is append-only'); end;
create trigger if not exists audit_is_not_replaced before insert on audit
when exists (select 1 from audit where seq = new.seq)
begin select raise(abort, 'the audit is append-only'); end;
"""
_INSERT = "insert into audit values (?, ?, ?, ?, ?, ?, ?, ?)"
_LAST = "select seq, sha256 from audit order by seq desc limit 1"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is recorded of one request.

    Parameters
    ----------
    key_id
        Who asked.
    action
        What was done.
    request_id
        By which the log line is found.
    bundle_id
        With which bundle.
    subjects
        Declarations or results it was about, by id.
    """

    key_id: str
    action: Action
    request_id: str
    bundle_id: str
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """What a walk over the audit found.

    Parameters
    ----------
    rows
        How many rows there are.
    head
        Seal of the last row.
    broken_at
        Number of the first row that does not follow; None when all do.
    """

    rows: int
    head: str
    broken_at: int | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    entry: Entry
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


def seal(before: str, row: Sequence[object]) -> str:
    """Seal a row: the SHA-256 of the seal before it and of its contents.

    Parameters
    ----------
    before
        The seal of the row before.
    row
        Everything in the row but its own seal.
    """
    return hashlib.sha256(orjson.dumps([before, *row])).hexdigest()


class Audit:
    """The audit of one service.

    Parameters
    ----------
    state
        The service's folder.
    durable
        What a row survives before its request is answered.

    Raises
    ------
    OutputError
        If the database cannot be opened.
    """

    def __init__(self, state: Path, *, durable: Durable = "disk") -> None:
        self._path = state / FILE
        self._connection = opened(self._path, _SCHEMA, durable=durable)
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="audit", daemon=True)
        self._thread.start()

    def record(self, entry: Entry) -> asyncio.Future[None]:
        """Hand in a row; await what is returned before answering.

        Parameters
        ----------
        entry
            What to record.

        Returns
        -------
        asyncio.Future
            Done when the row is committed; with `OutputError` when it cannot be.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._queue.put(_Waiting(entry, loop, done))
        return done

    def flush(self) -> None:
        """Bring all committed rows to the disk; slow, so not on the event loop."""
        log = self._path.with_name(f"{FILE}-wal")
        if log.exists():
            descriptor = os.open(log, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Write what waits, and close."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._connection.close()

    def _write_all(self) -> None:
        while batch := list(self._gather()):
            try:
                append(self._connection, [one.entry for one in batch])
            except sqlite3.Error as error:
                _tell(batch, _unwritable(self._path, error))
            else:
                _tell(batch, None)

    def _gather(self) -> Iterator[_Waiting]:
        """Wait for a row, then take what else waits; nothing when the service stops."""
        first = self._queue.get()
        if first is None:
            return
        yield first
        for _ in range(_AT_ONCE):
            try:
                more = self._queue.get_nowait()
            except Empty:
                return
            if more is None:
                self._queue.put(None)
                return
            yield more


def append(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Add rows in one transaction, each sealed to the one before.

    Parameters
    ----------
    connection
        To the audit; other programs may write to it too.
    entries
        In their order.
    """
    connection.execute("begin immediate")
    try:
        number, before = connection.execute(_LAST).fetchone() or (0, START)
        rows = []
        for entry in entries:
            number += 1
            row = (number, moment(), entry.key_id, entry.action, entry.request_id,
                   entry.bundle_id, orjson.dumps(entry.subjects).decode())  # fmt: skip
            before = seal(before, row)
            rows.append((*row, before))
        connection.executemany(_INSERT, rows)
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def append_now(state: Path, entry: Entry) -> None:
    """Add one row from a command.

    Parameters
    ----------
    state
        The service's folder.
    entry
        What to record.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    connection = opened(state / FILE, _SCHEMA)
    try:
        append(connection, [entry])
    except sqlite3.Error as error:
        raise _unwritable(state / FILE, error) from error
    finally:
        connection.close()


def verify(state: Path) -> Chain:
    """Walk the audit and check every seal.

    Parameters
    ----------
    state
        The service's folder.

    Raises
    ------
    OutputError
        If the database cannot be opened.
    """
    connection = opened(state / FILE, _SCHEMA)
    try:
        number, before = 0, START
        for *row, sealed in connection.execute("select * from audit order by seq"):
            if row[0] != number + 1 or seal(before, row) != sealed:
                return Chain(number, before, broken_at=number + 1)
            number, before = row[0], sealed
        return Chain(number, before)
    finally:
        connection.close()


def _tell(batch: Sequence[_Waiting], error: Exception | None) -> None:
    """Wake the requests that wait, one call for each loop."""
    for loop in {one.loop for one in batch}:
        mine = [one.done for one in batch if one.loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, mine, error)


def _settle(waiting: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    for one in waiting:
        if one.done():
            continue
        if error is None:
            one.set_result(None)
        else:
            one.set_exception(error)


def _unwritable(path: Path, error: Exception) -> OutputError:
    return OutputError(
        "the audit cannot be written, so nothing is answered",
        where=str(path),
        found=str(error),
        do="See that the disk has room and the service's user may write there.",
    )
