"""`targeting backtest`: its help, what it prints, and how it refuses."""

from __future__ import annotations

import pytest

SETTINGS = "blocks: 2\nretrain_every: 2\nshares: [0.1]\nbaselines: [random]\n"
FEATURES = "time_zone: Asia/Baku\nkeys: [consignee_id]\nlinks: []\nhalf_lives_days: [30]\n"
TRAINING = (
    "model: {trees: 10, leaves: 7, min_rows_in_leaf: 10}\n"
    "split: {gap_days: 4, calibration_days: 20}\n"
)


@pytest.fixture
def options(house, tmp_path):
    """Options of a short backtest of the house's world, without its output."""
    files = {"config": SETTINGS, "features": FEATURES, "train-config": TRAINING}
    named = []
    for name, text in files.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        named += [f"--{name}", path]
    return ["backtest", "--tables", house.tables, *named, "--no-track"]


def test_help_has_an_example_and_every_option(call):
    ended = call("backtest", "--help")
    assert (ended.code, ended.err) == (0, "")
    told = " ".join(ended.out.split())
    assert "Example: targeting backtest --tables" in told
    for option in (
        "--tables", "--output", "--from", "--to", "--model", "--features", "--config",
        "--train-config", "--truth", "--no-track",
    ):  # fmt: skip
        assert option in told


def test_it_prints_a_table_with_intervals_and_says_what_it_does(call, house, options, tmp_path):
    truth = house.tables.parent / "truth.parquet"
    ended = call(*options, "--output", tmp_path / "lived", "--truth", truth)
    assert ended.code == 0, ended.err
    assert "learning, 1 of 1" in ended.err
    assert "Own capacity, lines a day: AZALA" in ended.out
    row = next(line for line in ended.out.splitlines() if line.startswith("this model"))
    assert row.count("%") >= 4
    assert " to " in row
    assert (tmp_path / "lived" / "report.html").is_file()


def test_a_version_without_a_name_is_a_usage_error(call, options, outside):
    ended = call(*options, "--output", outside / "lived", "--model", "models/bundle")
    assert ended.code == 2
    assert "is not NAME=BUNDLE" in " ".join(ended.err.split())


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--from", "2023-01-01", "--to", "2023-02-01"], "these days cannot be lived again"),
        (["--truth", "nowhere.parquet"], "this is not the truth of a simulated world"),
    ],
)
def test_what_cannot_be_lived_is_refused_in_one_paragraph(call, options, outside, more, told):
    ended = call(*options, "--output", outside / "lived", *more)
    assert told in ended.error()


def test_a_bundle_that_saw_the_days_is_refused(call, house, options, outside):
    ended = call(
        *options, "--output", outside / "lived", "--from", "2024-04-01",
        "--model", f"last={house.bundle}",
    )  # fmt: skip
    assert "--model last: this version would have seen days it is judged on" in ended.error()
