"""The reference files are whole, agree with each other and with what is said of their source."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from targeting.tables import codes
from targeting.tables.engine import case, column, connect, function

REFERENCE = resources.files("targeting.tables") / "reference"
DOCS = Path(__file__).resolve().parents[2] / "docs"
SOURCES: dict[str, dict[str, Any]] = yaml.safe_load(
    (REFERENCE / "SOURCES.yaml").read_text(encoding="utf-8")
)
FILES = sorted(one.name for one in REFERENCE.iterdir() if one.name.endswith(".csv"))


def lines(name: str) -> list[list[str]]:
    text = (REFERENCE / name).read_text(encoding="utf-8")
    return [line.split(",") for line in text.splitlines()]


def test_every_file_states_its_source_and_no_other():
    assert sorted(SOURCES) == FILES
    for stated in SOURCES.values():
        assert stated.keys() == {"what", "edition", "source", "licence", "rows"}


@pytest.mark.parametrize("name", FILES)
def test_row_counts_keys_and_page(name: str):
    rows = lines(name)[1:]
    keys = [row[0] for row in rows]
    assert len(rows) == SOURCES[name]["rows"]
    assert len(set(keys)) == len(keys)
    page = (DOCS / "reference-data.md").read_text(encoding="utf-8")
    stated = SOURCES[name]
    assert f"| `{name}` | {stated['rows']:,} | {stated['edition']} |" in page
    assert f"| {stated['source']} | {stated['licence']} |" in page


def test_the_harmonized_system_has_its_known_size():
    assert len(codes.sections()) == 21
    assert len(codes.chapters()) == 96
    assert "77" not in codes.chapters()
    assert len(codes.headings()) == 1228
    assert len(codes.subheadings()) == 5612
    assert {"2404", "8524"} <= codes.headings()
    assert {"240411", "852491"} <= codes.subheadings()


def test_every_level_of_the_harmonized_system_hangs_on_the_one_above():
    assert {code[:4] for code in codes.subheadings()} == codes.headings()
    assert {code[:2] for code in codes.headings()} == set(codes.chapters())
    assert [row for row in lines("hs_subheadings.csv")[1:] if row[0][:4] != row[1]] == []
    assert [row for row in lines("hs_headings.csv")[1:] if row[0][:2] != row[1]] == []
    for chapter in codes.chapters().values():
        section = codes.sections()[chapter.section]
        assert section.first_chapter <= chapter.code <= section.last_chapter
        assert chapter.title


def test_countries_are_iso_but_one():
    other = [one.alpha2 for one in codes.countries().values() if one.status != "iso"]
    assert other == ["XK"]
    assert len(codes.countries()) - len(other) == 249
    assert codes.countries()["TR"].alpha3 == "TUR"


def test_ports_stand_in_known_countries_at_possible_positions():
    for port in codes.ports().values():
        assert port.country == port.code[:2]
        assert port.country in codes.countries()
        assert len(port.code) == 5
        assert port.latitude is None or -60 < port.latitude < 70
        assert port.longitude is None or -180 <= port.longitude <= 180
        assert (port.latitude is None) == (port.position_source == "")


def test_codes_of_one_site_lie_close_together():
    for row in lines("sites.csv")[1:]:
        alias, site = codes.ports().get(row[0]), codes.ports()[row[1]]
        if alias and alias.latitude is not None and site.latitude is not None:
            assert abs(alias.latitude - site.latitude) < 1, row
            assert abs((alias.longitude or 0) - (site.longitude or 0)) < 1, row


def test_every_alias_is_a_port_or_a_name_and_every_site_is_its_own():
    for alias, site, _name, kind, *_note in lines("sites.csv")[1:]:
        assert (alias in codes.ports()) == (kind == "code"), alias
        assert codes.site_of(site) == site
        assert site in codes.ports()


@pytest.mark.parametrize(
    ("code", "site"),
    [
        ("TMKRW", "TMKRW"),
        ("TMKRA", "TMKRW"),
        ("AZALA", "AZALA"),
        ("IRASR", "AZAST"),
        ("KZSCO", "KZAAU"),
        (" altynkol ", "KZHOR"),
        ("TMAGT", "TMASB"),
        ("KURYK", "KZKUR"),
        ("IRSRP", "IRBND"),
        ("NLRTM", "NLRTM"),
        (" post 7 ", " post 7 "),
        ("", ""),
    ],
)
def test_site_of(code: str, site: str):
    assert codes.site_of(code) == site


ALIASES = ["TMKRA", None, "altynkol", "NLRTM", "TMKRA"]
SITES = ["TMKRW", None, "KZHOR", "NLRTM", "TMKRW"]


@pytest.mark.parametrize(
    "column_of_codes",
    [
        pa.array(ALIASES),
        pa.array(ALIASES).dictionary_encode(),
        pa.chunked_array([ALIASES[:2], ALIASES[2:]]),
        pa.chunked_array([pa.array(ALIASES).dictionary_encode()]),
    ],
)
def test_sites_of_a_column(column_of_codes: pa.Array):
    assert codes.sites_of(column_of_codes).to_pylist() == SITES


def test_sites_by_a_join():
    with connect() as connection:
        rows = connection.from_arrow(pa.table({"n": range(5), "code": ALIASES})).set_alias("rows")
        sites = connection.from_arrow(codes.site_table()).set_alias("sites")
        key = function("upper", function("trim", column("code")))
        joined = rows.join(sites, key == column("alias"), how="left").order("n")
        place = case(column("site").isnull(), column("code")).otherwise(column("site"))
        found = joined.project(place).fetchall()
    assert [site for (site,) in found] == SITES


def test_structures_cannot_be_changed():
    with pytest.raises(TypeError, match="does not support item assignment"):
        codes.countries()["XX"] = codes.countries()["KZ"]  # pyright: ignore[reportIndexIssue]
    with pytest.raises(AttributeError, match="add"):
        codes.headings().add("0000")  # pyright: ignore[reportAttributeAccessIssue]
