"""Each scheme leaves the trace it claims, and overlaps with honest trade of the same kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from targeting.simulate.catalogue import SCHEMES
from targeting.simulate.goods import VAGUE, goods
from targeting.simulate.schemes import Wave
from targeting.simulate.settings import LabelDelays, SchemeRates

if TYPE_CHECKING:
    from conftest import Simulated
    from targeting.simulate.schemes import Scheme

FRESH = set(np.array(goods().codes)[goods().of("fresh")])
STRATEGIC = set(np.array(goods().codes)[goods().of("strategic")])


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
        logs = np.log(measure)
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
    assert [scheme.name for scheme in SCHEMES] == list(SchemeRates.model_fields)
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


def test_waves_move_on() -> None:
    options = ("a", "b", "c")
    chosen = [Wave(1, "x", number).choose("port", options) for number in range(4)]
    assert len(set(chosen[:3])) == 3
    assert chosen[3] == chosen[0]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_intensity_is_zero_at_rest_and_one_on_average(scheme: Scheme) -> None:
    days = range(scheme.first_day, scheme.first_day + scheme.wave_days)
    strengths = [scheme.intensity(day) for day in days]
    assert np.mean(strengths) == pytest.approx(1.0, abs=0.02)
    assert scheme.intensity(scheme.first_day - 1) == 0.0
    assert scheme.wave(1, scheme.first_day + scheme.wave_days) is None
