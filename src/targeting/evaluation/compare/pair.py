"""Both versions' scores on the same lines, and the lists each would have opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from targeting.errors import ContractError
from targeting.evaluation.capacity import chance_within
from targeting.evaluation.compare.findings import AT_CAPACITY
from targeting.evaluation.judge import CUTS
from targeting.evaluation.lines import Lines, join
from targeting.evaluation.metrics import lines_at_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from targeting.evaluation.metrics import Floats

Opened = tuple["Floats", "Floats"]
"""Chance with which each version opens each line, shape (n,) each."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two versions' scores of the same lines, in order of `declaration_id`.

    Parameters
    ----------
    ids
        Shape (n,). Declarations.
    first, second
        What each version said; everything but score and probability is the same in both.
    consignee
        Shape (n,). Consignee of each line; None where unknown. Never shown.
    capacity
        Examinations per office and day.
    """

    ids: NDArray[Any]
    first: Lines
    second: Lines
    consignee: NDArray[Any]
    capacity: int

    @classmethod
    def of(
        cls,
        scores: tuple[pd.DataFrame, pd.DataFrame],
        examined: pd.DataFrame,
        context: pd.DataFrame,
        *,
        capacity: int,
        time_zone: str,
    ) -> Pair:
        """Put both scores, results and context together.

        Parameters
        ----------
        scores
            Of the first and of the second version, of the same declarations.
        examined
            From `targeting.training.labels.examined`.
        context
            `declaration_id`, `consignee_id` and columns to slice by.
        capacity
            Examinations per office and day.
        time_zone
            IANA name; a day closes at midnight there.

        Raises
        ------
        ContractError
            If the two did not score the same declarations.
        """
        ids = [np.sort(each["declaration_id"].to_numpy(object)) for each in scores]
        if not np.array_equal(ids[0], ids[1]):
            raise _other_lines(len(set(ids[0]) ^ set(ids[1])))
        consignee = context.set_index("declaration_id")["consignee_id"].reindex(ids[0])
        parts = context.drop(columns="consignee_id")
        first, second = (join(each, examined, parts, time_zone=time_zone) for each in scores)
        known = consignee.astype(object).where(consignee.notna(), None).to_numpy(object)
        return cls(ids[0], first, second, known, capacity)

    @property
    def versions(self) -> tuple[Lines, Lines]:
        """Both, the first first."""
        return self.first, self.second

    def take(self, rows: NDArray[np.bool_]) -> Pair:
        """Return some of the lines, in the same order.

        Parameters
        ----------
        rows
            Shape (n,). True for those wanted.
        """
        first, second = (_take(each, rows) for each in self.versions)
        return Pair(self.ids[rows], first, second, self.consignee[rows], self.capacity)

    def lists(self, *, of_each_day: bool) -> Iterator[tuple[str, Opened]]:
        """Draw both versions' lists from these lines: at capacity, then at each share.

        Parameters
        ----------
        of_each_day
            Whether a share is that of each day's lines, as a list is drawn in practice and as a
            backtest counts; else it is that of all lines in one order, as an evaluation counts.

        Yields
        ------
        tuple of str and Opened
            Where the list is cut, and the chance with which each version opens each line.
        """
        yield AT_CAPACITY, self.at_capacity()
        days = _codes(self.first.day) if of_each_day else np.zeros(len(self.ids), dtype=np.intp)
        lines = np.bincount(days).astype(np.float64)
        for share in CUTS:
            places = lines * share if of_each_day else lines_at_share(share, lines)
            yield f"{share * 100:g}pct", self._opened(days, places)

    def at_capacity(self) -> Opened:
        """Chance with which each version opens each line at capacity per office and day."""
        offices, days = _codes(self.first.office.astype(str)), _codes(self.first.day)
        cell = _codes(offices * (int(days.max(initial=0)) + 1) + days)
        return self._opened(cell, float(self.capacity))

    def _opened(self, cell: NDArray[np.intp], places: NDArray[Any] | float) -> Opened:
        first, second = (chance_within(each.score, cell, places) for each in self.versions)
        return first, second


def _codes(values: NDArray[Any]) -> NDArray[np.intp]:
    return np.unique(values, return_inverse=True)[1].astype(np.intp)


def _take(lines: Lines, rows: NDArray[np.bool_]) -> Lines:
    return Lines(
        score=lines.score[rows],
        probability=lines.probability[rows],
        label=lines.label[rows],
        revenue=lines.revenue[rows],
        chance=lines.chance[rows],
        office=lines.office[rows],
        day=lines.day[rows],
        parts={name: part[rows] for name, part in lines.parts.items()},
        examined_not_scored=lines.examined_not_scored,
    )


def _other_lines(differ: int) -> ContractError:
    return ContractError(
        "the two versions did not score the same declarations",
        where="comparison",
        found=f"{differ:,} declarations that only one of them scored",
        do="Score both on the same tables and days.",
    )
