from __future__ import annotations

import dataclasses
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.simulate.control.examination import DEPTHS, Examinations, examine
from targeting.simulate.control.roster import REASONS, Choice, Roster
from targeting.simulate.control.selection import Port
from targeting.simulate.living import Beside, beside, live
from targeting.simulate.presets import preset
from targeting.simulate.trade.ground import Ground

if TYPE_CHECKING:
    from targeting.simulate.settings import SimulateSettings
    from targeting.simulate.world import Day

SMALL = preset("small")
DILIGENCE = {"AZALA": 2.0, "AZAST": 0.5, "KZHOR": 0.0}
"""Times the shares of a place; every other site has 1."""


def with_diligence() -> SimulateSettings:
    sites = tuple(
        site.model_copy(update={"diligence": DILIGENCE.get(site.code, 1.0)}) for site in SMALL.sites
    )
    return SMALL.model_copy(update={"sites": sites, "declarations_per_day": 120.0, "days": 150})


def with_tips_right(share: float) -> Ground:
    examined = SMALL.examined.model_copy(update={"tips_right": share, "intelligence": 0.2})
    return Ground.of(SMALL.model_copy(update={"examined": examined}))


@pytest.fixture(scope="module")
def days() -> list[Day]:
    return [day for day, _ in islice(live(SMALL), 40)]


@pytest.fixture(scope="module")
def diligent() -> tuple[Ground, list[tuple[Day, Examinations]]]:
    settings = with_diligence()
    return Ground.of(settings), list(live(settings))


@dataclasses.dataclass
class Listed:
    """A policy that always wants the same rows, best first."""

    rows: list[int]
    reason: str = "model"
    chance: float = float("nan")

    def choose(self, day: Day) -> Choice:
        rows = np.array([row for row in self.rows if row < len(day)], dtype=np.int64)
        return Choice(
            rows,
            np.full(len(rows), REASONS.index(self.reason)),
            np.full(len(rows), self.chance),
        )

    def learn(self, results: Examinations) -> None:
        del results


def test_the_numbers_of_the_reasons_are_settled() -> None:
    """Written tables and policies of others rest on them."""
    assert REASONS == ("random", "mandatory", "intelligence", "rule", "officer", "model")


@pytest.mark.parametrize("reason", ["random", "rule", "officer"])
def test_a_site_examines_its_share_times_its_diligence(
    diligent: tuple[Ground, list[tuple[Day, Examinations]]], reason: str
) -> None:
    ground, lived = diligent
    share = getattr(ground.settings.examined, reason)
    lines, taken = np.zeros(len(ground.sites)), np.zeros(len(ground.sites))
    for day, results in lived:
        lines += np.bincount(day.orders.site, minlength=len(lines))
        mine = results.row[results.reason == REASONS.index(reason)]
        taken += np.bincount(day.orders.site[mine], minlength=len(lines))
    expected = share * ground.site_diligence * lines
    # The remainders of slots vary no more than lots would: four standard errors.
    assert (np.abs(taken - expected) <= 4 * np.sqrt(expected) + 1e-9).all()


def test_a_site_without_diligence_examines_nothing(
    diligent: tuple[Ground, list[tuple[Day, Examinations]]],
) -> None:
    ground, lived = diligent
    idle = ground.sites.index("KZHOR")
    assert any((day.orders.site == idle).any() for day, _ in lived)
    assert not any((day.orders.site[results.row] == idle).any() for day, results in lived)


def test_the_lot_records_the_chance_of_its_site(
    diligent: tuple[Ground, list[tuple[Day, Examinations]]],
) -> None:
    ground, lived = diligent
    for day, results in lived:
        lot = results.reason == REASONS.index("random")
        chance = SMALL.examined.random * ground.site_diligence[day.orders.site[results.row[lot]]]
        assert results.probability[lot].tolist() == pytest.approx(chance.tolist())
        assert np.isnan(results.probability[~lot]).all()


@pytest.mark.parametrize("reason", ["mandatory", "intelligence", "rule", "officer"])
def test_a_day_is_never_off_by_more_than_one(
    diligent: tuple[Ground, list[tuple[Day, Examinations]]], reason: str
) -> None:
    ground, lived = diligent
    share = getattr(ground.settings.examined, reason)
    for day, results in lived:
        expected = share * ground.site_diligence[day.orders.site].sum()
        assert (results.reason == REASONS.index(reason)).sum() <= expected + 1


def test_no_line_is_examined_twice(days: list[Day]) -> None:
    port = Port(Ground.of(SMALL))
    for day in days:
        rows = port.choose(day).rows
        assert len({*rows.tolist()}) == len(rows)


def test_the_lot_orders_and_tips_are_the_same_whoever_else_chooses(days: list[Day]) -> None:
    ground = Ground.of(SMALL)
    port, model = Port(ground), Beside(Listed([3, 1, 2]), ground)
    for day in days:
        standing = Roster.standing(ground, day).choice()
        for choice in (port.choose(day), model.choose(day)):
            same = choice.reason < REASONS.index("rule")
            assert choice.rows[same].tolist() == standing.rows.tolist()
            assert choice.reason[same].tolist() == standing.reason.tolist()


def tips(ground: Ground, days: list[Day]) -> np.ndarray:
    """Whether each tip of some days points at an offence."""
    number = REASONS.index("intelligence")
    pointed = []
    for day in days:
        choice = Roster.standing(ground, day).choice()
        pointed.append(day.lines.illicit[choice.rows[choice.reason == number]])
    return np.concatenate(pointed)


def test_wrong_tips_never_point_at_an_offence(days: list[Day]) -> None:
    wrong = tips(with_tips_right(0.0), days)
    assert len(wrong) > 100
    assert not wrong.any()


def test_right_tips_point_at_every_offence_nobody_else_took(days: list[Day]) -> None:
    ground = with_tips_right(1.0)
    for day in days:
        choice = Roster.standing(ground, day).choice()
        tipped = choice.rows[choice.reason == REASONS.index("intelligence")]
        left = day.lines.illicit.sum() - day.lines.illicit[choice.rows].sum()
        assert day.lines.illicit[tipped].all() or left == 0


def test_tips_look_like_offences(days: list[Day]) -> None:
    """A wrong tip points at the sectors of the day's offences more often than chance would."""
    ground, number = with_tips_right(0.0), REASONS.index("intelligence")
    alike, common = [], []
    for day in days:
        sector = ground.goods.sector[day.lines.goods]
        same = np.isin(sector, sector[day.lines.illicit])
        choice = Roster.standing(ground, day).choice()
        alike += same[choice.rows[choice.reason == number]].tolist()
        common += same[~day.lines.illicit].tolist()
    assert np.mean(alike) > 1.3 * np.mean(common)


@given(rows=st.lists(st.integers(0, 29), unique=True), number=st.integers(0, 39))
def test_a_list_is_cut_at_each_site_and_nobody_jumps_the_queue(
    days: list[Day], rows: list[int], number: int
) -> None:
    ground, day = Ground.of(SMALL), days[number]
    standing = {*Roster.standing(ground, day).choice().rows.tolist()}
    taken = Beside(Listed(rows), ground).choose(day)
    mine = taken.rows[taken.reason == REASONS.index("model")].tolist()
    free = [row for row in rows if row < len(day) and row not in standing]
    for site in range(len(ground.sites)):
        here = [row for row in free if day.orders.site[row] == site]
        chosen = [row for row in here if row in mine]
        assert chosen == here[: len(chosen)]
    assert {*mine} <= {*free}


def test_a_policy_has_the_examinations_of_rules_and_officers(days: list[Day]) -> None:
    ground = Ground.of(SMALL)
    port = Port(ground)
    for day in days:
        ruled = port.choose(day)
        listed = Beside(Listed(list(range(len(day)))), ground).choose(day)
        assert len(listed.rows) == len(ruled.rows)


def test_a_chance_is_kept_only_where_the_whole_list_was_examined(days: list[Day]) -> None:
    ground = Ground.of(SMALL)
    for day in days[:10]:
        everything = Listed(list(range(len(day))), chance=0.5).choose(day)
        cut = beside(ground, day, everything)
        model = cut.reason == REASONS.index("model")
        full = [
            np.isin(np.flatnonzero(day.orders.site == site), cut.rows).all()
            for site in day.orders.site[cut.rows[model]]
        ]
        assert (~np.isnan(cut.probability[model])).tolist() == full


def test_two_policies_find_the_same_in_the_same_line(days: list[Day]) -> None:
    ground = Ground.of(SMALL)
    for day in days[:15]:
        size = len(day)
        some = examine(ground, day, Listed(list(range(0, size, 2))).choose(day))
        every = examine(ground, day, Listed(list(range(size))[::-1]).choose(day))
        again = every.take(np.isin(every.row, some.row))
        for name in ("row", "depth", "hit", "scheme", "revenue", "quantity", "inspected", "known"):
            assert (getattr(some, name) == getattr(again, name)).all()


def test_depths_are_drawn_as_configured(days: list[Day]) -> None:
    ground = Ground.of(SMALL)
    for reason in REASONS:
        weights = getattr(SMALL.examinations, reason)
        found = [
            examine(ground, day, Listed(list(range(len(day))), reason).choose(day)).depth
            for day in days
        ]
        depth = np.concatenate(found)
        total = sum(getattr(weights, one) for one in DEPTHS)
        for number, name in enumerate(DEPTHS):
            share = getattr(weights, name) / total
            error = 4 * np.sqrt(share * (1 - share) / len(depth))
            assert abs((depth == number).mean() - share) <= error


def test_a_deeper_examination_finds_all_that_a_shallower_one_does(days: list[Day]) -> None:
    def hits(depth: str) -> np.ndarray:
        only = SMALL.examinations.model.model_copy(
            update={one: float(one == depth) for one in DEPTHS}
        )
        depths = SMALL.examinations.model_copy(update={"model": only})
        ground = Ground.of(SMALL.model_copy(update={"examinations": depths}))
        lists = [Listed(list(range(len(day)))).choose(day) for day in days]
        parts = [examine(ground, day, one) for day, one in zip(days, lists, strict=True)]
        return Examinations.stack(parts).hit

    scan, partial, full = (hits(depth) for depth in DEPTHS)
    assert not (scan & ~partial).any()
    assert not (partial & ~full).any()
    assert 0 < scan.sum() < partial.sum() < full.sum()
    assert (full == np.concatenate([day.truth.found for day in days])).all()
