"""The account of an ingest: where every row went, and what was assumed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileReport:
    """Where the rows of one input went.

    Parameters
    ----------
    name
        The file's name.
    sha256
        Of its bytes; of the query for a database.
    rows_in, rows_out, quarantined, duplicates
        `rows_in` is the sum of the other three.
    blank_lines
        Empty lines passed over; not rows.
    reasons
        Quarantined rows by reason. A row with two reasons counts under both.
    """

    name: str
    sha256: str
    rows_in: int
    rows_out: int
    quarantined: int
    duplicates: int
    blank_lines: int
    reasons: dict[str, int]

    def __post_init__(self) -> None:
        if self.rows_in != self.rows_out + self.quarantined + self.duplicates:
            raise AssertionError(f"{self.name}: rows were lost or made; please report this defect")


@dataclass(frozen=True, slots=True)
class TableReport:
    """Where the rows of one table went.

    Parameters
    ----------
    files
        One account each; the other counts are their sums.
    rows_in, rows_out, quarantined, duplicates
        `rows_in` is the sum of the other three.
    reasons
        Quarantined rows by reason. A row with two reasons counts under both.
    first, last
        Earliest and latest time of the table (`lodged_at`, `result_known_at`), UTC.
    nulls
        Missing values of each output column.
    extra_columns
        Columns kept beyond the schema.
    never_features
        Those of them that no model may look at.
    values_outside_maps
        By column: how many values were not in its map, and which, where they are codes.
    values_made_null
        By column: unreadable values made null, as the mapping asks.
    """

    files: tuple[FileReport, ...]
    rows_in: int
    rows_out: int
    quarantined: int
    duplicates: int
    reasons: dict[str, int]
    first: str | None
    last: str | None
    nulls: dict[str, int]
    extra_columns: tuple[str, ...] = ()
    never_features: tuple[str, ...] = ()
    values_outside_maps: dict[str, dict[str, Any]] = field(default_factory=dict)
    values_made_null: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows_in != self.rows_out + self.quarantined + self.duplicates:
            raise AssertionError("rows were lost or made; please report this defect")


@dataclass(frozen=True, slots=True)
class DerivedReport:
    """Inspections made from a label column of the declarations.

    Parameters
    ----------
    declarations
        Rows of the output that were looked at.
    inspections, hits
        Rows that had a label, and how many of them are hits.
    unexamined
        Rows without a label: unknown, never clear.
    selected_by
        Stated for all of them, unless the mapping has a column for it.
    assumed_delay_days, inspected_after_days
        Assumptions, in days from lodging; None where the extract has the date.
    first, last
        Earliest and latest `result_known_at`, UTC.
    nulls
        Missing values of each column of `inspections`.
    """

    declarations: int
    inspections: int
    hits: int
    unexamined: int
    selected_by: str
    assumed_delay_days: float | None
    inspected_after_days: float | None
    first: str | None
    last: str | None
    nulls: dict[str, int]

    def __post_init__(self) -> None:
        if self.declarations != self.inspections + self.unexamined:
            raise AssertionError("labels were lost or made; please report this defect")


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What `ingest_report.json` says. The same inputs give the same bytes: no clock in it.

    Parameters
    ----------
    source, mapping_sha256
        Name of the mapping, and the digest of its resolved settings.
    time_zone, currency, note
        As the mapping states them.
    declarations
        Account of the declarations.
    inspections
        Account of an inspections extract; None when there is none.
    derived
        Account of derived inspections; None when there are none.
    assumed_delay_days
        Days assumed between lodging (derived) or examination (extract) and the result; None when
        the dates were in the extract.
    ignored_files
        Files of an input folder that belong to no table.
    """

    source: str
    mapping_sha256: str
    time_zone: str
    currency: str
    note: str
    declarations: TableReport
    inspections: TableReport | None
    derived: DerivedReport | None
    assumed_delay_days: float | None
    ignored_files: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain data."""
        return {"report": "ingest", "version": 1} | asdict(self)

    def write(self, path: Path) -> None:
        """Write the report as JSON.

        Parameters
        ----------
        path
            The file.
        """
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=2)
        path.write_text(text + "\n", encoding="utf-8")

    def summary(self) -> str:
        """Tell the account in a few lines, for the command line.

        Returns
        -------
        str
            One line for each table, then the most frequent reasons.
        """
        lines = [_line("declarations", self.declarations)]
        if self.inspections is not None:
            lines.append(_line("inspections", self.inspections))
        if self.derived is not None:
            lines.append(
                f"inspections: {self.derived.inspections:,} from labels, {self.derived.hits:,} "
                f"hits, {self.derived.unexamined:,} declarations unexamined"
            )
        if self.assumed_delay_days is not None:
            lines.append(f"assumed delay of results: {self.assumed_delay_days:g} days")
        return "\n".join(lines)


def _line(name: str, table: TableReport) -> str:
    line = (
        f"{name}: {table.rows_in:,} rows in = {table.rows_out:,} out + "
        f"{table.quarantined:,} quarantined + {table.duplicates:,} duplicates"
    )
    worst = sorted(table.reasons.items(), key=lambda one: (-one[1], one[0]))[:5]
    return "\n".join([line, *(f"  {rows:,} x {why}" for why, rows in worst)])
