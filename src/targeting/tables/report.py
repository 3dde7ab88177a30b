"""What a check found: breaches, notices and the shape of the tables, for people and programs.

Rows are named by file and number, traders never: nothing here holds a value of a table other than
counts, dates and the closed words of the schema.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from targeting.errors import ContractError

if TYPE_CHECKING:
    from datetime import datetime

Severity = Literal["breach", "notice"]


@dataclass(frozen=True, slots=True)
class Row:
    """Where a row stands: its file's name, and its number there, counted from 0."""

    file: str
    number: int


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule of the contract or of quality that some rows, or the table, do not meet.

    Parameters
    ----------
    table, column
        What it concerns; the column is empty where it concerns the table.
    rule
        What is wrong, in words.
    count
        How many rows, or how many seals, files or columns where the rule speaks of these.
    severity
        A `breach` makes the tables unfit; a `notice` is worth a look.
    advice
        What to do.
    of
        Rows of the table where rows were counted; None otherwise.
    rows
        The first rows concerned, in file order, counted from 0; empty where rows do not apply.
    """

    table: str
    column: str
    rule: str
    count: int
    severity: Severity
    advice: str
    of: int | None = None
    rows: tuple[Row, ...] = ()

    @property
    def place(self) -> str:
        """Table, and column where there is one, joined by a dot."""
        return f"{self.table}.{self.column}" if self.column else self.table

    @property
    def text(self) -> str:
        """The finding in one clause, without the advice.

        Examples
        --------
        >>> Breach("declarations", "hs_code", "value missing", 2, "breach", "Fill it.", 100,
        ...     (Row("declarations.parquet", 4), Row("declarations.parquet", 9))).text
        'declarations.hs_code: value missing: 2 of 100 rows (rows 4, 9 of declarations.parquet)'
        """
        counted = f": {self.count:,} of {self.of:,} rows" if self.of else ""
        return f"{self.place}: {self.rule}{counted}{self._rows_text()}"

    def _rows_text(self) -> str:
        by_file: dict[str, list[str]] = {}
        for row in self.rows:
            by_file.setdefault(row.file, []).append(str(row.number))
        parts = [
            f"{'row' if len(numbers) == 1 else 'rows'} {', '.join(numbers)} of {file}"
            for file, numbers in by_file.items()
        ]
        return f" ({'; '.join(parts)})" if parts else ""


@dataclass(frozen=True, slots=True)
class TableSummary:
    """The shape of one table.

    Parameters
    ----------
    name
        Name of the table.
    rows, files
        How many rows, in how many Parquet files.
    first, last
        Earliest and latest `lodged_at` or `inspected_at`, UTC; None where there is none.
    null_shares
        Column and share of missing values in [0, 1], in the order of the schema.
    extra_columns
        Columns beyond the schema, by name.
    """

    name: str
    rows: int
    files: int
    first: datetime | None
    last: datetime | None
    null_shares: tuple[tuple[str, float], ...]
    extra_columns: tuple[str, ...]

    @property
    def text(self) -> str:
        """The table in one line."""
        span = (
            f", {self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}" if self.first and self.last else ""
        )
        return f"{self.name}: {_number(self.rows, 'row')} in {_number(self.files, 'file')}{span}"


@dataclass(frozen=True, slots=True)
class SelectionSummary:
    """Examinations selected in one way, and how many of them hit."""

    selected_by: str
    examinations: int
    hits: int

    @property
    def hit_rate(self) -> float:
        """Hits per examination."""
        return self.hits / self.examinations


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All that a check of a tables folder found.

    Parameters
    ----------
    path
        The folder.
    tables
        The shape of each table that could be read.
    findings
        Breaches first, then notices, each in the order of tables and columns.
    examined
        Declarations with at least one examination; None where it cannot be told.
    selections
        Examinations and hits by the way of selection.
    """

    path: str
    tables: tuple[TableSummary, ...]
    findings: tuple[Breach, ...]
    examined: int | None
    selections: tuple[SelectionSummary, ...]

    @property
    def breaches(self) -> tuple[Breach, ...]:
        """Findings that make the tables unfit."""
        return tuple(one for one in self.findings if one.severity == "breach")

    @property
    def notices(self) -> tuple[Breach, ...]:
        """Findings that are worth a look."""
        return tuple(one for one in self.findings if one.severity == "notice")

    @property
    def ok(self) -> bool:
        """Whether there is no breach."""
        return not self.breaches

    @property
    def examined_share(self) -> float | None:
        """Share of declarations that were examined, in [0, 1]; None where it cannot be told."""
        declared = next((t.rows for t in self.tables if t.name == "declarations"), 0)
        return self.examined / declared if self.examined is not None and declared else None

    def raise_on_breach(self) -> None:
        """Refuse the tables if there is any breach.

        Raises
        ------
        ContractError
            With all breaches in one paragraph.
        """
        refuse(self.path, self.breaches)

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain values, for JSON; dates as ISO 8601 text."""
        whole = asdict(self)
        for table in whole["tables"]:
            table["null_shares"] = dict(table["null_shares"])
            for end in ("first", "last"):
                table[end] = table[end].isoformat() if table[end] else None
        for selection, rate in zip(whole["selections"], self.selections, strict=True):
            selection["hit_rate"] = rate.hit_rate
        return {"ok": self.ok, "examined_share": self.examined_share, **whole}

    def lines(self) -> list[str]:
        """Give the report as lines for a terminal: shape, breaches, notices, verdict."""
        found = [f"{one.severity.upper()} {one.text}. {one.advice}" for one in self.findings]
        return [*self._shape_lines(), *found, self._verdict()]

    def _shape_lines(self) -> list[str]:
        lines = [table.text for table in self.tables]
        if self.examined_share is not None:
            lines.append(f"examined: {self.examined_share:.2%} of declarations")
        lines += [
            f"  {one.selected_by}: {_number(one.examinations, 'examination')}, "
            f"{_number(one.hits, 'hit')} "
            f"({one.hit_rate:.1%})"
            for one in self.selections
        ]
        return lines + [line for table in self.tables for line in _null_lines(table)]

    def _verdict(self) -> str:
        notices = _number(len(self.notices), "notice")
        if self.ok:
            return f"The tables keep the contract; {notices}."
        breaches = _number(len(self.breaches), "breach", "breaches")
        return f"The tables break the contract: {breaches}, {notices}."


def refuse(path: str, breaches: tuple[Breach, ...]) -> None:
    """Raise one error that tells all breaches; do nothing where there is none.

    Parameters
    ----------
    path
        The tables folder.
    breaches
        What was found.

    Raises
    ------
    ContractError
        If there is any breach.
    """
    if breaches:
        raise ContractError(
            "the tables break the contract",
            where=path,
            found="; ".join(one.text for one in breaches),
            do=" ".join(dict.fromkeys(one.advice for one in breaches)),
        )


def _null_lines(table: TableSummary) -> list[str]:
    some = [f"{name} {share:.1%}" for name, share in table.null_shares if 0 < share < 1]
    none = [name for name, share in table.null_shares if share == 1]
    return [
        f"{what} {table.name}: {', '.join(names)}"
        for what, names in (("missing values in", some), ("columns without any value in", none))
        if names
    ]


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
