"""The backtest on paper: self-contained, escaped, complete, the same to the byte twice."""

import csv
import hashlib
import json
import re

import numpy as np
import pytest
from tests.evaluation.backtest_traffic import traffic

from targeting.evaluation.backtest.judge import Terms, Told, judge
from targeting.evaluation.backtest.policies import policies
from targeting.evaluation.backtest.report import write_backtest

HOSTILE = "<script>alert('x')</script>"
TERMS = Terms(
    policies((0.02, 0.1)),
    {"AZALA": 4, "AZBAK": 3, "KZAAU": 2},
    learnings=1,
    time_zone="UTC",
    seed=3,
)


@pytest.fixture(scope="module")
def found():
    lines = traffic()
    return judge(
        lines,
        [
            Told("this model", "this model", lines.expected),
            Told(HOSTILE, "given", np.random.default_rng(0).random(len(lines))),
            Told("mute", "baseline", None, "nothing to learn from"),
        ],
        TERMS,
    )


@pytest.fixture(scope="module")
def folder(found, tmp_path_factory):
    path = tmp_path_factory.mktemp("backtest")
    write_backtest(found, path, provenance={"bundle": HOSTILE})
    return path


def test_everything_is_there(folder):
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    plots = ("precision_by_version", "hits_by_week", "parts")
    assert {"report.html", "metrics.json", "backtest.json"} <= names
    assert {f"plots/{name}{end}" for name in plots for end in (".png", ".csv")} <= names
    assert "plots/origins.csv" in names


def test_the_page_needs_no_network_and_no_script_and_escapes_names(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", page)
    assert page.count("<main>") == 1
    assert "mute has no figures: nothing to learn from" in page


def test_json_says_why_a_figure_is_missing(folder):
    told = json.loads((folder / "backtest.json").read_text(encoding="utf-8"))
    assert told["provenance"] == {"bundle": HOSTILE}
    assert {row["version"] for row in told["rows"]} == {"this model", HOSTILE}
    figures = [row["estimated"][name] for row in told["rows"] for name in ("precision", "recall")]
    assert all(one["value"] is not None or one["why"] for one in figures)


def test_metrics_are_flat_numbers(folder):
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert all(isinstance(value, float) for value in metrics.values())
    assert metrics["lines"] == 2400
    assert "this_model__precision_at_capacity_true" in metrics


def test_csv_of_precision_has_a_row_for_every_version_policy_and_unit(folder):
    with (folder / "plots" / "precision_by_version.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * 3 * 2
    assert {"precision_naive", "precision_estimated_low", "precision_true"} <= set(rows[0])


def test_same_findings_same_bytes(found, folder, tmp_path):
    write_backtest(found, tmp_path, provenance={"bundle": HOSTILE})
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            again = tmp_path / path.relative_to(folder)
            one, other = (hashlib.sha256(file.read_bytes()).hexdigest() for file in (path, again))
            assert one == other, path.name
