"""Settings of the gates a version must pass to become champion."""

from __future__ import annotations

from pydantic import Field, model_validator

from targeting.config.base import Settings


class EnoughSettings(Settings):
    """What a judgement must rest on before it is one.

    Parameters
    ----------
    examined, hits, days
        Fewest examined lines, hits among them, and days with an examined line.
    """

    examined: int = Field(default=300, ge=1)
    hits: int = Field(default=30, ge=1)
    days: int = Field(default=14, ge=1)


class OverallSettings(Settings):
    """How much worse a version may be at most, and how sure that must be.

    Parameters
    ----------
    largest_loss
        Share of the champion's hits per opened line at capacity that may be lost.
    confidence
        One-sided confidence that no more than that is lost.
    """

    largest_loss: float = Field(default=0.1, ge=0, lt=1)
    confidence: float = Field(default=0.9, gt=0.5, lt=1)


class SliceSettings(Settings):
    """When a part of the traffic counts as collapsed.

    Parameters
    ----------
    largest_fall
        Largest fall of the share of its hits that is opened at capacity.
    hits
        Fewest hits of a part that is judged.
    confidence
        One-sided confidence that it fell at all, above which a fall is no chance.
    """

    largest_fall: float = Field(default=0.15, ge=0, le=1)
    hits: int = Field(default=20, ge=5)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)


class CalibrationSettings(Settings):
    """How far probabilities may be from what was found.

    Parameters
    ----------
    largest_error
        Largest calibration error.
    lowest_slope, highest_slope
        Range of the slope; 1 is right.
    """

    largest_error: float = Field(default=0.08, gt=0, le=1)
    lowest_slope: float = Field(default=0.6, gt=0)
    highest_slope: float = Field(default=1.6, gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> CalibrationSettings:
        if self.lowest_slope >= self.highest_slope:
            raise ValueError("lowest_slope must be below highest_slope")
        return self


class PromoteSettings(Settings):
    """The gates of `targeting promote` (`configs/promote.yaml`).

    Parameters
    ----------
    oldest_days
        Days after which a comparison is too old to be evidence.
    """

    enough: EnoughSettings = EnoughSettings()
    overall: OverallSettings = OverallSettings()
    slices: SliceSettings = SliceSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    oldest_days: int = Field(default=30, ge=1)
