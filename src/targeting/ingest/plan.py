"""What to do with every column of one table, settled once before the first row is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from targeting.ingest.mapping import ColumnSettings, ExtraSettings
from targeting.ingest.units import units_of
from targeting.tables.schema import DECLARATIONS, INSPECTIONS, NEVER_FEATURES, Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.ingest.mapping import (
        DerivedSettings,
        ExtractSettings,
        FormatSettings,
        SourceSettings,
    )
    from targeting.ingest.opening import Header

FILE, ROW, KEY, WHEN, NTH = "#file", "#row", "#key", "#when", "#nth"
"""Columns of the staged rows that are ours; a snake-cased source column cannot be named so."""

DERIVED = "#inspection."
"""Prefix of staged columns that will become a derived inspection."""

BY_NAME = {DECLARATIONS.name: DECLARATIONS, INSPECTIONS.name: INSPECTIONS}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one output column is filled, with every default resolved.

    Parameters
    ----------
    name
        Column of the staged rows.
    target
        Type, bounds and nullability it must meet.
    how
        The mapping's settings.
    nulls
        All words that mean "no value" here.
    decimal, thousands, zone
        Resolved from the column, the format and the source.
    factor
        Resolved from `factor` or `unit`; 1 when neither is given.
    label
        What reasons and the report call the column.
    """

    name: str
    target: Column
    how: ColumnSettings
    nulls: tuple[str, ...]
    decimal: str
    thousands: str
    zone: str
    factor: float
    label: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All recipes of one table.

    Parameters
    ----------
    table
        The target table.
    recipes
        Columns of the table, then extra ones.
    extras
        Names of the extra columns, in order.
    derived
        Settings of derived inspections; None for none.
    derived_recipes
        Their columns, named with `DERIVED`.
    assumed_delay_days
        Of an inspections extract without a date of the result.
    nulls
        Words of the format that mean "no value".
    """

    table: Table
    recipes: tuple[Recipe, ...]
    extras: tuple[str, ...]
    derived: DerivedSettings | None = None
    derived_recipes: tuple[Recipe, ...] = ()
    assumed_delay_days: float | None = None
    nulls: tuple[str, ...] = ()

    @property
    def never_features(self) -> tuple[str, ...]:
        """Extra columns that no model may look at."""
        return tuple(name for name in self.extras if name in NEVER_FEATURES)


def snake(name: str) -> str:
    """Write a source column's name as a column of a table.

    Parameters
    ----------
    name
        The name as it stands in the source.

    Examples
    --------
    >>> snake("Country of Origin Indicator"), snake("netMass (kg)")
    ('country_of_origin_indicator', 'net_mass_kg')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"\W+", "_", spaced).strip("_").lower() or "column"


def kept_extras(
    extract: ExtractSettings, names: Sequence[str], *, outcomes: set[str]
) -> tuple[str, ...]:
    """Source columns kept under their own name: those no other rule uses.

    Parameters
    ----------
    extract
        Settings of the table.
    names
        Columns of the source, in order.
    outcomes
        Source columns known only after the examination; never kept.
    """
    if extract.extra == "drop":
        return ()
    settings = (*extract.columns.values(), *extract.extra_columns.values())
    used = {name for one in settings for name in one.sources} | set(extract.drop) | outcomes
    if extract.extra == "keep":
        return tuple(name for name in names if name not in used)
    return tuple(name for name in extract.extra if name in names)


def make_plan(source: SourceSettings, table: str, headers: Sequence[Header]) -> Plan:
    """Resolve one table's settings against the headers of its files.

    Parameters
    ----------
    source
        Settings found fit by `targeting.ingest.checks`.
    table
        `declarations` or `inspections`.
    headers
        Of every file of the table.
    """
    inspections = source.inspections
    extract = source.declarations if table == DECLARATIONS.name else inspections.extract
    if extract is None:
        raise ValueError(f"{table} has no extract")
    derived = inspections.derived if table == DECLARATIONS.name else None
    form = source.extract_format(extract)
    target = BY_NAME[table]
    recipes = [_canonical(target[c], how, form, source) for c, how in extract.columns.items()]
    extra = _extra_recipes(extract, headers, derived, source)
    return Plan(
        table=target,
        recipes=(*recipes, *extra),
        extras=tuple(recipe.name for recipe in extra),
        derived=derived,
        derived_recipes=_derived_recipes(derived, form, source),
        assumed_delay_days=getattr(extract, "assumed_delay_days", None),
        nulls=form.nulls,
    )


def _canonical(
    target: Column, how: ColumnSettings, form: FormatSettings, source: SourceSettings
) -> Recipe:
    return Recipe(
        name=target.name,
        target=target,
        how=how,
        nulls=(*form.nulls, *how.nulls),
        decimal=how.decimal if how.decimal is not None else form.decimal,
        thousands=how.thousands if how.thousands is not None else form.thousands,
        zone=how.time_zone or source.time_zone,
        factor=_factor(target, how),
        label=target.name,
    )


def _factor(target: Column, how: ColumnSettings) -> float:
    if how.unit is not None:
        return units_of(target)[how.unit]
    return 1.0 if how.factor is None else how.factor


def _extra_recipes(
    extract: ExtractSettings,
    headers: Sequence[Header],
    derived: DerivedSettings | None,
    source: SourceSettings,
) -> list[Recipe]:
    form = source.extract_format(extract)
    outcomes = derived.outcome_sources if derived else set()
    names = list(dict.fromkeys(name for header in headers for name in header.names))
    settings = dict(extract.extra_columns)
    for name in kept_extras(extract, names, outcomes=outcomes):
        kinds = {header.kinds.get(name, "string") for header in headers if name in header.names}
        kind = kinds.pop() if len(kinds) == 1 else "string"
        # Nobody asked for this column: an odd value in it is counted and costs no row.
        values = {"from": name, "optional": True, "kind": kind, "invalid": "null"}
        settings[snake(name)] = ExtraSettings.model_validate(values)
    return [_extra(name, how, form, source) for name, how in settings.items()]


def _extra(name: str, how: ExtraSettings, form: FormatSettings, source: SourceSettings) -> Recipe:
    return _canonical(Column(name, how.kind, "Kept from the source."), how, form, source)


def _derived_recipes(
    derived: DerivedSettings | None, form: FormatSettings, source: SourceSettings
) -> tuple[Recipe, ...]:
    if derived is None:
        return ()
    found: list[Recipe] = []
    for name, how in derived.columns.items():
        # Null where the row was not examined; `derive` asks for a value where it was.
        recipe = _canonical(replace(INSPECTIONS[name], null=True), how, form, source)
        found.append(replace(recipe, name=DERIVED + name, label=f"inspections.{name}"))
    return tuple(found)
