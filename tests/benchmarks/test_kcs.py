"""The KCS benchmark: its look-up, its purge, what it says without data, and its bar."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "kcs"
MODULES = sorted(file.stem for file in (ROOT / "benchmarks").glob("*.py"))
PARTS = {"coverage_worlds", "crash_writer", "http_load", "reasons_page", "reasons_twins"}
"""Modules of a benchmark that are not run by themselves."""


@pytest.fixture
def kcs(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return import_module("benchmarks.kcs")


@pytest.mark.parametrize("name", MODULES)
def test_every_benchmark_can_be_imported(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    module = import_module(f"benchmarks.{name}")
    if name not in PARTS:
        assert callable(module.main)


HISTORY = pd.DataFrame(
    {
        "net_mass_kg": [10.0, 10.0, 10.0, 20.0, 30.0],
        "customs_value": [5.0, 5.0, 6.0, 5.0, 5.0],
        "hs6": ["010101", "010101", "010101", "020202", "020202"],
        "hit": [True, False, True, False, False],
    }
)
LATER = pd.DataFrame(
    {
        "declaration_id": ["d", "a", "c", "b"],
        "lodged_at": pd.to_datetime(["2021-01-01"] * 4, utc=True),
        "office_id": ["20"] * 4,
        "net_mass_kg": [10.0, 10.0, 20.0, 99.0],
        "customs_value": [5.0, 6.0, 5.0, 5.0],
        "hs6": ["010101", "010101", "030303", "030303"],
        "hit": [True, True, False, False],
    }
)


def test_look_up_is_the_mean_label_of_the_pair_else_the_base_rate(kcs):
    scored = kcs.look_up(HISTORY, LATER)
    assert scored["declaration_id"].tolist() == ["d", "a", "c", "b"]
    assert scored["score"].tolist() == [0.5, 1.0, 0.0, 0.4]
    assert scored["probability"].tolist() == [0.5, 1.0, 0.0, 0.4]


def test_a_pair_is_new_when_both_values_never_stood_together(kcs):
    assert kcs.is_new(HISTORY, LATER, kcs.PAIR).tolist() == [False, False, False, True]
    assert kcs.is_new(HISTORY, LATER, kcs.GOODS_PRICE).tolist() == [False, False, True, True]


def test_artefact_counts_repeated_pairs(kcs):
    rows = pd.concat([HISTORY, *[HISTORY.iloc[[3]]] * 4, *[HISTORY.iloc[[0]]] * 3])
    found = kcs.artefact(rows)
    assert (found.groups, found.one_label) == (2, 0.5)
    assert found.repeated == pytest.approx(10 / 12)


def test_measure_judges_every_method_on_the_same_lines(kcs):
    part = kcs.measure({"look_up": kcs.look_up(HISTORY, LATER)}, LATER.iloc[:3])
    assert (part.lines, part.hits) == (3, 2)
    figures = part.methods["look_up"]
    assert figures.precision["10"].value == 1.0
    assert figures.precision["10"].interval == "wilson"
    assert figures.auc.value == 1.0
    assert figures.auc.low is None


def test_equal_scores_get_no_interval_of_no_width(kcs):
    days = pd.date_range("2021-01-01", periods=60, tz="UTC")
    lines = pd.DataFrame(
        {
            "declaration_id": [f"{at:03d}" for at in range(60)],
            "lodged_at": days,
            "office_id": "20",
            "hit": np.arange(60) % 3 == 0,
        }
    )
    auc = (
        kcs.measure({"look_up": lines.assign(score=0.3, probability=0.3)}, lines)
        .methods["look_up"]
        .auc
    )
    assert (auc.value, auc.low, auc.high, auc.interval) == (0.5, None, None, "")


@pytest.mark.parametrize("made", [False, True])
def test_absent_data_is_one_paragraph_that_says_what_to_do(kcs, tmp_path, capsys, made):
    folder = tmp_path / "kcs"
    if made:
        folder.mkdir()
    assert kcs.main(["--data", str(folder), "--output", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err.strip()
    assert "\n" not in told
    assert "the KCS declarations are not there" in told
    assert "df_syn_train_eng.csv" in told
    assert "--data FOLDER" in told
    assert not (tmp_path / "out").exists()


def test_the_committed_page_is_the_one_of_the_committed_figures(kcs):
    told = json.loads((kcs.OUTPUT / "kcs.json").read_text(encoding="utf-8"))
    assert kcs.page(told) == (kcs.OUTPUT / "kcs.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/kcs is not there")
def test_the_pipeline_passes_the_bar_and_the_committed_figures_are_fresh(kcs, tmp_path):
    output = tmp_path / "out"
    assert kcs.main(["--data", str(DATA), "--output", str(output)]) == 0
    new = json.loads((output / "kcs.json").read_text(encoding="utf-8"))["benchmark"]["parts"]
    old = json.loads((kcs.OUTPUT / "kcs.json").read_text(encoding="utf-8"))["benchmark"]["parts"]
    official = new["official"]["methods"]
    assert official["ours"]["precision"]["5"]["value"] >= 0.87
    assert official["ours_frozen"]["precision"]["5"]["value"] >= 0.87
    # The look-up is arithmetic and may not move; trees may differ a little between machines.
    assert official["look_up"] == old["official"]["methods"]["look_up"]
    for part, figures in new.items():
        for method, one in figures["methods"].items():
            before = old[part]["methods"][method]["auc"]["value"]
            assert one["auc"]["value"] == pytest.approx(before, abs=0.02), (part, method)


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/kcs is not there")
def test_files_other_than_the_two_parts_are_refused(kcs, tmp_path, capsys):
    whole = (DATA / "valid.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "valid.csv").write_text("".join(whole[:50]), encoding="utf-8")
    assert kcs.main(["--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert "0 lines before 2021-01-01 and 49 after" in told


def test_no_result_of_the_quarter_is_left_in_the_frozen_tables(kcs, tmp_path):
    import pyarrow as pa

    from targeting.tables.folder import TablesFolder, from_frame, write_tables

    known = pd.to_datetime(
        ["2020-12-31T14:59:59Z", "2020-12-31T15:00:00Z", "2021-02-01T00:00:00Z"], utc=True
    )
    ids = ["a", "b", "c"]
    inspections = pd.DataFrame(
        {
            "inspection_id": ids,
            "declaration_id": ids,
            "selected_by": "rule",
            "inspected_at": known,
            "result_known_at": known,
            "result": "clear",
        }
    )
    declarations = pa.table(
        {
            "declaration_id": ids,
            "lodged_at": pa.array(known.tz_localize(None), type=pa.timestamp("us")).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "flow": ["import"] * 3,
            "transport_mode": ["sea"] * 3,
            "office_id": ["20"] * 3,
            "hs_code": ["010101"] * 3,
        }
    )
    write_tables(tmp_path, declarations, from_frame(inspections))
    frozen = kcs.known_at_cut_off(TablesFolder.open(tmp_path))
    assert frozen.inspections["declaration_id"].to_pylist() == ["a"]
    assert frozen.declarations.num_rows == 3


def test_help_says_how_to_run_it(kcs, capsys):
    with pytest.raises(SystemExit, match="0"):
        kcs.main(["--help"])
    assert "--data" in capsys.readouterr().out
    assert "benchmarks.kcs" in sys.modules
