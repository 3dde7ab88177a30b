"""Fitting the models of a run: each repeats, later, what the one before did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.training.calibrate import Calibrator, fit_calibrator
from targeting.training.model import Model, RevenueHead, fit_hit_trees, fit_revenue

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.config import TrainSettings
    from targeting.pipeline.prepare import Prepared

    Bools = npt.NDArray[np.bool_]


def fit(prepared: Prepared, settings: TrainSettings, rows: Bools, calibrator: Calibrator) -> Model:
    """Train both heads on some of the rows.

    Parameters
    ----------
    prepared
        Labels and features.
    settings
        How to train.
    rows
        Shape (n,). Which rows to learn from.
    calibrator
        From raw score to probability.
    """
    matrix, hit = prepared.matrix[rows], prepared.hit[rows]
    revenue = prepared.labels["revenue_recovered"].to_numpy(dtype=np.float64, na_value=np.nan)
    return Model(
        hit=fit_hit_trees(matrix, hit, prepared.spec, settings.model),
        calibrator=calibrator,
        revenue=fit_revenue(matrix[hit], revenue[rows][hit], prepared.spec, settings.model),
        threads=settings.model.threads,
    )


def calibrated_on(prepared: Prepared, settings: TrainSettings) -> Calibrator:
    """Calibrate by an earlier model's scores on the block after it.

    Parameters
    ----------
    prepared
        Labels and features.
    settings
        How to train.
    """
    blocks = prepared.split
    if not prepared.enough(blocks.early):
        return Calibrator(why="too few results before the calibration block")
    trees = fit_hit_trees(
        prepared.matrix[blocks.early], prepared.hit[blocks.early], prepared.spec,
        settings.model,
    )  # fmt: skip
    early = Model(trees, Calibrator(), RevenueHead(), settings.model.threads)
    later = blocks.calibrate
    return fit_calibrator(early.score(prepared.matrix[later]), prepared.hit[later])
