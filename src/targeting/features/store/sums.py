"""Adding profile stores up: the days of one into one part, two offices' into one store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from targeting.errors import InputError
from targeting.features.store.buckets import partitions
from targeting.features.store.files import PartReader, PartWriter
from targeting.features.store.hashes import require_whole
from targeting.features.store.index import Events, write_index
from targeting.features.store.keyed import added
from targeting.features.store.rolling import (
    Rolled,
    changing,
    clear_up,
    index_of,
    open_store,
    put,
    rows_of,
)
from targeting.tables.output import staged_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from targeting.features.snapshot import KeyProfiles
    from targeting.features.store.rolling import ProfileStore

    Tell = Callable[[str], None]

_AT_ONCE = 2  # keys read and written side by side


def _silent(_: str) -> None:
    """Tell nobody."""


def compact_store(path: Path, *, progress: Tell = _silent) -> Rolled:
    """Add up all parts of a store into one.

    Parameters
    ----------
    path
        The store.
    progress
        Told the name of each profile as it is written.

    Returns
    -------
    Rolled
        With a note, and nothing written, where there is one part only.

    Raises
    ------
    InputError
        If a file is missing, was changed or is not listed.
    """
    store = open_store(path)
    index, nothing = store.index, Events(declarations=0, results=0)
    if len(index.parts) == 1:
        clear_up(store)
        return Rolled(store, store.as_of, nothing, 0, ("there is nothing to fold in",))
    with changing(store) as root:
        writer = PartWriter(root, f"base-{store.as_of}", index.settings)
        _add_up([store], writer, progress)
        part = writer.part(index.parts[0].since, store.as_of, index.in_tables)
        now = put(store, root, part, [part])
    return Rolled(now, store.as_of, nothing, rows_of(part))


def merge_stores(left: Path, right: Path, output: Path, *, progress: Tell = _silent) -> Rolled:
    """Add the profiles of two offices, or two countries, that share no event.

    Parameters
    ----------
    left, right
        Stores of the same settings, as of the same day.
    output
        The store to make.
    progress
        Told the name of each profile as it is written.

    Raises
    ------
    InputError
        If the stores differ in settings or day, or are the same.
    """
    if output.resolve() in (left.resolve(), right.resolve()):
        raise InputError(
            "the sum of two stores would replace one of them",
            where=str(output),
            found="one of the two stores to be added",
            do="Name another folder.",
        )
    stores = [open_store(left), open_store(right)]
    _require_alike(*stores)
    first, second = (store.index for store in stores)
    with staged_folder(output) as stage:
        writer = PartWriter(stage, f"base-{first.as_of}", first.settings)
        _add_up(stores, writer, progress)
        part = writer.part(None, first.as_of, first.in_tables.plus(second.in_tables))
        write_index(index_of(first.as_of, first.settings, [part]), stage)
    return Rolled(open_store(output), None, part.events, rows_of(part))


def _require_alike(left: ProfileStore, right: ProfileStore) -> None:
    where = f"{left.path} and {right.path}"
    differences = left.index.settings.differences(right.index.settings)
    if differences:
        raise InputError(
            "only profiles of the same settings can be added",
            where=where,
            found="; ".join(differences),
            do="Make both with the same --features.",
        )
    if left.as_of != right.as_of:
        # Decaying the earlier one would add up, but to a state no history has: its office would
        # seem to have been idle since.
        early, late = sorted((left, right), key=lambda store: store.as_of)
        raise InputError(
            "profiles of different days cannot be added: the earlier ones lack the days between",
            where=where,
            found=f"{early.path} as of {early.as_of}, {late.path} as of {late.as_of}",
            do=f"Run first: targeting profiles roll --profiles {early.path} --to {late.as_of}",
        )
    if _contents(left) & _contents(right):
        raise InputError(
            "the two stores hold the same events, which would count twice",
            where=where,
            found="equal files",
            do="Name the stores of two offices that share no declaration.",
        )


def _contents(store: ProfileStore) -> set[str]:
    """Fingerprints of a store's parts, as far as they hold events."""
    parts = (part for part in store.index.parts if part.events.declarations)
    return {"".join(file.sha256 for file in part.files) for part in parts}


def _add_up(stores: Sequence[ProfileStore], writer: PartWriter, progress: Tell) -> None:
    """Write the sum of all parts of some stores, a bounded number of profiles at a time."""
    for store in stores:
        require_whole(store.path, store.index, nothing_else=False)

    def one(name: str) -> None:
        rows = sum(file.rows for store in stores for part in store.index.parts
                   for file in part.of(name))  # fmt: skip
        files = partitions(rows)
        writer.write(name, _summed(stores, name, files), files=files)
        progress(name)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        list(pool.map(one, writer.settings.profile_columns))


def _summed(stores: Sequence[ProfileStore], name: str, files: int) -> Iterator[KeyProfiles]:
    settings = stores[0].index.settings
    readers = [
        (PartReader(store.path, settings, trusted=True), store.index.parts) for store in stores
    ]
    for at in range(files):
        lots = [
            lot for reader, parts in readers for lot in reader.lots(parts, name, at=at, of=files)
        ]
        yield added(settings.profile_columns[name], lots, half_lives_days=settings.half_lives_days)
