"""Past days lived again: nothing is seen before its time, and every version lives the same days."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.small_world import CUT_OFF, PLAN, World, small_world

from targeting.config import BacktestSettings, SplitSettings, load, parse
from targeting.errors import ConfigError, InputError, LeakageError
from targeting.features.engine import day_start
from targeting.features.spec import learn_spec
from targeting.pipeline.backtest import Asked, BacktestReport, Given, backtest
from targeting.pipeline.backtest.archive import Archive
from targeting.pipeline.backtest.live import live
from targeting.pipeline.backtest.span import Days, chosen_days, seasons
from targeting.pipeline.backtest.versions import ThisModel, scored_as_it_is
from targeting.scoring.scorer import Scorer
from targeting.simulate.counterfactual import Truth
from targeting.tables.folder import MemoryTables, TablesFolder
from targeting.training.baselines import RandomOrder, Scored

if TYPE_CHECKING:
    from targeting.training.block import Block, Known
    from targeting.training.learn import Moment

ZONE = PLAN.features.time_zone
TRAINING = PLAN.settings.model_copy(
    update={"split": SplitSettings(gap_days=4, calibration_days=20)}
)
SETTINGS = BacktestSettings(retrain_every=2, shares=(0.05,))
START, STOP = date(2024, 3, 15), date(2024, 4, 12)


@dataclass(frozen=True)
class FromTruth:
    """Orders lines by what an examination would find: cheating that no version could do."""

    truth: Truth
    name: str = "oracle"

    def learn(self, known: Known, moment: Moment) -> FromTruth:
        del known, moment
        return self

    def score(self, block: Block) -> Scored:
        found = self.truth.examine(block.rows["declaration_id"])
        return Scored((found["result"] == "hit").to_numpy(bool).astype(float))


@dataclass(frozen=True)
class Watcher:
    """Keeps what it is handed, so that a test may look for what it should not have seen."""

    handed: list[tuple[Known, Moment]] = field(default_factory=list)
    scored: list[Block] = field(default_factory=list)
    name: str = "watcher"

    def learn(self, known: Known, moment: Moment) -> Watcher:
        self.handed.append((known, moment))
        return self

    def score(self, block: Block) -> Scored:
        self.scored.append(block)
        return Scored(np.nan_to_num(block.matrix).sum(axis=1).astype(float))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def tables(world: World) -> TablesFolder:
    return TablesFolder.open(world.tables.path)


@pytest.fixture(scope="module")
def truth(world: World) -> Truth:
    return Truth.open(world.tables.path.parent / "truth.parquet")


@pytest.fixture(scope="module")
def archive(tables: TablesFolder) -> Archive:
    return Archive.of(tables, PLAN.features, Days(START, STOP))


@pytest.fixture(scope="module")
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture(scope="module")
def report(
    world: World,
    tables: TablesFolder,
    truth: Truth,
    watcher: Watcher,
    tmp_path_factory: pytest.TempPathFactory,
) -> BacktestReport:
    asked = _asked(
        given=(Given("last champion", str(world.bundle)),),
        truth=truth.path,
        rankers=(RandomOrder(), FromTruth(truth), watcher),
    )
    return backtest(tables, tmp_path_factory.mktemp("lived") / "backtest", asked)


def _asked(**other: Any) -> Asked:
    usual = {"start": START, "stop": STOP, "rankers": (RandomOrder(),)}
    return Asked(SETTINGS, PLAN.features, TRAINING, **usual | other)


def _before(world: World, day: date) -> MemoryTables:
    """The tables as they stood when a day began."""
    moment = day_start(day, ZONE)
    declared, inspected = world.declarations, world.inspections
    return MemoryTables(
        declared.filter(pc.field("lodged_at") < moment),
        inspected.filter(pc.field("result_known_at") < moment),
    )


def test_nothing_is_handed_to_a_version_before_its_time(report, watcher):
    assert [moment.at for _, moment in watcher.handed] == [
        day_start(day, ZONE) for day in (START, START + timedelta(days=14))
    ]
    for known, moment in watcher.handed:
        assert (known.labels["known_at"] < moment.at).all()
        assert (known.labels["lodged_at"] < moment.at).all()
        ids = known.block.rows["declaration_id"].tolist()
        assert ids == known.labels["declaration_id"].tolist()
    assert len(watcher.handed[1][0]) > len(watcher.handed[0][0]) > 100


def test_categories_are_learnt_from_what_was_lodged_by_then(report, watcher, tables):
    days = (START, START + timedelta(days=14))
    for (known, _), day in zip(watcher.handed, days, strict=True):
        assert known.block.spec.levels == learn_spec(tables, PLAN.features, until=day).levels


def test_every_version_scores_every_line_of_the_days_once(report, watcher, world):
    scores = pq.read_table(report.output / "scores.parquet").to_pandas()
    lodged = world.declarations.to_pandas()
    on = lodged["lodged_at"].dt.tz_convert(ZONE).dt.date
    expected = set(lodged.loc[(on >= START) & (on < STOP), "declaration_id"])
    for name, own in scores.groupby("version"):
        assert set(own["declaration_id"]) == expected, name
        assert len(own) == len(expected), name
    assert {one.name for one in report.found.versions} == set(scores["version"])
    assert sum(len(block) for block in watcher.scored) == len(expected)
    assert len(watcher.scored) == 4


def test_an_oracle_reaches_the_attainable_maximum(report):
    for policy in report.found.policies:
        figures = report.found.row("oracle", policy).real
        assert figures.precision.value == pytest.approx(figures.attainable)
    own = report.found.row("this model", "capacity").real
    assert own.precision.value <= report.found.row("oracle", "capacity").real.precision.value


def test_rows_of_the_future_change_nothing_of_earlier_weeks(world, archive):
    """Lived on tables that end after two weeks, those weeks are the same to the bit."""
    until = START + timedelta(days=14)
    early = Archive.of(_before(world, until), PLAN.features, Days(START, until))
    rankers = (ThisModel(TRAINING), Watcher())
    for one, other in zip(_lives(early, rankers), _lives(archive, rankers), strict=True):
        assert len(one.score) > 200
        np.testing.assert_array_equal(one.score, other.score[: len(one.score)])


def _lives(archive: Archive, rankers: tuple[Any, ...]) -> list[Scored]:
    lives = live(archive, seasons(archive.days, SETTINGS), rankers, TRAINING.split)
    return [one.scored() for one in lives]


def test_a_given_bundle_scores_as_the_scorer_does(world, tables, archive):
    scorer = Scorer.load(world.bundle)
    told = scorer.score(tables, start=START, stop=STOP, explain="none").rows
    scored = scored_as_it_is(scorer.bundle, archive, seasons(archive.days, SETTINGS))
    np.testing.assert_array_equal(scored.score, told["score"].to_numpy())


def test_a_bundle_that_saw_the_days_is_refused(world, tables, tmp_path):
    asked = _asked(start=CUT_OFF - timedelta(days=7), given=(Given("new", str(world.bundle)),))
    with pytest.raises(LeakageError, match="--model new: this version would have seen days"):
        backtest(tables, tmp_path / "out", asked)
    assert not (tmp_path / "out").exists()


def test_two_versions_of_one_name_are_refused(world, tables, tmp_path):
    asked = _asked(given=(Given("random", str(world.bundle)),))
    with pytest.raises(InputError, match=r"two versions would have one name\. Found: random"):
        backtest(tables, tmp_path / "out", asked)


def test_an_unknown_baseline_is_refused_with_the_nearest_known(tables, tmp_path):
    settings = BacktestSettings(baselines=("newest consigne",))
    asked = Asked(settings, PLAN.features, TRAINING, START, STOP)
    with pytest.raises(InputError, match="Did you mean newest consignee"):
        backtest(tables, tmp_path / "out", asked)


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (date(2023, 1, 1), date(2023, 2, 1)),
        (date(2024, 4, 1), date(2024, 4, 1)),
        (date(2024, 4, 1), date(2025, 4, 1)),
    ],
)
def test_days_that_are_not_in_the_tables_are_refused(tables, start, stop):
    with pytest.raises(InputError, match="these days cannot be lived again"):
        chosen_days(tables, SETTINGS, named=(start, stop), time_zone=ZONE, gap_days=4)


def test_days_not_named_are_the_last_whose_results_could_be_known(tables):
    days = chosen_days(tables, SETTINGS, named=(None, None), time_zone=ZONE, gap_days=4)
    assert len(days) == SETTINGS.blocks * SETTINGS.block_days
    assert days.stop == date(2024, 4, 30) - timedelta(days=4)


def test_a_version_that_cannot_learn_says_why_and_is_left_out(archive):
    never = SplitSettings(gap_days=300)
    alone = TRAINING.model_copy(update={"split": never, "expert": None})
    rankers = (ThisModel(alone), RandomOrder())
    first, other = live(archive, seasons(archive.days, SETTINGS), rankers, never)
    assert first.why.startswith("there are too few results to learn from (0 hits")
    assert not first.parts
    assert not other.why


def test_own_capacity_is_what_offices_did_before(report, tables):
    from targeting.training.labels import examined

    labels = examined(tables, known_before=day_start(START, ZONE))
    days = labels["lodged_at"].dt.tz_convert(ZONE).dt.date.nunique()
    for office, lines in labels["office_id"].value_counts().items():
        if office in report.found.capacity:
            assert report.found.capacity[office] == max(1, round(lines / days))


def test_the_folder_holds_everything(report):
    names = {path.name for path in report.output.iterdir()}
    assert names == {"backtest.json", "metrics.json", "plots", "report.html", "scores.parquet"}
    told = json.loads((report.output / "metrics.json").read_text(encoding="utf-8"))
    assert told["last_champion__precision_at_capacity_true"] > 0
    assert "report: " in report.text()


def test_figures_count_what_the_scores_say(report, world, truth):
    """The file of scores and the table of figures are two ways to the same number."""
    scores = pq.read_table(report.output / "scores.parquet").to_pandas()
    own = scores[scores["version"] == "last champion"].copy()
    own["day"] = own["lodged_at"].dt.tz_convert(ZONE).dt.date
    own["hit"] = truth.examine(own["declaration_id"])["result"].eq("hit").to_numpy()
    opened = pd.concat(
        part.nlargest(report.found.capacity[str(office)], "score")
        for (office, _), part in own.groupby(["office_id", "day"])
    )
    row = report.found.row("last champion", "capacity")
    assert row.opened == pytest.approx(len(opened))
    assert row.real.hits.value == pytest.approx(opened["hit"].sum(), abs=1.5)  # ties at a cut


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"capacity": {"AZALA": 0}}, "an office opens at least 1 line a day"),
        ({"capacity": 0}, "an office opens at least 1 line a day"),
        ({"shares": [0.01, 0.01]}, "shares are distinct numbers above 0, up to 1"),
        ({"block_day": 7}, "Did you mean block_days"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, told):
    with pytest.raises(ConfigError, match=told):
        parse(BacktestSettings, values, where="configs/backtest.yaml")


def test_the_committed_settings_are_the_defaults():
    path = Path(__file__).parents[2] / "configs" / "backtest.yaml"
    assert load(BacktestSettings, path) == BacktestSettings()
