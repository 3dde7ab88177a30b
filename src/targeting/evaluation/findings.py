"""The evaluation as a whole, and the two forms in which it leaves the house."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from targeting.evaluation.measures import (
        Accounting,
        AtCapacity,
        CurvePoint,
        CutRow,
        Measure,
        RandomStratum,
        ReasonRow,
        ReliabilityRow,
        ScoreBin,
        Slice,
    )


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
