"""Starting the service: databases, the model, the address, uvicorn."""

from __future__ import annotations

import atexit
import gc
import ipaddress
import logging.config
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from targeting.config import ServiceSettings, Settings
from targeting.errors import ConfigError
from targeting.service.audit import Audit
from targeting.service.desk import Desk, Ring
from targeting.service.keys import KeyStore, bootstrap_key
from targeting.service.logs import configuration, tell
from targeting.service.metrics import Metrics
from targeting.service.serving import Current, NamedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    import uvicorn

    from targeting.service.door import Door

BOOTSTRAP_VARIABLE = "TARGETING_BOOTSTRAP_KEY"
OPTIONS_VARIABLE = "TARGETING_SERVE_OPTIONS"
"""Where further workers find the options; set by the first process, for its children."""

_SWITCH_SECONDS = 0.0005
"""How long another thread may keep the event loop waiting while a model loads; 5 ms is too long."""


class ServeOptions(Settings):
    """What `targeting serve` was told.

    Parameters
    ----------
    model
        Bundle folder or registry name.
    profiles
        Address of the profile database.
    host, port
        Where to listen.
    workers
        Processes.
    settings
        Of the service.
    """

    model: str
    profiles: str
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    settings: ServiceSettings = ServiceSettings()


def make_desk(options: ServeOptions, environment: Mapping[str, str]) -> Desk:
    """Open the databases and load the model.

    Parameters
    ----------
    options
        As told.
    environment
        Where a first key may stand.

    Raises
    ------
    TargetingError
        If anything cannot be opened or loaded, or the address is open to others without a key.
    """
    from targeting.scoring.online import ProfileDatabase
    from targeting.tracking import Store

    ring = guarded_ring(options, environment)
    database = ProfileDatabase.open(options.profiles)
    source = NamedModel(options.model, database, Store.from_environment())
    current = Current(source, source.load(), Metrics())
    settings = options.settings
    audit = Audit(settings.state, durable=settings.audit.durable)
    return Desk.of(settings, current, ring, audit)


def guarded_ring(options: ServeOptions, environment: Mapping[str, str]) -> Ring:
    """Read the keys, and make sure there is one if others can reach the address.

    Parameters
    ----------
    options
        As told.
    environment
        Where a first key may stand.

    Raises
    ------
    ConfigError
        If there is none, or the one in the environment is of another form.
    """
    written = environment.get(BOOTSTRAP_VARIABLE)
    first = bootstrap_key(written) if written else None
    ring = Ring(KeyStore.open(options.settings.state), first)
    require_guarded(options.host, ring)
    return ring


def require_guarded(host: str, ring: Ring) -> None:
    """Refuse to listen where others can reach the service while there is no key.

    Parameters
    ----------
    host
        Name or number to listen on.
    ring
        The keys.

    Raises
    ------
    ConfigError
        If others can reach the address and no key is live.
    """
    if is_loopback(host) or ring.now.has_live():
        return
    raise ConfigError(
        "others can reach this address, and there is no key yet",
        where="--host",
        found=host,
        do="Make one first: `targeting keys create`; or listen on 127.0.0.1.",
    )


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address.

    Parameters
    ----------
    host
        Name or number.

    Examples
    --------
    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "port-srv")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def from_environment() -> Door:
    """Make the application of one of several workers."""
    options = ServeOptions.model_validate_json(os.environ[OPTIONS_VARIABLE])
    return make_app(options)


def make_app(options: ServeOptions) -> Door:
    """Make the application, loaded and ready.

    Parameters
    ----------
    options
        As told.
    """
    from targeting.service.app import create_app

    logging.config.dictConfig(configuration())
    sys.setswitchinterval(_SWITCH_SECONDS)
    desk = make_desk(options, os.environ)
    serving = desk.current.serving
    tell("loaded", bundle_id=serving.bundle_id, seconds=round(serving.seconds, 3))
    app = create_app(desk)
    # What is here now stays: looking through it for garbage again and again would hold up requests.
    gc.collect()
    gc.freeze()
    # Else DuckDB finds its objects left at the end, and tells so in forty lines of the log.
    atexit.register(gc.unfreeze)
    return app


def run(options: ServeOptions) -> None:
    """Serve until told to stop.

    Parameters
    ----------
    options
        As told.

    Raises
    ------
    TargetingError
        If anything is amiss at the start.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    settings = options.settings
    where = Listening(options.host, options.port, options.workers)
    if options.workers == 1:
        uvicorn.Server(uvicorn_config(make_app(options), settings, where)).run()
        return
    os.environ[OPTIONS_VARIABLE] = options.model_dump_json()
    guarded_ring(options, os.environ).store.close()
    config = uvicorn_config(f"{__name__}:{from_environment.__name__}", settings, where)
    Multiprocess(config, sockets=[config.bind_socket()]).run()


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and with how many processes to listen.

    Parameters
    ----------
    host, port
        As told.
    workers
        Processes.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1


def uvicorn_config(
    app: Door | str,
    settings: ServiceSettings,
    where: Listening,
    *,
    logs: dict[str, Any] | None = None,
) -> uvicorn.Config:
    """Tell uvicorn how to serve: no header it need not send, nothing believed from a proxy.

    Parameters
    ----------
    app
        The application, or where workers import what makes it.
    settings
        Of the service.
    where
        Address and processes.
    logs
        Configuration of logging, if not the service's own.
    """
    import uvicorn

    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=where.host,
        port=where.port,
        workers=where.workers,
        loop="uvloop",
        http="targeting.service.protocol:PatientProtocol",
        ws="none",
        lifespan="on",
        log_config=configuration() if logs is None else logs,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=settings.limits.connections,
        timeout_keep_alive=settings.timeouts.keep_alive,
        timeout_graceful_shutdown=settings.timeouts.stop,
    )
