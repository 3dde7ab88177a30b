"""What the trials are judged on: one matrix, and the folds cut from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from targeting.config import FoldSettings
from targeting.errors import InputError
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted, day_start, local_date
from targeting.features.spec import learn_spec, recoded
from targeting.pipeline.prepare import Plan, prepare
from targeting.training.block import Block, Known
from targeting.training.folds import Fold, Period, beside, cut, novel, periods, shortened
from targeting.training.labels import examined, labelled
from targeting.training.model import LEAST_HITS
from targeting.training.unexamined import sample_unexamined

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    import numpy.typing as npt

    from targeting.config import FeatureSettings, TrainSettings, TuneSettings
    from targeting.features.spec import FeatureSpec
    from targeting.pipeline.prepare import Prepared
    from targeting.pipeline.steps import Steps
    from targeting.tables.folder import TablesFolder

    Bools = npt.NDArray[np.bool_]

LEAST_TEST_HITS = 5
"""A test block with fewer hits says nothing about an order."""


@dataclass(frozen=True, slots=True)
class TunePlan:
    """What to tune.

    Parameters
    ----------
    features
        What the model may look at.
    train
        The present settings, and the capacity.
    tune
        What is tried, and on which blocks of time.
    until
        Local day, exclusive; None takes everything in the tables.
    """

    features: FeatureSettings
    train: TrainSettings
    tune: TuneSettings
    until: date | None = None

    @property
    def capacity(self) -> int:
        """Examinations per office and day that hits are counted at."""
        return self.tune.capacity or self.train.capacity


@dataclass(frozen=True, slots=True, eq=False)
class ReadyFold:
    """One fold, with its lines as a model made at its moment would have seen them.

    Parameters
    ----------
    fold
        Its moments and masks.
    block
        All examined lines; the masks are over these.
    spec
        The features, their categories learnt before the moment.
    found
        What was known before the moment, from `examined`.
    truth
        Shape (n,). Labels as known before the end of the data.
    unexamined
        Lines nobody had examined by its moment, which the model sees beside; None for none.
    companions
        The other lines of the consignments it is judged on; None for none.
    """

    fold: Fold
    block: Block
    spec: FeatureSpec
    found: pd.DataFrame
    truth: pd.DataFrame
    unexamined: Block | None = None
    companions: Block | None = None

    def known(self) -> Known:
        """Return what the fold learns from."""
        block = self._seen(self.block.take(self.fold.train))
        labels = self.found.set_index("declaration_id").loc[block.rows["declaration_id"]]
        rest = None if self.unexamined is None else self._seen(self.unexamined)
        return Known(block, labels.reset_index(), rest)

    def judged(self) -> Known:
        """Return the lines the fold is judged on, and the others of their consignments."""
        rest = None if self.companions is None else self._seen(self.companions)
        labels = self.truth[self.fold.test].reset_index(drop=True)
        return Known(self._seen(self.block.take(self.fold.test)), labels, companions=rest)

    def new_parties(self) -> dict[str, Bools]:
        """Say which of the judged lines have a party the fold could not have learnt about."""
        slices = novel(self.fold, self.block.rows)
        return {name: mask[self.fold.test] for name, mask in slices.items()}

    @property
    def label(self) -> npt.NDArray[np.int64]:
        """What was found in the judged lines, shape (judged,)."""
        return self.truth["label"].to_numpy(np.int64)[self.fold.test]

    @property
    def office(self) -> npt.NDArray[np.object_]:
        """Office of each judged line, shape (judged,)."""
        return self.block.rows["office_id"].astype(object).to_numpy()[self.fold.test]

    @property
    def day(self) -> npt.NDArray[np.datetime64]:
        """Local day each judged line was lodged, shape (judged,)."""
        lodged = self.block.rows["lodged_at"][self.fold.test]
        local = pd.to_datetime(lodged, utc=True).dt.tz_convert(self.spec.settings.time_zone)
        return local.dt.tz_localize(None).to_numpy().astype("datetime64[D]")

    @property
    def thin(self) -> str:
        """Why it can teach or show nothing; empty when it can."""
        then = self.found.set_index("declaration_id")["hit"]
        learnt = then.reindex(self.block.rows["declaration_id"][self.fold.train])
        hits, clears = int(learnt.sum()), int((~learnt.astype(bool)).sum())
        if min(hits, clears) < LEAST_HITS:
            return f"{hits:,} hits and {clears:,} clear results to learn from"
        shown = int((self.label == 1).sum())
        return f"{shown:,} hits to be judged by" if shown < LEAST_TEST_HITS else ""

    def _seen(self, some: Block) -> Block:
        return Block(some.rows, recoded(some.matrix, some.spec, self.spec), self.spec)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a tuning run stands on.

    Parameters
    ----------
    plan
        What to tune.
    folds
        Those the trials are judged on, the earliest first.
    held_out
        The last block, which no trial sees; None when too little is known there.
    digests
        SHA-256 of each table.
    about
        The data and settings the figures depend on, by name.
    notes
        What was shortened or left out, and why.
    """

    plan: TunePlan
    folds: tuple[ReadyFold, ...]
    held_out: ReadyFold | None
    digests: dict[str, str]
    about: dict[str, str]
    notes: tuple[str, ...]


def prepare_ground(tables: TablesFolder, plan: TunePlan, *, steps: Steps) -> Ground:
    """Read labels, compute the matrix once, and cut the folds.

    Parameters
    ----------
    tables
        Declarations and inspections.
    plan
        What to tune.
    steps
        Told of each step.

    Raises
    ------
    InputError
        If there is too little history or too few results for one fold.
    """
    none = plan.train.unexamined.model_copy(update={"per_examined": 0.0})  # drawn fold by fold
    settings = plan.train.model_copy(update={"unexamined": none})
    prepared = prepare(tables, Plan(plan.features, settings, plan.until), steps=steps)
    with steps.step("cut the folds"):
        until = day_start(prepared.cut_off, plan.features.time_zone)
        first = prepared.rows["lodged_at"].min()
        held, rolled, notes = _periods(plan.tune, first=first, until=until)
        lines = _unexamined(tables, prepared, plan, [*rolled, held])
        ready = [_ready(tables, lines, period, held.moment) for period in rolled]
        last = _ready(tables, lines, held, until)
    thick = tuple(one for one in ready if not one.thin)
    if not thick:
        raise InputError(
            "no fold has results enough to learn from and be judged by",
            where="folds",
            found="; ".join(f"fold {one.fold.period.number}: {one.thin}" for one in ready),
            do=f"At least {LEAST_HITS} hits before a test block and {LEAST_TEST_HITS} in it are "
            "needed: lengthen `test_days`, lower `count`, or bring in more history.",
        )
    notes += [f"fold {one.fold.period.number} is left out: {one.thin}" for one in ready if one.thin]
    if last.thin:
        notes.append(f"the held-out block cannot judge: {last.thin}")
    digests = tables.digest()
    return Ground(
        plan=plan,
        folds=thick,
        held_out=None if last.thin else last,
        digests=dict(digests),
        about=_about(digests, plan, prepared.cut_off),
        notes=tuple(notes),
    )


def _periods(
    settings: TuneSettings, *, first: datetime, until: datetime
) -> tuple[Period, tuple[Period, ...], list[str]]:
    """Cut the held-out block off the end, and roll the folds back from where it begins."""
    days = (until - first).days
    held_days = max(1, min(settings.held_out_days, days // 6))
    folds = shortened(settings.folds, days=days - held_days)
    last = FoldSettings(
        count=1, test_days=held_days, gap_days=folds.gap_days, train_days=folds.train_days
    )
    (held,) = periods(last, first=first, until=until)
    rolled = periods(folds, first=first, until=held.moment)
    notes = []
    if folds != settings.folds or held_days != settings.held_out_days:
        notes.append(
            f"the history of {days} days is short: test blocks of {folds.test_days} days, a gap of "
            f"{folds.gap_days}, the last {held_days} held out"
        )
    if len(rolled) < folds.count:
        notes.append(f"{len(rolled)} of {folds.count} folds fit into the history")
    return held, rolled, notes


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Examined lines, and unexamined ones with the ids each fold may see, by its moment."""

    block: Block
    companions: Block | None
    rest: Block | None
    seen: dict[datetime, pa.Array]

    def beside(self, period: Period) -> Block | None:
        """Return the other lines of consignments lodged in the test block of a fold."""
        if self.companions is None:
            return None
        lodged = self.companions.rows["lodged_at"]
        return self.companions.take(
            ((lodged >= period.moment) & (lodged < period.test_until)).to_numpy()
        )

    def unexamined(self, period: Period) -> Block | None:
        """Return the unexamined lines one fold may see."""
        if self.rest is None:
            return None
        chosen = self.rest.rows["declaration_id"].isin(self.seen[period.moment].to_pylist())
        return self.rest.take(chosen.to_numpy() & beside(period, self.rest.rows, self.block.rows))


def _unexamined(
    tables: TablesFolder, prepared: Prepared, plan: TunePlan, rolled: list[Period]
) -> _Lines:
    """Choose, fold by fold, lines unexamined at its moment; their features are computed once."""
    seen = {
        one.moment: sample_unexamined(tables, plan.train.unexamined, before=one.moment)
        for one in rolled
    }
    known = prepared.known
    ids = sorted({name for some in seen.values() for name in some.to_pylist()})
    if not ids:
        return _Lines(known.block, known.companions, None, seen)
    wanted = Wanted(ids=pa.array(ids, type=pa.string()))
    rows, matrix = matrix_of(tables, prepared.spec, wanted, until=prepared.cut_off)
    return _Lines(known.block, known.companions, Block(rows, matrix, prepared.spec), seen)


def _ready(tables: TablesFolder, lines: _Lines, period: Period, until: datetime) -> ReadyFold:
    """Cut one fold; nothing known at or after `until` counts, nor lodged in the gap before it."""
    block = lines.block
    ids = block.rows["declaration_id"]
    found = examined(tables, known_before=period.moment)
    truth = labelled(ids, examined(tables, known_before=until))
    settings = block.spec.settings
    return ReadyFold(
        fold=cut(period, block.rows, then=labelled(ids, found), finally_=truth),
        block=block,
        spec=learn_spec(tables, settings, until=local_date(period.moment, settings.time_zone)),
        found=found,
        truth=truth,
        unexamined=lines.unexamined(period),
        companions=lines.beside(period),
    )


def _about(digests: Mapping[str, str], plan: TunePlan, cut_off: date) -> dict[str, str]:
    train = plan.train.model_dump(mode="json", exclude={"model", "split", "currency"})
    return {
        **{f"the table {name}": digest for name, digest in digests.items()},
        "the features": plan.features.model_dump_json(),
        "the training settings": str(sorted(train.items())),
        "the cut-off": cut_off.isoformat(),
    }
