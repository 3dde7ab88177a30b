"""Each scheme leaves the trace it claims, and overlaps with honest trade of the same kind."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from targeting.simulate.offences.campaigns import Campaign
from targeting.simulate.offences.catalogue import SCHEMES
from targeting.simulate.offences.schemes import Hand, Wave
from targeting.simulate.presets import preset
from targeting.simulate.settings import (
    AdaptationSettings,
    LabelDelays,
    SchemeSettings,
    SchemesSettings,
)
from targeting.simulate.trade.goods import VAGUE, built_in_goods
from targeting.simulate.trade.lines import draw_lines
from targeting.simulate.trade.orders import Desk, write_orders
from targeting.simulate.trade.streams import stream
from targeting.simulate.world import World

if TYPE_CHECKING:
    from conftest import Simulated
    from targeting.simulate.offences.schemes import Scheme
    from targeting.simulate.trade.rows import Rows

GOODS = built_in_goods()
FRESH = set(np.array(GOODS.codes)[GOODS.of("fresh")])
STRATEGIC = set(np.array(GOODS.codes)[GOODS.of("strategic")])


@pytest.fixture(scope="module")
def rows(middle: Simulated) -> pd.DataFrame:
    """Joined rows with each line's price, packing and freight against honest lines of its HS."""
    new = middle.joined
    new["scheme"] = new["scheme"].fillna("honest")
    measures = {
        "price": new["customs_value"] / new["net_mass_kg"],
        "packing": new["net_mass_kg"] / new["package_count"],
        "freight": new["freight_cost"] / new["customs_value"],
    }
    for name, measure in measures.items():
        logs = pd.Series(np.log(measure))
        usual = logs[~new["illicit"]].groupby(new["hs_code"]).median()
        new[name] = logs - new["hs_code"].map(usual)
    new["seen"] = new.groupby("consignee_id").cumcount()
    new["broker_seen"] = new.groupby(["consignee_id", "declarant_id"]).cumcount()
    new["vague"] = new["goods_description"].isin(VAGUE)
    lead = new["arrival_at"] - new["lodged_at"]
    new["late"] = lead.dt.total_seconds() < 2.5 * 3600
    new["detour"] = new["origin_country"] != new["dispatch_country"]
    return new


def median(rows: pd.DataFrame, scheme: str, column: str) -> float:
    return float(rows.loc[rows["scheme"] == scheme, column].median())


def share(rows: pd.DataFrame, column: str) -> tuple[float, float]:
    """Share among illicit rows, and among honest ones."""
    return rows.loc[rows["illicit"], column].mean(), rows.loc[~rows["illicit"], column].mean()


def with_cover(rows: pd.DataFrame, scheme: str, cover: pd.Series | None = None) -> pd.DataFrame:
    honest = ~rows["illicit"] if cover is None else ~rows["illicit"] & cover
    return rows[(rows["scheme"] == scheme) | honest]


def test_every_scheme_has_a_rate_a_delay_and_rows(rows: pd.DataFrame) -> None:
    assert [scheme.name for scheme in SCHEMES] == list(SchemesSettings.model_fields)
    assert {scheme.offence for scheme in SCHEMES} <= set(LabelDelays.model_fields)
    counts = rows["scheme"].value_counts()
    assert all(counts[scheme.name] >= 10 for scheme in SCHEMES)


def test_undervaluation_is_cheap_and_overlaps_with_stock_lots(rows: pd.DataFrame) -> None:
    assert -0.65 < median(rows, "undervaluation", "price") < -0.2
    cut = median(rows, "undervaluation", "price")
    assert (rows.loc[~rows["illicit"], "price"] < cut).mean() > 0.05


def test_misclassified_goods_are_dear_for_their_code_and_lightly_taxed(rows: pd.DataFrame) -> None:
    taxed = rows["tax_regime"] == "GENERAL"
    pair = with_cover(rows, "misclassification", taxed)
    duty = pair.groupby("illicit")["duty_rate_pct"].mean()
    assert median(rows, "misclassification", "price") > 0.08
    assert duty[True] < duty[False]


def test_origin_fraud_claims_a_preference_by_a_detour(rows: pd.DataFrame) -> None:
    preferred = rows["tax_regime"] == "PREFERENCE"
    fraud = rows[rows["scheme"] == "origin_fraud"]
    assert (fraud["tax_regime"].dropna() == "PREFERENCE").all()
    illicit, honest = share(with_cover(rows, "origin_fraud", preferred), "detour")
    assert illicit > honest + 0.1
    assert honest > 0.03


def test_cover_loads_weigh_too_much_come_late_and_look_like_produce(rows: pd.DataFrame) -> None:
    produce = rows["hs_code"].isin(FRESH) & (rows["transport_mode"] == "road")
    pair = with_cover(rows, "perishable_cover", produce).copy()
    pair["excess"] = (pair["gross_mass_kg"] / pair["net_mass_kg"]) > 1.1
    for column in ("excess", "late"):
        illicit, honest = share(pair, column)
        assert illicit > honest > 0, column
    assert (rows.loc[rows["scheme"] == "perishable_cover", "transport_mode"] == "road").mean() > 0.9


def test_rip_on_shows_on_the_conveyance_and_nowhere_else(rows: pd.DataFrame) -> None:
    boxed = rows["container_id"].notna() & rows["transport_mode"].isin(["sea", "rail"])
    pair = with_cover(rows, "rip_on", boxed).copy()
    lines = rows.drop_duplicates("transport_document_id")["seal_id"].value_counts()
    pair["twin"] = pair["seal_id"].map(lines).fillna(0) > 1
    pair["changed_ship"] = pair["transshipment_port"].notna()
    for column in ("twin", "changed_ship"):
        illicit, honest = share(pair, column)
        assert illicit > honest + 0.1, column
    assert abs(median(rows, "rip_on", "price")) < 0.2
    assert median(rows, "rip_on", "seen") > median(rows, "shell_counterfeit", "seen")


def test_tobacco_is_packed_like_cigarettes_through_a_free_zone(rows: pd.DataFrame) -> None:
    codes = set(rows.loc[rows["scheme"] == "free_zone_tobacco", "hs_code"])
    pair = with_cover(rows, "free_zone_tobacco", rows["hs_code"].isin(codes)).copy()
    pair["case"] = (pair["net_mass_kg"] / pair["package_count"]).between(8, 16)
    pair["changed_ship"] = pair["transshipment_port"].notna()
    for column in ("case", "changed_ship"):
        illicit, honest = share(pair, column)
        assert illicit > honest + 0.1, column
    assert median(rows, "free_zone_tobacco", "freight") > 0.1


def test_counterfeits_come_to_consignees_seldom_seen_in_vague_words(rows: pd.DataFrame) -> None:
    assert median(rows, "shell_counterfeit", "seen") < median(rows, "honest", "seen")
    illicit, honest = share(with_cover(rows, "shell_counterfeit"), "vague")
    assert illicit > honest + 0.05
    assert honest > 0.03


def test_a_hijacked_name_is_well_known_but_its_broker_is_not(rows: pd.DataFrame) -> None:
    imports = rows["flow"] == "import"
    pair = with_cover(rows, "identity_hijack", imports & rows["declarant_id"].notna()).copy()
    pair["strange"] = pair["broker_seen"] < 3
    pair = pair[pair["seen"] >= 5]
    illicit, honest = share(pair, "strange")
    assert illicit > honest + 0.2
    assert median(rows, "identity_hijack", "seen") > median(rows, "shell_counterfeit", "seen")


def test_diversion_begins_after_its_date_with_listed_goods(rows: pd.DataFrame) -> None:
    diverted = rows[rows["scheme"] == "strategic_diversion"]
    start = rows["lodged_at"].min().normalize() + pd.Timedelta(days=75)
    assert diverted["lodged_at"].min() >= start
    listed = rows["hs_code"].isin(STRATEGIC)
    assert listed[diverted.index].mean() > 5 * listed[~rows["illicit"]].mean()
    assert diverted["detour"].mean() > 0.3


def test_offenders_repeat(rows: pd.DataFrame) -> None:
    named = rows[rows["scheme"].isin(["undervaluation", "misclassification", "origin_fraud"])]
    assert (named["consignee_id"].value_counts() >= 3).sum() >= 10


def test_offenders_also_trade_honestly(rows: pd.DataFrame) -> None:
    offenders = rows.loc[rows["scheme"] == "undervaluation", "consignee_id"].unique()
    theirs = rows[rows["consignee_id"].isin(offenders)]
    assert 0.05 < theirs["illicit"].mean() < 0.7


def test_goods_that_never_leave_transit_are_taxed_ones_for_a_short_way(rows: pd.DataFrame) -> None:
    assert (rows.loc[rows["scheme"] == "transit_diversion", "flow"] == "transit").all()
    taxed = {code for code, duty in zip(GOODS.codes, GOODS.duty, strict=True) if duty >= 10}
    pair = with_cover(rows, "transit_diversion", rows["flow"] == "transit").copy()
    pair["taxed"] = pair["hs_code"].isin(taxed)
    pair["cash"] = pair["payment_method"] == "cash"
    for column in ("taxed", "cash"):
        illicit, honest = share(pair, column)
        assert illicit > honest + 0.1, column
        assert honest > 0.02, column
    freight = pd.Series(np.log(pair["freight_cost"] / pair["net_mass_kg"]))
    usual = freight.groupby([pair["transport_mode"], pair["dispatch_country"]]).transform("median")
    dearer = freight - usual
    assert dearer[pair["illicit"]].median() < dearer[~pair["illicit"]].median() - 0.1


def test_waves_move_on() -> None:
    options = ("a", "b", "c")
    chosen = [Wave(1, "x", number).choose("port", options) for number in range(4)]
    assert len(set(chosen[:3])) == 3
    assert chosen[3] == chosen[0]


HIDDEN = {"illicit", "evaded", "quantity"}


def changed(before: Rows, after: Rows) -> set[str]:
    names = [one.name for one in dataclasses.fields(before)]
    return {
        name for name in names if not np.array_equal(getattr(before, name), getattr(after, name))
    }


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_a_scheme_changes_what_it_claims_and_nothing_else(scheme: Scheme) -> None:
    """Against honest twins: the same orders and lines before the scheme laid hands on them."""
    world = World(preset("demo"))
    world.next_day()
    ground, orders, lines = world.ground, set[str](), set[str]()
    for number in range(8):
        wave = Wave(ground.seed, scheme.name, number)
        rng = stream(1, scheme.name, number)
        who, share = scheme.gang(ground, world.traders, wave, 100)
        desk = Desk(ground, world.traders, 100, rng)
        honest = write_orders(desk, rng.choice(who, 300, p=share))
        shaped = scheme.shape(desk, honest, wave)
        orders |= changed(honest, shaped)
        goods = draw_lines(ground, rng, shaped, day=100)
        hand = Hand(ground, shaped.take(goods.order), np.arange(len(goods)), rng)
        lines |= changed(goods, scheme.trace(goods, hand, wave))
    assert orders == set(scheme.orders.split())
    assert lines - HIDDEN == set(scheme.lines.split())


def campaign(**scheme: object) -> Campaign:
    settings = SchemeSettings.model_validate({"share": 0.01} | scheme)
    return Campaign("rip_on", 1, settings, AdaptationSettings())


@pytest.mark.parametrize("name", list(SchemesSettings.model_fields))
def test_intensity_is_zero_at_rest_and_its_share_on_average(name: str) -> None:
    settings = getattr(SchemesSettings(), name)
    one = Campaign(name, 1, settings, AdaptationSettings())
    days = range(settings.first_day, settings.first_day + settings.wave_days)
    strengths = [one.intensity(day) for day in days]
    assert np.mean(strengths) == pytest.approx(settings.share, rel=0.02)
    assert one.intensity(settings.first_day - 1) == 0.0
    assert one.wave(settings.first_day + settings.wave_days) is None


def test_a_scheme_ends_on_its_last_day() -> None:
    one = campaign(last_day=40, wave_days=100)
    assert one.wave(40) is not None
    assert one.wave(41) is None


def test_a_scheme_that_is_caught_too_often_lies_low_and_moves_on() -> None:
    one = campaign(wave_days=1_000)
    for day in range(10):
        one.send(day, 2)
        one.lose([day] * (1 + day % 2))
    before = one.wave(9)
    move = one.rise(10)
    assert move is not None
    assert (move.scheme, move.day, move.sent, move.caught) == ("rip_on", 10, 20, 15)
    assert one.wave(10) is None
    after = one.wave(10 + AdaptationSettings().lie_low_days)
    assert before is not None
    assert after is not None
    assert (after.number, after.moves) == (before.number, before.moves + 1)
    assert after.choose("port", "abc") != before.choose("port", "abc")
    assert after.chance("broker") != before.chance("broker")


def test_a_scheme_forgets_and_forgives() -> None:
    one = campaign(wave_days=1_000)
    one.send(0, 8)
    one.lose([0] * 8)
    assert one.rise(AdaptationSettings().memory_days + 1) is None


@pytest.mark.parametrize("reason", ["few are caught", "it does not adapt", "caught tomorrow"])
def test_a_scheme_stays_where_it_is(reason: str) -> None:
    one = campaign(wave_days=1_000, adapts=reason != "it does not adapt")
    one.send(0, 100 if reason == "few are caught" else 8)
    one.lose([1 if reason == "caught tomorrow" else 0] * 5)
    assert one.rise(1) is None
