"""Two versions of the model on the same days: loaded, scored, held against each other, logged."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import ContractError, InputError
from targeting.evaluation.compare.compare import Ground, Version, compare
from targeting.evaluation.compare.findings import VersionRow
from targeting.evaluation.compare.moved import Weights
from targeting.evaluation.compare.policy import Selection
from targeting.evaluation.compare.report import write_comparison
from targeting.evaluation.compare.truth import read_truth
from targeting.evaluation.context import slice_context
from targeting.evaluation.lines import NOT_STATED, require_capacity
from targeting.explain.contributions import contributions
from targeting.features.build import build, matrix_of
from targeting.features.engine import Wanted
from targeting.pipeline.steps import Steps
from targeting.scoring.numbers import score_matrix
from targeting.scoring.scorer import Scorer
from targeting.tracking import Store, log_evaluation, require_reachable, resolved
from targeting.training.block import Block
from targeting.training.labels import examined
from targeting.training.propensity import fit_propensity

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from targeting.bundle.bundle import Bundle
    from targeting.evaluation.compare.findings import Comparison
    from targeting.tables.folder import TablesFolder

EXPLAINED_LINES = 400
"""Lines whose contributions are compared; exact contributions are slow."""

RUN_FILE = "run.json"
"""Names the MLflow run that keeps a comparison, beside its `comparison.json`."""

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Days:
    """What is compared on.

    Parameters
    ----------
    start, stop
        Local days; `stop` is exclusive.
    capacity
        Examinations per office and day; None takes the first version's own.
    truth
        `truth.parquet` of a simulated world; None in a real one.
    accept_learnt
        Whether days a version may have learnt from are accepted. The report then says so, and
        the comparison is no evidence for a promotion.
    """

    start: date
    stop: date
    capacity: int | None = None
    truth: Path | None = None
    accept_learnt: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison made.

    Parameters
    ----------
    comparison
        What was found.
    output
        The folder with the report.
    run_id
        MLflow's id of the run; None when it was not logged.
    """

    comparison: Comparison
    output: Path
    run_id: str | None


def compare_versions(  # noqa: PLR0913 - all but three are named by the caller
    models: tuple[str, str],
    tables: TablesFolder,
    output: Path,
    *,
    days: Days,
    registry: Store,
    track: bool = True,
    steps: Steps | None = None,
) -> Compared:
    """Score the same days with two versions, hold them against each other, and write the report.

    Parameters
    ----------
    models
        Bundle folders or registry names; every difference is the second less the first.
    tables
        Declarations and results of the days, and of the time before them.
    output
        The folder to write; it appears whole or not at all.
    days
        Which days, and how.
    registry
        Where registry names are looked up, and the comparison is logged.
    track
        Whether to log the comparison.
    steps
        Told of each step.

    Raises
    ------
    BundleError
        If a bundle is not what was packaged.
    InputError
        If the days are not clean of what a version learnt and that was not accepted.
    ContractError
        If the versions close their days in different time zones.
    OutputError
        If the folder cannot be written.
    """
    steps = steps or Steps()
    if days.capacity is not None:
        require_capacity(days.capacity)
    if track:
        require_reachable(registry)
    with ExitStack() as opened:
        folders = [opened.enter_context(resolved(model, registry)) for model in models]
        with steps.step("load both versions"):
            scorers = tuple(Scorer.load(folder) for folder in folders)
    learnt = _require_clean(scorers, days)
    first, second, ground = _scored(models, scorers, tables, days, steps, learnt)
    with steps.step("compare"):
        comparison = compare(first, second, ground)
    with steps.step("write the report"):
        write_comparison(comparison, output, made_at=datetime.now(UTC))
    run_id = None
    if track:
        with steps.step("log to MLflow"):
            run_id = log_comparison(comparison, output, registry)
    return Compared(comparison, output, run_id)


def log_comparison(comparison: Comparison, folder: Path, store: Store) -> str:
    """Log a comparison, and note in its folder which run keeps it.

    Parameters
    ----------
    comparison
        What was found.
    folder
        Its folder.
    store
        Where.

    Returns
    -------
    str
        MLflow's id of the run.
    """
    run_id = log_evaluation(
        "compare",
        folder=folder,
        metrics=comparison.flat_metrics(),
        params={
            "bundle_id": comparison.second.bundle_id,
            "first_bundle_id": comparison.first.bundle_id,
            "first": comparison.first.name,
            "second": comparison.second.name,
            "capacity": comparison.capacity,
            "first_day": comparison.accounting.first_day,
            "last_day": comparison.accounting.last_day,
            "estimator": comparison.estimator,
            "seed": comparison.seed,
        },
        datasets=comparison.data,
        store=store,
        name=f"compare {comparison.first.bundle_id} {comparison.second.bundle_id}",
    )
    (folder / RUN_FILE).write_text(json.dumps({"run_id": run_id}) + "\n", encoding="utf-8")
    return run_id


def _require_clean(scorers: tuple[Scorer, ...], days: Days) -> str:
    """Refuse days a version may have learnt from, or say so; empty when they are clean."""
    told = [
        f"version {name} learnt from results up to {until} (exclusive)"
        for name, until in zip("AB", (each.info.trained_until for each in scorers), strict=True)
        if days.start < date.fromisoformat(until)
    ]
    if not told:
        return ""
    found = f"{'; '.join(told)}, and the days compared begin on {days.start}"
    if not days.accept_learnt:
        raise InputError(
            "a version may have learnt from the days it is to be compared on",
            where="--from",
            found=found,
            do="Begin on the later cut-off or after it, or accept it with --accept-learnt-days: "
            "the report then warns, and the comparison is no evidence for a promotion.",
        )
    return found


def _scored(
    models: tuple[str, str],
    scorers: tuple[Scorer, ...],
    tables: TablesFolder,
    days: Days,
    steps: Steps,
    learnt: str,
) -> tuple[Version, Version, Ground]:
    zone = _one_zone(scorers)
    with steps.step("score the days with both versions"):
        scores = [
            each.score(tables, start=days.start, stop=days.stop, explain="none").rows
            for each in scorers
        ]
    with steps.step("look at what each version rests on"):
        blocks = [
            _block(each.bundle, tables, days, scored)
            for each, scored in zip(scorers, scores, strict=True)
        ]
        sample = _sample(scores[0])
        weights = [
            _weights(each.bundle, block, sample)
            for each, block in zip(scorers, blocks, strict=True)
        ]
    with steps.step("estimate how lines came to be examined"):
        known = examined(tables)
        selection = _selection(blocks[0], known, scores)
    first, second = (
        Version(_row(model, each), scored, weight)
        for model, each, scored, weight in zip(models, scorers, scores, weights, strict=True)
    )
    ground = Ground(
        examined=known,
        context=_context(tables, blocks[0].rows, zone),
        capacity=_capacity(days, scorers[0]),
        selection=selection,
        truth=None if days.truth is None else read_truth(days.truth),
        learnt_from=learnt,
        data=tuple(tables.digest().items()),
        time_zone=zone,
    )
    return first, second, ground


def _capacity(days: Days, first: Scorer) -> int:
    own = first.bundle.manifest.train.capacity
    return own if days.capacity is None else days.capacity


def _row(model: str, scorer: Scorer) -> VersionRow:
    # The folder's own name: a path would tell of the machine.
    name = model if model.startswith("models:/") else Path(model).name
    return VersionRow(name, scorer.info.bundle_id, scorer.info.trained_until)


def _one_zone(scorers: tuple[Scorer, ...]) -> str:
    zones = [each.info.time_zone for each in scorers]
    if len(set(zones)) > 1:
        raise ContractError(
            "the two versions close their days in different time zones",
            where="the bundles",
            found=f"{zones[0]} and {zones[1]}",
            do="Compare versions trained with the same `time_zone`.",
        )
    return zones[0]


def _sample(scores: pd.DataFrame) -> list[str]:
    """Lines to explain: the highest-scored half, as they make the lists, and others evenly."""
    ordered = scores.sort_values(["score", "declaration_id"], ascending=[False, True])
    ids = ordered["declaration_id"].tolist()
    top, rest = ids[: EXPLAINED_LINES // 2], ids[EXPLAINED_LINES // 2 :]
    step = max(1, len(rest) // (EXPLAINED_LINES // 2))
    return [*top, *rest[::step][: EXPLAINED_LINES // 2]]


def _weights(bundle: Bundle, block: Block, ids: list[str]) -> Weights:
    some = block.take(block.rows["declaration_id"].isin(ids).to_numpy(bool))
    explained = contributions(bundle.model, np.ascontiguousarray(some.matrix))
    families = [feature.family for feature in bundle.spec.features]
    return Weights.of(bundle.spec.names, families, explained.values)


def _block(bundle: Bundle, tables: TablesFolder, days: Days, scores: pd.DataFrame) -> Block:
    """Compute the features behind the scores, and make sure they are those behind the scores."""
    known = scores.set_index("declaration_id")["score"]
    for block in _blocks(bundle, tables, days):
        again = score_matrix(bundle.model, block.rows, block.matrix)
        expected = known.reindex(again["declaration_id"]).to_numpy(np.float64)
        # All lines at once, never a sample: those of one consignment are scored together.
        if np.abs(again["score"].to_numpy() - expected).max(initial=0.0) <= _SAME:
            return block
    raise ContractError(
        "the features of the lines compared are not those they were scored by",
        where=tables.name,
        found="different scores from the same lines",
        do="Make sure nothing writes to the tables, and compare again.",
    )


def _blocks(bundle: Bundle, tables: TablesFolder, days: Days) -> Iterator[Block]:
    """Features from the bundle's own profiles; and, where results came late, from all history."""
    wanted = Wanted(start=days.start, stop=days.stop)
    if days.start >= bundle.snapshot.as_of:
        built = build(tables, bundle.spec, wanted, until=days.stop, snapshot=bundle.snapshot)
        yield Block(built.rows, built.matrix, bundle.spec)
    rows, matrix = matrix_of(tables, bundle.spec, wanted, until=days.stop)
    yield Block(rows, matrix, bundle.spec)


def _selection(block: Block, known: pd.DataFrame, scores: list[pd.DataFrame]) -> Selection:
    why = known.set_index("declaration_id")["selected_by"]
    ids = block.rows["declaration_id"]
    reasons = why.reindex(ids).astype(object)
    named = reasons.where(reasons.notna(), None).to_numpy(object)
    propensity = fit_propensity(block, named).of(block)
    order = np.argsort(ids.to_numpy(object), kind="stable")
    expected = [
        each.sort_values("declaration_id")["expected_revenue"].to_numpy(np.float64)
        for each in scores
    ]
    return Selection(propensity[order], (expected[0] + expected[1]) / 2)


def _context(tables: TablesFolder, rows: pd.DataFrame, zone: str) -> pd.DataFrame:
    parts = slice_context(tables, time_zone=zone)
    named = rows[["declaration_id", "consignee_id"]].merge(parts, on="declaration_id", how="left")
    words = [name for name in parts.columns if name != "declaration_id"]
    return named.assign(**{name: named[name].fillna(NOT_STATED) for name in words})
