"""Report, plots and their data: self-contained, escaped, the same to the byte twice."""

import csv
import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from targeting.errors import OutputError
from targeting.evaluation import drivers, plots
from targeting.evaluation.judge import evaluate
from targeting.evaluation.report import figures, write_evaluation

HOSTILE = "<script>alert('x')</script>"


def traffic(lines=1500, days=15):
    rng = np.random.default_rng(3)
    score = rng.normal(-1.5, 1.5, lines)
    known = rng.random(lines) < 0.6
    scores = pd.DataFrame(
        {
            "declaration_id": [f"D{at:05d}" for at in range(lines)],
            "lodged_at": pd.Timestamp("2026-03-01", tz="UTC")
            + pd.to_timedelta(np.arange(lines) % days, unit="D"),
            "office_id": np.where(np.arange(lines) % 2, "AZALA", HOSTILE),
            "score": score,
            "probability": 1 / (1 + np.exp(-score)),
        }
    )
    examined = pd.DataFrame(
        {
            "declaration_id": scores["declaration_id"],
            "hit": rng.random(lines) < scores["probability"],
            "selected_by": np.where(rng.random(lines) < 0.2, "random", "officer"),
        }
    )
    return scores, examined[known]


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(*traffic(), capacity=5, seed=7)


@pytest.fixture(scope="module")
def folder(evaluation, tmp_path_factory):
    output = tmp_path_factory.mktemp("evaluation") / "out"
    provenance = {"bundle": "3fa9c1", "note": HOSTILE, "trained_until": "2026-03-05T00:00:00Z"}
    write_evaluation(evaluation, output, provenance=provenance)
    return output


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_all_files_are_there(folder):
    assert set(digests(folder)) == {
        "metrics.json", "evaluation.json", "report.html", "plots/gain.png", "plots/gain.csv",
        "plots/precision.png", "plots/precision_curve.csv", "plots/hits_per_day.png",
        "plots/hits_per_day.csv", "plots/calibration.png", "plots/calibration.csv",
        "plots/scores.png", "plots/scores.csv", "plots/slices.png", "plots/slices.csv",
    }  # fmt: skip


def test_metrics_are_flat_numbers_and_the_evaluation_is_whole(folder, evaluation):
    flat = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert flat == evaluation.flat_metrics()
    whole = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    assert whole["at_capacity"]["precision"]["value"] == flat["precision_at_capacity"]


def test_the_report_needs_nothing_else(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"https?://", page) == []
    assert re.findall(r"<script|<link|@import|url\(", page) == []
    assert set(re.findall(r'src="([^:]+):', page)) == {"data"}
    assert page.count("<img ") == 6


def test_hostile_words_are_escaped(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") >= 2


def test_the_report_says_its_figures_in_words(folder, evaluation):
    page = (folder / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    value = 100 * evaluation.at_capacity.precision.value
    assert f"{value:.1f} %, and with 95 % confidence between" in page
    assert "What officers chose to open is not what arrives." in page
    assert "it may have learnt from some of them" in page


def test_written_twice_the_bytes_are_equal(folder, evaluation, tmp_path):
    provenance = {"bundle": "3fa9c1", "note": HOSTILE, "trained_until": "2026-03-05T00:00:00Z"}
    again = evaluate(*traffic(), capacity=5, seed=7)
    write_evaluation(again, tmp_path / "out", provenance=provenance)
    assert digests(tmp_path / "out") == digests(folder)


def test_plot_data_can_be_read_by_dvc(folder, evaluation):
    with (folder / "plots" / "gain.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 100
    assert list(rows[0])[:3] == ["share_opened", "lines_opened", "hits_found"]
    assert float(rows[-1]["share_of_hits_found"]) == 1.0


def test_the_folder_of_somebody_else_is_left_alone(evaluation, tmp_path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(OutputError, match="files this command did not write"):
        write_evaluation(evaluation, tmp_path, provenance={})
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_evaluation_of_nothing_still_makes_a_report(tmp_path):
    scores, examined = traffic()
    nothing = evaluate(scores, examined.iloc[:0], capacity=5, seed=7)
    write_evaluation(nothing, tmp_path / "out", provenance={})
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "None of the scored lines was examined" in page


def test_an_earlier_evaluation_is_replaced_and_extra_figures_are_shown(evaluation, tmp_path):
    output = tmp_path / "out"
    output.mkdir()
    (output / "metrics.json").write_text("{}", encoding="utf-8")
    extra = {"What the score rests on": drivers.feature_importance(["a"], np.array([1.0]))}
    provenance = {"trained_until": "2026-03-01"}
    write_evaluation(evaluation, output, provenance=provenance, extra_figures=extra)
    assert (output / "plots" / "what_the_score_rests_on.png").is_file()
    page = (output / "report.html").read_text(encoding="utf-8")
    assert "<figcaption>What the score rests on" in page
    assert "it may have learnt" not in page


def test_titles_speak_of_the_port(evaluation):
    labels = {name: figure.axes[0].get_xlabel() for name, figure in figures(evaluation).items()}
    assert labels["gain"] == "Share of examined lines opened, highest score first"
    assert labels["calibration"] == "Mean probability the model gave"


def test_the_gain_curve_draws_the_figures(evaluation):
    line = next(
        line for line in figures(evaluation)["gain"].axes[0].lines if line.get_label() == "Score"
    )
    assert line.get_ydata()[1:].tolist() == [point.recall.value for point in evaluation.curve]


def test_the_beeswarm_shows_the_strongest_first_and_is_the_same_twice(tmp_path):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(200, 3))
    values[::7, 1] = np.nan
    push = np.nan_to_num(values) * np.array([0.1, 1.0, 0.5])
    names = ["weak", "strong", "middle"]
    drawn = [drivers.beeswarm(push, values, names, top=2) for _ in range(2)]
    assert [t.get_text() for t in drawn[0].axes[0].get_yticklabels()] == ["strong", "middle"]
    for at, figure in enumerate(drawn):
        plots.save({"swarm": figure}, tmp_path / str(at))
    assert digests(tmp_path / "0") == digests(tmp_path / "1")
    assert plots.svg(drawn[0]) == plots.svg(drawn[1])


def test_the_beeswarm_draws_a_constant_feature_and_no_lines():
    flat = drivers.beeswarm(np.zeros((5, 1)), np.full((5, 1), np.nan), ["x"])
    assert plots.svg(flat)
    assert plots.svg(drivers.beeswarm(np.zeros((0, 1)), np.zeros((0, 1)), ["x"]))


def test_unequal_shapes_are_refused():
    with pytest.raises(ValueError, match="2 names for 1 values"):
        drivers.feature_importance(["a", "b"], np.ones(1))
    with pytest.raises(ValueError, match="contributions"):
        drivers.beeswarm(np.ones((2, 2)), np.ones((2, 1)), ["a", "b"])


def test_matplotlib_is_imported_in_one_module_only():
    room = Path(sys.modules["targeting.evaluation.plots"].__file__).parent
    users = {
        p.name for p in room.glob("*.py") if re.search(r"(from|import) matplotlib", p.read_text())
    }
    assert users == {"plots.py"}
