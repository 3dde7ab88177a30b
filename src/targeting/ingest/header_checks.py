"""Is a mapping fit for the columns that the extract has? Judged from the headers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.errors import near_matches
from targeting.ingest.inputs import extracts
from targeting.ingest.plan import kept_extras, snake
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from targeting.ingest.inputs import Origin
    from targeting.ingest.mapping import (
        ColumnSettings,
        DerivedSettings,
        ExtractSettings,
        SourceSettings,
    )
    from targeting.ingest.opening import Header


def header_findings(source: SourceSettings, headers: Sequence[tuple[Origin, Header]]) -> list[str]:
    """Say what is wrong with a mapping against the columns that the extract has.

    Parameters
    ----------
    source
        Settings of the right shape.
    headers
        Every input with its header.
    """
    found: list[str] = []
    for table, extract in extracts(source).items():
        at = "declarations" if table == DECLARATIONS.name else "inspections.extract"
        mine = [(origin, header) for origin, header in headers if origin.table == table]
        derived = source.inspections.derived if table == DECLARATIONS.name else None
        found += _absent(at, extract, derived, mine)
        found += _clashing_extras(at, extract, derived, mine)
    return list(dict.fromkeys(found))


def _wanted(extract: ExtractSettings, derived: DerivedSettings | None) -> Iterator[tuple[str, str]]:
    """Give every source column that must be there, with the key that asks for it."""
    groups: tuple[tuple[str, Mapping[str, ColumnSettings]], ...] = (
        ("columns", extract.columns),
        ("extra_columns", extract.extra_columns),
        ("derived.columns", derived.columns if derived else {}),
    )
    for group, columns in groups:
        for key, how in columns.items():
            if not how.optional:
                yield from ((f"{group}.{key}", name) for name in how.sources)
    if not isinstance(extract.extra, str):
        yield from (("extra", name) for name in extract.extra)
    yield from (("drop", name) for name in extract.drop)
    if derived is not None:
        yield "derived.label.from", derived.label.from_


def _absent(
    at: str,
    extract: ExtractSettings,
    derived: DerivedSettings | None,
    headers: Sequence[tuple[Origin, Header]],
) -> Iterator[str]:
    for key, name in _wanted(extract, derived):
        for origin, header in headers:
            if name not in header.names:
                place = key if key.startswith("derived") else f"{at}.{key}"
                near = near_matches(name, header.names)
                yield f"{place}: {origin.name} has no column '{name}'. {near}"


def _clashing_extras(
    at: str,
    extract: ExtractSettings,
    derived: DerivedSettings | None,
    headers: Sequence[tuple[Origin, Header]],
) -> Iterator[str]:
    table = DECLARATIONS if at == DECLARATIONS.name else INSPECTIONS
    names = list(dict.fromkeys(name for _, header in headers for name in header.names))
    outcomes = derived.outcome_sources if derived else set()
    taken = {key: key for key in extract.extra_columns}
    for name in kept_extras(extract, names, outcomes=outcomes):
        short = snake(name)
        if short in table.names:
            yield f"{at}.extra: '{name}' would take the reserved name {short}; map it or `drop` it"
        elif short in taken:
            yield f"{at}.extra: '{name}' and '{taken[short]}' would both be called {short}"
        taken[short] = name
