"""Counting while rows go by; closed into the report at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from targeting.ingest.report import FileReport, TableReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from targeting.ingest.convert import Converted
    from targeting.ingest.inputs import Origin
    from targeting.ingest.plan import Plan

_SHOWN = frozenset(
    {
        "flow", "transport_mode", "office_id", "origin_country", "dispatch_country",
        "destination_country", "loading_port", "transshipment_port", "discharge_port",
        "container_type", "container_load", "tax_regime", "payment_method", "procedure_code",
        "inspections.offence", "inspections.selected_by", "offence", "selected_by", "result",
    }
)  # fmt: skip
"""Columns of codes. Values of any other column may name a trader and are only counted."""

_LONGEST_CODE = 6
_MOST_CODES = 50


@dataclass(slots=True)
class FileTally:
    """Counts of one input so far."""

    rows_in: int = 0
    rows_out: int = 0
    quarantined: int = 0
    duplicates: int = 0
    blank_lines: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def refuse(self, reasons: Sequence[str]) -> None:
        """Count one quarantined row.

        Parameters
        ----------
        reasons
            All its reasons, in words.
        """
        self.quarantined += 1
        self.reasons.update(reasons)


@dataclass(slots=True)
class Output:
    """What was written to one table so far."""

    rows: int = 0
    first: str | None = None
    last: str | None = None
    nulls: Counter[str] = field(default_factory=Counter)

    def add(self, rows: pa.Table, clock: str) -> None:
        """Count rows that are written; they come in order of their clock.

        Parameters
        ----------
        rows
            Rows of the table, as written.
        clock
            Name of the time column they are ordered by.
        """
        if not rows.num_rows:
            return
        first, last = rows[clock][0].as_py().isoformat(), rows[clock][-1].as_py().isoformat()
        self.rows += rows.num_rows
        self.first = first if self.first is None else self.first
        self.last = last
        self.nulls.update({name: rows[name].null_count for name in rows.column_names})


@dataclass(slots=True)
class TableTally:
    """Counts of one table so far, by the place of each input among all."""

    files: dict[int, FileTally] = field(default_factory=dict)
    nulled: Counter[str] = field(default_factory=Counter)
    outside: dict[str, Counter[str]] = field(default_factory=dict)
    output: Output = field(default_factory=Output)

    def read(self, file: int, converted: Converted, *, blank: int) -> None:
        """Count one converted chunk.

        Parameters
        ----------
        file
            Place of the file among all inputs, from 0.
        converted
            What became of the chunk.
        blank
            Empty lines passed over.
        """
        tally = self.files.setdefault(file, FileTally())
        tally.rows_in += converted.rows.num_rows + len(converted.refused)
        tally.blank_lines += blank
        for one in converted.refused:
            tally.refuse(one.reasons)
        self.nulled.update(converted.nulled)
        for column, values in converted.outside.items():
            self.outside.setdefault(column, Counter()).update(_shown(column, values))

    def close(self, plan: Plan, origins: Sequence[Origin]) -> TableReport:
        """Make the report; it refuses counts that do not add up.

        Parameters
        ----------
        plan
            Recipes of the table.
        origins
            All inputs, in reading order.
        """
        files = tuple(
            _file_report(origins[place], tally) for place, tally in sorted(self.files.items())
        )
        reasons: Counter[str] = Counter()
        for one in files:
            reasons.update(one.reasons)
        return TableReport(
            files=files,
            rows_in=sum(one.rows_in for one in files),
            rows_out=self.output.rows,
            quarantined=sum(one.quarantined for one in files),
            duplicates=sum(one.duplicates for one in files),
            reasons=dict(sorted(reasons.items())),
            first=self.output.first,
            last=self.output.last,
            nulls=dict(self.output.nulls),
            extra_columns=plan.extras,
            never_features=plan.never_features,
            values_outside_maps={k: _told(v) for k, v in sorted(self.outside.items())},
            values_made_null=dict(sorted(self.nulled.items())),
        )


def _file_report(origin: Origin, tally: FileTally) -> FileReport:
    return FileReport(
        name=origin.name,
        sha256=origin.digest(),
        rows_in=tally.rows_in,
        rows_out=tally.rows_out,
        quarantined=tally.quarantined,
        duplicates=tally.duplicates,
        blank_lines=tally.blank_lines,
        reasons=dict(sorted(tally.reasons.items())),
    )


def _shown(column: str, values: Counter[str]) -> Counter[str]:
    """Keep what is short enough to be a code; a longer text in a shifted row may be a name."""
    shown: Counter[str] = Counter()
    for value, rows in values.items():
        code = column in _SHOWN and len(value) <= _LONGEST_CODE
        shown[value if code else ""] += rows
    return shown


def _told(values: Counter[str]) -> dict[str, Any]:
    codes = sorted((one for one in values.items() if one[0]), key=lambda one: (-one[1], one[0]))
    return {"rows": values.total(), "codes": dict(codes[:_MOST_CODES])}
