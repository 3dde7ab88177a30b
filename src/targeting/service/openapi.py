"""The service's description of itself: OpenAPI 3.1, written from the tables' schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from targeting.service.problems import MEDIA_TYPE, TITLES
from targeting.tables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from targeting.config import LimitSettings
    from targeting.tables.schema import Column, Table

Schema = dict[str, Any]

ALWAYS = ("method", "defect", "unavailable")
"""Problems any address may answer with."""
WITH_KEY = ("key-needed", "scope-needed", "too-often")
WITH_BODY = ("not-json", "too-slow", "too-large", "media-type", "refused")

_NOT_NUL = r"^[^\u0000]*$"
_MOMENT_EXAMPLE = "2025-06-01T08:00:00Z"
_NUMBER = {"type": ["number", "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}
_DAY = {"type": "string", "format": "date"}
_LARGEST_WHOLE = 10**18 - 1


def row_schema(table: Table, limits: LimitSettings) -> Schema:
    """Describe a row of a table as JSON.

    Parameters
    ----------
    table
        Which table.
    limits
        Of one request.
    """
    extra = {
        "type": ["string", "number", "boolean", "null"],
        "maxLength": limits.text_length,
        "pattern": _NOT_NUL,
    }
    return {
        "type": "object",
        "properties": {one.name: _column_schema(one, limits) for one in table.columns},
        "required": [one.name for one in table.columns if not one.null],
        "additionalProperties": extra,
        "maxProperties": limits.columns,
    }


def _column_schema(column: Column, limits: LimitSettings) -> Schema:
    unit = f" Unit: {column.unit}." if column.unit else ""
    about: Schema = {"description": column.meaning + unit}
    if column.choices:
        words: list[str | None] = list(column.choices)
        return about | {"enum": words + ([None] if column.null else [])}
    if column.kind == "string":
        return about | _text_schema(column, limits)
    if column.kind == "timestamp":
        moment = {"format": "date-time", "examples": [_MOMENT_EXAMPLE]}
        return about | {"type": _or_null("string", column), **moment}
    kind = "integer" if column.kind == "int" else "number"
    bounds: Schema = {"type": _or_null(kind, column)}
    if column.minimum is not None:
        bounds["exclusiveMinimum" if column.above_minimum else "minimum"] = column.minimum
    if column.maximum is not None:
        bounds["maximum"] = column.maximum
    elif kind == "integer":
        bounds["maximum"] = _LARGEST_WHOLE
    return about | bounds


def _text_schema(column: Column, limits: LimitSettings) -> Schema:
    form = f"^({column.pattern})$" if column.pattern else _NOT_NUL
    text: Schema = {"type": _or_null("string", column), "pattern": form}
    if not column.null and not column.pattern:
        text |= {"minLength": 1, "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}
    return text | {"maxLength": limits.text_length}


def _or_null(kind: str, column: Column) -> str | list[str]:
    return [kind, "null"] if column.null else kind


def body(member: str, table: Table, most: int, *, explained: bool = False) -> Schema:
    """Describe the body of a request that holds rows, for `openapi_extra`.

    Parameters
    ----------
    member
        Name of the list.
    table
        Of the rows.
    most
        Most rows.
    explained
        Whether reasons can be asked for.
    """
    rows = {
        "type": "array",
        "items": {"$ref": f"#/components/schemas/{table.name}"},
        "minItems": 1,
        "maxItems": most,
    }
    properties: Schema = {member: rows}
    if explained:
        properties["explain"] = {"type": "boolean", "default": False}
        properties["similar"] = {"type": "boolean", "default": False}
        properties["language"] = {"$ref": "#/components/schemas/language"}
    return _json_body(_object(properties, required=[member], closed=True))


def day_body() -> Schema:
    """Describe a body that names a day."""
    return _json_body(_object({"day": _DAY}, required=["day"], closed=True))


def _json_body(schema: Schema) -> Schema:
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def _object(
    properties: Schema, *, required: Iterable[str] | None = None, closed: bool = False
) -> Schema:
    needed = list(properties if required is None else required)
    whole: Schema = {"type": "object", "properties": properties, "required": needed}
    return whole | ({"additionalProperties": False} if closed else {})


_REASON = _object({
    "text": _TEXT, "feature": _TEXT, "subject": _TEXT, "family": _TEXT,
    "contribution": {"type": "number"}, "indicators": {"type": "array", "items": _COUNT},
    "key": _TEXT,
})  # fmt: skip
_REASONS = {"type": "array", "items": _REASON}
_PAST = _object({
    "declaration_id": _TEXT, "lodged_day": _DAY, "known_day": _DAY, "office_id": _TEXT,
    "hs_code": _TEXT, "result": _TEXT, "offence": {"type": ["string", "null"]},
    "revenue": _NUMBER, "selected_by": _TEXT, "similarity": {"type": "number"},
})  # fmt: skip
_SIMILAR = _object({
    "lines": {"type": "array", "items": _PAST}, "among": _COUNT, "hits": _COUNT,
})  # fmt: skip
_NUMBERS = {"score": {"type": "number"}, "probability": {"type": "number"},
            "expected_revenue": _NUMBER}  # fmt: skip
_VIEWS = dict.fromkeys(
    ("papers_probability", "conveyance_probability", "either_probability"), _NUMBER
)

ANSWERS: dict[str, Schema] = {
    "scores": _object({
        "bundle_id": _TEXT, "trained_until": _TEXT, "currency": _TEXT,
        "scores": {"type": "array", "items": _object(
            {"declaration_id": _TEXT, **_NUMBERS, **_VIEWS, "reasons": _REASONS,
             "similar": _SIMILAR},
            required=["declaration_id", *_NUMBERS])},
    }),
    "accepted": _object({
        "new": _COUNT, "repeated": _COUNT, "late": _COUNT, "unmatched": _COUNT,
        "refused": {"type": "array", "items": _object({"pointer": _TEXT, "what": _TEXT})},
    }),
    "list": _object({
        "bundle_id": _TEXT, "office": _TEXT, "day": _DAY, "arrivals": _COUNT,
        "lines": {"type": "array", "items": _object({
            "rank": _COUNT, "declaration_id": _TEXT, "selected_by": _TEXT,
            "selection_probability": _NUMBER, **_NUMBERS, "reasons": _REASONS,
            "similar": _SIMILAR,
        }, required=["rank", "declaration_id", "selected_by", *_NUMBERS])},
    }),
    "model": _object({
        "bundle_id": _TEXT, "name": _TEXT, "loaded_at": _TEXT, "trained_until": _TEXT,
        "time_zone": _TEXT, "currency": _TEXT, "features": _COUNT, "profiles_as_of": _DAY,
        "intended_use": _TEXT, "not_for": {"type": "array", "items": _TEXT},
        "notes": {"type": "array", "items": _TEXT},
    }),
    "closed": _object({
        "since": _DAY, "as_of": _DAY, "declarations": _COUNT, "results": _COUNT}),
    "reloaded": _object({"bundle_id": _TEXT, "name": _TEXT, "changed": {"type": "boolean"}}),
    "live": _object({"status": {"const": "live"}}),
    "ready": _object({
        "status": {"const": "ready"}, "bundle_id": _TEXT, "profiles_as_of": _DAY,
        "reload_failure": {"type": ["object", "null"]},
    }),
}  # fmt: skip
"""What each address answers with."""

PROBLEM = _object(
    {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "errors": {
            "type": "array",
            "items": _object({"pointer": _TEXT, "what": _TEXT, "found": _TEXT, "do": _TEXT}),
        },
    },
    required=["type", "title", "status", "detail", "instance"],
)


def responses(answer: str, *problems: str) -> dict[int | str, Schema]:
    """Describe what an address answers with.

    Parameters
    ----------
    answer
        A key of `ANSWERS`.
    *problems
        Kinds of problem, `ALWAYS` aside.
    """
    schema = {"$ref": f"#/components/schemas/answer_{answer}"}
    told: dict[int | str, Schema] = {
        200: {"description": "Done.", "content": {"application/json": {"schema": schema}}}
    }
    return told | problem_responses(*problems)


def problem_responses(*problems: str) -> dict[int | str, Schema]:
    """Describe the problems an address may answer with.

    Parameters
    ----------
    *problems
        Kinds of problem, `ALWAYS` aside.
    """
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/problem"}}}
    kinds = sorted({*problems, *ALWAYS}, key=lambda kind: TITLES[kind][0])
    return {
        TITLES[kind][0]: {"description": f"{TITLES[kind][1]}.", "content": content}
        for kind in kinds
    }


def text_response(problems: Iterable[str]) -> dict[int | str, Schema]:
    """Describe the answer of an address that tells plain text.

    Parameters
    ----------
    problems
        Kinds of problem, `ALWAYS` aside.
    """
    content = {"text/plain": {"schema": _TEXT}}
    told: dict[int | str, Schema] = {200: {"description": "Done.", "content": content}}
    return told | problem_responses(*problems)


def list_parameters(capacity: int, office_length: int) -> Schema:
    """Describe the parameters of the list, for `openapi_extra`.

    Parameters
    ----------
    capacity
        Largest capacity.
    office_length
        Longest office, in characters.
    """
    office = {"type": "string", "minLength": 1, "maxLength": office_length,
              "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}  # fmt: skip
    whole = {"type": "integer", "minimum": 1, "maximum": capacity}
    needed = (("office", office), ("day", _DAY), ("capacity", whole))
    free = (
        ("explain", {"type": "boolean", "default": False}),
        ("similar", {"type": "boolean", "default": False}),
        ("language", {"$ref": "#/components/schemas/language"}),
    )
    return {
        "parameters": [
            {"name": name, "in": "query", "required": required, "schema": schema}
            for group, required in ((needed, True), (free, False))
            for name, schema in group
        ]
    }


def components(limits: LimitSettings, languages: Iterable[str]) -> Schema:
    """Describe what the addresses share: tables, answers, problems and the key.

    Parameters
    ----------
    limits
        Of one request.
    languages
        Codes of the languages reasons can be told in.
    """
    rows = {table.name: row_schema(table, limits) for table in TABLES}
    answers = {f"answer_{name}": schema for name, schema in ANSWERS.items()}
    language = {"enum": list(languages), "default": "en"}
    return {
        "schemas": rows | answers | {"problem": PROBLEM, "language": language},
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    }
