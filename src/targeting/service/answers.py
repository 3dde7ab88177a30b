"""What the service answers with, as JSON; numbers read back to the same bits."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from targeting.explain.reasons import Reason
    from targeting.scoring.online import Accepted, Closed, Scored, ScoredLine
    from targeting.service.listing import Drawn
    from targeting.service.serving import Failure, Serving

Told = dict[str, object]

_LISTED = ("rank", "declaration_id", "selected_by", "selection_probability", "score",
           "probability", "expected_revenue")  # fmt: skip


def json_response(told: Told, status: int = 200) -> Response:
    """Write an answer; a float as the shortest text that reads back to the same bits.

    Parameters
    ----------
    told
        What it says; NaN becomes null.
    status
        Of HTTP.
    """
    return Response(orjson.dumps(told), status, media_type="application/json")


def score_answer(scored: Scored, words: Callable[[Reason], str]) -> Told:
    """Tell scores.

    Parameters
    ----------
    scored
        In the order of the request.
    words
        Writes a reason in the language asked for.
    """
    return {
        "bundle_id": scored.info.bundle_id,
        "trained_until": scored.info.trained_until,
        "currency": scored.info.currency,
        "scores": [_line(one, words) for one in scored.lines],
    }


def _line(line: ScoredLine, words: Callable[[Reason], str]) -> Told:
    told: Told = {
        "declaration_id": line.declaration_id,
        "score": line.score,
        "probability": line.probability,
        "expected_revenue": line.expected_revenue,
    }
    if line.either_probability is not None:
        told |= {
            "papers_probability": line.papers_probability,
            "conveyance_probability": line.conveyance_probability,
            "either_probability": line.either_probability,
        }
    return told | _why(line, words)


def _why(line: ScoredLine, words: Callable[[Reason], str]) -> Told:
    """Tell what was asked for beside the numbers of a line."""
    told: Told = {}
    if line.reasons is not None:
        told["reasons"] = reasons_answer(line.reasons, words)
    if line.similar is not None:
        told["similar"] = asdict(line.similar)
    return told


def reasons_answer(reasons: Sequence[Reason], words: Callable[[Reason], str]) -> list[Told]:
    """Tell the reasons of one line, strongest first.

    Parameters
    ----------
    reasons
        From the scorer.
    words
        Writes a reason in the language asked for.
    """
    return [
        {
            "text": words(one),
            "feature": one.feature,
            "subject": one.subject,
            "family": one.family,
            "contribution": one.contribution,
            "indicators": one.indicators,
            "key": one.key,
        }
        for one in reasons
    ]


def accepted_answer(accepted: Accepted, member: str) -> Told:
    """Tell what became of events.

    Parameters
    ----------
    accepted
        From the profile database.
    member
        Name of the list they came in.
    """
    return {
        "new": accepted.new,
        "repeated": accepted.repeated,
        "late": accepted.late,
        "unmatched": accepted.unmatched,
        "refused": [
            {"pointer": f"/{member}/{one.at}", "what": one.found} for one in accepted.refused
        ],
    }


def closed_answer(closed: Closed) -> Told:
    """Tell what closing days did.

    Parameters
    ----------
    closed
        From the profile database.
    """
    return {
        "since": closed.since,
        "as_of": closed.as_of,
        "declarations": closed.declarations,
        "results": closed.results,
    }


def list_answer(drawn: Drawn, bundle_id: str, words: Callable[[Reason], str]) -> Told:
    """Tell a drawn list.

    Parameters
    ----------
    drawn
        The list.
    bundle_id
        With which bundle it was drawn.
    words
        Writes a reason in the language asked for.
    """
    lines = [] if drawn.lines is None else drawn.lines[list(_LISTED)].to_dict("records")
    explained = () if drawn.explained is None else drawn.explained.lines
    why = {one.declaration_id: _why(one, words) for one in explained}
    told: list[Told] = []
    for row in lines:
        line: Told = {str(name): _plain(value) for name, value in row.items()}
        told.append(line | why.get(str(line["declaration_id"]), {}))
    return {
        "bundle_id": bundle_id,
        "office": drawn.asked.office,
        "day": drawn.asked.day,
        "arrivals": drawn.arrivals,
        "lines": told,
    }


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def model_answer(serving: Serving) -> Told:
    """Tell which model is in use, and what it is for.

    Parameters
    ----------
    serving
        The model.
    """
    bundle = serving.scorer.bundle
    manifest = bundle.manifest
    return {
        "bundle_id": bundle.bundle_id,
        "name": serving.name,
        "loaded_at": serving.loaded_at,
        "trained_until": manifest.training.cut_off_day,
        "time_zone": manifest.features.time_zone,
        "currency": manifest.train.currency,
        "features": len(bundle.spec.names),
        "profiles_as_of": serving.database.as_of,
        "intended_use": manifest.intended_use,
        "not_for": manifest.not_for,
        "notes": manifest.notes,
    }


def reloaded_answer(serving: Serving, *, changed: bool) -> Told:
    """Tell what a reload did.

    Parameters
    ----------
    serving
        The model in use.
    changed
        Whether it is another than before.
    """
    return {"bundle_id": serving.bundle_id, "name": serving.name, "changed": changed}


def health_answer(serving: Serving, failure: Failure | None) -> Told:
    """Tell how the service does.

    Parameters
    ----------
    serving
        The model in use.
    failure
        Why a newer one could not be loaded; None when there is no such thing.
    """
    return {
        "status": "ready",
        "bundle_id": serving.bundle_id,
        "profiles_as_of": serving.database.as_of,
        "reload_failure": failure,
    }
