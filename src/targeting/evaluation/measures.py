"""Measures: figures with their intervals, or the reason there are none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure with its 95 % interval.

    Parameters
    ----------
    value
        None when it could not be computed.
    low, high
        Bounds of the interval; None when there is none.
    why
        Why the value or its interval is missing, empty otherwise.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Accounting:
    """Rows from scored to hit: nothing disappears on the way.

    Parameters
    ----------
    rows_scored
        Lines in the scores.
    examined, unknown
        Scored lines with a result, and without one.
    hits, clear
        Examined lines by result.
    examined_not_scored
        Examined lines that have no score, such as those of other days; not judged.
    days, offices
        Days (port-local) and offices with an examined, scored line.
    first_day, last_day
        First and last such day, ISO 8601; empty when there is none.
    """

    rows_scored: int
    examined: int
    unknown: int
    hits: int
    clear: int
    examined_not_scored: int
    days: int
    offices: int
    first_day: str
    last_day: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day over all offices.

    Parameters
    ----------
    day
        ISO 8601, port-local.
    examined, hits
        Examined lines and hits among them.
    opened, found
        Lines within capacity and hits among them.
    attainable
        Most hits a perfect order could have found within capacity.
    """

    day: str
    examined: int
    hits: int
    opened: int
    found: float
    attainable: float


@dataclass(frozen=True, slots=True)
class AtCapacity:
    """What the offices would have found by opening the highest-scored lines of each day.

    Parameters
    ----------
    capacity
        Examinations per office and day.
    office_days, office_days_with_choice
        Office-days with an examined line, and those with more examined lines than capacity:
        only there does the order matter.
    opened, found
        Lines within capacity, and hits among them.
    precision
        Share of opened lines that were hits, mean over office-days.
    attainable, chance
        The same for a perfect order, and expected of a blind draw among the same day's lines.
    lift
        `precision` over `chance`.
    lift_over_random
        `precision` over the hit rate of the random stratum.
    precision_with_choice, chance_with_choice
        `precision` and `chance` over the office-days with a choice only.
    recall
        Share of all hits that were within capacity.
    revenue
        Share of the recorded revenue that was within capacity.
    by_day
        Counts by day, in order.
    """

    capacity: int
    office_days: int
    office_days_with_choice: int
    opened: int
    found: float
    precision: Measure
    attainable: Measure
    chance: Measure
    lift: Measure
    lift_over_random: Measure
    precision_with_choice: Measure
    chance_with_choice: Measure
    recall: Measure
    revenue: Measure
    by_day: tuple[DayRow, ...]


@dataclass(frozen=True, slots=True)
class CutRow:
    """What opening the highest-scored share of all examined lines would have found.

    Parameters
    ----------
    share
        Share of the examined lines opened.
    opened, found
        Lines opened and hits among them.
    precision, recall, revenue
        Share of the opened that were hits; of the hits, and of the revenue, that was opened.
    lift
        `precision` over the hit rate of all examined lines.
    lift_over_random
        `precision` over the hit rate of the random stratum.
    attainable
        Precision of a perfect order.
    """

    share: float
    opened: int
    found: float
    precision: Measure
    recall: Measure
    revenue: Measure
    lift: Measure
    lift_over_random: Measure
    attainable: float | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point of the gain and precision curves.

    Parameters
    ----------
    share, opened, found
        As in `CutRow`.
    precision, recall
        As in `CutRow`.
    """

    share: float
    opened: int
    found: float
    precision: Measure
    recall: Measure


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """Hit rate of the lines examined for one reason.

    Parameters
    ----------
    selected_by
        Why they were examined.
    examined, hits
        Counts.
    hit_rate
        With Wilson's interval.
    """

    selected_by: str
    examined: int
    hits: int
    hit_rate: Measure


@dataclass(frozen=True, slots=True)
class RandomStratum:
    """Lines examined because chance picked them: the only unbiased sample of what arrives.

    Parameters
    ----------
    examined, hits
        Counts.
    weighted
        Whether each line was weighted with one over its chance of being drawn.
    hit_rate
        Estimated hit rate of all arrivals, with Wilson's interval.
    auc
        Chance that a hit is scored above a clear line, among these lines only.
    """

    examined: int
    hits: int
    weighted: bool
    hit_rate: Measure
    auc: Measure


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of the traffic.

    Parameters
    ----------
    dimension, value
        Such as `office_id`, `AZALA`.
    examined, hits
        Counts.
    hit_rate
        Of all its examined lines, with Wilson's interval.
    opened, found
        Lines within capacity, and hits among them.
    precision, recall
        Share of its opened lines that were hits, and of its hits that were opened.
    too_small
        Why it is not ranked against others; empty when it is.
    mean_probability
        Of its examined lines, to be held against `hit_rate`; None of a part only hits have.
    """

    dimension: str
    value: str
    examined: int
    hits: int
    hit_rate: Measure
    opened: float
    found: float
    precision: Measure
    recall: Measure
    too_small: str
    mean_probability: float | None = None


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    """Examined lines of similar probability.

    Parameters
    ----------
    low, high
        Smallest and largest probability.
    examined, hits
        Counts.
    mean_probability
        Mean probability given.
    hit_rate
        With Wilson's interval.
    """

    low: float
    high: float
    examined: int
    hits: int
    mean_probability: float
    hit_rate: Measure


@dataclass(frozen=True, slots=True)
class ScoreBin:
    """Lines with a score in [low, high) by outcome; the last bin includes its upper end.

    Parameters
    ----------
    low, high
        Bounds of the score.
    hits, clear, unknown
        Lines by outcome.
    """

    low: float
    high: float
    hits: int
    clear: int
    unknown: int
