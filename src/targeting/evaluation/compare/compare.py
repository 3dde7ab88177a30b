"""Two versions of a model, held against each other on the same days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.calibration import expected_calibration_error, reliability
from targeting.evaluation.compare.agreement import judge_agreement
from targeting.evaluation.compare.examined import judge_examined, slope
from targeting.evaluation.compare.findings import CalibrationRow, Comparison, VersionRow
from targeting.evaluation.compare.moved import moved
from targeting.evaluation.compare.pair import Pair
from targeting.evaluation.compare.paired import Clusters
from targeting.evaluation.compare.policy import judge_recommended
from targeting.evaluation.compare.slices import judge_slices
from targeting.evaluation.compare.truth import aligned, judge_truth
from targeting.evaluation.lines import require_capacity
from targeting.evaluation.measures import Accounting, ReliabilityRow
from targeting.evaluation.parts import wilson_measure

if TYPE_CHECKING:
    import pandas as pd

    from targeting.evaluation.compare.moved import Weights
    from targeting.evaluation.compare.policy import Selection
    from targeting.evaluation.lines import Lines

SEED = 20_250_101


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One of the two versions and what it said.

    Parameters
    ----------
    row
        Its name, digest and cut-off.
    scores
        Its scores of every line lodged in the days compared.
    weights
        What its scores rest on.
    """

    row: VersionRow
    scores: pd.DataFrame
    weights: Weights


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What both versions are held against.

    Parameters
    ----------
    examined
        From `targeting.training.labels.examined`.
    context
        `declaration_id`, `consignee_id` and columns to slice by, of every line scored.
    capacity
        Examinations per office and day.
    selection
        How lines came to be examined, in order of `declaration_id`; None when not estimated.
    truth
        From `targeting.evaluation.compare.truth.read_truth`; None outside a simulated world.
    learnt_from
        Why the days are not clean of what a version learnt; empty when they are.
    data
        SHA-256 of each table.
    time_zone
        IANA name; a day closes at midnight there.
    seed
        Of the draws.
    """

    examined: pd.DataFrame
    context: pd.DataFrame
    capacity: int
    selection: Selection | None = None
    truth: pd.DataFrame | None = None
    learnt_from: str = ""
    data: tuple[tuple[str, str], ...] = ()
    time_zone: str = "UTC"
    seed: int = SEED


def compare(first: Version, second: Version, ground: Ground) -> Comparison:
    """Hold two versions against each other on the same lines.

    Parameters
    ----------
    first, second
        The versions; every difference is the second less the first.
    ground
        Results and settings.

    Raises
    ------
    ConfigError
        If the capacity is below 1.
    ContractError
        If the two scored different lines, or the truth is of another world.
    """
    require_capacity(ground.capacity)
    pair = Pair.of(
        (first.scores, second.scores),
        ground.examined,
        ground.context,
        capacity=ground.capacity,
        time_zone=ground.time_zone,
    )
    truth = None if ground.truth is None else aligned(ground.truth, pair)
    found = None if truth is None else truth["would_be_found"].to_numpy(np.float64)
    estimator, recommended = judge_recommended(pair, ground.selection, seed=ground.seed)
    return Comparison(
        first=first.row,
        second=second.row,
        accounting=_accounting(pair.first),
        capacity=ground.capacity,
        learnt_from=ground.learnt_from,
        examined=judge_examined(pair, seed=ground.seed),
        estimator=estimator,
        recommended=recommended,
        truth=() if truth is None else judge_truth(pair, truth, seed=ground.seed),
        slices=judge_slices(pair, seed=ground.seed),
        agreement=judge_agreement(pair, found),
        calibration=(_calibration(pair.first), _calibration(pair.second)),
        moved=moved(first.weights, second.weights),
        data=dict(ground.data),
        time_zone=ground.time_zone,
        seed=ground.seed,
        replicates=_draws(pair, ground.seed),
    )


def _draws(pair: Pair, seed: int) -> int:
    known = pair.take(pair.first.examined)
    return Clusters.of(known.first.day, known.consignee, seed=seed).draws


def _accounting(lines: Lines) -> Accounting:
    known = lines.examined
    days = np.unique(lines.day[known])
    return Accounting(
        rows_scored=len(lines.label),
        examined=int(known.sum()),
        unknown=int((~known).sum()),
        hits=int(lines.hit.sum()),
        clear=int((known & ~lines.hit).sum()),
        examined_not_scored=lines.examined_not_scored,
        days=len(days),
        offices=len(set(lines.office[known])),
        first_day=str(days[0]) if len(days) else "",
        last_day=str(days[-1]) if len(days) else "",
    )


def _calibration(lines: Lines) -> CalibrationRow:
    table = reliability(lines.probability, lines.label)
    known = lines.examined
    return CalibrationRow(
        mean_probability=float(lines.probability[known].mean()) if known.any() else None,
        hit_rate=wilson_measure(int(lines.hit.sum()), int(known.sum())),
        error=expected_calibration_error(table),
        slope=slope(lines),
        table=tuple(
            ReliabilityRow(
                low=row.low,
                high=row.high,
                examined=row.examined,
                hits=row.hits,
                mean_probability=row.mean_probability,
                hit_rate=wilson_measure(row.hits, row.examined),
            )
            for row in table
        ),
    )
