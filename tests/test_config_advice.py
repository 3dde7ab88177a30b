"""Advice: what is not known is refused, all at once; the file to edit is the one in the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from targeting.config import AdviceSettings, FeatureSettings, TrainSettings, load, parse
from targeting.config.advice import (
    DEFAULT_FILE,
    Flow,
    IndicatorFamily,
    LookSettings,
    Mode,
    Offence,
    Unit,
    said,
)
from targeting.errors import ConfigError
from targeting.explain.carriage import Carriage
from targeting.explain.pointing import admits
from targeting.features.catalogue import INDICATORS
from targeting.features.registry import FAMILIES
from targeting.features.spec import registry
from targeting.simulate.offences.catalogue import SCHEMES
from targeting.tables.schema import DECLARATIONS

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
ADVICE = AdviceSettings()
LOOKS = [look for scheme in ADVICE.schemes for look in scheme.look] + list(ADVICE.anywhere)


def scheme(**more: object) -> dict[str, Any]:
    return {
        "name": "rip_on",
        "words": {"en": "rip-on"},
        "offences": ["drugs"],
        "view": "conveyance",
        "indicators": {64: 1},
        "source": "domain.md 1.3",
        "look": [{"words": {"en": "Look at the seal."}, "source": "domain.md 1.3"}],
    } | more


def refused(values: dict[str, Any]) -> str:
    with pytest.raises(ConfigError, match=r"^mine\.yaml: the settings do not fit") as caught:
        parse(AdviceSettings, values, where="mine.yaml")
    return str(caught.value)


def test_the_file_to_edit_is_the_one_in_the_package() -> None:
    assert (CONFIGS / "advice.yaml").read_bytes() == DEFAULT_FILE.read_bytes()
    assert load(AdviceSettings, CONFIGS / "advice.yaml") == load(AdviceSettings, None)


def test_every_mistake_is_told_at_once_by_its_place() -> None:
    wrong = scheme(
        offences=["drug"],
        view="inside",
        indicators={79: 1, 64: 2},
        families={"partys": 1},
        only={"units": ["boxes"], "goods": ["6"]},
        look=[{"words": {"ru": "Смотрите"}, "unit": ["dry"], "source": "domain.md 1.3"}],
        words={"en": "rip-on", "EN": "rip-on"},
    )

    told = refused({"version": "2", "flor": 1, "schemes": [scheme(name="Rip on"), wrong]})

    for words in (
        "flor: unknown key. Did you mean floor?",
        "schemes.0.name: String should match pattern",
        "schemes.1.words.EN.[key]: String should match pattern",
        "schemes.1.offences.0: Input should be 'undervaluation'",
        "schemes.1.view: Input should be 'papers' or 'conveyance'",
        "schemes.1.indicators.79.[key]: 79 is no indicator of domain.md 1.2 (1 to 78)",
        "schemes.1.indicators.64: Input should be less than or equal to 1",
        "schemes.1.families.partys.[key]: Input should be 'party'",
        "schemes.1.only.units.0: Input should be 'container'",
        "schemes.1.only.goods.0: String should match pattern",
        "schemes.1.look.0.words: the words in English are missing: give `en`",
        "schemes.1.look.0.unit: unknown key. Did you mean units?",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"version": "2", "schemes": []}, "schemes: give one at least"),
        ({"version": "2", "schemes": [scheme(look=[])]}, "schemes.0.look: give one at least"),
        ({"version": "2", "schemes": [scheme()] * 2}, "the schemes rip_on are listed twice"),
        ({"schemes": [scheme()]}, "advice of one's own needs a `version` of its own"),
        ({"anywhere": []}, "advice of one's own needs a `version` of its own"),
        ({"version": "2 b"}, "version: String should match pattern"),
    ],
)
def test_advice_that_contradicts_itself_is_refused(values: dict[str, Any], words: str) -> None:
    assert words in refused(values)


def test_the_stamp_tells_an_edit_that_kept_the_version() -> None:
    first, second = (
        parse(AdviceSettings, {"version": "2", "schemes": [one]}, where="mine.yaml")
        for one in (scheme(), scheme(indicators={64: 0.5}))
    )

    assert first.stamp.startswith("2-")
    assert second.stamp.startswith("2-")
    assert first.stamp != second.stamp
    assert first.stamp == first.model_copy().stamp


def test_words_stand_in_english_where_a_language_lacks_them() -> None:
    mine = parse(
        AdviceSettings,
        {"version": "2", "schemes": [scheme(words={"en": "rip-on", "az": "möhür"})]},
        where="mine.yaml",
    )

    words = mine.schemes[0].words
    assert [said(words, language) for language in ("en", "az", "ru")] == [
        "rip-on",
        "möhür",
        "rip-on",
    ]
    own = 1 + len(ADVICE.anywhere)  # `anywhere` is the package's, in English and Russian
    assert [mine.untold(language) for language in ("en", "az", "ru")] == [0, own, 2]


def test_the_packaged_advice_is_whole_in_both_languages_and_sourced() -> None:
    assert (ADVICE.untold("en"), ADVICE.untold("ru")) == (0, 0)
    sources = [scheme.source for scheme in ADVICE.schemes] + [look.source for look in LOOKS]
    assert all("domain.md" in source for source in sources)
    assert all(look.words["ru"] != look.words["en"] for look in LOOKS)


def test_the_packaged_advice_speaks_of_what_there_is() -> None:
    names = {feature.name for feature in registry(FeatureSettings())}
    carried = {number for feature in registry(FeatureSettings()) for number in feature.indicators}
    pointing = {number for scheme in ADVICE.schemes for number in scheme.indicators}

    assert {name for scheme in ADVICE.schemes for name in scheme.features} <= names
    # What parties were found with before says that the risk is up, not which scheme it is.
    assert carried - pointing == {17, 18, 60, 61, 70}


def test_closed_lists_are_those_of_the_rooms_above() -> None:
    assert get_args(IndicatorFamily) == FAMILIES
    assert get_args(Mode) == tuple(DECLARATIONS["transport_mode"].choices)
    assert get_args(Flow) == tuple(DECLARATIONS["flow"].choices)
    assert {one.offence for one in SCHEMES} <= set(get_args(Offence))
    assert max(number for number, _, _ in INDICATORS) == 70


def test_a_scheme_stands_in_the_view_that_counts_its_offences() -> None:
    of_conveyance = set(TrainSettings().conveyance_offences)
    for one in ADVICE.schemes:
        assert (one.view == "conveyance") == bool(of_conveyance & set(one.offences)), one.name


@pytest.mark.parametrize("unit", get_args(Unit))
def test_every_scheme_has_advice_for_every_unit_it_admits(unit: Unit) -> None:
    units = {unit} if unit not in get_args(Unit)[1:7] else {unit, "container"}
    line = Carriage(units=frozenset(units), hs_code="999999")
    for one in ADVICE.schemes:
        if admits(one.only.model_copy(update={"goods": ()}), line):
            assert any(fits(look, line) for look in one.look), one.name
    assert any(fits(look, line) for look in ADVICE.anywhere)


def fits(look: LookSettings, line: Carriage) -> bool:
    return not look.goods and (not look.units or bool(line.units.intersection(look.units)))
