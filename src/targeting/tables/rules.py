"""The rules a row must meet, and the ones worth a notice, each as one DuckDB expression.

A rule's expression is true for a row that breaks it; null counts as not broken. Rules of single
columns are derived from the schema; rules across columns are written out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.tables import codes
from targeting.tables.engine import column, constant, function
from targeting.tables.iso6346 import digit_fails
from targeting.tables.schema import COUNTRY, DECLARATIONS, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from targeting.tables.engine import Expression
    from targeting.tables.report import Severity

LODGED_ID, LODGED_AT = "lodged id", "lodged time"
"""Columns joined to an examination: the declaration found, and when it was lodged."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that a row may break.

    Parameters
    ----------
    table, column
        What it is about.
    words
        What is wrong with a row that breaks it.
    severity
        `breach` or `notice`.
    advice
        What to do.
    broken
        True for a row that breaks it.
    """

    table: str
    column: str
    words: str
    severity: Severity
    advice: str
    broken: Expression


@dataclass(frozen=True, slots=True)
class CodeList:
    """A column whose values are looked up in a reference table.

    Parameters
    ----------
    column
        The column of `declarations`.
    digits
        How many leading characters are looked up; 0 for the whole value.
    table
        The reference table, one column `code`.
    words
        What a value is when it is not found there.
    advice
        What to do about it.
    """

    column: str
    digits: int
    table: pa.Table
    words: str
    advice: str

    @property
    def key(self) -> Expression:
        """The value looked up."""
        whole = column(self.column)
        return function("left", whole, constant(self.digits)) if self.digits else whole

    @property
    def mark(self) -> str:
        """Column that holds the code found, null where there is none."""
        return f"{self.column} known"


def code_lists() -> tuple[CodeList, ...]:
    """Every coded column of `declarations` with its reference table."""
    countries = (
        CodeList(
            name,
            0,
            codes.country_table(),
            "country code not in ISO 3166",
            "Map the administration's own country codes to ISO 3166.",
        )
        for name in ("origin_country", "dispatch_country", "destination_country")
    )
    places = (
        CodeList(
            name,
            0,
            codes.place_table(),
            "port or site code not in the reference table of the region",
            "No harm if it is a right UN/LOCODE of elsewhere; distances are then unknown.",
        )
        for name in ("loading_port", "transshipment_port", "discharge_port")
    )
    heading = CodeList(
        "hs_code",
        4,
        codes.heading_table(),
        "heading not in HS 2022",
        "Expected where history is older than 2022; else look for lost leading zeros.",
    )
    return (*countries, heading, *places)


def column_rules(table: Table, usable: Iterable[Column]) -> Iterator[Rule]:
    """Derive the rules of single columns from the schema.

    Parameters
    ----------
    table
        The table.
    usable
        Its columns that are there with a fitting type.

    Yields
    ------
    Rule
        Missing values, closed sets, forms, finite numbers, whole numbers, bounds, blank text.
    """
    for one in usable:
        yield from _value_rules(table.name, one)
        if one.kind in ("int", "float"):
            yield from _number_rules(table.name, one)


def _value_rules(table: str, one: Column) -> Iterator[Rule]:
    value = column(one.name)
    if not one.null:
        advice = f"Fill {one.name} at its source; `targeting ingest` sets such rows aside."
        yield Rule(table, one.name, "value missing", "breach", advice, value.isnull())
    if one.kind == "string":
        yield _blank_rule(table, one)
    if one.choices:
        words = f"value not one of {', '.join(one.choices)}"
        advice = f"Map the administration's words for {one.name} to these."
        known = value.isin(*(constant(choice) for choice in ("", *one.choices)))
        yield Rule(table, one.name, words, "breach", advice, ~known)
    if one.pattern:
        words = f"value not of the form {one.pattern}"
        advice = f"Write {one.name} as text in this form, leading zeros kept."
        formed = function("regexp_full_match", value, constant(f"({one.pattern})?"))
        yield Rule(table, one.name, words, "breach", advice, ~formed)


def _blank_rule(table: str, one: Column) -> Rule:
    """Blank text in a required column breaks the contract; elsewhere it hides a missing value."""
    blank = column(one.name) == constant("")
    if one.null and not (one.choices or one.pattern):
        words, advice = (
            "blank text instead of a missing value",
            "Write null where nothing is known.",
        )
        return Rule(table, one.name, words, "notice", advice, blank)
    return Rule(
        table,
        one.name,
        "value blank",
        "breach",
        f"Fill {one.name}, or write null if it may.",
        blank,
    )


def _number_rules(table: str, one: Column) -> Iterator[Rule]:
    value = column(one.name)
    finite = function("isfinite", value)
    advice = f"Correct {one.name} at its source, or write null where it is not known."
    yield Rule(table, one.name, "value not a finite number", "breach", advice, ~finite)
    if one.kind == "int":
        broken = finite & (value != function("floor", value))
        yield Rule(table, one.name, "value not a whole number", "breach", advice, broken)
    if one.minimum is not None:
        limit = constant(one.minimum)
        low, words = (
            (value <= limit, "value not above")
            if one.above_minimum
            else (value < limit, "value below")
        )
        broken = finite & low
        yield Rule(table, one.name, f"{words} {one.minimum:g}", "breach", advice, broken)
    if one.maximum is not None:
        broken = finite & (value > constant(one.maximum))
        yield Rule(table, one.name, f"value above {one.maximum:g}", "breach", advice, broken)


def code_rules(usable: Iterable[Column]) -> Iterator[Rule]:
    """Build a notice for each coded column: values that its reference table does not know.

    Parameters
    ----------
    usable
        Columns of `declarations` that can be checked by value.

    Yields
    ------
    Rule
        On the marks that `targeting.tables.scan` joins to the rows.
    """
    names = {one.name for one in usable}
    for listed in code_lists():
        if listed.column in names:
            unknown = listed.key.isnotnull() & column(listed.mark).isnull()
            broken = unknown & _worth_a_look(listed)
            yield Rule("declarations", listed.column, listed.words, "notice", listed.advice, broken)


def _worth_a_look(listed: CodeList) -> Expression:
    """Values whose form is right; the contract has already refused the others."""
    value = column(listed.column)
    if listed.column.endswith("_country"):
        return function("regexp_full_match", value, constant(COUNTRY))
    if listed.column.endswith("_port"):
        return value != constant("")
    chapter = function("left", value, constant(2))
    national = chapter.isin(*(constant(code) for code in codes.NATIONAL_CHAPTERS))
    return ~national & function("regexp_full_match", value, constant("[0-9]{4,10}"))


def cross_rules(table: Table, usable: Iterable[Column]) -> Iterator[Rule]:
    """Build the rules across columns of one table whose columns are all usable.

    Parameters
    ----------
    table
        The table.
    usable
        Its columns that can be checked by value.

    Returns
    -------
    iterator of Rule
        Dates out of order, masses that contradict each other, numbers with a wrong check digit.
    """
    names = {one.name for one in usable}
    rules = _declaration_rules() if table is DECLARATIONS else _inspection_rules()
    return (rule for needs, rule in rules if names.issuperset(needs))


def _declaration_rules() -> Iterator[tuple[tuple[str, ...], Rule]]:
    yield (
        ("container_id",),
        Rule(
            "declarations",
            "container_id",
            "container number with a wrong check digit",
            "notice",
            "A typing error or a false number; the rows are kept.",
            digit_fails(column("container_id")),
        ),
    )
    yield (
        ("gross_mass_kg", "net_mass_kg"),
        Rule(
            "declarations",
            "net_mass_kg",
            "net mass above gross mass",
            "notice",
            "Look for swapped columns or units; the rows are kept.",
            function("isfinite", column("net_mass_kg"))
            & (column("net_mass_kg") > column("gross_mass_kg")),
        ),
    )
    yield (
        ("arrival_at", "lodged_at"),
        Rule(
            "declarations",
            "arrival_at",
            "arrival before lodging",
            "notice",
            "These lines could not be targeted before arrival; look for a wrong clock or zone.",
            column("arrival_at") < column("lodged_at"),
        ),
    )


def _inspection_rules() -> Iterator[tuple[tuple[str, ...], Rule]]:
    yield (
        ("inspected_at", "result_known_at"),
        Rule(
            "inspections",
            "result_known_at",
            "result known before the examination",
            "breach",
            "Give the moment the result became known; it is never before inspected_at.",
            column("result_known_at") < column("inspected_at"),
        ),
    )
    drawn = column("selected_by") == constant("random")
    yield (
        ("selected_by", "selection_probability"),
        Rule(
            "inspections",
            "selection_probability",
            "examination drawn at random without its probability",
            "notice",
            "Record the chance of the draw; without it these rows cannot correct other estimates.",
            drawn & column("selection_probability").isnull(),
        ),
    )
    hit = column("result") == constant("hit")
    yield (
        ("result", "offence"),
        Rule(
            "inspections",
            "offence",
            "hit without an offence",
            "notice",
            "Record what was found; reasons and reports by offence leave these out.",
            hit & column("offence").isnull(),
        ),
    )


def link_rules() -> tuple[Rule, Rule]:
    """Build the rules between an examination and its declaration.

    Returns
    -------
    tuple of Rule
        On the columns `LODGED_ID` and `LODGED_AT` that `targeting.tables.links` joins to the rows.
    """
    return (
        Rule(
            "inspections",
            "declaration_id",
            "examination of a declaration that is not there",
            "breach",
            "Add the declarations, or leave these examinations out.",
            (column("declaration_id") != constant("")) & column(LODGED_ID).isnull(),
        ),
        Rule(
            "inspections",
            "inspected_at",
            "examined before the declaration was lodged",
            "breach",
            "Look for a wrong clock, or for lodged_at of a later version.",
            column("inspected_at") < column(LODGED_AT),
        ),
    )
