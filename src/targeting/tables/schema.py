"""The tables customs work with, as data: column, type, unit, nullability, meaning.

`docs/data-dictionary.md` is generated from here (`make docs`), `targeting check` enforces it and
ingest converts to it. Names are fixed: other programs read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from targeting.language import marked

Kind = Literal["string", "timestamp", "int", "float"]

_ARROW: dict[Kind, pa.DataType] = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "int": pa.int64(),
    "float": pa.float64(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        As it stands in the file.
    kind
        `string`, `timestamp` (UTC), `int` or `float`.
    meaning
        One sentence for the data dictionary.
    null
        Whether a value may be missing.
    unit
        Unit of measure, empty where there is none.
    choices
        The closed set of values, empty where it is open.
    pattern
        A regular expression the whole value must match, empty where any text will do.
    minimum, maximum
        Inclusive bounds of a number; None where there is none.
    above_minimum
        Whether the minimum itself is refused, as for a probability in (0, 1].
    """

    name: str
    kind: Kind
    meaning: str
    null: bool = True
    unit: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above_minimum: bool = False

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type the column is written with."""
        return _ARROW[self.kind]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, its key and its columns in order.

    Parameters
    ----------
    name
        Name of the table; the file is `NAME.parquet`, a file or a partitioned folder.
    key
        The column whose value is unique.
    columns
        In the order they are written.
    """

    name: str
    key: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        """Look a column up by name; KeyError if the table has none of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def arrow_schema(self) -> pa.Schema:
        """Arrow schema of the table, required columns marked as not nullable.

        Examples
        --------
        >>> INSPECTIONS.arrow_schema().field("result").nullable
        False
        """
        return pa.schema([pa.field(c.name, c.arrow, nullable=c.null) for c in self.columns])


FLOWS = ("import", "export", "transit", "transshipment")
MODES = (
    "sea", "rail", "road", "air", "post", "multimodal", "fixed", "inland_water", "unknown",
)  # fmt: skip
LOADS = ("FCL", "LCL", "empty")
SELECTED_BY = ("model", "rule", "intelligence", "officer", "mandatory", "random")
RESULTS = ("hit", "clear")
COUNTRY = "[A-Z]{2}"

DECLARATIONS = Table(
    "declarations",
    "declaration_id",
    (
        Column("declaration_id", "string", "Unique goods line of one consignment.", null=False),
        Column(
            "lodged_at",
            "timestamp",
            marked("When customs first held this line: the clock of every feature."),
            null=False,
            unit="UTC",
        ),
        Column(
            "arrival_at",
            "timestamp",
            marked("Expected arrival (imports, transit) or departure (exports)."),
            unit="UTC",
        ),
        Column("flow", "string", marked("Direction of the goods."), null=False, choices=FLOWS),
        Column(
            "transport_mode", "string", marked("Mode at the border."), null=False, choices=MODES
        ),
        Column("office_id", "string", "Customs office or PCU site.", null=False),
        Column("consignee_id", "string", marked("Importer's stable code.")),
        Column("consignor_id", "string", marked("Exporter's (shipper's) stable code.")),
        Column("declarant_id", "string", marked("Declarant's (broker's) stable code.")),
        Column("notify_party_id", "string", "Notify party's stable code."),
        Column("carrier_id", "string", "Carrier's stable code."),
        Column(
            "consignee_name", "string", marked("Importer's name: for screening, never a feature.")
        ),
        Column(
            "consignor_name", "string", marked("Exporter's name: for screening, never a feature.")
        ),
        Column(
            "hs_code",
            "string",
            "Harmonized System code, 4 to 10 digits, leading zeros kept.",
            null=False,
            pattern="[0-9]{4,10}",
        ),
        Column("goods_description", "string", "Goods in the declarant's words."),
        Column(
            "origin_country",
            "string",
            marked("Country of origin, ISO 3166 alpha-2."),
            pattern=COUNTRY,
        ),
        Column(
            "dispatch_country",
            "string",
            marked("Country of dispatch, ISO 3166 alpha-2."),
            pattern=COUNTRY,
        ),
        Column(
            "destination_country",
            "string",
            marked("Country of destination, ISO 3166 alpha-2."),
            pattern=COUNTRY,
        ),
        Column("loading_port", "string", marked("UN/LOCODE or site code of loading.")),
        Column("transshipment_port", "string", "UN/LOCODE or site code of transshipment."),
        Column("discharge_port", "string", marked("UN/LOCODE or site code of discharge.")),
        Column("transport_document_id", "string", marked("Consignment: B/L, AWB or CMR number.")),
        Column("conveyance_id", "string", marked("Vessel, train, vehicle or aircraft.")),
        Column("voyage_id", "string", marked("Voyage, trip or flight.")),
        Column(
            "container_id",
            "string",
            "ISO 6346 number of the unit; a bad check digit is a flag, not a rejection.",
        ),
        Column("container_type", "string", marked("ISO 6346 size and type code.")),
        Column("container_load", "string", marked("Full, groupage or empty."), choices=LOADS),
        Column("seal_id", "string", "Seal as declared."),
        Column("package_count", "int", marked("Packages of the line."), unit="packages", minimum=0),
        Column("gross_mass_kg", "float", marked("Gross mass of the line."), unit="kg", minimum=0),
        Column("net_mass_kg", "float", marked("Net mass of the line."), unit="kg", minimum=0),
        Column(
            "customs_value",
            "float",
            marked("Customs value of the line."),
            unit="the administration's currency",
            minimum=0,
        ),
        Column(
            "freight_cost",
            "float",
            "Freight of the line.",
            unit="the administration's currency",
            minimum=0,
        ),
        Column("duty_rate_pct", "float", "Rate of duty applied.", unit="percent", minimum=0),
        Column("tax_regime", "string", "Tax regime or preference claimed."),
        Column("payment_method", "string", "Means of payment."),
        Column("procedure_code", "string", "Customs procedure."),
        Column(
            "amendment_count",
            "int",
            "Amendments held at `lodged_at` of this version.",
            unit="amendments",
            minimum=0,
        ),
    ),
)

INSPECTIONS = Table(
    "inspections",
    "inspection_id",
    (
        Column("inspection_id", "string", "Unique examination.", null=False),
        Column("declaration_id", "string", "The goods line that was examined.", null=False),
        Column("selected_by", "string", "Why it was examined.", null=False, choices=SELECTED_BY),
        Column(
            "selection_probability",
            "float",
            "Chance with which it was drawn; known for `random` and for policy-drawn lines.",
            minimum=0,
            maximum=1,
            above_minimum=True,
        ),
        Column(
            "inspected_at", "timestamp", "When the officer examined it.", null=False, unit="UTC"
        ),
        Column(
            "result_known_at",
            "timestamp",
            "When the result became known; never before `inspected_at`.",
            null=False,
            unit="UTC",
        ),
        Column(
            "result",
            "string",
            "`hit` is a seizure or a confirmed infringement.",
            null=False,
            choices=RESULTS,
        ),
        Column("offence", "string", "Type of the offence found: undervaluation, drugs, tobacco..."),
        Column(
            "revenue_recovered",
            "float",
            "Duty, tax and penalty recovered.",
            unit="the administration's currency",
            minimum=0,
        ),
        Column("seized_quantity", "float", "Quantity seized.", minimum=0),
        Column("seized_unit", "string", "Unit of the quantity seized."),
    ),
)

TABLES = (DECLARATIONS, INSPECTIONS)

NEVER_FEATURES = (
    "lane",
    "colour",
    "color",
    "examination_text",
    "exam_result",
    "penalty",
    "raised_tax",
    "release_date",
    "released_at",
    "exit_date",
    "inspector",
    "inspector_id",
    "criteria_hit",
    "post_examination_seal",
    "seal_after",
    "consignee_name",
    "consignor_name",
)
"""Columns no model may look at, whatever an extract offers: they are known only afterwards, or
name a person. `targeting.features` refuses them in a feature config."""
