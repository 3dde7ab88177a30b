"""The sample of lines nobody examined: none whose examination had begun, the same each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import FIRST, tables_from

from targeting.config import UnexaminedSettings
from targeting.training.unexamined import sample_unexamined

if TYPE_CHECKING:
    from targeting.tables.folder import MemoryTables

DAYS = 60
MOMENT = FIRST + timedelta(days=40)


def lines(count: int = 200, seed: int = 1) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Lines over sixty days; some examined, a day or many later, some of them without a result."""
    draw = np.random.default_rng(seed)
    declared, inspected = [], []
    for at in range(count):
        lodged = FIRST + timedelta(days=int(draw.integers(DAYS)))
        declared.append({"declaration_id": f"D{at:04}", "lodged_at": lodged})
        for _ in range(draw.choice(3, p=[0.6, 0.3, 0.1])):
            begun = lodged + timedelta(days=int(draw.choice([0, 1, 30])), hours=1)
            known = begun + timedelta(days=int(draw.integers(20)))
            inspected.append(
                {
                    "declaration_id": f"D{at:04}",
                    "inspection_id": f"I{len(inspected):04}",
                    "inspected_at": begun,
                    "result_known_at": known,
                }
            )
    return declared, inspected


def sample(tables: MemoryTables, before: datetime = MOMENT, **asked: float) -> list[str]:
    settings = UnexaminedSettings.model_validate({"per_examined": 50, **asked})
    return sample_unexamined(tables, settings, before=before).to_pylist()


@settings(max_examples=25)
@given(seed=st.integers(0, 500), day=st.integers(0, DAYS + 30))
def test_it_names_exactly_lines_lodged_and_not_yet_begun_upon(seed: int, day: int) -> None:
    declared, inspected = lines(40, seed)
    before = FIRST + timedelta(days=day)

    named = sample(tables_from(declared, inspected), before)

    begun = {one["declaration_id"] for one in inspected if one["inspected_at"] < before}
    known = {one["declaration_id"] for one in inspected if one["result_known_at"] < before}
    open_to_it = {
        one["declaration_id"]
        for one in declared
        if one["lodged_at"] < before and one["declaration_id"] not in begun
    }
    assert len(named) == len(set(named))
    assert set(named) == (open_to_it if known else set())


def test_the_moment_itself_is_not_before_it() -> None:
    declared = [
        {"declaration_id": name, "lodged_at": MOMENT - timedelta(days=days)}
        for name, days in (("known", 9), ("begun now", 9), ("begun before", 9), ("lodged now", 0))
    ]
    begun = {
        "known": MOMENT - timedelta(days=8),
        "begun now": MOMENT,
        "begun before": MOMENT - timedelta(seconds=1),
    }
    inspected = [
        {"declaration_id": name, "inspection_id": name, "inspected_at": at,
         "result_known_at": at + timedelta(days=1)}
        for name, at in begun.items()
    ]  # fmt: skip

    assert sample(tables_from(declared, inspected)) == ["begun now"]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_has_no_say(seed: int) -> None:
    declared, inspected = lines()
    draw = np.random.default_rng(seed)
    mixed = [[rows[at] for at in draw.permutation(len(rows))] for rows in (declared, inspected)]

    named = sample(tables_from(declared, inspected), per_examined=0.7)

    assert len(named) > 10
    assert sample(tables_from(*mixed), per_examined=0.7) == named


def test_a_larger_sample_holds_the_smaller() -> None:
    tables = tables_from(*lines(400))

    by_share = [sample(tables, per_examined=share) for share in (0.2, 0.5, 1.0, 2.0)]
    by_limit = [sample(tables, at_most=most) for most in (5, 20, 60)]

    for grown in (by_share, by_limit):
        sizes = [len(named) for named in grown]
        assert sizes == sorted(set(sizes))
        for small, large in pairwise(grown):
            assert large[: len(small)] == small


def test_it_has_so_many_lines_for_each_known_result() -> None:
    declared, inspected = lines()
    lodged = {one["declaration_id"]: one["lodged_at"] for one in declared}
    known = {
        one["declaration_id"]
        for one in inspected
        if one["result_known_at"] < MOMENT and lodged[one["declaration_id"]] < MOMENT
    }

    named = sample(tables_from(declared, inspected), per_examined=0.5)

    assert len(named) == pytest.approx(len(known) / 2, abs=0.5)
    assert len(sample(tables_from(declared, inspected), at_most=7)) == 7


def test_it_is_spread_over_the_days_and_not_their_first() -> None:
    declared, inspected = lines(400)
    place = {one["declaration_id"]: one["lodged_at"] for one in declared}

    named = sample(tables_from(declared, inspected), per_examined=0.5)

    days = {(place[one] - FIRST).days for one in named}
    assert min(days) < 10
    assert max(days) >= 30


@pytest.mark.parametrize("asked", [{"per_examined": 0}, {"weight": 0}, {"at_most": 0}])
def test_where_none_is_asked_for_none_is_named(asked: dict[str, float]) -> None:
    assert sample(tables_from(*lines()), **asked) == []


def test_without_any_result_none_is_named() -> None:
    declared, _ = lines()

    assert sample(tables_from(declared)) == []
