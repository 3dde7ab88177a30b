"""What rankers share: what was known at a moment, and probabilities from a later block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from targeting.training.baselines.base import Scored
from targeting.training.baselines.draw import RandomOrder
from targeting.training.calibrate import Calibrator, fit_calibrator
from targeting.training.model import enough

if TYPE_CHECKING:
    from collections.abc import Callable

    from targeting.training.baselines.base import Fitted, Floats
    from targeting.training.block import Block, Known
    from targeting.training.learn import Moment


class LogOdds(Protocol):
    """Something that says log-odds of declarations."""

    def log_odds(self, block: Block) -> Floats:
        """Return log-odds of a hit, shape (n,).

        Parameters
        ----------
        block
            Declarations and their features.
        """
        ...


def mean_revenue(known: Known) -> float | None:
    """Return the mean revenue of the hits that recorded one; None when none did.

    Parameters
    ----------
    known
        Examined declarations.
    """
    revenue = known.revenue[known.hit]
    stated = revenue[np.isfinite(revenue)]
    return float(stated.mean()) if len(stated) and stated.mean() > 0 else None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Log-odds with a calibration: a fitted ranker.

    Parameters
    ----------
    source
        Says the log-odds, which are the score.
    calibrator
        From log-odds to probability.
    revenue
        Revenue of a hit, the same for every line; None where none is known.
    """

    source: LogOdds
    calibrator: Calibrator
    revenue: float | None = None

    def score(self, block: Block) -> Scored:
        """Score declarations.

        Parameters
        ----------
        block
            Declarations and their features.
        """
        score = self.source.log_odds(block)
        probability = self.calibrator.probability(score)
        worth = None if self.revenue is None else self.revenue * probability
        return Scored(score, probability, worth)


def calibrated_on_all(source: LogOdds, known: Known) -> Calibrated:
    """Calibrate log-odds that took nothing from the results they are held against.

    Parameters
    ----------
    source
        Says the log-odds.
    known
        What was known at the moment.
    """
    calibrator = fit_calibrator(source.log_odds(known.block), known.hit)
    return Calibrated(source, calibrator, mean_revenue(known))


def learnt(known: Known, moment: Moment, fit: Callable[[Known], LogOdds]) -> Fitted:
    """Fit on all that was known, and calibrate by an earlier fit on the block after it.

    Parameters
    ----------
    known
        Examined declarations.
    moment
        When it learns.
    fit
        Learns from examined declarations.

    Returns
    -------
    Fitted
        Draws by lot where there are too few hits or clear results to learn from.
    """
    old = known.before(moment.at, gap=moment.gap)
    if not enough(old.hit):
        return RandomOrder()
    source = fit(old)
    before = known.before(moment.calibrate_from, gap=moment.gap)
    if not enough(before.hit):
        why = "too few results before the calibration block"
        return Calibrated(source, Calibrator(why=why), mean_revenue(old))
    later = old.take((old.labels["lodged_at"] >= moment.calibrate_from).to_numpy())
    calibrator = fit_calibrator(fit(before).log_odds(later.block), later.hit)
    return Calibrated(source, calibrator, mean_revenue(old))
