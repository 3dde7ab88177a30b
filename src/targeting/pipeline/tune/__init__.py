"""The tuning run: cut folds, try settings, and say whether it paid on days no trial has seen."""

from targeting.pipeline.tune.files import TunedFiles
from targeting.pipeline.tune.prepare import Ground, TunePlan, prepare_ground
from targeting.pipeline.tune.run import TuneReport, conclude, search, tune
from targeting.pipeline.tune.verdict import HeldOut, Verdict

__all__ = [
    "Ground",
    "HeldOut",
    "TunePlan",
    "TuneReport",
    "TunedFiles",
    "Verdict",
    "conclude",
    "prepare_ground",
    "search",
    "tune",
]
