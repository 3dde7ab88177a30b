"""What a caller is told when a request is refused: RFC 9457 problem details, all breaches at once.

No problem repeats what was sent: values are told by kind and size, extra columns by count, so that
no trader's name or id reaches a log of the caller's or a screen it was not meant for.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

from targeting.errors import ContractError, DayError, InputError, TargetingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from targeting.ingest.rows import Fault

MEDIA_TYPE = "application/problem+json"
TYPES = "urn:targeting:problem:"

TITLES: Mapping[str, tuple[int, str]] = {
    "not-json": (400, "The body is not JSON"),
    "key-needed": (401, "No valid API key"),
    "scope-needed": (403, "The key may not do this"),
    "not-found": (404, "There is nothing here"),
    "method": (405, "Not this method"),
    "too-slow": (408, "The request took too long to arrive"),
    "conflict": (409, "Not as things stand"),
    "too-large": (413, "The body is too large"),
    "media-type": (415, "Not this media type"),
    "refused": (422, "The request does not keep the contract"),
    "too-often": (429, "Too many requests of this key"),
    "defect": (500, "A defect of the service"),
    "unavailable": (503, "Not ready to answer"),
}
"""Kind of problem: its status and its title."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that is wrong with a request.

    Parameters
    ----------
    pointer
        JSON pointer into the body (RFC 6901), or the name of a parameter of the address.
    what
        What is wrong.
    found
        What stands there, by kind and size.
    do
        What to do about it.
    """

    pointer: str
    what: str
    found: str
    do: str


class ProblemError(Exception):
    """A request cannot be answered as asked.

    Parameters
    ----------
    kind
        A key of `TITLES`.
    detail
        This case in words, without any value that was sent.
    errors
        All breaches.
    headers
        Headers the answer must carry, as `Retry-After`.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        errors: Iterable[Breach] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind)
        self.kind, self.detail = kind, detail
        self.errors, self.headers = tuple(errors), dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return TITLES[self.kind][0]

    def body(self, request_id: str) -> bytes:
        """Write the problem as JSON.

        Parameters
        ----------
        request_id
            Of the request, by which its log line is found.
        """
        status, title = TITLES[self.kind]
        told: dict[str, object] = {
            "type": f"{TYPES}{self.kind}",
            "title": title,
            "status": status,
            "detail": self.detail,
            "instance": f"urn:targeting:request:{request_id}",
        }
        if self.errors:
            told["errors"] = [asdict(one) for one in self.errors]
        return orjson.dumps(told)


def refused(breaches: Iterable[Breach]) -> ProblemError:
    """Build the problem of a request that breaks the contract.

    Parameters
    ----------
    breaches
        All of them, one or more.

    Examples
    --------
    >>> one = Breach("/declarations/0/hs_code", "missing", "nothing", "Give hs_code.")
    >>> problem = refused([one])
    >>> problem.status, problem.detail
    (422, '1 breach; nothing was done.')
    """
    errors = tuple(breaches)
    count = f"{len(errors):,} {'breach' if len(errors) == 1 else 'breaches'}"
    return ProblemError("refused", f"{count}; nothing was done.", errors=errors)


def breaches_of(faults: Iterable[Fault], member: str) -> tuple[Breach, ...]:
    """Point at the faults of rows inside a body.

    Parameters
    ----------
    faults
        From `targeting.ingest.rows`.
    member
        Name of the list that holds the rows.
    """
    return tuple(
        Breach(
            f"/{member}/{one.row}" + (f"/{one.column}" if one.column else ""),
            one.what,
            one.found,
            one.do,
        )
        for one in faults
    )


def problem_of(error: TargetingError) -> ProblemError:
    """Tell a mistake found below the service as a problem.

    Parameters
    ----------
    error
        What was raised. Its text names no trader.
    """
    breach = Breach("", error.what, error.found, error.do)
    if isinstance(error, ContractError | InputError):
        return refused([breach])
    if isinstance(error, DayError):
        return ProblemError("conflict", "The profiles stand at another day.", errors=[breach])
    return ProblemError("unavailable", "The service cannot answer now.", errors=[breach])


def refused_model(error: TargetingError) -> ProblemError:
    """Tell that a model cannot be put to use; the one before it stays.

    Parameters
    ----------
    error
        What was raised when it was loaded.
    """
    breach = Breach("", error.what, error.found, error.do)
    return ProblemError("conflict", "The model in use stays.", errors=[breach])
