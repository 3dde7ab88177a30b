"""The benchmark of online scoring: it counts what it says it counts."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest
from tests.service.conftest import live_with
from tests.service.standin import declaration

from targeting.config import LimitSettings, ServiceSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield import_module("benchmarks.online")


@pytest.fixture
def live(tmp_path):
    with live_with(ServiceSettings(state=tmp_path, limits=LimitSettings(declarations=64))) as made:
        yield made


def test_every_kind_of_load_is_sent_and_counted(bench, live):
    size = bench.Size(one=30, reasons=10, seconds=0.3, batches=4, mlflow=1)
    rows = [declaration(at) for at in range(70)]

    figures = bench.ours_loads(live.port, live.written, rows, size)

    assert [(one.what, one.errors) for one in figures] == [
        ("one at a time", 0), ("one at a time, with reasons", 0), ("over 8 connections", 0),
        ("64 at a time", 0),
    ]  # fmt: skip
    assert [one.requests for one in figures[:2]] == [30, 10]
    assert figures[3].requests == 4
    assert all(0 < one.p50_ms <= one.p99_ms for one in figures)


def test_a_refused_request_is_an_error_and_not_a_time(bench, live):
    sent = [bench.request("/v1/score", b"{}", [("Authorization", f"Bearer {live.written}")])]

    found = bench.load(live.port, sent, connections=2, total=6, seconds=5)

    assert (found.errors, found.seconds) == (6, ())
    with pytest.raises(RuntimeError, match="no request was answered, 6 were refused"):
        bench.Figure.of("nothing", found)


def test_shares_of_a_load_are_in_milliseconds(bench):
    found = bench.Load(tuple(at / 1000 for at in range(1, 101)), 0, 2.0)

    assert (found.at(0.5), found.at(0.99), found.per_second) == (51.0, 100.0, 50.0)


def test_the_page_holds_the_figures_and_their_ratio(bench, tmp_path):
    def figure(what, p50, p99, rate):
        return bench.Figure(what, 100, 0, p50, p99, rate)

    serve = [
        figure("one at a time", 3.0, 13.0, 300.0),
        figure("one at a time, with reasons", 7.0, 19.0, 140.0),
        figure("over 8 connections", 20.0, 40.0, 400.0),
        figure("64 at a time", 20.0, 30.0, 50.0),
    ]
    mlflow = [figure("one at a time", 200.0, 300.0, 5.0), figure("over 8", 900.0, 999.0, 8.0)]
    found = bench.Found(10, 20, serve, mlflow, 3.0, 9.0)

    bench.written(found, tmp_path)

    page = (tmp_path / "online.md").read_text()
    assert "| `targeting serve` | one at a time | 100 | 0 | 3.00 | 13.00 | 300 |" in page
    assert "64 at a time: 3,200." in page
    assert "are 50 times MLflow's" in page
    assert "one at a time: 4 ms and 12 ms, missed." in page
    assert "with reasons: 8 ms and 20 ms, met." in page
    assert json.loads((tmp_path / "online.json").read_text())["times_mlflow"] == 50.0
