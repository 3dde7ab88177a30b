"""From what was known at a moment to a calibrated model: the one way a model is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.training.block import Block
from targeting.training.calibrate import Calibrator, fit_calibrator
from targeting.training.consignment import CONSIGNMENT, pooled
from targeting.training.expert import Expert, fit_blend
from targeting.training.model import HitHead, Lesson, Model, enough, fit_hits, fit_revenue
from targeting.training.propensity import CLOSED, LOT, fit_propensity
from targeting.training.views import ViewLesson, fit_views

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from targeting.config import SplitSettings, TrainSettings
    from targeting.training.block import Known
    from targeting.training.views import Views

    Floats = npt.NDArray[np.float64]


MOST_WEIGHT = 10.0
"""Times the mean beyond which one result must not count."""

LEVEL_ROWS = 2_000
"""Rows on which the expert score is brought to the level of the model."""


def fit(
    known: Known,
    settings: TrainSettings,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Model:
    """Train every head on all of the rows; probabilities are not calibrated yet.

    Parameters
    ----------
    known
        Examined declarations to learn from, and the unexamined ones beside them.
    settings
        How to train.
    progress
        Told the number of trees grown so far.

    Raises
    ------
    InputError
        If there are too few hits or clear results.
    """
    block, hit, how = known.block, known.hit, settings.model
    rows = lesson(known, settings)
    return Model(
        hit=_fit_head(rows, settings, progress),
        calibrator=Calibrator(why="no later block to calibrate on"),
        revenue=fit_revenue(block.matrix[hit], known.revenue[hit], block.spec, how),
        threads=how.threads,
        consignment_share=how.consignment_share,
        views=_fit_views(known, rows, settings),
    )


def _fit_head(rows: Lesson, settings: TrainSettings, progress: Callable[[int], None]) -> HitHead:
    """Train the members, and lay the expert score beside them; alone where hits are too few."""
    if settings.expert is None:
        return fit_hits(rows, settings.model, progress=progress)
    head = fit_hits(rows, settings.model, progress=progress) if rows.enough else HitHead()
    count = len(rows.matrix)
    some = rows.matrix[np.linspace(0, count - 1, min(LEVEL_ROWS, count)).astype(int)]
    learnt = head.learnt(some, threads=settings.model.threads)
    expert = Expert.over(settings.expert, rows.spec.names)
    return replace(head, blend=fit_blend(expert, some, model=learnt, hits=int(rows.hit.sum())))


def _fit_views(known: Known, rows: Lesson, settings: TrainSettings) -> Views | None:
    if not settings.views or not rows.enough:
        return None
    offence = np.full(len(rows.hit), None, dtype=object)
    offence[: len(known)] = known.offence
    return fit_views(
        ViewLesson(rows.matrix, rows.hit, offence),
        rows.weight,
        rows.spec,
        conveyance=settings.conveyance_offences,
        strength=settings.model.additive_penalty,
        monotone=settings.model.monotone,
    )


def lesson(known: Known, settings: TrainSettings) -> Lesson:
    """Put together the rows a model learns from: results, and unexamined lines beside them.

    Parameters
    ----------
    known
        Examined declarations, and the unexamined ones beside them.
    settings
        How much the unexamined ones weigh.
    """
    block, rest = known.block, known.unexamined
    weight = _weights(known, settings)
    if rest is None or not len(rest) or not settings.unexamined.weight:
        return Lesson(block.matrix, known.hit, weight, block.spec)
    each = settings.unexamined.weight * weight.sum() / len(rest)
    return Lesson(
        np.concatenate([block.matrix, rest.matrix]),
        np.concatenate([known.hit, np.zeros(len(rest), dtype=bool)]),
        np.concatenate([weight, np.full(len(rest), each)]),
        block.spec,
    )


def _weights(known: Known, settings: TrainSettings) -> Floats:
    """Weigh each result, the mean being 1; what a tip chose counts like the mean.

    Without unexamined lines nothing says who is chosen, and all weigh alike.
    """
    rest = known.unexamined
    if settings.weighting == "uniform" or rest is None or not len(rest):
        return np.ones(len(known))
    parts = (known.block, rest)
    whole = Block(
        pd.concat([part.rows[["declaration_id", "lodged_at"]] for part in parts]),
        np.concatenate([part.matrix for part in parts]),
        known.block.spec,
    )
    why = known.labels["selected_by"].to_numpy(dtype=object)
    # The unexamined lines are a sample, so chances are larger than in the traffic, all in one
    # proportion. The lot is learnt like every other reason, or its own would be on another scale.
    learnt = np.where(why == LOT, "lot", why).astype(object)
    selected_by = np.concatenate([learnt, np.full(len(rest), None, dtype=object)])
    chance = fit_propensity(whole, selected_by, seed=settings.model.seed).of(whole)[: len(known)]
    weight = (1 - chance) / chance
    tipped = np.isin(why.astype(str), CLOSED)
    weight = np.minimum(weight / weight[~tipped].mean(), MOST_WEIGHT)
    return np.where(tipped, 1.0, weight / weight[~tipped].mean())


def calibrated(
    model: Model, early: Model, later: Known, *, conveyance: Sequence[str] = ()
) -> Model:
    """Calibrate a model by an earlier one's scores on the block after it.

    Parameters
    ----------
    model
        The model to calibrate.
    early
        Made the same way, before the block.
    later
        Examined declarations none of which `early` has seen.
    conveyance
        Offences of the conveyance view.
    """
    sure = model.calibrated(fit_calibrator(score_known(early, later), later.hit))
    if model.views is None or early.views is None:
        return sure
    rows = ViewLesson(later.block.matrix, later.hit, later.offence)
    return replace(sure, views=model.views.calibrated(early.views, rows, conveyance))


def score_known(model: Model, known: Known) -> Floats:
    """Return raw scores of examined lines beside the others of their consignments, shape (n,).

    Parameters
    ----------
    model
        Any model.
    known
        Examined declarations, and their companions.
    """
    own, rows = model.score(known.block.matrix), known.block.rows
    beside = known.companions
    if beside is None:
        return pooled(own, rows, model.consignment_share)
    whole = pd.concat([part.rows.reindex(columns=CONSIGNMENT) for part in (known.block, beside)])
    score = np.concatenate([own, model.score(beside.matrix)])
    return pooled(score, whole, model.consignment_share)[: len(known)]


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
    ripe = known.before(moment.at, gap=moment.gap)
    model = fit(ripe, settings)
    before = known.before(moment.calibrate_from, gap=moment.gap)
    if not enough(before.hit):
        return model.calibrated(Calibrator(why="too few results before the calibration block"))
    later = ripe.take((ripe.labels["lodged_at"] >= moment.calibrate_from).to_numpy())
    return calibrated(model, fit(before, settings), later, conveyance=settings.conveyance_offences)
