"""Reasons: the few facts that moved a score most, in the officer's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.explain.indicators import met
from targeting.features.registry import Feature
from targeting.language import Phrase, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from targeting.features.registry import Family

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
        carry, of those that pull the way the reason does, as far as the line bears them out;
        sorted.
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
    subjects = _subjects(features, contribution.tolist(), others)
    strong = sorted((one for one in subjects if abs(one.total) >= LEAST), key=_rank)
    facts = _results_once([one for one in strong if not one.pattern])
    pattern = sorted((one for one in strong if one.pattern), key=_strength)[:1]
    full = len(facts) >= limit
    if pattern and full and (limit == 1 or _rank(facts[limit - 1]) < _rank(pattern[0])):
        pattern = []
    # Words are found for what is told alone: most subjects of most lines are not.
    told = [*facts[: limit - len(pattern)], *pattern]
    return [_reason(one, line) for one in told]


CONSIGNMENT_LINES = "consignment_lines"
"""The subject of what the other lines of a consignment add."""


def _consignment(phrase: Phrase) -> Feature:
    meaning = "What the other lines of the consignment add."
    return Feature(CONSIGNMENT_LINES, "document", meaning, lambda _: phrase)


_MORE = _consignment(
    say("other goods lines of this consignment look more suspicious than this one")
)
_LESS = _consignment(
    say("other goods lines of this consignment look less suspicious than this one")
)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What several features speak of, what each of them adds, and all together."""

    name: str
    moves: list[tuple[float, Feature]]
    total: float

    @property
    def pattern(self) -> bool:
        return all(feature.pattern for _, feature in self.moves)

    @property
    def tells_results(self) -> bool:
        return all(feature.tells_results for _, feature in self.moves)


def _strength(subject: _Subject) -> tuple[float, str]:
    """Order by strength, equals by name: alike in every language."""
    return (-abs(subject.total), subject.name)


def _rank(subject: _Subject) -> tuple[bool, float, str]:
    """Order what raises the risk before what lowers it, each by strength."""
    return (subject.total < 0, *_strength(subject))


def _results_once(ranked: Sequence[_Subject]) -> list[_Subject]:
    """Keep the strongest of what was found before with one family, for risk and against it.

    A trader, its notify party and the two together were mostly caught in the same lines; told one
    by one they would leave no room for what this line states.
    """
    told: set[tuple[Family, bool]] = set()
    kept = []
    for subject in ranked:
        view = (subject.moves[0][1].family, subject.total > 0)
        if not subject.tells_results:
            kept.append(subject)
        elif view not in told:
            told.add(view)
            kept.append(subject)
    return kept


def _subjects(
    features: Sequence[Feature], contribution: list[float], others: float
) -> Iterator[_Subject]:
    """Add the contributions of each subject, and what the lines beside this one add."""
    moves: dict[str, list[tuple[float, Feature]]] = {}
    for feature, move in zip(features, contribution, strict=True):
        if move:
            moves.setdefault(feature.group or feature.name, []).append((move, feature))
    for name, own in moves.items():
        yield _Subject(name, own, sum(move for move, _ in own))
    yield _Subject(CONSIGNMENT_LINES, [(others, _MORE if others > 0 else _LESS)], others)


def _reason(subject: _Subject, line: Mapping[str, object]) -> Reason:
    """Let the strongest feature with a fact speak, those that pull the subject's way first."""
    total = subject.total
    ranked = sorted(subject.moves, key=lambda one: (one[0] * total <= 0, -abs(one[0])))
    feature, phrase = _said([feature for _, feature in ranked], subject.name, line)
    pulling = [one for move, one in ranked if move * total > 0]
    indicators = met((number for one in pulling for number in one.indicators), line)
    return Reason(
        phrase,
        feature.name,
        subject.name,
        feature.family,
        total,
        indicators,
        feature.key,
    )


def _said(
    features: Sequence[Feature], subject: str, line: Mapping[str, object]
) -> tuple[Feature, Phrase]:
    """Return the first feature with a fact, and what it says; else what is missing."""
    for feature in features:
        phrase = feature.sentence(line)
        if phrase is not None:
            return feature, phrase
    missing = say("{what}: not stated", what=subject.replace("_", " "))
    return features[0], features[0].unsaid or missing
