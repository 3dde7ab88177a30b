"""The list of features: names a model can carry, and sentences an officer may read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from targeting.config import DEFAULT_KEYS, FeatureSettings, KeySettings
from targeting.errors import ConfigError
from targeting.features.registry import FAMILIES
from targeting.features.spec import learn_spec, registry
from targeting.tables.folder import MemoryTables
from targeting.tables.schema import DECLARATIONS, NEVER_FEATURES

MakeTables = Callable[..., MemoryTables]

SECRETS = (
    "consignee_id", "consignor_id", "declarant_id", "notify_party_id", "carrier_id",
    "consignee_name", "consignor_name",
)  # fmt: skip
PARTIES = tuple(name for name in SECRETS if name.endswith("_id"))
WIDE = FeatureSettings(
    keys=(
        *DEFAULT_KEYS,
        KeySettings(columns=("notify_party_id", "hs2", "dispatch_country")),
        KeySettings(columns=("carrier_id", "office_id")),
    ),
    categories=(*PARTIES, *FeatureSettings().categories),
    numbers=("axle_count",),
)


def settings_of(kind: str, name: str) -> FeatureSettings:
    values: dict[str, Any] = {"keys": (), "categories": (), "numbers": ()} | {kind: (name,)}
    return FeatureSettings.model_validate(values)


@pytest.mark.parametrize("settings", [FeatureSettings(), WIDE], ids=["default", "wide"])
def test_names_are_unique_and_fit_lightgbm(settings: FeatureSettings):
    features = registry(settings)
    names = [feature.name for feature in features]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) for name in names)
    assert {feature.family for feature in features} <= set(FAMILIES)
    assert all(feature.meaning.endswith(".") for feature in features)


def test_the_order_is_declared_numbers_profiles_categories():
    names = [feature.name for feature in registry(WIDE)]
    order = ["lodged_weekday", "axle_count", "consignee_declarations", "flow_level"]
    assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)


@pytest.mark.parametrize("kind", ["keys", "categories", "numbers"])
@pytest.mark.parametrize("name", NEVER_FEATURES)
def test_a_column_known_only_afterwards_is_refused(kind: str, name: str):
    with pytest.raises(ConfigError, match=rf"known only afterwards.*Found: {name}\."):
        registry(settings_of(kind, name))


@pytest.mark.parametrize("name", ["Lane", "PENALTY", "result", "result_known_at", "offence"])
def test_neither_other_case_nor_an_inspections_column_slips_through(name: str):
    with pytest.raises(ConfigError, match=f"Found: {name}"):
        registry(settings_of("numbers", name))


@pytest.mark.parametrize("name", ["customs_value", "duty"])
def test_a_number_that_is_a_feature_already_is_refused(name: str):
    with pytest.raises(ConfigError, match=f"distinct names.*Found: {name}"):
        registry(settings_of("numbers", name))


@pytest.mark.parametrize("name", ["price [EUR]", "a:b", "x y"])
def test_a_name_lightgbm_refuses_is_refused_before_it(name: str):
    with pytest.raises(ConfigError, match=rf"letters, digits.*Found: {re.escape(name)}"):
        registry(settings_of("numbers", name))


@pytest.mark.parametrize("kind", ["keys", "categories", "numbers"])
def test_an_unknown_column_is_refused_with_the_near_one(kind: str, make_tables: MakeTables):
    with pytest.raises(ConfigError, match=r"origin_contry \(Did you mean origin_country"):
        learn_spec(make_tables([{}]), settings_of(kind, "origin_contry"))


def test_every_unknown_column_is_told_at_once(make_tables: MakeTables):
    settings = FeatureSettings(keys=(), categories=("aaa",), numbers=("bbb",))
    with pytest.raises(ConfigError, match=r"aaa \(.*bbb \("):
        learn_spec(make_tables([{}]), settings)


def test_an_extra_column_of_the_tables_is_known(make_tables: MakeTables):
    spec = learn_spec(make_tables([{"axle_count": 3}]), settings_of("numbers", "axle_count"))
    assert spec.names[-1] == "axle_count"


secret = st.text(alphabet="XYZQ9", min_size=6, max_size=9).map(lambda tail: f"SECRET{tail}")
plain = st.one_of(st.none(), st.sampled_from(["CN", "IR", "TRMER", "080510", "0805100000"]))
amount = st.one_of(st.just(float("nan")), st.just(0.0), st.floats(-5, 12), st.floats(0, 1e12))


@settings(max_examples=50, phases=(Phase.explicit, Phase.generate))  # shrinking takes minutes
@given(st.data())
def test_no_sentence_gives_a_traders_name_or_code_away(data: st.DataObject):
    features = registry(WIDE)
    line: dict[str, object] = {
        column.name: data.draw(plain, label=column.name)
        for column in DECLARATIONS.columns
        if column.kind == "string"
    }
    line |= dict.fromkeys([feature.name for feature in features], data.draw(amount))
    line |= dict.fromkeys(
        [column.name for column in DECLARATIONS.columns if column.kind in ("int", "float")],
        data.draw(amount),
    )
    line |= {"lodged_hour": 13.0, "lodged_weekday": 6.0}  # `lodged_at` is never missing
    secrets = {name: data.draw(secret, label=name) for name in SECRETS}
    for feature in features:
        assert "SECRET" not in feature.sentence(line | secrets), feature.name


def test_every_feature_of_a_full_line_has_its_sentence():
    line: dict[str, object] = {
        column.name: "080510" if column.kind == "string" else 2.0 for column in DECLARATIONS.columns
    }
    line |= {feature.name: 2.0 for feature in registry(WIDE)}
    silent = [feature.name for feature in registry(WIDE) if not feature.sentence(line)]
    assert silent == []
    assert not any("nan" in feature.sentence(line) for feature in registry(WIDE))
