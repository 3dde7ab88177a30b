"""A port whose every line is known: two versions of known strength, and officers who choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.evaluation.compare.compare import Ground, Version
from targeting.evaluation.compare.findings import VersionRow
from targeting.evaluation.compare.moved import Weights
from targeting.evaluation.compare.policy import Selection

DAYS, PER_DAY, OFFICES, CONSIGNEES = 40, 60, ("AZALA", "AZBAK"), 300
START = np.datetime64("2025-01-01", "D")


@dataclass(frozen=True)
class Port:
    """Lines with their true chance of a hit, and what an examination of each would find."""

    frame: pd.DataFrame
    risk: np.ndarray
    hit: np.ndarray
    seed: int

    def version(self, name: str, noise: float, *, bundle: str = "") -> Version:
        """Score by the true log-odds and some noise: the less of it, the better."""
        draw = np.random.default_rng([self.seed, round(1000 * noise)])
        odds = np.log(self.risk / (1 - self.risk))
        score = odds + noise * draw.standard_normal(len(odds))
        scores = self.frame[["declaration_id", "lodged_at", "office_id"]].assign(
            score=score, probability=1 / (1 + np.exp(-score)), expected_revenue=np.nan
        )
        weights = Weights.of(["mass", "price"], ["goods", "goods"], np.array([[noise, 1.0]]))
        row = VersionRow(name, bundle or f"bundle-{name}", "2024-12-31")
        return Version(row, scores, weights)

    def ground(self, *, truth: bool = False, examine: float = 0.25) -> Ground:
        """Results of the lines officers chose by risk, and of some that chance chose."""
        draw = np.random.default_rng([self.seed, 7])
        chance = np.clip(examine * (0.4 + 4 * self.risk), 0.01, 0.9)
        officer = draw.random(len(chance)) < chance
        lot = ~officer & (draw.random(len(chance)) < 0.05)
        found = self.frame[officer | lot].assign(
            hit=self.hit[officer | lot],
            known_at=pd.Timestamp("2025-03-01", tz="UTC"),
            selected_by=np.where(lot, "random", "officer")[officer | lot],
            selection_probability=np.where(lot, 0.05, np.nan)[officer | lot],
            offence=np.where(self.hit, "tobacco", None)[officer | lot],
            revenue_recovered=np.where(self.hit, 100.0, 0.0)[officer | lot],
        )
        context = self.frame[["declaration_id", "consignee_id"]].assign(
            flow=np.where(np.arange(len(chance)) % 3, "import", "export")
        )
        told = pd.DataFrame(
            {
                "declaration_id": self.frame["declaration_id"],
                "would_be_found": self.hit,
                "recoverable_revenue": 100.0,
            }
        )
        return Ground(
            examined=found.drop(columns="consignee_id"),
            context=context,
            capacity=5,
            selection=Selection(chance, np.full(len(chance), np.nan)),
            truth=told if truth else None,
        )


def port(seed: int = 1, *, days: int = DAYS) -> Port:
    """Make the lines; ids are in the order of the frame."""
    draw = np.random.default_rng(seed)
    size = days * PER_DAY
    day = np.repeat(START + np.arange(days), PER_DAY)
    odds = -2.6 + 1.3 * draw.standard_normal(size)
    risk = 1 / (1 + np.exp(-odds))
    frame = pd.DataFrame(
        {
            "declaration_id": [f"D{at:06}" for at in range(size)],
            "lodged_at": pd.to_datetime(day).tz_localize("UTC"),
            "office_id": np.asarray(OFFICES, dtype=object)[np.arange(size) % len(OFFICES)],
            "consignee_id": [f"C{at:04}" for at in draw.integers(0, CONSIGNEES, size)],
        }
    )
    return Port(frame, risk, draw.random(size) < risk, seed)
