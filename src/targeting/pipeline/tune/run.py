"""The steps of a tuning run, one after the other or each on its own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting import tracking
from targeting.pipeline.steps import Steps
from targeting.pipeline.tune.files import TunedFiles, summary, write_files
from targeting.pipeline.tune.prepare import prepare_ground
from targeting.pipeline.tune.verdict import judge_trials, live_folds
from targeting.tables.output import require_file
from targeting.training.tune import Question, run_trials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from targeting.pipeline.tune.prepare import Ground, TunePlan
    from targeting.pipeline.tune.verdict import Verdict
    from targeting.tables.folder import TablesFolder
    from targeting.tracking import Store
    from targeting.training.tune import Trial

METRIC = "hits_at_capacity"
"""What a trial's value is called in MLflow."""


@dataclass(frozen=True, slots=True)
class TuneReport:
    """What a tuning run found and wrote.

    Parameters
    ----------
    verdict
        Default against best.
    trials
        All trials, in order.
    files
        What was written.
    lines
        The same in words.
    run_id
        MLflow's id of the study's run; None when it was not logged.
    """

    verdict: Verdict
    trials: tuple[Trial, ...]
    files: TunedFiles
    lines: tuple[str, ...]
    run_id: str | None

    def text(self) -> str:
        """Return what a command prints when tuning is done."""
        told = [
            *self.lines,
            f"settings {self.files.settings}",
            f"trials   {self.files.trials}",
            f"history  {self.files.history}",
        ]
        if self.run_id is not None:
            told.append(f"MLflow run {self.run_id}")
        return "\n".join(told)


def tune(
    tables: TablesFolder,
    output: Path,
    *,
    plan: TunePlan,
    storage: Path | None = None,
    store: Store | None = None,
) -> TuneReport:
    """Search better settings, and say whether they hold on days no trial has seen.

    Parameters
    ----------
    tables
        Declarations and inspections.
    output
        The settings file to write; trials, history and verdict lie beside it.
    plan
        What to tune.
    storage
        SQLite file of the study, which is gone on with when it is there; None keeps it beside
        the output.
    store
        Where to log the trials; None does not.

    Returns
    -------
    TuneReport
        The verdict, the trials and the files.

    Raises
    ------
    InputError
        If there is too little history, or the study is of something else.
    ConfigError
        If the present settings lie outside the ranges searched.
    """
    files = TunedFiles(output)
    require_ready(files, store)
    ground = prepare_ground(tables, plan, steps=Steps())
    trials = search(ground, storage or files.study)
    return conclude(ground, trials, files, store=store)


def require_ready(files: TunedFiles, store: Store | None) -> None:
    """Make sure the results can be kept before hours are spent on them.

    Parameters
    ----------
    files
        Where they will be written.
    store
        Where they will be logged; None does not.

    Raises
    ------
    OutputError
        If a file cannot be written.
    InputError
        If the store cannot be reached.
    """
    for path in (files.settings, files.trials, files.history, files.verdict):
        require_file(path)
    if store is not None:
        tracking.require_reachable(store)


def search(
    ground: Ground,
    storage: Path,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Trial, ...]:
    """Try settings on the folds until the study has its number of trials.

    Parameters
    ----------
    ground
        What the tuning stands on.
    storage
        SQLite file of the study; one that is there is gone on with.
    progress
        Told trials done and wanted.
    """
    return run_trials(_question(ground), storage, live_folds(ground), progress=progress)


def conclude(
    ground: Ground, trials: Sequence[Trial], files: TunedFiles, *, store: Store | None = None
) -> TuneReport:
    """Judge the best trial on the held-out block, and write and log everything.

    Parameters
    ----------
    ground
        What the tuning stood on.
    trials
        From `search`.
    files
        Where to write.
    store
        Where to log the trials; None does not.
    """
    verdict = judge_trials(ground, trials)
    write_files(files, ground, trials, verdict)
    run_id = None if store is None else _log(ground, trials, files, store)
    lines = tuple(summary(ground, trials, verdict))
    return TuneReport(verdict, tuple(trials), files, lines, run_id)


def _question(ground: Ground) -> Question:
    plan = ground.plan
    return Question(plan.tune, plan.train.model, len(ground.folds), ground.about)


def _log(ground: Ground, trials: Sequence[Trial], files: TunedFiles, store: Store) -> str:
    """Log the trials; the same study, gone on with, is the same run."""
    identity = json.dumps(_question(ground).identity(), sort_keys=True)
    name = f"{files.settings.stem} {hashlib.sha256(identity.encode()).hexdigest()[:8]}"
    plan = ground.plan
    params = {
        f"{group}.{name}": value
        for group, settings in (
            ("train", plan.train),
            ("train.model", plan.train.model),
            ("tune", plan.tune),
            ("tune.folds", plan.tune.folds),
        )
        for name, value in settings.model_dump(mode="json").items()
        if name not in {"model", "split", "folds"}
    }
    logged = [
        tracking.Trial(
            number=one.number,
            params=one.params,
            value=None if one.pruned else one.value,
            seconds=one.seconds,
            state=one.state,
            steps=dict(enumerate(one.steps, start=1)),
        )
        for one in trials
    ]
    return tracking.log_trials(
        name, logged, store=store, params=params, datasets=ground.digests, metric=METRIC
    )
