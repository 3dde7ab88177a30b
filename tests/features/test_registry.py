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
from targeting.features.naming import named
from targeting.features.registry import FAMILIES, Feature
from targeting.features.spec import learn_spec, registry
from targeting.language import Language
from targeting.tables.folder import MemoryTables
from targeting.tables.schema import DECLARATIONS, NEVER_FEATURES

MakeTables = Callable[..., MemoryTables]

SECRETS = (
    "consignee_id", "consignor_id", "declarant_id", "notify_party_id", "carrier_id",
    "consignee_name", "consignor_name",
)  # fmt: skip
NAMELESS = (
    "conveyance_id", "container_id", "seal_id", "voyage_id", "transport_document_id",
    "container_owner", "goods_description", "goods_words", "broker_id", "driver_name",
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
LANGUAGES = [Language.named("en"), Language.named("ru")]


def told(features: tuple[Feature, ...], line: dict[str, object]) -> dict[str, list[str]]:
    """What each feature says of a line and of its absence, in every language."""
    return {
        feature.name: [
            language.say(phrase)
            for phrase in (feature.sentence(line), feature.unsaid)
            if phrase is not None
            for language in LANGUAGES
        ]
        for feature in features
    }


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
    secrets = {name: data.draw(secret, label=name) for name in SECRETS}
    for name, texts in told(features, line | secrets).items():
        for text in texts:
            assert text, name
            assert "SECRET" not in text, name
            assert not {"{", "}"} & set(text), name
            assert "nan" not in text.lower().split(), name


def full_line(features: tuple[Feature, ...]) -> dict[str, object]:
    """A line on which every column and feature is known."""
    line: dict[str, object] = {
        column.name: "080510" if column.kind == "string" else 2.0 for column in DECLARATIONS.columns
    }
    return line | {feature.name: 2.0 for feature in features}


@pytest.mark.parametrize("settings", [FeatureSettings(), WIDE], ids=["default", "wide"])
def test_every_feature_of_a_full_line_has_its_sentence(settings: FeatureSettings):
    features = registry(settings)
    line = full_line(features)
    assert [one.name for one in features if one.sentence(line) is None] == []


@pytest.mark.parametrize("settings", [FeatureSettings(), WIDE], ids=["default", "wide"])
def test_a_line_without_facts_has_no_sentence_but_says_what_is_missing(settings: FeatureSettings):
    features = registry(settings)
    names = [feature.name for feature in features]
    missing = dict.fromkeys(DECLARATIONS.names) | dict.fromkeys(names, float("nan"))
    for line in ({}, missing):
        assert [one.name for one in features if one.sentence(line) is not None] == []
    assert [one.name for one in features if one.unsaid is None] == []


def test_no_column_that_names_a_trader_is_named_by_its_code():
    line: dict[str, object] = {name: f"SECRET{name}" for name in (*SECRETS, *NAMELESS)}
    said = [LANGUAGES[0].say(named(name, line)) for name in (*SECRETS, *NAMELESS)]
    assert not [text for text in said if "SECRET" in text]


def test_every_profile_feature_names_its_key():
    followed = {key.name for key in FeatureSettings().keys}
    keys = {one.key for one in registry(FeatureSettings())}
    assert keys == followed | {""}


def test_what_a_subject_speaks_of_is_either_a_fact_or_a_pattern():
    """Reasons rely on it: a pattern comes last, whichever of its features speaks."""
    kinds: dict[str, set[bool]] = {}
    for one in registry(WIDE):
        kinds.setdefault(one.group or one.name, set()).add(one.pattern)
    assert [name for name, both in kinds.items() if len(both) > 1] == []
