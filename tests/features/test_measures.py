"""Keys that follow another ratio than the price: the usual of it, from earlier days only."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
from pydantic import ValidationError

from targeting.config import FeatureSettings, KeyMeasure
from targeting.features.build import build, matrix_of
from targeting.features.engine import Wanted
from targeting.features.measures import MEASURES
from targeting.features.relative import relative_features
from targeting.features.spec import learn_spec
from targeting.language import ENGLISH
from targeting.tables.schema import DECLARATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from targeting.tables.folder import MemoryTables

END = date(2024, 3, 1)
SETTINGS = FeatureSettings.model_validate(
    {
        "keys": [
            {"columns": ["hs6"], "measure": measure} for measure in get_args(KeyMeasure)
        ],
        "links": [],
        "categories": [],
        "half_lives_days": [30],
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    draw = np.random.default_rng(3)

    def some(high: float) -> float | None:
        return None if draw.random() < 0.2 else float(draw.choice([0.0, 1.5, high]))

    made = []
    for at in range(120):
        lodged = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=int(draw.integers(24 * 40)))
        arrives = lodged + timedelta(hours=float(draw.integers(-5, 60)))
        made.append(
            {
                "declaration_id": f"L{at:03}",
                "lodged_at": lodged,
                "arrival_at": None if draw.random() < 0.2 else arrives,
                "hs_code": str(draw.choice(["080510", "240220"])),
                "gross_mass_kg": some(900.0),
                "freight_cost": some(70.0),
                "package_count": None if draw.random() < 0.2 else int(draw.integers(0, 9)),
            }
        )
    return made


def ratio_of(line: dict[str, Any], measure: str) -> float:
    """The same ratio, one line at a time; NaN where it says nothing."""
    one = MEASURES[measure]
    values = [line[name] for name in one.columns]
    if any(value is None for value in values):
        return math.nan
    if one.since:
        ratio = (line[one.above] - line[one.since]).total_seconds() / 3600
    else:
        below = line[one.below] if one.below else 1.0
        ratio = line[one.above] / below if below > 0 else math.nan
    return ratio if ratio > 0 else math.nan


@pytest.mark.parametrize("measure", MEASURES)
def test_the_usual_is_the_geometric_mean_of_earlier_days(
    measure: str, lines: list[dict[str, Any]], make_tables: Callable[..., MemoryTables]
):
    tables = make_tables(lines, [])
    spec = learn_spec(tables, SETTINGS)
    rows, matrix = matrix_of(tables, spec, Wanted(), until=END)
    by_id = {line["declaration_id"]: line for line in lines}
    got = {
        name: matrix[:, spec.names.index(f"hs6_{measure}_{name}")]
        for name in ("typical", "ratio", "z")
    }
    compared = 0
    for at, name in enumerate(rows["declaration_id"]):
        line = by_id[name]
        earlier = [
            math.log(ratio_of(past, measure))
            for past in lines
            if past["lodged_at"].date() < line["lodged_at"].date()
            and past["hs_code"] == line["hs_code"]
            and not math.isnan(ratio_of(past, measure))
        ]
        own = math.log(ratio_of(line, measure)) if ratio_of(line, measure) > 0 else math.nan
        mean = float(np.mean(earlier)) if earlier else math.nan
        np.testing.assert_allclose(got["typical"][at], math.exp(mean), rtol=1e-5)
        np.testing.assert_allclose(got["ratio"][at], own - mean, rtol=1e-4, atol=1e-5)
        spread = max(float(np.std(earlier)), 0.1) if len(earlier) > 1 else math.nan
        np.testing.assert_allclose(got["z"][at], (own - mean) / spread, rtol=1e-3, atol=1e-4)
        compared += not math.isnan(own - mean)
    assert compared > 20


def test_a_measured_key_goes_on_from_a_snapshot(
    lines: list[dict[str, Any]], make_tables: Callable[..., MemoryTables]
):
    tables, middle = make_tables(lines, []), date(2024, 1, 20)
    spec = learn_spec(tables, SETTINGS)
    whole = build(tables, spec, Wanted(start=middle), until=END)
    known = build(tables, spec, Wanted(start=middle, stop=middle), until=middle).snapshot
    later = build(tables, spec, Wanted(start=middle), until=END, snapshot=known)
    np.testing.assert_allclose(later.matrix, whole.matrix, rtol=1e-5)


def test_a_measure_reads_as_a_sentence():
    typical = relative_features(SETTINGS)["hs6_mass_per_package"][0].feature
    line = {
        "hs_code": "0805100000",
        "hs6_mass_per_package_typical": 12.0,
        "hs6_mass_per_package_ratio": math.log(40 / 12),
        "hs6_declarations": 212.0,
    }
    assert ENGLISH.say(typical.sentence(line)) == (
        "mass per package 40.00 kg; 212 earlier lines of goods code 080510: typically 12 kg"
    )
    assert typical.sentence({}) is None


def test_measures_are_those_settings_name_and_read_columns_of_the_schema():
    assert set(MEASURES) == set(get_args(KeyMeasure)) - {"price"}
    assert {name for one in MEASURES.values() for name in one.columns} <= set(DECLARATIONS.names)


def test_a_measured_key_takes_no_statistics():
    key = {"columns": ["hs6"], "measure": "gross_mass", "statistics": ["hits"]}
    with pytest.raises(ValidationError, match="tells of that alone"):
        FeatureSettings.model_validate({"keys": [key]})


def test_a_key_may_be_followed_by_price_and_by_measure():
    settings = FeatureSettings.model_validate(
        {"keys": ["hs6", {"columns": ["hs6"], "measure": "gross_mass"}]}
    )
    assert [key.name for key in settings.keys] == ["hs6", "hs6_gross_mass"]
