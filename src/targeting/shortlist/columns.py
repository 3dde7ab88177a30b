"""Columns of the officer's workbook, as data: title, kind, width, meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from targeting.config.advice import Offence
from targeting.language import marked
from targeting.tables.schema import DECLARATIONS, RESULTS

Kind = Literal["text", "long", "whole", "mass", "money", "share", "chance", "score", "date", "time"]

BLUE = "#12395B"
"""Ground of the titles, and ink of the guide's heading."""

OFFENCES = get_args(Offence)
"""Offered in the workbook's list; the column `offence` is open, so any other word is accepted."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the workbook.

    Parameters
    ----------
    name
        Column of the list, or the name under which a filled-in result is handed back.
    title
        What the sheet's first row says, in English; catalogues translate it, and the meaning.
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
    Column("rank", marked("No."), "whole", 5, marked("Order in which to work the office's day.")),
    Column("office_id", marked("Office"), "text", 8, marked("Customs office or PCU site.")),
    Column(
        "day",
        marked("Day"),
        "date",
        10.5,
        marked("Local day on which customs first held the line."),
    ),
    Column(
        "selected_by",
        marked("Chosen by"),
        "text",
        10.5,
        marked("mandatory: ordered from outside. random: drawn by lot. model: among the highest."),
    ),
    Column("risk", marked("Chance of a find"), "text", 9.5, marked("The probability in words.")),
    Column(
        "probability",
        marked("Probability"),
        "share",
        9.5,
        marked("Share of lines with such a score that an examination would show to be a hit."),
    ),
    Column(
        "reasons",
        marked("Why"),
        "long",
        32,
        marked("What raised the score, strongest first; 'Against' marks what lowered it."),
    ),
    Column(
        "points_to",
        marked("Points to"),
        "long",
        14,
        marked("Schemes of which the reasons are traces, strongest first; a lead, not a finding."),
    ),
    Column(
        "where_to_look",
        marked("Where to look"),
        "long",
        28,
        marked("For that scheme and this kind of unit; what to do first comes first."),
    ),
    Column(
        "declaration_id",
        marked("Declaration"),
        "text",
        15,
        marked("Unique goods line of one consignment."),
    ),
    Column(
        "container_id", marked("Container"), "text", 14, marked("Number of the container or unit.")
    ),
    Column(
        "seal_id",
        marked("Seal declared"),
        "text",
        11.5,
        marked("Seal as declared; compare it on the spot."),
    ),
    Column("hs_code", marked("HS code"), "text", 12, marked("Harmonized System code as declared.")),
    Column(
        "goods_description", marked("Goods"), "long", 20, marked("Goods in the declarant's words.")
    ),
)

FILL = (
    Column(
        "examined", marked("Examined?"), "text", 10.5, marked("Fill in: yes or no."),
        fill=True, choices=("yes", "no"), closed=True,
    ),
    Column(
        "inspected_at", marked("Examined at"), "time", 12,
        marked("Fill in: local date and time."), fill=True,
    ),
    Column(
        "result", marked("Result"), "text", 8,
        marked("Fill in: hit for a seizure or a confirmed infringement, else clear."),
        fill=True, choices=RESULTS, closed=True,
    ),
    Column(
        "offence", marked("Offence"), "text", 12,
        marked("Fill in: what a hit was; take a word of the list or your own."),
        fill=True, choices=OFFENCES,
    ),
    Column(
        "seal_found", marked("Seal found"), "text", 11.5,
        marked("Fill in: the seal on the unit."), fill=True,
    ),
    Column(
        "remarks", marked("Remarks"), "long", 18,
        marked("Fill in: what was found and where, or why the line was not examined."), fill=True,
    ),
)  # fmt: skip

_TITLES: dict[str, tuple[str, Kind, float]] = {
    "arrival_at": (marked("Arrives"), "time", 16),
    "lodged_at": (marked("Lodged"), "time", 16),
    "flow": (marked("Flow"), "text", 12),
    "transport_mode": (marked("Mode"), "text", 9),
    "transport_document_id": (marked("Transport document"), "text", 19),
    "conveyance_id": (marked("Vessel, train, truck"), "text", 19),
    "voyage_id": (marked("Voyage"), "text", 12),
    "container_type": (marked("Type"), "text", 7),
    "container_load": (marked("Load"), "text", 7),
    "origin_country": (marked("Origin"), "text", 8),
    "dispatch_country": (marked("Dispatched from"), "text", 11),
    "destination_country": (marked("Destination"), "text", 11),
    "loading_port": (marked("Loading port"), "text", 12),
    "discharge_port": (marked("Discharge port"), "text", 12),
    "package_count": (marked("Packages"), "whole", 10),
    "gross_mass_kg": (marked("Gross mass, kg"), "mass", 14),
    "net_mass_kg": (marked("Net mass, kg"), "mass", 14),
    "customs_value": (marked("Customs value"), "money", 15),
    "consignee_id": (marked("Consignee code"), "text", 16),
    "consignee_name": (marked("Consignee"), "long", 24),
    "consignor_id": (marked("Consignor code"), "text", 16),
    "consignor_name": (marked("Consignor"), "long", 24),
    "declarant_id": (marked("Declarant code"), "text", 16),
}

DETAIL = (
    *(
        Column(name, title, kind, width, DECLARATIONS[name].meaning)
        for name, (title, kind, width) in _TITLES.items()
    ),
    Column(
        "expected_revenue",
        marked("Revenue expected"),
        "money",
        15,
        marked(
            "What an examination of the line recovers on average; empty where the model does "
            "not say."
        ),
    ),
    Column("score", marked("Score"), "score", 9, marked("Raw log-odds of the model.")),
    Column(
        "selection_probability",
        marked("Chance in the lot"),
        "chance",
        12,
        marked("Chance a line drawn by lot had of being drawn; hand it back with the result."),
    ),
    Column(
        "advice_version",
        marked("Advice"),
        "text",
        14,
        marked("Version of the file the advice was taken from, and its fingerprint."),
    ),
)

SHEET = (*WORK, *FILL, *DETAIL)
"""All columns of the workbook's first sheet. `WORK` and `FILL` are printed; `DETAIL` is for the
screen."""
