"""Which files feed which table: paths, folders and globs, dealt out before anything is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from targeting.ingest.mapping import ExtractSettings, FormatSettings, SourceSettings

_SUFFIXES = {
    "csv": (".csv", ".txt", ".tsv"),
    "xlsx": (".xlsx", ".xlsm"),
    "parquet": (".parquet",),
    "jsonl": (".jsonl", ".ndjson", ".json"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """One file, or one database query, and the table it feeds.

    Parameters
    ----------
    table
        `declarations` or `inspections`.
    name
        What the report calls it: the file's name, never its folder unless two names are alike.
    path
        None for a database.
    form
        How it is written down.
    """

    table: str
    name: str
    path: Path | None
    form: FormatSettings

    def digest(self) -> str:
        """SHA-256 of the file; of the query for a database, whose rows have no bytes."""
        if self.path is None:
            return hashlib.sha256((self.form.query or "").encode()).hexdigest()
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Inputs:
    """All origins, in reading order.

    Parameters
    ----------
    origins
        Files and queries to read.
    ignored
        Names of files in a folder that belong to no table; the report lists them.
    """

    origins: tuple[Origin, ...]
    ignored: tuple[str, ...]


def extracts(source: SourceSettings) -> dict[str, ExtractSettings]:
    """Tables that are read from an extract of their own, by name.

    Parameters
    ----------
    source
        Settings of the source.
    """
    found: dict[str, ExtractSettings] = {"declarations": source.declarations}
    if source.inspections.extract is not None:
        found["inspections"] = source.inspections.extract
    return found


def find_inputs(source: SourceSettings, paths: Sequence[Path]) -> Inputs:
    """Deal the named files out to the tables.

    Parameters
    ----------
    source
        Says by glob, or by the suffix of its format, which files belong to a table.
    paths
        Files, folders or globs, in reading order; a folder's files are read in order of name.

    Raises
    ------
    InputError
        If a path does not exist, a file named on its own fits no table, a file fits two, or a
        table is left without a file.
    """
    wanted = extracts(source)
    origins = [
        Origin(table, "database query", None, source.extract_format(one))
        for table, one in wanted.items()
        if source.extract_format(one).kind == "database"
    ]
    in_files = {k: v for k, v in wanted.items() if source.extract_format(v).kind != "database"}
    if paths and not in_files:
        raise _nothing_to_do_with(paths)
    files, ignored = _deal(source, in_files, paths)
    origins += files
    _refuse_left_out(origins, wanted)
    return Inputs(tuple(sorted(origins, key=lambda one: one.table)), tuple(ignored))


def _deal(
    source: SourceSettings, wanted: dict[str, ExtractSettings], paths: Sequence[Path]
) -> tuple[list[Origin], list[str]]:
    listed = _unique([(file, alone) for path in paths for file, alone in _expand(path)])
    names = _names([file for file, _ in listed])
    origins: list[Origin] = []
    ignored: list[str] = []
    for (file, alone), name in zip(listed, names, strict=True):
        tables = [t for t, one in wanted.items() if _fits(file, one, source, alone=alone)]
        if len(tables) > 1 or (not tables and alone):
            raise _undealt(file, tables)
        if tables:
            form = source.extract_format(wanted[tables[0]])
            origins.append(Origin(tables[0], name, file, form))
        else:
            ignored.append(name)
    return origins, ignored


def _expand(path: Path) -> Iterator[tuple[Path, bool]]:
    """Give the files of a path, and whether each was named on its own."""
    if path.is_dir():
        inside = (file for file in path.rglob("*") if file.is_file())
        seen = (file for file in inside if not _hidden(file.relative_to(path)))
        yield from ((file, False) for file in sorted(seen))
    elif path.is_file():
        yield path, True
    elif found := _glob(path):
        yield from ((file, True) for file in found)
    else:
        raise InputError(
            "the input is not there",
            where=str(path),
            found="nothing of that name",
            do="Name files, a folder or a pattern such as 'extract/*.csv'.",
        )


def _glob(path: Path) -> list[Path]:
    parts = path.parts
    first = next((i for i, part in enumerate(parts) if set(part) & set("*?[")), None)
    if first is None:
        return []
    base = Path(*parts[:first])
    return sorted(file for file in base.glob("/".join(parts[first:])) if file.is_file())


def _hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)


def _unique(listed: list[tuple[Path, bool]]) -> list[tuple[Path, bool]]:
    """Read a file once, however often it was named."""
    seen: dict[Path, tuple[Path, bool]] = {}
    for file, alone in listed:
        seen.setdefault(file.resolve(), (file, alone))
    return list(seen.values())


def _names(files: list[Path]) -> list[str]:
    """Call files by name; when two are alike, by as much of the path as tells them apart."""
    short = [file.name for file in files]
    return [
        name if short.count(name) == 1 else file.as_posix()
        for name, file in zip(short, files, strict=True)
    ]


def _fits(file: Path, extract: ExtractSettings, source: SourceSettings, *, alone: bool) -> bool:
    if extract.files is not None:
        return fnmatch(file.name, extract.files)
    kind = source.extract_format(extract).kind
    return alone or file.suffix.lower() in _SUFFIXES[kind]


def _undealt(file: Path, tables: list[str]) -> InputError:
    return InputError(
        "the file fits two tables" if tables else "the file fits no table of the source",
        where=str(file),
        found=" and ".join(tables) or "no `files` pattern that matches its name",
        do="Give each table its own `files` pattern in the source's YAML.",
    )


def _nothing_to_do_with(paths: Sequence[Path]) -> InputError:
    return InputError(
        "this source reads a database and takes no files",
        where="--input",
        found=f"{len(paths)} paths",
        do="Leave --input out, or name a source with a file format.",
    )


def _refuse_left_out(origins: list[Origin], wanted: dict[str, ExtractSettings]) -> None:
    left = sorted(set(wanted) - {origin.table for origin in origins})
    if left:
        raise InputError(
            f"no input for the table {' and '.join(left)}",
            where="--input",
            found=f"{len(origins)} files for other tables" if origins else "no files",
            do="Name the extract's files or their folder.",
        )
