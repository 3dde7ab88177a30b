"""Settings of tuning: what is tried, and the blocks of time it is tried on."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from targeting.config.base import Settings
from targeting.config.training import ModelSettings
from targeting.errors import near_matches

NOT_SEARCHED = ("seed", "threads")
"""Of `model`: the luck of the draw and the machine are no qualities of a setting."""


class RangeSettings(Settings):
    """Values of one setting that are tried: from `low` to `high`, or a list of `choices`.

    Parameters
    ----------
    low, high
        Bounds, both included.
    log
        Whether steps are even as ratios rather than as differences.
    choices
        The values themselves, for a setting that is no number.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[bool | int | float | str | None, ...] = ()

    @model_validator(mode="after")
    def _bounds_or_choices(self) -> Self:
        if self.choices:
            if (self.low, self.high, self.log) != (None, None, False):
                raise ValueError("give `low` and `high`, or `choices`, not both")
            return self
        if self.low is None or self.high is None:
            raise ValueError("give both `low` and `high`, or `choices`")
        if self.low > self.high:
            raise ValueError(f"`low` ({self.low:g}) is above `high` ({self.high:g})")
        if self.log and self.low <= 0:
            raise ValueError("with `log`, `low` is above 0")
        return self

    @property
    def ends(self) -> tuple[Any, ...]:
        """The choices, or both bounds."""
        return self.choices or (self.low, self.high)

    def holds(self, value: object) -> bool:
        """Tell whether a value is among those tried.

        Parameters
        ----------
        value
            Of the setting.

        Examples
        --------
        >>> RangeSettings(low=10, high=20).holds(20), RangeSettings(choices=("a",)).holds("b")
        (True, False)
        """
        if self.choices:
            return value in self.choices
        if not isinstance(value, int | float) or self.low is None or self.high is None:
            return False
        return self.low <= value <= self.high


DEFAULT_SEARCH: dict[str, RangeSettings] = {
    "trees": RangeSettings(low=100, high=1200, log=True),
    "learning_rate": RangeSettings(low=0.01, high=0.15, log=True),
    "leaves": RangeSettings(low=4, high=96, log=True),
    "min_rows_in_leaf": RangeSettings(low=5, high=200, log=True),
    "row_share": RangeSettings(low=0.5, high=1.0),
    "column_share": RangeSettings(low=0.05, high=0.8, log=True),
    "l2": RangeSettings(low=0.1, high=100.0, log=True),
}


class FoldSettings(Settings):
    """Blocks of time a setting is tried on, in days: train, gap, test, and on by a step.

    Parameters
    ----------
    count
        Number of folds; fewer when the history is too short for them.
    test_days
        Length of a test block.
    gap_days
        Days left out between training and test: the time a result takes to become known.
    step_days
        Days from one test block to the next; None is `test_days`, blocks end to end.
    train_days
        Length of a window that slides; None is one that grows: all history before the gap.
    """

    count: int = Field(default=4, ge=1, le=100)
    test_days: int = Field(default=30, ge=1)
    gap_days: int = Field(default=14, ge=0)
    step_days: int | None = Field(default=None, ge=1)
    train_days: int | None = Field(default=None, ge=1)

    @property
    def step(self) -> int:
        """Days from one test block to the next."""
        return self.test_days if self.step_days is None else self.step_days

    @property
    def needed_days(self) -> int:
        """Days from the first fold's moment to the end of the data."""
        return (self.count - 1) * self.step + self.test_days + self.gap_days


class TuneSettings(Settings):
    """One tuning run (`configs/tune.yaml`).

    Parameters
    ----------
    trials
        Settings tried in all, the present ones being the first; a study that goes on counts
        those it has.
    random_trials
        Trials drawn at random before the search learns from them.
    prune
        Whether a trial that lags behind the median of the earlier ones is given up between folds.
    seed
        Same seed, same data: same trials.
    capacity
        Examinations per office and day that hits are counted at; None is the capacity of
        configs/train.yaml. Below it where few more lines are examined than capacity: there the
        order hardly matters.
    held_out_days
        Length of the last block, which no trial sees; default and best are compared there.
    folds
        Blocks of time the trials are judged on.
    search
        For each setting of `model` in configs/train.yaml, the values tried; those not named
        here stay as they are.
    """

    trials: int = Field(default=40, ge=1, le=100_000)
    random_trials: int = Field(default=10, ge=1)
    prune: bool = True
    seed: int = Field(default=20_250_101, ge=0, le=2**32 - 1)
    capacity: int | None = Field(default=None, ge=1)
    held_out_days: int = Field(default=60, ge=1)
    folds: FoldSettings = FoldSettings()
    search: dict[str, RangeSettings] = Field(default=DEFAULT_SEARCH, min_length=1)

    @model_validator(mode="after")
    def _searchable(self) -> Self:
        told = [text for name, values in self.search.items() for text in _unfit(name, values)]
        if told:
            raise ValueError("; ".join(told))
        return self


def _unfit(name: str, values: RangeSettings) -> list[str]:
    """Say why a setting cannot be searched in these values."""
    searched = [one for one in ModelSettings.model_fields if one not in NOT_SEARCHED]
    if name in NOT_SEARCHED:
        return [f"search.{name}: is not searched; set it in configs/train.yaml"]
    if name not in searched:
        return [f"search.{name}: no setting of `model`. {near_matches(name, searched)}"]
    told = []
    for value in values.ends:
        try:
            ModelSettings.model_validate({name: value})
        except ValidationError as error:
            told.append(f"search.{name}: {value} does not do: {error.errors()[0]['msg']}")
    return told
