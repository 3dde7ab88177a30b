"""Columns of the officer's workbook, as data: title, kind, width, meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from targeting.tables.schema import DECLARATIONS, RESULTS

Kind = Literal["text", "long", "whole", "mass", "money", "share", "chance", "score", "date", "time"]

OFFENCES = (
    "undervaluation",
    "misclassification",
    "origin_fraud",
    "misdescription",
    "undeclared_goods",
    "counterfeit",
    "tobacco",
    "alcohol",
    "drugs",
    "weapons",
    "strategic_goods",
    "currency",
    "wildlife",
    "waste",
    "other",
)
"""Offered in the workbook's list; the column `offence` is open, so any other word is accepted."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the workbook.

    Parameters
    ----------
    name
        Column of the list, or the name under which a filled-in result is handed back.
    title
        What the sheet's first row says.
    kind
        How its values are written and shown.
    width
        In characters.
    meaning
        One sentence for the sheet "How to read this".
    fill
        Whether the officer fills it in.
    choices
        Values offered when it is filled in.
    closed
        Whether other values than `choices` are refused.
    """

    name: str
    title: str
    kind: Kind
    width: float
    meaning: str
    fill: bool = False
    choices: tuple[str, ...] = ()
    closed: bool = False


WORK = (
    Column("rank", "No.", "whole", 5, "Order in which to work the office's day."),
    Column("office_id", "Office", "text", 8, "Customs office or PCU site."),
    Column("day", "Day", "date", 10.5, "Local day on which customs first held the line."),
    Column(
        "selected_by",
        "Chosen by",
        "text",
        10.5,
        "mandatory: ordered from outside. random: drawn by lot. model: among the highest.",
    ),
    Column("risk", "Chance of a find", "text", 9.5, "The probability in words."),
    Column(
        "probability",
        "Probability",
        "share",
        9.5,
        "Share of lines with such a score that an examination would show to be a hit.",
    ),
    Column(
        "reasons",
        "Why",
        "long",
        32,
        "What raised the score, strongest first; 'Against' marks what lowered it.",
    ),
    Column("declaration_id", "Declaration", "text", 15, "Unique goods line of one consignment."),
    Column("container_id", "Container", "text", 14, "Number of the container or unit."),
    Column("seal_id", "Seal declared", "text", 11.5, "Seal as declared; compare it on the spot."),
    Column("hs_code", "HS code", "text", 12, "Harmonized System code as declared."),
    Column("goods_description", "Goods", "long", 20, "Goods in the declarant's words."),
)

FILL = (
    Column(
        "examined", "Examined?", "text", 10.5, "Fill in: yes or no.",
        fill=True, choices=("yes", "no"), closed=True,
    ),
    Column(
        "inspected_at", "Examined at", "time", 12, "Fill in: local date and time.", fill=True
    ),
    Column(
        "result", "Result", "text", 8,
        "Fill in: hit for a seizure or a confirmed infringement, else clear.",
        fill=True, choices=RESULTS, closed=True,
    ),
    Column(
        "offence", "Offence", "text", 12,
        "Fill in: what a hit was; take a word of the list or your own.",
        fill=True, choices=OFFENCES,
    ),
    Column("seal_found", "Seal found", "text", 11.5, "Fill in: the seal on the unit.", fill=True),
    Column(
        "remarks", "Remarks", "long", 18,
        "Fill in: what was found and where, or why the line was not examined.", fill=True,
    ),
)  # fmt: skip

_TITLES: dict[str, tuple[str, Kind, float]] = {
    "arrival_at": ("Arrives", "time", 16),
    "lodged_at": ("Lodged", "time", 16),
    "flow": ("Flow", "text", 12),
    "transport_mode": ("Mode", "text", 9),
    "transport_document_id": ("Transport document", "text", 19),
    "conveyance_id": ("Vessel, train, truck", "text", 19),
    "voyage_id": ("Voyage", "text", 12),
    "container_type": ("Type", "text", 7),
    "container_load": ("Load", "text", 7),
    "origin_country": ("Origin", "text", 8),
    "dispatch_country": ("Dispatched from", "text", 11),
    "destination_country": ("Destination", "text", 11),
    "loading_port": ("Loading port", "text", 12),
    "discharge_port": ("Discharge port", "text", 12),
    "package_count": ("Packages", "whole", 10),
    "gross_mass_kg": ("Gross mass, kg", "mass", 14),
    "net_mass_kg": ("Net mass, kg", "mass", 14),
    "customs_value": ("Customs value", "money", 15),
    "consignee_id": ("Consignee code", "text", 16),
    "consignee_name": ("Consignee", "long", 24),
    "consignor_id": ("Consignor code", "text", 16),
    "consignor_name": ("Consignor", "long", 24),
    "declarant_id": ("Declarant code", "text", 16),
}

DETAIL = (
    *(
        Column(name, title, kind, width, DECLARATIONS[name].meaning)
        for name, (title, kind, width) in _TITLES.items()
    ),
    Column(
        "expected_revenue",
        "Revenue expected",
        "money",
        15,
        "What an examination of the line recovers on average; empty where the model does not say.",
    ),
    Column("score", "Score", "score", 9, "Raw log-odds of the model."),
    Column(
        "selection_probability",
        "Chance in the lot",
        "chance",
        12,
        "Chance a line drawn by lot had of being drawn; hand it back with the result.",
    ),
)

SHEET = (*WORK, *FILL, *DETAIL)
"""All columns of the workbook's first sheet. `WORK` and `FILL` are printed; `DETAIL` is for the
screen."""
