from __future__ import annotations

from pathlib import Path

import pytest

from targeting.config import load, parse
from targeting.errors import ConfigError
from targeting.simulate import SimulateSettings, preset

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "simulate.yaml"


def test_the_config_file_spells_out_the_demo() -> None:
    assert load(SimulateSettings, CONFIG) == preset("demo") == SimulateSettings()


def test_an_unknown_scheme_is_named_with_its_neighbour() -> None:
    with pytest.raises(ConfigError, match=r"schemes\.rip_of: unknown key\. Did you mean rip_on"):
        parse(SimulateSettings, {"schemes": {"rip_of": 0.1}}, where="configs/simulate.yaml")


def test_shares_that_leave_nothing_unexamined_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"more than 0\.9"):
        parse(SimulateSettings, {"examined": {"rule": 0.95}}, where="configs/simulate.yaml")


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"Found: demon\. Did you mean demo"):
        preset("demon")
