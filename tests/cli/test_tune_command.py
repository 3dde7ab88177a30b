"""`targeting tune` on a small world: what it writes, goes on with, and refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from targeting.config import TrainSettings, load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Call, House

UNTIL = "2024-04-29"
"""Nearly all of the world: an earlier day leaves a fold too few hits."""

QUICK = """\
random_trials: 2
held_out_days: 20
folds: {count: 1, test_days: 30, gap_days: 3}
search:
  trees: {low: 3, high: 12}
  leaves: {low: 2, high: 8}
"""
PRESENT = """\
model: {trees: 5, leaves: 4, min_rows_in_leaf: 10, threads: 1}
unexamined: {per_examined: 1}
capacity: 1
"""
FEW_FEATURES = "keys: [consignee_id, hs6]\nlinks: []\nhalf_lives_days: [30]\n"


@pytest.fixture
def arguments(house: House, tmp_path: Path) -> list[str]:
    for name, text in (("tune", QUICK), ("train", PRESENT), ("features", FEW_FEATURES)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [
        *("tune", "--tables", str(house.tables), "--no-track", "--until", UNTIL),
        *("--config", "tune.yaml", "--train-config", "train.yaml", "--features", "features.yaml"),
    ]


def test_tune_writes_settings_to_train_with_and_goes_on(
    call: Call, arguments: list[str], tmp_path: Path
) -> None:
    first = call(*arguments, "--output", "out/best.yaml", "--trials", "2")
    assert first.code == 0, first.err
    assert load(TrainSettings, tmp_path / "out" / "best.yaml")
    assert "2 trials on 1 folds" in first.out
    assert "ecommended: " in first.out

    longer = call(*arguments, "--output", "out/best.yaml", "--trials", "3")

    assert longer.code == 0, longer.err
    trials = (tmp_path / "out" / "best.trials.csv").read_text("utf-8").splitlines()
    assert len(trials) == 1 + 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "best.history.png", "best.study.db", "best.trials.csv", "best.verdict.json", "best.yaml",
    ]  # fmt: skip

    (tmp_path / "tune.yaml").write_text(f"{QUICK}seed: 9\n", encoding="utf-8")
    other = call(*arguments, "--output", "out/best.yaml", "--trials", "3")
    assert "a difference in `seed`" in other.error()


def test_a_search_of_an_unknown_setting_is_refused_by_name(
    call: Call, arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "tune.yaml").write_text("search: {leafs: {low: 2, high: 9}}\n", encoding="utf-8")

    refused = call(*arguments, "--output", "best.yaml")

    assert "search.leafs: no setting of `model`. Did you mean leaves?" in refused.error()
    assert not (tmp_path / "best.yaml").exists()


def test_help_has_an_example(call: Call) -> None:
    ended = call("tune", "--help")

    assert ended.code == 0
    assert "Example: targeting tune --tables" in " ".join(ended.out.split())
    for option in ("--trials", "--storage", "--train-config", "--no-track", "--features"):
        assert option in ended.out
