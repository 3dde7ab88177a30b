"""What the small JSON files of a bundle hold."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from targeting.config import FeatureSettings, Settings
from targeting.training.calibrate import Calibrator


class RevenueRecord(Settings):
    """The revenue head beside its trees."""

    mean: float | None = None
    trees: bool = False


class FeatureRecord(Settings):
    """`features.json`: names in order, type, family, and the levels of each category."""

    names: tuple[str, ...]
    families: tuple[str, ...]
    dtype: Literal["float32"] = "float32"
    levels: dict[str, tuple[str, ...]]
    settings: FeatureSettings


class MembersRecord(Settings):
    """Which heads and members there are, each in a file of its own; the additive one's share."""

    trees: bool = True
    linear: bool = False
    linear_share: float = Field(default=0.0, ge=0, lt=1)
    expert: bool = False
    views: bool = False


class HeadsRecord(Settings):
    """`calibrator.json`: what stands beside the trees."""

    calibrator: Calibrator
    members: MembersRecord = Field(default_factory=MembersRecord)
    revenue: RevenueRecord = Field(default_factory=RevenueRecord)
