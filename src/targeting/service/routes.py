"""The addresses of the service, each with its endpoint and its description."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter
from starlette.responses import Response

from targeting.service import openapi
from targeting.service.api import Api
from targeting.service.listing import LARGEST_CAPACITY, OFFICE_LENGTH
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.requests import Request

    from targeting.config import LimitSettings, ServiceSettings
    from targeting.service.desk import Desk
    from targeting.service.openapi import Schema

    Responses = dict[int | str, Schema]

_KEYED = openapi.WITH_KEY
_BODIED = (*openapi.WITH_KEY, *openapi.WITH_BODY)
_SECURED: dict[str, list[dict[str, list[str]]]] = {"security": [{"key": []}]}


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the service.

    Parameters
    ----------
    method, path
        Of HTTP.
    answer
        The endpoint.
    responses
        What it answers with, for OpenAPI.
    extra
        What else OpenAPI is told of it.
    """

    method: Literal["GET", "POST"]
    path: str
    answer: Callable[[Request], Awaitable[Response]]
    responses: Responses
    extra: Schema = field(default_factory=dict)


def router(desk: Desk) -> APIRouter:
    """Put the addresses of the service together.

    Parameters
    ----------
    desk
        Everything the endpoints work with.
    """
    api, made = Api(desk), APIRouter()
    settings = desk.settings
    for one in (*_writing(api, settings.limits), *_asking(api), *_watching(api, settings)):
        made.add_api_route(
            one.path,
            one.answer,
            methods=[one.method],
            responses=one.responses,
            description=(one.answer.__doc__ or "").partition("\n")[0],
            openapi_extra=one.extra,
            response_class=Response,
            response_model=None,
        )
    return made


def _writing(api: Api, limits: LimitSettings) -> Iterator[Address]:
    """Give the addresses that take rows."""
    rows = openapi.body("declarations", DECLARATIONS, limits.declarations)
    explained = openapi.body("declarations", DECLARATIONS, limits.declarations, explained=True)
    results = openapi.body("results", INSPECTIONS, limits.results)
    scored = openapi.responses("scores", *_BODIED, "conflict")
    kept = openapi.responses("accepted", *_BODIED)
    yield Address("POST", "/v1/score", api.score, scored, _SECURED | explained)
    yield Address("POST", "/v1/declarations", api.declare, kept, _SECURED | rows)
    yield Address("POST", "/v1/results", api.results, kept, _SECURED | results)


def _asking(api: Api) -> Iterator[Address]:
    """Give the addresses for officers and administrators."""
    listed = openapi.responses("list", *_KEYED, "refused", "conflict")
    asked = openapi.list_parameters(LARGEST_CAPACITY, OFFICE_LENGTH)
    model = openapi.responses("model", *_KEYED)
    reloaded = openapi.responses("reloaded", *_KEYED, "conflict")
    closed = openapi.responses("closed", *_BODIED, "conflict")
    day = openapi.day_body()
    yield Address("GET", "/v1/shortlist", api.shortlist, listed, _SECURED | asked)
    yield Address("GET", "/v1/model", api.model, model, _SECURED)
    yield Address("POST", "/v1/admin/reload", api.reload, reloaded, _SECURED)
    yield Address("POST", "/v1/admin/close-day", api.close_day, closed, _SECURED | day)


def _watching(api: Api, settings: ServiceSettings) -> Iterator[Address]:
    """Give the addresses for those who watch the service."""
    guarded = settings.metrics_need_key
    text = openapi.text_response(_KEYED if guarded else ())
    extra = _SECURED if guarded else {}
    yield Address("GET", "/health/live", api.live, openapi.responses("live"))
    yield Address("GET", "/health/ready", api.ready, openapi.responses("ready"))
    yield Address("GET", "/metrics", api.metrics, text, extra)
