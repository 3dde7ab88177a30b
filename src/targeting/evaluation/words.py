"""The evaluation in plain words: what the report says and the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from targeting.evaluation.findings import Evaluation
    from targeting.evaluation.measures import Measure

TITLES = {
    "office_id": "Office",
    "selected_by": "Why it was examined",
    "offence": "Offence found",
    "flow": "Flow",
    "transport_mode": "Mode of transport",
    "origin_country": "Country of origin",
    "hs_section": "HS section",
    "hs_chapter": "HS chapter",
    "consignee_history": "Consignee",
}

NONE = "not computed"


def title(dimension: str) -> str:
    """Name a dimension as a reader knows it.

    Parameters
    ----------
    dimension
        Name of a dimension, mostly a column.

    Examples
    --------
    >>> title("transport_mode"), title("loading_port")
    ('Mode of transport', 'Loading port')
    """
    return TITLES.get(dimension, dimension.replace("_", " ").capitalize())


def shorten(text: str, *, most: int = 34) -> str:
    """Cut a long name at a word, for the margin of a plot.

    Parameters
    ----------
    text
        The name to cut.
    most
        Most characters it may keep, unless its first word is longer.

    Examples
    --------
    >>> shorten("VIII Hides, leather, furs and goods made of them")
    'VIII Hides, leather, furs and...'
    """
    if len(text) <= most:
        return text
    return text[: most - 2].rsplit(" ", 1)[0].rstrip(",") + "..."


def percent(value: float | None, *, digits: int = 1) -> str:
    """Write a share as a percentage.

    Parameters
    ----------
    value
        A share, between 0 and 1; None where it was not computed.
    digits
        Decimals of the percentage.

    Examples
    --------
    >>> percent(0.1234), percent(None)
    ('12.3 %', 'not computed')
    """
    return NONE if value is None else f"{100 * value:.{digits}f} %"


def percent_with_interval(measure: Measure) -> str:
    """Write a share with its interval, where it has one.

    Parameters
    ----------
    measure
        The share, with its interval where it has one.

    Examples
    --------
    >>> from targeting.evaluation.measures import Measure
    >>> percent_with_interval(Measure(0.3, 0.25, 0.361))
    '30.0 % (25.0 to 36.1 %)'
    """
    if measure.low is None or measure.high is None:
        return percent(measure.value)
    return f"{percent(measure.value)} ({100 * measure.low:.1f} to {100 * measure.high:.1f} %)"


def number_with_interval(measure: Measure, *, digits: int = 2) -> str:
    """Write a number with its interval, where it has one.

    Parameters
    ----------
    measure
        The number, with its interval where it has one.
    digits
        Decimals of the number and of its interval.

    Examples
    --------
    >>> from targeting.evaluation.measures import Measure
    >>> number_with_interval(Measure(2.5, 2.0, 3.25))
    '2.50 (2.00 to 3.25)'
    """
    if measure.value is None:
        return NONE
    text = f"{measure.value:.{digits}f}"
    if measure.low is None or measure.high is None:
        return text
    return f"{text} ({measure.low:.{digits}f} to {measure.high:.{digits}f})"


def count(value: float) -> str:
    """Write a count, with one decimal only where equal scores make it a fraction.

    Parameters
    ----------
    value
        A count, whole or not.

    Examples
    --------
    >>> count(1234.0), count(12.5)
    ('1,234', '12.5')
    """
    rounded = round(value, 1)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.1f}"


def headline(evaluation: Evaluation) -> str:
    """Say in two or three sentences what the list would have caught.

    Parameters
    ----------
    evaluation
        What was found.
    """
    at, rows = evaluation.at_capacity, evaluation.accounting
    if at.precision.value is None:
        return "None of the scored lines was examined, so nothing can be said about these scores."
    of_ten = f"{10 * at.precision.value:.1f} in every 10"
    lines = "line" if at.capacity == 1 else "lines"
    return (
        f"Opening the {at.capacity} highest-scored {lines} of each office and day, among those "
        f"that were examined, would have found a hit in {of_ten}: {_sure(at.precision)}. A blind "
        f"draw from the same days' examined lines would have found {percent(at.chance.value)}, a "
        f"perfect order {percent(at.attainable.value)}. {_recall(evaluation)} "
        f"These figures rest on {rows.examined:,} examined lines and {rows.hits:,} hits "
        f"from {rows.first_day} to {rows.last_day}."
    )


def _sure(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return f"{percent(measure.value)} ({measure.why})"
    return (
        f"{percent(measure.value)}, and with 95 % confidence between "
        f"{percent(measure.low)} and {percent(measure.high)}"
    )


def _recall(evaluation: Evaluation) -> str:
    at = evaluation.at_capacity
    if at.recall.value is None:
        return "There was no hit to find."
    return (
        f"It would have held {count(at.found)} of the {evaluation.accounting.hits:,} hits "
        f"({percent(at.recall.value)})."
    )


def cautions(evaluation: Evaluation) -> tuple[str, ...]:
    """Name what weakens the figures: little choice, few lines, no random stratum.

    Parameters
    ----------
    evaluation
        What was found.

    Returns
    -------
    tuple of str
        One sentence each; empty when there is nothing to warn of.
    """
    at = evaluation.at_capacity
    found: list[str] = []
    if at.office_days and at.office_days_with_choice < at.office_days:
        found.append(_choice(evaluation))
    if at.precision.value is not None and at.precision.why:
        found.append(f"Precision at capacity has no interval ({_reason(at.precision)}).")
    if at.lift_over_random.value is None:
        found.append(f"Lift over random checks is not given: {_reason(at.lift_over_random)}.")
    unrecorded = evaluation.accounting.hits - evaluation.revenue_recorded
    if evaluation.revenue_recorded and unrecorded:
        found.append(
            f"Hits without a recorded revenue: {unrecorded:,}; they add nothing to revenue figures."
        )
    return tuple(found)


def _reason(measure: Measure) -> str:
    return measure.why.removeprefix("no interval: ")


def _choice(evaluation: Evaluation) -> str:
    at = evaluation.at_capacity
    text = (
        f"On {at.office_days - at.office_days_with_choice:,} of {at.office_days:,} office-days no "
        "more lines were examined than capacity, so any order opens them all and the figure says "
        "nothing about the scores."
    )
    if at.precision_with_choice.value is None:
        return text
    return (
        f"{text} On the {at.office_days_with_choice:,} others precision at capacity is "
        f"{percent_with_interval(at.precision_with_choice)} against "
        f"{percent(at.chance_with_choice.value)} for a blind draw."
    )


def selective_labels(evaluation: Evaluation) -> str:
    """Say what figures on examined lines can and cannot tell.

    Parameters
    ----------
    evaluation
        What was found.
    """
    rows, random = evaluation.accounting, evaluation.random
    share = percent(rows.examined / rows.rows_scored if rows.rows_scored else None)
    return (
        "What officers chose to open is not what arrives. "
        f"Only {rows.examined:,} of {rows.rows_scored:,} scored lines ({share}) were examined; the "
        f"other {rows.unknown:,} are unknown, and are counted neither as hits nor as clear. Lines "
        "were examined because a rule, an officer, a tip or a model pointed at them, so hits are "
        "more common among them than among all arrivals, and some were found through information "
        "no document holds. Precision here is precision among examined lines; recall is the share "
        "of the hits that were found, not of the offences that passed. "
        f"{_random_share(random.examined, rows.examined)}"
    )


def _random_share(random: int, examined: int) -> str:
    if not random:
        return (
            "No line was examined at random, so nothing here can be carried over to all arrivals; "
            "even one or two random examinations in a hundred would change that."
        )
    return (
        f"{random:,} lines ({percent(random / examined)}) were examined at random: they alone are "
        "a fair sample of arrivals, and figures over the random stratum rest on them."
    )


def summary(evaluation: Evaluation) -> tuple[tuple[str, str], ...]:
    """Name and text of the few figures a command prints when it is done.

    Parameters
    ----------
    evaluation
        What was found.
    """
    at, rows = evaluation.at_capacity, evaluation.accounting
    return (
        ("scored, examined, hits", f"{rows.rows_scored:,}, {rows.examined:,}, {rows.hits:,}"),
        ("hit rate of examined lines", percent_with_interval(evaluation.base_rate)),
        (f"precision at capacity {at.capacity}", percent_with_interval(at.precision)),
        ("  of a blind draw, of a perfect order", _bounds(evaluation)),
        ("hits within capacity", percent_with_interval(at.recall)),
        ("lift over examined lines", number_with_interval(at.lift)),
        ("lift over random checks", _or_why(at.lift_over_random)),
        *(
            (f"precision, top {percent(row.share)}", percent_with_interval(row.precision))
            for row in evaluation.cuts
        ),
        ("area under the ROC curve", number_with_interval(evaluation.auc, digits=3)),
        ("Brier score", number_with_interval(evaluation.brier, digits=4)),
    )


def _bounds(evaluation: Evaluation) -> str:
    at = evaluation.at_capacity
    return f"{percent(at.chance.value)}, {percent(at.attainable.value)}"


def _or_why(measure: Measure) -> str:
    return measure.why if measure.value is None else number_with_interval(measure)
