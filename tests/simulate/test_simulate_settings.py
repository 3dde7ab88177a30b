from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from targeting.config import load, parse
from targeting.errors import ConfigError, OutputError
from targeting.simulate import PRESETS, SimulateSettings, preset, simulate, world_of
from targeting.simulate.settings import SchemesSettings
from targeting.simulate.trade.goods import read_goods
from targeting.simulate.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "simulate.yaml"


def parsed(values: Mapping[str, Any]) -> SimulateSettings:
    return parse(SimulateSettings, dict(values), where="configs/simulate.yaml")


def test_the_config_file_spells_out_the_demo() -> None:
    assert load(SimulateSettings, CONFIG) == preset("demo") == SimulateSettings()


def test_an_unknown_scheme_is_named_with_its_neighbour() -> None:
    with pytest.raises(ConfigError, match=r"schemes\.rip_of: unknown key\. Did you mean rip_on"):
        parsed({"schemes": {"rip_of": 0.1}})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"examined": {"rule": 0.95}}, r"more than 0\.9"),
        ({"sites": [{"code": "XXAAA", "country": "XX"}]}, r"XX: the corridor trades with"),
        ({"sites": [{"code": "KZAAU", "country": "KZ"}] * 2}, "two of the sites"),
        ({"sites": [{"code": "A B", "country": "KZ"}]}, r"sites\.0\.code"),
        ({"goods": {"sectors": {"fresh": -1}}}, "below 0"),
        ({"goods": {"sectors": {"fresh": 0}}}, "above 0"),
        ({"goods": {"price_spread": float("inf")}}, "price_spread"),
        ({"holidays": ["13-01"]}, "holidays: '13-01' is no month and day"),
        ({"first_day": "9999-01-01"}, "beyond the calendar"),
        ({"routes": {"hubs": {"W": {"direct": 1}}}}, "each of the regions"),
        ({"routes": {"free_zones": ["aejea"]}}, "aejea is no hub"),
        ({"schemes": {"rip_on": {"first_day": 9, "last_day": 3}}}, "last_day lies before"),
        ({"examinations": {"rule": {"full": 0}}}, "at least one depth"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parsed(values)


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"Found: demon\. Did you mean demo"):
        preset("demon")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_bears_its_name_and_begins_to_live(name: str) -> None:
    settings = PRESETS[name]
    assert settings.preset == name
    small = settings.model_copy(
        update={"traders": settings.traders.model_copy(update={"count": 200})}
    )
    world = World(small.model_copy(update={"declarations_per_day": 30.0}))
    assert len(world.next_day()) > 0


def test_a_number_alone_is_a_schemes_share() -> None:
    schemes = SchemesSettings.model_validate({"rip_on": 0.05})
    assert schemes.rip_on.share == 0.05
    assert schemes.rip_on.wave_days == SchemesSettings().rip_on.wave_days


def test_a_file_changes_a_named_world_key_by_key() -> None:
    mine = world_of(
        {
            "preset": "two_countries",
            "days": 3,
            "schemes": {"rip_on": 0.1},
            "routes": {"nearness": 0},
        },
        where="mine.yaml",
    )
    base = preset("two_countries")
    assert (mine.days, mine.sites, mine.schemes.rip_on.share) == (3, base.sites, 0.1)
    assert mine.schemes.rip_on.wave_days == base.schemes.rip_on.wave_days
    assert (mine.routes.nearness, mine.routes.through_share) == (0, base.routes.through_share)


def test_a_name_of_ones_own_is_based_on_the_demo() -> None:
    assert world_of({"preset": "mine"}, where="f") == SimulateSettings(preset="mine")


GOODS = "sector,unit,hs_code,price_per_kg,package_kg,duty_pct,season,origins,words\n"


def test_a_list_of_goods_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "goods.csv"
    rows = (
        "salt,dry,250100,0.1,25,5,,RU:1 KZ:1,salt;rock salt\nsilk,dry,500720,60,20,15,,CN:3,silk\n"
    )
    file.write_text("\ufeff" + GOODS + rows, encoding="utf-8")
    goods = read_goods(file)
    assert (goods.codes, goods.sectors) == (("250100", "500720"), ("salt", "silk"))
    world = World(parsed({"goods": {"file": str(file)}, "traders": {"count": 60}}))
    assert set(world.next_day().lines.goods.tolist()) <= {0, 1}


def test_every_bad_line_of_a_list_of_goods_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "goods.csv"
    file.write_text(
        GOODS + "salt,sack,2501,0.1,25,5,13-2,XX:1,salt\nok,dry,250100,-1,25,5,,RU:1,x,y\n"
    )
    with pytest.raises(ConfigError) as caught:
        read_goods(file)
    for part in ("line 2, unit", "line 2, hs_code", "line 2, season", "line 2, origins",
                 "line 3, price_per_kg", "line 3, more cells than columns"):  # fmt: skip
        assert part in str(caught.value), part


def test_a_missing_list_of_goods_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the list of goods cannot be read"):
        read_goods(tmp_path / "none.csv")


def test_weights_of_unknown_sectors_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"goods\.sectors.*fruit"):
        World(parsed({"goods": {"sectors": {"fruit": 1}}}))


def test_manifests_of_an_earlier_world_are_not_taken_for_this_ones(tmp_path: Path) -> None:
    short = preset("small").model_copy(update={"days": 3})
    simulate(short, tmp_path / "tables")
    without = short.documents.model_copy(update={"manifests": False})
    with pytest.raises(OutputError, match="manifests of an earlier world"):
        simulate(short.model_copy(update={"documents": without}), tmp_path / "tables")


@pytest.mark.parametrize(
    "odd",
    [
        {"declarations_per_day": 0.3, "days": 40},
        {"sites": [{"code": "KZALA", "country": "KZ", "modes": {"air": 1}}], "days": 20},
        {"days": 1},
        {"files": "month", "days": 70, "first_day": "2024-12-01", "holidays": []},
        {"documents": {"blanks": 8}, "containers": {"groupage_documents": 1}, "days": 20},
        {"schemes": dict.fromkeys(SchemesSettings.model_fields, 0), "days": 20},
        {
            "routes": {"through_share": 1.0, "hubs": {r: {"direct": 1} for r in "WTIGCS"}},
            "days": 60,
        },
    ],
    ids=["nearly empty", "air only", "one day", "over new year", "blanks", "honest", "no hubs"],
)
def test_odd_worlds_live(tmp_path: Path, odd: dict[str, Any]) -> None:
    settings = world_of({"preset": "small"} | odd, where="odd.yaml")
    report = simulate(settings, tmp_path / "tables")
    assert report.declarations > 0
    assert report.examined >= report.hits >= 0
