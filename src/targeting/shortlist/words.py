"""Risk and reasons in the words an officer uses."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

_SHARES = ((1, 3), (2, 5), (1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (9, 10))

CHOSEN = {
    "mandatory": "Ordered",
    "random": "Drawn by lot",
    "model": "Highest risk",
}
"""`selected_by` in words."""

_WITHOUT_REASONS = {
    "mandatory": "Ordered: this line must be examined whatever its risk.",
    "random": "Drawn by lot: shows what the model does not see.",
    "model": "Not explained: score with `--explain top` to see the reasons.",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence behind a score.

    Parameters
    ----------
    text
        The sentence.
    raises
        Whether it speaks for risk (True) or against it.
    """

    text: str
    raises: bool


def risk_words(probability: float) -> str:
    """Say a probability as a chance.

    Parameters
    ----------
    probability
        In [0, 1].

    Examples
    --------
    >>> [risk_words(p) for p in (0.14, 0.0072, 0.0003, 0.66, 0.97)]
    ['about 1 in 7', 'about 1 in 140', 'less than 1 in 1,000', 'about 2 in 3', 'more than 9 in 10']
    """
    if probability < 0.001:
        return "less than 1 in 1,000"
    if probability > 0.95:
        return "more than 9 in 10"
    if probability > 0.3:
        part, whole = min(_SHARES, key=lambda share: abs(share[0] / share[1] - probability))
        return f"about {part} in {whole}"
    one_in = 1 / probability
    step = 10 ** max(math.floor(math.log10(one_in)) - 1, 0)
    return f"about 1 in {round(one_in / step) * step:,}"


def percent(probability: float) -> str:
    """Write a probability as a percentage, with a decimal only where it is small.

    Parameters
    ----------
    probability
        A probability, between 0 and 1.

    Examples
    --------
    >>> [percent(p) for p in (0.1428, 0.0072, 0.0003, 0.999)]
    ['14%', '0.7%', 'below 0.1%', 'over 99%']
    """
    if probability < 0.001:
        return "below 0.1%"
    if probability > 0.99:
        return "over 99%"
    return f"{probability:.0%}" if probability >= 0.0995 else f"{probability:.1%}"


def day_words(day: date) -> str:
    """Write a day out.

    Parameters
    ----------
    day
        Any day.

    Examples
    --------
    >>> from datetime import date
    >>> day_words(date(2025, 3, 1))
    '1 March 2025'
    """
    return f"{day.day} {day:%B %Y}"


def reasons_in_words(cell: object, *, selected_by: str) -> tuple[Reason, ...]:
    """List the reasons of a line, those that raise the risk first.

    Parameters
    ----------
    cell
        Dicts with `text` and `contribution`, as a scores file holds them, or nothing.
    selected_by
        `mandatory`, `random` or `model`; says why a line has no reasons.

    Returns
    -------
    tuple of Reason
        Never empty. On both sides as they came: a scores file holds the strongest first.

    Examples
    --------
    >>> cell = [{"text": "Known carrier.", "contribution": -0.4},
    ...         {"text": "New importer.", "contribution": 0.9}]
    >>> [reason.text for reason in reasons_in_words(cell, selected_by="model")]
    ['New importer.', 'Known carrier.']
    >>> reasons_in_words(None, selected_by="random")[0].text
    'Drawn by lot: shows what the model does not see.'
    """
    found = [
        (_contribution(one), str(one["text"])) for one in _each(cell) if str(one.get("text") or "")
    ]
    if not found:
        return (Reason(_WITHOUT_REASONS[selected_by], raises=True),)
    # Within each side they come in the order of the scores file: facts before patterns.
    raising = [one for one in found if one[0] >= 0]
    lowering = [one for one in found if one[0] < 0]
    return (
        *(Reason(text, raises=True) for _, text in raising),
        *(Reason(text, raises=False) for _, text in lowering),
    )


def _each(cell: object) -> list[dict[str, object]]:
    """Read a cell that pandas may hand over as a list, an array, None or NaN."""
    if not isinstance(cell, Iterable) or isinstance(cell, str):
        return []
    return [one for one in cell if isinstance(one, dict)]


def _contribution(one: dict[str, object]) -> float:
    """Take a reason's contribution; one read back from text has none and counts as raising."""
    value = one.get("contribution")
    number = float(value) if isinstance(value, int | float) else 0.0
    return 0.0 if math.isnan(number) else number


def reasons_text(cell: object, *, selected_by: str, separator: str = "\n") -> str:
    """Join the reasons of a line for one cell of a sheet.

    Parameters
    ----------
    cell
        As in `reasons_in_words`.
    selected_by
        As in `reasons_in_words`.
    separator
        Between two reasons.

    Examples
    --------
    >>> reasons_text([{"text": "Known carrier.", "contribution": -0.4}], selected_by="model")
    'Against: Known carrier.'
    """
    reasons = reasons_in_words(cell, selected_by=selected_by)
    return separator.join(
        reason.text if reason.raises else f"Against: {reason.text}" for reason in reasons
    )
