"""Rules of thumb: what a port does without a model, and what peers use as a yardstick."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from targeting.config import ExpertSettings
from targeting.errors import InputError
from targeting.training.baselines.base import Scored
from targeting.training.baselines.known import calibrated_on_all
from targeting.training.expert import Expert

if TYPE_CHECKING:
    from targeting.features.spec import FeatureSpec
    from targeting.training.baselines.base import Fitted, Floats
    from targeting.training.block import Block, Known
    from targeting.training.learn import Moment

_SEEN, _SINCE = "consignee_declarations", "consignee_days_since_first"
_NOT_STATED = -1e6
"""Score of a line without a consignee: below any number of days."""

HIT_RATES = ("consignee_hit_rate", "declarant_hit_rate", "hs6_hit_rate", "origin_hit_rate")
"""Shrunken hit rates of earlier lines, which the peers' risk profiles are made of."""


@dataclass(frozen=True, slots=True)
class NewestConsignee:
    """Opens the newest consignees first.

    A consignee never seen before comes first, then those first seen the fewest days ago; a line
    that states no consignee comes last, for nothing says that it is a new one.

    Parameters
    ----------
    name
        What reports call it.
    """

    name: str = "newest consignee"

    def learn(self, known: Known, moment: Moment) -> NewestConsignee:
        """Return itself: there is nothing to learn.

        Parameters
        ----------
        known
            Its features must know when a consignee was first seen.
        moment
            Not looked at.

        Raises
        ------
        InputError
            If they do not.
        """
        _require(known.block.spec, (_SEEN, _SINCE), at_least=2)
        return self

    def score(self, block: Block) -> Scored:
        """Score declarations by the days since the consignee was first seen.

        Parameters
        ----------
        block
            Declarations and their features.
        """
        seen, since = (block.column(name).astype(np.float64) for name in (_SEEN, _SINCE))
        score = np.where(seen > 0, -np.nan_to_num(since), 1.0)
        return Scored(np.where(np.isnan(seen), _NOT_STATED, score))


@dataclass(frozen=True, slots=True)
class _HitRates:
    names: tuple[str, ...]
    base: float

    def log_odds(self, block: Block) -> Floats:
        rates = np.stack([block.column(name).astype(np.float64) for name in self.names], axis=1)
        known = ~np.isnan(rates)
        count = known.sum(axis=1)
        mean = np.where(known, rates, 0.0).sum(axis=1) / np.maximum(count, 1)
        sure = np.clip(np.where(count > 0, mean, self.base), 1e-6, 1 - 1e-6)
        return np.log(sure / (1 - sure))


@dataclass(frozen=True, slots=True)
class EarlierHitRates:
    """Mean of the earlier hit rates of consignee, declarant, goods and origin.

    The risk profile of the published work, but as of the day: its peers take the mean over all
    training rows, the row itself among them. A rate that is not known is left out of the mean.

    Parameters
    ----------
    name
        What reports call it.
    """

    name: str = "earlier hit rates"

    def learn(self, known: Known, moment: Moment) -> Fitted:
        """Calibrate the mean of the rates; they themselves are features as of their day.

        Parameters
        ----------
        known
            Examined declarations; those unknown at the moment are left out.
        moment
            When it learns.

        Raises
        ------
        InputError
            If the features hold none of the rates.
        """
        names = _require(known.block.spec, HIT_RATES, at_least=1)
        old = known.before(moment.at, gap=moment.gap)
        base = (int(old.hit.sum()) + 1) / (len(old) + 20)
        return calibrated_on_all(_HitRates(names, base), old)


@dataclass(frozen=True, slots=True)
class _Points:
    expert: Expert

    def log_odds(self, block: Block) -> Floats:
        return self.expert.score(block.matrix)


@dataclass(frozen=True, slots=True)
class ExpertScore:
    """The additive expert score alone, as at a unit that has found nothing yet.

    Parameters
    ----------
    settings
        Indicators and their points.
    name
        What reports call it.
    """

    settings: ExpertSettings = field(default_factory=ExpertSettings)
    name: str = "expert score"

    def learn(self, known: Known, moment: Moment) -> Fitted:
        """Calibrate the score; its points are people's and stay as they are.

        Parameters
        ----------
        known
            Examined declarations; those unknown at the moment are left out.
        moment
            When it learns.
        """
        expert = Expert.over(self.settings, known.block.spec.names)
        return calibrated_on_all(_Points(expert), known.before(moment.at, gap=moment.gap))


def _require(spec: FeatureSpec, names: tuple[str, ...], *, at_least: int) -> tuple[str, ...]:
    """Return those of the features that are at hand; refuse when they are too few."""
    at_hand = tuple(name for name in names if name in spec.names)
    if len(at_hand) < at_least:
        raise InputError(
            "the features do not hold what this baseline ranks by",
            where="the feature settings",
            found=f"{len(at_hand)} of {', '.join(names)}",
            do="Follow the keys they are named after, or leave the baseline out.",
        )
    return at_hand
