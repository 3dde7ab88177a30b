"""The training run: read, judge, train what ships, package, log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.bundle.bundle import load_bundle, write_bundle
from targeting.evaluation.words import summary
from targeting.pipeline.insight import look
from targeting.pipeline.judge import judge, report, ship
from targeting.pipeline.package import contents, record
from targeting.pipeline.prepare import prepare
from targeting.pipeline.steps import Steps
from targeting.tables.output import staged_folder
from targeting.tracking import log_training, require_reachable

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.evaluation.findings import Evaluation
    from targeting.features.cluster import Cluster
    from targeting.pipeline.prepare import Plan
    from targeting.tables.folder import TablesFolder
    from targeting.tracking import Store, Tracked


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a training run made.

    Parameters
    ----------
    bundle
        The bundle's folder.
    bundle_id
        Its digest.
    evaluation
        Figures of the test block; None when there was too little to judge by.
    tracked
        Where MLflow keeps it; None with `--no-track`.
    notes
        What could not be done, and why.
    """

    bundle: Path
    bundle_id: str
    evaluation: Evaluation | None
    tracked: Tracked | None
    notes: tuple[str, ...]

    def headline(self) -> list[str]:
        """Say what the test block showed, with intervals, and what could not be done."""
        if self.evaluation is None:
            return list(self.notes)
        figures = [f"  {name:<38}{value}" for name, value in summary(self.evaluation)]
        return ["On the test block, among examined lines:", *figures, *self.notes]

    def text(self) -> str:
        """Return what a command prints when training is done."""
        lines = [*self.headline(), f"bundle {self.bundle_id}: {self.bundle}"]
        if self.tracked is not None:
            lines.append(
                f"MLflow run {self.tracked.run_id}; models:/targeting version "
                f"{self.tracked.version} ({', '.join(self.tracked.aliases)})"
            )
        return "\n".join(lines)


def train(
    tables: TablesFolder,
    output: Path,
    *,
    plan: Plan,
    store: Store | None = None,
    steps: Steps | None = None,
    cluster: Cluster | None = None,
) -> TrainingReport:
    """Train, judge, package and register a model.

    Parameters
    ----------
    tables
        Declarations and inspections.
    output
        The bundle folder to write; it appears whole or not at all.
    plan
        What to look at, how to train, and until when.
    store
        Where to log the run; None does not.
    steps
        Told of each step.
    cluster
        Computes the features, from `targeting.features.cluster.opened`; None computes them on
        this machine.

    Returns
    -------
    TrainingReport
        The bundle, its figures and where MLflow keeps them.

    Raises
    ------
    InputError
        If the cut-off lies outside the data or there are too few results to learn from.
    OutputError
        If the bundle cannot be written.
    """
    steps = steps or Steps()
    if store is not None:
        require_reachable(store)
    with staged_folder(output) as stage:
        prepared = prepare(tables, plan, steps=steps, cluster=cluster)
        with steps.step("judge on the test block"):
            judged = judge(prepared, tables, plan.settings)
        with steps.step("train the model to ship"):
            model = ship(prepared, plan.settings, judged)
        with steps.step("look at the model as a whole"):
            looked = None
            if judged is not None:
                looked = look(judged, model, prepared, tables, plan.settings)
                report(judged, looked, tables, stage)
        with steps.step("package"):
            packed = contents(prepared, tables, plan.settings, model, judged, looked)
            bundle_id = write_bundle(packed, stage)
            load_bundle(stage)
    tracked = None
    if store is not None:
        with steps.step("log to MLflow"):
            tracked = log_training(record(output, bundle_id, packed, tables, steps), store)
    evaluation = None if judged is None else judged.evaluation
    return TrainingReport(output, bundle_id, evaluation, tracked, packed.notes)
