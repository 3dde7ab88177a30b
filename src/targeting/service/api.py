"""The endpoints of version 1."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from fastapi import Request  # noqa: TC002 - FastAPI reads the annotations
from starlette.responses import Response

from targeting.errors import TargetingError
from targeting.service import answers
from targeting.service.audit import Entry
from targeting.service.bodies import Asked, asked, day_of, parsed, read_body, rows_of
from targeting.service.door import visit_of
from targeting.service.listing import ListAsked, drawn_list
from targeting.service.metrics import MEDIA_TYPE, labelled
from targeting.service.problems import refused_model
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Sequence

    from targeting.ingest.rows import Row
    from targeting.scoring.online import Scored
    from targeting.service.audit import Action
    from targeting.service.bodies import Members
    from targeting.service.desk import Desk
    from targeting.service.keys import Scope
    from targeting.service.serving import Serving

T = TypeVar("T")

INLINE = 64
"""Most declarations scored on the event loop: handing a few to a thread costs more than they do."""

INLINE_EXPLAINED = 4


class Api:
    """Answers requests.

    Parameters
    ----------
    desk
        Everything it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def score(self, request: Request) -> Response:
        """Score declarations, each as of the day it was lodged; nothing is kept.

        Parameters
        ----------
        request
            Of the caller.
        """
        desk = self._desk
        self._enter(request, "score")
        want = asked(
            await self._members(request, ("declarations", "explain", "similar", "language")),
            desk.declarations,
            most=desk.settings.limits.declarations,
            languages=desk.words,
        )
        serving = desk.current.serving
        recorded = self._record(request, "score", serving, _ids(want.rows, DECLARATIONS.key))
        scored = await self._scored(serving, want)
        desk.metrics.scored.add(by=len(want.rows))
        answer = answers.json_response(answers.score_answer(scored, desk.words[want.language]))
        await recorded
        return answer

    async def declare(self, request: Request) -> Response:
        """Keep declarations: they count in the profiles once their day closes.

        Parameters
        ----------
        request
            Of the caller.
        """
        return await self._accept(request, "declarations")

    async def results(self, request: Request) -> Response:
        """Keep results of examinations: they count from the day they became known.

        Parameters
        ----------
        request
            Of the caller.
        """
        return await self._accept(request, "results")

    async def shortlist(self, request: Request) -> Response:
        """Draw the list of what to open, from the declarations kept of an office and day.

        Parameters
        ----------
        request
            Of the caller.
        """
        desk = self._desk
        self._enter(request, "score")
        asks = ListAsked.of(request.query_params, tuple(desk.words))
        serving, settings = desk.current.serving, desk.settings.shortlist
        drawn = await desk.read(partial(drawn_list, serving.scorer, asks, settings))
        await self._record(request, "shortlist", serving, drawn.ids)
        return answers.json_response(
            answers.list_answer(drawn, serving.bundle_id, desk.words[asks.language])
        )

    async def model(self, request: Request) -> Response:
        """Tell which model is in use, and what it is for.

        Parameters
        ----------
        request
            Of the caller.
        """
        self._enter(request, "score")
        serving = self._desk.current.serving
        told = await self._looked_up(serving, partial(answers.model_answer, serving))
        return answers.json_response(told)

    async def reload(self, request: Request) -> Response:
        """Load the model the service was started with as its name stands now.

        Parameters
        ----------
        request
            Of the caller.
        """
        self._enter(request, "admin")
        current = self._desk.current
        try:
            changed = await current.reload(always=True)
        except TargetingError as error:
            raise refused_model(error) from None
        self._desk.ring.signal_reload()
        await self._record(request, "reload", current.serving, ())
        return answers.json_response(answers.reloaded_answer(current.serving, changed=changed))

    async def close_day(self, request: Request) -> Response:
        """Add the events of a day that is over, and of the days before it, to the profiles.

        Parameters
        ----------
        request
            Of the caller.
        """
        desk = self._desk
        self._enter(request, "admin")
        day = day_of((await self._members(request, ("day",))).get("day"), "/day")
        serving = desk.current.serving
        closed = await desk.write(partial(serving.database.close_day, day))
        await self._record(request, "close day", serving, (day.isoformat(),))
        return answers.json_response(answers.closed_answer(closed))

    async def live(self, request: Request) -> Response:
        """Say that the process answers.

        Parameters
        ----------
        request
            Of the caller.
        """
        visit_of(request.scope).route = "/health/live"
        return answers.json_response({"status": "live"})

    async def ready(self, request: Request) -> Response:
        """Say that the service scores, with what, and why a newer model could not be loaded.

        Parameters
        ----------
        request
            Of the caller.
        """
        visit_of(request.scope).route = "/health/ready"
        current = self._desk.current
        serving = current.serving
        work = partial(answers.health_answer, serving, current.failure)
        return answers.json_response(await self._looked_up(serving, work))

    async def metrics(self, request: Request) -> Response:
        """Tell what is measured, as Prometheus reads it.

        Parameters
        ----------
        request
            Of the caller.
        """
        desk = self._desk
        if desk.settings.metrics_need_key:
            self._enter(request, "admin")
        visit_of(request.scope).route = "/metrics"
        gauges = await desk.read(lambda: tuple(_gauges(desk)))
        return Response(desk.metrics.text(gauges), media_type=MEDIA_TYPE)

    def _enter(self, request: Request, scope: Scope) -> None:
        """Let a request in, or refuse it before anything of it is read."""
        visit = visit_of(request.scope)
        visit.route = request.scope["route"].path
        authorization = _header(request, b"authorization")
        visit.key_id = self._desk.holder(authorization, scope).key_id

    async def _members(self, request: Request, known: Sequence[str]) -> Members:
        settings = self._desk.settings
        body = await read_body(
            request.receive,
            dict(request.scope["headers"]),
            most=settings.limits.body_bytes,
            seconds=settings.timeouts.body,
        )
        return parsed(body, known)

    def _record(
        self, request: Request, action: Action, serving: Serving, subjects: Sequence[str]
    ) -> asyncio.Future[None]:
        visit = visit_of(request.scope)
        visit.bundle_id, visit.count = serving.bundle_id, len(subjects)
        entry = Entry(visit.key_id, action, visit.request_id, serving.bundle_id, tuple(subjects))
        return self._desk.audit.record(entry)

    async def _scored(self, serving: Serving, want: Asked) -> Scored:
        work = partial(
            serving.scorer.score_typed, want.rows, explain=want.explain, similar=want.similar
        )
        if len(want.rows) <= (INLINE_EXPLAINED if want.explain or want.similar else INLINE):
            return await self._looked_up(serving, work)
        return await self._desk.read(work)

    async def _looked_up(self, serving: Serving, work: Callable[[], T]) -> T:
        """Do short work that reads profiles: here, unless another machine has them.

        One that does not answer would otherwise keep every request waiting, and `/health/live`.
        """
        return work() if serving.database.in_file else await self._desk.read(work)

    async def _accept(self, request: Request, member: str) -> Response:
        desk, limits = self._desk, self._desk.settings.limits
        self._enter(request, "results")
        declared = member == "declarations"
        rows = rows_of(
            await self._members(request, (member,)),
            member,
            desk.declarations if declared else desk.results,
            most=limits.declarations if declared else limits.results,
        )
        serving = desk.current.serving
        key = DECLARATIONS.key if declared else INSPECTIONS.key
        action: Action = "declare" if declared else "results"
        recorded = self._record(request, action, serving, _ids(rows, key))
        accepted = await desk.write(partial(serving.database.accept, **{member: rows}))
        await recorded
        desk.metrics.events.add(member, by=accepted.new)
        return answers.json_response(answers.accepted_answer(accepted, member))


def _header(request: Request, name: bytes) -> bytes:
    return next((value for key, value in request.scope["headers"] if key == name), b"")


def _ids(rows: Sequence[Row], key: str) -> tuple[str, ...]:
    return tuple(str(row[key]) for row in rows)


def _gauges(desk: Desk) -> Iterator[tuple[str, str, float]]:
    serving = desk.current.serving
    status = serving.database.status()
    open_day = datetime(*status.as_of.timetuple()[:3], tzinfo=UTC).timestamp()
    names = {"bundle_id": serving.bundle_id, "name": serving.name}
    yield labelled("targeting_model", names), "The model in use.", 1.0
    yield (
        "targeting_reload_failing",
        "1 while a newer model is refused.",
        float(desk.current.failure is not None),
    )
    yield "targeting_profiles_day_seconds", "Day the profiles stand at, as Unix time.", open_day
    waiting = status.waiting_declarations + status.waiting_results
    yield "targeting_events_waiting", "Events of days that have not closed.", float(waiting)
    yield "targeting_results_unmatched", "Results without a declaration.", float(status.unmatched)
    yield "targeting_time_seconds", "The service's clock, as Unix time.", time.time()
