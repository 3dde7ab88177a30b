"""The desk: everything the endpoints work with, put together once."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar
from zoneinfo import ZoneInfo

from targeting.errors import TargetingError
from targeting.ingest.rows import RowReader
from targeting.language.catalogue import Language, languages
from targeting.service.keys import KeyRing
from targeting.service.logs import tell
from targeting.service.problems import ProblemError
from targeting.service.rate import Rates
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import date
    from pathlib import Path

    from targeting.config import ServiceSettings
    from targeting.explain.reasons import Reason
    from targeting.service.audit import Audit
    from targeting.service.keys import Key, KeyStore, Scope
    from targeting.service.metrics import Metrics
    from targeting.service.serving import Current

T = TypeVar("T")

_CLOSE_SECONDS = 10.0
_BEARER = b"bearer "
_ASK = {"WWW-Authenticate": 'Bearer realm="targeting"'}


@dataclass(slots=True)
class Ring:
    """The keys as they are known now; read again when another program changed them.

    Parameters
    ----------
    store
        On disk.
    bootstrap
        From the environment; None where there is none.
    """

    store: KeyStore
    bootstrap: Key | None = None
    now: KeyRing = field(init=False)
    _version: int = field(init=False, default=-1)
    _reloads: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> bool:
        """Read the keys if they were changed.

        Returns
        -------
        bool
            Whether another worker asked for the model to be loaded again.
        """
        version = self.store.version
        if version == self._version:
            return False
        extra = () if self.bootstrap is None else (self.bootstrap,)
        self.now, self._version = KeyRing.of((*self.store.all(), *extra)), version
        before, self._reloads = self._reloads, self.store.reloads_asked
        return before not in (-1, self._reloads)

    def signal_reload(self) -> None:
        """Ask the other workers to load the model again."""
        self.store.signal_reload()
        self._reloads = self.store.reloads_asked


@dataclass(frozen=True, slots=True)
class Desk:
    """What the endpoints work with.

    Parameters
    ----------
    settings
        As started.
    current
        The model in use.
    ring
        The keys.
    audit
        Who did what.
    metrics
        What is counted.
    words
        Language to what writes a reason in it.
    rates
        How often each key asked.
    declarations, results
        Read the rows of requests.
    writer, reader
        Threads for work that waits for the disk, and for long work.
    """

    settings: ServiceSettings
    current: Current
    ring: Ring
    audit: Audit
    metrics: Metrics
    words: Mapping[str, Callable[[Reason], str]]
    rates: Rates
    declarations: RowReader
    results: RowReader
    writer: ThreadPoolExecutor
    reader: ThreadPoolExecutor

    @classmethod
    def of(cls, settings: ServiceSettings, current: Current, ring: Ring, audit: Audit) -> Self:
        """Put a desk together.

        Parameters
        ----------
        settings
            As started.
        current
            The model in use.
        ring
            The keys.
        audit
            Who did what.
        """
        limits = settings.limits
        reading = partial(RowReader, text_length=limits.text_length, columns=limits.columns)
        return cls(
            settings=settings,
            current=current,
            ring=ring,
            audit=audit,
            metrics=current.metrics,
            words=wording(settings.languages),
            rates=Rates(settings.rate),
            declarations=reading(DECLARATIONS),
            results=reading(INSPECTIONS),
            # One thread writes, so that events wait for the disk and the loop does not.
            writer=ThreadPoolExecutor(1, thread_name_prefix="writer"),
            reader=ThreadPoolExecutor(2, thread_name_prefix="reader"),
        )

    def holder(self, authorization: bytes, scope: Scope) -> Key:
        """Tell whose request it is, and whether it may go on.

        Parameters
        ----------
        authorization
            The header; empty where there is none.
        scope
            What the key must allow.

        Raises
        ------
        ProblemError
            If there is no valid key, it lacks the scope, or asks too often.
        """
        key = None
        if authorization[: len(_BEARER)].lower() == _BEARER:
            presented = authorization[len(_BEARER) :].decode("ascii", "replace").strip()
            key = self.ring.now.holder(presented)
        if key is None:
            detail = "Send `Authorization: Bearer KEY`; `targeting keys create` makes one."
            raise ProblemError("key-needed", detail, headers=_ASK)
        wait = self.rates.wait(key, time.monotonic())
        if wait:
            seconds = {"Retry-After": str(max(1, round(wait + 0.5)))}
            raise ProblemError("too-often", "Ask again later.", headers=seconds)
        if scope not in key.scopes:
            raise ProblemError("scope-needed", f"A key with the scope `{scope}` is needed.")
        return key

    async def write(self, work: Callable[[], T]) -> T:
        """Do work that changes the profiles, one at a time and off the event loop.

        Parameters
        ----------
        work
            What to do.
        """
        return await asyncio.get_running_loop().run_in_executor(self.writer, work)

    async def read(self, work: Callable[[], T]) -> T:
        """Do long work that changes nothing off the event loop.

        Parameters
        ----------
        work
            What to do.
        """
        return await asyncio.get_running_loop().run_in_executor(self.reader, work)

    def chores(self) -> tuple[asyncio.Task[None], ...]:
        """Start what is done again and again: keys, flushes of the audit, the registry."""
        settings = self.settings
        chores = [
            _every(settings.refresh_seconds, self._refresh),
            _every(settings.audit.flush_seconds, self._flush),
        ]
        if settings.follow_seconds is not None:
            chores.append(_every(settings.follow_seconds, self._follow))
        if settings.close_after_minutes is not None:
            chores.append(_every(_CLOSE_SECONDS, self._close_day))
        return tuple(asyncio.create_task(one) for one in chores)

    async def _refresh(self) -> None:
        if self.ring.refresh():
            await self.current.reload(always=True)

    async def _flush(self) -> None:
        await asyncio.to_thread(self.audit.flush)

    async def _follow(self) -> None:
        await self.current.reload()

    async def _close_day(self) -> None:
        day = self.day_over(datetime.now(UTC))
        database = self.current.serving.database
        if day is not None and await self.read(lambda: database.as_of) <= day:
            closed = await self.write(partial(database.close_day, day))
            tell("day closed", as_of=closed.as_of, declarations=closed.declarations)

    def day_over(self, now: datetime) -> date | None:
        """Name the last local day that is over, by the settings; None if days are not closed here.

        Parameters
        ----------
        now
            The moment.
        """
        minutes = self.settings.close_after_minutes
        if minutes is None:
            return None
        zone = ZoneInfo(self.current.serving.time_zone)
        return (now - timedelta(minutes=minutes)).astimezone(zone).date() - timedelta(days=1)

    def close(self) -> None:
        """Finish what is being written, and close the databases."""
        self.writer.shutdown()
        self.reader.shutdown()
        self.audit.close()
        self.ring.store.close()


def wording(folder: Path | None) -> dict[str, Callable[[Reason], str]]:
    """Open every language once, so that no request names a file.

    Parameters
    ----------
    folder
        Where further languages are; None for those of the package.

    Raises
    ------
    ConfigError
        If a catalogue is broken.
    """
    return {code: partial(_say, Language.named(code, folder)) for code in languages(folder)}


def _say(language: Language, reason: Reason) -> str:
    return language.say(reason.phrase)


async def _every(seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
    """Do a chore again and again; one that fails is told, and tried again next time."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await chore()
        except (TargetingError, sqlite3.Error, OSError):
            tell("a chore failed", level=logging.ERROR, error=True)
