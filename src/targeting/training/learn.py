"""From what was known at a moment to a calibrated model: the one way a model is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from targeting.training.calibrate import Calibrator, fit_calibrator
from targeting.training.model import LEAST_HITS, Model, fit_hit_trees, fit_revenue
from targeting.training.splits import mature

if TYPE_CHECKING:
    from datetime import datetime

    from targeting.config import SplitSettings, TrainSettings
    from targeting.training.block import Known


def fit(known: Known, settings: TrainSettings) -> Model:
    """Train every head on all of the rows; probabilities are not calibrated yet.

    Parameters
    ----------
    known
        Examined declarations to learn from.
    settings
        How to train.

    Raises
    ------
    InputError
        If there are too few hits or clear results.
    """
    block, hit, how = known.block, known.hit, settings.model
    return Model(
        hit=fit_hit_trees(block.matrix, hit, block.spec, how),
        calibrator=Calibrator(why="no later block to calibrate on"),
        revenue=fit_revenue(block.matrix[hit], known.revenue[hit], block.spec, how),
        threads=how.threads,
    )


def calibrated(model: Model, early: Model, later: Known) -> Model:
    """Calibrate a model by an earlier one's scores on the block after it.

    Parameters
    ----------
    model
        The model to calibrate.
    early
        Made the same way, before the block.
    later
        Examined declarations neither of which `early` has seen.
    """
    return model.calibrated(fit_calibrator(early.score(later.block.matrix), later.hit))


@dataclass(frozen=True, slots=True)
class Moment:
    """When a model is made, and what it may then know.

    Parameters
    ----------
    at
        Nothing known at this moment or later is used.
    split
        Durations of the gap and of the calibration block.
    """

    at: datetime
    split: SplitSettings

    @property
    def gap(self) -> timedelta:
        """The label delay."""
        return timedelta(days=self.split.gap_days)

    @property
    def calibrate_from(self) -> datetime:
        """When the calibration block begins."""
        return self.at - self.gap - timedelta(days=self.split.calibration_days)


def learn(known: Known, settings: TrainSettings, moment: Moment) -> Model:
    """Make a model of what was known at a moment, calibrated on the last block before it.

    Parameters
    ----------
    known
        Examined declarations; those unknown at the moment are left out.
    settings
        How to train.
    moment
        When it is made.

    Raises
    ------
    InputError
        If too few results were known.
    """
    ripe = mature(known.labels, moment.at, gap=moment.gap)
    model = fit(known.take(ripe), settings)
    before = mature(known.labels, moment.calibrate_from, gap=moment.gap)
    if not _enough(known.take(before)):
        why = "too few results before the calibration block"
        return model.calibrated(Calibrator(why=why))
    later = ripe & (known.labels["lodged_at"] >= moment.calibrate_from).to_numpy()
    return calibrated(model, fit(known.take(before), settings), known.take(later))


def _enough(known: Known) -> bool:
    hits = int(known.hit.sum())
    return min(hits, len(known) - hits) >= LEAST_HITS
