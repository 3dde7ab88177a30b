"""Small worlds with every awkward row in them, drawn by hypothesis a few knobs at a time.

Hypothesis turns the knobs and a seeded generator fills in the lines: thirty lines of thirty columns
drawn one value at a time would use up an example's entropy on the first few.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st
from tests.conftest import tables_from

if TYPE_CHECKING:
    from targeting.tables.folder import MemoryTables

FIRST = date(2024, 3, 22)
DAYS = 12
BLINK = timedelta(microseconds=1)
BOXES = ("MSKU1234565", "MSKU1234566", "TCLU7654321", None)

TEXTS: dict[str, tuple[str | None, ...]] = {
    "consignee_id": ("C1", "C2", "C3", None),
    "consignor_id": ("X1", "X2", None),
    "declarant_id": ("C1", "B2", None),
    "notify_party_id": ("C1", "N2", None),
    "carrier_id": ("L1", "L2", None),
    "conveyance_id": ("V1", "V2", None),
    "container_id": BOXES,
    "seal_id": ("S1", "S2", None),
    "goods_description": (
        "Fresh red pomegranates", "pomegranates, RED", "cigarettes", "Запасные части", "goods", "",
        None,
    ),
    "origin_country": ("TR", "IR", "GE", None),
    "dispatch_country": ("TR", "IR", None),
    "destination_country": ("AZ", "TR", None),
    "loading_port": ("TRMER", "IRBND", "nowhere", None),
    "transshipment_port": ("AEJEA", "TRMER", None),
    "discharge_port": ("GEPTI", "AZBAK", None),
    "container_type": ("22G1", "45R1", "??", None),
    "container_load": ("FCL", "LCL", "empty", None),
    "tax_regime": ("PREF1", "full", None),
    "payment_method": ("Cash", "transfer", None),
    "procedure_code": ("4000", "1000", None),
    "incoterm": ("FOB", "CIF", None),
    "sealing_party": ("carrier", "shipper", None),
}  # fmt: skip
"""What a column of text may hold; those of the schema that may be missing, and extra ones."""

CODES: dict[str, tuple[str, ...]] = {
    "flow": ("import", "export", "transit"),
    "transport_mode": ("sea", "rail", "road"),
    "office_id": ("AZALA", "AZBAK"),
    "hs_code": ("080510", "0805100000", "0805", "240220", "293299"),
}
AMOUNTS = (
    "customs_value", "net_mass_kg", "gross_mass_kg", "freight_cost", "duty_rate_pct",
    "manifest_gross_mass_kg", "manifest_package_count", "axle_count",
)  # fmt: skip
COUNTS = ("package_count", "amendment_count")
PLAIN = (None, 0.0, 8.0, 100.0, 5000.0, 1e6)
EXTREME = (
    None, 0.0, -0.0, -5.0, -1e300, 1e300, 1.7e308, 1e-300, 5e-324, 3.5e38,
    float("nan"), float("inf"), float("-inf"), 100.0,
)  # fmt: skip


Clock = Literal["spread", "ties", "midnight"]
Amounts = Literal["plain", "extreme"]


@dataclass(frozen=True)
class Knobs:
    """A world in a few numbers.

    `absent` columns hold nothing at all. On the clock `ties` many lines share a moment, so that
    their ids decide; on `midnight` every line is lodged within a blink of a local midnight.
    """

    lines: int
    results: int
    seed: int = 0
    absent: frozenset[str] = frozenset()
    clock: Clock = "spread"
    amounts: Amounts = "plain"
    time_zone: str = "Asia/Baku"

    def tables(self) -> MemoryTables:
        draw = np.random.default_rng(self.seed)
        declared = [self._line(draw) for _ in range(self.lines)]
        inspected = [self._result(draw, declared) for _ in range(self.results)]
        return tables_from(declared, inspected)

    def days(self) -> list[date]:
        """Local days that have lines, in order."""
        zone = ZoneInfo(self.time_zone)
        lodged = self.tables().declarations["lodged_at"].to_pylist()
        return sorted({moment.astimezone(zone).date() for moment in lodged})

    def _moment(self, draw: np.random.Generator) -> datetime:
        midnight = datetime.combine(FIRST, datetime.min.time(), ZoneInfo(self.time_zone))
        day = int(draw.integers(DAYS))
        if self.clock == "midnight":
            # Added to the wall clock: a local midnight, whatever summer time does in between.
            moment = (midnight + timedelta(days=day)).astimezone(UTC)
            return moment + BLINK * int(draw.integers(-1, 2))
        hours = int(draw.choice([3, 20])) if self.clock == "ties" else float(draw.random()) * 24
        return midnight.astimezone(UTC) + timedelta(days=day // 3 * 3, hours=hours)

    def _line(self, draw: np.random.Generator) -> dict[str, Any]:
        amounts = PLAIN if self.amounts == "plain" else EXTREME
        moment = self._moment(draw)
        drawn = {name: _one(draw, values) for name, values in (TEXTS | CODES).items()}
        stated = {name: _one(draw, amounts) for name in AMOUNTS}
        counted = {name: _one(draw, (None, 0, 1, 40)) for name in COUNTS}
        notice = _one(draw, (None, timedelta(days=3), timedelta(days=-2)))
        line = drawn | stated | counted | {"arrival_at": notice and moment + notice}
        return {name: None if name in self.absent else line[name] for name in line} | {
            "lodged_at": moment
        }

    def _result(self, draw: np.random.Generator, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """Draw a result of any line, so that some have several; a few clocks slip backwards."""
        at = int(draw.integers(len(lines)))
        known = lines[at]["lodged_at"] + timedelta(hours=int(draw.integers(-30, DAYS * 24)))
        return {
            "declaration_id": f"D{at:04}",
            "inspected_at": known - timedelta(hours=int(draw.integers(0, 200))),
            "result_known_at": known,
            "result": _one(draw, ("hit", "clear")),
            # Whole sums, so that adding them in another order gives the same bits.
            "revenue_recovered": _one(draw, (None, 64.0, 4096.0)),
        }


def _one(draw: np.random.Generator, values: tuple[Any, ...]) -> Any:
    return values[int(draw.integers(len(values)))]


ZONES = (
    "Asia/Baku", "UTC", "Pacific/Kiritimati", "America/St_Johns",
    "Africa/Cairo",  # summer time begins at midnight: that day has none
)  # fmt: skip


def knobs(
    *, most: int = 30, amounts: tuple[Amounts, ...] = ("plain", "extreme")
) -> st.SearchStrategy[Knobs]:
    """Worlds of one line and more, with and without results."""
    return st.builds(
        Knobs,
        lines=st.integers(1, most),
        results=st.integers(0, most),
        seed=st.integers(0, 2**32),
        absent=st.frozensets(st.sampled_from(sorted(TEXTS)), max_size=4),
        clock=st.sampled_from(["spread", "ties", "midnight"]),
        amounts=st.sampled_from(amounts),
        time_zone=st.sampled_from(ZONES),
    )


SINGLE = Knobs(lines=1, results=0)
NOTHING_FOUND = Knobs(lines=20, results=0, seed=1)
NO_KEYS = Knobs(lines=20, results=9, seed=2, absent=frozenset(TEXTS))
TIED = Knobs(lines=30, results=30, seed=3, clock="ties")
MIDNIGHT = Knobs(lines=30, results=30, seed=4, clock="midnight", time_zone="Pacific/Kiritimati")
WILD = Knobs(lines=30, results=30, seed=5, amounts="extreme")
RICH = Knobs(lines=60, results=60, seed=6)
"""Enough lines and results that every feature of a profile has something to tell."""
