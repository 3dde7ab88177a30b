"""A profile store: living profiles on disk, rolled forward day by day.

The statistics are plain sums, so what happened since the store's day is made into a small lot of
profiles of its own and put beside the others: a roll reads a few days of tables and none of the
profiles it goes on from. Reading the store adds the lots up, key by key. docs/profiles.md says
what lies in the folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.errors import InputError, OutputError
from targeting.features.build import profiles_between
from targeting.features.snapshot import Snapshot
from targeting.features.spec import registry
from targeting.features.store.buckets import partitions
from targeting.features.store.files import PartReader, PartWriter
from targeting.features.store.index import (
    FORMAT_VERSION,
    Events,
    StoreIndex,
    StoreSettings,
    read_index,
    write_index,
)
from targeting.features.store.keyed import added
from targeting.features.store.tally import events_in, results_without_line
from targeting.tables.output import staged_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from targeting.config import FeatureSettings
    from targeting.features.replays import Caught
    from targeting.features.snapshot import KeyProfiles
    from targeting.features.store.index import Part
    from targeting.tables.folder import Tables

    Tell = Callable[[str], None]

_NEW = ".new"  # what is being written lies here until it is whole


def _silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class ProfileStore:
    """An open store; `open_store` makes one.

    Parameters
    ----------
    path
        The folder.
    index
        What `store.json` says.
    """

    path: Path
    index: StoreIndex

    @property
    def as_of(self) -> date:
        """Local day; every event of the days before it is in, none of the day itself or later."""
        return self.index.as_of

    @property
    def events(self) -> Events:
        """Events the profiles hold."""
        return self.index.events

    def key(self, name: str) -> KeyProfiles:
        """Return all profiles of one key or link, its lots added up.

        Parameters
        ----------
        name
            As in `FeatureSettings.profile_columns`.

        Raises
        ------
        InputError
            If a file is missing, was changed, or does not hold what it should.
        """
        settings = self.index.settings
        lots = PartReader(self.path, settings).lots(self.index.parts, name)
        return added(settings.profile_columns[name], lots, half_lives_days=settings.half_lives_days)

    def lots(self, name: str) -> Iterator[KeyProfiles]:
        """Return all profiles of one key or link, a bounded number at a time.

        Parameters
        ----------
        name
            As in `FeatureSettings.profile_columns`.

        Yields
        ------
        KeyProfiles
            No key in two of them.

        Raises
        ------
        InputError
            If a file is missing, was changed, or does not hold what it should.
        """
        settings, parts = self.index.settings, self.index.parts
        reader = PartReader(self.path, settings)
        files = partitions(sum(file.rows for part in parts for file in part.of(name)))
        for at in range(files):
            lots = reader.lots(parts, name, at=at, of=files)
            columns = settings.profile_columns[name]
            yield added(columns, lots, half_lives_days=settings.half_lives_days)

    def snapshot(self, *, fit_for: FeatureSettings | None = None) -> Snapshot:
        """Return all profiles, for `build` to start from.

        Parameters
        ----------
        fit_for
            Settings of the features to be built; None asks nothing.

        Raises
        ------
        InputError
            If the profiles are not those the settings ask for, or a file is missing, was changed,
            or does not hold what it should.
        """
        if fit_for is not None:
            self._require_fit(fit_for)
        names = self.index.settings.profile_columns
        return Snapshot(self.as_of, {name: self.key(name) for name in names})

    def _require_fit(self, settings: FeatureSettings) -> None:
        differences = self.index.settings.differences(StoreSettings.of(settings))
        if differences:
            raise InputError(
                "the store holds other profiles than the features ask for (first: the store)",
                where=str(self.path),
                found="; ".join(differences),
                do="Make the store with the features the model was trained with.",
            )

    def caught(self) -> dict[str, Caught]:
        """Return, by link, the keys it goes through that had been examined before `as_of`."""
        settings = self.index.settings
        reader = PartReader(self.path, settings)
        examined = {name: reader.examined(self.index.parts, name) for name in settings.reached}
        names = {columns: name for name, columns in settings.reached.items()}
        return {link.name: examined[names[link.through]] for link in settings.links}


def open_store(path: Path) -> ProfileStore:
    """Open a profile store; its files are looked at when they are read.

    Parameters
    ----------
    path
        The folder.

    Raises
    ------
    InputError
        If the folder is no store, or its description cannot be trusted.
    """
    return ProfileStore(path, read_index(path))


@dataclass(frozen=True, slots=True)
class Rolled:
    """What a command did to a store.

    Parameters
    ----------
    store
        The store as it is now.
    since
        Its day before; None where there was none.
    events
        Added by the command.
    profiles
        Rows written.
    notes
        What the user should know.
    """

    store: ProfileStore
    since: date | None
    events: Events
    profiles: int
    notes: tuple[str, ...] = ()


def create_store(
    tables: Tables,
    settings: FeatureSettings,
    output: Path,
    *,
    as_of: date,
    progress: Tell = _silent,
) -> Rolled:
    """Make a store from all events before a day.

    Parameters
    ----------
    tables
        The tables folder.
    settings
        Keys, links, half-lives and time zone.
    output
        Folder to make, or a store to replace.
    as_of
        Local day; no event of that day or later is read.
    progress
        Told the name of each profile as it is made.

    Raises
    ------
    ConfigError
        If the settings name a column that must never be used.
    OutputError
        If the folder cannot be written, or holds something else.
    """
    registry(settings)  # refuses keys of columns that leak
    what = StoreSettings.of(settings)
    with staged_folder(output) as stage:
        writer = PartWriter(stage, f"base-{as_of}", what)
        profiles_between(tables, settings, (None, as_of), writer.keep, progress=progress)
        part = writer.part(None, as_of, events_in(tables, what.time_zone, since=None, until=as_of))
        write_index(index_of(as_of, what, [part]), stage)
    return Rolled(open_store(output), None, part.events, rows_of(part))


def index_of(as_of: date, settings: StoreSettings, parts: Sequence[Part]) -> StoreIndex:
    """Describe a store in this program's format.

    Parameters
    ----------
    as_of
        Its day.
    settings
        What its profiles are of.
    parts
        Oldest first.
    """
    return StoreIndex(
        format_version=FORMAT_VERSION, as_of=as_of, settings=settings, parts=tuple(parts)
    )


def rows_of(part: Part) -> int:
    """Count the profiles of a part, all keys together.

    Parameters
    ----------
    part
        Of a store.
    """
    return sum(file.rows for file in part.files if file.holds == "profiles")


def roll_store(path: Path, tables: Tables, *, to: date, progress: Tell = _silent) -> Rolled:
    """Add the events of the days since the store's own, and none of the others.

    Parameters
    ----------
    path
        The store.
    tables
        The tables folder, with the days to add in it.
    to
        Local day to roll to; no event of that day or later is read.
    progress
        Told the name of each profile as it is made.

    Returns
    -------
    Rolled
        With a note, and nothing written, where the store is as of that day already.

    Raises
    ------
    InputError
        If the day lies before the store's, events reached the tables late, or results are known
        of lines the tables do not hold.
    """
    store = open_store(path)
    since, index = store.as_of, store.index
    if to < since:
        raise InputError(
            "profiles cannot be rolled back",
            where=str(path),
            found=f"profiles as of {since}, asked for {to}",
            do="Make profiles of that day with `targeting profiles snapshot`.",
        )
    if to == since:
        clear_up(store)
        nothing = Events(declarations=0, results=0)
        return Rolled(store, since, nothing, 0, (f"the profiles are as of {to} already",))
    _require_nothing_late(store, tables, to)
    zone, what = index.settings.time_zone, index.settings
    with changing(store) as root:
        writer = PartWriter(root, f"delta-{since}-{to}", what)
        profiles_between(
            tables,
            what.features(),
            (since, to),
            writer.keep,
            caught=store.caught(),
            progress=progress,
        )
        part = writer.part(since, to, events_in(tables, zone, since=since, until=to))
        now = put(store, root, part, [*index.parts, part])
    return Rolled(now, since, part.events, rows_of(part))


def _require_nothing_late(store: ProfileStore, tables: Tables, to: date) -> None:
    """Refuse tables that grew behind the store's day, or that lack lines results are known of."""
    zone, since = store.index.settings.time_zone, store.as_of
    there, counted = events_in(tables, zone, since=None, until=since), store.index.in_tables
    lines = there.declarations - counted.declarations
    results = there.results - counted.results
    if lines > 0 or results > 0:
        late = Events(declarations=max(lines, 0), results=max(results, 0))
        raise InputError(
            "events reached the tables after the profiles had passed their day",
            where=str(store.path),
            found=f"{late.words} before {since} that the profiles do not hold",
            do="Make the profiles again: `targeting profiles snapshot` with the same tables.",
        )
    if lines == 0:
        return
    # Tables of the last weeks will do, as long as they hold what the results speak of.
    lost = results_without_line(tables, zone, since=since, until=to)
    if lost:
        raise InputError(
            "results became known of lines the tables do not hold",
            where=tables.name,
            found=f"{lost:,} such results known from {since} to {to}",
            do="Give tables that reach back to the lines examined.",
        )


@contextmanager
def changing(store: ProfileStore) -> Iterator[Path]:
    """Give a folder inside the store to write a part in; afterwards it is gone.

    Parameters
    ----------
    store
        The store to change.

    Yields
    ------
    Path
        An empty folder.

    Raises
    ------
    OutputError
        If the store cannot be written.
    """
    root = store.path / _NEW
    with _alone(store.path):
        yield from _written_in(root, store)


def _written_in(root: Path, store: ProfileStore) -> Iterator[Path]:
    try:
        shutil.rmtree(root, ignore_errors=True)  # of a run that was stopped
        root.mkdir()
        yield root
    except OSError as error:
        raise OutputError(
            "the profile store cannot be written",
            where=str(store.path),
            found=error.strerror or type(error).__name__,
            do="Check the rights on the folder and the free disk space.",
        ) from error
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the store for one command; the hold ends with the process, however it ends."""
    folder = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(
            "another command is changing the profile store",
            where=str(path),
            found="a store that is held",
            do="Run the command again when that one is done.",
        ) from None
    else:
        yield
    finally:
        os.close(folder)


def _on_disk(folder: Path) -> None:
    """Make what was written last through a loss of power, before it is told of."""
    for path in (*folder.rglob("*"), folder, folder.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def put(store: ProfileStore, root: Path, part: Part, parts: Sequence[Part]) -> ProfileStore:
    """Put a part in its place, then tell of it: a run stopped in between has changed nothing.

    Parameters
    ----------
    store
        The store as it was opened.
    root
        Folder the part was written in, of `changing`.
    part
        The part just written.
    parts
        All parts the store then has.

    Returns
    -------
    ProfileStore
        The store as it is now.

    Raises
    ------
    OutputError
        If another command changed the store since it was opened.
    """
    index = store.index
    if read_index(store.path) != index:
        raise OutputError(
            "another command changed the profile store meanwhile",
            where=str(store.path),
            found="a store.json other than the one begun with",
            do="Run the command again.",
        )
    target = store.path / part.folder
    if target.exists():  # left by a run stopped before it told of it
        shutil.rmtree(target)
    (root / part.folder).rename(target)
    _on_disk(target)
    now = index_of(part.until, index.settings, parts)
    write_index(now, store.path)
    _sweep(store.path, {one.folder for one in now.parts})
    return ProfileStore(store.path, now)


def clear_up(store: ProfileStore) -> None:
    """Remove what a stopped run left in a store.

    Parameters
    ----------
    store
        As it was opened.

    Raises
    ------
    OutputError
        If another command is at work on the store.
    """
    with changing(store):
        _sweep(store.path, {part.folder for part in store.index.parts})


def _sweep(path: Path, kept: set[str]) -> None:
    """Remove parts no longer told of: those folded into another, or left by a stopped run."""
    for folder in path.iterdir():
        ours = folder.name.startswith(("base-", "delta-"))
        if ours and folder.name not in kept and folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
