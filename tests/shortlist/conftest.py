"""Literal scores and tables: three offices' days, with hostile words among the declared ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest

from targeting.config import AdviceSettings, ShortlistSettings
from targeting.scoring.scores import Scores, ScoresInfo
from targeting.shortlist.lines import add_facts
from targeting.shortlist.pointers import add_advice
from targeting.shortlist.policy import draw
from targeting.shortlist.report import ShortlistHeader, count
from targeting.tables.folder import TablesFolder, write_tables
from targeting.tables.schema import INSPECTIONS

if TYPE_CHECKING:
    from pathlib import Path

FORMULA = '=HYPERLINK("http://example.org","click")'
SCRIPT = "<script>alert('x')</script>"

REASONS = [
    {
        "text": "Consignee was first seen 3 days before lodging.",
        "feature": "consignee_days_known",
        "family": "newcomer",
        "contribution": 1.42,
    },
    {
        "text": "Declared value per kg is 38% of the usual 4.10 EUR for these goods.",
        "feature": "value_per_kg_vs_hs6",
        "family": "price",
        "contribution": 0.91,
    },
    {
        "text": "Carrier was clear in 212 of 214 examinations.",
        "feature": "carrier_hit_rate",
        "family": "history",
        "contribution": -0.35,
    },
]

# Office, hour after the first midnight UTC, probability, revenue, reasons.
# D-05 and D-06 are lodged at 21:00 UTC of 1 March, which is 2 March in Baku.
_PLAN = (
    ("AZ001", 3, 0.34, 5200.0, REASONS),
    ("AZ001", 4, 0.142, 9800.0, REASONS[:2]),
    ("AZ001", 5, 0.03, 120.0, None),
    ("AZ001", 6, 0.0007, 3.0, None),
    ("AZ001", 21, 0.21, 800.0, REASONS[2:]),
    ("AZ001", 21, 0.05, 60.0, REASONS[1:2]),
    ("TM014", 3, 0.97, 40000.0, REASONS),
    ("TM014", 9, 0.009, 15.0, None),
    ("TM014", 10, 0.11, 410.0, REASONS[:1]),
)


@pytest.fixture
def score_rows() -> pd.DataFrame:
    """Nine scored declarations, D-01 to D-09."""
    midnight = pd.Timestamp("2025-03-01T00:00", tz="UTC")
    return pd.DataFrame(
        {
            "declaration_id": [f"D-{number:02}" for number in range(1, len(_PLAN) + 1)],
            "lodged_at": [midnight + pd.Timedelta(hours=plan[1]) for plan in _PLAN],
            "office_id": [plan[0] for plan in _PLAN],
            "score": [float(10 * plan[2] - 5) for plan in _PLAN],
            "probability": [plan[2] for plan in _PLAN],
            "expected_revenue": [plan[3] for plan in _PLAN],
            "reasons": [plan[4] for plan in _PLAN],
        }
    )


@pytest.fixture
def scores(score_rows: pd.DataFrame) -> Scores:
    return Scores(score_rows, ScoresInfo("3f9ac1d20b77", "2025-02-14", "Asia/Baku", "EUR"))


def declarations() -> pa.Table:
    """Twelve declarations; the last three have no score."""
    number = range(1, 13)
    start = datetime(2025, 3, 1, 3, tzinfo=ZoneInfo("UTC"))
    names = ["Caspian Trading LLC", FORMULA, SCRIPT, "Orta Yol Import", None, "Bahar Co"] * 2
    goods = ["Footwear with outer soles of rubber", SCRIPT, FORMULA, "Tiles, ceramic"] * 3
    return pa.table(
        {
            "declaration_id": [f"D-{one:02}" for one in number],
            "lodged_at": [start] * 12,
            "arrival_at": [
                start + timedelta(hours=50 + one) if one != 4 else None for one in number
            ],
            "flow": ["import", "transit", "export"] * 4,
            "transport_mode": ["sea", "rail", "road"] * 4,
            "office_id": ["AZ001"] * 12,
            "consignee_id": [f"C{one:05}" for one in number],
            "consignee_name": names,
            "consignor_name": ["Ningbo Everbright Export Co Ltd", None] * 6,
            "declarant_id": ["B-017"] * 12,
            "hs_code": ["0640411900"[:10], "690721", "854143", "240220"] * 3,
            "goods_description": goods,
            "origin_country": ["CN", "TR", None] * 4,
            "loading_port": ["CNNGB", "TRMER", None] * 4,
            "transport_document_id": [f"NGB25{one:06}" for one in number],
            "conveyance_id": ["MERCURI-1", "TRAIN 2204", None] * 4,
            "container_id": ["MSKU1234565", "@SUM(A1)", None] * 4,
            "container_type": ["22G1", "45G1", None] * 4,
            "container_load": ["FCL", "LCL", None] * 4,
            "seal_id": ["ML-CN4401223", None, "+994"] * 4,
            "package_count": pa.array([1200, None, 40] * 4, pa.int64()),
            "gross_mass_kg": [18450.5, None, 900.0] * 4,
            "net_mass_kg": [17200.0, 12000.0, None] * 4,
            "customs_value": [28400.0, 3100.25, None] * 4,
        }
    )


@pytest.fixture
def tables(tmp_path: Path) -> TablesFolder:
    folder = tmp_path / "tables"
    folder.mkdir()
    write_tables(folder, declarations(), INSPECTIONS.arrow_schema().empty_table())
    return TablesFolder.open(folder)


@pytest.fixture
def settings() -> ShortlistSettings:
    return ShortlistSettings(random_share=0.25, time_zone="Asia/Baku", seed=7)


MANDATORY = ("D-08", "D-77")


@pytest.fixture
def drawn(score_rows: pd.DataFrame, settings: ShortlistSettings) -> pd.DataFrame:
    return draw(score_rows, capacity=3, settings=settings, mandatory=MANDATORY)


@pytest.fixture
def facts(drawn: pd.DataFrame, tables: TablesFolder) -> pd.DataFrame:
    return add_facts(drawn, tables, time_zone="Asia/Baku")


@pytest.fixture
def lines(facts: pd.DataFrame, score_rows: pd.DataFrame) -> pd.DataFrame:
    return add_advice(facts, score_rows, advice=AdviceSettings(), language="en")


@pytest.fixture
def header(scores: Scores, drawn: pd.DataFrame, settings: ShortlistSettings) -> ShortlistHeader:
    report = count(
        scores.rows, drawn, capacity=3, time_zone=settings.time_zone, mandatory=MANDATORY
    )
    return ShortlistHeader(scores.info, settings, 3, report)
