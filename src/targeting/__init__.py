"""Risk targeting for customs: declarations in, a shortlist with reasons out.

The names below are the Python API; each is imported when it is first used, so that
`import targeting` stays light. The command line (`targeting --help`) is a thin layer over them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from targeting.config import FeatureSettings as FeatureSettings
    from targeting.config import ShortlistSettings as ShortlistSettings
    from targeting.config import TrainSettings as TrainSettings
    from targeting.config import load as load_settings
    from targeting.demo import run_demo as run_demo
    from targeting.errors import TargetingError as TargetingError
    from targeting.evaluation.run import evaluate_scores as evaluate_scores
    from targeting.features.spec import registry as feature_registry
    from targeting.pipeline import Plan as Plan
    from targeting.pipeline import Steps as Steps
    from targeting.pipeline import train as train
    from targeting.scoring.scorer import Scorer as Scorer
    from targeting.scoring.scores import read_scores as read_scores
    from targeting.scoring.scores import write_scores as write_scores
    from targeting.shortlist.make import make_shortlist as make_shortlist
    from targeting.tables.check import check as check_tables
    from targeting.tables.folder import TablesFolder as TablesFolder
    from targeting.tracking import Store as Store
    from targeting.training.labels import examined as examined

_HOME = {
    "FeatureSettings": ("config", "FeatureSettings"),
    "Plan": ("pipeline", "Plan"),
    "Scorer": ("scoring.scorer", "Scorer"),
    "ShortlistSettings": ("config", "ShortlistSettings"),
    "Steps": ("pipeline", "Steps"),
    "Store": ("tracking", "Store"),
    "TablesFolder": ("tables.folder", "TablesFolder"),
    "TargetingError": ("errors", "TargetingError"),
    "TrainSettings": ("config", "TrainSettings"),
    "check_tables": ("tables.check", "check"),
    "evaluate_scores": ("evaluation.run", "evaluate_scores"),
    "examined": ("training.labels", "examined"),
    "feature_registry": ("features.spec", "registry"),
    "load_settings": ("config", "load"),
    "make_shortlist": ("shortlist.make", "make_shortlist"),
    "read_scores": ("scoring.scores", "read_scores"),
    "run_demo": ("demo", "run_demo"),
    "train": ("pipeline", "train"),
    "write_scores": ("scoring.scores", "write_scores"),
}

__all__ = [
    "FeatureSettings",
    "Plan",
    "Scorer",
    "ShortlistSettings",
    "Steps",
    "Store",
    "TablesFolder",
    "TargetingError",
    "TrainSettings",
    "check_tables",
    "evaluate_scores",
    "examined",
    "feature_registry",
    "load_settings",
    "make_shortlist",
    "read_scores",
    "run_demo",
    "train",
    "write_scores",
]


def __getattr__(name: str) -> object:
    """Import a name of the API when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'targeting' has no attribute '{name}'")
    module, attribute = _HOME[name]
    return getattr(import_module(f"targeting.{module}"), attribute)


def __dir__() -> list[str]:
    return __all__
