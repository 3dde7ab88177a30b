"""API keys: made once, kept as hashes, compared in constant time.

A key is `tgk_ID_SECRET`. The secret is 256 bits from the system's generator, so its SHA-256 needs
no salt and no slow hash: those slow down guessing at secrets that people chose, and nobody guesses
256 bits. A slow hash would cost every request its milliseconds instead.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, Self

from targeting.errors import ConfigError, InputError
from targeting.service.database import opened

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Scope = Literal["score", "results", "admin"]
SCOPES: tuple[Scope, ...] = ("score", "results", "admin")
"""Score and read the list; write declarations and results; reload the model."""

FILE = "keys.sqlite"
BOOTSTRAP = "bootstrap"
PREFIX = "tgk_"
_SECRET_LENGTH = 43  # of 32 bytes in URL-safe base64
_NOBODY = "0" * 64

_SCHEMA = """
create table if not exists keys (
    key_id text primary key,
    name text not null,
    scopes text not null,
    sha256 text not null,
    per_second real,
    created_at text not null,
    expires_at text,
    revoked_at text
) strict;
create table if not exists reloads (asked integer not null) strict;
insert into reloads select 0 where not exists (select 1 from reloads);
"""


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key: everything but its secret.

    Parameters
    ----------
    key_id
        Stands in logs and in the audit.
    name
        Who holds it, in the administrator's words.
    scopes
        What it may do.
    sha256
        Of the secret, in hexadecimal.
    per_second
        Requests a second; None for the setting's.
    created_at
        Moment in UTC, ISO 8601.
    expires_at, revoked_at
        As `created_at`; empty for never.
    """

    key_id: str
    name: str
    scopes: tuple[Scope, ...]
    sha256: str
    per_second: float | None = None
    created_at: str = ""
    expires_at: str = ""
    revoked_at: str = ""

    def is_live(self, now: str) -> bool:
        """Say whether the key counts at a moment.

        Parameters
        ----------
        now
            Moment in UTC, ISO 8601.
        """
        return not self.revoked_at and (not self.expires_at or now < self.expires_at)


def moment() -> str:
    """Give the present moment as it is kept: UTC, ISO 8601, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def hashed(secret: str) -> str:
    """Hash a secret as it is kept.

    Parameters
    ----------
    secret
        The part of a key after its id.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyStore:
    """The keys of one service, on disk.

    Parameters
    ----------
    connection
        From `open`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, state: Path) -> Self:
        """Open the keys in the service's folder.

        Parameters
        ----------
        state
            The folder; made where there is none.

        Raises
        ------
        OutputError
            If the database cannot be opened.
        """
        return cls(opened(state / FILE, _SCHEMA))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @property
    def version(self) -> int:
        """A number that changes when another program changed the keys."""
        return int(self._connection.execute("pragma data_version").fetchone()[0])

    def create(
        self,
        name: str,
        scopes: Sequence[Scope],
        *,
        per_second: float | None = None,
        days: int | None = None,
    ) -> tuple[Key, str]:
        """Make a key.

        Parameters
        ----------
        name
            Who will hold it.
        scopes
            What it may do.
        per_second
            Requests a second; None for the setting's.
        days
            Days until it expires; None for never.

        Returns
        -------
        tuple of Key and str
            What is kept, and the key itself, which is not: nobody can show it again.
        """
        secret = secrets.token_urlsafe(32)
        key = Key(secrets.token_hex(6), name, tuple(scopes), hashed(secret), per_second, moment())
        if days is not None:
            until = datetime.now(UTC) + timedelta(days=days)
            key = replace(key, expires_at=until.isoformat(timespec="microseconds"))
        self._connection.execute(
            "insert into keys (key_id, name, scopes, sha256, per_second, created_at, expires_at)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (key.key_id, name, " ".join(scopes), key.sha256, per_second, key.created_at,
             key.expires_at or None),
        )  # fmt: skip
        return key, f"{PREFIX}{key.key_id}_{secret}"

    def revoke(self, key_id: str) -> Key:
        """Take a key out of use.

        Parameters
        ----------
        key_id
            The id `list` shows.

        Raises
        ------
        InputError
            If there is no such key, or it is revoked already.
        """
        done = self._connection.execute(
            "update keys set revoked_at = ? where key_id = ? and revoked_at is null",
            (moment(), key_id),
        )
        found = next((key for key in self.all() if key.key_id == key_id), None)
        if found is None or not done.rowcount:
            raise InputError(
                "no key of this id can be revoked",
                where="KEY_ID",
                found="it is revoked already" if found else "no such key",
                do="`targeting keys list` shows the ids.",
            )
        return found

    def signal_reload(self) -> None:
        """Ask the other workers of the service to load the model again."""
        self._connection.execute("update reloads set asked = asked + 1")

    @property
    def reloads_asked(self) -> int:
        """How often a reload was asked for."""
        return int(self._connection.execute("select asked from reloads").fetchone()[0])

    def all(self) -> tuple[Key, ...]:
        """List all keys, in the order they were made, revoked ones too."""
        rows = self._connection.execute(
            "select key_id, name, scopes, sha256, per_second, created_at,"
            " coalesce(expires_at, ''), coalesce(revoked_at, '') from keys"
            " order by created_at, key_id"
        )
        return tuple(Key(row[0], row[1], tuple(row[2].split()), *row[3:]) for row in rows)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys a running service knows.

    Parameters
    ----------
    keys
        By id.
    """

    keys: Mapping[str, Key]

    @classmethod
    def of(cls, keys: Sequence[Key]) -> Self:
        """Gather keys.

        Parameters
        ----------
        keys
            Live or not.
        """
        return cls({key.key_id: key for key in keys})

    def has_live(self) -> bool:
        """Say whether any key counts now."""
        now = moment()
        return any(key.is_live(now) for key in self.keys.values())

    def holder(self, presented: str) -> Key | None:
        """Find whose key was presented.

        Parameters
        ----------
        presented
            The whole key. Unknown ids take as long as wrong secrets.

        Returns
        -------
        Key or None
            None when it is not the key of anybody, or counts no more.
        """
        key_id, _, secret = presented.removeprefix(PREFIX).partition("_")
        key = self.keys.get(key_id)
        same = hmac.compare_digest(hashed(secret), _NOBODY if key is None else key.sha256)
        return key if key is not None and same and key.is_live(moment()) else None


def bootstrap_key(written: str) -> Key:
    """Read the key an administrator put into the environment of a first start.

    Parameters
    ----------
    written
        `tgk_bootstrap_SECRET`, with 43 characters or more of secret.

    Returns
    -------
    Key
        With every scope; kept in memory only.

    Raises
    ------
    ConfigError
        If it is not of that form.
    """
    start = f"{PREFIX}{BOOTSTRAP}_"
    secret = written.removeprefix(start)
    if not written.startswith(start) or len(secret) < _SECRET_LENGTH:
        raise ConfigError(
            "the key in the environment is not one",
            where="TARGETING_BOOTSTRAP_KEY",
            found=f"{len(written):,} characters of another form",
            do=f"Write {start} and {_SECRET_LENGTH} random characters or more after it: "
            "python -c 'import secrets; print(secrets.token_urlsafe(32))'.",
        )
    return Key(BOOTSTRAP, "from the environment", SCOPES, hashed(secret), created_at=moment())
