"""Who is opened: mandatory orders, then lines drawn by lot, then the highest by the model.

A random stratum is the only part of the examinations that shows what the model does not see, so
each drawn line carries the exact chance it had (ASYCUDA's minimum random rate per lane is the same
idea; without the chance, its results cannot be weighted). It is drawn before the model's lines are
taken: a line the model also likes keeps its chance, and the hit rate of the drawn lines is that of
all arrivals that were not ordered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.errors import ConfigError, ContractError, InputError
from targeting.shortlist.lottery import lot, whole_slots

if TYPE_CHECKING:
    from collections.abc import Collection

    from targeting.config import ShortlistSettings

NEEDED = ("declaration_id", "lodged_at", "office_id", "score", "probability", "expected_revenue")

COLUMNS = (
    "rank",
    "office_id",
    "day",
    "declaration_id",
    "selected_by",
    "selection_probability",
    "score",
    "probability",
    "expected_revenue",
    "reasons",
    "similar",
)
"""Columns of a drawn list, in order."""

_OFFICE_DAY = ["office_id", "day"]
_TURN = {"mandatory": 0, "random": 1, "model": 2}


def draw(
    scores: pd.DataFrame,
    *,
    capacity: int,
    settings: ShortlistSettings,
    mandatory: Collection[str] = (),
) -> pd.DataFrame:
    """Draw the lines to examine, per office and local day of lodging.

    Parameters
    ----------
    scores
        Columns of `targeting.scoring.scores.SCHEMA`; `reasons` and `similar` where explained.
        Not changed.
    capacity
        Examinations per office and day, >= 1.
    settings
        Ranking, random share, seed and time zone.
    mandatory
        Ids of declarations ordered from outside. They use slots; if there are more of them than
        slots, all are kept and the office-day is over its capacity.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, ordered by office, day and `rank`, the officer's working order: mandatory
        lines, lines drawn by lot, then the model's, highest first. `selection_probability` is
        the chance a line drawn by lot had, null for the others.

    Raises
    ------
    ConfigError
        If `capacity` is below 1.
    InputError
        If there are no scores.
    ContractError
        If a needed value is missing or a declaration stands there twice; all are told at once.

    Notes
    -----
    With capacity C, share s, m mandatory and L other lines in an office-day, the lot has
    `C * s` slots on average (whole slots by a lottery of their own), never more than the slots
    that mandatory lines left or the lines there are. Both bounds are whole numbers, so the chance
    of each line is exactly `min(C * s, C - m, L) / L`.

    Examples
    --------
    >>> from targeting.config import ShortlistSettings
    >>> scores = pd.DataFrame({
    ...     "declaration_id": ["D-1", "D-2", "D-3"],
    ...     "lodged_at": pd.to_datetime(["2025-03-01T08:00Z"] * 3, utc=True),
    ...     "office_id": ["AZ001"] * 3, "score": [-2.0, -1.0, -3.0],
    ...     "probability": [0.12, 0.27, 0.05], "expected_revenue": [None, None, None]})
    >>> list(draw(scores, capacity=2, settings=ShortlistSettings())["declaration_id"])
    ['D-2', 'D-1']
    """
    _require_capacity(capacity)
    _require_sound(scores, settings.rank_by)
    rows = _order(scores, settings, mandatory)
    days = _slots(rows, capacity, settings)
    rows = _choose(rows.merge(days, on=_OFFICE_DAY, how="left", validate="many_to_one"))
    return _working_order(rows)


def local_day(moment: pd.Series, time_zone: str) -> pd.Series:
    """Tell the working day of each moment: the calendar date in the administration's zone.

    Parameters
    ----------
    moment
        UTC timestamps.
    time_zone
        An IANA time zone.

    Examples
    --------
    >>> moment = pd.Series(pd.to_datetime(["2025-03-01T21:30Z"], utc=True))
    >>> local_day(moment, "Asia/Baku")[0].isoformat()
    '2025-03-02'
    """
    return pd.to_datetime(moment, utc=True).dt.tz_convert(time_zone).dt.date


def _require_capacity(capacity: int) -> None:
    if capacity < 1:
        raise ConfigError(
            "not a positive whole number",
            where="--capacity",
            found=f"{capacity}",
            do="Give the examinations one office can make in one day, 1 or more.",
        )


def _require_sound(scores: pd.DataFrame, rank_by: str) -> None:
    if scores.empty:
        raise InputError(
            "there is nothing to draw from",
            where="scores",
            found="0 scored declarations",
            do="Score days on which declarations were lodged: `targeting score --from --to`.",
        )
    needed = [*NEEDED, *(() if rank_by == "mix" else (rank_by,))]
    missing = [f"column {name} is missing" for name in dict.fromkeys(needed) if name not in scores]
    wrong = missing or _unfit_values(scores, rank_by)
    if wrong:
        raise ContractError(
            "no list can be drawn from these scores",
            where="scores",
            found="; ".join(wrong),
            do="Run `targeting score` again, or rank by probability when the model gives no "
            "expected revenue (`rank_by` in configs/shortlist.yaml).",
        )


def _unfit_values(scores: pd.DataFrame, rank_by: str) -> list[str]:
    never_null = ["declaration_id", "lodged_at", "office_id", "score", "probability"]
    amount = "expected_revenue" if rank_by == "mix" else rank_by
    if amount not in never_null:
        never_null.append(amount)
    nulls = {name: int(scores[name].isna().sum()) for name in never_null}
    wrong = [f"{count:,} values of {name} are missing" for name, count in nulls.items() if count]
    twice = int(scores["declaration_id"].duplicated().sum())
    return [*wrong, f"{twice:,} declarations stand there twice"] if twice else wrong


def _order(
    scores: pd.DataFrame, settings: ShortlistSettings, mandatory: Collection[str]
) -> pd.DataFrame:
    """Put rows highest first, with their local day and place in the lottery."""
    by = ["worth", "score", "declaration_id"]
    rows = scores.assign(worth=_worth(scores, settings))
    rows = rows.sort_values(by, ascending=[False, False, True], ignore_index=True)
    return rows.drop(columns="worth").assign(
        day=local_day(rows["lodged_at"], settings.time_zone),
        ordered=rows["declaration_id"].isin(set(mandatory)),
        height=np.arange(len(rows)),
        lot=_lots(rows["declaration_id"], settings),
        reasons=rows.get("reasons"),
        similar=rows.get("similar"),
    )


def _worth(scores: pd.DataFrame, settings: ShortlistSettings) -> pd.Series:
    """Say what opening each line is worth by the policy: hits, revenue, or a stated mix.

    The mix adds a line's share of all hits expected to its share of all revenue expected.
    """
    if settings.rank_by != "mix":
        return scores[settings.rank_by]
    hits, revenue = (
        scores[name] / (scores[name].sum() or 1.0) for name in ("probability", "expected_revenue")
    )
    return (1 - settings.revenue_weight) * hits + settings.revenue_weight * revenue


def _lots(declaration_id: pd.Series, settings: ShortlistSettings) -> pd.Series:
    """Give each declaration its place in the lottery; there is none to give without a share."""
    if not settings.random_share:
        return pd.Series(0, index=declaration_id.index)
    lots = [lot(settings.seed, name) for name in declaration_id.astype(str).tolist()]
    return pd.Series(lots, index=declaration_id.index).rank(method="first").astype("int64")


def _slots(rows: pd.DataFrame, capacity: int, settings: ShortlistSettings) -> pd.DataFrame:
    """Count each office-day's free slots and, of them, those of the lottery."""
    days = rows.groupby(_OFFICE_DAY, as_index=False).agg(
        ordered_lines=("ordered", "sum"), arrivals=("ordered", "size")
    )
    free = (capacity - days["ordered_lines"]).clip(lower=0)
    others = days["arrivals"] - days["ordered_lines"]
    expected = capacity * settings.random_share
    wanted = [
        whole_slots(expected, seed=settings.seed, name=f"slots:{office}:{day}")
        for office, day in zip(days["office_id"], days["day"], strict=True)
    ]
    most = np.minimum(free, others)
    return days[_OFFICE_DAY].assign(
        free=free,
        drawn_slots=np.minimum(wanted, most),
        chance=np.minimum(expected, most) / others.where(others > 0),
    )


def _choose(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows that get a slot, each with `selected_by`."""
    others = rows.loc[~rows["ordered"]]
    by_lot = others.sort_values("lot").groupby(_OFFICE_DAY).cumcount().reindex(others.index)
    drawn = others.loc[by_lot < others["drawn_slots"]]
    rest = others.drop(drawn.index)
    place = rest.sort_values("height").groupby(_OFFICE_DAY).cumcount().reindex(rest.index)
    top = rest.loc[place < rest["free"] - rest["drawn_slots"]]
    return pd.concat(
        [
            rows.loc[rows["ordered"]].assign(selected_by="mandatory", selection_probability=np.nan),
            drawn.assign(selected_by="random", selection_probability=drawn["chance"]),
            top.assign(selected_by="model", selection_probability=np.nan),
        ]
    )


def _working_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Set the order in which the officer works an office-day, and number its lines.

    Lines drawn by lot stand before the model's: were they last, a day that runs out of time
    would drop them, and the lot would no longer be one.
    """
    by_lot = rows["selected_by"] == "random"
    within = rows["height"].where(~by_lot, rows["lot"])
    ordered = rows.assign(turn=rows["selected_by"].map(_TURN), within=within).sort_values(
        [*_OFFICE_DAY, "turn", "within"], ignore_index=True
    )
    rank = ordered.groupby(_OFFICE_DAY).cumcount() + 1
    return ordered.assign(rank=rank)[list(COLUMNS)]
