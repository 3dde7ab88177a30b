"""Settings of the HTTP service."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from targeting.config.base import Settings
from targeting.config.shortlist import ShortlistSettings


class LimitSettings(Settings):
    """What one request may hold; more is refused before it is read further.

    Parameters
    ----------
    body_bytes
        Largest body, counted as it arrives, whatever its header says.
    declarations, results
        Most declarations or results of one request.
    text_length
        Longest value, in characters.
    columns
        Most columns of one declaration, those beyond the tables' own included.
    connections
        Most open connections of one worker; further ones are answered with 503.
    """

    body_bytes: int = Field(default=1_048_576, ge=1_024, le=268_435_456)
    declarations: int = Field(default=256, ge=1, le=10_000)
    results: int = Field(default=1_000, ge=1, le=100_000)
    text_length: int = Field(default=2_000, ge=35, le=100_000)
    columns: int = Field(default=200, ge=60, le=10_000)
    connections: int = Field(default=512, ge=1, le=100_000)


class TimeoutSettings(Settings):
    """How long the service waits, in seconds.

    Parameters
    ----------
    headers
        For the first line and headers of a request.
    body
        For the whole of its body.
    answer
        For everything after the body.
    keep_alive
        For the next request on an idle connection.
    stop
        For requests under way when the service is told to stop.
    """

    headers: float = Field(default=5.0, gt=0, le=600)
    body: float = Field(default=10.0, gt=0, le=600)
    answer: float = Field(default=20.0, gt=0, le=600)
    keep_alive: int = Field(default=30, ge=1, le=3600)
    stop: int = Field(default=15, ge=1, le=600)


class RateSettings(Settings):
    """How often one key may ask, unless the key has a rate of its own.

    Parameters
    ----------
    per_second
        Requests a second over time, per key and worker.
    burst
        Requests at once after a quiet while.
    """

    per_second: float = Field(default=500.0, gt=0, le=1_000_000)
    burst: int = Field(default=1_000, ge=1, le=1_000_000)


class AuditSettings(Settings):
    """How the record of who scored what is kept.

    Parameters
    ----------
    durable
        What a record survives before its request is answered: a crash of the program (`process`),
        or of the machine too (`disk`, which waits for the disk at every answer).
    flush_seconds
        With `process`, how often records are brought to the disk: what a power cut may take.
    """

    durable: Literal["process", "disk"] = "process"
    flush_seconds: float = Field(default=1.0, gt=0, le=60)


class ServiceSettings(Settings):
    """How declarations are scored over HTTP (`configs/service.yaml`).

    Parameters
    ----------
    state
        Folder of the service's own databases: keys and audit.
    limits, timeouts, rate, audit
        What a request may hold, how long it may take, how often a key may ask, what is recorded.
    follow_seconds
        How often the registry is asked which version the alias names; null: only when an
        administrator asks.
    close_after_minutes
        How long after local midnight the day before is closed, so that the new day can be scored;
        null: a day is closed when an administrator asks, or by command.
    refresh_seconds
        How soon a key made or revoked by command counts in a running service.
    metrics_need_key
        Whether `/metrics` asks for a key of scope `admin`; true when others reach the address.
    languages
        Folder of further languages reasons can be told in, beside those of the package.
    shortlist
        Ranking, random share and seed of the list. Its time zone is the bundle's.
    """

    state: Path = Path("service")
    limits: LimitSettings = LimitSettings()
    timeouts: TimeoutSettings = TimeoutSettings()
    rate: RateSettings = RateSettings()
    audit: AuditSettings = AuditSettings()
    follow_seconds: float | None = Field(default=None, ge=1, le=86_400)
    close_after_minutes: float | None = Field(default=None, ge=0, le=1_440)
    refresh_seconds: float = Field(default=2.0, gt=0, le=600)
    metrics_need_key: bool = False
    languages: Path | None = None
    shortlist: ShortlistSettings = ShortlistSettings()
