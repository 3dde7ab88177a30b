"""Two keys held against each other, by hand and over whole tables."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from targeting.config import FeatureSettings, KeySettings
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted
from targeting.features.lines import Texts
from targeting.features.shares import (
    CROSS_FEATURES,
    cash_for_new_pair,
    columns_crossed,
    cross_features,
    lift,
    unusual,
)
from targeting.features.spec import learn_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from targeting.tables.folder import MemoryTables

NAN = math.nan


def test_the_unusual_grows_with_the_history_it_never_came_in():
    never = unusual(np.zeros(3), np.array([0.0, 10.0, 1000.0]))
    assert (np.diff(never) > 0).all()
    assert math.isnan(unusual(np.array([NAN]), np.array([5.0]))[0])


def test_lift_is_below_zero_for_what_seldom_comes_together():
    rare, usual, unknown = lift(
        np.array([1000.0, 10, 0]),
        np.array([1000.0, 10, 5]),
        np.array([0, 9.5, 0]),
        np.array([10_000.0, 10, 10_000]),
    )
    assert rare == pytest.approx(math.log(0.5 / 100))
    assert usual == pytest.approx(0.0)
    assert math.isnan(unknown)


def test_cash_counts_for_a_new_pair_only():
    paid = Texts.of(["cash", "CASH", "credit", None, "cash"])
    flags = cash_for_new_pair(np.array([0, 4, 0, 0, NAN]), paid)
    np.testing.assert_array_equal(flags, [1, 0, 0, NAN, NAN])


def test_a_crossed_feature_is_there_only_with_its_keys():
    keys = tuple(KeySettings(columns=columns) for columns in (("hs6",), ("origin_country",)))
    assert not cross_features(FeatureSettings(keys=keys))
    pair = KeySettings(columns=("hs6", "origin_country"))
    followed = FeatureSettings(keys=(*keys, pair))
    assert [one.feature.name for one in cross_features(followed)] == ["hs6_x_origin_lift"]
    assert set(columns_crossed(followed)) == {"hs6", "origin", "hs6_x_origin"}
    assert len(cross_features(FeatureSettings())) == len(CROSS_FEATURES)


def test_the_matrix_counts_days_before_only(make_tables: Callable[..., MemoryTables]):
    lines = [
        {"lodged_at": datetime(2024, 1, day, 9, at, tzinfo=UTC), "office_id": office}
        for at, (day, office) in enumerate([(1, "north"), (2, "north"), (2, "south"), (3, "south")])
    ]
    tables = make_tables([line | {"consignee_id": "c"} for line in lines], [])
    settings = FeatureSettings(
        keys=tuple(
            KeySettings(columns=columns)
            for columns in (("consignee_id",), ("consignee_id", "office_id"))
        ),
        categories=(),
    )
    spec = learn_spec(tables, settings)
    _, matrix = matrix_of(tables, spec, Wanted(), until=date(2024, 2, 1))
    column = matrix[:, spec.names.index("consignee_x_office_unusual")]
    expected = [math.log(1 / 0.5), math.log(2 / 1.5), math.log(2 / 0.5), math.log(4 / 1.5)]
    np.testing.assert_allclose(column, expected, rtol=1e-6)
