"""The backtest as a list of steps: features once, then the days, then the judgement."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from targeting.bundle.bundle import load_bundle
from targeting.errors import InputError, near_matches
from targeting.evaluation.backtest.judge import (
    BASELINE,
    GIVEN,
    THIS_MODEL,
    Terms,
    Told,
    judge,
)
from targeting.evaluation.backtest.policies import policies
from targeting.evaluation.backtest.report import write_backtest
from targeting.evaluation.backtest.words import table
from targeting.pipeline.backtest.archive import Archive, Lessons
from targeting.pipeline.backtest.gather import capacity_of, traffic_of
from targeting.pipeline.backtest.live import live
from targeting.pipeline.backtest.log import log_backtest
from targeting.pipeline.backtest.span import chosen_days, seasons
from targeting.pipeline.backtest.versions import ThisModel, require_unseen, scored_as_it_is
from targeting.pipeline.steps import Steps
from targeting.simulate.counterfactual import Truth
from targeting.tables.check import require
from targeting.tables.folder import from_frame
from targeting.tables.output import staged_folder
from targeting.tracking import Store, require_reachable, resolved
from targeting.training.baselines import BASELINES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from targeting.bundle.bundle import Bundle
    from targeting.config import BacktestSettings, FeatureSettings, TrainSettings
    from targeting.evaluation.backtest.result import Backtest
    from targeting.pipeline.backtest.live import Lived
    from targeting.pipeline.backtest.span import Days, Season
    from targeting.tables.folder import TablesFolder
    from targeting.training.baselines import Ranker, Scored

_COLUMNS = ["version", "declaration_id", "lodged_at", "office_id", "score"]


@dataclass(frozen=True, slots=True)
class Given:
    """A version given as it is.

    Parameters
    ----------
    name
        What reports call it.
    model
        A bundle folder, or a registry name such as `models:/targeting@champion`.
    """

    name: str
    model: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be lived, and by whom.

    Parameters
    ----------
    settings
        How the days are lived.
    features
        What this model may look at.
    training
        How this model is trained.
    start, stop
        Local days, `stop` exclusive; None leaves the choice to the settings.
    given
        Versions that live the days as they are.
    truth
        `truth.parquet` of a simulated world; None elsewhere.
    rankers
        What else lives the days and learns; None takes the baselines the settings name.
    """

    settings: BacktestSettings
    features: FeatureSettings
    training: TrainSettings
    start: date | None = None
    stop: date | None = None
    given: tuple[Given, ...] = ()
    truth: Path | None = None
    rankers: Sequence[Ranker] | None = None


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """What a backtest made.

    Parameters
    ----------
    found
        Every figure.
    output
        The folder written.
    run_id
        MLflow's id of the run; empty with `--no-track`.
    """

    found: Backtest
    output: Path
    run_id: str = ""

    def text(self) -> str:
        """Return what the command prints when it is done."""
        lines = [table(self.found), f"report: {self.output / 'report.html'}"]
        if self.run_id:
            lines.append(f"MLflow run {self.run_id}")
        return "\n".join(lines)


def backtest(
    tables: TablesFolder,
    output: Path,
    asked: Asked,
    *,
    store: Store | None = None,
    registry: Store | None = None,
    steps: Steps | None = None,
) -> BacktestReport:
    """Live past days again and judge every version on them.

    Parameters
    ----------
    tables
        Declarations and inspections.
    output
        The folder to write; it appears whole or not at all.
    asked
        Which days, which versions, and how.
    store
        Where to log the run; None does not.
    registry
        Where given versions named `models:/...` are; None is the store of the environment.
    steps
        Told of each step.

    Raises
    ------
    InputError
        If the days are not in the tables, a version is not there, or too few results were known
        on the first day.
    LeakageError
        If a given version learnt from days it would be judged on.
    OutputError
        If the folder cannot be written.
    """
    steps = steps or Steps()
    if store is not None:
        require_reachable(store)
    rankers = _rankers(asked)
    _require_names(asked, rankers)
    truth = None if asked.truth is None else Truth.open(asked.truth)
    with ExitStack() as stack:
        stage = stack.enter_context(staged_folder(output))
        with steps.step("check the tables"):
            require(tables)
            days = _days(tables, asked)
        bundles = _bundles(asked, registry or Store.from_environment(), days, stack)
        with steps.step(f"features of the lines of {days.start} to {days.stop} and before"):
            cut = seasons(days, asked.settings)
            learning = tuple(season.learnt_on for season in cut)
            lessons = Lessons(learning, asked.training)
            archive = Archive.of(tables, asked.features, days, lessons=lessons)
        told, model = _lived(archive, cut, asked, rankers, bundles, steps)
        with steps.step("how lines came to be examined"):
            traffic = traffic_of(archive, asked.settings, model, truth=truth)
            offices = sorted(set(traffic.office))
            capacity = capacity_of(archive, asked.settings, offices)
        with steps.step("judge"):
            terms = Terms(
                policies(asked.settings.shares),
                capacity,
                learnings=len(cut),
                time_zone=asked.features.time_zone,
                seed=asked.settings.seed,
            )
            found = judge(traffic, told, terms, tell=steps.tell)
        with steps.step("write the report"):
            write_backtest(found, stage, provenance=_provenance(tables, asked, bundles))
            _write_scores(stage / "scores.parquet", archive, told)
    run_id = "" if store is None else log_backtest(found, output, tables, asked, store)
    return BacktestReport(found, output, run_id)


def _rankers(asked: Asked) -> Sequence[Ranker]:
    """Choose the baselines; this model is not among them."""
    if asked.rankers is not None:
        return asked.rankers
    wanted = asked.settings.baselines
    known = {one.name: one for one in BASELINES}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InputError(
            "there are no baselines of these names",
            where="baselines in the backtest's settings",
            found=", ".join(unknown),
            do=near_matches(unknown[0], known),
        )
    return tuple(one for one in BASELINES if not wanted or one.name in wanted)


def _require_names(asked: Asked, rankers: Sequence[Ranker]) -> None:
    names = [THIS_MODEL, *(one.name for one in asked.given), *(one.name for one in rankers)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            "two versions would have one name",
            where="--model",
            found=", ".join(twice),
            do="Give each version a name of its own, as in --model last=models/bundle.",
        )


def _days(tables: TablesFolder, asked: Asked) -> Days:
    return chosen_days(
        tables,
        asked.settings,
        named=(asked.start, asked.stop),
        time_zone=asked.features.time_zone,
        gap_days=asked.training.split.gap_days,
    )


def _bundles(asked: Asked, store: Store, days: Days, stack: ExitStack) -> dict[str, Bundle]:
    """Open the given versions, refusing those that learnt from the days."""
    bundles = {}
    for one in asked.given:
        bundle = load_bundle(stack.enter_context(resolved(one.model, store)))
        require_unseen(one.name, bundle, days.start)
        bundles[one.name] = bundle
    return bundles


def _lived(
    archive: Archive,
    cut: Sequence[Season],
    asked: Asked,
    rankers: Sequence[Ranker],
    bundles: dict[str, Bundle],
    steps: Steps,
) -> tuple[list[Told], Scored]:
    """Let all live the days; this model must, for the judgement rests on its probabilities."""
    with steps.step("live the days"):
        own = ThisModel(asked.training)
        first, *others = live(archive, cut, (own, *rankers), asked.training.split, tell=steps.tell)
    if first.why:
        raise InputError(
            "this model cannot learn by the days it is to live",
            where="--from",
            found=first.why,
            do="Begin on a later day, or bring in more history.",
        )
    model = first.scored()
    told = [Told(own.name, THIS_MODEL, model.score)]
    for name, bundle in bundles.items():
        with steps.step(f"score with {name}"):
            told.append(Told(name, GIVEN, scored_as_it_is(bundle, archive, cut).score))
    return [*told, *(_told(one) for one in others)], model


def _told(life: Lived) -> Told:
    score = None if life.why else life.scored().score
    return Told(life.name, BASELINE, score, life.why)


def _provenance(tables: TablesFolder, asked: Asked, bundles: dict[str, Bundle]) -> dict[str, str]:
    return {
        **{
            f"version {name}": f"bundle {bundle.bundle_id}, trained until "
            f"{bundle.manifest.training.cut_off_day}"
            for name, bundle in bundles.items()
        },
        "time zone": asked.features.time_zone,
        **{f"SHA-256 of {name}": digest for name, digest in tables.digest().items()},
    }


def _write_scores(path: Path, archive: Archive, told: Sequence[Told]) -> None:
    """Write every score of every version, one row each, in order of version and time."""
    rows = archive.block.rows.iloc[archive.within(archive.days)]
    named = rows[["declaration_id", "lodged_at", "office_id"]].reset_index(drop=True)
    parts = [
        from_frame(named.assign(version=one.name, score=one.score)).select(_COLUMNS)
        for one in told
        if one.score is not None
    ]
    pq.write_table(pa.concat_tables(parts), path, compression="zstd")
