"""Scores of declarations as they come, by the arithmetic of the batch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from targeting.bundle.bundle import load_bundle
from targeting.errors import DayError, InputError
from targeting.explain.contributions import contributions
from targeting.explain.similar import Shelf
from targeting.features.engine import day_start
from targeting.features.lines import Lines
from targeting.features.store.index import StoreSettings
from targeting.language import ENGLISH
from targeting.scoring import precedents
from targeting.scoring.numbers import Numbers
from targeting.scoring.online.database import ProfileDatabase
from targeting.scoring.online.engine import days_kept, reading, records_beside
from targeting.scoring.online.features import OnlineFeatures
from targeting.scoring.online.ledger import Ledger
from targeting.scoring.online.reading import profiles_of
from targeting.scoring.online.rows import (
    consignment_of,
    day_of,
    local_day,
    micros,
    moment_of,
    read,
    typed,
)
from targeting.scoring.scorer import Scorer
from targeting.scoring.scores import VIEWS, Scores, as_struct
from targeting.scoring.telling import explain_lines
from targeting.tables.schema import DECLARATIONS
from targeting.training.consignment import codes_of, pooled_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    import numpy.typing as npt
    from sqlalchemy import Connection

    from targeting.bundle.bundle import Bundle
    from targeting.explain.contributions import Contributions
    from targeting.explain.reasons import Reason
    from targeting.explain.similar import Similar
    from targeting.language import Language
    from targeting.scoring.online.rows import Row
    from targeting.scoring.scores import ScoresInfo

    Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScoredLine:
    """The score of one declaration.

    Parameters
    ----------
    declaration_id, lodged_at, office_id
        Of the declaration; the moment is UTC.
    score, probability, expected_revenue
        As in a scores file; NaN where the revenue is unknown.
    papers_probability, conveyance_probability, either_probability
        Of the two views; None where the model has none.
    reasons, similar
        Why, and the past examined lines most like it; None where they were not asked for, or the
        bundle has no past lines.
    """

    declaration_id: str
    lodged_at: datetime
    office_id: str
    score: float
    probability: float
    expected_revenue: float
    papers_probability: float | None = None
    conveyance_probability: float | None = None
    either_probability: float | None = None
    reasons: tuple[Reason, ...] | None = None
    similar: Similar | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """Scored declarations and where the scores come from.

    Parameters
    ----------
    lines
        In the order the declarations were handed in.
    info
        Model, cut-off, time zone and currency.
    """

    lines: tuple[ScoredLine, ...]
    info: ScoresInfo

    def scores(self, language: Language = ENGLISH) -> Scores:
        """Return them as a scores file holds them, by `lodged_at`, `declaration_id`.

        Parameters
        ----------
        language
            In which reasons are written out.
        """
        ordered = sorted(self.lines, key=lambda one: (one.lodged_at, one.declaration_id))
        names = [*_COLUMNS, *(name for name in VIEWS if self._has(name))]
        columns: dict[str, Any] = {name: [getattr(one, name) for one in ordered] for name in names}
        columns["lodged_at"] = pd.to_datetime(columns["lodged_at"], utc=True).astype(
            "datetime64[us, UTC]"
        )
        if any(one.reasons is not None for one in ordered):
            columns["reasons"] = [
                None if one.reasons is None else [as_struct(told, language) for told in one.reasons]
                for one in ordered
            ]
        if any(one.similar is not None for one in ordered):
            columns["similar"] = [
                None if one.similar is None else precedents.as_struct(one.similar)
                for one in ordered
            ]
        return Scores(pd.DataFrame(columns), self.info)

    def _has(self, name: str) -> bool:
        return any(getattr(one, name) is not None for one in self.lines)


_COLUMNS = (
    "declaration_id", "lodged_at", "office_id", "score", "probability", "expected_revenue",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OnlineScorer:
    """Scores declarations with one bundle and the profiles of a database; `of` makes one.

    Parameters
    ----------
    bundle
        Verified and loaded.
    database
        Its profiles fit the bundle's features.
    features
        Computes them.
    shelf
        The bundle's past examined lines, laid out for search; None where it has none.
    """

    bundle: Bundle
    database: ProfileDatabase
    features: OnlineFeatures
    shelf: Shelf | None = None

    @classmethod
    def of(cls, bundle: Bundle, database: ProfileDatabase) -> Self:
        """Make ready to score.

        Parameters
        ----------
        bundle
            Verified and loaded.
        database
            Open.

        Raises
        ------
        InputError
            If the database keeps other profiles than the bundle's features ask for.
        """
        asked = StoreSettings.of(bundle.spec.settings)
        differences = database.design.settings.differences(asked)
        if differences:
            raise InputError(
                "the database keeps other profiles than the model asks for (first: the database)",
                where="the profile database and the bundle",
                found="; ".join(differences),
                do="Make a database with the features the model was trained with.",
            )
        held = bundle.precedents
        shelf = None if held is None else Shelf.of(held)
        return cls(bundle, database, OnlineFeatures.of(bundle.spec, database.design), shelf)

    @classmethod
    def open(cls, folder: Path, url: str) -> Self:
        """Load a bundle and open a database.

        Parameters
        ----------
        folder
            The bundle.
        url
            The database.
        """
        return cls.of(load_bundle(folder, profiles=False), ProfileDatabase.open(url))

    @property
    def info(self) -> ScoresInfo:
        """Where the scores come from."""
        return Scorer(self.bundle).info

    def warm(self) -> None:
        """Score a line nobody lodged, so that the first real one does not wait for what loads."""
        noon = day_start(self.database.as_of, self.info.time_zone) + timedelta(hours=12)
        line = {
            "declaration_id": "", "lodged_at": noon, "flow": "import", "transport_mode": "unknown",
            "office_id": "", "hs_code": "0000",
        }  # fmt: skip
        self.score([line], explain=True, similar=True)

    def score(
        self,
        declarations: Sequence[Mapping[str, Any]] | pd.DataFrame,
        *,
        explain: bool = False,
        similar: bool = False,
    ) -> Scored:
        """Score declarations, each as of the day it was lodged. Nothing is kept.

        Lines of one consignment (same document, consignee and moment) are judged together: those
        of this call, and those the database holds.

        Parameters
        ----------
        declarations
            As for `ProfileDatabase.accept`.
        explain
            Whether to tell the reasons.
        similar
            Whether to lay the past examined lines most alike beside each.

        Raises
        ------
        ContractError
            If a row does not keep the contract; every breach is told.
        DayError
            If a declaration was lodged on a day the profiles do not stand at: one that is not
            open yet because earlier days have not closed, or one long past.
        """
        rows = typed(_records(declarations), DECLARATIONS)
        return self.score_typed(rows, explain=explain, similar=similar)

    def score_typed(
        self, rows: Sequence[Row], *, explain: bool = False, similar: bool = False
    ) -> Scored:
        """Score declarations whose values have been checked already, as `score` does.

        Parameters
        ----------
        rows
            As `targeting.scoring.online.rows.typed` returns them: what is missing is left out.
        explain, similar
            As for `score`.

        Raises
        ------
        DayError
            As `score` does.
        """
        if not rows:
            return Scored((), self.info)
        with reading(self.database.engine) as connection:
            beside = self._beside(connection, rows)
            # As a batch has them: sums of floats depend on their order.
            everyone = sorted([*rows, *beside], key=_in_time)
            matrix = self._matrix(connection, everyone)
        told = self._told(everyone, matrix)
        lines = [_line(row, told, at) for at, row in enumerate(everyone)]
        wanted = {row["declaration_id"] for row in rows}
        chosen = [at for at, row in enumerate(everyone) if row["declaration_id"] in wanted]
        if explain or similar:
            pulled = contributions(self.bundle.model, np.ascontiguousarray(matrix[chosen]))
            some = _Some(everyone, matrix, told, chosen, pulled)
            reasons = self._reasons(some) if explain else [None] * len(chosen)
            alike = self._alike(some) if similar else [None] * len(chosen)
            for at, why, past in zip(chosen, reasons, alike, strict=True):
                lines[at] = replace(lines[at], reasons=why, similar=past)
        by_id = {line.declaration_id: line for line in lines}
        return Scored(tuple(by_id[str(row["declaration_id"])] for row in rows), self.info)

    def _beside(self, connection: Connection, rows: Sequence[Row]) -> list[Row]:
        """Return the other lines of the consignments that the database holds."""
        if not self.bundle.model.consignment_share:
            return []
        consignments = dict.fromkeys(map(consignment_of, rows))
        ids = {row["declaration_id"] for row in rows}
        found = [
            read(record)
            for one in consignments
            if one is not None
            for record in records_beside(connection, one)
        ]
        return [row for row in found if row["declaration_id"] not in ids]

    def _matrix(self, connection: Connection, rows: Sequence[Row]) -> Matrix:
        design, ledger = self.database.design, Ledger(*days_kept(connection))
        days = [local_day(moment_of(row, "lodged_at"), design.zone) for row in rows]
        _require_days(days, ledger)
        lines = Lines.of_rows(rows, design.settings.time_zone)
        keys = design.space.keys_of(lines)
        sums, when = profiles_of(connection, design, keys, days)
        return self.features.matrix(lines, sums, when)

    def _told(self, rows: Sequence[Row], matrix: Matrix) -> Numbers:
        model = self.bundle.model
        own = model.score(matrix)
        share = model.consignment_share
        alike = codes_of([consignment_of(row) for row in rows]) if share else None
        score = own if alike is None else pooled_by(own, alike, share)
        return Numbers.of(model, matrix, score, own)

    def _reasons(self, some: _Some) -> list[tuple[Reason, ...]]:
        lines = some.lines(self.database.design.zone)
        matrix = np.ascontiguousarray(some.matrix[some.chosen])
        moved = (some.told.score - some.told.own)[some.chosen]
        model, spec = self.bundle.model, self.bundle.spec
        found = explain_lines(model, spec, lines, matrix, moved, explained=some.pulled)
        return [tuple(one) for one in found]

    def _alike(self, some: _Some) -> Sequence[Similar | None]:
        if self.shelf is None:
            return [None] * len(some.chosen)
        lines = some.lines(self.database.design.zone)
        rows = pd.DataFrame(
            {name: [line.get(name) for line in lines] for name in precedents.ASKED_OF}
        )
        return precedents.similar_to(self.shelf, self.bundle.spec, rows, some.pulled)


@dataclass(frozen=True, slots=True)
class _Some:
    """All lines at hand, the places of those to explain, and what moved the scores of these."""

    rows: Sequence[Row]
    matrix: Matrix
    told: Numbers
    chosen: list[int]
    pulled: Contributions

    def lines(self, zone: ZoneInfo) -> list[dict[str, Any]]:
        """Return the lines chosen, each with the local moment it was lodged."""
        return [
            {**row, "lodged_local": moment_of(row, "lodged_at").astimezone(zone)}
            for row in (self.rows[at] for at in self.chosen)
        ]


def _records(declarations: Sequence[Mapping[str, Any]] | pd.DataFrame) -> Sequence[Mapping]:
    if isinstance(declarations, pd.DataFrame):
        return declarations.to_dict("records")
    return declarations


def _in_time(row: Row) -> tuple[int, str]:
    return micros(moment_of(row, "lodged_at")), str(row["declaration_id"])


def _require_days(days: Sequence[int], ledger: Ledger) -> None:
    first, last = min(days), max(days)
    if last > ledger.as_of:
        raise DayError(
            "a declaration was lodged on a day that is not open yet",
            where="the declarations handed in",
            found=f"lodged on {day_of(last)}, the profiles stand at {day_of(ledger.as_of)}",
            do="Close the days before first: `targeting online close-day`.",
        )
    if first < ledger.first_day:
        raise DayError(
            "a declaration was lodged on a day whose profiles are not kept",
            where="the declarations handed in",
            found=f"lodged on {day_of(first)}, profiles are kept from {day_of(ledger.first_day)}",
            do="Score past days with `targeting score`, which replays the tables.",
        )


def _line(row: Row, told: Numbers, at: int) -> ScoredLine:
    papers, conveyance, both = (
        None if one is None else float(one[at])
        for one in (told.papers, told.conveyance, told.either)
    )
    return ScoredLine(
        declaration_id=str(row["declaration_id"]),
        lodged_at=moment_of(row, "lodged_at"),
        office_id=str(row["office_id"]),
        score=float(told.score[at]),
        probability=float(told.probability[at]),
        expected_revenue=float(told.expected_revenue[at]),
        papers_probability=papers,
        conveyance_probability=conveyance,
        either_probability=both,
    )
