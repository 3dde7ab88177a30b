"""What a file of a bundle may be called, and how large it may be.

A manifest comes from whoever wrote the bundle, so its names and sizes are claims: nothing is opened
before its name and its size are within these bounds.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIB = 1024**2

LARGEST_FILE = 8 * 1024**3
"""Bytes of one file of profiles; no other file may be as large."""

LARGEST_MANIFEST = 16 * MIB
LARGEST_BUNDLE = 64 * 1024**3
"""Bytes of all files together."""

MOST_FILES = 10_000

_LARGEST = {
    ".parquet": LARGEST_FILE,
    ".txt": 512 * MIB,
    ".json": 64 * MIB,
    ".md": 16 * MIB,
    ".html": 256 * MIB,
    ".csv": 256 * MIB,
    ".png": 64 * MIB,
    ".svg": 64 * MIB,
}
_LARGEST_MLMODEL = MIB
_PART = re.compile(r"\w[\w.\-]*")
_LONGEST_NAME = 200

# MLflow installs what these name; they are data by their ending alone.
_INSTALLS = frozenset({"requirements.txt", "constraints.txt"})


def largest(name: str) -> int:
    """Return the most bytes a file of this name may have; 0 for what a bundle never holds.

    Parameters
    ----------
    name
        Path inside the bundle.

    Examples
    --------
    >>> largest("calibrator.json") == 64 * MIB, largest("loader.py"), largest("requirements.txt")
    (True, 0, 0)
    """
    path = PurePosixPath(name)
    if path.name.casefold() in _INSTALLS:
        return 0
    return _LARGEST_MLMODEL if name == "MLmodel" else _LARGEST.get(path.suffix, 0)


def unfit(name: str) -> str:
    """Say what is wrong with a name in the manifest; empty when nothing is.

    Parameters
    ----------
    name
        As the manifest has it.

    Examples
    --------
    >>> unfit("profiles/hs6.parquet"), unfit("../hs6.parquet"), unfit("C:model.txt")
    ('', 'points outside the bundle', 'is no name of a file here')
    """
    parts = re.split(r"[/\\]", name)
    if ".." in parts or name.startswith(("/", "\\")):
        return "points outside the bundle"
    plain = unicodedata.normalize("NFC", name) == name and len(name) <= _LONGEST_NAME
    if not plain or not all(_PART.fullmatch(part) for part in name.split("/")):
        return "is no name of a file here"
    return "" if largest(name) else "is no data a bundle holds"


def alike(names: Iterable[str]) -> Iterator[str]:
    """Give the names that some file systems take for one of the others.

    Parameters
    ----------
    names
        Of the manifest's files, and its own.

    Examples
    --------
    >>> list(alike(["MODEL.txt", "model.txt", "MLmodel"]))
    ['model.txt']
    """
    seen: set[str] = set()
    for name in sorted(names):
        folded = unicodedata.normalize("NFKC", name).casefold()
        if folded in seen:
            yield name
        seen.add(folded)


def shown(text: str) -> str:
    r"""Return text from elsewhere as an error may print it: short, and on one line.

    Parameters
    ----------
    text
        Any text.

    Examples
    --------
    >>> print(shown("a\nb"), shown("model.txt"))
    a\nb model.txt
    """
    return text[:100] if text[:100].isprintable() else ascii(text[:100])[1:-1]
