"""Settings: `configs/*.yaml` read into frozen, typed objects.

Every default lives in its class, once. A key the class does not know is refused with the file,
the key and the nearest known one; all mistakes of a file are told at once.
"""

from targeting.config.advice import AdviceSettings, LookSettings, PointedScheme, said
from targeting.config.backtest import BacktestSettings
from targeting.config.base import Settings, load, parse, read_yaml
from targeting.config.expert import ConditionSettings, ExpertSettings, IndicatorSettings
from targeting.config.features import (
    ALL,
    DEFAULT_KEYS,
    DEFAULT_LINKS,
    FeatureSettings,
    KeyMeasure,
    KeySettings,
    KeyStatistic,
    LinkSettings,
    short_name,
)
from targeting.config.promote import PromoteSettings
from targeting.config.shortlist import ShortlistSettings
from targeting.config.training import (
    ModelSettings,
    SplitSettings,
    TrainSettings,
    UnexaminedSettings,
)
from targeting.config.tune import FoldSettings, RangeSettings, TuneSettings

__all__ = [
    "ALL",
    "DEFAULT_KEYS",
    "DEFAULT_LINKS",
    "AdviceSettings",
    "BacktestSettings",
    "ConditionSettings",
    "ExpertSettings",
    "FeatureSettings",
    "FoldSettings",
    "IndicatorSettings",
    "KeyMeasure",
    "KeySettings",
    "KeyStatistic",
    "LinkSettings",
    "LookSettings",
    "ModelSettings",
    "PointedScheme",
    "PromoteSettings",
    "RangeSettings",
    "Settings",
    "ShortlistSettings",
    "SplitSettings",
    "TrainSettings",
    "TuneSettings",
    "UnexaminedSettings",
    "load",
    "parse",
    "read_yaml",
    "said",
    "short_name",
]
