"""Is a mapping fit for use? Every finding at once, before any row is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.errors import ConfigError, near_matches
from targeting.ingest.column_checks import column_findings, is_zone, mark_findings
from targeting.ingest.inputs import extracts
from targeting.ingest.plan import BY_NAME, snake
from targeting.tables.schema import DECLARATIONS, INSPECTIONS, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from targeting.ingest.mapping import (
        ColumnSettings,
        DerivedSettings,
        ExtractSettings,
        ExtraSettings,
        FormatSettings,
        SourceSettings,
    )

_ONLY_FOR = {
    "delimiter": ("csv",),
    "quote": ("csv",),
    "encoding": ("csv", "jsonl"),
    "sheet": ("xlsx",),
    "header_row": ("xlsx",),
    "url_variable": ("database",),
    "query": ("database",),
}
_SETTLED_BY_DERIVED = ("inspection_id", "declaration_id", "result")


def refuse_unfit(findings: Sequence[str], *, where: str) -> None:
    """Raise once for all findings.

    Parameters
    ----------
    findings
        One clause each; empty when the mapping is fit.
    where
        What the error names as its place: the mapping's file or the source.

    Raises
    ------
    ConfigError
        If there is any.
    """
    if findings:
        raise ConfigError(
            f"the mapping cannot be used ({len(findings)} findings)",
            where=where,
            found="; ".join(findings),
            do="Mend the keys named; configs/sources/template.yaml explains each.",
        )


def mapping_findings(source: SourceSettings) -> list[str]:
    """Say what is wrong with a mapping by itself, against the tables.

    Parameters
    ----------
    source
        Settings of the right shape.

    Returns
    -------
    list of str
        One clause each, the key first; empty when the mapping is fit.
    """
    found = format_findings(source)
    for name, extract in extracts(source).items():
        found += _extract_findings(_place(name), extract, BY_NAME[name])
    found += _inspections_findings(source)
    return found


def format_findings(source: SourceSettings) -> list[str]:
    """Say what is wrong with the formats; nothing may be opened while there is anything.

    Parameters
    ----------
    source
        Settings of the right shape.
    """
    found = list(_format_findings("format", source.format))
    for name, extract in extracts(source).items():
        if extract.format is not None:
            found += _format_findings(f"{_place(name)}.format", extract.format)
    return found


def _place(table: str) -> str:
    return "declarations" if table == DECLARATIONS.name else "inspections.extract"


def _format_findings(at: str, form: FormatSettings) -> Iterator[str]:
    for option in sorted(form.model_fields_set & set(_ONLY_FOR)):
        if form.kind not in _ONLY_FOR[option]:
            yield f"{at}.{option}: means nothing for {form.kind}"
    yield from mark_findings(at, form.decimal, form.thousands)
    if form.kind in ("csv", "jsonl"):
        yield from _text_format_findings(at, form)
    if form.kind == "database":
        yield from _database_findings(at, form)


def _text_format_findings(at: str, form: FormatSettings) -> Iterator[str]:
    try:
        " ".encode(form.encoding)
    except LookupError:
        known = ("utf-8", "utf-16", "cp1251", "cp1252", "latin-1", "koi8-r", "cp866")
        yield f"{at}.encoding: unknown '{form.encoding}'. {near_matches(form.encoding, known)}"
    if len(form.delimiter) != 1 or form.delimiter in "\r\n":
        yield f'{at}.delimiter: one character is needed (a tab is "\\t")'
    if len(form.quote) > 1:
        yield f"{at}.quote: one character, or empty for none"
    if form.quote and form.quote == form.delimiter:
        yield f"{at}.quote: the same as the delimiter"


def _database_findings(at: str, form: FormatSettings) -> Iterator[str]:
    if not form.url_variable:
        yield f"{at}.url_variable: name the environment variable that holds the URL"
    elif "://" in form.url_variable:
        yield f"{at}.url_variable: a URL stands here; name an environment variable instead"
    if not (form.query or "").lstrip().lower().startswith(("select", "with")):
        yield f"{at}.query: a SELECT is needed"


def _extract_findings(at: str, extract: ExtractSettings, table: Table) -> Iterator[str]:
    for name, how in extract.columns.items():
        if name not in table.names:
            yield f"{at}.columns.{name}: unknown column. {near_matches(name, table.names)}"
        else:
            yield from column_findings(f"{at}.columns.{name}", how, table[name])
    delayed = getattr(extract, "assumed_delay_days", None) is not None
    yield from _required_findings(at, extract, table, delayed=delayed)
    for name, how in extract.extra_columns.items():
        yield from _extra_findings(f"{at}.extra_columns.{name}", name, how, table)
    if extract.extra == "drop" and extract.drop:
        yield f"{at}.drop: contradicts `extra: drop`, which drops all"
    both = sorted(set(extract.extra) & set(extract.drop)) if _listed(extract) else []
    if both:
        yield f"{at}.drop: {', '.join(both)} stands in `extra` too"


def _listed(extract: ExtractSettings) -> bool:
    return not isinstance(extract.extra, str)


def _required_findings(
    at: str, extract: ExtractSettings, table: Table, *, delayed: bool
) -> Iterator[str]:
    given = set(extract.columns)
    needed = [column.name for column in table.columns if not column.null]
    if delayed and "result_known_at" in given:
        yield f"{at}.assumed_delay_days: contradicts the column result_known_at"
    for name in needed:
        if name not in given and not (delayed and name == "result_known_at"):
            yield f"{at}.columns.{name}: required, not mapped"


def _extra_findings(at: str, name: str, how: ExtraSettings, table: Table) -> Iterator[str]:
    if name in table.names:
        yield f"{at}: a reserved name; map it under `columns`"
    if name != snake(name):
        yield f"{at}: write the name in snake case, as {snake(name)}"
    yield from column_findings(at, how, Column(name, how.kind, ""))


def _inspections_findings(source: SourceSettings) -> Iterator[str]:
    settings = source.inspections
    if not is_zone(source.time_zone):
        yield f"time_zone: '{source.time_zone}' is not an IANA time zone such as Asia/Baku"
    if settings.derived is not None and settings.extract is not None:
        yield "inspections: either derived or extract, not both"
    if settings.extract is not None:
        yield from _dispatch_findings(source)
    if settings.derived is not None:
        yield from _derived_findings(settings.derived, source.declarations)


def _dispatch_findings(source: SourceSettings) -> Iterator[str]:
    both = extracts(source)
    in_files = [one for one in both.values() if source.extract_format(one).kind != "database"]
    if len(in_files) > 1 and any(one.files is None for one in in_files):
        yield "inspections.extract.files: with two tables in files, each needs a `files` pattern"
    shared = [one for one in both.values() if one.format is None]
    if len(shared) > 1 and source.format.kind == "database":
        yield "inspections.extract.format: a second query is needed"


def _derived_findings(derived: DerivedSettings, extract: ExtractSettings) -> Iterator[str]:
    at = "inspections.derived"
    possible = [name for name in INSPECTIONS.names if name not in _SETTLED_BY_DERIVED]
    for name, how in derived.columns.items():
        if name not in possible:
            yield f"{at}.columns.{name}: unknown column. {near_matches(name, possible)}"
        else:
            yield from column_findings(f"{at}.columns.{name}", how, INSPECTIONS[name])
    yield from _delay_findings(at, derived)
    twice = sorted(set(derived.label.hit) & set(derived.label.clear))
    if twice:
        yield f"{at}.label: {', '.join(twice)} is both hit and clear"
    yield from _leak_findings(derived.outcome_sources, extract)


def _delay_findings(at: str, derived: DerivedSettings) -> Iterator[str]:
    known, delay = "result_known_at" in derived.columns, derived.assumed_delay_days
    if known and delay is not None:
        yield f"{at}.assumed_delay_days: contradicts the column result_known_at"
    if not known and delay is None:
        yield f"{at}.assumed_delay_days: required, unless columns maps result_known_at"
    if "inspected_at" in derived.columns:
        if "inspected_after_days" in derived.model_fields_set:
            yield f"{at}.inspected_after_days: contradicts the column inspected_at"
    elif delay is not None and delay < derived.inspected_after_days:
        yield f"{at}.assumed_delay_days: the result would be known before the examination"


def _leak_findings(outcomes: set[str], extract: ExtractSettings) -> Iterator[str]:
    """Find outcomes kept among the declarations: they would tell a model the answer."""
    listed = extract.extra if not isinstance(extract.extra, str) else ()
    kept: list[tuple[str, Iterable[str]]] = [("extra", listed)]
    groups: tuple[tuple[str, Mapping[str, ColumnSettings]], ...] = (
        ("columns", extract.columns),
        ("extra_columns", extract.extra_columns),
    )
    for group, columns in groups:
        kept += [(f"{group}.{name}", how.sources) for name, how in columns.items()]
    for key, sources in kept:
        for name in sorted(set(sources) & outcomes):
            yield f"declarations.{key}: '{name}' is known only after the examination"
