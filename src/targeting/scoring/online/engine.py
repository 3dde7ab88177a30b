"""Opening a profile database: SQLite in a file, or PostgreSQL; one writer at a time.

The one module of this room that opens an engine. In SQLite, `synchronous` is FULL: with a
write-ahead log the weaker NORMAL keeps a database whole through a loss of power, yet may lose the
last commits, and a caller was told those events are kept. A commit then waits for the disk, so
events are best handed over many at a time; reads never wait.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from targeting.errors import InputError, OutputError
from targeting.scoring.online.tables import LEDGER, LOCK_LEDGER, METADATA, READ_LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

_PAGE = 8192  # a profile is some 300 bytes: fewer, larger pages make the tree lower
_CACHE_KIB = 65_536
_FILLING_KIB = 262_144
_MAPPED = 2**33
_WAIT_SECONDS = 60
_CONNECT_SECONDS = "10"
_POOL = 16
_WRITES = {"targeting_writes": True}
_POSTGRES = "postgresql+psycopg"
_ENCODING = "UTF8"
_WAIT_FOR_LOCK = f"SET LOCAL lock_timeout = '{_WAIT_SECONDS}s'"


def parsed(url: str) -> URL:
    """Read the address of a database.

    Parameters
    ----------
    url
        `sqlite:///path` or `postgresql://user@host/name`; `postgresql+psycopg://` is the same.

    Raises
    ------
    InputError
        If it is neither; it is not repeated, as it may hold a password.

    Examples
    --------
    >>> parsed("postgresql://officer@host/name").drivername
    'postgresql+psycopg'
    """
    try:
        made = make_url(url)
    except ArgumentError:
        made = None
    if made is not None and made.drivername == "postgresql":
        made = made.set(drivername=_POSTGRES)
    if made is None or not _is_known(made):
        raise InputError(
            "this is not the address of a profile database",
            where="the URL of the profile database",
            found="no URL" if made is None else f"a URL that begins with {made.drivername}",
            do="Write sqlite:///profiles.db, or postgresql://user@host/name.",
        )
    return made


def _is_known(url: URL) -> bool:
    in_file = url.drivername == "sqlite" and url.database not in (None, "", ":memory:")
    return in_file or url.drivername == _POSTGRES


def opened(url: str, *, filling: bool = False) -> Engine:
    """Open an engine; no connection is made yet.

    Parameters
    ----------
    url
        As for `parsed`.
    filling
        Whether a file is being filled that nobody looks at before it is whole: SQLite then keeps
        no journal.

    Raises
    ------
    InputError
        If the address is none, or PostgreSQL's driver is not installed.
    """
    where = parsed(url)
    sqlite = where.drivername == "sqlite"
    own: dict[str, Any] = {"connect_args": {"timeout": _WAIT_SECONDS}}
    if not sqlite:
        # Asked first whether it is still there: a server that was started again has cut it off.
        own = {"connect_args": _over_the_wire(where), "pool_pre_ping": True}
    try:
        engine = create_engine(where, pool_size=_POOL, max_overflow=_POOL, **own)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise InputError(
            "PostgreSQL's driver is not installed",
            where="the URL of the profile database",
            found="no psycopg",
            do="Run: pip install 'targeting[postgres]'",
        ) from None
    if sqlite:
        event.listen(engine, "connect", _prepare_filling if filling else _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    _set(connection, "journal_mode = WAL", "synchronous = FULL", f"cache_size = -{_CACHE_KIB}",
         f"mmap_size = {_MAPPED}", "temp_store = MEMORY")  # fmt: skip


def _over_the_wire(where: URL) -> dict[str, str]:
    """Return what PostgreSQL is asked for, unless the address says otherwise."""
    # Without it a database that knows no encoding would hand over bytes for texts.
    told = {"client_encoding": _ENCODING, "connect_timeout": _CONNECT_SECONDS}
    return {name: value for name, value in told.items() if name not in where.query}


def _prepare_filling(connection: Any, _: object) -> None:
    _set(connection, f"page_size = {_PAGE}", "journal_mode = OFF", "synchronous = OFF",
         f"cache_size = -{_FILLING_KIB}")  # fmt: skip


def _set(connection: Any, *pragmas: str) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("targeting_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read in one transaction: what others write meanwhile is not seen.

    Parameters
    ----------
    engine
        Open.

    Yields
    ------
    Connection
        Inside a transaction.
    """
    level = {} if is_sqlite(engine) else {"isolation_level": "REPEATABLE READ"}
    with (
        _told(engine),
        engine.connect().execution_options(**level) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction, alone: another writer waits until this one is done.

    Parameters
    ----------
    engine
        Open.

    Yields
    ------
    Connection
        Inside a transaction, which is kept when the block ends and undone when it raises.

    Raises
    ------
    OutputError
        If the database cannot be written, or another writer kept it too long.
    """
    with (
        _told(engine),
        engine.connect().execution_options(**_WRITES) as connection,
        connection.begin(),
    ):
        if not is_sqlite(engine):
            # A machine that vanished while it wrote must not keep the others waiting for good.
            connection.exec_driver_sql(_WAIT_FOR_LOCK)
            connection.execute(LOCK_LEDGER)
        yield connection


@contextmanager
def filling(engine: Engine) -> Iterator[Connection]:
    """Write a new database in one transaction.

    Parameters
    ----------
    engine
        Open; nobody else uses the database.

    Yields
    ------
    Connection
        Inside a transaction.

    Raises
    ------
    InputError
        If there is a database already, or it cannot hold every letter.
    """
    with (
        _told(engine),
        engine.connect().execution_options(**_WRITES) as connection,
        connection.begin(),
    ):
        _require_every_letter(connection)
        if inspect(connection).has_table(LEDGER.name):
            raise already_there("tables of one")
        METADATA.create_all(connection, checkfirst=False)
        yield connection


def _require_every_letter(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        return
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != _ENCODING:
        raise InputError(
            "the database cannot hold every letter",
            where="the URL of the profile database",
            found=f"encoding {encoding}",
            do=f"Make it with `createdb --encoding={_ENCODING} --template=template0`.",
        )


def already_there(found: str) -> InputError:
    """Say that a database is not made over another.

    Parameters
    ----------
    found
        What stands there.
    """
    return InputError(
        "a new profile database does not replace another",
        where="the URL of the profile database",
        found=found,
        do="Name another one, or make its profiles again with `targeting online rebuild`.",
    )


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, engine.dialect.loaded_dbapi.Error) as error:
        # Look-ups ask the driver itself, and SQLAlchemy is not there to wrap what it raises.
        own = getattr(error, "orig", error)
        raise OutputError(
            "the profile database cannot be used",
            where="the profile database",
            found=type(own).__name__ + _known_words(str(own)),
            do="Check that it is there, that it may be written and that its disk is not full.",
        ) from error


_TELLING = ("locked", "lock timeout", "no such table", "does not exist", "readonly",
            "unable to open", "disk", "refused", "malformed", "not a database")  # fmt: skip


def _known_words(text: str) -> str:
    """Repeat of an engine's message only what names no value."""
    told = [words for words in _TELLING if words in text]
    return f" ({', '.join(told)})" if told else ""


def is_sqlite(engine: Engine) -> bool:
    """Tell whether the database is a SQLite file.

    Parameters
    ----------
    engine
        Open.
    """
    return engine.dialect.name == "sqlite"


def ledger_row(connection: Connection) -> Any:
    """Read the one row of the ledger; None where there is none.

    Parameters
    ----------
    connection
        Inside a transaction.
    """
    return connection.execute(READ_LEDGER).one_or_none()


_DAYS = "SELECT as_of, versions_from, remembered_from, keep_days FROM ledger"
_FEW, _MANY = 20, 100
_SOME_STATES = {
    lot: f"SELECT key, state FROM profiles WHERE key IN ({', '.join('?' * lot)})"  # noqa: S608 - marks
    for lot in (_FEW, _MANY)
}
_STATES = "SELECT key, state FROM profiles WHERE key = ANY(%s)"
_SOME_PAST = {
    lot: f"SELECT key, day, state FROM past_profiles WHERE key IN ({', '.join('?' * lot)}) "  # noqa: S608 - marks
    "AND day >= ? ORDER BY key, day"
    for lot in (_FEW, _MANY)
}
_PAST = (
    "SELECT key, day, state FROM past_profiles WHERE key = ANY(%s) AND day >= %s ORDER BY key, day"
)
_OF_CONSIGNMENT = (
    "SELECT record FROM declarations WHERE consignment = ?",
    "SELECT record FROM declarations WHERE consignment = %s",
)
_RECORDS = {
    "declarations": (
        "SELECT declaration_id, record FROM declarations WHERE declaration_id = ?",
        "SELECT declaration_id, record FROM declarations WHERE declaration_id = ANY(%s)",
    ),
    "results": (
        "SELECT inspection_id, record FROM results WHERE inspection_id = ?",
        "SELECT inspection_id, record FROM results WHERE inspection_id = ANY(%s)",
    ),
}


def states_of(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    """Look profiles up by key; those never seen are left out.

    SQLite is asked for twenty or a hundred at a time, by a statement it need not read anew, and in
    the order it keeps them; PostgreSQL for all at once.

    Parameters
    ----------
    connection
        Inside a transaction.
    keys
        Distinct keys.
    """
    cursor = connection.connection.cursor()
    if connection.dialect.name != "sqlite":
        return {bytes(key): bytes(state) for key, state in cursor.execute(_STATES, (list(keys),))}
    found: dict[bytes, bytes] = {}
    for some in _lots(keys):
        found.update(cursor.execute(_SOME_STATES[len(some)], some).fetchall())
    return found


def _lots(keys: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Cut keys, put in order, into lots of two sizes; the last is filled up with a key it has."""
    ordered, start = sorted(keys), 0
    while start < len(ordered):
        size = _MANY if len(ordered) - start >= _MANY else _FEW
        some = ordered[start : start + size]
        yield some + some[-1:] * (size - len(some))
        start += size


def past_states(
    connection: Connection, keys: Sequence[bytes], day: int
) -> dict[bytes, list[tuple[int, bytes]]]:
    """Look up profiles as they were before the events of a day or later ones, by key.

    Parameters
    ----------
    connection
        Inside a transaction.
    keys
        Distinct keys.
    day
        The earliest day.

    Returns
    -------
    dict
        Days and states, earliest first.
    """
    cursor = connection.connection.cursor()
    found: dict[bytes, list[tuple[int, bytes]]] = {}
    if connection.dialect.name == "sqlite":
        lots = (
            cursor.execute(_SOME_PAST[len(some)], (*some, day)).fetchall() for some in _lots(keys)
        )
        rows = (row for lot in lots for row in lot)
    else:
        rows = cursor.execute(_PAST, (list(keys), day))
    for key, at, state in rows:
        found.setdefault(bytes(key), []).append((at, bytes(state)))
    return found


def records_beside(connection: Connection, consignment: bytes) -> list[str]:
    """Return the records of every line of a consignment.

    Parameters
    ----------
    connection
        Inside a transaction.
    consignment
        What its lines share.
    """
    cursor = connection.connection.cursor()
    statement = _OF_CONSIGNMENT[connection.dialect.name != "sqlite"]
    return [row[0] for row in cursor.execute(statement, (consignment,)).fetchall()]


def days_kept(connection: Connection) -> tuple[int, int, int, int]:
    """Return the four days of the ledger, as a line that is scored wants them: at once.

    Parameters
    ----------
    connection
        Inside a transaction.
    """
    return connection.connection.cursor().execute(_DAYS).fetchone()


def records_of(connection: Connection, table: str, ids: Sequence[str]) -> dict[str, str]:
    """Look events up by their id; those that are not there are left out.

    Parameters
    ----------
    connection
        Inside a transaction.
    table
        `declarations` or `results`.
    ids
        Of events.
    """
    cursor, (one, many) = connection.connection.cursor(), _RECORDS[table]
    if connection.dialect.name != "sqlite":
        return dict(cursor.execute(many, (list(ids),)).fetchall())
    rows = (cursor.execute(one, (name,)).fetchone() for name in ids)
    return dict(row for row in rows if row is not None)
