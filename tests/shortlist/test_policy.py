from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from targeting.config import ShortlistSettings
from targeting.errors import ConfigError, ContractError, InputError
from targeting.shortlist.lottery import whole_slots
from targeting.shortlist.policy import COLUMNS, draw

MODEL_ONLY = ShortlistSettings()
OFFICE_DAY = ["office_id", "day"]


def frame(plan: list[tuple[str, str, float]], hour: str = "08:00") -> pd.DataFrame:
    """Build scores from (declaration, office, probability), all lodged on one day."""
    return pd.DataFrame(
        {
            "declaration_id": [one[0] for one in plan],
            "lodged_at": pd.to_datetime([f"2025-03-01T{hour}Z"] * len(plan), utc=True),
            "office_id": [one[1] for one in plan],
            "score": [one[2] for one in plan],
            "probability": [one[2] for one in plan],
            "expected_revenue": [None] * len(plan),
        }
    )


def test_highest_lines_of_each_office_and_local_day(score_rows: pd.DataFrame) -> None:
    drawn = draw(score_rows, capacity=2, settings=ShortlistSettings(time_zone="Asia/Baku"))
    found = [
        (row.office_id, row.day.isoformat(), row.rank, row.declaration_id)
        for row in drawn.itertuples()
    ]
    assert found == [
        ("AZ001", "2025-03-01", 1, "D-01"),
        ("AZ001", "2025-03-01", 2, "D-02"),
        ("AZ001", "2025-03-02", 1, "D-05"),
        ("AZ001", "2025-03-02", 2, "D-06"),
        ("TM014", "2025-03-01", 1, "D-07"),
        ("TM014", "2025-03-01", 2, "D-09"),
    ]
    assert set(drawn["selected_by"]) == {"model"}
    assert drawn["selection_probability"].isna().all()
    assert tuple(drawn.columns) == COLUMNS


def test_the_day_closes_at_local_midnight(score_rows: pd.DataFrame) -> None:
    drawn = draw(score_rows, capacity=9, settings=ShortlistSettings(time_zone="UTC"))
    assert {day.isoformat() for day in drawn["day"]} == {"2025-03-01"}


def test_expected_revenue_ranks_when_asked(score_rows: pd.DataFrame) -> None:
    settings = ShortlistSettings(rank_by="expected_revenue", time_zone="Asia/Baku")
    drawn = draw(score_rows, capacity=1, settings=settings)
    assert list(drawn["declaration_id"]) == ["D-02", "D-05", "D-07"]


def test_ties_are_broken_by_score_then_declaration() -> None:
    rows = frame([("D-3", "A", 0.5), ("D-1", "A", 0.5), ("D-2", "A", 0.5)])
    rows.loc[0, "score"] = 0.9
    assert list(draw(rows, capacity=2, settings=MODEL_ONLY)["declaration_id"]) == ["D-3", "D-1"]


def test_mandatory_lines_use_slots_and_come_first() -> None:
    rows = frame([("D-1", "A", 0.9), ("D-2", "A", 0.5), ("D-3", "A", 0.1)])
    drawn = draw(rows, capacity=2, settings=MODEL_ONLY, mandatory=["D-3"])
    assert list(drawn["declaration_id"]) == ["D-3", "D-1"]
    assert list(drawn["selected_by"]) == ["mandatory", "model"]


def test_more_mandatory_lines_than_slots_are_all_kept() -> None:
    rows = frame([("D-1", "A", 0.9), ("D-2", "A", 0.5), ("D-3", "A", 0.1)])
    settings = ShortlistSettings(random_share=0.5)
    drawn = draw(rows, capacity=1, settings=settings, mandatory={"D-2", "D-3"})
    assert list(drawn["declaration_id"]) == ["D-2", "D-3"]
    assert set(drawn["selected_by"]) == {"mandatory"}


def test_lines_drawn_by_lot_stand_before_the_models() -> None:
    rows = frame([(f"D-{n}", "A", n / 10) for n in range(8)])
    settings = ShortlistSettings(random_share=0.5)
    drawn = draw(rows, capacity=4, settings=settings, mandatory=["D-0"])
    assert list(drawn["selected_by"]) == ["mandatory", "random", "random", "model"]
    assert list(drawn["rank"]) == [1, 2, 3, 4]
    assert list(drawn["selection_probability"].dropna()) == [2 / 7, 2 / 7]


@pytest.mark.parametrize(
    ("lines", "capacity", "mandatory", "expected"),
    [
        (10, 4, 0, 4 * 0.3 / 10),  # the ordinary day
        (10, 4, 3, 1 / 7),  # one slot left for 1.2 slots of the lot
        (2, 10, 0, 2 / 2),  # three slots of the lot, two lines
    ],
)
def test_the_recorded_chance_is_exact(
    lines: int, capacity: int, mandatory: int, expected: float
) -> None:
    """Over 400 offices x 10 seeds the share drawn is the chance told, within 4 standard errors."""
    plan = [(f"{o}-{n}", f"O{o}", n / 50) for o in range(400) for n in range(lines)]
    ordered = [f"{o}-{n}" for o in range(400) for n in range(mandatory)]
    rows, taken = frame(plan), np.zeros(lines)
    for seed in range(10):
        settings = ShortlistSettings(random_share=0.3, seed=seed)
        drawn = draw(rows, capacity=capacity, settings=settings, mandatory=ordered)
        by_lot = drawn.loc[drawn["selected_by"] == "random"]
        assert np.allclose(by_lot["selection_probability"], expected)
        place = by_lot["declaration_id"].str.split("-").str[1].astype(int)
        taken += np.bincount(place, minlength=lines)
    share = taken[mandatory:] / 4000  # by place, so by score: high and low have the same chance
    assert np.abs(share - expected).max() <= 4 * math.sqrt(expected * (1 - expected) / 4000)
    assert taken[:mandatory].sum() == 0


@given(expected=st.floats(0, 40))
@budget(max_examples=30, deadline=None)
def test_whole_slots_average_to_the_share(expected: float) -> None:
    slots = [whole_slots(expected, seed=seed, name="A:2025-03-01") for seed in range(400)]
    assert set(slots) <= {math.floor(expected), math.floor(expected) + 1}
    assert abs(np.mean(slots) - expected) <= 4.5 * 0.5 / math.sqrt(400)


def test_the_seed_changes_the_lot_and_nothing_else_does() -> None:
    rows = frame([(f"D-{n}", "A", n / 100) for n in range(60)])
    lots = [
        tuple(
            draw(rows, capacity=6, settings=ShortlistSettings(random_share=0.5, seed=seed))
            .query("selected_by == 'random'")["declaration_id"]
        )
        for seed in (1, 2, 1)
    ]  # fmt: skip
    assert lots[0] == lots[2]
    assert lots[0] != lots[1]


PLANS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(0, 40), st.sampled_from([0.1, 0.2, 0.2, 0.7])),
    min_size=1,
    max_size=25,
)


def from_plan(plan: list[tuple[str, int, float]]) -> pd.DataFrame:
    rows = frame([(f"D-{n}", one[0], one[2]) for n, one in enumerate(plan)])
    hours = pd.to_timedelta([one[1] for one in plan], unit="h")
    return rows.assign(lodged_at=rows["lodged_at"] + hours)


@given(
    plan=PLANS,
    capacity=st.integers(1, 6),
    share=st.sampled_from([0.0, 0.1, 0.35, 0.5]),
    ordered=st.sets(st.integers(0, 24), max_size=6),
    shuffle=st.randoms(use_true_random=False),
)
@budget(max_examples=30, deadline=None)
def test_laws_of_every_draw(plan, capacity, share, ordered, shuffle) -> None:
    rows = from_plan(plan)
    before = rows.copy(deep=True)
    settings = ShortlistSettings(random_share=share, time_zone="Asia/Baku")
    orders = {f"D-{n}" for n in ordered}
    drawn = draw(rows, capacity=capacity, settings=settings, mandatory=orders)
    pd.testing.assert_frame_equal(rows, before)

    mixed = list(range(len(rows)))
    shuffle.shuffle(mixed)
    again = draw(rows.iloc[mixed], capacity=capacity, settings=settings, mandatory=orders)
    pd.testing.assert_frame_equal(drawn, again)

    assert drawn["declaration_id"].is_unique
    assert orders & set(rows["declaration_id"]) <= set(drawn["declaration_id"])
    arrivals = draw(rows, capacity=len(rows), settings=MODEL_ONLY.model_copy(
        update={"time_zone": "Asia/Baku"})).groupby(OFFICE_DAY).size()  # fmt: skip
    for key, group in drawn.groupby(OFFICE_DAY):
        mandatory = int((group["selected_by"] == "mandatory").sum())
        assert len(group) == min(max(capacity, mandatory), arrivals[key])
        assert list(group["rank"]) == list(range(1, len(group) + 1))
    known = drawn["selection_probability"].notna()
    assert (known == (drawn["selected_by"] == "random")).all()
    assert drawn.loc[known, "selection_probability"].between(0, 1, inclusive="right").all()


@given(plan=PLANS, capacity=st.integers(1, 6))
@budget(max_examples=20, deadline=None)
def test_a_larger_capacity_only_adds_lines(plan, capacity) -> None:
    rows = from_plan(plan)
    small = draw(rows, capacity=capacity, settings=MODEL_ONLY)
    large = draw(rows, capacity=capacity + 1, settings=MODEL_ONLY)
    assert set(small["declaration_id"]) <= set(large["declaration_id"])


@pytest.mark.parametrize("capacity", [0, -3])
def test_capacity_below_one_is_refused(score_rows: pd.DataFrame, capacity: int) -> None:
    with pytest.raises(ConfigError, match=rf"--capacity: .* Found: {capacity}"):
        draw(score_rows, capacity=capacity, settings=MODEL_ONLY)


def test_no_scores_are_told(score_rows: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="Found: 0 scored declarations"):
        draw(score_rows.iloc[:0], capacity=3, settings=MODEL_ONLY)


def test_revenue_ranking_needs_every_revenue(score_rows: pd.DataFrame) -> None:
    rows = score_rows.assign(expected_revenue=[None, 1.0, None, *range(6)])
    settings = ShortlistSettings(rank_by="expected_revenue")
    with pytest.raises(ContractError, match="2 values of expected_revenue are missing"):
        draw(rows, capacity=3, settings=settings)


def test_all_unfit_values_are_told_at_once(score_rows: pd.DataFrame) -> None:
    rows = pd.concat([score_rows, score_rows.iloc[:2].assign(office_id=None)])
    wanted = "2 values of office_id are missing; 2 declarations stand there twice"
    with pytest.raises(ContractError, match=wanted):
        draw(rows, capacity=3, settings=MODEL_ONLY)


def test_a_missing_column_is_named(score_rows: pd.DataFrame) -> None:
    with pytest.raises(ContractError, match="column score is missing"):
        draw(score_rows.drop(columns="score"), capacity=3, settings=MODEL_ONLY)
