"""What the config asks for comes out, within stated tolerances (four standard errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from targeting.simulate import SimulateSettings, preset
from targeting.simulate.control.examination import Examinations, examine
from targeting.simulate.control.selection import REASONS, Port
from targeting.simulate.offences.campaigns import Campaign
from targeting.simulate.settings import SchemesSettings, SelectionShares, TraderSettings
from targeting.simulate.world import Day, World

if TYPE_CHECKING:
    from conftest import Simulated


@pytest.fixture(scope="module")
def lived() -> tuple[SimulateSettings, Day, Examinations]:
    """Ten months in which no scheme adapts: what is sent is what the config says."""
    fixed = {name: {"adapts": False} for name in SchemesSettings.model_fields}
    settings = preset("small").model_copy(
        update={
            "preset": "custom",
            "days": 300,
            "declarations_per_day": 90.0,
            "traders": TraderSettings(count=1_200),
            "schemes": SchemesSettings.model_validate(fixed),
            "routes": preset("small").routes.model_copy(update={"through_share": 0.0}),
        }
    )
    world = World(settings)
    port = Port(world.ground)
    days, results = [], []
    for _ in range(settings.days):
        day = world.next_day()
        found = examine(world.ground, day, port.choose(day))
        port.learn(found)
        world.hear(found.seized)
        days.append(day)
        results.append(found)
    return settings, Day.join(days), Examinations.stack(results)


@pytest.mark.parametrize("reason", ["random", "rule", "officer", "intelligence", "mandatory"])
def test_each_reason_examines_its_share(
    lived: tuple[SimulateSettings, Day, Examinations], reason: str
) -> None:
    settings, day, results = lived
    wanted = getattr(settings.examined, reason)
    share = (results.reason == REASONS.index(reason)).sum() / len(day)
    assert share == pytest.approx(wanted, abs=4 * np.sqrt(wanted / len(day)))


@pytest.mark.parametrize("name", list(SchemesSettings.model_fields))
def test_each_scheme_sends_its_share(
    lived: tuple[SimulateSettings, Day, Examinations], name: str
) -> None:
    """Consignments of a scheme are Poisson about its share of the day's expected volume."""
    settings, day, _ = lived
    campaign = Campaign(name, settings.seed, getattr(settings.schemes, name), settings.adaptation)
    strength = np.array([campaign.intensity(number) for number in range(settings.days)])
    expected = strength.sum() * settings.declarations_per_day / settings.documents.lines
    number = 1 + list(SchemesSettings.model_fields).index(name)
    sent = day.orders.scheme == number
    documents = len({*zip(day.papers.day[sent], day.papers.document[sent], strict=True)})
    # The seasons of the year move the volume by a tenth either way.
    assert documents == pytest.approx(expected, abs=4 * np.sqrt(expected) + 0.1 * expected)


def test_the_lot_finds_what_its_depth_allows(
    lived: tuple[SimulateSettings, Day, Examinations],
) -> None:
    settings, day, results = lived
    lot = settings.examinations.random
    whole = lot.scan + lot.partial + lot.full
    reach = lot.scan * settings.examinations.scan_reach
    reach = (reach + lot.partial * settings.examinations.partial_reach + lot.full) / whole
    expected = day.truth.found.mean() * reach
    drawn = results.hit[results.reason == REASONS.index("random")]
    assert drawn.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / len(drawn)))


def test_intelligence_is_right_as_often_as_configured(
    lived: tuple[SimulateSettings, Day, Examinations],
) -> None:
    """Tips point at an offence in their share of cases, less the days without one."""
    settings, day, results = lived
    illicit = pd.Series(
        day.lines.illicit, index=list(zip(day.papers.day, day.papers.row, strict=True))
    )
    tips = results.take(results.reason == REASONS.index("intelligence"))
    right = illicit.loc[list(zip(tips.day, tips.row, strict=True))].mean()
    wanted = settings.examined.tips_right
    assert right == pytest.approx(wanted, abs=0.05 + 4 * np.sqrt(wanted / len(tips)))


def test_reasons_rank_as_ports_know_them(middle: Simulated) -> None:
    rates = {
        count.name: count.hits / count.lines for count in middle.report.by_reason if count.lines
    }
    assert rates["random"] < min(rates["rule"], rates["officer"]) < rates["intelligence"]


@pytest.mark.parametrize("share", [0.005, 0.05, 0.2])
def test_the_lot_draws_what_it_is_told(share: float) -> None:
    settings = preset("small").model_copy(
        update={
            "examined": SelectionShares(
                random=share, rule=0, officer=0, intelligence=0, mandatory=0
            )
        }
    )
    world = World(settings)
    port, lines, drawn = Port(world.ground), 0, 0
    for _ in range(120):
        day = world.next_day()
        choice = port.choose(day)
        assert (choice.reason == REASONS.index("random")).all()
        assert (choice.probability == share).all()
        lines, drawn = lines + len(day), drawn + len(choice.rows)
    assert drawn / lines == pytest.approx(share, abs=4 * np.sqrt(share / lines))
