"""`targeting demo`: the whole job on a simulated corridor, with no data of one's own."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from targeting.config import FeatureSettings, ShortlistSettings, TrainSettings
from targeting.evaluation.intervals import wilson
from targeting.evaluation.run import evaluate_scores
from targeting.features.engine import Reader
from targeting.pipeline import Plan, Step, Steps, TrainingReport, train
from targeting.scoring.scorer import Scorer
from targeting.scoring.scores import Scores, write_scores
from targeting.shortlist.make import make_shortlist
from targeting.simulate import preset, simulate
from targeting.tables.check import require
from targeting.tables.folder import TablesFolder
from targeting.tables.output import staged_file
from targeting.tracking import Store, resolved

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from targeting.simulate import SimulateSettings

NEXT_DAYS = 14
"""Days scored after the cut-off."""

TIME_ZONE = "Asia/Baku"
TRAINING = TrainSettings(capacity=2)  # a few a day: about what the simulated officers open
FEATURES = FeatureSettings(time_zone=TIME_ZONE)
SHORTLIST = ShortlistSettings(time_zone=TIME_ZONE, random_share=0.1)


@dataclass(frozen=True, slots=True)
class TruthCheck:
    """What the simulated world knows of the list: no real port ever learns this.

    Parameters
    ----------
    listed, would_be_found
        Lines on the list, and those in which a full examination would find something.
    lodged, illicit
        All lines of the same days, and those in which it would.
    """

    listed: int
    would_be_found: int
    lodged: int
    illicit: int


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo made, and where it is.

    Parameters
    ----------
    output
        The folder.
    training
        Bundle, figures and run.
    first, last
        Local days scored; `last` is exclusive.
    truth
        The list against the world's own truth.
    steps
        Time and memory of each step.
    """

    output: Path
    training: TrainingReport
    first: date
    last: date
    truth: TruthCheck
    steps: tuple[Step, ...]

    def text(self) -> str:
        """Return the closing words of the demo."""
        return "\n".join([*self._times(), "", *self._learnt(), "", *self._places()])

    def _times(self) -> list[str]:
        lines = [f"  {s.name:<34}{s.seconds:>8.1f} s{s.peak_mb:>9,.0f} MiB" for s in self.steps]
        total = sum(step.seconds for step in self.steps)
        head = f"  {'step':<34}{'time':>10}{'peak memory':>13}"
        return [head, *lines, f"  {'all':<34}{total:>8.1f} s"]

    def _learnt(self) -> list[str]:
        truth = self.truth
        listed, random = truth.would_be_found / truth.listed, truth.illicit / truth.lodged
        interval = wilson(truth.would_be_found, truth.listed)
        return [
            *self.training.headline(),
            "",
            f"The list of {self.first} to {self.last - timedelta(days=1)} against the truth of "
            "this simulated world, which no real port ever learns:",
            f"  {'precision at capacity':<38}{listed:.1%} ({interval.low:.1%} to "
            f"{interval.high:.1%}): an examination would find something in "
            f"{truth.would_be_found} of {truth.listed} lines",
            f"  {'all lines lodged':<38}{random:.1%} of {truth.lodged:,}",
            f"  {'lift over random':<38}{listed / random:.1f}",
        ]

    def _places(self) -> list[str]:
        here = self.output
        database = (here / "mlflow.db").as_posix()
        return [
            f"Shortlist   {here / 'shortlist'}   (.xlsx, .csv, .parquet, .html)",
            f"            xdg-open {here / 'shortlist' / 'shortlist.html'}",
            f"Report      {here / 'bundle' / 'evaluation' / 'report.html'}",
            f"            xdg-open {here / 'bundle' / 'evaluation' / 'report.html'}",
            f"Bundle      {here / 'bundle'}   (id {self.training.bundle_id})",
            f"            cat {here / 'bundle' / 'MODEL_CARD.md'}",
            f"MLflow      {database}",
            f"            .venv/bin/mlflow ui --backend-store-uri sqlite:///{database}",
        ]


def run_demo(
    output: Path,
    *,
    world: SimulateSettings | None = None,
    settings: TrainSettings | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> DemoReport:
    """Simulate, check, train, evaluate, register, score the next days and list them.

    Parameters
    ----------
    output
        Folder to fill; what an earlier demo left there is replaced.
    world
        The simulated corridor; None is the preset `demo`.
    settings
        How to train; None is `TRAINING`.
    tell
        Told what is going on.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    steps = Steps(tell)
    with steps.step("simulate"):
        simulate(world or preset("demo"), output / "world" / "tables")
    tables = TablesFolder.open(output / "world" / "tables")
    with steps.step("check"):
        require(tables)
    last = Reader(tables, TIME_ZONE, ()).span()[1] + timedelta(days=1)
    first = last - timedelta(days=NEXT_DAYS)
    store = Store.local(output)
    plan = Plan(FEATURES, settings or TRAINING, first)
    training = train(tables, output / "bundle", plan=plan, store=store, steps=steps)
    scores = _score(tables, store, output, first=first, last=last, steps=steps)
    with steps.step("shortlist"):
        make_shortlist(
            scores, tables, capacity=plan.settings.capacity, settings=SHORTLIST,
            output=output / "shortlist",
        )  # fmt: skip
    with steps.step("evaluate the days scored"):
        evaluate_scores(scores, tables, output / "report", capacity=plan.settings.capacity)
    report = DemoReport(output, training, first, last, _truth(output, scores), tuple(steps.done))
    _write(report)
    return report


def _score(
    tables: TablesFolder, store: Store, output: Path, *, first: date, last: date, steps: Steps
) -> Scores:
    """Score as a port would: with what the registry hands out."""
    with steps.step("score"), resolved("models:/targeting@challenger", store) as folder:
        scores = Scorer.load(folder).score(tables, start=first, stop=last, progress=steps.tell)
        write_scores(scores, output / "scores.parquet")
    return scores


def _truth(output: Path, scores: Scores) -> TruthCheck:
    world = pq.read_table(
        output / "world" / "truth.parquet", columns=["declaration_id", "would_be_found"]
    ).to_pandas()
    found = world.set_index("declaration_id")["would_be_found"]
    listed = pq.read_table(output / "shortlist" / "shortlist.parquet", columns=["declaration_id"])
    on_list = found.loc[listed["declaration_id"].to_pylist()]
    lodged = found.loc[scores.rows["declaration_id"]]
    return TruthCheck(len(on_list), int(on_list.sum()), len(lodged), int(lodged.sum()))


def _write(report: DemoReport) -> None:
    """Leave the times and the truth behind for programs."""
    content = {
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "bundle_id": report.training.bundle_id,
        "truth": asdict(report.truth),
        "steps": [asdict(step) for step in report.steps],
    }
    with staged_file(report.output / "demo.json") as stage:
        stage.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
