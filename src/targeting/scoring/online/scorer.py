"""Scores of declarations as they come, by the arithmetic of the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import pandas as pd

    from targeting.bundle.bundle import Bundle
    from targeting.explain.reasons import Reason
    from targeting.scoring.online.database import ProfileDatabase
    from targeting.scoring.scores import Scores, ScoresInfo


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
    reasons
        None where they were not asked for.
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

    def scores(self) -> Scores:
        """Return them as a scores file holds them, by `lodged_at`, `declaration_id`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class OnlineScorer:
    """Scores declarations with one bundle and the profiles of a database.

    Parameters
    ----------
    bundle
        Verified and loaded.
    database
        Its profiles fit the bundle's features; `of` makes sure.
    """

    bundle: Bundle
    database: ProfileDatabase

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
        raise NotImplementedError

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
        raise NotImplementedError

    def score(
        self, declarations: Sequence[Mapping[str, Any]] | pd.DataFrame, *, explain: bool = False
    ) -> Scored:
        """Score declarations, each as of the day it was lodged. Nothing is kept.

        Lines of one consignment (same document, consignee and moment) are judged together: those
        of this call, and those the database holds.

        Parameters
        ----------
        declarations
            As for `ProfileDatabase.accept`.
        explain
            Whether to write the reasons.

        Raises
        ------
        ContractError
            If a row does not keep the contract; every breach is told.
        DayError
            If a declaration was lodged on a day the profiles do not stand at: one that is not
            open yet because earlier days have not closed, or one long past.
        """
        raise NotImplementedError
