"""The application: addresses, problems for whatever goes wrong, and the door around them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import Response

from targeting.errors import TargetingError
from targeting.service import openapi
from targeting.service.door import Door, visit_of
from targeting.service.problems import MEDIA_TYPE, ProblemError, problem_of
from targeting.service.routes import router

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

    from targeting.service.desk import Desk

TITLE = "targeting"
ABOUT = (
    "Scores customs declarations for examination, with reasons, as of the day each was lodged. "
    "docs/service.md explains it."
)


def create_app(desk: Desk) -> Door:
    """Put the service together.

    Parameters
    ----------
    desk
        Everything the endpoints work with; closed when the application stops.
    """
    app = FastAPI(
        title=TITLE,
        version=version(TITLE),
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(desk),
        exception_handlers={
            ProblemError: _problem,
            TargetingError: _mistake,
            HTTPException: _unknown,
            Exception: _defect,
        },
    )
    app.include_router(router(desk))
    document = _document(app, desk)
    app.openapi = lambda: document
    return Door(app, desk.settings.timeouts, desk.metrics)


def _lifespan(desk: Desk) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        chores = desk.chores()
        # The protocol finds its limits here: it is made before any request is.
        yield {"headers_seconds": desk.settings.timeouts.headers}
        for chore in chores:
            chore.cancel()
        desk.close()

    return lifespan


def _document(app: FastAPI, desk: Desk) -> dict[str, Any]:
    document = get_openapi(
        title=TITLE,
        version=app.version,
        openapi_version="3.1.0",
        description=ABOUT,
        routes=app.routes,
    )
    document["components"] = openapi.components(desk.settings.limits, desk.words)
    return document


def _told(request: Request, problem: ProblemError) -> Response:
    visit = visit_of(request.scope)
    visit.problem = problem.kind
    return Response(
        problem.body(visit.request_id),
        problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


async def _problem(request: Request, error: Exception) -> Response:
    return _told(request, cast("ProblemError", error))


async def _mistake(request: Request, error: Exception) -> Response:
    return _told(request, problem_of(cast("TargetingError", error)))


async def _unknown(request: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    kind = "method" if found.status_code == 405 else "not-found"
    details = {
        "method": "The address knows other methods; `Allow` names them.",
        "not-found": "No such address; /v1/openapi.json lists those there are.",
    }
    return _told(request, ProblemError(kind, details[kind], headers=found.headers))


async def _defect(request: Request, _: Exception) -> Response:
    detail = "The service's log tells more, under the number of this request."
    return _told(request, ProblemError("defect", detail))
