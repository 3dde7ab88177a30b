"""Rankers to hold a model against: chance, rules of thumb, and what others published.

Each learns from what was known at a moment and from nothing else, and gives the same figures for
the same rows whatever their order. One that learns from results draws by lot while they are fewer
than `targeting.training.model.LEAST_HITS` hits or clears.
"""

from __future__ import annotations

from targeting.training.baselines.base import Fitted, Ranker, Scored
from targeting.training.baselines.draw import RandomOrder
from targeting.training.baselines.learners import OddOnesOut, RawLightGBM, RegularisedLogistic
from targeting.training.baselines.rules import EarlierHitRates, ExpertScore, NewestConsignee

BASELINES: tuple[Ranker, ...] = (
    RandomOrder(),
    NewestConsignee(),
    ExpertScore(),
    EarlierHitRates(),
    RegularisedLogistic(),
    OddOnesOut(),
    RawLightGBM(),
)
"""Every baseline, the simplest first."""

__all__ = [
    "BASELINES",
    "EarlierHitRates",
    "ExpertScore",
    "Fitted",
    "NewestConsignee",
    "OddOnesOut",
    "RandomOrder",
    "Ranker",
    "RawLightGBM",
    "RegularisedLogistic",
    "Scored",
]
