"""The body of a request: read within its limits, parsed, and told apart from what it should be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import orjson

from targeting.ingest.rows import kind_of
from targeting.service.problems import Breach, ProblemError, breaches_of, refused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.types import Receive

    from targeting.ingest.rows import Row, RowReader

Members = dict[str, object]

_DIGITS = 12
"""Digits of a length that is looked at as a number; a longer one is beyond any limit."""

_CLOSE = {"Connection": "close"}
"""What is left of a body that was refused is not read: the connection ends."""


async def read_body(
    receive: Receive, headers: Mapping[bytes, bytes], *, most: int, seconds: float
) -> bytes:
    """Read a JSON body, and no more than is allowed of it.

    Parameters
    ----------
    receive
        Of the request.
    headers
        Names in lower case.
    most
        Largest body in bytes.
    seconds
        For the whole of it.

    Raises
    ------
    ProblemError
        If it is not declared as JSON, too large, or too slow to come.
    """
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise ProblemError("media-type", "Send application/json.", headers=_CLOSE)
    length = headers.get(b"content-length", b"")
    if length.isdigit() and (len(length) > _DIGITS or int(length) > most):
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            return await _gathered(receive, most)
    except TimeoutError:
        detail = f"The body did not arrive within {seconds:g} seconds."
        raise ProblemError("too-slow", detail, headers=_CLOSE) from None


async def _gathered(receive: Receive, most: int) -> bytes:
    message = await receive()
    body = message.get("body", b"")
    if not message.get("more_body") and len(body) <= most:
        return body
    parts, size = [body], len(body)
    while size <= most and message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if size > most:
        raise _too_large(most)
    if message["type"] == "http.disconnect":
        raise ProblemError("too-slow", "The caller went away.", headers=_CLOSE)
    return b"".join(parts)


def _too_large(most: int) -> ProblemError:
    return ProblemError("too-large", f"At most {most:,} bytes are read.", headers=_CLOSE)


def parsed(body: bytes, known: Collection[str]) -> Members:
    """Parse a body: a JSON object with members of known names.

    Parameters
    ----------
    body
        UTF-8.
    known
        The names.

    Raises
    ------
    ProblemError
        If it is not JSON, no object, or has other members. Their names are not told.
    """
    try:
        members = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        detail = f"Line {error.lineno}, column {error.colno} of the body is where JSON ends."
        raise ProblemError("not-json", detail) from None
    except RecursionError:
        raise ProblemError("not-json", "The body is nested too deep.") from None
    names = ", ".join(known)
    if not isinstance(members, dict):
        do = f"Send an object with {names}."
        raise refused([Breach("", "not an object", kind_of(members), do)])
    others = len(members.keys() - known)
    if others:
        raise refused([Breach("", "unknown members", f"{others:,} of them", f"Known: {names}.")])
    return members


@dataclass(frozen=True, slots=True)
class Asked:
    """Declarations to score, and what to tell beside their scores.

    Parameters
    ----------
    rows
        Typed; what is missing is left out.
    explain, similar
        Whether to tell the reasons, and the past examined lines most alike.
    language
        In which language the reasons.
    """

    rows: tuple[Row, ...]
    explain: bool
    similar: bool
    language: str


def asked(members: Members, reader: RowReader, *, most: int, languages: Collection[str]) -> Asked:
    """Read what is to be scored.

    Parameters
    ----------
    members
        Of the body.
    reader
        Of declarations.
    most
        Most declarations.
    languages
        Codes of the languages there are.

    Raises
    ------
    ProblemError
        With every breach.
    """
    language = members.get("language", "en")
    asked_for = {name: members.get(name, False) for name in ("explain", "similar")}
    wrong = [
        _unlike(f"/{name}", "not true or false", value, "Write true or false.")
        for name, value in asked_for.items()
        if not isinstance(value, bool)
    ]
    if not isinstance(language, str) or language not in languages:
        do = f"Use one of {', '.join(languages)}."
        wrong.append(_unlike("/language", "not a language there is", language, do))
    read = rows_of(members, "declarations", reader, most=most, wrong=tuple(wrong))
    rows = tuple(map(_without_gaps, read))
    explain, similar = map(bool, asked_for.values())
    return Asked(rows, explain, similar, str(language))


def _without_gaps(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def _unlike(pointer: str, what: str, value: object, do: str) -> Breach:
    return Breach(pointer, what, kind_of(value), do)


def rows_of(
    members: Members,
    name: str,
    reader: RowReader,
    *,
    most: int,
    wrong: tuple[Breach, ...] = (),
) -> tuple[Row, ...]:
    """Read the rows of a body.

    Parameters
    ----------
    members
        Of the body.
    name
        The member that holds them.
    reader
        Of their table.
    most
        Most rows.
    wrong
        What was found to be wrong before, told with the rest.

    Raises
    ------
    ProblemError
        With every breach of every row.
    """
    records = members.get(name)
    if not isinstance(records, list) or not 1 <= len(records) <= most:
        found = f"{len(records):,} rows" if isinstance(records, list) else kind_of(records)
        what = "not a list of as many rows as a request may have"
        raise refused([*wrong, Breach(f"/{name}", what, found, f"Send 1 to {most:,} rows.")])
    read = reader.read(records)
    if read.faults or wrong:
        raise refused([*wrong, *breaches_of(read.faults, name)])
    return read.rows


def day_of(written: object, pointer: str) -> date:
    """Read a local day.

    Parameters
    ----------
    written
        As it was sent.
    pointer
        Where it stands.

    Raises
    ------
    ProblemError
        If it is none.
    """
    if isinstance(written, str) and len(written) == len("2025-06-01"):
        try:
            day = date.fromisoformat(written)
        except ValueError:
            pass
        else:
            if 1900 <= day.year <= 2199:
                return day
    breach = Breach(pointer, "not a day", kind_of(written), "Write it as 2025-06-01.")
    raise refused([breach])
