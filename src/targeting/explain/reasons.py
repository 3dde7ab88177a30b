"""Reasons: the few facts that moved a score most, in the officer's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.language import say

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    import numpy.typing as npt

    from targeting.features.registry import Family, Feature
    from targeting.language import Phrase

    Floats = npt.NDArray[np.float64]

LEAST = 0.02
"""Facts that move the log-odds by less than this are not worth an officer's time."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason behind a score.

    Parameters
    ----------
    phrase
        The fact, with its number and what it is compared with.
    feature
        The feature that says it, the strongest when several say the same.
    subject
        What it speaks of, such as the price: the contributions of one subject are added up.
    family
        The view it belongs to.
    contribution
        What it adds to the raw score in log-odds; positive raises the risk.
    indicators
        Numbers of the indicators of ../shared/domain.md section 1.2 that the subject's features
        carry, of those that pull the way the reason does; sorted.
    key
        The profile key whose history is told; empty when the declaration alone says it.
    """

    phrase: Phrase
    feature: str
    subject: str
    family: Family
    contribution: float
    indicators: tuple[int, ...] = ()
    key: str = ""

    @property
    def raises(self) -> bool:
        """Whether it speaks for risk, not against it."""
        return self.contribution > 0


def reasons(
    features: Sequence[Feature],
    contribution: Floats,
    line: Mapping[str, object],
    *,
    others: float = 0.0,
    limit: int = 5,
) -> list[Reason]:
    """Write the strongest reasons for one line, those that raise the risk first.

    Features of one group speak of the same thing, such as the price: their contributions are
    added and the strongest gives the sentence, so that correlated columns do not crowd the list.

    Parameters
    ----------
    features
        In the order of the matrix.
    contribution
        Shape (features,), in log-odds.
    line
        The declaration's columns and its features, by name.
    others
        What the other lines of the consignment add, in log-odds.
    limit
        Reasons at most.

    Returns
    -------
    list of Reason
        Strongest first among the facts that raise the risk, then those that lower it. What was
        found before with one family, such as the parties, is told once: the rest is left to what
        this line states. A pattern, such as a country's past results, comes last, one at most,
        and only where there is room or it moves the score more than the last fact does.
    """
    told = _by_group(features, contribution, line)
    if others:
        told.append(_consignment(others))
    strong = sorted((one for one in told if abs(one.contribution) >= LEAST), key=_rank)
    patterns = {feature.name for feature in features if feature.pattern}
    results = {feature.name for feature in features if feature.tells_results}
    facts = _results_once([one for one in strong if one.feature not in patterns], results)
    pattern = sorted((one for one in strong if one.feature in patterns), key=_strength)[:1]
    room = limit - len(facts)
    if pattern and room <= 0 and (limit == 1 or _rank(facts[limit - 1]) < _rank(pattern[0])):
        pattern = []
    return [*facts[: limit - len(pattern)], *pattern]


def _results_once(ranked: Sequence[Reason], results: Container[str]) -> list[Reason]:
    """Keep the strongest of what was found before with one family, for risk and against it.

    A trader, its notify party and the two together were mostly caught in the same lines; told one
    by one they would leave no room for what this line states.
    """
    told: set[tuple[Family, bool]] = set()
    kept = []
    for reason in ranked:
        view = (reason.family, reason.raises)
        if reason.feature not in results or view not in told:
            kept.append(reason)
        if reason.feature in results:
            told.add(view)
    return kept


def _rank(reason: Reason) -> tuple[bool, float, str, str]:
    """Order what raises the risk before what lowers it, each by strength."""
    return (not reason.raises, *_strength(reason))


def _strength(reason: Reason) -> tuple[float, str, str]:
    """Order by strength; equals by their words in English, so alike in every language."""
    return (-abs(reason.contribution), reason.phrase.message, reason.feature)


CONSIGNMENT_LINES = "consignment_lines"
"""The subject of what the other lines of a consignment add."""


def _consignment(others: float) -> Reason:
    if others > 0:
        phrase = say("other goods lines of this consignment look more suspicious than this one")
    else:
        phrase = say("other goods lines of this consignment look less suspicious than this one")
    return Reason(phrase, CONSIGNMENT_LINES, CONSIGNMENT_LINES, "document", others)


def _by_group(
    features: Sequence[Feature], contribution: Floats, line: Mapping[str, object]
) -> list[Reason]:
    """Add the contributions of each group, and let its strongest feature with a fact speak."""
    groups: dict[str, list[int]] = {}
    for at in np.argsort(-np.abs(contribution), kind="stable"):
        if contribution[at] == 0.0:
            break
        groups.setdefault(_subject(features[at]), []).append(int(at))
    return [_reason(features, contribution, line, members) for members in groups.values()]


def _subject(feature: Feature) -> str:
    return feature.group or feature.name


def _reason(
    features: Sequence[Feature],
    contribution: Floats,
    line: Mapping[str, object],
    members: list[int],
) -> Reason:
    total = float(contribution[members].sum())
    by_pull = sorted(members, key=lambda at: contribution[at] * total <= 0)
    feature, phrase = _said([features[at] for at in by_pull], line)
    pulling = [features[at] for at in members if contribution[at] * total > 0]
    indicators = sorted({number for one in pulling for number in one.indicators})
    return Reason(
        phrase,
        feature.name,
        _subject(feature),
        feature.family,
        total,
        tuple(indicators),
        feature.key,
    )


def _said(features: list[Feature], line: Mapping[str, object]) -> tuple[Feature, Phrase]:
    """Let the first feature with a fact speak; where none has one, say what is missing."""
    for feature in features:
        phrase = feature.sentence(line)
        if phrase is not None:
            return feature, phrase
    first = features[0]
    missing = say("{what}: not stated", what=_subject(first).replace("_", " "))
    return first, first.unsaid or missing
