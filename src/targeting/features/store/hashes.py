"""Whether the files of a profile store are the ones that were written."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.errors import InputError
from targeting.features.store.index import INDEX, FileEntry

if TYPE_CHECKING:
    from targeting.features.store.index import StoreIndex


def described(path: Path, folder: Path, *, profile: str, rows: int, holds: str) -> FileEntry:
    """Make the entry of a file just written.

    Parameters
    ----------
    path
        The file.
    folder
        The folder its part will lie in: the store.
    profile
        Name of the key or link.
    rows
        Profiles in it.
    holds
        `profiles` or `examined`.
    """
    return FileEntry.model_validate(
        {
            "path": path.relative_to(folder).as_posix(),
            "holds": holds,
            "profile": profile,
            "rows": rows,
            "size": path.stat().st_size,
            "sha256": _hash(path),
        }
    )


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def require_file(folder: Path, file: FileEntry) -> Path:
    """Return the path of a listed file after making sure it is the one that was written.

    Parameters
    ----------
    folder
        The store.
    file
        One of its files.

    Raises
    ------
    InputError
        If it is missing or was changed.
    """
    finding = _finding(folder, file)
    if finding:
        raise _damaged(folder, [finding])
    return folder / file.path


def require_whole(folder: Path, index: StoreIndex, *, nothing_else: bool = True) -> int:
    """Check every file of a store, and that it holds no others.

    Parameters
    ----------
    folder
        The store.
    index
        As read from it.
    nothing_else
        Whether what is not listed is a finding too.

    Returns
    -------
    int
        Bytes checked.

    Raises
    ------
    InputError
        If any file is missing, was changed, or is not listed. Every finding is told.
    """
    wrong = [*filter(None, (_finding(folder, file) for file in index.files))]
    if nothing_else:
        wrong += [f"{name} is not listed" for name in strangers(folder, index)]
    if wrong:
        raise _damaged(folder, wrong)
    return sum(file.size for file in index.files)


def strangers(folder: Path, index: StoreIndex) -> list[str]:
    """Name what lies in a store's folder and is not listed.

    Parameters
    ----------
    folder
        The store.
    index
        As read from it.
    """
    known = {INDEX, *(file.path for file in index.files)}
    found = []
    for root, folders, files in os.walk(folder, followlinks=False):
        here = Path(root)
        links = [name for name in folders if (here / name).is_symlink()]
        hollow = [name for name in folders if not any((here / name).iterdir())]
        found += [
            (here / name).relative_to(folder).as_posix() for name in (*files, *links, *hollow)
        ]
    return sorted({*found} - known)


def _finding(folder: Path, file: FileEntry) -> str:
    path = folder / file.path
    try:
        if not path.is_file():
            return f"{file.path} is missing"
        if path.stat().st_size != file.size or _hash(path) != file.sha256:
            return f"{file.path} was changed"
    except OSError as error:
        return f"{file.path} cannot be read ({error.strerror})"
    return ""


def _damaged(folder: Path, wrong: list[str]) -> InputError:
    return InputError(
        "the profile store is not what was written",
        where=str(folder),
        found=_some(wrong),
        do="Do not use it. Take it again from where it was made, or make it again with "
        "`targeting profiles snapshot`; a folder a stopped run left may be removed.",
    )


def _some(told: list[str]) -> str:
    return "; ".join(told[:10]) + (f" and {len(told) - 10:,} more" if len(told) > 10 else "")
