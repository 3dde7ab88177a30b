"""The training run as a whole: what it uses, what it must not, and what it says it could not do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from targeting.config import FeatureSettings, ModelSettings, TrainSettings
from targeting.errors import InputError
from targeting.pipeline import Plan, Steps, TrainingReport, prepare, train
from targeting.scoring.scorer import Scorer
from targeting.simulate import preset, simulate
from targeting.tables.folder import TablesFolder

if TYPE_CHECKING:
    from pathlib import Path

UNTIL = date(2024, 4, 1)
SETTINGS = TrainSettings(model=ModelSettings(trees=10, leaves=7, min_rows_in_leaf=10), capacity=2)


def _plan(until: date | None = UNTIL, time_zone: str = "UTC") -> Plan:
    return Plan(FeatureSettings(time_zone=time_zone), SETTINGS, until)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> TablesFolder:
    folder = tmp_path_factory.mktemp("world") / "tables"
    simulate(preset("small"), folder)
    return TablesFolder.open(folder)


def _read(tables: TablesFolder) -> tuple[pa.Table, pa.Table]:
    declared, inspected = (
        pq.read_table(tables.path / f"{name}.parquet") for name in ("declarations", "inspections")
    )
    return declared, inspected


def _write(folder: Path, declared: pa.Table, inspected: pa.Table) -> TablesFolder:
    folder.mkdir()
    pq.write_table(declared, folder / "declarations.parquet")
    pq.write_table(inspected, folder / "inspections.parquet")
    return TablesFolder.open(folder)


def _replaced(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(name), values)


@pytest.fixture(scope="session")
def past(world: TablesFolder, tmp_path_factory: pytest.TempPathFactory) -> TrainingReport:
    """Trained on tables that end at the cut-off: the future is not there to be looked at.

    That an examination had begun is known then; what it will find is not, and is turned round.
    """
    declared, inspected = _read(world)
    end = pa.scalar(UNTIL).cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
    begun = inspected.filter(pc.less(inspected["inspected_at"], end))
    open_still = pc.greater_equal(begun["result_known_at"], end)
    assert pc.sum(open_still).as_py() > 0
    other = pc.if_else(pc.equal(begun["result"], "hit"), "clear", "hit")
    begun = _replaced(begun, "result", pc.if_else(open_still, other, begun["result"]))
    nothing = pa.scalar(None, pa.float64())
    revenue = pc.if_else(open_still, nothing, begun["revenue_recovered"])
    cut = _write(
        tmp_path_factory.mktemp("past") / "tables",
        declared.filter(pc.less(declared["lodged_at"], end)),
        _replaced(begun, "revenue_recovered", revenue),
    )
    return train(cut, cut.path.parent / "bundle", plan=_plan())


@pytest.fixture(scope="session")
def whole(world: TablesFolder, tmp_path_factory: pytest.TempPathFactory) -> TrainingReport:
    """Trained as of the same day on tables that go on after it."""
    return train(world, tmp_path_factory.mktemp("whole") / "bundle", plan=_plan())


def test_nothing_after_the_cut_off_reaches_the_bundle(past, whole):
    files = sorted(
        path.relative_to(past.bundle).as_posix()
        for path in past.bundle.rglob("*")
        if path.is_file() and "evaluation" not in path.parts
    )
    tied_to_the_tables = {"manifest.json", "MODEL_CARD.md"}
    differing = [
        name
        for name in files
        if (past.bundle / name).read_bytes() != (whole.bundle / name).read_bytes()
    ]
    members = {"model.txt", "linear.json", "expert.json", "views.json"}
    assert {*members, "profiles/consignee.parquet", "calibrator.json"} <= set(files)
    assert set(differing) <= tied_to_the_tables


def _manifest(report: TrainingReport) -> dict:
    return json.loads((report.bundle / "manifest.json").read_text(encoding="utf-8"))


def test_the_manifests_differ_in_what_names_the_tables_alone(past, whole):
    one, other = _manifest(past), _manifest(whole)
    assert one.pop("data") != other.pop("data")
    named = [entries.pop("files") for entries in (one, other)]
    assert one == other
    changed = {name for name in named[0] if named[0][name] != named[1][name]}
    assert changed <= {"MODEL_CARD.md", "evaluation/evaluation.json", "evaluation/report.html"}


def test_the_training_window_is_told(whole):
    training = _manifest(whole)["training"]
    assert training["cut_off_day"] == UNTIL.isoformat()
    assert training["first_day"] == "2024-01-01"
    assert 20 <= training["hits"] < training["rows"]


def test_a_short_history_is_noted(whole):
    told = [note for note in whole.notes if note.startswith("The history is short")]
    assert len(told) == 1
    assert "instead of 60, 60 and 14" in told[0]
    assert told[0] in _manifest(whole)["notes"]
    assert told[0] in whole.text()


def test_without_a_cut_off_everything_is_used(world):
    prepared = prepare(world, _plan(None), steps=Steps())
    lodged = pq.read_table(world.path / "declarations.parquet")["lodged_at"]
    assert prepared.cut_off == pc.max(lodged).as_py().date() + timedelta(days=1)


@pytest.mark.parametrize("time_zone", ["Asia/Almaty", "America/Los_Angeles"])
def test_a_cut_off_is_a_day_of_the_administration(world, time_zone):
    """Ten hours east and west of each other, the same local day ends at different moments."""
    prepared = prepare(world, _plan(time_zone=time_zone), steps=Steps())
    known = prepared.labels["known_at"].max().tz_convert(time_zone)
    lodged = prepared.labels["lodged_at"].max().tz_convert(time_zone)
    assert max(known.date(), lodged.date()) < UNTIL
    assert known.date() >= UNTIL - timedelta(days=2)


def test_steps_are_told_and_timed_in_their_order(world):
    told: list[str] = []
    steps = Steps(told.append)
    prepare(world, _plan(), steps=steps)
    assert told == ["check the tables", "read labels", "build features"]
    assert [step.name for step in steps.done] == told
    assert min(step.peak_mb for step in steps.done) > 10


def test_too_few_results_are_refused_and_leave_nothing(world, tmp_path):
    declared, inspected = _read(world)
    tables = _write(tmp_path / "tables", declared, inspected.slice(0, 30))
    alone = SETTINGS.model_copy(update={"expert": None})
    plan = replace(_plan(), settings=alone)
    with pytest.raises(InputError, match=r"too few results to learn from\. Found: 30 results"):
        train(tables, tmp_path / "deep" / "bundle", plan=plan)
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def _few_hits(inspected: pa.Table, hits: int) -> pa.Table:
    """Keep the first so many hits known by the cut-off, and every clear result."""
    end = pa.scalar(UNTIL).cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
    hit = pc.equal(inspected["result"], "hit")
    known = inspected.filter(pc.and_(hit, pc.less(inspected["result_known_at"], end)))
    return pa.concat_tables([inspected.filter(pc.invert(hit)), known.slice(0, hits)])


@pytest.mark.parametrize("known", ["no results", "no hits", "19 hits"])
def test_before_twenty_hits_the_expert_score_ships_alone_and_says_so(world, tmp_path, known):
    """Cold start: it trains, loads, scores and explains, and its notes say what it goes by."""
    declared, inspected = _read(world)
    some = {
        "no results": inspected.slice(0, 0),
        "no hits": _few_hits(inspected, 0),
        "19 hits": _few_hits(inspected, 19),
    }[known]
    tables = _write(tmp_path / "tables", declared, some)

    report = train(tables, tmp_path / "bundle", plan=_plan())

    names = {path.name for path in report.bundle.iterdir()}
    assert "expert.json" in names
    assert names.isdisjoint({"model.txt", "linear.json", "views.json", "model-revenue.txt"})
    notes = _manifest(report)["notes"]
    for said in (
        "No hits to learn from: the list follows the expert score alone.",
        "No evaluation: too few results were known before the test block.",
    ):
        assert said in notes
        assert said in report.text()
        assert said in (report.bundle / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert any(note.startswith("Probabilities are not calibrated") for note in notes)
    scorer = Scorer.load(report.bundle)
    assert not scorer.bundle.model.hit.has_learnt
    rows = scorer.score(tables, start=UNTIL, stop=UNTIL + timedelta(days=7), explain="all").rows
    assert rows["score"].nunique() > 5
    assert rows["probability"].between(0, 1, inclusive="neither").all()
    assert (rows["reasons"].str.len() > 0).any()


@pytest.mark.parametrize("until", [date(2023, 6, 1), date(2024, 1, 1), date(2025, 1, 1)])
def test_a_cut_off_outside_the_data_is_refused(world, tmp_path, until):
    with pytest.raises(InputError, match="the cut-off lies outside the data"):
        train(world, tmp_path / "bundle", plan=_plan(until))
    assert list(tmp_path.iterdir()) == []


def test_without_revenue_none_is_expected_and_that_is_noted(world, tmp_path):
    declared, inspected = _read(world)
    nothing = pa.nulls(inspected.num_rows, pa.float64())
    tables = _write(
        tmp_path / "tables", declared, _replaced(inspected, "revenue_recovered", nothing)
    )
    report = train(tables, tmp_path / "bundle", plan=_plan())
    assert "No revenue is expected of any line: no hit recorded one." in _manifest(report)["notes"]
    scores = Scorer.load(report.bundle).score(
        tables, start=UNTIL, stop=UNTIL + timedelta(days=2), explain="none"
    )
    assert scores.rows["expected_revenue"].isna().all()
    assert scores.rows["score"].notna().all()
