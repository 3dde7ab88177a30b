"""What a sharp eye would look for: equalities, joins and digits that only offenders leave."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from targeting.simulate import preset
from targeting.simulate.offences.catalogue import SCHEMES
from targeting.simulate.places import IMPORT, TRANSIT
from targeting.simulate.settings import RouteSettings, SchemesSettings, TraderSettings
from targeting.simulate.trade.goods import VAGUE, WORD_SLOTS
from targeting.simulate.trade.orders import EMPTY, GROUPAGE, MISSING
from targeting.simulate.trade.yard import NONE
from targeting.simulate.world import Day, World

SETTINGS = preset("demo").model_copy(
    update={
        "preset": "custom",
        "days": 240,
        "declarations_per_day": 150.0,
        "traders": TraderSettings(count=1_500),
        "schemes": SchemesSettings().times(2.0),
        "routes": RouteSettings(through_share=0.3),
    }
)


@cache
def world() -> World:
    return World(SETTINGS)


@pytest.fixture(scope="module")
def day() -> Day:
    return Day.join([world().next_day() for _ in range(SETTINGS.days)])


def test_offenders_do_not_arrive_the_moment_they_lodge(day: Day) -> None:
    at_once = day.orders.lead == 0
    assert at_once.mean() < 0.001
    assert day.lines.illicit[at_once].mean() < 0.5 or at_once.sum() < 5


def test_brokers_work_in_the_country_of_the_office(day: Day) -> None:
    named = day.orders.broker != MISSING
    country = world().ground.site_country[day.orders.site]
    assert (day.orders.broker[named] // 1000 == country[named]).all()


def test_honest_traders_use_other_offices_too(day: Day) -> None:
    away = (day.orders.site != world().traders.site[day.orders.trader]) & (day.orders.journey == 0)
    assert 0.01 < away[~day.lines.illicit].mean() < 0.1
    assert day.lines.illicit[away].mean() < 0.3


def test_words_of_other_goods_are_written_by_honest_clerks_too(day: Day) -> None:
    words = world().ground.goods.words
    usual = {
        (words[line * WORD_SLOTS + slot], line)
        for line in range(len(world().ground.goods.codes))
        for slot in range(WORD_SLOTS)
    }
    told = [words[word] for word in day.lines.word.tolist()]
    strange = np.array(
        [
            word not in VAGUE and (word, line) not in usual
            for word, line in zip(told, day.lines.goods.tolist(), strict=True)
        ]
    )
    assert strange.sum() > 100
    assert day.lines.illicit[strange].mean() < 0.5


def test_a_box_says_empty_when_it_is_and_only_then(day: Day) -> None:
    empty = day.lines.goods == world().ground.goods.empty_box
    boxed = day.papers.container != NONE
    assert ((day.orders.load == EMPTY) == empty)[boxed].all()


def test_second_legs_are_alike(day: Day) -> None:
    """Whoever rides along, the second leg comes by the first leg's office, in office hours."""
    second = (day.orders.journey > 0) & (day.orders.flow == IMPORT)
    first = (day.orders.journey > 0) & (day.orders.flow == TRANSIT)
    office = dict(zip(day.orders.journey[first], day.orders.site[first], strict=True))
    came = [office.get(one, -1) for one in day.orders.journey[second].tolist()]
    places = world().ground.site_place[np.array(came)]
    assert (day.orders.hub[second] == places).all()
    assert (day.orders.hub[first & ~day.lines.illicit] >= 0).mean() > 0.02
    offset = world().ground.site_offset_s[day.orders.site[second]]
    hour = (day.orders.lodged[second] + offset) % 86_400 // 3600
    assert ((hour >= 7) & (hour <= 20)).mean() > 0.8


def test_a_second_leg_keeps_the_wave_it_was_sent_in(day: Day) -> None:
    illicit = day.lines.illicit
    assert (day.truth.wave[illicit] >= 0).all()
    assert (day.truth.wave[~illicit] == MISSING).all()


def test_groupage_boxes_travel_one_way_under_one_seal(day: Day) -> None:
    shared = (day.orders.load == GROUPAGE) & (day.papers.container != NONE)
    rows = pd.DataFrame(
        {
            "box": list(zip(day.papers.day[shared], day.papers.container[shared], strict=True)),
            **{
                name: getattr(day.orders, name)[shared]
                for name in ("site", "flow", "mode", "dispatch")
            },
            "seal": day.papers.seal[shared],
            "twin": day.orders.seal_twin[shared],
        }
    )
    rows = rows[~rows.groupby("box")["twin"].transform("any")]
    for column in ("site", "flow", "mode", "dispatch", "seal"):
        assert rows.groupby("box")[column].nunique().max() == 1, column


@pytest.mark.parametrize("scheme", [one.name for one in SCHEMES if "value" in one.lines])
def test_offenders_round_their_sums_as_honest_clerks_do(day: Day, scheme: str) -> None:
    number = 1 + [one.name for one in SCHEMES].index(scheme)
    mine = day.lines.illicit & (day.orders.scheme == number)
    large = day.lines.value > 1_000
    round_sum = day.lines.value % 100 == 0
    honest = round_sum[large & ~day.lines.illicit].mean()
    share = round_sum[large & mine].mean()
    assert honest == pytest.approx(0.10, abs=0.02)
    error = np.sqrt(honest * (1 - honest) / (large & mine).sum())
    more = 0.12 if scheme == "undervaluation" else 0.0
    assert share == pytest.approx(honest + more, abs=4 * error)


def test_packages_are_no_exact_quotient(day: Day) -> None:
    exact = day.lines.packages == (
        day.lines.net // world().ground.goods.package_kg[day.lines.goods]
    )
    many = day.lines.packages > 100
    honest = exact[many & ~day.lines.illicit].mean()
    for number in range(1, len(SCHEMES) + 1):
        mine = many & day.lines.illicit & (day.orders.scheme == number)
        assert exact[mine].mean() < honest + 0.06 if mine.sum() > 20 else True
