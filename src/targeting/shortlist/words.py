"""Risk and reasons in the words an officer uses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.language import ENGLISH, Count, Percent, Phrase, Slot, marked, say
from targeting.shortlist.pointers import structs_of

if TYPE_CHECKING:
    from targeting.language import Language

_SHARES = ((1, 3), (2, 5), (1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (9, 10))

RULE = marked("The officer decides; the score never seizes or releases.")
"""What stands on every list."""

CHOSEN = {
    "mandatory": marked("Ordered"),
    "random": marked("Drawn by lot"),
    "model": marked("Highest risk"),
}
"""`selected_by` in words."""

_WITHOUT_REASONS = {
    "mandatory": marked("Ordered: this line must be examined whatever its risk."),
    "random": marked("Drawn by lot: shows what the model does not see."),
    "model": marked("Not explained: score with `--explain top` to see the reasons."),
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
    feature
        The feature that says it; empty where the file does not say.
    points
        Schemes it points to by itself, in words; empty where it points to none.
    """

    text: str
    raises: bool
    points: str = ""
    feature: str = ""


def risk_words(probability: float) -> Phrase:
    """Say a probability as a chance.

    Parameters
    ----------
    probability
        In [0, 1].

    Examples
    --------
    >>> [ENGLISH.say(risk_words(p)) for p in (0.14, 0.0072, 0.0003, 0.66, 0.97)]
    ['about 1 in 7', 'about 1 in 140', 'less than 1 in 1,000', 'about 2 in 3', 'more than 9 in 10']
    """
    if probability < 0.001:
        return say("less than {part} in {whole}", part=Count(1), whole=Count(1000))
    if probability > 0.95:
        return say("more than {part} in {whole}", part=Count(9), whole=Count(10))
    part, whole = _share(probability)
    return say("about {part} in {whole}", part=Count(part), whole=Count(whole))


def _share(probability: float) -> tuple[int, int]:
    """Return the handiest fraction near a probability."""
    if probability > 0.3:
        return min(_SHARES, key=lambda share: abs(share[0] / share[1] - probability))
    one_in = 1 / probability
    step = 10 ** max(math.floor(math.log10(one_in)) - 1, 0)
    return 1, round(one_in / step) * step


def percent(probability: float) -> Slot:
    """Say a probability as a percentage, with a decimal only where it is small.

    Parameters
    ----------
    probability
        A probability, between 0 and 1.

    Examples
    --------
    >>> [ENGLISH.say(percent(p)) for p in (0.1428, 0.0072, 0.0003, 0.999)]
    ['14%', '0.7%', 'below 0.1%', 'over 99%']
    """
    if probability < 0.001:
        return say("below {share}", share=Percent(0.001))
    if probability > 0.99:
        return say("over {share}", share=Percent(0.99))
    return Percent(probability)


def reasons_in_words(
    cell: object, *, selected_by: str, language: Language = ENGLISH
) -> tuple[Reason, ...]:
    """List the reasons of a line, those that raise the risk first.

    Parameters
    ----------
    cell
        Dicts with the fields of `targeting.scoring.scores.REASON`, or nothing. A reason that has
        no `phrase`, as those of older files, stays in the language it was written in.
    selected_by
        `mandatory`, `random` or `model`; says why a line has no reasons.
    language
        In which they are told.

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
    told = [
        Reason(
            text=_text(one, language),
            raises=_contribution(one) >= 0,
            points=str(one.get("points") or ""),
            feature=str(one.get("feature") or ""),
        )
        for one in structs_of(cell)
    ]
    found = [one for one in told if one.text]
    if not found:
        return (Reason(language.say(say(_WITHOUT_REASONS[selected_by])), raises=True),)
    # Within each side they come in the order of the scores file: facts before patterns.
    return (*(one for one in found if one.raises), *(one for one in found if not one.raises))


def _text(one: dict[str, object], language: Language) -> str:
    phrase = one.get("phrase")
    if isinstance(phrase, str) and phrase:
        return language.say(Phrase.from_json(phrase))
    return str(one.get("text") or "")


def _contribution(one: dict[str, object]) -> float:
    """Take a reason's contribution; one read back from text has none and counts as raising."""
    value = one.get("contribution")
    number = float(value) if isinstance(value, int | float) else 0.0
    return 0.0 if math.isnan(number) else number


def reasons_text(
    cell: object, *, selected_by: str, language: Language = ENGLISH, separator: str = "\n"
) -> str:
    """Join the reasons of a line for one cell of a sheet.

    Parameters
    ----------
    cell, selected_by, language
        As in `reasons_in_words`.
    separator
        Between two reasons.

    Examples
    --------
    >>> reasons_text([{"text": "Known carrier.", "contribution": -0.4}], selected_by="model")
    'Against: Known carrier.'
    """
    reasons = reasons_in_words(cell, selected_by=selected_by, language=language)
    return separator.join(
        reason.text if reason.raises else language.say(say("Against: {reason}", reason=reason.text))
        for reason in reasons
    )
