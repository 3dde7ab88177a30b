"""The editable lists behind features, and the functions that read them."""

from __future__ import annotations

import csv
import math
from datetime import UTC, datetime
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.features.columns import reference
from targeting.features.declared import DECLARED_FEATURES
from targeting.features.lines import Lines
from targeting.features.places import (
    detour_km,
    detour_ratio,
    direct_km,
    great_circle_km,
    hubs,
)
from targeting.features.units import fits, payload_kg
from targeting.features.words import read_description, stop_terms
from targeting.tables.codes import chapters, countries, headings, ports, site_of, subheadings

LISTS = (
    "stop_words.csv", "hubs.csv", "risk_origins.csv", "risk_goods.csv", "payloads.csv",
    "unit_goods.csv",
)  # fmt: skip
CODES = {*chapters(), *headings(), *subheadings()}


def test_every_list_is_told_in_the_readme():
    folder = resources.files("targeting.features") / "reference"
    present = {entry.name for entry in folder.iterdir() if entry.name.endswith(".csv")}
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert present == set(LISTS)
    assert all(f"`{name}`" in readme for name in LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_rows_as_wide_as_its_head_and_none_twice(name: str):
    source = resources.files("targeting.features") / "reference" / name
    rows = list(csv.reader(source.read_text(encoding="utf-8").splitlines()))
    assert len({len(row) for row in rows}) == 1
    assert len({tuple(row) for row in rows}) == len(rows)


def test_stop_words_are_lower_case_and_at_least_sixty_in_each_language():
    rows = reference("stop_words.csv")
    assert all(row["term"] == row["term"].lower().strip() for row in rows)
    for language in ("en", "ru"):
        assert sum(row["language"] == language for row in rows) >= 60


def test_listed_codes_exist():
    goods = [row["hs"] for row in reference("risk_goods.csv")]
    covers = [row["hs"] for row in reference("risk_origins.csv") if row["hs"]]
    fitting = [code for row in reference("unit_goods.csv") for code in row["hs"].split()]
    assert not {*goods, *covers, *fitting} - CODES
    assert {row["origin"] for row in reference("risk_origins.csv")} <= set(countries())


def test_most_hubs_are_places_we_know():
    unknown = [row["place"] for row in reference("hubs.csv") if row["place"] not in ports()]
    assert len(unknown) <= 6  # distant ports are not in the region's list
    assert site_of("IRBND") in hubs()


@pytest.mark.parametrize(
    ("text", "terms", "informative"),
    [
        ("General merchandise", 1, 0),
        ("goods as per invoice", 2, 0),
        ("spare parts for tractors", 1, 1),
        ("parts and samples for the other", 2, 0),
        ("PARTS/SAMPLES", 2, 0),
        ("части насосов", 1, 1),
        ("прочие товары, разное", 2, 0),
        ("", 0, 0),
        ("4711", 0, 0),
    ],
)
def test_a_description_is_read_by_its_longest_terms(text: str, terms: int, informative: int):
    reading = read_description(text)
    assert (reading.terms, reading.informative) == (terms, informative)
    assert reading.stop_words_only == (terms > 0 and informative == 0)


@given(st.lists(st.sampled_from(sorted(" ".join(term) for term in stop_terms())), min_size=1))
def test_stop_terms_alone_never_inform(terms: list[str]):
    assert read_description("; ".join(terms)).informative == 0


@given(st.text())
def test_any_text_can_be_read(text: str):
    reading = read_description(text)
    assert reading.terms >= 0
    assert reading.informative >= 0


def test_distance_by_a_known_pair():
    baku, aktau = (np.array([40.37]), np.array([49.89])), (np.array([43.65]), np.array([51.16]))
    assert great_circle_km(baku, aktau)[0] == pytest.approx(379, abs=3)
    antipode = great_circle_km((np.zeros(1), np.zeros(1)), (np.zeros(1), np.array([180.0])))
    assert antipode[0] == pytest.approx(math.pi * 6371)


def test_a_detour_over_the_gulf():
    stops = {"loading_port": "GEPTI", "transshipment_port": "AEJEA", "discharge_port": "AZALA"}
    over = Lines.of_rows([stops], "UTC")
    direct, beyond = direct_km(over)[0], detour_km(over)[0]
    assert direct == pytest.approx(692, abs=5)
    assert beyond == pytest.approx(3300, abs=100)
    assert detour_ratio(over)[0] == pytest.approx((direct + beyond) / direct)


def test_a_payload_by_length_and_kind():
    assert payload_kg("22T1") == 32_000
    assert payload_kg("L5G1") == 29_500
    assert math.isnan(payload_kg("12G1"))  # ten feet: no figure
    assert math.isnan(payload_kg("odd"))


def test_a_general_container_takes_anything():
    assert fits("22G1", "0102") == 1.0
    assert fits("22T1", "220421") == 1.0
    assert math.isnan(fits("", "0102"))


def test_without_extra_columns_and_without_documents_no_feature_fails_or_is_infinite():
    blank = Lines.of_rows(
        [
            {
                "lodged_at": datetime(2024, 3, 1, 10, tzinfo=UTC),
                "flow": "import",
                "transport_mode": "unknown",
                "hs_code": "0805",
            }
        ],
        "Asia/Baku",
    )
    stated = {"lodged_hour", "lodged_weekday", "lodged_at_night", "hs_number", "hs_digits",
              "precursor", "strategic_goods"}  # fmt: skip
    for declared in DECLARED_FEATURES:
        value = declared.compute(blank)[0]
        assert math.isnan(value) != (declared.feature.name in stated), declared.feature.name
