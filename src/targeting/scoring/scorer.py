"""THE path from declarations to scores: training's own evaluation, batch and MLflow all use it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from targeting.bundle.bundle import Bundle, load_bundle
from targeting.explain.contributions import contributions_by_chunk
from targeting.explain.similar import Shelf
from targeting.features.build import build, matrix_of
from targeting.features.engine import Reader, Wanted
from targeting.language import ENGLISH
from targeting.scoring import precedents
from targeting.scoring.numbers import score_matrix
from targeting.scoring.one import lodged_on
from targeting.scoring.scores import Scores, ScoresInfo, as_struct
from targeting.scoring.telling import reasons_of
from targeting.scoring.window import require_once, require_window, spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from targeting.features.cluster import Cluster
    from targeting.features.snapshot import Snapshot
    from targeting.language import Language
    from targeting.tables.folder import Tables

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Matrix = npt.NDArray[np.float32]

Explain = Literal["none", "top", "all"]

TOP_PER_OFFICE_DAY = 10
"""Lines per office and day explained by default: a shortlist and a margin."""


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
        reader = self._reader(tables)
        require_window(tables, reader, start, stop)
        lodged = require_once(tables, reader, start, stop)
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
        require_once(tables, self._reader(tables), day, stop)
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


def _among(told: Sequence[object], chosen: Ints, index: pd.Index) -> pd.Series:
    """Lay what is told of some lines among all of them; None beside the others."""
    column: list[object] = [None] * len(index)
    for at, one in zip(chosen, told, strict=True):
        column[at] = one
    return pd.Series(column, index=index, dtype="object")


def _top(scored: pd.DataFrame, day: pd.Series) -> Ints:
    """Choose the highest lines of each office and day, ties by id, in the frame's order."""
    keyed = scored.assign(day=day.to_numpy(), at=np.arange(len(scored)))
    ordered = keyed.sort_values(["score", "declaration_id"], ascending=[False, True])
    head = ordered.groupby(["office_id", "day"], sort=False).head(TOP_PER_OFFICE_DAY)
    return np.sort(head["at"].to_numpy())
