"""The indicators of domain.md 1.2 behind a reason: which it may claim, and which it says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol

from targeting.features.registry import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

HABITS = frozenset({4, 7, 13, 16, 33, 34})
"""Breaks with a known consignee's habits: new goods, notify party, declarant, office, carrier."""

NEW_CONSIGNEE, DORMANT, SPLIT = 1, 5, 57
SOME = 10
"""Earlier lines from which habits can be told, as in the expert score."""

_HALF_A_YEAR, _A_WEEK = 180, 7


class Clue(Protocol):
    """A reason, as far as advice looks at it; `targeting.explain.reasons.Reason` is one."""

    @property
    def feature(self) -> str:
        """Name of the feature that says it."""
        ...

    @property
    def family(self) -> str:
        """Family of the feature."""
        ...

    @property
    def indicators(self) -> Sequence[int]:
        """Numbers of domain.md 1.2 behind it."""
        ...

    @property
    def contribution(self) -> float:
        """What it adds to the raw score in log-odds."""
        ...


def met(indicators: Iterable[int], line: Mapping[str, object]) -> tuple[int, ...]:
    """Return the indicators a line's reason may claim.

    A feature carries an indicator for what it can tell, not for what it tells of this line.
    Everything is new to a consignee that is new itself: then no habit is broken, and what looks
    like it says that the consignee is new. Traders who last dealt in these goods more than a week
    ago do not split a lot (57), and one seen within half a year is not dormant (5).

    Parameters
    ----------
    indicators
        Numbers of the features behind the reason.
    line
        The declaration's columns and its features, by name.

    Returns
    -------
    tuple of int
        Sorted, each once.

    Examples
    --------
    >>> met([13, 46], {"consignee_declarations": 2.0}), met([13], {"consignee_declarations": 40.0})
    ((1, 46), (13,))
    """
    claimed = set(indicators)
    if claimed & HABITS and number(line, "consignee_declarations") < SOME:
        claimed = (claimed - HABITS) | {NEW_CONSIGNEE}
    if _unlike(line, "consignee_days_since_last", lambda days: days >= _HALF_A_YEAR):
        claimed.discard(DORMANT)
    if _unlike(line, "consignee_x_consignor_x_hs2_days_since_last", lambda days: days <= _A_WEEK):
        claimed.discard(SPLIT)
    return tuple(sorted(claimed))


def _unlike(line: Mapping[str, object], name: str, holds: Callable[[float], bool]) -> bool:
    """Tell whether a line has a feature for which something does not hold; missing never holds."""
    return name in line and not holds(number(line, name))


def said_by(reason: Clue) -> Sequence[int]:
    """Return the indicators that a reason's own sentence tells.

    A reason speaks for its whole subject and carries the indicators of all features that pull its
    way; what an officer reads is one of them, and advice must follow what is read.

    Parameters
    ----------
    reason
        One reason.

    Returns
    -------
    sequence of int
        Those of the feature that speaks, as far as the reason carries them; all of the reason's
        where that leaves none, or where the default registry does not know the feature.
    """
    own = indicators_of(reason.feature)
    return [number for number in own if number in reason.indicators] or reason.indicators


def indicators_of(feature: str) -> tuple[int, ...]:
    """Return the indicators a feature of the default registry carries.

    Parameters
    ----------
    feature
        Its name; one that is not in the default registry carries none.

    Examples
    --------
    >>> indicators_of("freight_share"), indicators_of("no_such_feature")
    ((48,), ())
    """
    return _registered().get(feature, ())


@cache
def _registered() -> Mapping[str, tuple[int, ...]]:
    from targeting.config import FeatureSettings
    from targeting.features.spec import registry

    return {one.name: one.indicators for one in registry(FeatureSettings())}
