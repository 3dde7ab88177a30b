"""Tuning as a whole, on worlds where it is known whether a better setting exists."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from targeting.config import (
    FeatureSettings,
    FoldSettings,
    ModelSettings,
    RangeSettings,
    TrainSettings,
    TuneSettings,
    load,
)
from targeting.errors import InputError
from targeting.features.spec import FeatureSpec, registry
from targeting.pipeline.tune import (
    Ground,
    TunedFiles,
    TunePlan,
    TuneReport,
    Verdict,
    conclude,
    search,
)
from targeting.pipeline.tune.files import settings_to_use
from targeting.pipeline.tune.prepare import ReadyFold
from targeting.pipeline.tune.verdict import choice
from targeting.training.block import Block
from targeting.training.folds import cut, periods
from targeting.training.labels import labelled
from targeting.training.tune import Trial

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.training.folds import Period

FEATURES = FeatureSettings(keys=(), categories=("flow",))
SPEC = FeatureSpec(FEATURES, registry(FEATURES), {"flow_level": ("import", "export")})
DAYS, PER_DAY = 140, 24
PLAIN = {"randomised": False, "additive_share": 0.0, "consignment_share": 0.0, "monotone": False}
PRESENT = ModelSettings.model_validate(
    {"trees": 1, "leaves": 2, "learning_rate": 0.05, "column_share": 1.0, "row_share": 1.0}
    | {"threads": 1}
    | {name: value for name, value in PLAIN.items() if name in ModelSettings.model_fields}
)
PLAN = TunePlan(
    FEATURES,
    TrainSettings(model=PRESENT, capacity=4, expert=None),
    TuneSettings(
        trials=6,
        random_trials=3,
        held_out_days=30,
        folds=FoldSettings(count=2, test_days=20, gap_days=2),
        search={
            "trees": RangeSettings(low=1, high=40),
            "leaves": RangeSettings(low=2, high=12),
        },
    ),
)


def ground(*, turns: bool = False, plan: TunePlan = PLAN) -> Ground:
    """A port where two features tell hits; with `turns`, the held-out days are the reverse."""
    draw = np.random.default_rng(11)
    rows = DAYS * PER_DAY
    first = pd.Timestamp("2024-01-01", tz="UTC")
    lodged = first + pd.to_timedelta(np.arange(rows) / PER_DAY, unit="D")
    matrix = np.zeros((rows, len(SPEC.features)), dtype=np.float32)
    matrix[:, :6] = draw.normal(size=(rows, 6))
    matrix[:, -1] = draw.integers(0, 3, rows)
    risk = matrix[:, 0] * np.where(matrix[:, 1] > 0, 1.0, -1.0) + 0.3 * matrix[:, 1]
    if turns:
        risk = np.where(np.arange(rows) / PER_DAY < DAYS - 40, risk, -risk)
    frame = pd.DataFrame(
        {
            "declaration_id": [f"D{at:05}" for at in range(rows)],
            "lodged_at": lodged,
            "office_id": "AZALA",
            "transport_document_id": [f"B{at // 5}" for at in range(rows)],
            "consignee_id": [f"C{at % 700}" for at in range(rows)],
            "consignor_id": None,
        }
    )
    found = frame[["declaration_id", "lodged_at", "office_id"]].assign(
        hit=draw.random(rows) < 1 / (1 + np.exp(2.5 - 2 * risk)),
        known_at=frame["lodged_at"] + pd.Timedelta(hours=30),
        selected_by="random",
        selection_probability=np.nan,
        offence=None,
        revenue_recovered=np.nan,
    )
    return _cut(Block(frame, matrix, SPEC), found, plan)


def _cut(block: Block, found: pd.DataFrame, plan: TunePlan) -> Ground:
    until = datetime(2024, 1, 1, tzinfo=UTC) + pd.Timedelta(days=DAYS)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    tune, ids = plan.tune, block.rows["declaration_id"]
    last = FoldSettings(count=1, test_days=tune.held_out_days, gap_days=tune.folds.gap_days)
    (held,) = periods(last, first=start, until=until)

    def ready(period: Period, end: datetime) -> ReadyFold:
        then = found[found["known_at"] < period.moment].reset_index(drop=True)
        truth = labelled(ids, found[found["known_at"] < end].reset_index(drop=True))
        fold = cut(period, block.rows, then=labelled(ids, then), finally_=truth)
        return ReadyFold(fold, block, SPEC, then, truth)

    folds = tuple(
        ready(one, held.moment) for one in periods(tune.folds, first=start, until=held.moment)
    )
    return Ground(plan, folds, ready(held, until), {}, {"the world": "planted"}, ())


def tuned(world: Ground, folder: Path) -> TuneReport:
    files = TunedFiles(folder / "best.yaml")
    return conclude(world, search(world, files.study), files)


@pytest.fixture(scope="module")
def planted() -> Ground:
    return ground()


@pytest.fixture(scope="module")
def report(planted: Ground, tmp_path_factory: pytest.TempPathFactory) -> TuneReport:
    return tuned(planted, tmp_path_factory.mktemp("tuned"))


def test_a_better_setting_that_exists_is_found_and_recommended(report: TuneReport) -> None:
    verdict = report.verdict

    assert verdict.recommended
    assert verdict.best.found > verdict.default.found
    assert verdict.held_out is not None
    assert verdict.held_out.gain.low is not None
    assert verdict.held_out.gain.low > 0
    used = load(TrainSettings, report.files.settings)
    assert used.model.trees == verdict.best.params["trees"]
    assert used.model.trees > PRESENT.trees
    assert used == PLAN.train.model_copy(update={"model": used.model})
    assert "These are the tuned settings." in report.files.settings.read_text("utf-8")
    assert "Recommended: the gain holds" in report.text()


def test_a_gain_that_does_not_hold_on_the_held_out_days_is_not_recommended(tmp_path: Path) -> None:
    told = tuned(ground(turns=True), tmp_path)

    assert told.verdict.best.found > told.verdict.default.found  # on the folds it was better
    assert not told.verdict.recommended
    assert load(TrainSettings, told.files.settings) == PLAN.train  # so the present settings stay
    assert "Not recommended: the gain on the folds does not hold" in told.text()
    assert "# These are the present settings." in told.files.settings.read_text("utf-8")


def test_no_trial_sees_the_held_out_days(planted: Ground) -> None:
    held = planted.held_out
    assert held is not None
    lodged = held.block.rows["lodged_at"]
    for one in planted.folds:
        seen = one.fold.train | one.fold.test
        assert not (seen & held.fold.test).any()
        assert (lodged[seen] < held.fold.period.moment).all()
        assert (one.truth["known_at"].dropna() < held.fold.period.moment).all()


def test_a_fold_learns_what_was_known_then_in_the_order_of_its_matrix(planted: Ground) -> None:
    ready = planted.folds[0]
    known = ready.known()

    assert (known.labels["known_at"] < ready.fold.period.moment).all()
    assert known.labels["declaration_id"].tolist() == known.block.rows["declaration_id"].tolist()
    assert len(known) == int(ready.fold.train.sum())
    assert ready.fold.purged > 0
    assert not set(known.block.rows["transport_document_id"]) & set(
        ready.judged().block.rows["transport_document_id"]
    )


def test_a_run_stopped_and_resumed_leaves_the_same_files(
    planted: Ground, report: TuneReport, tmp_path: Path
) -> None:
    files = TunedFiles(tmp_path / "best.yaml")
    short = Ground(
        TunePlan(FEATURES, PLAN.train, PLAN.tune.model_copy(update={"trials": 2})),
        planted.folds, planted.held_out, {}, planted.about, (),
    )  # fmt: skip
    search(short, files.study)

    conclude(planted, search(planted, files.study), files)

    for mine, theirs in (
        (files.settings, report.files.settings),
        (files.trials, report.files.trials),
        (files.verdict, report.files.verdict),
        (files.history, report.files.history),
    ):
        assert mine.read_bytes() == theirs.read_bytes(), mine.name


def test_the_files_say_what_was_tried_and_judged(report: TuneReport, planted: Ground) -> None:
    trials = pd.read_csv(report.files.trials)
    verdict = json.loads(report.files.verdict.read_text("utf-8"))

    assert trials["trial"].tolist() == list(range(6))
    assert (trials.loc[0, "trees"], trials.loc[0, "state"]) == (PRESENT.trees, "complete")
    whole = trials[trials["state"] == "complete"]
    assert np.allclose(whole["found"], whole["found_fold_1"] + whole["found_fold_2"])
    assert verdict["recommended"]
    assert [one["purged_lines"] for one in verdict["folds"]] == [
        one.fold.purged for one in planted.folds
    ]
    assert report.files.history.read_bytes().startswith(b"\x89PNG")
    assert choice(planted) == (40, 40)


def test_nothing_can_be_tuned_where_every_examined_line_is_opened(
    planted: Ground, tmp_path: Path
) -> None:
    wide = TunePlan(FEATURES, PLAN.train.model_copy(update={"capacity": 99}), PLAN.tune)
    everything = Ground(wide, planted.folds, planted.held_out, {}, {}, ())

    with pytest.raises(InputError, match="every examined line is opened"):
        search(everything, tmp_path / "study.db")


def test_hits_are_counted_at_the_capacity_of_tuning_where_it_has_one(planted: Ground) -> None:
    wide = PLAN.train.model_copy(update={"capacity": 99})
    own = TunePlan(FEATURES, wide, PLAN.tune.model_copy(update={"capacity": 3}))

    assert choice(Ground(own, planted.folds, planted.held_out, {}, {}, ())) == (40, 40)
    assert settings_to_use(wide, Verdict(*[_trial()] * 2, why="")).capacity == 99


def _trial() -> Trial:
    return Trial(0, {}, (), pruned=False, seconds=0.0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_trials_are_nested_runs_and_a_resumed_study_logs_only_new_ones(
    planted: Ground, report: TuneReport, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    from targeting.tracking import Store

    store = Store.local(tmp_path / "mlflow")
    (tmp_path / "mlflow").mkdir()
    first = conclude(planted, report.trials[:3], report.files, store=store)
    again = conclude(planted, report.trials, report.files, store=store)

    assert first.run_id == again.run_id
    client = MlflowClient(tracking_uri=store.uri)
    experiment = client.get_run(str(again.run_id)).info.experiment_id
    nested = client.search_runs(
        [experiment], f"tags.`mlflow.parentRunId` = '{again.run_id}'", max_results=100
    )
    assert sorted(int(one.data.tags["trial"]) for one in nested) == list(range(6))
    by_number = {int(one.data.tags["trial"]): one.data for one in nested}
    assert by_number[0].params["trees"] == str(PRESENT.trees)
    assert by_number[0].metrics["hits_at_capacity"] == pytest.approx(report.trials[0].value)
