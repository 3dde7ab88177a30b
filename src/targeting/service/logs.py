"""Structured logs, one JSON object a line, without anything a request brought.

An exception is told by its type and the lines of our code it passed, never by its text: the text
of a library's error may quote a value.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

LOGGER = logging.getLogger("targeting.service")
_OWN = ("targeting", "uvicorn")


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record.

        Parameters
        ----------
        record
            Its message is one of ours; what else it tells stands in `fields`.
        """
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": _event(record),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__name__
            told["passed"] = [
                f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-12:]
            ]
        return orjson.dumps(told).decode()


def _event(record: logging.LogRecord) -> str:
    """Take a message of ours or of the server; of any other library only where it came from."""
    if record.name.partition(".")[0] not in _OWN:
        return f"{record.name}:{record.lineno}"
    text = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    if isinstance(record.args, tuple) and all(isinstance(one, int) for one in record.args):
        text = record.getMessage()
    # The server logs a traceback as the message's text; its frames stand in `passed`.
    return text.partition("\n")[0]


def configuration() -> dict[str, Any]:
    """Give the logging configuration of the service's process: JSON lines on standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "targeting": {"level": "INFO"},
            "uvicorn": {"level": "INFO"},
            "uvicorn.access": {"level": "CRITICAL", "propagate": False},
        },
    }


def tell(event: str, *, level: int = logging.INFO, error: bool = False, **fields: object) -> None:
    """Log an event of the service.

    Parameters
    ----------
    event
        What happened, in fixed words.
    level
        Of `logging`.
    error
        Whether to tell the exception that is being handled.
    **fields
        Counts, ids of requests and keys, milliseconds; never anything a request brought.
    """
    LOGGER.log(level, event, extra={"fields": fields}, exc_info=error)
