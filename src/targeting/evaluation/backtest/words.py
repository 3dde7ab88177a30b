"""A backtest in plain words: what the report says and the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.evaluation.backtest.policies import OWN_CAPACITY
from targeting.evaluation.words import NONE, count, number_with_interval, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.evaluation.backtest.figures import Figures
    from targeting.evaluation.backtest.result import Backtest, Difference, Row, Unit
    from targeting.evaluation.measures import Measure

TOO_FEW = "too few to say"


def brief(measure: Measure) -> str:
    """Say in a few words why a figure is missing.

    Parameters
    ----------
    measure
        A figure without a value.

    Examples
    --------
    >>> from targeting.evaluation.measures import Measure
    >>> brief(Measure(None, why="too few results among the lines it opens: 3"))
    'too few to say'
    """
    return TOO_FEW if measure.why.startswith("too few") else measure.why or NONE


def share(measure: Measure) -> str:
    """Write a share with its interval, or that it cannot be said.

    Parameters
    ----------
    measure
        The share.

    Examples
    --------
    >>> from targeting.evaluation.measures import Measure
    >>> share(Measure(0.3, 0.25, 0.361)), share(Measure(None, why="too few results"))
    ('30.0 % (25.0 to 36.1)', 'too few to say')
    """
    if measure.value is None:
        return TOO_FEW if measure.why.startswith("too few") else NONE
    if measure.low is None or measure.high is None:
        return percent(measure.value)
    return f"{percent(measure.value)} ({100 * measure.low:.1f} to {100 * measure.high:.1f})"


def points(measure: Measure) -> str:
    """Write a difference of two shares, in percentage points.

    Parameters
    ----------
    measure
        The difference.

    Examples
    --------
    >>> from targeting.evaluation.measures import Measure
    >>> points(Measure(-0.031, -0.05, 0.002))
    '-3.1 (-5.0 to +0.2)'
    """
    if measure.value is None:
        return TOO_FEW if measure.why.startswith("too few") else NONE
    if measure.low is None or measure.high is None:
        return f"{100 * measure.value:+.1f}"
    return f"{100 * measure.value:+.1f} ({100 * measure.low:+.1f} to {100 * measure.high:+.1f})"


def best(row: Row) -> Figures:
    """Choose the figures to believe: the truth where it is known, else what is recommended.

    Parameters
    ----------
    row
        Of one version and policy.
    """
    return row.real or row.estimated


def believed(difference: Difference) -> Measure:
    """Choose the difference to believe, as `best` does.

    Parameters
    ----------
    difference
        Of one version and policy.
    """
    return difference.real or difference.estimated


def headline(found: Backtest) -> str:
    """Say in two or three sentences what this model would have caught, and what others would.

    Parameters
    ----------
    found
        The backtest.
    """
    first = found.versions[0].name
    row = found.row(first, OWN_CAPACITY)
    figures = best(row)
    how = "The truth of this simulated world" if row.real else "The estimate"
    if figures.precision.value is None:
        return (
            f"The data cannot say what the list of {first} would have caught: "
            f"{figures.precision.why}."
        )
    of_ten = f"{10 * figures.precision.value:.1f} of every 10"
    return (
        f"Opening each day as many lines as the offices can, those scored highest by {first}, "
        f"{of_ten} would have been hits: {share(figures.precision)}, against at most "
        f"{percent(figures.attainable)} for a perfect order. {how} counts all "
        f"{count(row.opened)} lines opened, examined or not. {_others(found, first)}"
    )


def _others(found: Backtest, first: str) -> str:
    """Say which versions are surely better or worse, and how many cannot be told apart."""
    at = [one for one in found.differences if (one.policy, one.unit) == (OWN_CAPACITY, "line")]
    worse = [one.version for one in at if _surely(believed(one), -1)]
    better = [one.version for one in at if _surely(believed(one), 1)]
    rest = len(at) - len(worse) - len(better)
    told = []
    if worse:
        told.append(f"With 95 % confidence these find fewer hits per line: {', '.join(worse)}.")
    if better:
        told.append(f"These find more: {', '.join(better)}.")
    if rest:
        told.append(f"From {rest:,} of the others {first} cannot be told apart on these days.")
    return " ".join(told)


def _surely(measure: Measure, sign: int) -> bool:
    if measure.low is None or measure.high is None:
        return False
    return measure.high < 0 if sign < 0 else measure.low > 0


def days(found: Backtest) -> str:
    """Say which days were lived, and what they held.

    Parameters
    ----------
    found
        The backtest.
    """
    held = found.accounts
    return (
        f"Lived {held.first_day} to {held.last_day}: {held.days:,} days in {held.blocks:,} blocks, "
        f"learning {held.learnings:,} times. {held.lines:,} lines in {held.consignments:,} "
        f"consignments; {held.examined:,} examined, {held.hits:,} hits, of which "
        f"{held.random:,} and {held.random_hits:,} at random."
    )


def table(found: Backtest) -> str:
    """Set the figures of all versions as text, for a terminal.

    Parameters
    ----------
    found
        The backtest.
    """
    parts = [days(found), _capacity(found)]
    for policy in found.policies:
        parts += ["", *_policy(found, policy, "line")]
    parts += ["", *_policy(found, OWN_CAPACITY, "consignment")]
    without = [f"{one.name}: {one.why}" for one in found.versions if one.why]
    if without:
        parts += ["", "Without figures: " + "; ".join(without)]
    return "\n".join(parts)


def _capacity(found: Backtest) -> str:
    told = ", ".join(f"{office} {lines}" for office, lines in sorted(found.capacity.items()))
    return f"Own capacity, lines a day: {told}."


def _policy(found: Backtest, policy: str, unit: Unit) -> list[str]:
    rows = [row for row in found.rows if (row.policy, row.unit) == (policy, unit)]
    what = "" if unit == "line" else ", counted in consignments"
    of = "the truth" if found.has_truth else "as estimated"
    heads = [
        "version",
        "precision among examined",
        "precision, estimated",
        *(["precision, true"] if found.has_truth else []),
        "recall",
        "revenue",
        "over random",
        "less this model, points",
    ]
    perfect = next(iter(best(row).attainable for row in rows), None)
    limit = "" if perfect is None else f"; at most {percent(perfect)} of them hits"
    title = (
        f"{found.policies[policy].capitalize()}{what}: {count(rows[0].opened)} opened{limit}. "
        f"Recall, revenue, lift and difference: {of}."
    )
    return [title, *_aligned([heads, *(_cells(found, row) for row in rows)])]


def _cells(found: Backtest, row: Row) -> list[str]:
    figures = best(row)
    apart = [
        points(believed(one))
        for one in found.differences
        if (one.version, one.policy, one.unit) == (row.version, row.policy, row.unit)
    ]
    return [
        row.version,
        share(row.naive.precision),
        share(row.estimated.precision),
        *([share(row.real.precision)] if row.real else []),
        share(figures.recall),
        percent(figures.revenue_share.value),
        number_with_interval(figures.lift_over_random, digits=1),
        *(apart or [""]),
    ]


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
