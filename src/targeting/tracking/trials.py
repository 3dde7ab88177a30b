"""What a study of settings leaves in MLflow: one run, and one nested run for each trial."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from targeting.tracking.names import CHOSEN_BY, Step, series
from targeting.tracking.runs import Run, below, started
from targeting.tracking.store import connected, experiment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run as Logged

    from targeting.tracking.store import Store

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting tried.

    Parameters
    ----------
    number
        Its number in the study.
    params
        The settings tried.
    value
        The figure to maximise; None when the trial did not come to one.
    seconds
        How long it took.
    state
        How it ended.
    steps
        The figure on each fold it came to, by the fold's number.
    """

    number: int
    params: Mapping[str, object]
    value: float | None
    seconds: float
    state: Literal["complete", "pruned", "failed"]
    steps: Mapping[int, float] = field(default_factory=dict)


def log_trials(
    study: str,
    trials: Sequence[Trial],
    *,
    store: Store,
    params: Mapping[str, object] | None = None,
    datasets: Mapping[str, str] | None = None,
    metric: str = CHOSEN_BY,
) -> str:
    """Log a study and its trials as nested runs; what was logged before is not logged again.

    So it can be called after every trial, and again after a study was stopped and resumed.

    Parameters
    ----------
    study
        Its name: a study of the same name is continued.
    trials
        All trials of the study so far.
    store
        Where.
    params
        Settings of the study itself; logged once. `tables` says what to call the tables.
    datasets
        SHA-256 of each table read; logged once.
    metric
        What the value of a trial is a figure of.

    Returns
    -------
    str
        MLflow's id of the study's run.

    Raises
    ------
    InputError
        If the store cannot be reached.
    """
    with connected(store) as client:
        known = _study(client, store, study)
        if known is None:
            known = _begin(client, store, study, params or {}, datasets or {})
        logged = _logged(client, store, known)
        for trial in trials:
            if trial.number not in logged:
                _log_trial(client, store, known, trial, metric)
        _sum_up(Run(client, experiment(client, store), known, "tune"), trials, metric)
        return known


def _study(client: MlflowClient, store: Store, study: str) -> str | None:
    runs = _search(client, store, "tags.kind = 'tune'")
    same = [one for one in runs if one.data.tags.get("study") == study]
    return same[0].info.run_id if same else None


def _begin(
    client: MlflowClient,
    store: Store,
    study: str,
    params: Mapping[str, object],
    datasets: Mapping[str, str],
) -> str:
    with started(client, store, "tune", f"tune {study}", {"study": study}) as run:
        run.settings(params)
        run.data(datasets, str(params.get("tables", "tables")))
        return run.run_id


def _logged(client: MlflowClient, store: Store, study_run: str) -> set[int]:
    """Numbers of the trials that were logged to the end; one half logged is taken out."""
    numbers = set()
    for one in _search(client, store, f"tags.`mlflow.parentRunId` = '{study_run}'"):
        if "state" in one.data.tags:
            numbers.add(int(one.data.tags["trial"]))
        else:
            client.delete_run(one.info.run_id)
    return numbers


def _search(client: MlflowClient, store: Store, wanted: str) -> list[Logged]:
    found: list[Logged] = []
    token = None
    while True:
        page = client.search_runs(
            [experiment(client, store)], wanted, max_results=_PAGE, page_token=token
        )
        found += page
        token = page.token
        if not token:
            return found


def _log_trial(
    client: MlflowClient, store: Store, study_run: str, trial: Trial, metric: str
) -> None:
    tags = below(study_run) | {"trial": str(trial.number)}
    with started(client, store, "tune", f"trial {trial.number}", tags) as run:
        run.settings(trial.params)
        folds = tuple(Step(at, value) for at, value in sorted(trial.steps.items()))
        whole = {} if trial.value is None else {metric: trial.value}
        run.figures({series("by_fold", metric): folds, "seconds": trial.seconds, **whole})
        client.set_tag(run.run_id, "state", trial.state)  # last: the trial is logged to the end
    if trial.state == "failed":
        client.set_terminated(run.run_id, "FAILED")


def _sum_up(run: Run, trials: Sequence[Trial], metric: str) -> None:
    """Show on the study's run how it went, and its best trial."""
    done = [(one, one.value) for one in trials if one.state == "complete" and one.value is not None]
    run.figures(
        {
            series("by_trial", metric): tuple(Step(one.number, value) for one, value in done),
            "trials": len(trials),
            "trials_pruned": sum(one.state == "pruned" for one in trials),
        }
    )
    if not done:
        return
    best, value = max(done, key=lambda pair: (pair[1], -pair[0].number))
    run.figures({metric: value})
    run.client.set_tag(run.run_id, "best_trial", str(best.number))
    text = json.dumps(dict(best.params), sort_keys=True, default=str)
    run.client.set_tag(run.run_id, "best_params", text)
