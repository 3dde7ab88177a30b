"""MLflow, the evaluator's home: runs, the registry and its aliases. No other room imports it."""

from targeting.tracking.store import (
    EXPERIMENT,
    REGISTERED,
    Store,
    Tracked,
    TrainingRecord,
    log_training,
    require_reachable,
    resolved,
)

__all__ = [
    "EXPERIMENT",
    "REGISTERED",
    "Store",
    "Tracked",
    "TrainingRecord",
    "log_training",
    "require_reachable",
    "resolved",
]
