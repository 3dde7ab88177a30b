"""Differences over all lines, under the recommended estimator: who was examined is weighed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.compare.findings import Difference
from targeting.evaluation.lines import NOT_STATED
from targeting.evaluation.value import PolicyLines, policy_difference, policy_value

if TYPE_CHECKING:
    from targeting.evaluation.compare.pair import Pair
    from targeting.evaluation.metrics import Floats
    from targeting.evaluation.value import PolicyValue

NO_PROPENSITY = "how lines came to be examined was not estimated"


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What the estimators need beside scores and results, in order of the pair's lines.

    Parameters
    ----------
    propensity
        Shape (n,). Chance of being examined for a reason open to estimation.
    expected_revenue
        Shape (n,). Mean of what both versions expect; NaN where unknown.
    """

    propensity: Floats
    expected_revenue: Floats


def judge_recommended(
    pair: Pair, selection: Selection | None, *, seed: int
) -> tuple[str, tuple[Difference, ...]]:
    """Hold the lists both versions draw from all lines against each other.

    Parameters
    ----------
    pair
        Both versions' scores of all lines lodged.
    selection
        How lines came to be examined; None when it was not estimated.
    seed
        Of the draws.

    Returns
    -------
    tuple of str and tuple of Difference
        The estimator's name, or why there is none; precision at capacity and at 1, 2, 5 and 10 %
        of the lines.

    Notes
    -----
    The outcome model is the mean of both versions' probabilities, so that it favours neither.
    """
    if selection is None:
        return NO_PROPENSITY, ()
    names: list[str] = []
    rows: list[Difference] = []
    for at, opened in pair.lists(of_each_day=True):
        first, second = (policy_lines(pair, selection, each) for each in opened)
        values = [policy_value(each, seed=seed) for each in (first, second)]
        difference = policy_difference(second, opened[0], seed=seed)
        first_value, second_value = (_precision(each) for each in values)
        rows.append(Difference("precision", at, first_value, second_value, difference))
        names += [each.recommended.name for each in values]
    return " and ".join(dict.fromkeys(names)).replace("_", " "), tuple(rows)


def _precision(value: PolicyValue) -> float | None:
    return value.recommended.precision.value


def policy_lines(pair: Pair, selection: Selection, opened: Floats) -> PolicyLines:
    """Put a policy and what is known of the lines in the estimators' form.

    Parameters
    ----------
    pair
        Both versions' scores of all lines lodged.
    selection
        How lines came to be examined.
    opened
        Shape (n,). Chance with which the policy opens each line.
    """
    lines = pair.first
    reasons = lines.parts["selected_by"].astype(object)
    reasons[~lines.examined | (reasons == NOT_STATED)] = None
    return PolicyLines(
        opened=opened,
        label=lines.label.astype(np.int8),
        selected_by=reasons,
        chance=lines.chance,
        propensity=selection.propensity,
        expected=(pair.first.probability + pair.second.probability) / 2,
        revenue=lines.revenue,
        expected_revenue=selection.expected_revenue,
        day=lines.day,
        office=lines.office,
        consignee=pair.consignee,
    )
