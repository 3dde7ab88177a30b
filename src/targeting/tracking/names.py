"""What figures are called in MLflow, and what their steps count: the same in every kind of run."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

Kind = Literal["train", "evaluate", "backtest", "compare", "tune"]
KINDS: tuple[Kind, ...] = get_args(Kind)

CHOSEN_BY = "precision_at_capacity"
"""The figure versions are chosen by, tuning included."""

HEADLINES = {
    "precision_at_capacity": "Hits per opened line at capacity",
    "lift_over_random_at_capacity": "Times as many hits as random checks",
    "recall_at_capacity": "Share of the hits found at capacity",
    "precision_at_5pct": "Hits per opened line, opening 5 %",
    "auc": "Hit scored above a clear line (AUC)",
    "calibration_error": "Calibration error",
}
"""What a run's page says first, in words."""

SERIES = {
    "by_day": "Day, counted from the first day judged; its time is the day itself.",
    "by_week": "Week, counted from the first week lived; its time is the week's first day.",
    "by_fold": "Fold, counted from the earliest.",
    "by_trial": "Trial, by its number in the study.",
}
"""What a step counts, by the word before the slash of a series' name."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Step:
    """One point of a series.

    Parameters
    ----------
    number
        What the series counts: see `SERIES`.
    value
        The figure there.
    day
        Its day in the calendar; None where a step is no time.
    """

    number: int
    value: float
    day: date | None = None


Curve = tuple[Step, ...]


def series(over: str, name: str) -> str:
    """Name a figure that is followed over steps.

    Parameters
    ----------
    over
        A word of `SERIES`.
    name
        The figure, by the name it has on the whole.

    Examples
    --------
    >>> series("by_week", "precision_at_capacity")
    'by_week/precision_at_capacity'
    """
    return f"{over}/{name}"


def checked(figures: Mapping[str, float | Curve]) -> dict[str, Curve]:
    """Check names and give every figure as steps; what is not a finite number is left out.

    A single figure stands at step 0. A figure that could not be computed is absent, as in
    `metrics.json`, never zero.

    Parameters
    ----------
    figures
        Figures by name: `snake_case` for a single one, a word of `SERIES`, a slash and the name
        for one followed over steps.

    Raises
    ------
    ValueError
        If a name breaks the rule; all such names are told.

    Examples
    --------
    >>> checked({"auc": 0.8, "brier": float("nan")})
    {'auc': (Step(number=0, value=0.8, day=None),)}
    >>> checked({"AUC": 0.8})
    Traceback (most recent call last):
        ...
    ValueError: not names of figures: AUC
    """
    wrong = [name for name, value in figures.items() if not _well_named(name, value)]
    if wrong:
        raise ValueError(f"not names of figures: {', '.join(sorted(wrong))}")
    steps = {name: tuple(_finite(_steps(value))) for name, value in sorted(figures.items())}
    return {name: curve for name, curve in steps.items() if curve}


def _well_named(name: str, value: float | Curve) -> bool:
    over, slash, last = name.rpartition("/")
    whole = isinstance(value, (int, float))
    return bool(_NAME.fullmatch(last)) and (not slash if whole else over in SERIES)


def _steps(value: float | Curve) -> Curve:
    return value if isinstance(value, tuple) else (Step(0, float(value)),)


def _finite(curve: Curve) -> Iterable[Step]:
    return (step for step in curve if math.isfinite(step.value))


def headline(figures: Mapping[str, float | Curve]) -> str:
    """Write the figures a reader looks for first as a table in Markdown; empty when none is there.

    Parameters
    ----------
    figures
        Figures by name, with their bounds under `NAME_low` and `NAME_high`.

    Examples
    --------
    >>> print(headline({"auc": 0.8, "auc_low": 0.7, "auc_high": 0.9}))
    | figure | value (95 % interval) |
    |---|---|
    | Hit scored above a clear line (AUC) | 0.800 (0.700 to 0.900) |
    """
    rows = [f"| {words} | {_told(figures, name)} |" for name, words in HEADLINES.items()
            if isinstance(figures.get(name), (int, float))]  # fmt: skip
    head = ["| figure | value (95 % interval) |", "|---|---|"]
    return "\n".join([*head, *rows]) if rows else ""


def _told(figures: Mapping[str, float | Curve], name: str) -> str:
    value, low, high = (figures.get(f"{name}{end}") for end in ("", "_low", "_high"))
    bounds = f" ({low:.3f} to {high:.3f})" if low is not None and high is not None else ""
    return f"{value:.3f}{bounds}"
