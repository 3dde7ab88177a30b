"""One run of any kind: its tags, settings, figures, data and files, laid out alike."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from targeting.tracking.names import Step, checked, headline, series
from targeting.tracking.store import experiment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from mlflow import MlflowClient
    from mlflow.entities import Metric

    from targeting.tracking.names import Curve, Kind
    from targeting.tracking.store import Store

_T = TypeVar("_T")
_LONGEST_PARAM = 6000
_BATCH = 100
"""Settings and tags MLflow takes in one call; of metrics it takes ten times as many."""

FOLDERS: dict[str, str] = {"train": "evaluation", "evaluate": "evaluation"}
"""Where a run keeps the files of its folder; any other kind under its own name."""


@dataclass(frozen=True, slots=True)
class Run:
    """An open run.

    Parameters
    ----------
    client
        Of the store.
    experiment
        Id of the experiment.
    run_id
        MLflow's id of the run.
    kind
        What was done.
    """

    client: MlflowClient
    experiment: str
    run_id: str
    kind: Kind

    def settings(self, params: Mapping[str, object]) -> None:
        """Log settings; a very long one is cut.

        Parameters
        ----------
        params
            By name.
        """
        from mlflow.entities import Param

        logged = (
            Param(name, str(value)[:_LONGEST_PARAM]) for name, value in sorted(params.items())
        )
        for some in _batches(logged, _BATCH):
            self.client.log_batch(self.run_id, params=some)

    def figures(self, figures: Mapping[str, float | Curve], model_id: str | None = None) -> None:
        """Log figures under checked names, and the first of them in words on the run's page.

        Parameters
        ----------
        figures
            By name; see `targeting.tracking.names.checked`.
        model_id
            The logged model they are figures of, if any.
        """
        now = _milliseconds(datetime.now(UTC))
        points = _points(checked(figures), now, model_id)
        for some in _batches(points, 10 * _BATCH):
            self.client.log_batch(self.run_id, metrics=some)
        told = headline(figures)
        if told:
            self.client.set_tag(self.run_id, "mlflow.note.content", told)

    def data(self, datasets: Mapping[str, str], source: str) -> None:
        """Log what was read, by digest.

        Parameters
        ----------
        datasets
            SHA-256 of each table.
        source
            What to call the tables: a path without a trader's name.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag

        context = "training" if self.kind in {"train", "tune"} else "evaluation"
        inputs = [
            DatasetInput(
                Dataset(
                    name=name,
                    digest=digest[:36],
                    source_type="local",
                    source=json.dumps({"uri": source}),
                    profile=json.dumps({"sha256": digest}),
                ),
                [InputTag("mlflow.data.context", context)],
            )
            for name, digest in sorted(datasets.items())
        ]
        if inputs:
            self.client.log_inputs(self.run_id, inputs)

    def files(self, folder: Path) -> None:
        """Log the files of a result: report, plots, figures; and its tables so that they open.

        Parameters
        ----------
        folder
            As an evaluation leaves it; each CSV file also becomes a table of MLflow's.
        """
        self.client.log_artifacts(self.run_id, str(folder), FOLDERS.get(self.kind, self.kind))
        for path in sorted(folder.rglob("*.csv")):
            self._table(path)

    def _table(self, path: Path) -> None:
        import pandas as pd

        rows = pd.read_csv(path)
        self.client.log_table(self.run_id, rows, f"tables/{path.stem}.json")


@contextmanager
def started(
    client: MlflowClient, store: Store, kind: Kind, name: str, tags: Mapping[str, str]
) -> Iterator[Run]:
    """Open a run and close it as finished, or as failed when the block raises.

    Parameters
    ----------
    client, store
        Where.
    kind
        What was done.
    name
        What the list of runs shows.
    tags
        More tags, such as the run above this one.

    Yields
    ------
    Run
        To log into.
    """
    where = experiment(client, store)
    shown = {"kind": kind, "mlflow.source.name": f"targeting {kind}", "mlflow.source.type": "JOB"}
    made = client.create_run(where, run_name=name, tags={**shown, **tags})
    run, status = Run(client, where, made.info.run_id, kind), "FAILED"
    try:
        yield run
        status = "FINISHED"
    finally:
        client.set_terminated(run.run_id, status)


def below(parent: str | None) -> dict[str, str]:
    """Return the tag that nests a run under another; none for a run of its own.

    Parameters
    ----------
    parent
        Run id.

    Examples
    --------
    >>> below("0af3")
    {'mlflow.parentRunId': '0af3'}
    """
    return {} if parent is None else {"mlflow.parentRunId": parent}


def curves_of(folder: Path) -> dict[str, Curve]:
    """Read what an evaluation found day by day.

    Parameters
    ----------
    folder
        With `evaluation.json`, as `targeting.evaluation.report.write_evaluation` leaves it.

    Returns
    -------
    dict
        Series by name; empty when the folder holds no evaluation.
    """
    path = folder / "evaluation.json"
    if not path.is_file():
        return {}
    days = json.loads(path.read_text(encoding="utf-8"))["at_capacity"]["by_day"]
    opened = [row for row in days if row["opened"]]
    if not opened:
        return {}
    return {
        series("by_day", "precision_at_capacity"): _curve(opened, "found"),
        series("by_day", "attainable_at_capacity"): _curve(opened, "attainable"),
    }


def _curve(days: list[dict[str, float | str]], name: str) -> Curve:
    """Share of the lines opened on each day; a day without one is left out but counted."""
    dates = [date.fromisoformat(str(row["day"])) for row in days]
    return tuple(
        Step((day - dates[0]).days + 1, float(row[name]) / float(row["opened"]), day)
        for day, row in zip(dates, days, strict=True)
    )


def _points(curves: Mapping[str, Curve], now: int, model_id: str | None) -> Iterator[Metric]:
    from mlflow.entities import Metric

    for name, curve in curves.items():
        for step in curve:
            when = now if step.day is None else _midnight(step.day)
            yield Metric(name, step.value, when, step.number, model_id=model_id)


def _midnight(day: date) -> int:
    return _milliseconds(datetime.combine(day, time(), UTC))


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
