"""The benchmark of features: every engine computes the same numbers, and the page says so."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.simulate import preset, simulate

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("consignee", "container", "hs6_x_origin", "consignee_x_consignor_x_hs2")
PEERS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            find_spec(name.split(",")[0]) is None,
            reason=f"{name} is not installed; make bench-features does",
        ),
    )
    for name in ("pandas", "duckdb", "polars", "polars, plain")
]


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield import_module("benchmarks.features")


@pytest.fixture(scope="module")
def peers(bench):
    return sys.modules["benchmarks.features_peers"]


@pytest.fixture(scope="module")
def world(tmp_path_factory, bench):
    """Two months of a small country, and which of its lines are wanted."""
    folder = tmp_path_factory.mktemp("world")
    settings = preset("small").model_copy(update={"days": 60})
    simulate(settings, folder / "tables")
    bench.draw_wanted(folder / "tables", folder / "wanted.parquet")
    return folder


@pytest.fixture(scope="module")
def task(world, peers):
    return peers.Task(world / "tables", world / "wanted.parquet", world / "ours.parquet", KEYS)


@pytest.fixture(scope="module")
def ours(bench, task):
    bench.sums_matrix(task, bench.Watch())
    return pq.read_table(task.output)


def test_a_tenth_is_wanted_and_holds_every_examined_line(bench, world):
    wanted = set(pq.read_table(world / "wanted.parquet")["declaration_id"].to_pylist())
    lodged = pq.read_table(world / "tables" / "declarations.parquet", columns=["declaration_id"])
    inspected = pq.read_table(world / "tables" / "inspections.parquet", columns=["declaration_id"])
    assert set(inspected["declaration_id"].to_pylist()) <= wanted
    assert len(wanted) == max(lodged.num_rows // bench.SHARE, inspected.num_rows)


def test_ours_writes_every_statistic_of_every_key(ours, peers):
    names = [f"{key}_{statistic}" for key in KEYS for statistic in peers.STATISTICS]
    assert ours.column_names == ["declaration_id", *names]
    hits = ours["hs6_x_origin_hits"].to_numpy()
    assert np.nanmax(hits) > 0
    assert np.isnan(ours["container_declarations"].to_numpy()).any()


@pytest.mark.parametrize("engine", PEERS)
def test_a_peer_computes_the_same_numbers(engine, bench, peers, task, ours, world):
    theirs = replace(task, output=world / f"{engine}.parquet")
    watch = bench.Watch()
    peers.PEERS[engine](theirs, watch)
    assert set(pq.read_schema(theirs.output).names) == set(ours.column_names)
    assert bench.largest_difference(task.output, theirs.output, KEYS) <= bench.TOLERANCE
    assert list(watch.seconds) == ["reading", "keys", "writing"]


@pytest.mark.parametrize("changed", [1.5, np.nan])
def test_another_number_is_seen(changed, bench, task, ours, world):
    at = ours.column_names.index("container_value")
    values = ours["container_value"].to_numpy().copy()
    known = np.flatnonzero(~np.isnan(values))[0]
    values[known] = values[known] * 2 + changed
    other = ours.set_column(at, "container_value", pa.array(values))
    pq.write_table(other, world / "other.parquet")
    assert bench.largest_difference(task.output, world / "other.parquet", KEYS) > bench.TOLERANCE


def test_the_statistics_are_those_of_the_days_before(ours, world):
    """A count by hand, for the one key that is easiest to count."""
    lodged = pq.read_table(world / "tables" / "declarations.parquet").to_pandas()
    local = lodged["lodged_at"].dt.tz_convert("Asia/Almaty").dt.date
    consignee = dict(zip(lodged["declaration_id"], lodged["consignee_id"], strict=True))
    day = dict(zip(lodged["declaration_id"], local, strict=True))
    counted = ours.to_pandas().set_index("declaration_id")["consignee_declarations"]
    for declaration in counted.index[-20:]:
        same = lodged["consignee_id"] == consignee[declaration]
        assert counted[declaration] == (same & (local < day[declaration])).sum()


def test_the_model_matrix_holds_every_feature(bench, task, world):
    watch = bench.Watch()
    bench.model_matrix(replace(task, output=world / "model.parquet"), watch)
    wanted = pq.read_metadata(world / "wanted.parquet").num_rows
    written = pq.read_table(world / "model.parquet")
    assert written.num_rows == wanted
    assert written.num_columns > 300
    assert {"reading", "key coding", "replay", "features", "writing"} == set(watch.seconds)
    assert min(watch.seconds.values()) >= 0


def _run(bench, **changed):
    made = {"pandas": "3.0"}
    split = {"reading": 1.0, "keys": 2.0, "writing": 1.0}
    return replace(bench.Run("pandas", 4.0, 8.0, 1.5, 10.0, split, made), **changed)


def test_fewer_keys_are_reckoned_up_but_not_the_reading(bench):
    entry = bench.Entry("pandas", 4, _run(bench))
    assert entry.seconds == 1.0 + 3.0 * len(bench.KEYS) / 4


def test_the_page_says_what_happened_to_each_engine(bench):
    world = bench.World(1000, 100, 40, 30)
    entries = [
        bench.Entry("targeting", 16, _run(bench, engine="targeting", seconds=2.0)),
        bench.Entry("pandas", 16, _run(bench), difference=1e-8),
        bench.Entry("duckdb", 4, _run(bench, engine="duckdb"), difference=1e-8),
        bench.Entry("polars", 16, None, "stopped after 30 minutes"),
    ]
    page = bench.page(json.loads(json.dumps(bench.told(world, entries))))
    assert "pandas, takes 2.0 times as long" in page
    assert "reckoned from 4 keys in 4.0 s" in page
    assert "Times of duckdb are reckoned up" in page
    assert "stopped after 30 minutes" in page


def test_an_engine_that_fails_is_told_not_hidden(bench, task, tmp_path):
    entry = bench.in_own_process("pandas", replace(task, tables=tmp_path / "nowhere"), minutes=5)
    assert entry.run is None
    assert "nowhere" in entry.failure


def test_keys_are_drawn_over_light_and_heavy_ones(bench):
    assert bench._some_keys(len(bench.KEYS)) == tuple(bench.KEYS)
    assert bench._some_keys(2) == ("consignee", "consignee_x_consignor_x_hs2")


def test_time_against_size_is_drawn(bench):
    found = [bench.Sized(size, _run(bench, seconds=size / 1e6)) for size in (1_000, 2_000)]
    assert bench.drawn(found).startswith(b"<?xml")


def test_the_committed_page_is_the_one_of_the_committed_figures(bench):
    if not (bench.OUTPUT / "features.json").exists():
        pytest.skip("docs/benchmarks/features.json is not there; make bench-features writes it")
    figures = json.loads((bench.OUTPUT / "features.json").read_text(encoding="utf-8"))
    assert bench.page(figures) == (bench.OUTPUT / "features.md").read_text(encoding="utf-8")


def test_help_says_how_to_run_it(bench, capsys):
    with pytest.raises(SystemExit, match="0"):
        bench.main(["--help"])
    assert "--peer-keys" in capsys.readouterr().out
