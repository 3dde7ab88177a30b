"""The lock file: which versions are installed, and the hashes their files must have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Locked:
    """One distribution of the lock file.

    Parameters
    ----------
    name
        In its canonical form.
    version
        The one version.
    hashes
        As `sha256:...`; a file must have one of them.
    """

    name: str
    version: str
    hashes: tuple[str, ...]

    def line(self) -> str:
        """Write it as pip reads it."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash={one}" for one in self.hashes)])


def read_lock(path: Path) -> dict[str, Locked]:
    """Read what a lock file holds for this machine and Python, by canonical name.

    Parameters
    ----------
    path
        A requirements file with hashes, as `make lock` writes it.

    Raises
    ------
    InputError
        If it cannot be read, or a line of it has no version or no hash.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unread(path, getattr(error, "strerror", None) or "no text") from error
    lines = text.replace("\\\n", " ").splitlines()
    found = [_locked(line, path) for line in lines if line.strip() and not line.startswith("#")]
    return {one.name: one for one in found if one is not None}


def _locked(line: str, path: Path) -> Locked | None:
    """Read one line; None where it is for another machine or Python."""
    try:
        wanted = Requirement(line.partition("--hash")[0].strip())
    except InvalidRequirement as error:
        raise _unread(path, "a line that is no requirement") from error
    pins = [one.version for one in wanted.specifier if one.operator == "=="]
    hashes = tuple(_HASH.findall(line))
    if len(pins) != 1 or not hashes:
        raise _unread(path, f"{wanted.name} without its version or hash")
    if wanted.marker is not None and not wanted.marker.evaluate():
        return None
    return Locked(canonicalize_name(wanted.name), pins[0], hashes)


def _unread(path: Path, found: str) -> InputError:
    return InputError(
        "the lock file cannot be read",
        where=str(path),
        found=found,
        do="Name the requirements.lock of the program's own checkout; `make lock` writes it.",
    )


def needed(
    lock: dict[str, Locked], roots: Iterable[str], *, without: frozenset[str] = frozenset()
) -> list[Locked]:
    """Choose what some requirements need, and what that needs in turn, by name.

    Parameters
    ----------
    lock
        From `read_lock`.
    roots
        Requirements as a wheel's metadata states them.
    without
        Canonical names left out among the roots; what others need of them is kept.

    Raises
    ------
    InputError
        If one is not in the lock file, or not installed here.
    """
    asked = [name for name in _applying(roots, frozenset()) if name[0] not in without]
    chosen: dict[str, Locked] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while asked:
        name, extras = asked.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        if name not in lock:
            raise _missing(name, "not in the lock file")
        chosen[name] = lock[name]
        asked += _applying(_requires(name), extras)
    return [chosen[name] for name in sorted(chosen)]


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError as error:
        raise _missing(name, "not installed here") from error


def _missing(name: str, found: str) -> InputError:
    return InputError(
        "a library the package needs cannot be told from the lock file",
        where=name,
        found=found,
        do="Run `make setup`, so that what is installed is what is locked.",
    )


def _applying(lines: Iterable[str], extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Give the requirements that hold on this machine with some extras asked for."""
    for line in lines:
        one = Requirement(line)
        asked = extras or {""}
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in asked):
            yield canonicalize_name(one.name), frozenset(one.extras)
