"""The whole job by the installed program: files, columns, accounts, and a frozen summary.

`TARGETING_REFREEZE=1 pytest tests/cli` writes the summary anew; look at its difference before
committing it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from targeting.scoring.scores import VIEWS

GOLDEN = Path(__file__).parent / "golden_small_world.json"
SCORE_COLUMNS = ["declaration_id", "lodged_at", "office_id", "score", "probability"]


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _rounded(metrics: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in sorted(metrics.items())}


def _summary(house) -> dict[str, Any]:
    manifest = _json(house.bundle / "manifest.json")
    scores = pd.read_parquet(house.scores)
    listed = pd.read_parquet(house.shortlist / "shortlist.parquet")
    return {
        "declarations": pq.read_metadata(house.tables / "declarations.parquet").num_rows,
        "inspections": pq.read_metadata(house.tables / "inspections.parquet").num_rows,
        "training": manifest["training"],
        "notes": manifest["notes"],
        "features": len(_json(house.bundle / "features.json")["names"]),
        "test block": _rounded(manifest["metrics"]),
        "scored": len(scores),
        "mean score": round(float(scores["score"].mean()), 6),
        "highest": scores.nlargest(10, "score")["declaration_id"].tolist(),
        "listed": listed["declaration_id"].tolist(),
        "days scored": _rounded(_json(house.report / "metrics.json")),
    }


def test_summary_is_the_frozen_one(house):
    summary = _summary(house)
    if os.environ.get("TARGETING_REFREEZE") == "1":
        GOLDEN.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    frozen = _json(GOLDEN)
    for name in frozen.keys() | summary.keys():
        assert summary.get(name) == frozen.get(name), name


def test_each_command_leaves_its_files(house):
    assert {path.name for path in house.tables.iterdir()} == {
        *("declarations.parquet", "inspections.parquet")
    }
    assert (house.folder / "world" / "truth.parquet").is_file()
    members = {"model.txt", "linear.json", "expert.json", "views.json"}
    assert members | {"features.json", "calibrator.json", "profiles", "manifest.json"} | {
        *("MODEL_CARD.md", "MLmodel", "evaluation")
    } <= {path.name for path in house.bundle.iterdir()}
    assert {path.name for path in house.shortlist.iterdir()} == {
        f"shortlist.{form}" for form in ("parquet", "csv", "xlsx", "html")
    }
    assert {"metrics.json", "report.html", "plots"} <= {p.name for p in house.report.iterdir()}
    assert list(house.folder.rglob(".*")) == []


def test_findings_of_check_are_told_and_written(house):
    assert "The tables keep the contract" in house.ran["check"].out
    assert _json(house.folder / "check.json")["ok"] is True


def test_scores_hold_exactly_the_rows_of_the_window(house):
    scores = pd.read_parquet(house.scores)
    assert list(scores.columns) == [
        *(*SCORE_COLUMNS, "expected_revenue", *VIEWS, "reasons", "similar"),
    ]
    declared = pd.read_parquet(house.tables / "declarations.parquet")
    lodged = declared["lodged_at"]
    first, stop = (pd.Timestamp(day, tz="UTC") for day in (house.first_day, house.stop))
    inside = declared[(lodged >= first) & (lodged < stop)].sort_values(
        ["lodged_at", "declaration_id"]
    )
    assert scores["declaration_id"].tolist() == inside["declaration_id"].tolist()
    assert scores["office_id"].tolist() == inside["office_id"].tolist()
    assert scores["probability"].between(0, 1).all()
    assert f"{len(inside):,} declarations scored" in house.ran["score"].out


def test_every_line_of_the_list_is_scored_has_reasons_and_fits_the_capacity(house):
    listed = pd.read_parquet(house.shortlist / "shortlist.parquet")
    scores = pd.read_parquet(house.scores).set_index("declaration_id")
    own = scores.loc[listed["declaration_id"]]
    assert listed["declaration_id"].is_unique
    assert own["reasons"].map(len).min() >= 1
    days = own.groupby(["office_id", own["lodged_at"].dt.date]).size()
    assert days.max() == 2
    assert f"{len(listed):,} lines" in house.ran["shortlist"].out


def test_the_csv_lists_the_same_lines_in_the_same_order(house):
    listed = pd.read_parquet(house.shortlist / "shortlist.parquet")
    text = pd.read_csv(house.shortlist / "shortlist.csv", dtype=str, encoding="utf-8-sig")
    ids = listed["declaration_id"].tolist()
    assert ids in [text[name].tolist() for name in text.columns]


@pytest.mark.parametrize("explain", ["none", "all"])
def test_reasons_of_none_or_of_all(call, house, tmp_path, explain):
    ended = call(*house.score(tmp_path / "s.parquet"), "--to", "2024-04-16", "--explain", explain)
    assert ended.code == 0, ended.err
    scores = pd.read_parquet(tmp_path / "s.parquet")
    assert list(scores.columns)[:5] == SCORE_COLUMNS
    assert ("reasons" in scores) == (explain == "all")
    if explain == "all":
        assert scores["reasons"].notna().all()
    named = pd.read_parquet(house.scores).set_index("declaration_id")["score"]
    assert (named.loc[scores["declaration_id"]].to_numpy() == scores["score"].to_numpy()).all()


def _bytes(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _differing(one: Path, other: Path) -> list[str]:
    first, second = _bytes(one), _bytes(other)
    return sorted(name for name in first | second if first.get(name) != second.get(name))


@pytest.fixture(scope="session")
def again(house, tmp_path_factory):
    """Train, score and list once more, with another order of Python's hashes."""
    made = house.beside(tmp_path_factory.mktemp("again"))
    steps = (
        house.train(made.bundle),
        house.score(made.scores, model=made.bundle),
        house.draw(made.shortlist, scores=made.scores),
    )
    for step in steps:
        made.run(*step, hash_seed="2")
    return made


def test_the_same_training_gives_the_same_bytes(house, again):
    assert _differing(house.bundle, again.bundle) == []
    first, second = (one.ran["train"].out.splitlines()[-1] for one in (house, again))
    assert first.split(":")[0] == second.split(":")[0]
    assert first.startswith("bundle ")


def test_the_same_bundle_gives_the_same_scores(house, again):
    assert house.scores.read_bytes() == again.scores.read_bytes()


def test_the_same_scores_give_the_same_list(house, again):
    assert _differing(house.shortlist, again.shortlist) == []
