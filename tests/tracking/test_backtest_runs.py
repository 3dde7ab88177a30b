"""A backtest in MLflow: one run, and one below it for each version, under the same names."""

from __future__ import annotations

from datetime import date

import mlflow
import pytest
from tests.small_world import PLAN

from targeting.config import BacktestSettings, SplitSettings
from targeting.pipeline.backtest import Asked, backtest
from targeting.tables.folder import TablesFolder
from targeting.tracking import Store
from targeting.training.baselines import RandomOrder

SPLIT = SplitSettings(gap_days=4, calibration_days=20)


@pytest.fixture(scope="module")
def logged(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lived")
    asked = Asked(
        BacktestSettings(shares=(0.1,)),
        PLAN.features,
        PLAN.settings.model_copy(update={"split": SPLIT}),
        start=date(2024, 4, 1),
        stop=date(2024, 4, 15),
        rankers=(RandomOrder(),),
    )
    store = Store.local(folder / "store")
    (folder / "store").mkdir()
    tables = TablesFolder.open(world.tables.path)
    report = backtest(tables, folder / "backtest", asked, store=store)
    return report, mlflow.MlflowClient(store.uri)


def test_a_run_holds_one_below_it_for_each_version(logged):
    report, client = logged
    run = client.get_run(report.run_id)
    below = client.search_runs(
        [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{report.run_id}'"
    )
    assert {one.info.run_name for one in below} == {"this model", "random"}
    own = next(one for one in below if one.info.run_name == "this model")
    expected = report.found.metrics_of("this model")
    assert expected.items() <= own.data.metrics.items()
    assert expected.items() <= run.data.metrics.items()
    assert run.data.params["backtest.block_days"] == "7"


def test_hits_are_followed_week_by_week(logged):
    report, client = logged
    steps = client.get_metric_history(report.run_id, "by_week/found_so_far_at_capacity")
    assert [step.step for step in steps] == [0, 1]
    found = [block.found for block in report.found.versions[0].blocks]
    assert steps[-1].value == pytest.approx(sum(found))
