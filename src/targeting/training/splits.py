"""Temporal splits, in durations: what would have been known when, and nothing later.

A label takes time to become known, so every block ends a gap before the moment its rows are
used: the lines lodged in the gap are still partly unknown, and the known part of them is not a
fair sample (a seizure takes longer to confirm than a clear result).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from targeting.config import SplitSettings

    Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Split:
    """The blocks of one training run, as masks over its examined rows.

    Three models are trained. The earliest calibrates the second; the second is judged on the
    test block, and its scores there calibrate the third, which is shipped. Each repeats what
    the one before did, later, so the figures are those of the procedure that is shipped.

    Parameters
    ----------
    early, calibrate
        Rows of the first model, and the later rows whose scores calibrate the second.
    train, test
        Rows of the second model, and the later rows it is judged on.
    ship
        Rows of the shipped model.
    test_from, test_until
        Moments between which the test block was lodged.
    settings
        The durations used; shorter than configured when the history is short.
    """

    early: Bools
    calibrate: Bools
    train: Bools
    test: Bools
    ship: Bools
    test_from: datetime
    test_until: datetime
    settings: SplitSettings


def split(examined: pd.DataFrame, *, cut_off: datetime, settings: SplitSettings) -> Split:
    """Cut the examined rows into blocks before a cut-off.

    Parameters
    ----------
    examined
        From `targeting.training.labels.examined` with the same cut-off.
    cut_off
        Nothing known at or after this moment is used.
    settings
        Durations of the blocks. When the history is too short for them, test and calibration
        block shrink to a sixth of it each and the gap to a twentieth.

    Returns
    -------
    Split
        Masks over the rows of `examined`.
    """
    fitted = _fitted(examined, cut_off, settings)
    gap, test, calibration = (
        timedelta(days=days)
        for days in (fitted.gap_days, fitted.test_days, fitted.calibration_days)
    )
    test_until = cut_off - gap
    test_from = test_until - test
    calibrate_until = test_from - gap
    calibrate_from = calibrate_until - calibration
    lodged = examined["lodged_at"]
    return Split(
        early=mature(examined, calibrate_from, gap=gap),
        calibrate=mature(examined, test_from, gap=gap) & (lodged >= calibrate_from).to_numpy(),
        train=mature(examined, test_from, gap=gap),
        test=mature(examined, cut_off, gap=gap) & (lodged >= test_from).to_numpy(),
        ship=mature(examined, cut_off, gap=gap),
        test_from=test_from,
        test_until=test_until,
        settings=fitted,
    )


def mature(examined: pd.DataFrame, moment: datetime, *, gap: timedelta) -> Bools:
    """Mark the rows a model made at a moment may learn from.

    Lodged at least a gap before the moment, and the result known before it.

    Parameters
    ----------
    examined
        With columns `lodged_at` and `known_at`.
    moment
        When the model is made.
    gap
        The label delay.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-09"], utc=True)
    >>> rows = pd.DataFrame({"lodged_at": days, "known_at": days + timedelta(days=3)})
    >>> mature(rows, pd.Timestamp("2024-01-13", tz="UTC"), gap=timedelta(days=5)).tolist()
    [True, False]
    """
    ripe = (examined["lodged_at"] < moment - gap) & (examined["known_at"] < moment)
    return ripe.to_numpy()


def _fitted(examined: pd.DataFrame, cut_off: datetime, settings: SplitSettings) -> SplitSettings:
    """Shorten the blocks when they would take more than half of a short history."""
    if not len(examined):
        return settings
    span = (cut_off - examined["lodged_at"].min()).days
    needed = 3 * settings.gap_days + settings.test_days + settings.calibration_days
    if needed <= span / 2:
        return settings
    return settings.model_copy(
        update={
            "test_days": max(1, min(settings.test_days, span // 6)),
            "calibration_days": max(1, min(settings.calibration_days, span // 6)),
            "gap_days": min(settings.gap_days, span // 20),
        }
    )
