"""Prequential folds: train, gap, test, rolled on through time; never at random.

A fold is what a port would have lived through: a model is made at a moment of what was known then,
and judged on the lines lodged from that moment on. Everything is measured in durations, because a
busy month has more rows than a quiet one and not more time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import InputError
from targeting.training.labels import Label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import numpy.typing as npt
    import pandas as pd

    from targeting.config.tune import FoldSettings

    Bools = npt.NDArray[np.bool_]

CONSIGNMENT = "transport_document_id"
"""Lines of one transport document travel together, and are examined together."""

ENTITIES: Mapping[str, tuple[str, ...]] = {
    "new consignee": ("consignee_id",),
    "new consignor": ("consignor_id",),
    "new pair of parties": ("consignee_id", "consignor_id"),
}
"""Slices of lines about whose party a model could not have learnt, by name."""


@dataclass(frozen=True, slots=True)
class Period:
    """The moments of one fold.

    Parameters
    ----------
    number
        From 1, the earliest first.
    train_from
        Lines lodged before it are not learnt from; None takes all there are.
    train_until
        Lines lodged at or after it are not learnt from: the gap begins.
    moment
        When the model is made: results known at or after it are unknown to it, and the lines it
        is judged on are lodged from here.
    test_until
        Lines lodged at or after it are not judged.
    """

    number: int
    train_from: datetime | None
    train_until: datetime
    moment: datetime
    test_until: datetime


def periods(settings: FoldSettings, *, first: datetime, until: datetime) -> tuple[Period, ...]:
    """Roll the folds back from the end of the data.

    The last test block ends a gap before it, so that its results are known too.

    Parameters
    ----------
    settings
        Durations and number of the folds.
    first
        When the first line was lodged.
    until
        End of the data: nothing lodged or known at or after it is used.

    Returns
    -------
    tuple of Period
        The earliest first; those that would have less to learn from than the length of a test
        block are left out.

    Raises
    ------
    InputError
        If not one fold fits into the history.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from targeting.config.tune import FoldSettings
    >>> day = lambda number: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)
    >>> found = periods(FoldSettings(count=2, test_days=20, gap_days=5), first=day(0),
    ...     until=day(100))
    >>> [((one.moment - day(0)).days, (one.test_until - day(0)).days) for one in found]
    [(55, 75), (75, 95)]
    """
    gap, test = timedelta(days=settings.gap_days), timedelta(days=settings.test_days)
    ends = [until - gap - back * timedelta(days=settings.step) for back in range(settings.count)]
    ends = [end for end in reversed(ends) if end - test - gap - first >= test]
    if not ends:
        raise InputError(
            "the history is too short for one fold",
            where="folds",
            found=f"{(until - first).days} days; a fold needs {settings.test_days} days to learn "
            f"from, {settings.test_days} to be judged on and two gaps of {settings.gap_days}",
            do="Shorten `test_days` and `gap_days`, or bring in more history.",
        )
    window = None if settings.train_days is None else timedelta(days=settings.train_days)
    return tuple(
        Period(
            number=number,
            train_from=None if window is None else end - test - gap - window,
            train_until=end - test - gap,
            moment=end - test,
            test_until=end,
        )
        for number, end in enumerate(ends, start=1)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One fold as masks over the same lines.

    Parameters
    ----------
    period
        Its moments.
    train, test
        Shape (n,). Lines to learn from, and lines to be judged on.
    purged
        Lines taken out of training because their consignment reaches into the gap or the test.
    """

    period: Period
    train: Bools
    test: Bools
    purged: int


def cut(period: Period, rows: pd.DataFrame, *, then: pd.DataFrame, finally_: pd.DataFrame) -> Fold:
    """Cut lines into those a fold learns from and those it is judged on.

    Parameters
    ----------
    period
        The moments of the fold.
    rows
        Shape (n,). Lines, examined or not, with `lodged_at` and `transport_document_id`; a line
        without a document is a consignment of its own.
    then
        Shape (n,). Their labels as known before `period.moment`, from `labels_at`.
    finally_
        Shape (n,). Their labels as known before the end of the data.

    Returns
    -------
    Fold
        With the number of lines purged.

    Raises
    ------
    ValueError
        If the frames are not of the same lines, or `then` knows more than its moment allows.
    """
    _require_sound(period, rows, then, finally_)
    learnt = _in_window(period, rows) & (then["label"] != Label.UNKNOWN).to_numpy()
    astride = _astride(period, rows, rows)
    judged = _ahead(period, rows) & (rows["lodged_at"] >= period.moment).to_numpy()
    return Fold(
        period=period,
        train=learnt & ~astride,
        test=judged & (finally_["label"] != Label.UNKNOWN).to_numpy(),
        purged=int((learnt & astride).sum()),
    )


def beside(period: Period, others: pd.DataFrame, rows: pd.DataFrame) -> Bools:
    """Mark the lines a fold may see besides those it is cut from, such as unexamined ones.

    Parameters
    ----------
    period
        The moments of the fold.
    others
        Shape (m,). The other lines, with `lodged_at` and `transport_document_id`.
    rows
        The lines the fold is cut from.

    Returns
    -------
    ndarray
        Shape (m,). True for lines of the training window whose consignment has no line of
        `rows` in the gap or the test.
    """
    return _in_window(period, others) & ~_astride(period, others, rows)


def _in_window(period: Period, rows: pd.DataFrame) -> Bools:
    """Tell which lines were lodged in the training window."""
    inside = (rows["lodged_at"] < period.train_until).to_numpy()
    if period.train_from is not None:
        inside = inside & (rows["lodged_at"] >= period.train_from).to_numpy()
    return inside


def _ahead(period: Period, rows: pd.DataFrame) -> Bools:
    """Tell which lines were lodged in the gap or the test."""
    lodged = rows["lodged_at"]
    return ((lodged >= period.train_until) & (lodged < period.test_until)).to_numpy()


def _astride(period: Period, some: pd.DataFrame, rows: pd.DataFrame) -> Bools:
    """Tell which lines have a consignment with a line of `rows` in the gap or the test."""
    ahead = rows[CONSIGNMENT][_ahead(period, rows)].dropna()
    return some[CONSIGNMENT].notna().to_numpy() & some[CONSIGNMENT].isin(ahead).to_numpy()


def _require_sound(
    period: Period, rows: pd.DataFrame, then: pd.DataFrame, finally_: pd.DataFrame
) -> None:
    for name, labels in (("then", then), ("finally_", finally_)):
        if not np.array_equal(labels["declaration_id"], rows["declaration_id"]):
            raise ValueError(f"`{name}` and `rows` are not of the same declarations in one order")
    late = int((then["known_at"] >= period.moment).sum())
    if late:
        raise ValueError(f"`then` has {late:,} results not known before the moment of the fold")


def novel(fold: Fold, rows: pd.DataFrame, traffic: pd.DataFrame | None = None) -> dict[str, Bools]:
    """Mark the test lines whose party was never seen in the fold's training window.

    Parameters
    ----------
    fold
        The fold.
    rows
        Shape (n,). The lines its masks are of, with the columns of `ENTITIES`.
    traffic
        All declarations, so that a party that was seen and never examined is not new; None
        looks at `rows` alone.

    Returns
    -------
    dict of str to ndarray
        For each name in `ENTITIES`, shape (n,). A line that does not name its party is in none.
    """
    seen = rows if traffic is None else traffic
    before = seen[_in_window(fold.period, seen)]
    return {
        name: fold.test & rows[list(columns)].notna().all(axis=1).to_numpy()
        & ~_among(rows, before, columns)
        for name, columns in ENTITIES.items()
    }  # fmt: skip


def _among(rows: pd.DataFrame, before: pd.DataFrame, columns: tuple[str, ...]) -> Bools:
    """Tell which lines have a key that occurs in earlier ones."""
    known = set(before[list(columns)].dropna().itertuples(index=False, name=None))
    return np.fromiter(
        (key in known for key in rows[list(columns)].itertuples(index=False, name=None)),
        dtype=bool,
        count=len(rows),
    )


def shortened(settings: FoldSettings, *, days: int) -> FoldSettings:
    """Shorten the blocks when they would take more than half of a short history.

    Parameters
    ----------
    settings
        As configured.
    days
        Length of the history.

    Returns
    -------
    FoldSettings
        As it is where it fits; else with blocks and steps shrunk alike, and the gap to at most a
        twentieth of the history, as one training run does.

    Examples
    --------
    >>> from targeting.config.tune import FoldSettings
    >>> short = shortened(FoldSettings(), days=120)
    >>> short.test_days, short.gap_days
    (13, 6)
    """
    if settings.needed_days <= days / 2:
        return settings
    gap = min(settings.gap_days, days // 20)
    blocks = settings.needed_days - settings.gap_days
    scale = min(1.0, max(days / 2 - gap, 1) / blocks)
    return settings.model_copy(
        update={
            "gap_days": gap,
            "test_days": max(1, int(settings.test_days * scale)),
            "step_days": max(1, int(settings.step * scale)),
        }
    )
