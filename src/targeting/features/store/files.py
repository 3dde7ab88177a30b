"""The Parquet files of a profile store: writing one part of it, reading one key of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.config import ALL
from targeting.errors import InputError
from targeting.features.kernel import STATISTICS
from targeting.features.keys import encode
from targeting.features.replays import Caught
from targeting.features.snapshot import profile_table, profiles_of
from targeting.features.store.buckets import key_hashes, partitions
from targeting.features.store.hashes import described, require_file
from targeting.features.store.index import Events, Part
from targeting.features.store.keyed import chosen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from targeting.features.snapshot import KeyProfiles
    from targeting.features.store.index import FileEntry, StoreSettings

_EXAMINATIONS, _HITS = "examinations", "hits"
_KEY = "key_"  # a key column may bear the name of a statistic


@dataclass(slots=True)
class PartWriter:
    """Writes the profiles of some days, one key after the other, in any order.

    Two keys may be written at once by two threads.

    Parameters
    ----------
    root
        An existing folder.
    folder
        Name of the part, to be made in the root.
    settings
        What the profiles are of.
    """

    root: Path
    folder: str
    settings: StoreSettings
    _entries: dict[str, list[FileEntry]] = field(default_factory=dict)
    _events: Events | None = None

    def keep(self, name: str, profiles: KeyProfiles) -> None:
        """Write all profiles of one key, in as many files as they need.

        Parameters
        ----------
        name
            Of the key or link.
        profiles
            Its profiles.
        """
        files = partitions(len(profiles.state.sums))
        lots = (profiles,) if files == 1 else _split(profiles, files)
        self.write(name, lots, files=files)

    def write(self, name: str, lots: Iterable[KeyProfiles], *, files: int) -> None:
        """Write the profiles of one key as they come, lot by lot.

        Parameters
        ----------
        name
            Of the key or link.
        lots
            The profiles whose key hashes are 0, 1, ... modulo the number of files.
        files
            How many lots there are.
        """
        folder = self.root / self.folder
        (folder / name if files > 1 else folder).mkdir(parents=True, exist_ok=True)
        entries, examined = [], []
        for at, lot in enumerate(lots):
            path = folder / (f"{name}/part-{at:04}.parquet" if files > 1 else f"{name}.parquet")
            _write(profile_table(lot, self.settings.half_lives_days), path)
            entries.append(self._entry(path, name, len(lot.state.sums), "profiles"))
            if name == ALL:
                self._events = _events(lot)
            if name in self.settings.reached:
                examined.append(Caught.of(lot))
        if examined:
            path = folder / f"{name}.examined.parquet"
            table = pa.concat_tables([_examined_table(one) for one in examined])
            _write(table, path)
            entries.append(self._entry(path, name, table.num_rows, "examined"))
        self._entries[name] = entries

    def _entry(self, path: Path, name: str, rows: int, holds: str) -> FileEntry:
        return described(path, self.root, profile=name, rows=rows, holds=holds)

    def part(self, since: date | None, until: date, in_tables: Events) -> Part:
        """Return what was written, once every profile is there.

        Parameters
        ----------
        since, until
            Days whose events the profiles hold.
        in_tables
            Events of these days in the tables.
        """
        names = self.settings.profile_columns
        if self._events is None or set(self._entries) != {*names}:
            raise ValueError(f"profiles written: {sorted(self._entries)}; meant: {sorted(names)}")
        files = tuple(entry for name in names for entry in self._entries[name])
        return Part(
            folder=self.folder,
            since=since,
            until=until,
            events=self._events,
            in_tables=in_tables,
            files=files,
        )


def _write(table: pa.Table, path: Path) -> None:
    # Sums seldom repeat: a dictionary of them takes half the time of writing and is larger.
    text = [name for name in table.column_names if name.startswith(_KEY)]
    how: dict[str, Any] = {"row_group_size": 1 << 17, "use_dictionary": text}
    pq.write_table(table, path, compression="zstd", **how)


def _split(profiles: KeyProfiles, files: int) -> Iterable[KeyProfiles]:
    which = key_hashes(profiles.parts) % np.uint64(files)
    return (chosen(profiles, np.flatnonzero(which == at)) for at in range(files))


def _events(shared: KeyProfiles) -> Events:
    """Count what the profile all declarations share has seen."""
    sums = shared.state.sums[0]
    declared, examined = (STATISTICS.index(name) for name in ("declarations", _EXAMINATIONS))
    return Events(declarations=round(sums[declared]), results=round(sums[examined]))


def _examined_table(one: Caught) -> pa.Table:
    columns = {_KEY + name: one.parts[name] for name in one.parts.column_names}
    counts = {_EXAMINATIONS: pa.array(one.examinations), _HITS: pa.array(one.hits)}
    return pa.table(columns | counts)


@dataclass(frozen=True, slots=True)
class PartReader:
    """Reads the files of a store.

    Parameters
    ----------
    folder
        The store.
    settings
        What its profiles are of.
    trusted
        Whether every file's hash was looked at already.
    """

    folder: Path
    settings: StoreSettings
    trusted: bool = False

    def lots(
        self, parts: Sequence[Part], name: str, *, at: int = 0, of: int = 1
    ) -> list[KeyProfiles]:
        """Read a key's profiles in all parts, or those of them whose hash falls in one place.

        Parameters
        ----------
        parts
            Parts of the store.
        name
            Of the key or link.
        at, of
            Only keys whose hash is `at` modulo `of`, a power of two.
        """
        return [lot for part in parts for lot in self._lots(part.of(name), at, of)]

    def _lots(self, files: list[FileEntry], at: int, of: int) -> Iterable[KeyProfiles]:
        if len(files) >= of:
            yield from (self._profiles(file) for file in files[at::of])
            return
        whole = self._profiles(files[at % len(files)])
        which = key_hashes(whole.parts) % np.uint64(of)
        yield chosen(whole, np.flatnonzero(which == at))

    def _profiles(self, file: FileEntry) -> KeyProfiles:
        columns = self.settings.profile_columns[file.profile]
        try:
            profiles = profiles_of(self._table(file), columns, self.settings.half_lives_days)
        except KeyError as error:
            raise _unfit(self.folder, file, "columns of another profile") from error
        if len(profiles.state.sums) != file.rows or (not columns and file.rows != 1):
            raise _unfit(self.folder, file, f"{len(profiles.state.sums):,} profiles")
        return profiles

    def examined(self, parts: Sequence[Part], name: str) -> Caught:
        """Read which of a key's values a result was ever known of.

        Parameters
        ----------
        parts
            Parts of the store.
        name
            Of a key some link goes through.
        """
        columns = self.settings.reached[name]
        tables = [self._table(file) for part in parts for file in part.of(name, "examined")]
        named = [one.select(range(len(columns))).rename_columns(list(columns)) for one in tables]
        coded = encode(columns, named)
        codes, keys = np.concatenate(coded.codes), coded.parts.num_rows
        examinations, hits = (
            np.bincount(codes, np.concatenate([one[what].to_numpy() for one in tables]), keys)
            for what in (_EXAMINATIONS, _HITS)
        )
        return Caught(coded.parts, examinations.astype(float), hits.astype(float))

    def _table(self, file: FileEntry) -> pa.Table:
        path = self.folder / file.path if self.trusted else require_file(self.folder, file)
        try:
            return pq.ParquetFile(path).read()
        except (pa.ArrowInvalid, OSError) as error:
            raise _unfit(self.folder, file, "no readable Parquet") from error


def _unfit(folder: Path, file: FileEntry, found: str) -> InputError:
    return InputError(
        "a file of the profile store does not hold what store.json says",
        where=str(folder / file.path),
        found=found,
        do="Do not use the store. Take it again from where it was made.",
    )
