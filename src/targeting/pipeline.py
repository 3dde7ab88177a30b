"""The training run as a list of steps, from labels to the registered bundle."""

from __future__ import annotations

import resource
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from targeting.bundle.bundle import Contents, load_bundle, write_bundle
from targeting.bundle.manifest import Window
from targeting.errors import InputError
from targeting.evaluation.context import slice_context
from targeting.evaluation.drivers import beeswarm, feature_importance
from targeting.evaluation.judge import evaluate
from targeting.evaluation.report import write_evaluation
from targeting.evaluation.words import summary
from targeting.explain.contributions import contributions
from targeting.features.build import Built, FeatureSpec, build, learn_spec
from targeting.features.engine import Reader, Wanted, day_start, local_date
from targeting.scoring.scorer import score_matrix
from targeting.tables.contract import require_columns
from targeting.tables.output import staged_folder
from targeting.tracking import Store, Tracked, TrainingRecord, log_training
from targeting.training.calibrate import Calibrator, fit_calibrator
from targeting.training.labels import examined
from targeting.training.model import LEAST_HITS, Model, RevenueHead, fit_hit_trees, fit_revenue
from targeting.training.splits import Split, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt
    import pandas as pd

    from targeting.config import FeatureSettings, TrainSettings
    from targeting.evaluation.findings import Evaluation
    from targeting.evaluation.plots import Figure
    from targeting.tables.folder import TablesFolder

    Bools = npt.NDArray[np.bool_]

EXPLAINED_ROWS = 300
"""Test rows behind the plots of what drives the score; exact contributions are slow."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step took.

    Parameters
    ----------
    name
        Of the step.
    seconds
        Wall-clock time.
    peak_mb
        Largest memory of the process so far, in MiB.
    """

    name: str
    seconds: float
    peak_mb: float


@dataclass(slots=True)
class Steps:
    """Times the steps of a run and tells the user which one is going on.

    Parameters
    ----------
    tell
        Called with the name of each step as it begins.
    done
        Steps finished so far.
    """

    tell: Callable[[str], None] = lambda _: None
    done: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block as one step."""
        self.tell(name)
        start = time.perf_counter()
        yield
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.done.append(Step(name, time.perf_counter() - start, peak))


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train.

    Parameters
    ----------
    features
        What the model may look at.
    settings
        How it is trained and judged.
    until
        The label cut-off, a local day, exclusive; None takes everything in the tables.
    """

    features: FeatureSettings
    settings: TrainSettings
    until: date | None = None


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


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything the models are fitted on.

    Parameters
    ----------
    cut_off
        Local day; nothing lodged or known on it or later is used.
    labels
        Examined declarations, in the order of the matrix.
    built
        Their features, and the profiles as of the cut-off.
    spec
        What the features are.
    split
        The temporal blocks.
    """

    cut_off: date
    labels: pd.DataFrame
    built: Built
    spec: FeatureSpec
    split: Split

    @property
    def hit(self) -> Bools:
        """Whether each examined row was a hit."""
        return self.labels["hit"].to_numpy(dtype=bool)


def train(
    tables: TablesFolder,
    output: Path,
    *,
    plan: Plan,
    store: Store | None = None,
    steps: Steps | None = None,
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
    with staged_folder(output) as stage:
        prepared = prepare(tables, plan, steps=steps)
        with steps.step("judge on the test block"):
            judged, evaluation, notes = _judge(prepared, tables, plan.settings, stage)
        with steps.step("train the model to ship"):
            model = _ship(prepared, plan.settings, judged)
        with steps.step("package"):
            contents = _contents(prepared, tables, plan.settings, model, evaluation, notes=notes)
            bundle_id = write_bundle(contents, stage)
            load_bundle(stage)
    tracked = None
    if store is not None:
        with steps.step("log to MLflow"):
            record = _record(output, bundle_id, contents, tables, steps)
            tracked = log_training(record, store)
    return TrainingReport(output, bundle_id, evaluation, tracked, contents.notes)


def prepare(tables: TablesFolder, plan: Plan, *, steps: Steps) -> Prepared:
    """Read labels, build features and cut the temporal blocks.

    Parameters
    ----------
    tables, plan, steps
        As for `train`.
    """
    features = plan.features
    with steps.step("read labels"):
        require_columns(tables)
        cut_off = _cut_off(tables, features, plan.until)
        moment = day_start(cut_off, features.time_zone)
        labels = examined(tables, known_before=moment)
        _require_results(labels, cut_off)
        blocks = split(labels, cut_off=moment, settings=plan.settings.split)
    with steps.step("build features"):
        spec = learn_spec(tables, features, until=cut_off)
        wanted = Wanted(ids=pa.array(labels["declaration_id"], type=pa.string()))
        built = build(tables, spec, wanted, until=cut_off)
    return Prepared(cut_off, labels, built, spec, blocks)


def _cut_off(tables: TablesFolder, features: FeatureSettings, until: date | None) -> date:
    first, last = Reader(tables, features.time_zone, ()).span()
    if until is None:
        return last + timedelta(days=1)
    if not first < until <= last + timedelta(days=1):
        raise InputError(
            "the cut-off lies outside the data",
            where=f"--until, {tables.name}",
            found=f"{until}; declarations were lodged from {first} to {last}",
            do=f"Choose a day from {first + timedelta(days=1)} to {last + timedelta(days=1)}.",
        )
    return until


def _require_results(labels: pd.DataFrame, cut_off: date) -> None:
    hits = int(labels["hit"].sum())
    if min(hits, len(labels) - hits) < LEAST_HITS:
        raise InputError(
            "there are too few results to learn from",
            where="inspections",
            found=f"{len(labels):,} results known before {cut_off}, {hits:,} of them hits",
            do=f"At least {LEAST_HITS} hits and as many clear results are needed: take a later "
            "--until, or bring in more history.",
        )


def _enough(prepared: Prepared, rows: Bools) -> bool:
    hits = int(prepared.hit[rows].sum())
    return min(hits, int(rows.sum()) - hits) >= LEAST_HITS


def _fit(prepared: Prepared, settings: TrainSettings, rows: Bools, calibrator: Calibrator) -> Model:
    matrix, hit = prepared.built.matrix[rows], prepared.hit[rows]
    revenue = prepared.labels["revenue_recovered"].to_numpy(dtype=np.float64, na_value=np.nan)
    return Model(
        hit=fit_hit_trees(matrix, hit, prepared.spec, settings.model),
        calibrator=calibrator,
        revenue=fit_revenue(matrix[hit], revenue[rows][hit], prepared.spec, settings.model),
        threads=settings.model.threads,
    )


def _calibrated_on(prepared: Prepared, settings: TrainSettings) -> Calibrator:
    """Calibrate by an earlier model's scores on the block after it."""
    blocks = prepared.split
    if not _enough(prepared, blocks.early):
        return Calibrator(why="too few results before the calibration block")
    trees = fit_hit_trees(
        prepared.built.matrix[blocks.early], prepared.hit[blocks.early], prepared.spec,
        settings.model,
    )  # fmt: skip
    early = Model(trees, Calibrator(), RevenueHead(), settings.model.threads)
    later = blocks.calibrate
    return fit_calibrator(early.score(prepared.built.matrix[later]), prepared.hit[later])


def _judge(
    prepared: Prepared, tables: TablesFolder, settings: TrainSettings, stage: Path
) -> tuple[Model | None, Evaluation | None, tuple[str, ...]]:
    """Fit as of the test block's first day and judge what came after."""
    blocks = prepared.split
    notes = _notes(settings, blocks)
    if not _enough(prepared, blocks.train) or not blocks.test.any():
        why = "No evaluation: too few results were known before the test block."
        return None, None, (*notes, why)
    model = _fit(prepared, settings, blocks.train, _calibrated_on(prepared, settings))
    evaluation = _evaluate(prepared, tables, settings, model)
    write_evaluation(
        evaluation,
        stage / "evaluation",
        provenance=_provenance(prepared, tables),
        extra_figures=_drivers(prepared, model),
    )
    return model, evaluation, notes


def _notes(settings: TrainSettings, blocks: Split) -> tuple[str, ...]:
    used, asked = blocks.settings, settings.split
    if used == asked:
        return ()
    return (
        f"The history is short: test block {used.test_days} days, calibration block "
        f"{used.calibration_days} days, gap {used.gap_days} days instead of {asked.test_days}, "
        f"{asked.calibration_days} and {asked.gap_days}.",
    )


def _evaluate(
    prepared: Prepared, tables: TablesFolder, settings: TrainSettings, model: Model
) -> Evaluation:
    test = prepared.split.test
    rows = prepared.built.rows.loc[test]
    scores = score_matrix(model, rows, prepared.built.matrix[test])
    time_zone = prepared.spec.settings.time_zone
    return evaluate(
        scores,
        prepared.labels.loc[test],
        capacity=settings.capacity,
        time_zone=time_zone,
        seed=settings.model.seed,
        context=slice_context(tables, time_zone=time_zone),
    )


def _provenance(prepared: Prepared, tables: TablesFolder) -> dict[str, str]:
    blocks, zone = prepared.split, prepared.spec.settings.time_zone
    return {
        "trained_until": local_date(blocks.test_from, zone).isoformat(),
        "test block": f"lodged {local_date(blocks.test_from, zone)} to "
        f"{local_date(blocks.test_until, zone)} (exclusive)",
        "results known before": prepared.cut_off.isoformat(),
        "time zone": zone,
        **{f"SHA-256 of {name}": digest for name, digest in tables.digest().items()},
    }


def _drivers(prepared: Prepared, model: Model) -> dict[str, Figure]:
    """Plot what drives the score on an even sample of the test block."""
    rows = np.flatnonzero(prepared.split.test)
    sample = rows[np.linspace(0, len(rows) - 1, min(len(rows), EXPLAINED_ROWS)).astype(int)]
    matrix = np.ascontiguousarray(prepared.built.matrix[np.unique(sample)])
    explained = contributions(model, matrix)
    names = prepared.spec.names
    return {
        "What the score rests on": feature_importance(names, np.abs(explained.values).mean(axis=0)),
        "What drives the score": beeswarm(explained.values, matrix.astype(np.float64), names),
    }


def _ship(prepared: Prepared, settings: TrainSettings, judged: Model | None) -> Model:
    """Train on everything ripe by the cut-off, calibrated by the judged model's test scores."""
    calibrator = Calibrator(why="too few results before the test block")
    if judged is not None:
        test = prepared.split.test
        score = judged.score(prepared.built.matrix[test])
        calibrator = fit_calibrator(score, prepared.hit[test])
    ripe = prepared.split.ship
    rows = ripe if _enough(prepared, ripe) else np.ones_like(ripe)
    return _fit(prepared, settings, rows, calibrator)


def _contents(
    prepared: Prepared,
    tables: TablesFolder,
    settings: TrainSettings,
    model: Model,
    evaluation: Evaluation | None,
    *,
    notes: tuple[str, ...],
) -> Contents:
    ripe = prepared.split.ship
    first = prepared.labels["lodged_at"].min()
    zone = prepared.spec.settings.time_zone
    told = [*notes]
    if model.calibrator.why:
        told.append(f"Probabilities are not calibrated: {model.calibrator.why}.")
    if model.revenue.mean is None:
        told.append("No revenue is expected of any line: no hit recorded one.")
    return Contents(
        model=model,
        spec=prepared.spec,
        snapshot=prepared.built.snapshot,
        train=settings,
        training=Window(
            first_day=local_date(first.to_pydatetime(), zone).isoformat(),
            cut_off_day=prepared.cut_off.isoformat(),
            rows=int(ripe.sum()),
            hits=int(prepared.hit[ripe].sum()),
        ),
        data=tables.digest(),
        metrics=evaluation.flat_metrics() if evaluation is not None else {},
        notes=tuple(told),
        probe=np.ascontiguousarray(prepared.built.matrix[-16:]),
    )


def _record(
    output: Path, bundle_id: str, contents: Contents, tables: TablesFolder, steps: Steps
) -> TrainingRecord:
    seconds = {f"seconds_{_metric(step.name)}": step.seconds for step in steps.done}
    peak = {"peak_memory_mb": max(step.peak_mb for step in steps.done)}
    params = {
        "cut_off_day": contents.training.cut_off_day,
        "training_rows": str(contents.training.rows),
        "training_hits": str(contents.training.hits),
        **_flat("train", contents.train.model_dump(mode="json")),
        **_flat("features", contents.spec.settings.model_dump(mode="json")),
    }
    return TrainingRecord(
        bundle=output,
        bundle_id=bundle_id,
        params=params,
        metrics={**contents.metrics, **seconds, **peak},
        datasets=contents.data,
        source=tables.path.name,
    )


def _metric(name: str) -> str:
    return name.replace(" ", "_").lower()


def _flat(prefix: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Write nested settings as `train.model.trees`."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict):
            flat |= _flat(key, value)
        else:
            flat[key] = str(value)
    return flat
