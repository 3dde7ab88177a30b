"""What is told of a model as a whole, in words: the same sections in the report and the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.bundle.card import Section
from targeting.evaluation.insight.dependence import THIN
from targeting.evaluation.insight.removal import REASONS
from targeting.evaluation.words import (
    count,
    number_with_interval,
    percent,
    percent_with_interval,
    title,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from targeting.evaluation.insight.failures import Failure, Failures
    from targeting.evaluation.insight.insight import Insight
    from targeting.evaluation.insight.unseen import Unseen
    from targeting.evaluation.measures import Measure

AREAS_TOLD = 20
SMALL_TOLD = 40


def sections(insight: Insight | None, failures: Failures) -> tuple[Section, ...]:
    """Write every section, in the order report and card show them.

    Parameters
    ----------
    insight
        What is told of the model; None where only its scores are at hand.
    failures
        Its weak spots.
    """
    if insight is None:
        return (weak_spots(failures),)
    return (
        rests_on(insight),
        moves(insight),
        trusted(insight),
        not_seen(insight.unseen),
        unexamined(insight.unseen),
        weak_spots(failures),
    )


def rests_on(insight: Insight) -> Section:
    """Tell what scores rest on, by subject.

    Parameters
    ----------
    insight
        What is told.
    """
    return Section(
        "What the score rests on",
        (
            f"Exact contributions (TreeSHAP) of {insight.lines:,} examined lines of the test "
            "block, added up by what features speak of. A share says how much of all pushes on "
            "the score, up or down, comes from a subject; it is no cause.",
        ),
        ("subject", "family", "share of all pushes", "mean push (log-odds)", "raises the risk of"),
        tuple(
            (one.subject, one.family, percent(one.share), f"{one.size:.3f}", percent(one.raises))
            for one in insight.weights
        ),
    )


def moves(insight: Insight) -> Section:
    """Tell how the main features move scores, with the lines behind each step.

    Parameters
    ----------
    insight
        What is told.
    """
    return Section(
        "How the main features move the score",
        (
            f"Of the same {insight.lines:,} lines: the mean push at each value, and between which "
            f"pushes eight of ten lines lie. A step of fewer than {THIN} lines is thin: it may "
            "look otherwise next month.",
            *(f"{one.feature} ({one.subject}): {one.meaning}" for one in insight.dependence),
        ),
        ("feature", "value", "lines", "mean push", "eight of ten", ""),
        tuple(
            (
                one.feature,
                part.label,
                count(part.lines),
                f"{part.mean:+.3f}",
                f"{part.low:+.3f} to {part.high:+.3f}",
                "thin" if part.is_thin else "",
            )
            for one in insight.dependence
            for part in one.bins
        ),
    )


def trusted(insight: Insight) -> Section:
    """Tell how far reasons can be trusted.

    Parameters
    ----------
    insight
        What is told.
    """
    removal, stability = insight.removal, insight.stability
    return Section(
        "How far its reasons can be trusted",
        (
            f"Measured on the {removal.lines:,} highest-scored examined lines of the test block. "
            "*Faithful*: what a reason speaks of is replaced by what an ordinary line, drawn by "
            "lot, states there, and the line is scored again. *Stable*: the shipped model, trained "
            "on all of the data, explains the same lines as the one trained before the test "
            "block.",
        ),
        ("figure", "value (95 % interval)", "reads as"),
        (
            ("risk-raising reasons without whose cause the score falls", _share(removal.falls),
             f"of at most {REASONS} a line"),
            ("the same, of the first reason", _share(removal.first_falls), ""),
            ("fall without the first reason's cause", _number(removal.fall), "log-odds"),
            ("fall without another subject, drawn by lot", _number(removal.fall_by_lot),
             "log-odds"),
            ("order of contributions and of falls", _number(removal.order),
             "rank correlation; 1 is the same order"),
            ("subjects both models name, of those either names", _share(stability.overlap),
             f"of at most {REASONS} each"),
            ("lines with the same first reason", _share(stability.same_first), ""),
            ("lines whose first reason is among the other's", _share(stability.first_kept), ""),
            ("order of contributions, either model", _number(stability.order),
             "rank correlation over the ten strongest subjects of either"),
        ),
    )  # fmt: skip


def _share(measure: Measure) -> str:
    return _or_why(percent_with_interval(measure), measure)


def _number(measure: Measure) -> str:
    return _or_why(number_with_interval(measure), measure)


def _or_why(text: str, measure: Measure) -> str:
    return f"{text} ({measure.why})" if measure.why else text


def not_seen(unseen: Unseen) -> Section:
    """Tell which columns and indicators the model knows nothing of.

    Parameters
    ----------
    unseen
        What it does not see.
    """
    return Section(
        "What the model does not see",
        tuple(_blind(unseen)),
        ("indicator without a feature", "what it lacks"),
        tuple((f"{one.number} {one.name}", one.lacks) for one in unseen.indicators),
    )


def _blind(unseen: Unseen) -> Iterator[str]:
    yield "Columns no feature reads: " + _listed(unseen.unread) + "."
    yield (
        "Features no line it learnt from states, so that they say nothing here: "
        + _listed(unseen.silent) + "."
    )  # fmt: skip
    yield "Known only later, and so never read: " + "; ".join(unseen.later) + "."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def unexamined(unseen: Unseen) -> Section:
    """Tell of which parts of the traffic hardly anything is known.

    Parameters
    ----------
    unseen
        What the model does not see.
    """
    told = unseen.areas[:AREAS_TOLD]
    more = len(unseen.areas) - len(told)
    said = (
        f"{len(unseen.areas):,} of {unseen.areas_in_all:,} parts of the traffic had fewer than 30 "
        "known results or fewer than 5 hits by the cut-off. A low score there means that little "
        "is known, not that little is wrong; random checks are the way to learn."
    )
    return Section(
        "Where hardly anything was examined",
        (said, *([f"The {len(told)} with most lines are shown; {more:,} more."] if more else [])),
        ("part", "lines", "known results", "hits"),
        tuple(
            (f"{title(one.dimension)}: {one.value}", count(one.lines), count(one.examined),
             count(one.hits))
            for one in told
        ),
    )  # fmt: skip


_WORSE = {
    "precision": "fewer of its opened lines are hits",
    "recall": "fewer of its hits are found",
    "promises too much": "the probability is too high",
    "promises too little": "the probability is too low",
}


def weak_spots(failures: Failures) -> Section:
    """Tell in which parts of the traffic the model is clearly worse than elsewhere.

    Parameters
    ----------
    failures
        Its weak spots.
    """
    found = (
        f"{len(failures.found)} of {failures.looked_at:,} figures looked at are clearly worse than "
        "elsewhere, or than promised: their interval, widened for so many looks, lies on the "
        "wrong side. What is not listed is not thereby good: small parts show little."
    )
    return Section(
        "Known weak spots",
        (found, *_small(failures)),
        ("part", "what is worse", "here (95 % interval)", "held against", "examined", "hits"),
        tuple(_row(one) for one in failures.found),
    )


def _row(one: Failure) -> tuple[str, ...]:
    promised = one.kind.startswith("promises")
    return (
        f"{title(one.dimension)}: {one.value}",
        _WORSE[one.kind],
        f"{percent_with_interval(one.share)}, {count(one.found)} of {count(one.of)}",
        f"{percent(one.against)} {'promised' if promised else 'elsewhere'}",
        count(one.examined),
        count(one.hits),
    )


def _small(failures: Failures) -> Iterator[str]:
    if not failures.too_small:
        return
    told = failures.too_small[:SMALL_TOLD]
    named = "; ".join(
        f"{title(one.dimension)} {one.value} ({count(one.hits)} of {count(one.examined)})"
        for one in told
    )
    more = len(failures.too_small) - len(told)
    yield (
        f"Too small to say anything of (hits of examined lines): {named}"
        + (f"; and {more:,} more." if more else ".")
    )
