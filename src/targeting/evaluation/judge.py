"""The judgement: scores held against what examinations found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation import metrics
from targeting.evaluation.calibration import (
    expected_calibration_error,
    log_losses,
    reliability,
    squared_errors,
)
from targeting.evaluation.capacity import DailyPrecision, precision_at_capacity
from targeting.evaluation.findings import Evaluation
from targeting.evaluation.intervals import (
    DayResamples,
    RankingReplicates,
    resample_ranking,
    too_few,
)
from targeting.evaluation.lines import join, require_capacity
from targeting.evaluation.measures import (
    Accounting,
    CurvePoint,
    CutRow,
    Measure,
    ReliabilityRow,
    ScoreBin,
)
from targeting.evaluation.office_days import judge_capacity
from targeting.evaluation.parts import judge_parts, judge_reasons, wilson_measure
from targeting.evaluation.stratum import Stratum, judge_random

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from targeting.evaluation.lines import Lines
    from targeting.evaluation.metrics import Floats, Ranking

    _Loss = Callable[[Floats, Floats], Floats]

CUTS = (0.01, 0.02, 0.05, 0.10)
CURVE = tuple(point / 100 for point in range(1, 101))
SCORE_BINS = 30
NOTHING = "nothing was examined"
NO_HIT = "no hit among the examined lines"


def evaluate(
    scores: pd.DataFrame,
    examined: pd.DataFrame,
    *,
    capacity: int,
    time_zone: str = "UTC",
    seed: int,
    context: pd.DataFrame | None = None,
) -> Evaluation:
    """Judge scores by what examinations found, with intervals.

    Parameters
    ----------
    scores
        Rows of a scores file: `declaration_id, lodged_at, office_id, score, probability`.
    examined
        From `targeting.training.labels.examined`. A score without a row here is unknown, never
        clear; a row here without a score is counted and left out.
    capacity
        Examinations per office and day, >= 1.
    time_zone
        IANA name; a day closes at midnight there.
    seed
        Of the resampling; same frames and seed, same figures to the byte, in any row order.
    context
        `declaration_id` and columns to slice by, such as `targeting.evaluation.context` returns.

    Returns
    -------
    Evaluation
        Every figure, or the reason why it could not be computed.

    Raises
    ------
    ConfigError
        If `capacity` is below 1.
    ContractError
        If a column is missing or a declaration stands in a frame twice.
    """
    require_capacity(capacity)
    lines = join(scores, examined, context, time_zone=time_zone)
    bench = _Bench.of(lines, seed=seed)
    daily = precision_at_capacity(
        lines.score, lines.label, lines.day, capacity=capacity, office=lines.office
    )
    stratum = Stratum.of(lines, bench.day_code, bench.draws)
    return _judgement(bench, daily, stratum, time_zone=time_zone, seed=seed, capacity=capacity)


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """What every figure needs: the ranking, its days and their draws."""

    lines: Lines
    ranking: Ranking
    days: NDArray[np.datetime64]
    day_code: NDArray[np.intp]
    draws: DayResamples
    replicates: RankingReplicates

    @classmethod
    def of(cls, lines: Lines, *, seed: int) -> _Bench:
        ranking = metrics.rank(lines.score, lines.label)
        days = np.unique(lines.day[lines.examined])
        code = np.searchsorted(days, lines.day)  # meaningful for examined lines only
        draws = DayResamples.draw(days=len(days), lines=ranking.examined, seed=seed)
        replicates = resample_ranking(
            ranking, code[ranking.rows], draws, shares=np.array(CUTS + CURVE)
        )
        return cls(lines, ranking, days, code, draws, replicates)

    @property
    def rows(self) -> NDArray[np.intp]:
        """Examined lines, in order of declaration."""
        return np.flatnonzero(self.lines.examined)


def _judgement(
    bench: _Bench,
    daily: DailyPrecision,
    stratum: Stratum,
    *,
    time_zone: str,
    seed: int,
    capacity: int,
) -> Evaluation:
    lines = bench.lines
    random = judge_random(stratum)
    table = _reliability(lines)
    revenue_known = lines.hit & ~np.isnan(lines.revenue)
    return Evaluation(
        accounting=_accounting(bench),
        base_rate=wilson_measure(bench.ranking.hits, bench.ranking.examined),
        at_capacity=judge_capacity(lines, daily, stratum, capacity=capacity),
        cuts=tuple(_cut(bench, stratum, at) for at in range(len(CUTS))),
        auc=_auc(bench),
        average_precision=_average_precision(bench),
        brier=_mean_loss(bench, squared_errors),
        log_loss=_mean_loss(bench, log_losses),
        calibration_error=_given(
            expected_calibration_error(reliability(lines.probability, lines.label)), NOTHING
        ),
        mean_probability=_mean_probability(bench),
        revenue_recorded=int(revenue_known.sum()),
        selected_by=judge_reasons(lines),
        random=random,
        slices=judge_parts(lines, daily.within),
        reliability=table,
        curve=tuple(_point(bench, at) for at in range(len(CURVE))),
        scores=_histogram(lines),
        time_zone=time_zone,
        seed=seed,
        replicates=bench.draws.replicates,
    )


def _accounting(bench: _Bench) -> Accounting:
    lines, ranking, days = bench.lines, bench.ranking, bench.days
    return Accounting(
        rows_scored=len(lines.score),
        examined=ranking.examined,
        unknown=len(lines.score) - ranking.examined,
        hits=ranking.hits,
        clear=ranking.examined - ranking.hits,
        examined_not_scored=lines.examined_not_scored,
        days=len(days),
        offices=len(set(lines.office[lines.examined])),
        first_day=str(days[0]) if len(days) else "",
        last_day=str(days[-1]) if len(days) else "",
    )


def _given(value: float | None, why: str) -> Measure:
    return Measure(value, why=why if value is None else "")


def _resampled(value: float | None, replicates: Floats, bench: _Bench, few: str) -> Measure:
    if few:
        return Measure(value, why=few)
    interval = bench.draws.interval(replicates)
    return Measure(value, interval.low, interval.high, interval.why)


def _cut(bench: _Bench, stratum: Stratum, at: int) -> CutRow:
    share = CUTS[at]
    cut = metrics.cut(bench.ranking, share)
    precision, recall = _precision(bench, cut, at), _recall(bench, cut, at)
    return CutRow(
        share=share,
        opened=cut.opened,
        found=cut.found,
        precision=precision,
        recall=recall,
        revenue=_revenue(bench.lines, share),
        lift=_lift(bench, cut, at),
        lift_over_random=stratum.lift(precision, bench.replicates.precision[:, at]),
        attainable=cut.attainable,
    )


def _point(bench: _Bench, at: int) -> CurvePoint:
    cut = metrics.cut(bench.ranking, CURVE[at])
    place = len(CUTS) + at
    return CurvePoint(
        share=cut.share,
        opened=cut.opened,
        found=cut.found,
        precision=_precision(bench, cut, place),
        recall=_recall(bench, cut, place),
    )


def _precision(bench: _Bench, cut: metrics.AtShare, at: int) -> Measure:
    if cut.precision is None:
        return Measure(None, why=NOTHING)
    few = too_few(len(bench.days), cut.found, cut.opened - cut.found)
    return _resampled(cut.precision, bench.replicates.precision[:, at], bench, few)


def _recall(bench: _Bench, cut: metrics.AtShare, at: int) -> Measure:
    if cut.recall is None:
        return Measure(None, why=NO_HIT)
    few = too_few(len(bench.days), cut.found, cut.hits - cut.found)
    return _resampled(cut.recall, bench.replicates.recall[:, at], bench, few)


def _lift(bench: _Bench, cut: metrics.AtShare, at: int) -> Measure:
    if cut.lift is None:
        return Measure(None, why=NO_HIT)
    few = too_few(len(bench.days), cut.found, cut.opened - cut.found)
    return _resampled(cut.lift, bench.replicates.lift[:, at], bench, few)


def _revenue(lines: Lines, share: float) -> Measure:
    value = metrics.revenue_at_share(lines.score, lines.label, lines.revenue, share=share)
    return _given(value, "no revenue recovered was recorded")


def _auc(bench: _Bench) -> Measure:
    value = metrics.auc(bench.lines.score, bench.lines.label)
    if value is None:
        return Measure(None, why="hits and clear lines are both needed")
    return _resampled(value, bench.replicates.auc, bench, _few_outcomes(bench))


def _average_precision(bench: _Bench) -> Measure:
    value = metrics.average_precision(bench.lines.score, bench.lines.label)
    if value is None:
        return Measure(None, why=NO_HIT)
    return _resampled(value, bench.replicates.average_precision, bench, _few_outcomes(bench))


def _few_outcomes(bench: _Bench) -> str:
    hits = bench.ranking.hits
    return too_few(len(bench.days), hits, bench.ranking.examined - hits)


def _mean_loss(bench: _Bench, loss: _Loss) -> Measure:
    rows = bench.rows
    if not len(rows):
        return Measure(None, why=NOTHING)
    each = loss(bench.lines.probability[rows], bench.lines.hit[rows].astype(np.float64))
    few = _few_outcomes(bench)
    return _resampled(float(each.mean()), _mean_replicates(bench, each), bench, few)


def _mean_probability(bench: _Bench) -> Measure:
    rows = bench.rows
    return _given(float(bench.lines.probability[rows].mean()) if len(rows) else None, NOTHING)


def _mean_replicates(bench: _Bench, each: Floats) -> Floats:
    day = bench.day_code[bench.rows]
    count = bench.draws.totals(np.ones(len(each)), day)
    return bench.draws.totals(each, day) / count


def _reliability(lines: Lines) -> tuple[ReliabilityRow, ...]:
    return tuple(
        ReliabilityRow(
            low=row.low,
            high=row.high,
            examined=row.examined,
            hits=row.hits,
            mean_probability=row.mean_probability,
            hit_rate=wilson_measure(row.hits, row.examined),
        )
        for row in reliability(lines.probability, lines.label)
    )


def _histogram(lines: Lines) -> tuple[ScoreBin, ...]:
    if not len(lines.score):
        return ()
    edges = np.histogram_bin_edges(lines.score, bins=SCORE_BINS)
    hits, clear, unknown = (
        np.histogram(lines.score[lines.label == label], bins=edges)[0]
        for label in (1, 0, metrics.UNKNOWN)
    )
    return tuple(
        ScoreBin(float(edges[at]), float(edges[at + 1]), int(hits[at]), int(clear[at]), int(rest))
        for at, rest in enumerate(unknown)
    )
