"""The same box at two sites of its corridor."""

from __future__ import annotations

import numpy as np
import pytest

from targeting.simulate import preset
from targeting.simulate.places import COUNTRY, IMPORT, NOWHERE, TRANSIT
from targeting.simulate.trade.ground import Ground
from targeting.simulate.world import Day, World

SETTINGS = preset("two_countries").model_copy(update={"days": 60, "declarations_per_day": 120.0})


@pytest.fixture(scope="module")
def day() -> Day:
    world = World(SETTINGS)
    return Day.join([world.next_day() for _ in range(SETTINGS.days)])


def rows_of(day: Day, flow: int) -> dict[int, np.ndarray]:
    """Rows of each journey while it has a flow, in the order of its goods lines."""
    mine = np.flatnonzero((day.orders.journey > 0) & (day.orders.flow == flow))
    journeys = day.orders.journey[mine]
    return {int(one): mine[journeys == one] for one in np.unique(journeys)}


def test_a_box_in_transit_is_imported_later_with_the_same_goods(day: Day) -> None:
    transit, imported = rows_of(day, TRANSIT), rows_of(day, IMPORT)
    both = transit.keys() & imported.keys()
    assert len(both) > 100
    assert imported.keys() == both
    for one in both:
        first, second = transit[one], imported[one]
        for column in (day.lines.net, day.lines.value, day.lines.goods, day.papers.container,
                       day.papers.seal, day.orders.supplier, day.orders.trader):  # fmt: skip
            assert (column[first] == column[second]).all()
        assert (day.orders.lodged[second] > day.orders.lodged[first]).all()
        assert (day.orders.site[second] == day.orders.home[first]).all()
        assert (day.lines.duty[first] == 0).all()


def test_journeys_cross_a_border(day: Day) -> None:
    country = Ground.of(SETTINGS).site_country
    first = (day.orders.journey > 0) & (day.orders.flow == TRANSIT)
    assert (country[day.orders.site[first]] != country[day.orders.home[first]]).all()


def test_documents_are_lodged_in_order_and_keep_their_lines_together(day: Day) -> None:
    assert (np.diff(day.orders.lodged) >= 0).all()
    inside = day.papers.day[1:] == day.papers.day[:-1]
    assert (np.diff(day.papers.document)[inside] <= 1).all()
    assert (np.diff(day.papers.document)[inside] >= 0).all()


def test_the_way_from_turkey_to_aktau_leads_through_alyat() -> None:
    ground = Ground.of(SETTINGS)
    way = ground.through
    site = ground.sites.index("KZAAU")
    assert ground.sites[way[site, COUNTRY["TR"]]] == "AZALA"
    assert way[site, COUNTRY["RU"]] == NOWHERE


def test_one_country_has_no_journeys() -> None:
    assert (Ground.of(preset("cold_start")).through == NOWHERE).all()
