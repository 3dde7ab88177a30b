"""Reference codes: the Harmonized System, countries, ports, and the sites behind many codes.

Every table is read once from `reference/` and handed out as an immutable structure; the Arrow
forms are for DuckDB joins. Sources, editions and licences stand in `reference/SOURCES.yaml`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

NATIONAL_CHAPTERS = ("98", "99")
"""Chapters the Harmonized System leaves to each administration; never reported as unknown."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the Harmonized System, with the range of its chapters."""

    code: str
    first_chapter: str
    last_chapter: str
    title: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the Harmonized System: its two digits, its section, a short title."""

    code: str
    section: str
    title: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country: ISO 3166 codes, English name, and whether the code is `iso` or `user-assigned`."""

    alpha2: str
    alpha3: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Port:
    """A place of UN/LOCODE.

    Parameters
    ----------
    code
        Five characters, the country's two first.
    country
        ISO 3166 alpha-2.
    name
        As UN/LOCODE writes it.
    functions
        Of `port`, `rail`, `road`, `air`, `postal`, `multimodal`, `border`.
    latitude, longitude
        In degrees, north and east positive; None where unknown.
    position_source
        `unlocode`, or `approximate` for a position of our own to a tenth of a degree.
    """

    code: str
    country: str
    name: str
    functions: tuple[str, ...]
    latitude: float | None
    longitude: float | None
    position_source: str


def _rows(name: str) -> list[dict[str, str]]:
    source = resources.files("targeting.tables") / "reference" / name
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


@cache
def sections() -> Mapping[str, Section]:
    """Sections of HS 2022 by Roman numeral.

    Examples
    --------
    >>> sections()["VIII"].title
    'Hides, leather, furs and goods made of them'
    """
    found = [
        Section(r["section"], r["first_chapter"], r["last_chapter"], r["title"])
        for r in _rows("hs_sections.csv")
    ]
    return MappingProxyType({section.code: section for section in found})


@cache
def chapters() -> Mapping[str, Chapter]:
    """Chapters of HS 2022 in use, by their two digits.

    Examples
    --------
    >>> chapters()["24"].title, chapters()["24"].section
    ('Tobacco and nicotine products', 'IV')
    """
    found = [Chapter(r["chapter"], r["section"], r["title"]) for r in _rows("hs_chapters.csv")]
    return MappingProxyType({chapter.code: chapter for chapter in found})


@cache
def headings() -> frozenset[str]:
    """Headings of HS 2022, four digits each."""
    return frozenset(r["heading"] for r in _rows("hs_headings.csv"))


@cache
def subheadings() -> frozenset[str]:
    """Subheadings of HS 2022, six digits each.

    Examples
    --------
    >>> "240411" in subheadings()
    True
    """
    return frozenset(r["subheading"] for r in _rows("hs_subheadings.csv"))


@cache
def countries() -> Mapping[str, Country]:
    """Countries by ISO 3166 alpha-2 code.

    Examples
    --------
    >>> countries()["KZ"].name
    'Kazakhstan'
    """
    found = [
        Country(r["alpha2"], r["alpha3"], r["name"], r["status"]) for r in _rows("countries.csv")
    ]
    return MappingProxyType({country.alpha2: country for country in found})


@cache
def ports() -> Mapping[str, Port]:
    """Places of UN/LOCODE 2023-1 in and around the region, by code.

    Examples
    --------
    >>> ports()["AZALA"].functions
    ('port', 'road')
    """
    return MappingProxyType({r["code"]: _port(r) for r in _rows("ports.csv")})


def _port(row: dict[str, str]) -> Port:
    return Port(
        code=row["code"],
        country=row["country"],
        name=row["name"],
        functions=tuple(row["functions"].split()),
        latitude=float(row["latitude"]) if row["latitude"] else None,
        longitude=float(row["longitude"]) if row["longitude"] else None,
        position_source=row["position_source"],
    )


def chapter_title(hs_code: str) -> str:
    """Short title of the chapter of a code, empty where the chapter is not in use.

    Parameters
    ----------
    hs_code
        Two digits or more.

    Examples
    --------
    >>> chapter_title("0805100000"), chapter_title("770000")
    ('Fruit and nuts', '')
    """
    chapter = chapters().get(hs_code[:2])
    return chapter.title if chapter else ""


@cache
def _sites() -> Mapping[str, str]:
    return MappingProxyType({r["alias"]: r["site"] for r in _rows("sites.csv")})


def site_of(code: str) -> str:
    """Name the one site behind a code or spelling; a code with no alias comes back unchanged.

    Several codes stand for one place (domain.md 0.2). Read them as one before calling a route
    new, or a change of code looks like risk.

    Parameters
    ----------
    code
        A UN/LOCODE, or a site name such as `ALTYNKOL`; case and outer blanks do not matter.

    Examples
    --------
    >>> site_of("TMKRA"), site_of("Altynkol"), site_of("NLRTM"), site_of("POST 7")
    ('TMKRW', 'KZHOR', 'NLRTM', 'POST 7')
    """
    return _sites().get(code.strip().upper(), code)


def sites_of(codes: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Apply `site_of` to a whole column; null stays null.

    Parameters
    ----------
    codes
        Strings, plain or dictionary-encoded.

    Returns
    -------
    pyarrow.Array
        Strings, as long as the input.

    Examples
    --------
    >>> sites_of(pa.array(["KZSCO", None, "DEHAM"])).to_pylist()
    ['KZAAU', None, 'DEHAM']
    """
    whole = codes.combine_chunks() if isinstance(codes, pa.ChunkedArray) else codes
    coded = whole if isinstance(whole, pa.DictionaryArray) else whole.dictionary_encode()
    names = [None if code is None else site_of(code) for code in coded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(coded.indices)


@cache
def site_table() -> pa.Table:
    """Every alias with its site, for a DuckDB join: columns `alias` and `site`.

    Join on the upper-cased, trimmed code, from the left, and keep the code where no site is found.
    """
    return pa.table({"alias": list(_sites()), "site": list(_sites().values())})


@cache
def country_table() -> pa.Table:
    """All country codes in one column `code`, for a DuckDB join."""
    return pa.table({"code": sorted(countries())})


@cache
def heading_table() -> pa.Table:
    """All HS headings in one column `code`, for a DuckDB join."""
    return pa.table({"code": sorted(headings())})


@cache
def place_table() -> pa.Table:
    """All port codes and site aliases in one column `code`, for a DuckDB join."""
    return pa.table({"code": sorted(ports().keys() | _sites().keys())})
