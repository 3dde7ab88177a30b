"""A comparison in plain words: what the report says and the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.evaluation.compare.findings import (
    AT_CAPACITY,
    EXAMINED,
    RECOMMENDED,
    TRUTH,
)
from targeting.evaluation.words import NONE, count, percent

if TYPE_CHECKING:
    from targeting.evaluation.compare.findings import Comparison, Difference, MovedRow, Side
    from targeting.evaluation.measures import Measure

FIGURES = {
    "precision": "Hits among opened lines",
    "recall": "Share of the hits opened",
    "revenue": "Share of the revenue opened",
    "auc": "Area under the ROC curve",
    "average_precision": "Average precision",
    "calibration_error": "Calibration error",
    "brier": "Brier score",
}
LOWER_IS_BETTER = frozenset({"calibration_error", "brier"})
UNDER = {
    EXAMINED: "among examined lines",
    RECOMMENDED: "over all lines, estimated",
    TRUTH: "over all lines, by the truth",
}


def figure(row: Difference) -> str:
    """Name a figure as a reader knows it.

    Parameters
    ----------
    row
        The figure.

    Examples
    --------
    >>> from targeting.evaluation.compare.findings import Difference
    >>> from targeting.evaluation.measures import Measure
    >>> figure(Difference("recall", "2pct", 0.1, 0.2, Measure(0.1)))
    'Share of the hits opened, top 2 %'
    """
    name = FIGURES.get(row.figure, row.figure.replace("_", " "))
    return f"{name}, {place(row.at)}" if row.at else name


def place(at: str) -> str:
    """Say where a list is cut.

    Parameters
    ----------
    at
        `capacity` or such as `2pct`.

    Examples
    --------
    >>> place("capacity"), place("2pct")
    ('at capacity', 'top 2 %')
    """
    return "at capacity" if at == AT_CAPACITY else f"top {at.removesuffix('pct')} %"


def is_share(row: Difference) -> bool:
    """Tell whether a figure reads as a percentage.

    Parameters
    ----------
    row
        The figure.
    """
    return row.figure in {"precision", "recall", "revenue", "calibration_error"}


def value(row: Difference, number: float | None) -> str:
    """Write one version's figure.

    Parameters
    ----------
    row
        The figure.
    number
        Its value in one version.
    """
    if number is None:
        return NONE
    return percent(number) if is_share(row) else f"{number:.3f}"


def points(measure: Measure) -> str:
    """Write a difference of shares in hundredths, with its interval.

    Parameters
    ----------
    measure
        The difference.

    Examples
    --------
    >>> from targeting.evaluation.measures import Measure
    >>> points(Measure(0.021, -0.01, 0.052))
    '+2.1 in 100 (-1.0 to +5.2)'
    """
    if measure.value is None:
        return measure.why or NONE
    text = f"{100 * measure.value:+.1f} in 100"
    if measure.low is None or measure.high is None:
        return f"{text} ({measure.why})" if measure.why else text
    return f"{text} ({100 * measure.low:+.1f} to {100 * measure.high:+.1f})"


def difference(row: Difference) -> str:
    """Write a difference with its interval.

    Parameters
    ----------
    row
        The figure.
    """
    measure = row.difference
    if is_share(row) or measure.value is None:
        return points(measure)
    text = f"{measure.value:+.3f}"
    if measure.low is None or measure.high is None:
        return f"{text} ({measure.why})" if measure.why else text
    return f"{text} ({measure.low:+.3f} to {measure.high:+.3f})"


def verdict(row: Difference | None) -> str:
    """Say which version is better by a figure, where that can be said.

    Parameters
    ----------
    row
        The figure; None when it was not computed.
    """
    if row is None or row.difference.value is None:
        return "cannot be said"
    low, high = row.difference.low, row.difference.high
    if low is None or high is None:
        return "too little to tell"
    if low <= 0 <= high:
        return "cannot be told apart"
    return "B is better" if (low > 0) != (row.figure in LOWER_IS_BETTER) else "A is better"


def headline(comparison: Comparison) -> str:
    """Say in a few sentences which version would have found more, and how sure that is.

    Parameters
    ----------
    comparison
        What was found.
    """
    rows = comparison.accounting
    if not rows.examined:
        return "None of the lines was examined, so the two versions cannot be told apart."
    same = "" if comparison.first.bundle_id != comparison.second.bundle_id else (
        "Both are the same bundle. "
    )  # fmt: skip
    told = " ".join(_sentence(comparison, what) for what in (EXAMINED, RECOMMENDED, TRUTH)).strip()
    overlap = comparison.agreement.overlap
    return (
        f"{same}{told} Of the lines either would open at capacity, both would open "
        f"{percent(overlap)}. These figures rest on {rows.examined:,} examined lines and "
        f"{rows.hits:,} hits from {rows.first_day} to {rows.last_day}."
    )


def _sentence(comparison: Comparison, what: str) -> str:
    row = comparison.find(what, "precision", AT_CAPACITY)
    if row is None or row.difference.value is None:
        return ""
    where = UNDER[what]
    return (
        f"{where[0].upper()}{where[1:]}, hits among lines opened at capacity: A "
        f"{value(row, row.first)}, B {value(row, row.second)}, a difference of "
        f"{points(row.difference)}: {verdict(row)}."
    )


def cautions(comparison: Comparison) -> tuple[str, ...]:
    """Name what weakens the comparison.

    Parameters
    ----------
    comparison
        What was found.
    """
    found: list[str] = []
    if comparison.learnt_from:
        found.append(
            f"THESE DAYS ARE NOT CLEAN: {comparison.learnt_from}. That version has seen answers of "
            "the days it is judged on; the comparison flatters it and is no evidence for a "
            "promotion."
        )
    if comparison.first.bundle_id == comparison.second.bundle_id:
        found.append("A and B are the same bundle: every difference is zero.")
    main = comparison.find(EXAMINED, "precision", AT_CAPACITY)
    if main is not None and main.difference.value is not None and main.difference.why:
        found.append(f"Differences have no interval ({_reason(main.difference.why)}).")
    estimated = comparison.find(RECOMMENDED, "precision", AT_CAPACITY)
    if estimated is None or estimated.difference.value is None:
        why = comparison.estimator if estimated is None else estimated.difference.why
        found.append(f"Nothing can be said over all lines: {_reason(why)}.")
    return tuple(found)


def _reason(why: str) -> str:
    return why.removeprefix("no interval: ")


def what_it_tells(comparison: Comparison) -> str:
    """Say what the ways of looking can and cannot tell.

    Parameters
    ----------
    comparison
        What was found.
    """
    text = (
        "Among examined lines, each version puts the lines that were opened in an order; a line "
        "nobody opened counts for neither. Officers, and an earlier model, chose those lines, so "
        "what only the newer version would have opened is mostly missing from this figure. Over "
        "all lines, each version draws its list from everything lodged, and the recommended "
        "estimator weighs examined lines by how likely they were to be examined; it says what the "
        "lists would really have caught, with a wider interval."
    )
    if comparison.truth:
        text += (
            " By the truth: these tables are simulated, so what an examination of any line would "
            "have found is known. No administration has this figure; it shows whether the other "
            "two are right."
        )
    return text


def side(name: str, lines: Side) -> str:
    """Say what was found in the lines of one group of lists.

    Parameters
    ----------
    name
        Who would open them.
    lines
        The group.
    """
    offences = ", ".join(f"{one.offence} {one.hits:,}" for one in lines.offences)
    return (
        f"{name}: {count(lines.lines)} lines, {lines.examined:,} examined, {lines.hits:,} hits"
        f"{f' ({offences})' if offences else ''}"
    )


def shift(row: MovedRow) -> str:
    """Say how far a feature moved.

    Parameters
    ----------
    row
        A feature or a family.
    """
    if row.first is None:
        return "only in B"
    if row.second is None:
        return "only in A"
    return f"{100 * row.moved:+.1f} in 100"


def summary(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """Name and text of the few figures the command prints when it is done.

    Parameters
    ----------
    comparison
        What was found.
    """
    rows, agreed = comparison.accounting, comparison.agreement
    first, second = comparison.calibration
    named = [
        ("A", f"{comparison.first.name} (bundle {comparison.first.bundle_id})"),
        ("B", f"{comparison.second.name} (bundle {comparison.second.bundle_id})"),
        ("scored, examined, hits", f"{rows.rows_scored:,}, {rows.examined:,}, {rows.hits:,}"),
    ]
    for what in (EXAMINED, RECOMMENDED, TRUTH):
        row = comparison.find(what, "precision", AT_CAPACITY)
        if row is not None:
            named.append((f"hits per opened line, {UNDER[what]}", _both(row)))
    auc = comparison.find(EXAMINED, "auc")
    if auc is not None:
        named.append(("area under the ROC curve", _both(auc)))
    return (
        *named,
        ("lists at capacity that agree", percent(agreed.overlap)),
        ("only A would open", side("", agreed.only_first).removeprefix(": ")),
        ("only B would open", side("", agreed.only_second).removeprefix(": ")),
        ("calibration error of A, of B", f"{percent(first.error)}, {percent(second.error)}"),
    )


def _both(row: Difference) -> str:
    return (
        f"A {value(row, row.first)}, B {value(row, row.second)}; B less A {difference(row)}: "
        f"{verdict(row)}"
    )
