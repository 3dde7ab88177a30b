"""The ablation and the training benchmark: they count and compare as they say."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def modules():
    names = ("ablation", "ablation_ideas", "training")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield {name: import_module(f"benchmarks.{name}") for name in names}


@pytest.fixture(scope="module")
def bench(modules):
    return modules["ablation"]


@pytest.fixture(scope="module")
def ideas(modules):
    return {idea.name: idea for idea in modules["ablation_ideas"].IDEAS}


def made(bench, idea, per_day, *, seed=31, precision=0.4):
    """A result with the same hits each day at every share, but for a wave over the days."""
    days = np.arange(bench.AHEAD_DAYS)
    hits = tuple((per_day + days % 3).tolist())
    return bench.Result(
        "demo", seed, idea.name, bench.digest(idea), 5_000, 300, 14_000, 450,
        (hits, hits, hits), precision, 10.0,
    )  # fmt: skip


def test_hits_of_the_first_lines_are_counted_on_their_days(bench):
    score = np.arange(200.0)
    found = np.zeros(200, dtype=bool)
    found[[199, 198, 196, 150]] = True
    day = np.zeros(200, dtype=np.intp)
    day[198] = 89

    one, two, five = bench.hits_by_day(score, found, day)

    assert (one[0], one[89]) == (1, 1)  # the first two lines
    assert (two[0], two[89]) == (2, 1)  # the first four
    assert (sum(five), len(five)) == (3, bench.AHEAD_DAYS)


def test_equal_scores_are_opened_by_lot_whatever_stands_first(bench):
    found = np.zeros(10_000, dtype=bool)
    found[:5_000] = True
    hits = bench.hits_by_day(np.zeros(10_000), found, np.zeros(10_000, dtype=np.intp))

    assert 200 < sum(hits[2]) < 300  # of 500 lines


def test_a_ratio_is_over_worlds_both_were_measured_in(bench, ideas):
    ours, theirs = ideas["63 leaves"], ideas["the default"]
    both = bench.ratios(
        [made(bench, ours, 2), made(bench, ours, 50, seed=32)], [made(bench, theirs, 1)]
    )

    assert both[0].value == pytest.approx(1.5)
    assert both[0].surely == 1
    assert both[0].low <= 1.5 <= both[0].high
    assert bench.ratios([made(bench, ours, 2, seed=33)], [made(bench, theirs, 1)]) is None


def test_what_follows_goes_by_the_interval(bench, ideas):
    def said(name, per_day):
        results = [made(bench, ideas["the default"], 5), made(bench, ideas[name], per_day)]
        return bench.verdict(bench.summed(results)[-1])

    assert said("without links (two steps)", 2) == "kept: hits are lost without it"
    assert said("without links (two steps)", 5).startswith("kept; by itself")
    assert said("without links (two steps)", 9) == "to be taken out: it costs hits"
    assert said("63 leaves", 2) == "rejected: hits are lost"
    assert said("63 leaves", 5) == "rejected: no gain that can be told from chance"
    assert said("63 leaves", 9) == "to be taken in: it gains hits"
    assert said("all past lines, examined in full", 9) == ""


def test_a_result_under_other_settings_is_not_read(bench, ideas, tmp_path):
    good = made(bench, ideas["63 leaves"], 2)
    newer = replace(good, average_precision=0.5)
    stale = replace(made(bench, ideas["the default"], 2), settings="0123456789ab")
    path = tmp_path / "ablation-demo.jsonl"
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in (good, stale, newer)))

    assert bench.read(path) == [newer]


def test_the_page_tells_the_goals_and_every_idea(bench, ideas, tmp_path):
    results = [made(bench, ideas["the default"], 9, seed=seed) for seed in bench.SEEDS]
    results += [made(bench, ideas["raw LightGBM"], 1, seed=seed) for seed in bench.SEEDS]
    results += [
        made(bench, ideas["default of the previous release"], 9, seed=seed) for seed in bench.SEEDS
    ]
    results.append(made(bench, ideas["63 leaves"], 9))
    run = bench.Run("demo", tmp_path, tmp_path)
    run.kept.write_text("".join(json.dumps(asdict(one)) + "\n" for one in results))

    run.write()
    page = (tmp_path / "ablation.md").read_text("utf-8")
    facts = json.loads((tmp_path / "ablation.json").read_text("utf-8"))

    assert "label-encoded columns (goal 1.5: reached)" in page
    assert "previous release (goal 1.15: NOT reached)" in page
    assert "| 63 leaves | 1 | 900 | 900 | 900 | 1.000 (1.000 to 1.000) | 0.4000 | 10 |" in page
    assert [row["idea"] for row in facts["ideas"]] == [
        "the default", "default of the previous release", "raw LightGBM", "63 leaves",
    ]  # fmt: skip


def test_each_idea_changes_one_thing(ideas):
    default = ideas["the default"]
    names = [idea.name for idea in ideas.values()]

    assert len(names) == len(set(names))
    for idea in ideas.values():
        same = (idea.settings, idea.way, idea.rows, idea.without) == (
            default.settings, default.way, default.rows, default.without,
        )  # fmt: skip
        assert same == (idea is default)
    assert len(ideas["without links (two steps)"].without) > 10
    assert ideas["default of the previous release"].settings.expert is None


def test_repeated_rows_keep_gaps_codes_and_zeros(modules):
    matrix = np.array([[1.0, 3.0, np.nan, 0.0], [2.0, 4.0, 7.0, 0.0]], dtype=np.float32)
    out = modules["training"].repeated(matrix, 5, [1], seed=1)

    assert out.shape == (5, 4)
    assert np.isnan(out[::2, 2]).all()
    assert out[:, 1].tolist() == [3, 4, 3, 4, 3]
    assert not out[:, 3].any()
    assert out[0, 0] != out[2, 0] == pytest.approx(1.0, abs=0.1)


def test_time_inside_the_trees_is_told_apart(modules):
    bench = modules["training"]
    making, trees = (
        ("/x/targeting/training/learn.py", 1, "fit"),
        ("/x/lightgbm/engine.py", 1, "train"),
    )
    score = ("/x/lightgbm/basic.py", 1, "predict")
    learnt = ("/x/targeting/training/model.py", 1, "learnt")
    other = ("/x/targeting/scoring/scorer.py", 1, "score")
    times = {
        making: (3, 3, 0.1, 10.0, {}),
        trees: (3, 3, 8.5, 8.5, {making: (3, 3, 8.5, 8.5)}),
        score: (9, 9, 5.0, 5.0, {learnt: (3, 3, 0.5, 0.5), other: (6, 6, 4.5, 4.5)}),
    }

    shares = bench.shares_of(times, {"train the model to ship": 4.0})

    assert shares.of_trees == pytest.approx(0.85)
    assert shares.parts["scoring with the trees"] == 0.5
    assert sum(shares.parts.values()) == pytest.approx(9.0)
