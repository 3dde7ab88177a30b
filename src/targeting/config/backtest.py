"""Settings of a backtest: how the days are lived, and what is held against what."""

from __future__ import annotations

from pydantic import Field, field_validator

from targeting.config.base import Settings


class BacktestSettings(Settings):
    """How past days are lived again (`configs/backtest.yaml`).

    Parameters
    ----------
    block_days
        Days lived at a time: lines of a block are scored by what was learnt before it.
    retrain_every
        Blocks after which every version that learns learns again, from what is known by then.
    blocks
        Blocks lived when no days are named: the last ones whose results had time to become known.
    capacity
        Examinations per office and day: one number for all offices, or a number for each. An
        office without one opens as many as it examined on an average working day of
        `capacity_days`.
    capacity_days
        Days before the first one lived over which an office's own examinations are counted.
    shares
        Shares of each day's lines that a list may open, beside the offices' own capacity.
    baselines
        Names of the baselines to live the same days; none named means all of them.
    seed
        Of the resampling and of everything else that is drawn.
    """

    block_days: int = Field(default=7, ge=1, le=31)
    retrain_every: int = Field(default=4, ge=1, le=53)
    blocks: int = Field(default=12, ge=1, le=53)
    capacity: int | dict[str, int] | None = None
    capacity_days: int = Field(default=90, ge=7)
    shares: tuple[float, ...] = (0.01, 0.02, 0.05, 0.10)
    baselines: tuple[str, ...] = ()
    seed: int = 20_250_101

    @field_validator("capacity")
    @classmethod
    def _at_least_one(cls, value: int | dict[str, int] | None) -> int | dict[str, int] | None:
        lines = value.values() if isinstance(value, dict) else [1 if value is None else value]
        if any(each < 1 for each in lines):
            raise ValueError("an office opens at least 1 line a day")
        return value

    @field_validator("shares")
    @classmethod
    def _distinct_shares(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < share <= 1 for share in value) or len(set(value)) < len(value):
            raise ValueError("shares are distinct numbers above 0, up to 1")
        return value
