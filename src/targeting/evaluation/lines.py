"""Scored lines with what examinations found: the arrays an evaluation is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from targeting.errors import ConfigError, ContractError
from targeting.evaluation.metrics import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.capacity import Days
    from targeting.evaluation.metrics import Floats

NOT_STATED = "not stated"
KEY = "declaration_id"


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """One entry per scored line, in order of `declaration_id`.

    Parameters
    ----------
    score, probability
        Shape (n,). What the model said.
    label
        Shape (n,). 1 hit, 0 clear, -1 not examined.
    revenue
        Shape (n,). Revenue recovered; NaN where none is recorded.
    chance
        Shape (n,). Chance with which the line was drawn for examination; NaN where unknown.
    office
        Shape (n,). Office code.
    day
        Shape (n,). Port-local day the line was lodged.
    parts
        For each dimension, shape (n,): the part of the traffic a line belongs to.
    examined_not_scored
        Examined lines that have no score.
    """

    score: Floats
    probability: Floats
    label: NDArray[np.int64]
    revenue: Floats
    chance: Floats
    office: NDArray[Any]
    day: Days
    parts: dict[str, NDArray[Any]]
    examined_not_scored: int

    @property
    def examined(self) -> NDArray[np.bool_]:
        """Shape (n,). Whether a line has a result."""
        return self.label != UNKNOWN

    @property
    def hit(self) -> NDArray[np.bool_]:
        """Shape (n,). Whether a line is known to be a hit."""
        return self.label == 1


def join(
    scores: pd.DataFrame,
    examined: pd.DataFrame,
    context: pd.DataFrame | None,
    *,
    time_zone: str,
) -> Lines:
    """Put scores and results together; a score without a result is unknown.

    Parameters
    ----------
    scores
        Columns `declaration_id, lodged_at` (UTC)`, office_id, score, probability`.
    examined
        As `targeting.training.labels.examined` returns it.
    context
        `declaration_id` and columns to slice by, or None.
    time_zone
        IANA name of the administration's time zone.

    Raises
    ------
    ContractError
        If a column is missing or a declaration stands in a frame twice.
    """
    _require_sound(scores, examined, context)
    rows = scores.sort_values(KEY, kind="stable", ignore_index=True)
    found = examined.set_index(KEY).reindex(rows[KEY])
    known = rows[KEY].isin(examined[KEY]).to_numpy(bool)
    hit = found["hit"].eq(True).to_numpy(bool)  # noqa: FBT003 - pandas' own signature
    return Lines(
        score=rows["score"].to_numpy(np.float64),
        probability=rows["probability"].to_numpy(np.float64),
        label=np.where(known, hit.astype(np.int64), UNKNOWN),
        revenue=_numbers(found, "revenue_recovered"),
        chance=_numbers(found, "selection_probability"),
        office=rows["office_id"].astype(object).to_numpy(),
        day=_local_days(rows["lodged_at"], time_zone),
        parts=_parts(rows, found, context),
        examined_not_scored=int((~examined[KEY].isin(rows[KEY])).sum()),
    )


def _require_sound(
    scores: pd.DataFrame, examined: pd.DataFrame, context: pd.DataFrame | None
) -> None:
    needed = {
        "scores": (scores, (KEY, "lodged_at", "office_id", "score", "probability")),
        "examined": (examined, (KEY, "hit", "selected_by")),
        "context": (context, (KEY,)),
    }
    wrong: list[str] = []
    for name, (frame, columns) in needed.items():
        if frame is None:
            continue
        wrong += [
            f"{name}: column {column} is missing" for column in columns if column not in frame
        ]
        twice = int(frame[KEY].duplicated().sum()) if KEY in frame else 0
        if twice:
            wrong.append(f"{name}: {twice:,} declarations stand there twice")
    if wrong:
        raise ContractError(
            "scores and results cannot be put together",
            where="evaluation",
            found="; ".join(wrong),
            do="Pass the scores and the tables as `targeting` wrote them.",
        )


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    if column not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[column]).to_numpy(np.float64, na_value=np.nan)


def _local_days(lodged_at: pd.Series, time_zone: str) -> Days:
    local = pd.to_datetime(lodged_at, utc=True).dt.tz_convert(time_zone).dt.tz_localize(None)
    return local.to_numpy().astype("datetime64[D]")


def _parts(
    rows: pd.DataFrame, found: pd.DataFrame, context: pd.DataFrame | None
) -> dict[str, NDArray[Any]]:
    parts = {"office_id": _words(rows["office_id"]), "selected_by": _words(found["selected_by"])}
    if "offence" in found:
        parts["offence"] = _words(found["offence"])
    if context is not None:
        known = context.set_index(KEY).reindex(rows[KEY])
        parts |= {str(name): _words(known[name]) for name in known.columns}
    return parts


def _words(column: pd.Series) -> NDArray[Any]:
    return column.astype(object).where(column.notna(), NOT_STATED).astype(str).to_numpy(object)


def require_capacity(capacity: int) -> None:
    """Refuse a capacity below one examination.

    Parameters
    ----------
    capacity
        Examinations per office and day.

    Raises
    ------
    ConfigError
        If `capacity` < 1.
    """
    if capacity < 1:
        raise ConfigError(
            "not a positive whole number",
            where="capacity",
            found=str(capacity),
            do="Give the examinations per office and day.",
        )
