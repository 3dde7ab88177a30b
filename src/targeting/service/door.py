"""Around every request: its number, its time, its log line, and headers that close browsers' doors.

Plain ASGI, because a framework's middleware would cost more than the scoring.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from targeting.service.logs import tell
from targeting.service.problems import MEDIA_TYPE, ProblemError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from targeting.config import TimeoutSettings
    from targeting.service.metrics import Metrics

UNKNOWN = "unknown"
"""The route of an address that is none of ours."""

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(slots=True)
class Visit:
    """What is known of a request while it is answered; all of it may be logged.

    Parameters
    ----------
    request_id
        Drawn here, never taken from the caller.
    route
        Address by its pattern.
    key_id
        Whose key it carried; empty while nobody's.
    bundle_id
        With which bundle it was answered; empty where none was needed.
    count
        Declarations or results it was about.
    status
        Of the answer; 0 until there is one.
    problem
        Kind of problem it was answered with; empty for none.
    """

    request_id: str
    route: str = UNKNOWN
    key_id: str = ""
    bundle_id: str = ""
    count: int = 0
    status: int = 0
    problem: str = ""


def visit_of(scope: Scope) -> Visit:
    """Return what the door knows of a request.

    Parameters
    ----------
    scope
        Of the request.
    """
    return cast("Visit", scope["visit"])


class Door:
    """The outermost layer of the service.

    Parameters
    ----------
    app
        What answers.
    timeouts
        How long it may take.
    metrics
        Where it is counted.
    """

    def __init__(self, app: ASGIApp, timeouts: TimeoutSettings, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._seconds = timeouts.body + timeouts.answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Parameters
        ----------
        scope, receive, send
            As ASGI has them.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(secrets.token_hex(8))
        scope["visit"] = visit
        began = time.perf_counter()
        try:
            await self._answer(scope, receive, _numbered(send, visit))
        finally:
            self._note(visit, str(scope["method"]), time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = visit_of(scope)
        try:
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive, send)
        except TimeoutError:
            if visit.status:
                raise
            problem = ProblemError("unavailable", "The answer took too long; ask again.")
            await send_problem(problem, visit, send)

    def _note(self, visit: Visit, method: str, seconds: float) -> None:
        self._metrics.requests.add(visit.route, str(visit.status))
        self._metrics.seconds.observe(seconds, visit.route)
        if visit.problem:
            self._metrics.refused.add(visit.problem)
        tell(
            "request",
            request_id=visit.request_id,
            key_id=visit.key_id,
            method=method if visit.route != UNKNOWN else "",
            route=visit.route,
            status=visit.status,
            problem=visit.problem,
            count=visit.count,
            bundle_id=visit.bundle_id,
            ms=round(seconds * 1000, 3),
        )


async def send_problem(problem: ProblemError, visit: Visit, send: Send) -> None:
    """Answer with a problem.

    Parameters
    ----------
    problem
        What is wrong.
    visit
        The request.
    send
        Of the request.
    """
    visit.problem = problem.kind
    body = problem.body(visit.request_id)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
    headers += [(name.lower().encode(), text.encode()) for name, text in problem.headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _numbered(send: Send, visit: Visit) -> Send:
    """Add the request's number and the headers to what is sent."""
    number = (b"x-request-id", visit.request_id.encode())

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            visit.status = message["status"]
            message["headers"] = [*message["headers"], number, *_HEADERS]
        await send(message)

    return sending
