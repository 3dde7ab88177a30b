"""The process `online_crash` kills: it hands events to a profile database and says what is kept.

Imported by a server that forks writers, so that what takes long to load is loaded once.
"""

from __future__ import annotations

import json
import os
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from targeting.features.kernel import STATISTICS, fold_events
from targeting.scoring.online import ProfileDatabase

if TYPE_CHECKING:
    from pathlib import Path


def _loaded() -> None:
    """Load the compiled loops before the first writer is forked."""
    rows, days = np.zeros((1, len(STATISTICS))), np.zeros((1, 4), dtype=np.int32)
    nothing = np.zeros(0, dtype=np.int64)
    fold_events(
        rows, days, np.ones((1, 1)), nothing, nothing.astype(np.bool_), nothing.astype(np.int32),
        np.zeros((0, 3)),
    )  # fmt: skip


_loaded()


def write(url: str, steps: Path, start: int, told: int) -> None:
    """Take every step from one on, and say of each that it is kept.

    Parameters
    ----------
    url
        The database.
    steps
        JSON: what to hand over, or which day to close, in order.
    start
        The first step.
    told
        A pipe: four bytes for every step that is kept.
    """
    database = ProfileDatabase.open(url)
    todo = json.loads(steps.read_text(encoding="utf-8"))
    for at in range(start, len(todo)):
        step = todo[at]
        if "close" in step:
            database.close_day(date.fromisoformat(step["close"]))
        else:
            database.accept(step["declarations"], step["results"])
        os.write(told, at.to_bytes(4, "big"))
