"""A source in words: how one administration's extract becomes the two tables (YAML, typed).

Only the shape of a mapping is settled here, by `targeting.config.load`. Whether it makes sense
against the tables and against the header of the extract is judged in
`targeting.ingest.checks`, where all findings are told at once.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from targeting.config import Settings
from targeting.tables.schema import SELECTED_BY

FileKind = Literal["csv", "xlsx", "parquet", "jsonl", "database"]
ExtraKind = Literal["string", "float", "int", "timestamp"]
Conflict = Literal["quarantine", "first", "last"]

NULL_WORDS: tuple[str, ...] = ("", "NULL", "null", "N/A", "nan", "NaN")
"""Not "NA": it is the country code of Namibia."""


def _only_text(value: object) -> object:
    """Refuse unquoted YAML codes: 010 would be read as 8, and NO as false."""
    if isinstance(value, dict):
        wrong = [key for key in value if not isinstance(key, str)]
        wrong += [item for item in value.values() if not isinstance(item, str | None)]
    else:
        wrong = [item for item in _as_list(value) if not isinstance(item, str)]
    if wrong:
        raise ValueError(f"write codes in quotes, as '{wrong[0]}' ({len(wrong)} without)")
    return value


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


class FormatSettings(Settings):
    """How the extract is written down.

    Parameters
    ----------
    kind
        `csv`, `xlsx`, `parquet`, `jsonl` (one JSON object a line) or `database`.
    delimiter, quote, encoding
        CSV only. `quote` is one character, or empty when nothing is quoted. JSON lines know
        `encoding` too.
    sheet, header_row
        XLSX only: the sheet's name (the first sheet when not given) and the row, from 1, that
        names the columns.
    url_variable, query
        Database only: the environment variable that holds the SQLAlchemy URL, and the SELECT.
    decimal, thousands
        Marks inside numbers written as text.
    nulls
        Words that mean "no value"; letter case counts.
    """

    kind: FileKind
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)
    url_variable: str | None = None
    query: str | None = None
    decimal: str = "."
    thousands: str = ""
    nulls: tuple[str, ...] = NULL_WORDS

    _text = field_validator("nulls", mode="before")(_only_text)


class ColumnSettings(Settings):
    """How one column of a table is filled; a bare name in YAML means `from: NAME`.

    Parameters
    ----------
    from_
        `from` in YAML: the source column, or several that are joined with `separator`. If any
        part is missing, the joined value is missing.
    separator
        Stands between joined parts.
    optional
        The source column may be absent from a file; its values are then missing.
    constant
        The same value in every row, instead of `from`.
    map, otherwise
        Source value to target value, and what becomes of a value that is not in the map:
        `quarantine` its row, make it `null`, `keep` it as it is, or any other text, used as it
        stands.
    dates
        Ways the source writes the time: strptime formats, or the words `iso`, `excel_serial`,
        `unix_seconds`, `unix_milliseconds`. A value that two formats read as different times is
        not guessed: it is unreadable.
    time_zone
        Of the source's clock, when it differs from the source's `time_zone`.
    clock_change
        A local time lived twice, or skipped, when the clocks changed: `quarantine`, or take the
        `earlier` or `later` reading. Midnight is exempt: it is the day's first moment.
    decimal, thousands
        Marks inside numbers, when they differ from the format's.
    factor, unit
        Multiply by a number, or name the source's unit (see `targeting.ingest.units`).
    strip
        Take white space off both ends.
    remove
        Characters to take out anywhere, such as the dots of `4408.90`.
    case
        `upper`, `lower` or `keep`.
    pad
        Width to which a code of digits is filled with leading zeros.
    nulls
        Further words that mean "no value" in this column.
    invalid
        A value that cannot be read: `quarantine` its row, or make it `null` and count it.
    """

    from_: str | tuple[str, ...] | None = Field(default=None, alias="from")
    separator: str = "-"
    optional: bool = False
    constant: str | int | float | None = None
    map: dict[str, str | None] | None = None
    otherwise: str | None = "quarantine"
    dates: tuple[str, ...] = ("iso",)
    time_zone: str | None = None
    clock_change: Literal["quarantine", "earlier", "later"] = "quarantine"
    decimal: str | None = None
    thousands: str | None = None
    factor: float | None = None
    unit: str | None = None
    strip: bool = True
    remove: str = ""
    case: Literal["keep", "upper", "lower"] = "keep"
    pad: int | None = Field(default=None, ge=1, le=32)
    nulls: tuple[str, ...] = ()
    invalid: Literal["quarantine", "null"] = "quarantine"

    _text = field_validator("map", "nulls", mode="before")(_only_text)

    @model_validator(mode="before")
    @classmethod
    def _accept_name(cls, value: object) -> object:
        return {"from": value} if isinstance(value, str) else value

    @field_validator("constant", mode="before")
    @classmethod
    def _not_yes_no(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError("YAML reads this word as true or false: write it in quotes")  # noqa: TRY004
        return value

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns this column is made from, in order; none for a constant."""
        if self.from_ is None:
            return ()
        return (self.from_,) if isinstance(self.from_, str) else self.from_


class ExtraSettings(ColumnSettings):
    """A column beyond the schema, named and typed by the mapping.

    Parameters
    ----------
    kind
        What it is kept as: `string`, `float`, `int` or `timestamp`.
    """

    kind: ExtraKind = "string"


class ExtractSettings(Settings):
    """One table of the output, read from its own files or query.

    Parameters
    ----------
    columns
        Target column to the way it is filled.
    files
        Glob on file names that says which inputs belong to this table.
    format
        When it differs from the source's.
    extra
        `keep` every source column no other rule uses, under its own name in snake case; `drop`
        them; or a list of the source columns to keep.
    extra_columns
        Columns beyond the schema with a name, a type or a conversion of their own.
    drop
        Source columns never kept, such as what is known only after an examination.
    on_conflict
        What becomes of rows with one key and different content: `quarantine` all of them, or
        keep the `first` or the `last` (by time, amendment count, file, row); the others are
        quarantined.
    """

    columns: dict[str, ColumnSettings]
    files: str | None = None
    format: FormatSettings | None = None
    extra: Literal["keep", "drop"] | tuple[str, ...] = "keep"
    extra_columns: dict[str, ExtraSettings] = Field(default_factory=dict)
    drop: tuple[str, ...] = ()
    on_conflict: Conflict = "quarantine"


class InspectionExtractSettings(ExtractSettings):
    """Inspections from an extract of their own.

    Parameters
    ----------
    assumed_delay_days
        Days from `inspected_at` to `result_known_at`, when the extract has no such date. An
        assumption; the report states it.
    """

    assumed_delay_days: float | None = Field(default=None, ge=0, le=3650)


class LabelSettings(Settings):
    """The column of the declarations that says what an examination found.

    Parameters
    ----------
    from_
        `from` in YAML: the source column. An empty value is an unexamined row, never a clear one.
    hit, clear
        Values that mean a hit, and values that mean clear.
    otherwise
        Any other value: `quarantine` the row, or treat it as `unexamined`.
    """

    from_: str = Field(alias="from")
    hit: tuple[str, ...] = Field(min_length=1)
    clear: tuple[str, ...] = Field(min_length=1)
    otherwise: Literal["quarantine", "unexamined"] = "quarantine"

    _text = field_validator("hit", "clear", mode="before")(_only_text)


class DerivedSettings(Settings):
    """Inspections made from a label column of the declarations, one per labelled row.

    Parameters
    ----------
    label
        Which column, and what its values mean.
    selected_by
        Why the rows were examined, the same for all unless `columns` maps it.
    assumed_delay_days
        Days from lodging to the result becoming known. An assumption, needed unless `columns`
        maps `result_known_at`; the report states it.
    inspected_after_days
        Days from lodging to the examination, unless `columns` maps `inspected_at`.
    columns
        Further columns of `inspections`, such as `offence` and `revenue_recovered`. Their source
        columns are outcomes and are never kept in `declarations`.
    """

    label: LabelSettings
    selected_by: str = Field(pattern=f"^({'|'.join(SELECTED_BY)})$")
    assumed_delay_days: float | None = Field(default=None, ge=0, le=3650)
    inspected_after_days: float = Field(default=0, ge=0, le=3650)
    columns: dict[str, ColumnSettings] = Field(default_factory=dict)

    @property
    def outcome_sources(self) -> set[str]:
        """Source columns known only after the examination."""
        mapped = {name for one in self.columns.values() for name in one.sources}
        return {self.label.from_} | mapped


class InspectionsSettings(Settings):
    """Where inspections come from: one of the two, or neither for an extract without results.

    Parameters
    ----------
    derived
        From a label column of the declarations.
    extract
        From files or a query of their own.
    """

    derived: DerivedSettings | None = None
    extract: InspectionExtractSettings | None = None


class SourceSettings(Settings):
    """One administration's extract (`configs/sources/NAME.yaml`).

    Parameters
    ----------
    name
        A short name, written into the report.
    time_zone
        IANA zone of the source's clock, for times without an offset.
    format
        How the extract is written down.
    declarations
        The declarations table.
    inspections
        Where results come from; nothing means no row is known to be examined.
    currency
        ISO 4217 code of the value columns, written into the report.
    note
        Anything a reader of the report should know.
    """

    name: str = Field(pattern="^[a-z0-9_-]+$")
    time_zone: str
    format: FormatSettings
    declarations: ExtractSettings
    inspections: InspectionsSettings = InspectionsSettings()
    currency: str = Field(default="", pattern="^([A-Z]{3})?$")
    note: str = ""

    def extract_format(self, extract: ExtractSettings) -> FormatSettings:
        """Format of one table's extract: its own, or the source's.

        Parameters
        ----------
        extract
            Settings of the table.
        """
        return extract.format or self.format
