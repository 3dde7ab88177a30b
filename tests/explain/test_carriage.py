"""The unit an officer stands before, as far as it is declared."""

from __future__ import annotations

import pytest

from targeting.explain.carriage import Carriage, Usual, container_kind, units_of


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("22G1", "dry"), ("42V0", "dry"), ("45R1", "reefer"), ("22H0", "dry"), ("22U1", "open_top"),
        ("42P3", "flat"), ("22T6", "tank"), ("22K2", "tank"), ("22B0", "bulk"),
        ("40HC", "dry"), ("40' hq", "dry"), ("20 RF", "reefer"), ("20OT", "open_top"),
        ("40FR", "flat"), ("20TK", "tank"), ("20BK", "bulk"),
        ("NH40", None), ("40", None), ("", None), ("30HC", None), ("40HCX", None), ("22A0", None),
    ],
)  # fmt: skip
def test_kinds_of_containers(code: str, kind: str | None) -> None:
    assert container_kind(code) == kind


@pytest.mark.parametrize(
    ("mode", "number", "code", "units"),
    [
        ("sea", "MSKU1234565", "22G1", {"container", "dry"}),
        ("sea", "MSKU1234565", "", {"container"}),
        ("sea", "", "NH40", {"container"}),
        ("sea", "", "", {"ship"}),
        ("road", "", "", {"truck"}),
        ("road", "", "45R1", {"container", "reefer", "truck"}),
        ("rail", "", "", {"wagon"}),
        ("rail", "MSKU1234565", "22T1", {"container", "tank", "wagon"}),
        ("air", "", "", {"air"}),
        ("post", "", "", {"post"}),
        ("fixed", "", "", set()),
        ("unknown", "", "", set()),
        ("", "", "", set()),
    ],
)
def test_units(mode: str, number: str, code: str, units: set[str]) -> None:
    assert units_of(mode, number, code) == units


def test_chances_are_told_in_times_the_usual() -> None:
    row = {"papers_probability": 0.06, "conveyance_probability": float("nan")}

    line = Carriage.of(row, Usual(0.02, 0.01))

    assert (line.papers, line.conveyance) == (pytest.approx(3.0), None)
    assert Carriage.of(row).papers is None
    assert Carriage.of(row, Usual(0.0, 0.01)).papers is None
    assert Carriage.of({}, Usual(0.02, 0.01)).papers is None


def test_what_is_not_declared_is_empty() -> None:
    row = {"transport_mode": None, "container_id": float("nan"), "hs_code": " 080510 "}

    assert Carriage.of(row) == Carriage(hs_code="080510")
