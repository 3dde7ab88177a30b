"""Differences among the lines officers examined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation import metrics
from targeting.evaluation.calibration import expected_calibration_error, reliability, squared_errors
from targeting.evaluation.compare.findings import AT_CAPACITY, Difference
from targeting.evaluation.compare.paired import Clusters, Ratio, differences, share_of
from targeting.evaluation.intervals import resample_ranking
from targeting.evaluation.judge import CUTS, NO_HIT, NOTHING
from targeting.evaluation.measures import Measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.compare.pair import Opened, Pair
    from targeting.evaluation.intervals import DayResamples
    from targeting.evaluation.lines import Lines
    from targeting.evaluation.metrics import Floats

NO_REVENUE = "no revenue recovered was recorded"
ONE_OUTCOME = "hits and clear lines are both needed"


def judge_examined(pair: Pair, *, seed: int) -> tuple[Difference, ...]:
    """Hold both orders of the examined lines against each other.

    Parameters
    ----------
    pair
        Both versions' scores; lines nobody examined are left out.
    seed
        Of the draws.

    Returns
    -------
    tuple of Difference
        Precision, recall and revenue at capacity and at 1, 2, 5 and 10 % of the examined lines;
        then AUC, average precision, calibration error and Brier score.
    """
    known = pair.take(pair.first.examined)
    clusters = Clusters.of(known.first.day, known.consignee, seed=seed)
    rows: list[Difference] = []
    for at, opened in known.lists(of_each_day=False):
        rows += _of_list(known, at, opened, clusters)
    return (*rows, *_of_order(known, clusters))


def _of_list(pair: Pair, at: str, opened: Opened, clusters: Clusters) -> list[Difference]:
    hit = pair.first.hit.astype(np.float64)
    revenue = np.nan_to_num(pair.first.revenue)
    precision = share_of(opened, hit)
    if at == AT_CAPACITY:
        precision = _mean_over_office_days(pair.first, opened, precision)
    found = differences(
        (precision, share_of(opened, hit, over=hit), revenue_share(opened, revenue)),
        clusters,
        why=NOTHING,
    )
    whys = (NOTHING, NO_HIT, NO_REVENUE)
    return [
        Difference(figure, at, first, second, _because(measure, why))
        for figure, (first, second, measure), why in zip(
            ("precision", "recall", "revenue"), found, whys, strict=True
        )
    ]


def _because(measure: Measure, why: str) -> Measure:
    return Measure(None, why=why) if measure.value is None else measure


def revenue_share(opened: Opened, revenue: Floats) -> Ratio:
    """Share of the revenue that stands in what is opened.

    Parameters
    ----------
    opened
        Shape (n,) each. Chance with which each version opens a line.
    revenue
        Shape (n,). 0 where none is recorded.
    """
    return Ratio((opened[0] * revenue, opened[1] * revenue), (revenue, revenue))


def _mean_over_office_days(lines: Lines, opened: Opened, pooled: Ratio) -> Ratio:
    """Precision as `evaluate` reports it at capacity: the mean over office-days."""
    offices = np.unique(lines.office.astype(str), return_inverse=True)[1]
    days, day = np.unique(lines.day, return_inverse=True)
    cell = np.unique(offices * max(len(days), 1) + day, return_inverse=True)[1]
    # Both versions open equally many lines of an office-day: the fewer of capacity and examined.
    size = np.bincount(cell, weights=opened[0])[cell] if len(cell) else np.zeros(0)
    hit = lines.hit / np.maximum(size, 1e-9)
    each = 1 / np.maximum(size, 1e-9)
    return Ratio(
        upper=(opened[0] * hit, opened[1] * hit),
        lower=(opened[0] * each, opened[1] * each),
        whole=pooled.whole,
        disputed=pooled.disputed,
    )


def _of_order(pair: Pair, clusters: Clusters) -> list[Difference]:
    values = [_order_values(each) for each in pair.versions]
    errors = np.full(len(values[0]), np.nan)
    if not clusters.few and values[0][0] is not None:
        errors = clusters.spread(lambda draws, codes: _order_replicates(pair, draws, codes))
    names = ("auc", "average_precision", "calibration_error", "brier")
    whys = (ONE_OUTCOME, NO_HIT, NOTHING, NOTHING)
    rows: list[Difference] = []
    for name, why, first, second, error in zip(names, whys, *values, errors, strict=True):
        if first is None or second is None:
            rows.append(Difference(name, "", first, second, Measure(None, why=why)))
        else:
            measure = clusters.measure(second - first, float(error))
            rows.append(Difference(name, "", first, second, measure))
    return rows


def _order_values(lines: Lines) -> tuple[float | None, ...]:
    hit = lines.hit.astype(np.float64)
    return (
        metrics.auc(lines.score, lines.label),
        metrics.average_precision(lines.score, lines.label),
        expected_calibration_error(reliability(lines.probability, lines.label)),
        float(squared_errors(lines.probability, hit).mean()) if len(hit) else None,
    )


def _order_replicates(pair: Pair, draws: DayResamples, codes: NDArray[np.intp]) -> Floats:
    first, second = (_one_order(each, draws, codes) for each in pair.versions)
    return second - first


def _one_order(lines: Lines, draws: DayResamples, codes: NDArray[np.intp]) -> Floats:
    ranking = metrics.rank(lines.score, lines.label)
    order = resample_ranking(ranking, codes[ranking.rows], draws, shares=np.array(CUTS))
    count = draws.totals(np.ones(len(codes)), codes)
    gap = lines.hit - lines.probability
    errors = sum(
        (np.abs(draws.totals(np.where(bin_ == at, gap, 0.0), codes)) for bin_, at in _bins(lines)),
        start=np.zeros(draws.replicates),
    )
    loss = draws.totals(squared_errors(lines.probability, lines.hit.astype(np.float64)), codes)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.column_stack((order.auc, order.average_precision, errors / count, loss / count))


def _bins(lines: Lines) -> list[tuple[NDArray[np.intp], int]]:
    """Bins of the reliability table, as they stand on the lines themselves."""
    ends = np.array([row.high for row in reliability(lines.probability, lines.label)])
    place = np.searchsorted(ends, lines.probability, side="left")
    return [(place, at) for at in range(len(ends))]


def slope(lines: Lines) -> float | None:
    """Slope of the outcome's log-odds on those of the probability, among examined lines.

    Parameters
    ----------
    lines
        Scores and results.

    Returns
    -------
    float or None
        None without both outcomes, or without two different probabilities.

    Notes
    -----
    Cox, Biometrika 45, 1958: 1 when probabilities mean what they say, below 1 when they are too
    extreme. Fitted by scikit-learn.
    """
    from sklearn.linear_model import LogisticRegression

    hit = lines.hit[lines.examined].astype(np.float64)
    given = np.clip(lines.probability[lines.examined], 1e-9, 1 - 1e-9)
    odds = np.log(given / (1 - given))
    if not len(hit) or hit.min() == hit.max() or np.ptp(odds) < 1e-9:
        return None
    # Hardly any penalty: enough to keep a perfect order from running off to infinity.
    fit = LogisticRegression(C=1e4, tol=1e-8, max_iter=1000).fit(odds[:, None], hit)
    return float(fit.coef_[0, 0])
