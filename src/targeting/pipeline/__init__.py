"""The training run as a list of steps, from labels to the registered bundle."""

from targeting.pipeline.prepare import Plan, Prepared, prepare
from targeting.pipeline.run import TrainingReport, train
from targeting.pipeline.steps import Step, Steps

__all__ = ["Plan", "Prepared", "Step", "Steps", "TrainingReport", "prepare", "train"]
