"""The addresses of the service, each with its endpoint and its description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from targeting.service import openapi
from targeting.service.api import Api
from targeting.service.listing import LARGEST_CAPACITY, OFFICE_LENGTH
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from targeting.service.desk import Desk


def router(desk: Desk) -> APIRouter:
    """Put the addresses of the service together.

    Parameters
    ----------
    desk
        Everything the endpoints work with.
    """
    api, made, limits = Api(desk), APIRouter(), desk.settings.limits
    keyed, bodied = openapi.WITH_KEY, (*openapi.WITH_KEY, *openapi.WITH_BODY)
    secured = {"security": [{"key": []}]}
    declarations = openapi.body("declarations", DECLARATIONS, limits.declarations)
    explained = openapi.body("declarations", DECLARATIONS, limits.declarations, explained=True)
    results = openapi.body("results", INSPECTIONS, limits.results)
    table = (
        ("POST", "/v1/score", api.score, openapi.responses("scores", *bodied, "conflict"),
         secured | explained),
        ("POST", "/v1/declarations", api.declare, openapi.responses("accepted", *bodied),
         secured | declarations),
        ("POST", "/v1/results", api.results, openapi.responses("accepted", *bodied),
         secured | results),
        ("GET", "/v1/shortlist", api.shortlist,
         openapi.responses("list", *keyed, "refused", "conflict"),
         secured | openapi.list_parameters(LARGEST_CAPACITY, OFFICE_LENGTH)),
        ("GET", "/v1/model", api.model, openapi.responses("model", *keyed), secured),
        ("POST", "/v1/admin/reload", api.reload, openapi.responses("reloaded", *keyed, "conflict",
         "refused"), secured),
        ("POST", "/v1/admin/close-day", api.close_day,
         openapi.responses("closed", *bodied, "conflict"), secured | openapi.day_body()),
        ("GET", "/health/live", api.live, openapi.responses("live"), {}),
        ("GET", "/health/ready", api.ready, openapi.responses("ready"), {}),
        ("GET", "/metrics", api.metrics, openapi.text_response(
            keyed if desk.settings.metrics_need_key else ()),
         secured if desk.settings.metrics_need_key else {}),
    )  # fmt: skip
    for method, path, answer, responses, extra in table:
        made.add_api_route(
            path, answer, methods=[method], responses=responses, openapi_extra=extra,
            response_class=Response, response_model=None,
        )  # fmt: skip
    return made
