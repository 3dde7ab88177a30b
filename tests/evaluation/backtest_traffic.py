"""Made-up traffic of which everything is known: what arrives, who was examined, and the truth."""

from __future__ import annotations

import numpy as np

from targeting.evaluation.backtest.traffic import Real, Traffic

OFFICES = ("AZALA", "AZBAK", "KZAAU")
FIRST = np.datetime64("2025-03-03", "D")


def traffic(lines=2400, days=28, seed=5, *, examined=0.3):
    """Lines of which one in ten is a hit; some officers pick by a hint, others at random."""
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=lines)
    probability = 1 / (1 + np.exp(2.6 - 1.4 * risk))
    hit = (rng.random(lines) < probability).astype(float)
    chance = 0.1
    drawn = rng.random(lines) < chance
    propensity = np.clip(examined * np.exp(0.5 * risk), 0.02, 0.9)
    chosen = ~drawn & (rng.random(lines) < propensity)
    seen = drawn | chosen
    on = np.sort(rng.integers(0, days, lines))
    revenue = np.where(hit > 0, rng.lognormal(8, 1, lines), 0.0)
    office = np.array(OFFICES, dtype=object)[rng.integers(0, 3, lines)]
    offence = np.array(["drugs", "tobacco"], dtype=object)[rng.integers(0, 2, lines)]
    origin = np.array(["CN", "TR", "RU", "XX"], dtype=object)[
        rng.choice(4, lines, p=[0.5, 0.3, 0.197, 0.003])
    ]
    return Traffic(
        ids=np.array([f"D{at:05d}" for at in range(lines)], dtype=object),
        day=FIRST + on,
        block=(on // 7).astype(np.intp),
        office=office,
        consignee=np.array([f"C{at}" for at in rng.integers(0, 300, lines)], dtype=object),
        consignment=np.arange(lines, dtype=np.intp) // 2,
        label=np.where(seen, hit, -1).astype(np.int8),
        revenue=np.where(seen & (hit > 0), revenue, np.nan),
        selected_by=_reasons(drawn, chosen),
        chance=np.where(drawn, chance, np.nan),
        propensity=propensity,
        expected=probability,
        expected_revenue=probability * 4000,
        parts={
            "office_id": office,
            "offence": np.where(seen & (hit > 0), offence, "not stated"),
            "origin_country": origin,
        },
        real=Real(hit, revenue),
    )


def _reasons(drawn, chosen):
    reasons = np.full(len(drawn), None, dtype=object)
    reasons[chosen], reasons[drawn] = "officer", "random"
    return reasons
