"""What an evaluation found: figures with their intervals, or the reason there are none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything one scores file tells against what examinations found.

    Parameters
    ----------
    accounting
        Rows from scored to hit.
    base_rate
        Hit rate of all examined lines, with Wilson's interval.
    at_capacity
        Figures at capacity.
    cuts
        Figures at 1, 2, 5 and 10 % of the examined lines.
    auc, average_precision, brier, log_loss
        Over the examined lines, with intervals by day.
    calibration_error
        Expected calibration error.
    mean_probability
        Mean probability of the examined lines, to be held against `base_rate`.
    revenue_recorded
        Hits with a recorded revenue.
    selected_by
        Hit rates by reason for examination.
    random
        The random stratum.
    slices
        Parts of the traffic, ranked ones of a dimension first.
    reliability, curve, scores
        Data of the calibration plot, the gain and precision curves and the score histogram.
    time_zone, seed, replicates
        How days were cut and intervals drawn.
    """

    accounting: Accounting
    base_rate: Measure
    at_capacity: AtCapacity
    cuts: tuple[CutRow, ...]
    auc: Measure
    average_precision: Measure
    brier: Measure
    log_loss: Measure
    calibration_error: Measure
    mean_probability: Measure
    revenue_recorded: int
    selected_by: tuple[ReasonRow, ...]
    random: RandomStratum
    slices: tuple[Slice, ...]
    reliability: tuple[ReliabilityRow, ...]
    curve: tuple[CurvePoint, ...]
    scores: tuple[ScoreBin, ...]
    time_zone: str
    seed: int
    replicates: int

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it: a missing figure is None and says why."""
        return asdict(self)

    def flat_metrics(self) -> dict[str, float]:
        """Figures under stable names, for MLflow and DVC; what could not be computed is absent."""
        named = self._counts() | self._capacity() | self._over_all()
        for row in self.cuts:
            named |= _at_cut(row)
        return {name: float(value) for name, value in named.items() if value is not None}

    def _counts(self) -> dict[str, float | None]:
        rows = self.accounting
        return {
            "rows_scored": rows.rows_scored,
            "rows_examined": rows.examined,
            "rows_unknown": rows.unknown,
            "hits": rows.hits,
            "days": rows.days,
            "offices": rows.offices,
        }

    def _capacity(self) -> dict[str, float | None]:
        at = self.at_capacity
        return {
            "capacity": at.capacity,
            "office_days": at.office_days,
            "office_days_with_choice": at.office_days_with_choice,
            "attainable_at_capacity": at.attainable.value,
            "chance_at_capacity": at.chance.value,
            "chance_at_capacity_with_choice": at.chance_with_choice.value,
            "revenue_at_capacity": at.revenue.value,
            **_spread("precision_at_capacity", at.precision),
            **_spread("precision_at_capacity_with_choice", at.precision_with_choice),
            **_spread("recall_at_capacity", at.recall),
            **_spread("lift_at_capacity", at.lift),
            **_spread("lift_over_random_at_capacity", at.lift_over_random),
        }

    def _over_all(self) -> dict[str, float | None]:
        return {
            **_spread("base_rate", self.base_rate),
            **_spread("auc", self.auc),
            **_spread("average_precision", self.average_precision),
            **_spread("brier", self.brier),
            **_spread("log_loss", self.log_loss),
            **_spread("random_hit_rate", self.random.hit_rate),
            **_spread("random_auc", self.random.auc),
            "calibration_error": self.calibration_error.value,
            "mean_probability": self.mean_probability.value,
        }


def _at_cut(row: CutRow) -> dict[str, float | None]:
    at = f"at_{row.share * 100:g}pct"
    return {
        **_spread(f"precision_{at}", row.precision),
        **_spread(f"recall_{at}", row.recall),
        **_spread(f"lift_{at}", row.lift),
        **_spread(f"lift_over_random_{at}", row.lift_over_random),
        f"revenue_{at}": row.revenue.value,
        f"attainable_{at}": row.attainable,
    }


def _spread(name: str, measure: Measure) -> dict[str, float | None]:
    return {name: measure.value, f"{name}_low": measure.low, f"{name}_high": measure.high}
