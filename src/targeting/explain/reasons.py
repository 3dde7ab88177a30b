"""Reasons: the few facts that moved a score most, in the officer's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from targeting.features.registry import Family, Feature

    Floats = npt.NDArray[np.float64]

LEAST = 0.02
"""Facts that move the log-odds by less than this are not worth an officer's time."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason behind a score.

    Parameters
    ----------
    text
        The fact, with its number and what it is compared with.
    feature
        The feature that says it, the strongest when several say the same.
    family
        The view it belongs to.
    contribution
        What it adds to the raw score in log-odds; positive raises the risk.
    """

    text: str
    feature: str
    family: Family
    contribution: float


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
        Strongest first among the facts that raise the risk, then those that lower it; a pattern,
        such as a country's past results, comes last, and one at most.
    """
    told = _by_group(features, contribution, line)
    if others:
        words = "more" if others > 0 else "less"
        text = f"other goods lines of this consignment look {words} suspicious than this one"
        told.append(Reason(text, "consignment_lines", "document", others))
    strong = [reason for reason in told if abs(reason.contribution) >= LEAST]
    patterns = {feature.name for feature in features if feature.pattern}
    facts = [reason for reason in strong if reason.feature not in patterns]
    raising = sorted((r for r in facts if r.contribution > 0), key=_strength)
    lowering = sorted((r for r in facts if r.contribution < 0), key=_strength)
    pattern = sorted((r for r in strong if r.feature in patterns), key=_strength)[:1]
    if facts and limit == 1:
        pattern = []
    return [*[*raising, *lowering][: limit - len(pattern)], *pattern]


def _strength(reason: Reason) -> tuple[float, str]:
    return (-abs(reason.contribution), reason.text)


def _by_group(
    features: Sequence[Feature], contribution: Floats, line: Mapping[str, object]
) -> list[Reason]:
    """Add the contributions of each group, and let its strongest feature with a fact speak."""
    groups: dict[str, list[int]] = {}
    for at in np.argsort(-np.abs(contribution), kind="stable"):
        if contribution[at] == 0.0:
            break
        groups.setdefault(features[at].group or features[at].name, []).append(int(at))
    return [_reason(features, contribution, line, members) for members in groups.values()]


def _reason(
    features: Sequence[Feature],
    contribution: Floats,
    line: Mapping[str, object],
    members: list[int],
) -> Reason:
    total = float(contribution[members].sum())
    by_pull = sorted(members, key=lambda at: contribution[at] * total <= 0)
    said = [(features[at], features[at].sentence(line)) for at in by_pull]
    feature, words = next((pair for pair in said if pair[1]), (features[by_pull[0]], ""))
    text = words or f"{feature.group or feature.name.replace('_', ' ')}: not stated"
    return Reason(text, feature.name, feature.family, total)
