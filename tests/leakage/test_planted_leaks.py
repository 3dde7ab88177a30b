"""The suite catches what it is there to catch: leaks planted on purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from targeting.config import FeatureSettings
from targeting.errors import ConfigError
from targeting.features import replays as replays_module
from targeting.features.profiles import Declared, Profiles, ProfileState, Results, replay
from targeting.features.spec import learn_spec
from targeting.tables.folder import MemoryTables
from targeting.tables.schema import NEVER_FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DAY = date(2024, 4, 15)
Replay = Any


def sees_the_same_day(
    state: ProfileState, declared: Declared, results: Results, *, half_lives_days: Sequence[float]
) -> Profiles:
    """An honest read, to which the other lines of the same day are added."""
    read = replay(state, declared, results, half_lives_days=half_lives_days)
    pairs = np.stack([declared.code, declared.day])
    _, inverse, counts = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
    sums = read.sums.copy()
    sums[:, 0] += (counts[inverse.ravel()] - 1)[declared.wanted]
    return replace(read, sums=sums)


def sees_tomorrow(
    state: ProfileState, declared: Declared, results: Results, *, half_lives_days: Sequence[float]
) -> Profiles:
    """Declarations of all time, as a group-by over the whole table would count them."""
    read = replay(state, declared, results, half_lives_days=half_lives_days)
    counts = np.bincount(declared.code[declared.code >= 0], minlength=len(state.sums))
    sums = read.sums.copy()
    sums[:, 0] = counts[declared.code[declared.wanted]]
    return replace(read, sums=sums)


def knows_results_early(
    state: ProfileState, declared: Declared, results: Results, *, half_lives_days: Sequence[float]
) -> Profiles:
    """Results a day early: what becomes known today is used today."""
    early = replace(results, day=results.day - np.int32(1))
    return replay(state, declared, early, half_lives_days=half_lives_days)


@pytest.mark.parametrize(
    ("leaky", "caught_by", "feature"),
    [
        (sees_the_same_day, {"same-day declarations"}, "consignee_declarations"),
        (
            sees_tomorrow,
            {"same-day declarations", "later declarations", "no future at all"},
            "hs6_x_origin_declarations",
        ),
        (knows_results_early, {"same-day results"}, "consignee_hits"),
    ],
)
def test_a_planted_leak_is_caught(
    leaky: Replay, caught_by: set[str], feature: str, small: MemoryTables, quick_check,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(replays_module, "replay", leaky)
    leaks = quick_check.leaks(small, DAY)
    assert caught_by <= {name for name, features in leaks.items() if feature in features}
    assert quick_check.leaks(small, DAY, at_once=True)


def test_levels_learnt_from_the_future_would_be_seen(small: MemoryTables, quick_check):
    """Category levels are the other thing learnt: those of later days change nothing."""
    spec = learn_spec(small, quick_check.settings, until=DAY)
    cut = learn_spec(quick_check.cut(small, DAY), quick_check.settings, until=DAY)
    assert spec.levels == cut.levels
    rows = small.declarations.num_rows
    strange = small.declarations.set_column(
        small.declarations.column_names.index("origin_country"),
        "origin_country",
        pa.array(["QQ"] * rows),
    )
    assert learn_spec(MemoryTables(strange, small.inspections), quick_check.settings).levels != (
        spec.levels
    )


@pytest.mark.parametrize("kind", ["keys", "categories", "numbers"])
@pytest.mark.parametrize("name", [*NEVER_FEATURES, "result", "revenue_recovered"])
def test_tomorrows_outcome_under_a_forbidden_name_is_refused(
    kind: str, name: str, make_tables: Callable[..., MemoryTables]
):
    tables = make_tables([{name: 1.0 if kind == "numbers" else "x"}])
    settings = FeatureSettings.model_validate({"keys": [], "categories": []} | {kind: [name]})
    with pytest.raises(ConfigError, match=f"known only afterwards.*Found: {name}"):
        learn_spec(tables, settings)


def test_a_forbidden_column_in_the_tables_is_not_looked_at(small: MemoryTables, quick_check):
    outcome = pa.array(np.arange(small.declarations.num_rows) % 2)
    planted = small.declarations.append_column("penalty", outcome)
    spec = learn_spec(small, quick_check.settings, until=DAY)
    with_column = MemoryTables(planted, small.inspections)
    assert learn_spec(with_column, quick_check.settings, until=DAY).names == spec.names
    assert quick_check.features(with_column, spec, DAY) == quick_check.features(small, spec, DAY)
