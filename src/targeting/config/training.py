"""Settings of a training run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from targeting.config.base import Settings
from targeting.config.expert import ExpertSettings


class ModelSettings(Settings):
    """What a score is made of.

    Parameters
    ----------
    trees, learning_rate, leaves, min_rows_in_leaf, row_share, column_share, l2
        The gradient-boosted trees, by LightGBM's own meanings.
    bins
        Most values a number is cut into; fewer are faster and steadier.
    randomised
        Whether the trees' cuts are drawn at random, as in extremely randomised trees: steadier
        where hits are few.
    additive_share
        Share of the additive (ridge logistic) score beside the trees; 0 for none.
    additive_penalty
        Its ridge penalty.
    consignment_share
        How far a line's score moves to the mean of its consignment's lines.
    monotone
        Whether hit rates, and documents at odds with themselves, can only raise the score.
    seed, threads
        Of training; the same two give the same model.
    """

    trees: int = Field(default=600, ge=1, le=20_000)
    bins: int = Field(default=63, ge=2, le=255)
    randomised: bool = True
    additive_share: float = Field(default=0.33, ge=0, lt=1)
    additive_penalty: float = Field(default=1000.0, gt=0)
    consignment_share: float = Field(default=0.8, ge=0, le=1)
    monotone: bool = True
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


class UnexaminedSettings(Settings):
    """Lines nobody examined that a model may see beside the results, taken as clear.

    Parameters
    ----------
    per_examined
        Lines for each examined one; 0 for none.
    weight
        What they weigh together, over what the examined lines weigh together.
    at_most
        Largest number of lines.
    """

    per_examined: float = Field(default=2.0, ge=0, le=100)
    weight: float = Field(default=1.0, ge=0, le=10)
    at_most: int = Field(default=300_000, ge=0)


class TrainSettings(Settings):
    """One training run (`configs/train.yaml`).

    Parameters
    ----------
    model, split, unexamined, expert
        The score, the temporal blocks, the lines nobody examined, the expert score (null: none).
    weighting
        How much each result counts: all alike (`uniform`), or by one over the chance with which
        its line was examined (`inverse_propensity`).
    views
        Whether to learn the chances of an offence in the papers and with the conveyance apart.
    conveyance_offences
        Offences that show on the journey rather than in the papers.
    precedents
        Past examined lines the bundle carries, to lay beside new ones: all hits, then the newest
        clear lines. With them come their declaration ids; 0 leaves them out.
    capacity
        Examinations per office and day.
    currency
        Of the revenue, ISO 4217.
    """

    model: ModelSettings = ModelSettings()
    split: SplitSettings = SplitSettings()
    unexamined: UnexaminedSettings = UnexaminedSettings()
    expert: ExpertSettings | None = ExpertSettings()
    weighting: Literal["uniform", "inverse_propensity"] = "uniform"
    views: bool = True
    conveyance_offences: tuple[str, ...] = ("drugs", "tobacco", "weapons", "explosives", "cash")
    precedents: int = Field(default=20_000, ge=0, le=1_000_000)
    capacity: int = Field(default=5, ge=1, description="Examinations per office and day.")
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
