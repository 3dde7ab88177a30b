"""Under which key the database keeps a profile: its number and its text, so that none collide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from targeting.features.measures import MEASURES
from targeting.features.replays import Amounts

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt

    from targeting.config import FeatureSettings
    from targeting.features.lines import Lines

    Floats = npt.NDArray[np.float64]

_BETWEEN = "\x1f"
_NUMBER = 2  # bytes that say which profile it is


@dataclass(frozen=True, slots=True)
class LinkKeys:
    """A link by numbers.

    Parameters
    ----------
    of
        Number of the link's own profile.
    through
        Number of the profile whose results it reaches.
    """

    of: int
    through: int


@dataclass(frozen=True, slots=True)
class KeySpace:
    """Every profile of a configuration by its number, and how the keys of a line are written.

    Parameters
    ----------
    names
        Of the profiles, in the order of their numbers; all declarations first.
    columns
        Of each profile.
    measures
        Distinct measures; `price` first.
    measure
        Of each profile, by its place among `measures`.
    links
        By numbers.
    """

    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    measures: tuple[str, ...]
    measure: tuple[int, ...]
    links: tuple[LinkKeys, ...]

    @classmethod
    def of(cls, settings: FeatureSettings) -> KeySpace:
        """Give every profile of a configuration its number.

        Parameters
        ----------
        settings
            Keys and links.

        Examples
        --------
        >>> from targeting.config import FeatureSettings
        >>> KeySpace.of(FeatureSettings()).names[:2]
        ('all_declarations', 'consignee')
        """
        profiles, measured = settings.profile_columns, settings.measures
        names = tuple(profiles)
        of_each = [str(measured.get(name, "price")) for name in names]
        measures = tuple(dict.fromkeys(["price", *of_each]))
        followed = {key.columns: key.name for key in settings.keys if key.measure == "price"}
        return cls(
            names=names,
            columns=tuple(profiles.values()),
            measures=measures,
            measure=tuple(measures.index(one) for one in of_each),
            links=tuple(
                LinkKeys(names.index(link.name), names.index(followed[link.through]))
                for link in settings.links
            ),
        )

    @property
    def linked(self) -> frozenset[int]:
        """Numbers of the profiles that are links: results are not added to them as such."""
        return frozenset(link.of for link in self.links)

    @property
    def reached(self) -> tuple[int, ...]:
        """Numbers of the profiles links go through."""
        return tuple(dict.fromkeys(link.through for link in self.links))

    def keys_of(self, lines: Lines) -> list[list[bytes | None]]:
        """Write the keys of lines: per line one for each profile, None where a part is missing.

        Parameters
        ----------
        lines
            A few declarations.
        """
        names = dict.fromkeys(name for columns in self.columns for name in columns)
        texts = {name: _texts_of(lines, name) for name in names}
        of_each = [
            _keys(prefix_of(number), [texts[name] for name in columns], len(lines))
            for number, columns in enumerate(self.columns)
        ]
        return [list(own) for own in zip(*of_each, strict=True)]

    def written(self, number: int, parts: pa.Table) -> list[bytes]:
        """Write the keys of many profiles.

        Parameters
        ----------
        number
            Of the profile.
        parts
            The key's columns, one row per key, without gaps.
        """
        prefix = prefix_of(number)
        if not self.columns[number]:
            return [prefix]
        columns = [parts[name].cast(pa.string()).to_pylist() for name in self.columns[number]]
        return [
            prefix + _BETWEEN.join(map(_bare, row)).encode() for row in zip(*columns, strict=True)
        ]

    def read(self, number: int, keys: Iterable[bytes]) -> pa.Table:
        """Read the columns of keys `written` wrote.

        Parameters
        ----------
        number
            Of the profile.
        keys
            Of that profile.
        """
        columns = self.columns[number]
        if not columns:
            return pa.table({})
        rows = [key[_NUMBER:].decode().split(_BETWEEN) for key in keys]
        return pa.table(
            {
                name: pa.array([_whole(row[at]) for row in rows], pa.string())
                for at, name in enumerate(columns)
            }
        )

    def amounts(self, lines: Lines) -> list[Amounts]:
        """Return what lines state of each measure, in the order of `measures`.

        Parameters
        ----------
        lines
            A few declarations.
        """
        price = Amounts.of(lines.number("customs_value"), lines.number("net_mass_kg"))
        return [price, *(Amounts.of(*MEASURES[name].of(lines)) for name in self.measures[1:])]


def _texts_of(lines: Lines, name: str) -> list[bytes | None]:
    """Return each line's part of a key, as it is written in one."""
    column = lines.key(name)
    levels: list[bytes | None] = [*(_bare(level).encode() for level in column.levels), None]
    return [levels[code] for code in column.codes.tolist()]


def prefix_of(number: int) -> bytes:
    """Return how every key of a profile begins.

    Parameters
    ----------
    number
        Of the profile.
    """
    return number.to_bytes(_NUMBER, "big")


def _keys(prefix: bytes, parts: list[list[bytes | None]], lines: int) -> list[bytes | None]:
    """Put the keys of one profile together, one a line."""
    if not parts:
        return [prefix] * lines
    if len(parts) == 1:
        return [None if part is None else prefix + part for part in parts[0]]
    between = _BETWEEN.encode()
    rows = zip(*parts, strict=True)
    return [None if None in row else prefix + between.join(row) for row in rows]  # pyright: ignore[reportArgumentType, reportCallIssue] - none is None


def _bare(part: str) -> str:
    """Write a part so that nothing in it looks like what stands between parts."""
    if _BETWEEN not in part and "\\" not in part:
        return part
    return part.replace("\\", "\\\\").replace(_BETWEEN, "\\u")


def _whole(part: str) -> str:
    if "\\" not in part:
        return part
    return "\\".join(one.replace("\\u", _BETWEEN) for one in part.split("\\\\"))
