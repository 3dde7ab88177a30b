"""What a profile store says of itself: `store.json`.

A store comes from another machine or another office, so nothing it names is opened before the
name is known to stay inside the folder, and no file is read whose hash is not the one listed
(`hashes.py`).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, ValidationError, model_validator

from targeting.config import (
    FeatureSettings,
    KeyMeasure,
    KeySettings,
    LinkSettings,
    Settings,
)
from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMAT_VERSION = 1
INDEX = "store.json"


class Events(Settings):
    """How many events lie behind profiles.

    Parameters
    ----------
    declarations, results
        Lines lodged, and results of examinations that became known.
    """

    declarations: int = Field(ge=0)
    results: int = Field(ge=0)

    def plus(self, other: Events) -> Events:
        """Return the events of both.

        Parameters
        ----------
        other
            Events that are not among these.

        Examples
        --------
        >>> Events(declarations=5, results=1).plus(Events(declarations=2, results=0)).declarations
        7
        """
        return Events(
            declarations=self.declarations + other.declarations,
            results=self.results + other.results,
        )

    @property
    def words(self) -> str:
        """Both counts, for a report."""
        return f"{self.declarations:,} declarations and {self.results:,} results"


class FollowedKey(Settings):
    """What the profiles of a key are of.

    Parameters
    ----------
    columns
        Columns of the declarations.
    measure
        The ratio whose usual value is followed.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    measure: KeyMeasure = "price"

    def setting(self) -> KeySettings:
        """Return the key as the feature settings write it."""
        return KeySettings(columns=self.columns, measure=self.measure)


class StoreSettings(Settings):
    """What must be the same for two lots of profiles to be added.

    Parameters
    ----------
    time_zone
        Where a day closes at midnight.
    half_lives_days
        Half-lives of the decayed sums.
    keys
        Every profile key.
    links
        Of what, and through what.
    """

    time_zone: str
    half_lives_days: tuple[float, ...]
    keys: tuple[FollowedKey, ...]
    links: tuple[LinkSettings, ...] = ()

    @classmethod
    def of(cls, settings: FeatureSettings) -> Self:
        """Take from the feature settings what profiles depend on.

        Parameters
        ----------
        settings
            Feature settings.
        """
        return cls(
            time_zone=settings.time_zone,
            half_lives_days=settings.half_lives_days,
            keys=tuple(
                FollowedKey(columns=key.columns, measure=key.measure) for key in settings.keys
            ),
            links=settings.links,
        )

    def features(self) -> FeatureSettings:
        """Return feature settings that make these profiles, and nothing else."""
        return FeatureSettings(
            time_zone=self.time_zone,
            half_lives_days=self.half_lives_days,
            keys=tuple(key.setting() for key in self.keys),
            links=self.links,
            categories=(),
        )

    @property
    def profile_columns(self) -> dict[str, tuple[str, ...]]:
        """Columns behind every profile by its name: all declarations, the keys, the links."""
        return self.features().profile_columns

    @property
    def reached(self) -> dict[str, tuple[str, ...]]:
        """Columns of the keys that links go through, by the key's name."""
        through = {link.through for link in self.links}
        keys = (key.setting() for key in self.keys if key.measure == "price")
        return {key.name: key.columns for key in keys if key.columns in through}

    def differences(self, other: StoreSettings) -> list[str]:
        """Say in what other settings differ; the order of keys and links does not matter.

        Parameters
        ----------
        other
            Settings of another store, or of a model.

        Examples
        --------
        >>> one = StoreSettings(time_zone="UTC", half_lives_days=(30,), keys=())
        >>> one.differences(one.model_copy(update={"time_zone": "Asia/Baku"}))
        ['time zone UTC against Asia/Baku']
        """
        told = []
        if self.time_zone != other.time_zone:
            told.append(f"time zone {self.time_zone} against {other.time_zone}")
        if self.half_lives_days != other.half_lives_days:
            mine, theirs = (_listed(one.half_lives_days) for one in (self, other))
            told.append(f"half-lives {mine} against {theirs} days")
        mine, theirs = self.profile_columns, other.profile_columns
        told += [f"{name} in the first alone" for name in mine if name not in theirs]
        told += [f"{name} in the second alone" for name in theirs if name not in mine]
        both = [name for name in mine if name in theirs and mine[name] != theirs[name]]
        return told + [f"{name} of other columns" for name in both]


def _listed(days: Iterable[float]) -> str:
    return ", ".join(f"{one:g}" for one in days) or "none"


class FileEntry(Settings):
    """One Parquet file of a part.

    Parameters
    ----------
    path
        Inside the store, with forward slashes.
    holds
        Profiles, or the short list of those a result is known of, for links.
    profile
        Name of the key or link.
    rows
        Profiles in the file.
    size, sha256
        Of its bytes.
    """

    path: str
    holds: Literal["profiles", "examined"]
    profile: str
    rows: int = Field(ge=0)
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Part(Settings):
    """The profiles of the events of some days.

    Parameters
    ----------
    folder
        Inside the store.
    since, until
        Local days; the events of [since, until). None reaches back to the beginning.
    events
        Held by the profiles.
    in_tables
        Lodged, and known, in the tables in these days when the part was made: what late events
        are told by. Results of lines the tables do not hold are among them.
    files
        In the order they are read; a profile's files hold the key hashes 0, 1, ... modulo their
        number.
    """

    folder: str = Field(pattern=r"^(base|delta)-[0-9A-Za-z.-]+$")
    since: date | None
    until: date
    events: Events
    in_tables: Events
    files: tuple[FileEntry, ...]

    def of(self, profile: str, holds: str = "profiles") -> list[FileEntry]:
        """List the files of one profile.

        Parameters
        ----------
        profile
            Name of the key or link.
        holds
            Which of its files.
        """
        return [one for one in self.files if (one.profile, one.holds) == (profile, holds)]


class StoreIndex(Settings):
    """The whole of `store.json`.

    Parameters
    ----------
    format_version
        Of the store's layout; another one is refused.
    as_of
        Local day; every event of the days before it is in, none of the day itself or later.
    settings
        What the profiles are of.
    parts
        The base first, then the days rolled on, oldest first.
    """

    format_version: int
    as_of: date
    settings: StoreSettings
    parts: tuple[Part, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _without_gaps(self) -> Self:
        ends = [part.until for part in self.parts]
        starts = [part.since for part in self.parts[1:]]
        if starts != ends[:-1] or ends[-1] != self.as_of or ends != sorted(set(ends)):
            raise ValueError("the parts do not follow each other up to as_of")
        self.settings.features()  # refuses names and links no settings may have
        if not all(self._is_complete(part) for part in self.parts):
            raise ValueError("a part lacks files of a profile")
        folders = [part.folder for part in self.parts]
        paths = [file.path for part in self.parts for file in part.files]
        if len(set(folders)) < len(folders) or len(set(paths)) < len(paths):
            raise ValueError("a folder or a file is listed twice")
        return self

    def _is_complete(self, part: Part) -> bool:
        """Tell whether every profile has its 1, 2, 4 ... files, and links what they look up."""
        held = Counter(file.profile for file in part.files if file.holds == "profiles")
        examined = {file.profile for file in part.files if file.holds == "examined"}
        halved = all(files & (files - 1) == 0 for files in held.values())
        return (
            halved
            and set(held) == set(self.settings.profile_columns)
            and examined == set(self.settings.reached)
        )

    @property
    def events(self) -> Events:
        """Events held by the profiles of all parts."""
        return _sum(part.events for part in self.parts)

    @property
    def in_tables(self) -> Events:
        """Events the tables held before `as_of` when the parts were made."""
        return _sum(part.in_tables for part in self.parts)

    @property
    def files(self) -> list[FileEntry]:
        """Every file of every part."""
        return [file for part in self.parts for file in part.files]


def _sum(many: Iterable[Events]) -> Events:
    total = Events(declarations=0, results=0)
    for one in many:
        total = total.plus(one)
    return total


def write_index(index: StoreIndex, folder: Path) -> None:
    """Write `store.json`, in the place of an older one only when it is whole.

    Parameters
    ----------
    index
        What the store holds; its files are there already.
    folder
        The store.
    """
    text = json.dumps(index.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"
    aside = folder / f".{INDEX}.new"
    with aside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(folder / INDEX)


def read_index(folder: Path) -> StoreIndex:
    """Read `store.json`, and refuse names that leave the folder.

    Parameters
    ----------
    folder
        The store.

    Raises
    ------
    InputError
        If the folder is no store, of another format version, or names what is not inside it.
    """
    path = folder / INDEX
    if path.is_symlink() or not path.is_file():
        raise InputError(
            "this is not a profile store",
            where=str(folder),
            found="a store.json that is a link" if path.is_symlink() else "no store.json",
            do="Name a folder `targeting profiles snapshot` wrote.",
        )
    index = _parsed(path)
    outside = sorted(
        {file.path for part in index.parts for file in part.files if _leaves(folder, file, part)}
    )
    if outside:
        raise InputError(
            "the profile store names files that are not inside it",
            where=str(path),
            found="; ".join(name[:200] for name in outside[:10]),
            do="Do not use it. Take it again from where it was made.",
        )
    return index


def _parsed(path: Path) -> StoreIndex:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise _unreadable(path, "no JSON") from error
    version = values.get("format_version") if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise InputError(
            "the profile store is of another format version",
            where=str(path),
            found=f"version {version!r}, this program reads {FORMAT_VERSION}",
            do="Make it again with `targeting profiles snapshot`.",
        )
    try:
        return StoreIndex.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise _unreadable(path, f"{place}: {first['msg']}") from error


def _unreadable(path: Path, found: str) -> InputError:
    return InputError(
        "the description of the profile store cannot be read",
        where=str(path),
        found=found,
        do="Take the store again from where it was made, or make it again with "
        "`targeting profiles snapshot`.",
    )


def _leaves(folder: Path, file: FileEntry, part: Part) -> bool:
    """Tell whether a listed name is anything but a plain file of its part."""
    name = PurePosixPath(file.path)
    odd = name.is_absolute() or ".." in name.parts or "\\" in file.path or ":" in file.path
    if odd or name.as_posix() != file.path or name.parts[:1] != (part.folder,):
        return True
    steps = [folder.joinpath(*name.parts[:many]) for many in range(1, len(name.parts) + 1)]
    return len(steps) < 2 or any(step.is_symlink() for step in steps)
