"""Settings: `configs/*.yaml` read into frozen, typed objects.

Every default lives in its class, once. A key the class does not know is refused with the file,
the key and the nearest known one; all mistakes of a file are told at once.
"""

from targeting.config.base import Settings, load, parse, read_yaml
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
from targeting.config.shortlist import ShortlistSettings
from targeting.config.training import ModelSettings, SplitSettings, TrainSettings

__all__ = [
    "ALL",
    "DEFAULT_KEYS",
    "DEFAULT_LINKS",
    "FeatureSettings",
    "KeyMeasure",
    "KeySettings",
    "KeyStatistic",
    "LinkSettings",
    "ModelSettings",
    "Settings",
    "ShortlistSettings",
    "SplitSettings",
    "TrainSettings",
    "load",
    "parse",
    "read_yaml",
    "short_name",
]
