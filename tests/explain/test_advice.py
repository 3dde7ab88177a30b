"""Where to look follows the scheme and the unit, in the words of the packaged advice."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from targeting.config import AdviceSettings
from targeting.explain.advice import advise
from targeting.explain.carriage import Carriage, units_of

ADVICE = AdviceSettings()


@dataclass(frozen=True)
class Says:
    indicators: tuple[int, ...]
    contribution: float = 1.0
    family: str = "party"
    feature: str = "no_such_feature"


def told(line: Carriage, *reasons: Says) -> tuple[list[str], str]:
    found = advise(reasons, line, ADVICE)
    names = [one.scheme.name for one in found.points_to]
    return names, "\n".join(look.words["en"] for look in found.look)


def carried(mode: str, code: str = "", **more: str) -> Carriage:
    return Carriage(units=units_of(mode, "", code), mode=mode, **more)


SEAL_TWICE, PRICE, RISK_ORIGIN, NEW = Says((64,)), Says((46,)), Says((26,)), Says((1,))


def test_a_seal_used_twice_points_to_rip_on_and_its_unit_decides_where_to_look() -> None:
    reefer, dry, tank = (
        told(carried("sea", code, flow="import"), SEAL_TWICE) for code in ("45R1", "22G1", "22T1")
    )

    assert reefer[0] == dry[0] == tank[0] == ["rip_on"]
    assert all("Compare the seal" in look for _, look in (reefer, dry, tank))
    assert "compressor and evaporator" in reefer[1]
    assert "compressor" not in dry[1]
    assert "valve boxes" in tank[1]


def test_without_a_container_nothing_can_be_slipped_into_one() -> None:
    assert "rip_on" not in told(carried("road", flow="import"), SEAL_TWICE)[0]


def test_produce_from_a_risk_origin_by_road_is_opened_and_its_trailer_measured() -> None:
    names, look = told(carried("road", flow="import", hs_code="081050"), RISK_ORIGIN)

    assert names == ["cover_load"]
    assert "cut some open" in look
    assert "front wall and the floor of the trailer" in look
    assert "machinery" not in look


def test_machinery_from_a_risk_origin_is_drilled() -> None:
    _, look = told(carried("road", flow="import", hs_code="843210"), RISK_ORIGIN)

    assert "hollow frames" in look
    assert "fruit" not in look


def test_air_cargo_is_taken_apart() -> None:
    assert "AWB" in told(carried("air", flow="import"), RISK_ORIGIN)[1]


@pytest.mark.parametrize(("flow", "names"), [("import", ["undervaluation"]), ("transit", [])])
def test_a_low_price_speaks_of_undervaluation_where_duty_is_owed(
    flow: str, names: list[str]
) -> None:
    found, look = told(carried("sea", "22G1", flow=flow, hs_code="690721"), PRICE)

    assert [name for name in found if name == "undervaluation"] == names
    assert ("invoice" in look) == bool(names)


def test_strategic_goods_are_read_by_their_plates() -> None:
    reason = Says((), feature="strategic_goods")

    names, look = told(carried("air", flow="transit", hs_code="854231"), reason)

    assert names == ["strategic_goods"]
    assert "serial numbers" in look
    assert "end-user statement" in look


def test_a_new_trader_is_told_beside_the_offence_and_comes_last() -> None:
    names, look = told(carried("sea", "22G1", flow="import", hs_code="690721"), PRICE, NEW)

    assert names == ["undervaluation", "new_trader"]
    lines = look.splitlines()
    assert "contract, invoice" in lines[0]
    assert "registration" in lines[3]


def test_where_nothing_points_to_one_scheme_the_unit_is_looked_at() -> None:
    truck = told(carried("road"), Says((18,)))
    unknown = told(Carriage())

    assert truck[0] == unknown[0] == []
    assert "cabin" in truck[1]
    assert unknown[1].startswith("Open packages from different places")


def test_two_schemes_share_the_places() -> None:
    line = carried("sea", "22G1", flow="import", hs_code="690721")

    names, look = told(line, SEAL_TWICE, Says((46,), 3.0))

    assert names == ["rip_on", "undervaluation"]
    first, second = look.splitlines()[:2]
    assert "seal" in first
    assert "invoice" in second
    assert len(look.splitlines()) == ADVICE.most_look
