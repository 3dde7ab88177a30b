"""What each line of a list points to, and where to look, in the language of the list."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from targeting.config.advice import said
from targeting.explain.advice import advise
from targeting.explain.carriage import Carriage, Usual
from targeting.explain.indicators import indicators_of
from targeting.explain.pointing import pointed_by
from targeting.language import ENGLISH, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from targeting.config.advice import AdviceSettings
    from targeting.explain.pointing import Pointed
    from targeting.language import Language

POINTED = pa.struct([("scheme", pa.string()), ("strength", pa.float64()), ("words", pa.string())])
"""One scheme a line points to: its code, its share of the raised risk, and its words in English."""

ADVICE: dict[str, pa.DataType] = {
    "points_to": pa.list_(POINTED),
    "where_to_look": pa.list_(pa.string()),
    "advice_version": pa.string(),
}
"""Columns of the advice, in order."""

_VIEWS = ("papers_probability", "conveyance_probability")
_KEY = "declaration_id"


@dataclass(frozen=True, slots=True)
class ListedReason:
    """One reason of a list, as far as advice looks at it.

    Parameters
    ----------
    feature
        Name of the feature that says it.
    family
        Its family.
    indicators
        Numbers of domain.md 1.2 behind it.
    contribution
        What it adds to the raw score in log-odds.
    """

    feature: str
    family: str
    indicators: tuple[int, ...]
    contribution: float


def add_advice(
    lines: pd.DataFrame, scored: pd.DataFrame, *, advice: AdviceSettings, language: str
) -> pd.DataFrame:
    """Say of each line what its reasons point to, and where to look.

    Parameters
    ----------
    lines
        From `targeting.shortlist.lines.add_facts`. Not changed.
    scored
        All rows of the scores file: the chances of its views are held against their means.
    advice
        Schemes, what points to them, and where to look.
    language
        ISO 639 code; a text that is missing in it stands in English.

    Returns
    -------
    pandas.DataFrame
        The lines with the columns of `ADVICE`. Schemes and pieces of advice are dicts with their
        `words` in English, for programs, and as `said` in the language; each reason that points
        to schemes by itself has them in `points`.
    """
    views = [name for name in _VIEWS if name in scored]
    beside = lines.merge(scored[[_KEY, *views]], on=_KEY, how="left", validate="one_to_one")
    cells = beside.astype(object)
    rows = cells.where(cells.notna(), None).to_dict(orient="records")
    usual = Usual(*(float(scored[n].mean()) if n in views else None for n in _VIEWS))
    each = [
        _of_line({str(name): cell for name, cell in row.items()}, usual, advice, language)
        for row in rows
    ]
    added = {
        name: pd.Series([one[name] for one in each], index=lines.index, dtype="object")
        for name in ("reasons", "points_to", "where_to_look")
    }
    return lines.assign(**added, advice_version=advice.stamp)


def _of_line(
    row: dict[str, object], usual: Usual, advice: AdviceSettings, language: str
) -> dict[str, object]:
    structs = structs_of(row["reasons"])
    reasons = listed_reasons(structs)
    line = Carriage.of(row, usual)
    told = advise(reasons, line, advice)
    pointing = [pointed_by(reason, line, advice) for reason in reasons]
    marked = [
        one | {"points": "; ".join(said(scheme.words, language) for scheme in schemes)}
        for one, schemes in zip(structs, pointing, strict=True)
    ]
    return {
        "reasons": marked or None,
        "points_to": [_pointed(one, language) for one in told.points_to],
        "where_to_look": [_told(one.words, language) for one in told.look],
    }


def structs_of(cell: object) -> list[dict[str, object]]:
    """Read a cell that pandas may hand over as a list, an array, None or NaN.

    Parameters
    ----------
    cell
        Reasons, or schemes pointed to, as a file holds them.

    Examples
    --------
    >>> structs_of([{"text": "New importer."}]), structs_of(None)
    ([{'text': 'New importer.'}], [])
    """
    if not isinstance(cell, Iterable) or isinstance(cell, str):
        return []
    return [one for one in cell if isinstance(one, dict)]


def listed_reasons(cell: object) -> list[ListedReason]:
    """Read the reasons of a line as advice looks at them.

    Parameters
    ----------
    cell
        Reasons as a scores file holds them, or nothing.

    Examples
    --------
    >>> cell = [{"feature": "freight_share", "family": "goods and price", "contribution": 0.5}]
    >>> listed_reasons(cell)[0].indicators
    (48,)
    """
    return [_reason(one) for one in structs_of(cell)]


def _reason(one: dict[str, object]) -> ListedReason:
    """Read a reason; scores written before reasons carried indicators have those of the feature."""
    feature, listed = str(one.get("feature") or ""), one.get("indicators")
    numbers = [int(number) for number in listed] if isinstance(listed, Iterable) else None
    return ListedReason(
        feature=feature,
        family=str(one.get("family") or ""),
        indicators=indicators_of(feature) if numbers is None else tuple(numbers),
        contribution=_number(one.get("contribution")),
    )


def _number(value: object) -> float:
    """Take a contribution; one read back from text has none, and so points to nothing."""
    number = float(value) if isinstance(value, int | float) else 0.0
    return 0.0 if math.isnan(number) else number


def _pointed(one: Pointed, language: str) -> dict[str, object]:
    told = _told(one.scheme.words, language)
    return {"scheme": one.scheme.name, "strength": one.strength, **told}


def _told(words: Mapping[str, str], language: str) -> dict[str, object]:
    return {"words": said(words, ENGLISH.code), "said": said(words, language)}


def points_text(
    cell: object, reasons: object, *, language: Language = ENGLISH, separator: str = "; "
) -> str:
    """Join the schemes a line points to, in words, or say that it points to none.

    Parameters
    ----------
    cell
        A cell of `points_to`.
    reasons
        The line's reasons; a line without any was not explained, and nothing is said of it.
    language
        Of the list.
    separator
        Between two schemes.

    Examples
    --------
    >>> points_text([{"scheme": "rip_on", "said": "rip-on"}, {"scheme": "x", "said": "more"}], [])
    'rip-on; more'
    >>> points_text([], [{"text": "New importer."}]), points_text([], None)
    ('no one scheme', '')
    """
    words = separator.join(str(one["said"]) for one in structs_of(cell))
    if words or not structs_of(reasons):
        return words
    return language.say(say("no one scheme"))


def look_text(cell: object, *, separator: str = "\n") -> str:
    """Join and number the pieces of advice of a line.

    Parameters
    ----------
    cell
        A cell of `where_to_look`.
    separator
        Between two pieces.

    Examples
    --------
    >>> look_text([{"said": "Weigh it."}, {"said": "Open it."}], separator=" ")
    '1. Weigh it. 2. Open it.'
    """
    return separator.join(f"{at}. {words}" for at, words in enumerate(looks_of(cell), start=1))


def looks_of(cell: object) -> tuple[str, ...]:
    """Read the pieces of advice of a line in the language of the list.

    Parameters
    ----------
    cell
        A cell of `where_to_look`.
    """
    return tuple(str(one["said"]) for one in structs_of(cell))


def looks_in_english(cell: object) -> list[str]:
    """Read the pieces of advice of a line as programs do, whatever the language of the list.

    Parameters
    ----------
    cell
        A cell of `where_to_look`.
    """
    return [str(one["words"]) for one in structs_of(cell)]
