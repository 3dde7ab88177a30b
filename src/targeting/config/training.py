"""Settings of a training run."""

from __future__ import annotations

from pydantic import Field

from targeting.config.base import Settings


class ModelSettings(Settings):
    """The gradient-boosted trees (LightGBM's own names and meanings)."""

    trees: int = Field(default=400, ge=1, le=20_000)
    learning_rate: float = Field(default=0.03, gt=0, le=1)
    leaves: int = Field(default=31, ge=2, le=4096)
    min_rows_in_leaf: int = Field(default=20, ge=1)
    row_share: float = Field(default=0.8, gt=0, le=1)
    column_share: float = Field(default=0.25, gt=0, le=1)
    l2: float = Field(default=5.0, ge=0)
    seed: int = 20_250_101
    threads: int = Field(default=2, ge=1, le=256)


class SplitSettings(Settings):
    """The temporal split behind one training run, in days.

    Parameters
    ----------
    test_days
        Length of the last block, on which the report's figures are measured.
    gap_days
        Days left out between training and test: the time a result takes to become known.
    calibration_days
        Length of the block before the gap on which probabilities are calibrated.
    """

    test_days: int = Field(default=60, ge=1)
    gap_days: int = Field(default=14, ge=0)
    calibration_days: int = Field(default=60, ge=1)


class TrainSettings(Settings):
    """One training run (`configs/train.yaml`)."""

    model: ModelSettings = ModelSettings()
    split: SplitSettings = SplitSettings()
    capacity: int = Field(default=5, ge=1, description="Examinations per office and day.")
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
