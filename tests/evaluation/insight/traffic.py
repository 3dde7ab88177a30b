"""Scored and examined lines of offices whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd


def traffic(
    lines: int = 1500, *, offices: int = 2, seed: int = 3, wrong: tuple[str, float] = ("", 1.0)
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw lines whose probability is right, but in one office by a factor."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(1, 9, lines)
    office = np.array([f"P{at}" for at in rng.integers(0, offices, lines)])
    true = np.where(office == wrong[0], np.minimum(wrong[1] * probability, 0.95), probability)
    days = pd.to_timedelta(np.arange(lines) % 30, unit="D")
    scores = pd.DataFrame(
        {
            "declaration_id": [f"D{at:05d}" for at in range(lines)],
            "lodged_at": pd.Timestamp("2026-03-01", tz="UTC") + days,
            "office_id": office,
            "score": np.log(probability / (1 - probability)),
            "probability": probability,
        }
    )
    hit = rng.random(lines) < true
    examined = pd.DataFrame(
        {
            "declaration_id": scores["declaration_id"],
            "hit": hit,
            "selected_by": "officer",
            "offence": np.where(hit, "drugs", None),
        }
    )
    return scores, examined
