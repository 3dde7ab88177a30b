"""The suite catches what it is there to catch: leaks planted on purpose, and it names them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.leakage.plainly import judged
from tests.leakage.suite import (
    AT_ONCE,
    TOLD_OF_WHEN,
    Leaks,
    arrangements,
    columns_reversed,
    shuffled,
)
from tests.leakage.worlds import RICH, WILD

from targeting.config import ALL, FeatureSettings
from targeting.errors import ConfigError
from targeting.features import engine as engine_module
from targeting.features import plan as plan_module
from targeting.features import replays as replays_module
from targeting.features.declared import DECLARED_FEATURES
from targeting.features.derived import DERIVED, Derived, goods_words
from targeting.features.profiles import Declared, Profiles, ProfileState, Results, replay
from targeting.features.shares import cross_features, unusual
from targeting.features.spec import learn_spec
from targeting.tables.folder import MemoryTables
from targeting.tables.schema import NEVER_FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from targeting.features.lines import Lines


DAY = RICH.days()[1]
Replay = Any
Patch = pytest.MonkeyPatch


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
    return replay(state, declared, _day_early(results), half_lives_days=half_lives_days)


def _day_early(results: Results) -> Results:
    return replace(results, day=results.day - np.int32(1))


def of_counts(names: Iterable[str]) -> set[str]:
    """What is made of the number of earlier declarations."""
    return {name for name in names if name.endswith(("_declarations", "_unusual", "_lift"))}


def of_results(names: Iterable[str]) -> set[str]:
    told = re.compile(r"_examinations|_hits|_hit_rate|_revenue|_since_last_hit|_via_")
    return {name for name in names if told.search(name)}


def of_links(names: Iterable[str]) -> set[str]:
    return {name for name in names if "_via_" in name}


def of_base_rate(names: Iterable[str]) -> set[str]:
    return {name for name in names if "_hit_rate" in name}


def assert_named(leaks: Leaks, caught_by: set[str], features: set[str]) -> None:
    """Each disturbance names the features that leak, and no other.

    Where everything has been examined and caught before, more results do not show in whether it
    was; such features are let off as long as others of the same leak are named.
    """
    assert leaks.keys() == caught_by
    for names in leaks.values():
        assert names <= features
        assert {name for name in features - names if not SETTLED.search(name)} == set()


SETTLED = re.compile(r"_via_\w+_(lines|caught)$|_days_since_last_hit$")


@pytest.mark.parametrize(
    ("leaky", "caught_by", "features"),
    [
        (sees_the_same_day, {"same-day declarations"}, of_counts),
        (
            sees_tomorrow,
            {"same-day declarations", "later declarations", "no future at all"},
            of_counts,
        ),
        (knows_results_early, {"same-day results"}, of_results),
    ],
)
def test_a_leak_of_every_profile_is_caught_and_named(
    leaky: Replay, caught_by: set[str], features: Callable[..., set[str]], quick_check,
    monkeypatch: Patch,
):  # fmt: skip
    tables = RICH.tables()
    names = learn_spec(tables, quick_check.settings).names
    monkeypatch.setattr(replays_module, "replay", leaky)
    assert_named(quick_check.leaks(tables, DAY, only=caught_by), caught_by, features(names))
    assert quick_check.leaks(tables, DAY, at_once=True)


def links_know_the_end(monkeypatch: Patch) -> None:
    """A link tells what was ever found with the other party, not what was known by then."""
    honest = replays_module.known_before

    def ever(code, day, *rest):
        honest(code, np.full_like(day, np.iinfo(np.int32).max), *rest)

    monkeypatch.setattr(replays_module, "known_before", ever)


def profiles_early(monkeypatch: Patch, early: Callable[[str], bool]) -> None:
    """The results of some profiles are used a day early."""
    honest = replays_module.LocalReplays._replayed

    def replayed(self, name: str, coded, lodged, known):
        return honest(self, name, coded, lodged, _day_early(known) if early(name) else known)

    monkeypatch.setattr(replays_module.LocalReplays, "_replayed", replayed)


def links_count_their_own_day(monkeypatch: Patch) -> None:
    """A link sees the partners of the other lines of the same day."""
    profiles_early(monkeypatch, lambda name: "_via_" in name)


def the_base_rate_is_early(monkeypatch: Patch) -> None:
    """Only the base rate knows today's results: it is in every shrunken rate."""
    profiles_early(monkeypatch, lambda name: name == ALL)


def _how_often(codes: np.ndarray, known: np.ndarray) -> np.ndarray:
    _, which, counts = np.unique(codes, return_inverse=True, return_counts=True)
    return np.where(known, counts[which], np.nan)


def crossed_over_the_whole_table(monkeypatch: Patch) -> None:
    """How unusual the goods are for the consignee, counted over the rows asked for."""

    def counted(_: object, rows: Lines) -> np.ndarray:
        traders, chapters = rows.key("consignee_id"), rows.key("hs2")
        pairs = traders.codes.astype(int) * 100 + chapters.codes
        whole, part = (_how_often(one, traders.known) for one in (traders.codes, pairs))
        return unusual(part, whole)

    def planted(settings: FeatureSettings):
        return tuple(
            replace(one, compute=counted) if one.feature.name == "consignee_x_hs2_unusual" else one
            for one in cross_features(settings)
        )

    monkeypatch.setattr(plan_module, "cross_features", planted)


def declared_feature(monkeypatch: Patch, name: str, compute: Callable[..., Any]) -> None:
    """Compute one of the features of the line itself in another way."""
    planted = tuple(
        replace(one, compute=compute) if one.feature.name == name else one
        for one in DECLARED_FEATURES
    )
    monkeypatch.setattr(plan_module, "DECLARED_FEATURES", planted)


def written(monkeypatch: Patch, change: Callable[[int, np.ndarray], np.ndarray]) -> None:
    """Change every column of the matrix as it is written: those of profiles, and the others."""
    put, fill = plan_module._put, plan_module.KeyPlan.fill

    def filled(self, matrix, view) -> None:
        fill(self, matrix, view)
        for at in self.places.tolist():
            put(matrix, at, change(at, matrix[:, at].astype(float)))

    monkeypatch.setattr(plan_module.KeyPlan, "fill", filled)
    monkeypatch.setattr(
        plan_module, "_put", lambda matrix, at, values: put(matrix, at, change(at, values))
    )


def ranked_in_the_batch(monkeypatch: Patch) -> None:
    """A value ranked among the lines it is asked for with."""
    declared_feature(
        monkeypatch,
        "customs_value",
        lambda rows: pd.Series(rows.number("customs_value")).rank(pct=True).to_numpy(),
    )


def words_of_all_time(monkeypatch: Patch) -> None:
    """Only words that three descriptions have name goods, whenever those were written."""

    class OfAllTexts(Derived):
        def cut(self, texts: pa.Array) -> pa.Array:
            words = [set(re.findall(r"\w{3,}", text.lower())) for text in texts.to_pylist() if text]
            told = [word for one in words for word in one]
            often = {word for word in told if told.count(word) > 2}
            named = [
                " ".join(sorted(often & set(re.findall(r"\w{3,}", text.lower())))) if text else ""
                for text in texts.to_pylist()
            ]
            return pa.array([name or None for name in named], pa.string())

    monkeypatch.setitem(DERIVED, "goods_words", OfAllTexts("goods_description", goods_words))


def levels_of_all_time(monkeypatch: Patch) -> None:
    """Category levels in the order of how frequent they will have been."""
    honest = engine_module.Reader.categories
    monkeypatch.setattr(
        engine_module.Reader, "categories", lambda self, name, **_: honest(self, name, until=None)
    )


def known_when_examined(monkeypatch: Patch) -> None:
    """A result counts from the day the box was opened, not the day it became known."""
    honest = engine_module._local_day

    def local_day(column: str, time_zone: str):
        return honest("inspected_at" if column == "result_known_at" else column, time_zone)

    monkeypatch.setattr(engine_module, "_local_day", local_day)


@pytest.mark.parametrize(
    ("plant", "caught_by", "features"),
    [
        (links_know_the_end, {"later results", "no future at all"}, of_links),
        (links_count_their_own_day, {"same-day declarations"}, of_links),
        (the_base_rate_is_early, {"same-day results"}, of_base_rate),
        (
            crossed_over_the_whole_table,
            {"same-day declarations", "later declarations", "no future at all"},
            lambda _: {"consignee_x_hs2_unusual"},
        ),
        (
            ranked_in_the_batch,
            {"same-day declarations", "later declarations", "no future at all"},
            lambda _: {"customs_value"},
        ),
        (
            levels_of_all_time,
            {"same-day declarations", "later declarations"},
            lambda _: {"origin_country_level"},
        ),
        (
            known_when_examined,
            {"examined long ago, known the same day", "later results"},
            of_results,
        ),
    ],
)
def test_a_leak_is_caught_and_named_and_nothing_else_is(
    plant: Callable[[Patch], None], caught_by: set[str], features: Callable[..., set[str]],
    quick_check, monkeypatch: Patch,
):  # fmt: skip
    tables = RICH.tables()
    names = learn_spec(tables, quick_check.settings).names
    plant(monkeypatch)
    assert_named(quick_check.leaks(tables, DAY, only=caught_by), caught_by, features(names))


def test_words_learnt_from_the_future_are_caught_and_named(quick_check, monkeypatch: Patch):
    words_of_all_time(monkeypatch)
    leaks = quick_check.leaks(RICH.tables(), DAY, only={"later declarations", "later results"})
    assert {"goods_words_declarations", "goods_words_x_hs4_hit_rate"} <= leaks["later declarations"]
    assert all(name.startswith("goods_words") for names in leaks.values() for name in names)


@pytest.mark.parametrize("seed", range(2))
def test_whichever_features_leak_those_are_named(seed: int, full_check, monkeypatch: Patch):
    """Any of the default features, alone or among others."""
    tables = RICH.tables()
    names = np.array(learn_spec(tables, full_check.settings).names)
    leaking = np.random.default_rng(seed).random(len(names)) < (0.005, 0.4)[seed]

    def leaked(at, values):
        rows = float(len(values))  # of the lines asked for, later ones among them
        return np.nan_to_num(values) + rows if leaking[at] else values

    written(monkeypatch, leaked)
    assert leaking.any()
    found = full_check.leaks(tables, DAY, at_once=True)
    assert found == {AT_ONCE: set(names[leaking])}


def test_the_failure_says_which_feature_saw_what(quick_check, monkeypatch: Patch):
    ranked_in_the_batch(monkeypatch)
    told = (
        r"(?s)^same-day declarations: changes 1 features that cannot know of it: customs_value\n"
        r".*no future at all: changes 1 features .*: customs_value$"
    )
    with pytest.raises(AssertionError, match=told):
        quick_check.assert_blind(RICH.tables(), DAY)


def test_lines_of_one_moment_left_in_the_order_of_the_file_are_caught(
    quick_check, tmp_path: Path, monkeypatch: Patch
):
    def by_day(_: object, clock: pa.Table) -> pa.Array:
        return pa.array(np.argsort(clock["_day"].to_numpy(), kind="stable"))

    monkeypatch.setattr(engine_module, "_time_order", by_day)
    tables = RICH.tables()
    told = {"columns reversed", "rows shuffled", "several files, rows shuffled"}
    every = arrangements(tables, tmp_path, 1)
    found = quick_check.differences(tables, {name: every[name] for name in told})
    assert found.keys() == told - {"columns reversed"}
    in_both = found["rows shuffled"] & found["several files, rows shuffled"]
    assert {"consignee_declarations", "hs6_price_ratio", "hs6_x_origin_lift"} <= in_both


def test_a_feature_made_of_the_place_of_a_column_is_caught(quick_check, monkeypatch: Patch):
    def place(rows: Lines) -> np.ndarray:
        columns = rows.source.table.column_names  # type: ignore[attr-defined]
        return np.full(len(rows), float(columns.index("incoterm")))

    declared_feature(monkeypatch, "hs_number", place)
    tables = RICH.tables()
    told = {"columns reversed": columns_reversed(tables), "rows shuffled": shuffled(tables, 1)}
    assert quick_check.differences(tables, told) == {"columns reversed": {"hs_number"}}


def test_a_feature_that_should_not_tell_when_a_result_came_is_caught(
    quick_check, monkeypatch: Patch
):
    honest = replays_module.LocalReplays._replayed

    def replayed(self, name: str, coded, lodged, known):
        dearer = replace(known, revenue=known.revenue + known.day)
        return honest(self, name, coded, lodged, dearer)

    tables, day = RICH.tables(), RICH.days()[-1]
    told = quick_check.moved_by_later_results(tables, day)
    monkeypatch.setattr(replays_module.LocalReplays, "_replayed", replayed)
    moved = quick_check.moved_by_later_results(tables, day) - told
    assert "consignee_revenue" in moved
    assert all(name.endswith("_revenue") for name in moved if not TOLD_OF_WHEN.search(name))


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_an_infinite_feature_is_named(quick_check, monkeypatch: Patch):
    def unguarded(matrix, at, values):
        matrix[:, at] = values

    monkeypatch.setattr(plan_module, "_put", unguarded)
    assert {"customs_value", "unit_value"} <= judged(quick_check, WILD)["infinite"]


def test_a_miscounted_feature_is_named(quick_check, monkeypatch: Patch):
    monkeypatch.setattr(replays_module, "replay", sees_the_same_day)
    names = judged(quick_check, RICH)["not as counted"]
    assert {name for name in names if "_declarations" not in name} == set()
    assert "consignee_declarations" in names


def test_a_gap_filled_with_nought_is_named(quick_check, monkeypatch: Patch):
    written(monkeypatch, lambda _, values: np.nan_to_num(values, nan=0.0))
    found = judged(quick_check, RICH)["unknown elsewhere than defined"]
    assert {
        "consignee_hit_rate", "consignee_via_container_lines", "hs6_x_origin_lift",
        "goods_words_declarations", "origin_country_level", "hs6_price_z",
        "hs6_mass_per_package_typical",
    } <= found  # fmt: skip


def test_levels_learnt_from_the_future_would_be_seen(small: MemoryTables, quick_check):
    """Category levels are the other thing learnt: those of later days change nothing."""
    day = date(2024, 4, 15)
    spec = learn_spec(small, quick_check.settings, until=day)
    cut = learn_spec(quick_check.cut(small, day), quick_check.settings, until=day)
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


def test_a_forbidden_column_in_the_tables_is_not_looked_at(quick_check):
    tables = RICH.tables()
    outcome = pa.array(np.arange(tables.declarations.num_rows) % 2)
    planted = tables.declarations.append_column("penalty", outcome)
    spec = learn_spec(tables, quick_check.settings, until=DAY)
    with_column = MemoryTables(planted, tables.inspections)
    assert learn_spec(with_column, quick_check.settings, until=DAY).names == spec.names
    assert quick_check.features(with_column, spec, DAY) == quick_check.features(tables, spec, DAY)
