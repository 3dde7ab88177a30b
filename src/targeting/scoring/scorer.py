"""THE path from declarations to scores: training's own evaluation, batch and MLflow all use it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from targeting.bundle.bundle import Bundle, load_bundle
from targeting.errors import ContractError, InputError
from targeting.explain.contributions import contributions, contributions_by_chunk
from targeting.explain.reasons import reasons
from targeting.explain.similar import Shelf
from targeting.features.build import build, matrix_of
from targeting.features.engine import Reader, Wanted
from targeting.language import ENGLISH
from targeting.scoring import precedents
from targeting.scoring.one import lodged_on
from targeting.scoring.scores import VIEWS, Scores, ScoresInfo, as_struct
from targeting.training.consignment import CONSIGNMENT, pooled
from targeting.training.views import either

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from targeting.explain.contributions import Contributions
    from targeting.explain.reasons import Reason
    from targeting.features.cluster import Cluster
    from targeting.features.snapshot import Snapshot
    from targeting.features.spec import FeatureSpec
    from targeting.language import Language
    from targeting.tables.folder import Tables
    from targeting.training.block import Known
    from targeting.training.model import Model

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Matrix = npt.NDArray[np.float32]

Explain = Literal["none", "top", "all"]

CHUNK_DAYS = 31
CHUNK_ROWS = 500_000
"""Days scored at a time, and about how many declarations in them, at most: memory grows neither
with the window nor with the traffic. How a window is cut changes no score."""

TOP_PER_OFFICE_DAY = 10
"""Lines per office and day explained by default: a shortlist and a margin."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a model says of lines, as arrays of shape (n,).

    Parameters
    ----------
    own
        Raw score of the line by itself.
    score, probability, expected_revenue
        Beside the other lines of its consignment.
    papers, conveyance, either
        Chances of the two views and of either; None where the model has none.
    """

    own: Floats
    score: Floats
    probability: Floats
    expected_revenue: Floats
    papers: Floats | None
    conveyance: Floats | None
    either: Floats | None

    @classmethod
    def of(cls, model: Model, matrix: Matrix, score: Floats, own: Floats) -> Numbers:
        """Work out what follows from the scores.

        Parameters
        ----------
        model
            The trained heads.
        matrix
            Shape (n, features).
        score, own
            Shape (n,). Raw scores beside the others of the consignment, and alone.
        """
        probability = model.probability(score)
        revenue = model.expected_revenue(matrix, probability)
        if model.views is None:
            return cls(own, score, probability, revenue, None, None, None)
        papers = model.views.papers(matrix, threads=model.threads)
        conveyance = model.views.conveyance(matrix, threads=model.threads)
        both = either(papers, conveyance)
        return cls(own, score, probability, revenue, papers, conveyance, both)

    @property
    def columns(self) -> dict[str, Floats]:
        """The columns of a scores file, by name."""
        views = (self.papers, self.conveyance, self.either)
        told = {
            "score": self.score,
            "probability": self.probability,
            "expected_revenue": self.expected_revenue,
        }
        return told | {n: one for n, one in zip(VIEWS, views, strict=True) if one is not None}


def score_matrix(model: Model, rows: pd.DataFrame, matrix: Matrix) -> pd.DataFrame:
    """Score declarations whose features are known.

    Parameters
    ----------
    model
        The trained heads.
    rows
        Shape (n,) with `declaration_id, lodged_at, office_id`, and the columns that tell which
        lines are one consignment.
    matrix
        Shape (n, features).

    Returns
    -------
    pandas.DataFrame
        The columns of `targeting.scoring.scores.SCHEMA`.
    """
    own = model.score(matrix)
    numbers = Numbers.of(model, matrix, pooled(own, rows, model.consignment_share), own)
    named = rows[["declaration_id", "lodged_at", "office_id"]].reset_index(drop=True)
    return named.assign(**numbers.columns)


def score_examined(model: Model, known: Known) -> pd.DataFrame:
    """Score examined declarations beside the other lines of their consignments.

    Parameters
    ----------
    model
        The trained heads.
    known
        Examined declarations and their companions.

    Returns
    -------
    pandas.DataFrame
        As `score_matrix`, of the examined declarations.
    """
    beside = known.companions
    if beside is None:
        return score_matrix(model, known.block.rows, known.block.matrix)
    columns = ["declaration_id", "office_id", *CONSIGNMENT]
    rows = pd.concat([part.rows[columns] for part in (known.block, beside)], ignore_index=True)
    matrix = np.concatenate([known.block.matrix, beside.matrix])
    return score_matrix(model, rows, matrix).head(len(known))


def reasons_of(
    model: Model,
    spec: FeatureSpec,
    rows: pd.DataFrame,
    matrix: Matrix,
    score: Floats,
    *,
    explained: Contributions | None = None,
) -> list[list[Reason]]:
    """Find the reasons of each row, in no language yet.

    Parameters
    ----------
    model, spec
        Trees and the features they look at.
    rows
        Shape (n,). Every column of the declarations.
    matrix
        Shape (n, features).
    score
        Shape (n,). As `score_matrix` gave it: what it differs by from the line's own score is
        what the other lines of its consignment add.
    explained
        Contributions of the rows where they are known already.
    """
    lines: list[dict[Hashable, object]] = rows.to_dict("records")
    named = [{str(name): value for name, value in line.items()} for line in lines]
    moved = score - model.score(matrix)
    return explain_lines(model, spec, named, matrix, moved, explained=explained)


def explain_lines(
    model: Model,
    spec: FeatureSpec,
    lines: Sequence[Mapping[str, object]],
    matrix: Matrix,
    moved: Floats,
    *,
    explained: Contributions | None = None,
) -> list[list[Reason]]:
    """Find the reasons of lines that are at hand by name, in no language yet.

    Parameters
    ----------
    model, spec
        Trees and the features they look at.
    lines
        Every column of the declarations, and `lodged_local`.
    matrix
        Shape (n, features).
    moved
        Shape (n,). What the other lines of the consignment add to each score.
    explained
        Contributions of the lines where they are known already.
    """
    if explained is None:
        explained = contributions(model, matrix)
    each = zip(lines, matrix, explained.values, moved.tolist(), strict=True)
    return [
        reasons(spec.features, contribution, {**line, **_features_of(spec, values)}, others=others)
        for line, values, contribution, others in each
    ]


def explain_rows(
    model: Model,
    spec: FeatureSpec,
    rows: pd.DataFrame,
    matrix: Matrix,
    score: Floats,
    *,
    language: Language = ENGLISH,
) -> list[list[dict[str, object]]]:
    """Write the reasons of each row as a scores file holds them.

    Parameters
    ----------
    model, spec, rows, matrix, score
        As for `reasons_of`.
    language
        In which the reasons are written out.
    """
    found = reasons_of(model, spec, rows, matrix, score)
    return [[as_struct(reason, language) for reason in one] for one in found]


def _features_of(spec: FeatureSpec, values: npt.NDArray[np.float32]) -> dict[str, object]:
    numbers = values.astype(np.float64).tolist()
    return dict(zip(spec.names, numbers, strict=True))


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores declarations with one bundle.

    Parameters
    ----------
    bundle
        Verified and loaded.
    cluster
        Computes the features, from `targeting.features.cluster.opened`; None computes them on
        this machine.
    once
        Whether one window is scored and no more: the bundle's profiles are then let go as they
        are brought up, so that memory holds the profiles once and not twice.
    """

    bundle: Bundle
    cluster: Cluster | None = None
    once: bool = False

    @classmethod
    def load(cls, folder: Path, *, cluster: Cluster | None = None, once: bool = False) -> Scorer:
        """Verify and load a bundle folder.

        Parameters
        ----------
        folder
            The bundle folder.
        cluster, once
            As for the class.

        Raises
        ------
        BundleError
            If the bundle is not what was packaged.
        """
        return cls(load_bundle(folder), cluster, once)

    @property
    def info(self) -> ScoresInfo:
        """Where scores of this bundle come from."""
        manifest = self.bundle.manifest
        return ScoresInfo(
            bundle_id=self.bundle.bundle_id,
            trained_until=manifest.training.cut_off_day,
            time_zone=manifest.features.time_zone,
            currency=manifest.train.currency,
            features=manifest.features,
        )

    def score(
        self,
        tables: Tables,
        *,
        start: date,
        stop: date,
        explain: Explain = "top",
        language: Language = ENGLISH,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Scores:
        """Score the declarations lodged in [start, stop).

        Profiles start from the bundle's snapshot and follow the tables from its day on. A window
        that begins before that day is scored on a replay of all history in the tables.

        Parameters
        ----------
        tables
            Declarations and results.
        start, stop
            Local days; `stop` is exclusive.
        explain
            `none`, `top` (the highest of each office and day) or `all`.
        language
            In which reasons are written out.
        progress
            Told what is being done.

        Returns
        -------
        Scores
            Ordered by `lodged_at`, `declaration_id`.

        Raises
        ------
        InputError
            If the window is empty, or no declaration was lodged in it.
        ContractError
            If a declaration of the window stands in the tables twice.
        """
        parts = self.parts(
            tables, start=start, stop=stop, explain=explain, language=language, progress=progress
        )
        return Scores(pd.concat(parts, ignore_index=True), self.info)

    def parts(
        self,
        tables: Tables,
        *,
        start: date,
        stop: date,
        explain: Explain = "top",
        language: Language = ENGLISH,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Iterator[pd.DataFrame]:
        """Score as `score` does, part by part: memory grows with the keys, not with the window.

        Parameters
        ----------
        tables, start, stop, explain, language, progress
            As for `score`.

        Yields
        ------
        pandas.DataFrame
            The rows of some days, in order; none without rows.

        Raises
        ------
        InputError, ContractError
            As `score` does, before the first part.
        """
        self._require_window(tables, start, stop)
        lodged = _require_once(tables, self._reader(tables), start, stop)
        snapshot = self.start_from(tables, start, progress)
        for first, last in spans(start, stop, lodged):
            progress(f"lodged {first} to {last}")
            rows, matrix, snapshot = self._features(
                tables, (first, last), snapshot, is_last=last == stop
            )
            if len(rows):
                yield self._score_chunk(
                    rows, matrix, explain=explain, language=language, progress=progress
                )
            del rows, matrix  # before the next are made

    def score_one(
        self,
        tables: Tables,
        declaration_id: str,
        *,
        language: Language = ENGLISH,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Scores:
        """Score and explain one declaration, as `score` would on its day.

        Parameters
        ----------
        tables
            Declarations and results.
        declaration_id
            Which one.
        language
            In which reasons are written out.
        progress
            Told what is being done.

        Returns
        -------
        Scores
            One row.

        Raises
        ------
        InputError
            If the declaration is not in the tables. Its id is not repeated in the error.
        """
        day = lodged_on(tables, declaration_id, self.bundle.spec.settings.time_zone)
        stop = day + timedelta(days=1)
        _require_once(tables, self._reader(tables), day, stop)
        snapshot = self.start_from(tables, day, progress)
        progress(f"lodged {day}")
        rows, matrix, _ = self._features(tables, (day, stop), snapshot, is_last=True)
        at = np.flatnonzero((rows["declaration_id"] == declaration_id).to_numpy())
        scored = score_matrix(self.bundle.model, rows, matrix)
        told = self.explained(scored, rows, matrix, at, language=language, progress=progress)
        return Scores(told.iloc[at].reset_index(drop=True), self.info)

    def _reader(self, tables: Tables) -> Reader:
        return Reader(tables, self.bundle.spec.settings.time_zone, ())

    def start_from(
        self, tables: Tables, start: date, progress: Callable[[str], None]
    ) -> Snapshot | None:
        """Choose what profiles start from: the bundle's snapshot, or None for all history.

        The snapshot will do when the window begins no earlier and nothing reached the tables
        late. Tables that hold more events before its day than it does have such late ones, and
        then all history is replayed, each result counting from the day it became known. Tables
        that hold fewer, such as the last weeks alone, follow the snapshot.

        Parameters
        ----------
        tables
            Declarations and results.
        start
            First day to score.
        progress
            Told when all history is to be replayed.
        """
        snapshot = self.bundle.snapshot
        if start < snapshot.as_of:
            return None
        held = self._reader(tables).events_before(snapshot.as_of)
        known = snapshot.events
        late = max(held[0] - known[0], held[1] - known[1])
        if late <= 0:
            return replace(snapshot, spend=self.once)
        progress(f"{late:,} events reached the tables after training: replaying all history")
        return None

    def _features(
        self,
        tables: Tables,
        span: tuple[date, date],
        snapshot: Snapshot | None,
        *,
        is_last: bool,
    ) -> tuple[pd.DataFrame, Matrix, Snapshot | None]:
        """Compute the features of a span of days, and the profiles to go on from.

        Those take as much memory as the bundle's own: none are kept of the last span, and those
        of the span before it are let go.
        """
        (first, last), spec = span, self.bundle.spec
        wanted = Wanted(start=first, stop=last)
        if self.cluster is not None:
            # Replaying the days since the snapshot again costs less than collecting another.
            compute = self.cluster.matrix_of
        elif is_last:
            compute = matrix_of
        else:
            built = build(tables, spec, wanted, until=last, snapshot=snapshot)
            return built.rows, built.matrix, replace(built.snapshot, spend=True)
        return *compute(tables, spec, wanted, until=last, snapshot=snapshot), snapshot

    def _score_chunk(
        self,
        rows: pd.DataFrame,
        matrix: Matrix,
        *,
        explain: Explain,
        language: Language,
        progress: Callable[[str], None],
    ) -> pd.DataFrame:
        scored = score_matrix(self.bundle.model, rows, matrix)
        if explain == "none":
            return scored
        chosen = np.arange(len(scored))
        if explain == "top":
            chosen = _top(scored, rows["lodged_local"].dt.date)
        return self.explained(scored, rows, matrix, chosen, language=language, progress=progress)

    def explained(
        self,
        scored: pd.DataFrame,
        rows: pd.DataFrame,
        matrix: Matrix,
        chosen: Ints,
        *,
        language: Language = ENGLISH,
        progress: Callable[[str], None] = lambda _: None,
    ) -> pd.DataFrame:
        """Add reasons to some scored lines, and the past examined lines most like them.

        Parameters
        ----------
        scored
            Shape (n,). From `score_matrix`.
        rows, matrix
            Shape (n,) and (n, features). What was scored.
        chosen
            Places of the lines to explain.
        language
            In which reasons are written out.
        progress
            Told what is being done.

        Returns
        -------
        pandas.DataFrame
            `scored` with `reasons`, and `similar` where the bundle has precedents; None in the
            lines that were not chosen.
        """
        model, spec, held = self.bundle.model, self.bundle.spec, self.bundle.precedents
        shelf = None if held is None else Shelf.of(held)
        some, lines = np.ascontiguousarray(matrix[chosen]), rows.iloc[chosen]
        score = scored["score"].to_numpy()[chosen]
        told: list[list[dict[str, object]]] = []
        alike: list[dict[str, object]] = []
        for start, pulled in contributions_by_chunk(model, some):
            part = slice(start, start + len(pulled.values))
            progress(f"reasons for {part.stop:,} of {len(chosen):,} lines")
            own, values = lines.iloc[part], some[part]
            found = reasons_of(model, spec, own, values, score[part], explained=pulled)
            told += [[as_struct(reason, language) for reason in one] for one in found]
            if shelf is not None:
                near = precedents.similar_to(shelf, spec, own, pulled)
                alike += [precedents.as_struct(one) for one in near]
        columns = {"reasons": _among(told, chosen, scored.index)}
        if shelf is not None:
            columns["similar"] = _among(alike, chosen, scored.index)
        return scored.assign(**columns)

    def _require_window(self, tables: Tables, start: date, stop: date) -> None:
        if start >= stop:
            raise InputError(
                "the window to score is empty",
                where="--from and --to",
                found=f"from {start} to {stop}",
                do="Give a first day, and a later day at which to stop (exclusive).",
            )
        first, last = self._reader(tables).span()
        if stop <= first or start > last:
            raise InputError(
                "the window lies outside the data",
                where=f"--from and --to, {tables.name}",
                found=f"from {start} to {stop}; declarations were lodged {first} to {last}",
                do="Choose days inside that span.",
            )


def _among(told: Sequence[object], chosen: Ints, index: pd.Index) -> pd.Series:
    """Lay what is told of some lines among all of them; None beside the others."""
    column: list[object] = [None] * len(index)
    for at, one in zip(chosen, told, strict=True):
        column[at] = one
    return pd.Series(column, index=index, dtype="object")


def _require_once(tables: Tables, reader: Reader, start: date, stop: date) -> int:
    """Make sure there are declarations in the window, each once; return how many."""
    lodged, distinct = reader.lodged(start, stop)
    if not lodged:
        raise _nothing_lodged(tables, start, stop)
    if distinct < lodged:
        raise ContractError(
            "a declaration must stand in the tables once",
            where=f"{tables.name}: declarations",
            found=f"{lodged - distinct:,} rows of the window repeat a declaration_id",
            do="Run `targeting check` to see which, and ingest again without them.",
        )
    return lodged


def spans(start: date, stop: date, lodged: int) -> Iterator[tuple[date, date]]:
    """Cut a window into spans of whole days, of about `CHUNK_ROWS` declarations at most.

    Parameters
    ----------
    start, stop
        The window; `stop` is exclusive.
    lodged
        Declarations in it.

    Examples
    --------
    >>> [str(one) for one, _ in spans(date(2024, 1, 1), date(2024, 1, 8), 1_500_000)]
    ['2024-01-01', '2024-01-03', '2024-01-05', '2024-01-07']
    """
    share = CHUNK_ROWS / lodged
    days = max(1, min(CHUNK_DAYS, int((stop - start).days * share)))
    first = start
    while first < stop:
        last = min(first + timedelta(days=days), stop)
        yield first, last
        first = last


def _nothing_lodged(tables: Tables, start: date, stop: date) -> InputError:
    return InputError(
        "no declaration was lodged in the window",
        where=tables.name,
        found=f"none from {start} to {stop}",
        do="Choose other days.",
    )


def _top(scored: pd.DataFrame, day: pd.Series) -> Ints:
    """Choose the highest lines of each office and day, ties by id, in the frame's order."""
    keyed = scored.assign(day=day.to_numpy(), at=np.arange(len(scored)))
    ordered = keyed.sort_values(["score", "declaration_id"], ascending=[False, True])
    head = ordered.groupby(["office_id", "day"], sort=False).head(TOP_PER_OFFICE_DAY)
    return np.sort(head["at"].to_numpy())
