"""Every kind of run is laid out alike: tags, figures, data, files, and runs below it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.evaluation.findings import Evaluation
from targeting.tracking import (
    Step,
    Store,
    Trial,
    log_evaluation,
    log_trials,
    series,
)
from targeting.tracking.names import CHOSEN_BY, HEADLINES, KINDS, SERIES, checked
from targeting.tracking.store import connected

if TYPE_CHECKING:
    from mlflow.entities import Run

    from targeting.tracking import Tracked, TrainingRecord

PARENT = "mlflow.parentRunId"
TRIALS = (
    Trial(0, {"trees": 100}, 0.2, 1.5, "complete", {1: 0.1, 2: 0.3}),
    Trial(1, {"trees": 200}, 0.4, 2.5, "complete", {1: 0.3, 2: 0.5}),
    Trial(2, {"trees": 900}, None, 0.5, "pruned", {1: 0.05}),
)


@pytest.fixture(scope="module")
def template(
    trained: tuple[Store, Tracked, Tracked], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An empty store; making one takes MLflow seconds, copying it none."""
    assert trained[1].version == "1"
    folder = tmp_path_factory.mktemp("empty")
    with connected(Store.local(folder)) as client:
        client.search_experiments()
    return folder / "mlflow.db"


@pytest.fixture
def empty(template: Path, tmp_path: Path) -> Store:
    (tmp_path / "mlflow.db").write_bytes(template.read_bytes())
    return Store.local(tmp_path)


def client_of(store: Store) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)


def runs_of(store: Store) -> list[Run]:
    client = client_of(store)
    found = client.get_experiment_by_name("targeting")
    return list(client.search_runs([found.experiment_id])) if found else []


def logged(record: TrainingRecord, store: Store, **changed: object) -> Run:
    asked = {
        "folder": record.bundle / "evaluation",
        "metrics": record.metrics,
        "params": {"bundle_id": record.bundle_id, "tables": "world", "capacity": 5},
        "datasets": record.datasets,
        "store": store,
    }
    run_id = log_evaluation("evaluate", **asked | changed)  # type: ignore[arg-type]
    return client_of(store).get_run(run_id)


def test_a_judgement_keeps_tags_settings_figures_and_data(
    record: TrainingRecord, empty: Store
) -> None:
    run = logged(record, empty)

    assert run.info.status == "FINISHED"
    assert run.info.run_name == f"evaluate {record.bundle_id}"
    assert run.data.tags["kind"] == "evaluate"
    assert run.data.tags["bundle_id"] == record.bundle_id
    assert run.data.tags["mlflow.source.name"] == "targeting evaluate"
    assert run.data.params["capacity"] == "5"
    whole = {name: value for name, value in run.data.metrics.items() if "/" not in name}
    assert whole == pytest.approx(dict(record.metrics))
    assert run.inputs is not None
    (one, other) = run.inputs.dataset_inputs
    assert [json.loads(str(each.dataset.profile))["sha256"] for each in (one, other)] == [
        record.datasets[each.dataset.name] for each in (one, other)
    ]
    assert json.loads(one.dataset.source) == {"uri": "world"}
    assert {tag.key: tag.value for tag in one.tags} == {"mlflow.data.context": "evaluation"}


def test_its_files_open_and_its_tables_are_tables_of_mlflow(
    record: TrainingRecord, empty: Store
) -> None:
    run, client = logged(record, empty), client_of(empty)
    plots = {path.stem for path in (record.bundle / "evaluation" / "plots").glob("*.csv")}

    inside = {one.path for one in client.list_artifacts(run.info.run_id, "evaluation")}
    tables = {one.path for one in client.list_artifacts(run.info.run_id, "tables")}
    told = json.loads(run.data.tags["mlflow.loggedArtifacts"])

    assert "evaluation/report.html" in inside
    assert tables == {f"tables/{name}.json" for name in plots}
    assert {one["path"] for one in told} == tables
    assert {one["type"] for one in told} == {"table"}


def test_figures_by_day_are_curves_whose_time_is_the_day(
    record: TrainingRecord, empty: Store
) -> None:
    run = logged(record, empty)
    text = (record.bundle / "evaluation" / "evaluation.json").read_text(encoding="utf-8")
    days = [row for row in json.loads(text)["at_capacity"]["by_day"] if row["opened"]]

    curve = client_of(empty).get_metric_history(
        run.info.run_id, series("by_day", "precision_at_capacity")
    )

    assert [one.value for one in curve] == pytest.approx(
        [row["found"] / row["opened"] for row in days]
    )
    assert curve[0].step == 1
    first = date.fromisoformat(days[0]["day"])
    assert [one.step for one in curve] == [
        (date.fromisoformat(row["day"]) - first).days + 1 for row in days
    ]
    assert mlflow_day(curve[-1].timestamp) == days[-1]["day"]


def mlflow_day(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp / 1000, UTC).date().isoformat()


def test_a_judgement_of_a_registered_bundle_is_tied_to_its_model(
    trained: tuple[Store, Tracked, Tracked], record: TrainingRecord, tmp_path: Path
) -> None:
    (tmp_path / "mlflow.db").write_bytes(
        Path(trained[0].uri.removeprefix("sqlite:///")).read_bytes()
    )
    store = Store.local(tmp_path)

    run = logged(record, store, folder=None)
    version = client_of(store).get_model_version("targeting", "2")
    model_id = str(version.source).removeprefix("models:/")

    assert run.inputs is not None
    assert [one.model_id for one in run.inputs.model_inputs] == [model_id]
    figures = client_of(store).get_logged_model(model_id).metrics or []
    assert {one.run_id for one in figures} == {run.info.run_id, trained[2].run_id}


def test_a_run_can_stand_below_another(record: TrainingRecord, empty: Store) -> None:
    above = logged(record, empty, name="the year", params={})
    below = logged(
        record, empty, folder=None, name="newest consignee", parent=above.info.run_id,
        metrics={series("by_week", "precision_at_capacity"): (Step(1, 0.2), Step(2, 0.4))},
    )  # fmt: skip

    assert below.data.tags[PARENT] == above.info.run_id
    assert PARENT not in above.data.tags
    assert below.data.metrics == {"by_week/precision_at_capacity": 0.4}
    assert (above.info.run_name, below.info.run_name) == ("the year", "newest consignee")


@pytest.mark.parametrize(
    "name", ["AUC", "by_moon/auc", "by_day/auc", "precision at capacity", "", "2_pct"]
)
def test_a_name_of_our_own_is_refused_and_the_run_is_marked_as_failed(
    record: TrainingRecord, empty: Store, name: str
) -> None:
    with pytest.raises(ValueError, match="not names of figures"):
        logged(record, empty, metrics={name: 0.5}, folder=None)

    assert [one.info.status for one in runs_of(empty)] == ["FAILED"]


def test_a_figure_that_could_not_be_computed_is_absent(
    record: TrainingRecord, empty: Store
) -> None:
    run = logged(record, empty, metrics={"auc": float("nan"), "brier": 0.1}, folder=None)

    assert run.data.metrics == {"brier": 0.1}


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), st.floats()))
def test_checking_keeps_every_finite_figure_at_step_0(figures: dict[str, float]) -> None:
    kept = checked(figures)

    for name, value in figures.items():
        finite = value - value == 0
        assert kept.get(name) == ((Step(0, value),) if finite else None)
    assert list(kept) == sorted(kept)


def test_the_figures_of_an_evaluation_have_the_names_a_page_tells_first(
    record: TrainingRecord,
) -> None:
    named = {*record.metrics, "lift_over_random_at_capacity", "precision_at_5pct"}

    assert set(HEADLINES) <= named
    assert hasattr(Evaluation, "flat_metrics")
    assert set(checked(record.metrics)) == set(record.metrics)
    assert CHOSEN_BY in HEADLINES
    assert set(KINDS) == {"train", "evaluate", "backtest", "compare", "tune"}
    assert set(SERIES) == {"by_day", "by_week", "by_fold", "by_trial"}


def test_the_page_of_a_run_tells_its_figures_in_words(record: TrainingRecord, empty: Store) -> None:
    note = logged(record, empty).data.tags["mlflow.note.content"]

    assert f"| Hits per opened line at capacity | {record.metrics[CHOSEN_BY]:.3f}" in note


def test_a_study_is_one_run_with_its_trials_below(empty: Store) -> None:
    study = log_trials(
        "spring", TRIALS, store=empty, params={"seed": 7}, datasets={"declarations": "a" * 64}
    )

    client = client_of(empty)
    above = client.get_run(study)
    below = {one.data.tags["trial"]: one for one in runs_of(empty) if PARENT in one.data.tags}
    assert (above.info.run_name, above.data.params["seed"]) == ("tune spring", "7")
    assert above.inputs is not None
    assert above.inputs.dataset_inputs[0].dataset.digest == "a" * 36
    assert above.data.metrics == {
        CHOSEN_BY: 0.4, f"by_trial/{CHOSEN_BY}": 0.4, "trials": 3, "trials_pruned": 1,
    }  # fmt: skip
    assert above.data.tags["best_trial"] == "1"
    assert json.loads(above.data.tags["best_params"]) == {"trees": 200}
    assert {one.data.tags[PARENT] for one in below.values()} == {study}
    assert [below[str(at)].data.tags["state"] for at in range(3)] == [
        "complete", "complete", "pruned",
    ]  # fmt: skip
    assert below["2"].data.metrics == {f"by_fold/{CHOSEN_BY}": 0.05, "seconds": 0.5}
    folds = client.get_metric_history(below["1"].info.run_id, f"by_fold/{CHOSEN_BY}")
    assert [(one.step, one.value) for one in folds] == [(1, 0.3), (2, 0.5)]


def test_a_study_gone_on_with_logs_new_trials_only(empty: Store) -> None:
    study = log_trials("spring's", TRIALS[:2], store=empty)
    before = {one.info.run_id for one in runs_of(empty)}

    again = log_trials("spring's", TRIALS, store=empty)
    third = log_trials("spring's", TRIALS, store=empty)

    after = {one.info.run_id for one in runs_of(empty)}
    assert study == again == third
    assert before < after
    assert len(after - before) == 1


def test_a_trial_half_logged_is_logged_anew(empty: Store) -> None:
    study = log_trials("spring", TRIALS[:1], store=empty)
    where = runs_of(empty)[0].info.experiment_id
    half = client_of(empty).create_run(where, tags={PARENT: study, "trial": "1", "kind": "tune"})

    log_trials("spring", TRIALS[:2], store=empty)

    numbers = [one.data.tags["trial"] for one in runs_of(empty) if PARENT in one.data.tags]
    assert sorted(numbers) == ["0", "1"]
    assert half.info.run_id not in {one.info.run_id for one in runs_of(empty)}


def test_a_trial_that_failed_is_marked_so(empty: Store) -> None:
    log_trials("x", [Trial(0, {}, None, 0.1, "failed")], store=empty)

    states = {one.info.run_name: one.info.status for one in runs_of(empty)}
    assert states == {"tune x": "FINISHED", "trial 0": "FAILED"}


def test_a_long_list_of_settings_is_logged_whole(record: TrainingRecord, empty: Store) -> None:
    many = {f"p{at}": at for at in range(250)}

    assert len(logged(record, empty, params=many, folder=None).data.params) == 250
