"""MLflow, the evaluator's home: runs, the registry and its aliases. No other room imports it."""

from targeting.tracking.fetching import resolved
from targeting.tracking.judgements import log_evaluation
from targeting.tracking.names import CHOSEN_BY, Curve, Kind, Step, series
from targeting.tracking.promotions import (
    Promotion,
    aliases,
    history,
    roll_back,
    set_champion,
    version_of,
)
from targeting.tracking.store import EXPERIMENT, REGISTERED, Store, require_reachable
from targeting.tracking.training import Tracked, TrainingRecord, log_training
from targeting.tracking.trials import Trial, log_trials

__all__ = [
    "CHOSEN_BY",
    "EXPERIMENT",
    "REGISTERED",
    "Curve",
    "Kind",
    "Promotion",
    "Step",
    "Store",
    "Tracked",
    "TrainingRecord",
    "Trial",
    "aliases",
    "history",
    "log_evaluation",
    "log_training",
    "log_trials",
    "require_reachable",
    "resolved",
    "roll_back",
    "series",
    "set_champion",
    "version_of",
]
