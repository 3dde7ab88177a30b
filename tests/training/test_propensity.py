"""Who was examined, and why: learnt from all lines, reasons apart, tips and the lot left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from targeting.config import FeatureSettings
from targeting.features.spec import FeatureSpec, registry
from targeting.training.block import Block
from targeting.training.propensity import LEAST, MOST, fit_propensity

if TYPE_CHECKING:
    import numpy.typing as npt

SETTINGS = FeatureSettings(keys=(), categories=("flow",))
SPEC = FeatureSpec(SETTINGS, registry(SETTINGS), {"flow_level": ("import", "export")})
LINES = 4_000


@dataclass(frozen=True)
class Period:
    """Two months in which a rule follows one feature and officers another."""

    block: Block
    selected_by: npt.NDArray[np.object_]
    chance: npt.NDArray[np.float64]


def period(seed: int = 3) -> Period:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(LINES, len(SPEC.features))).astype(np.float32)
    matrix[:, -1] = rng.integers(0, 3, LINES)
    rule = 1 / (1 + np.exp(3.0 - 1.5 * matrix[:, 0]))
    officer = 1 / (1 + np.exp(3.0 - 1.5 * matrix[:, 1]))
    named = np.full(LINES, None, dtype=object)
    draw = rng.random((5, LINES))
    named[draw[0] < officer] = "officer"
    named[draw[1] < rule] = "rule"
    named[draw[2] < 0.002] = "mandatory"
    named[draw[3] < 0.03] = "intelligence"
    named[draw[4] < 0.05] = "random"
    lodged = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(
        np.sort(rng.integers(0, 60 * 24, LINES)), unit="h"
    )
    block = Block(pd.DataFrame({"lodged_at": lodged}), matrix, SPEC)
    return Period(block, named, 1 - (1 - rule) * (1 - officer) * 0.998)


@pytest.fixture(scope="module")
def known() -> Period:
    return period()


def test_chances_are_close_to_those_that_drew_the_lines(known: Period) -> None:
    learnt = fit_propensity(known.block, known.selected_by).of(known.block)

    free = ~np.isin(known.selected_by.astype(str), ["random", "intelligence"])
    chosen = free & np.array([one is not None for one in known.selected_by])
    assert learnt[free].mean() == pytest.approx(chosen.sum() / free.sum(), abs=0.003)
    assert np.corrcoef(learnt, known.chance)[0, 1] > 0.7
    for low, high in ((0, 0.05), (0.05, 0.15), (0.15, 1)):
        like = (learnt >= low) & (learnt < high)
        assert known.chance[like].mean() == pytest.approx(learnt[like].mean(), rel=0.3, abs=0.02)
    assert learnt.min() >= LEAST
    assert learnt.max() <= MOST


def test_reasons_are_kept_apart_and_small_ones_together(known: Period) -> None:
    learnt = fit_propensity(known.block, known.selected_by)
    apart = learnt.by_reason(known.block)

    assert [*apart] == ["officer", "rule", "other"]
    assert np.corrcoef(apart["rule"], known.block.matrix[:, 0])[0, 1] > 0.5
    assert abs(np.corrcoef(apart["rule"], known.block.matrix[:, 1])[0, 1]) < 0.2
    free = ~np.isin(known.selected_by.astype(str), ["random", "intelligence"])
    assert {one.name: one.lines for one in learnt.reasons} == {
        "officer": int((known.selected_by == "officer").sum()),
        "rule": int((known.selected_by == "rule").sum()),
        "other": int((known.selected_by == "mandatory").sum()),
    }
    assert apart["other"] == pytest.approx((known.selected_by == "mandatory").sum() / free.sum())


def test_each_day_is_judged_by_trees_that_have_not_seen_it(known: Period) -> None:
    """Reasons that follow nothing must not be found again in the lines they were learnt from."""
    rng = np.random.default_rng(0)
    named = np.full(LINES, None, dtype=object)
    named[rng.random(LINES) < 0.1] = "officer"
    learnt = fit_propensity(known.block, named).of(known.block)

    chosen = named == "officer"
    assert learnt[chosen].mean() == pytest.approx(learnt[~chosen].mean(), abs=0.004)


def test_neither_the_lot_nor_tips_move_it(known: Period) -> None:
    """Tips that find every offender of a kind do not make that kind likely to be chosen."""
    named = known.selected_by.copy()
    named[known.block.matrix[:, 2] > 1.5] = "intelligence"
    learnt = fit_propensity(known.block, named).of(known.block)

    assert learnt[known.block.matrix[:, 2] > 1.5].mean() == pytest.approx(
        known.chance.mean(), abs=0.03
    )


def test_the_same_lines_and_seed_give_the_same_chances(known: Period) -> None:
    chances = [
        fit_propensity(known.block, known.selected_by, seed=seed).of(known.block).tolist()
        for seed in (1, 1, 2)
    ]

    assert chances[0] == chances[1]
    assert chances[0] != chances[2]


def test_with_few_examined_lines_a_rate_is_all_that_is_said(known: Period) -> None:
    named = np.full(LINES, None, dtype=object)
    named[:20] = "officer"
    learnt = fit_propensity(known.block, named)

    assert learnt.of(known.block) == pytest.approx(20 / LINES)
    assert not learnt.reasons[0].trees


def test_no_examination_at_all_leaves_the_least_chance(known: Period) -> None:
    learnt = fit_propensity(known.block, np.full(LINES, np.nan, dtype=object))

    assert learnt.reasons == ()
    assert (learnt.of(known.block) == LEAST).all()


def test_other_lengths_are_refused(known: Period) -> None:
    with pytest.raises(ValueError, match="3 reasons for 4,000 lines"):
        fit_propensity(known.block, np.array([None, None, "rule"], dtype=object))
