"""Features relative to history, against formulas worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from targeting.config import FeatureSettings, KeySettings
from targeting.features.kernel import STATISTICS
from targeting.features.profiles import Profiles
from targeting.features.relative import (
    View,
    family_of,
    kind_of,
    relative_features,
    shrunken_rate,
    statistics_of,
)
from targeting.features.replays import Amounts

NAN = math.nan
SETTINGS = FeatureSettings(keys=("consignee_id", "hs6"), half_lives_days=(30.0, 365.0))  # type: ignore[arg-type]


def profiles(*rows: dict[str, Any]) -> Profiles:
    """Rows of sums by name; `_1` and `_2` stand for the half-lives, `d_` for the days since."""
    width = len(STATISTICS)
    sums = np.zeros((len(rows), 3 * width))
    days = np.full((len(rows), 3), NAN)
    for at, row in enumerate(rows):
        for name, value in row.items():
            if name.startswith("d_"):
                days[at, ("d_first", "d_last", "d_last_hit").index(name)] = value
                continue
            block = int(name[-1]) if name[-2:] in ("_1", "_2") else 0
            statistic = name.removesuffix(f"_{block}") if block else name
            sums[at, block * width + STATISTICS.index(statistic)] = value
    return Profiles(sums, days)


def view(key: Profiles, base: Profiles | None = None, **own: float) -> View:
    rows = len(key.sums)
    base = base or profiles(*[{"examinations": 100, "hits": 10}] * rows)
    columns = {
        name: np.full(rows, own.get(name, NAN), dtype=np.float64)
        for name in ("value", "mass", "price")
    }
    return View(key, base, Amounts(**columns), prior_examinations=20.0)


def computed(name: str, seen: View, key: str = "hs6") -> list[float]:
    named = {one.feature.name: one for one in relative_features(SETTINGS)[key]}
    return named[f"{key}_{name}"].compute(seen).tolist()


def test_a_hit_rate_is_shrunken_towards_the_base_rate():
    seen = view(profiles({}, {"examinations": 10, "hits": 5}, {"examinations": 980, "hits": 490}))
    # Twenty examinations at the base rate of 0.1 are added to those of the key.
    assert seen.worked_out(shrunken_rate()).tolist() == pytest.approx([0.1, 7 / 30, 492 / 1000])


def test_a_recent_hit_rate_uses_the_recent_base_rate():
    key = profiles({"examinations_1": 2.0, "hits_1": 1.0, "examinations": 50, "hits": 1})
    base = profiles({"examinations": 100, "hits": 10, "examinations_1": 40.0, "hits_1": 10.0})
    assert computed("hit_rate_30d", view(key, base)) == pytest.approx([(1 + 20 * 0.25) / 22])


def test_before_any_examination_there_is_no_rate():
    assert np.isnan(view(profiles({}), profiles({})).worked_out(shrunken_rate())).all()


def test_a_missing_key_has_no_rate():
    key = profiles({})
    missing = replace(key, sums=np.full_like(key.sums, NAN))
    assert np.isnan(view(missing).worked_out(shrunken_rate())).all()


def test_price_in_spreads_from_the_typical_one():
    logs = np.log([1.0, 4.0])
    key = profiles({"priced": 2, "log_price": logs.sum(), "log_price_squared": (logs**2).sum()})
    seen = view(key, price=8.0)
    mean, spread = math.log(2), math.log(2)  # logs 0 and 2 ln 2: mean ln 2, deviation ln 2
    assert computed("typical_price", seen) == pytest.approx([2.0])
    assert computed("price_ratio", seen) == pytest.approx([math.log(8) - mean])
    assert computed("price_z", seen) == pytest.approx([(math.log(8) - mean) / spread])


def test_a_spread_below_a_tenth_counts_as_a_tenth():
    log = math.log(5.0)
    key = profiles({"priced": 3, "log_price": 3 * log, "log_price_squared": 3 * log**2})
    assert computed("price_z", view(key, price=5.5)) == pytest.approx([math.log(1.1) / 0.1])


def test_one_earlier_price_has_no_spread():
    key = profiles({"priced": 1, "log_price": 0.0, "log_price_squared": 0.0})
    seen = view(key, price=2.0)
    assert np.isnan(computed("price_z", seen)).all()
    assert computed("price_ratio", seen) == pytest.approx([math.log(2)])


@pytest.mark.parametrize("price", [NAN, 0.0])
def test_a_line_without_a_price_has_no_comparison(price: float):
    key = profiles({"priced": 2, "log_price": 1.0, "log_price_squared": 1.0})
    assert np.isnan(computed("price_ratio", view(key, price=price))).all()
    assert np.isnan(computed("price_z", view(key, price=price))).all()


def test_size_against_the_earlier_mean():
    # Four lines, of which four state a value: one that states none would not count.
    key = profiles({"declarations": 5, "valued": 4, "value": 200.0, "weighed": 4, "mass": 0.0})
    seen = view(key, value=100.0, mass=7.0)
    assert computed("value_ratio", seen) == pytest.approx([math.log(2)])
    assert np.isnan(computed("mass_ratio", seen)).all()  # a mean mass of nothing


def test_a_new_party_is_seen_as_new():
    seen = view(profiles({}, {"declarations": 3, "d_first": 40, "d_last": 2, "d_last_hit": 9}))
    assert computed("declarations", seen, "consignee") == [0, 3]
    for name, days in (
        ("days_since_first", 40),
        ("days_since_last", 2),
        ("days_since_last_hit", 9),
    ):
        first, later = computed(name, seen, "consignee")
        assert math.isnan(first)
        assert later == days


def test_pace_is_recent_traffic_over_the_longest_memory():
    seen = view(profiles({"declarations_1": 3.0, "declarations_2": 4.0}, {}))
    rising, new = computed("pace", seen, "consignee")
    assert rising == 0.75
    assert math.isnan(new)


def test_revenue_is_per_examination():
    seen = view(profiles({"revenue": 500.0, "examinations": 4}, {"revenue": 0.0}))
    some, none = computed("revenue", seen, "consignee")
    assert some == 125.0
    assert math.isnan(none)


@pytest.mark.filterwarnings("error")
def test_no_feature_is_infinite_even_at_the_ends_of_the_scale():
    rows = [dict.fromkeys(STATISTICS, amount) for amount in (0.0, 1e-300, 1e300)]
    for price in (0.0, 1e-300, 1e300):
        seen = view(profiles(*rows), value=price, mass=price, price=price)
        for one in relative_features(SETTINGS)["hs6"]:
            values = np.asarray(one.compute(seen))
            if one.feature.name.endswith("typical_price"):
                continue  # e**(log of a sum) may overflow here; the matrix makes it NaN
            assert not np.isinf(values).any(), one.feature.name


@pytest.mark.parametrize(
    ("columns", "kind", "family"),
    [
        (("consignee_id",), "party or place", "party"),
        (("office_id",), "party or place", "route"),
        (("container_id",), "unit", "conveyance"),
        (("seal_id",), "unit", "conveyance"),
        (("hs6",), "goods", "goods and price"),
        (("origin_country", "hs6"), "goods", "goods and price"),
        (("consignee_id", "hs6"), "goods", "party"),
        (("consignee_id", "carrier_id"), "pair", "party"),
        (("office_id", "carrier_id"), "pair", "conveyance"),
        (("loading_port", "discharge_port"), "pair", "route"),
        (("consignee_id", "consignor_id", "hs2"), "pair", "party"),
        (("hs6", "origin_country", "container_type"), "goods", "conveyance"),
    ],
)
def test_a_key_is_of_a_kind_and_a_family(columns: tuple[str, ...], kind: str, family: str):
    key = KeySettings(columns=columns)
    assert (kind_of(key), family_of(key)) == (kind, family)


def names_of(value: object) -> list[str]:
    settings = FeatureSettings.model_validate({"keys": [value], "half_lives_days": [30, 365]})
    ((_, group),) = relative_features(settings).items()
    return [one.feature.name for one in group]


def test_a_pair_of_parties_has_no_usual_value():
    names = names_of(["consignee_id", "carrier_id"])
    assert "consignee_x_carrier_hit_rate_30d" in names
    assert not any(name.endswith(("_ratio", "price", "_z", "pace")) for name in names)


def test_a_key_may_name_its_statistics():
    names = names_of({"columns": ["seal_id"], "statistics": ["declarations"]})
    assert names == [
        "seal_declarations", "seal_declarations_30d", "seal_declarations_365d",
        "seal_days_since_first",
    ]  # fmt: skip


def test_what_a_reason_is_told_with_comes_along():
    key = KeySettings(columns=("origin_country",), statistics=("hit_rate", "price_z"))
    assert set(statistics_of(key)) == {
        "hit_rate", "examinations", "hits", "price_z", "declarations", "typical_price",
    }  # fmt: skip


def test_conveyance_and_party_keys_are_separable_by_family():
    groups = relative_features(FeatureSettings())
    party = {"consignee_id", "consignor_id", "declarant_id", "notify_party_id"}
    for key in FeatureSettings().keys:
        families = {one.feature.family for one in groups[key.name]}
        assert families == {family_of(key)}
        assert ("party" in families) == bool(party & set(key.columns))
    conveyance = {key.name for key in FeatureSettings().keys if family_of(key) == "conveyance"}
    assert {"carrier", "conveyance", "container", "seal"} <= conveyance


def test_values_are_from_the_declaration_and_newness_from_the_manifest():
    told = {
        one.feature.name: one.feature.computable for one in relative_features(SETTINGS)["consignee"]
    }
    assert told["consignee_declarations"] == "manifest"
    assert told["consignee_value_ratio"] == "declaration"
