"""MLflow's way in: `mlflow.pyfunc.load_model(bundle)` scores frames through the same Scorer.

The loader lives here and not in `targeting.bundle`, because it calls the Scorer and imports run
downwards.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from targeting.bundle.flavour import LINES
from targeting.errors import InputError
from targeting.scoring.scorer import Scorer
from targeting.tables.folder import MemoryTables, from_frame
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.training.consignment import codes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

Profiles = Literal["day", "followed", "frozen"]
"""What the profiles of a call stand for; see `ScoringModel.predict`."""

_MOMENTS = ("lodged_at", "arrival_at")
_OUTPUT = ["declaration_id", "score", "probability", "expected_revenue"]


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """What MLflow calls: a frame of declarations in, a frame of scores out.

    Parameters
    ----------
    scorer
        With its bundle loaded.
    """

    scorer: Scorer

    def predict(
        self,
        model_input: pd.DataFrame,
        params: Mapping[str, object] | None = None,
    ) -> pd.DataFrame:
        """Score declarations as of the day each was lodged.

        A score must not depend on which other rows happen to be in the same call, and never does
        without a word: the rows of a call are judged by the profiles of one day, and a call that
        is not of that day says by `params` what is meant.

        Parameters
        ----------
        model_input
            Columns of `declarations`; those that may be null may be left out. A column
            `consignment_lines` tells how many lines the consignment of each has, and they must
            all be there.
        params
            `profiles`: `day` (unless it says otherwise) takes declarations lodged on the day the
            bundle's profiles stand at, and scores them as the batch does. `frozen` takes later
            ones too, and leaves the profiles as they stand. `followed` takes all declarations
            since that day, in one call, and follows the profiles through them, as scoring a
            tables folder of the same declarations does.

        Returns
        -------
        pandas.DataFrame
            `declaration_id, score, probability, expected_revenue`, in the order handed in.

        Raises
        ------
        InputError
            If there is none, a required column or value is missing, a moment is not one, a
            declaration stands there twice or was lodged on a day `profiles` does not cover, or
            lines of a consignment are missing.
        """
        profiles = _profiles(params or {})
        frame = _sound(model_input)
        if _in_spark_task():
            _require_fit_for_batches(model_input, profiles)
        _require_whole_consignments(frame)
        scored = self._score(frame.drop(columns=LINES, errors="ignore"), profiles)
        rows = scored.set_index("declaration_id")
        return rows.loc[model_input["declaration_id"]].reset_index()[_OUTPUT]

    def _score(self, frame: pd.DataFrame, profiles: Profiles) -> pd.DataFrame:
        bundle = self.scorer.bundle
        day = frame["lodged_at"].dt.tz_convert(bundle.spec.settings.time_zone).dt.date
        _require_days(day.min(), day.max(), bundle.snapshot.as_of, profiles)
        if profiles == "followed":
            return self._of_days(frame, day.min(), day.max())
        each = [self._of_days(rows, one, one) for one, rows in frame.groupby(day)]
        return pd.concat(each, ignore_index=True)

    def _of_days(self, frame: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
        tables = MemoryTables(from_frame(frame), INSPECTIONS.arrow_schema().empty_table())
        stop = last + timedelta(days=1)
        return self.scorer.score(tables, start=first, stop=stop, explain="none").rows


def _profiles(params: Mapping[str, object]) -> Profiles:
    asked = params.get("profiles", "day")
    for known in get_args(Profiles):
        if asked == known:
            return known
    raise InputError(
        "no such way of reading profiles",
        where="params: profiles",
        found="something else",
        do=f"Give one of {', '.join(get_args(Profiles))}.",
    )


def _require_days(first: date, last: date, as_of: date, profiles: Profiles) -> None:
    if first < as_of:
        raise InputError(
            "a declaration was lodged before the model's cut-off",
            where="the declarations handed in",
            found=f"lodged on {first}, profiles are as of {as_of}",
            do="Score past days with `targeting score`, which replays the tables.",
        )
    if profiles == "day" and last > as_of:
        raise InputError(
            "a declaration was lodged after the day the bundle's profiles stand at",
            where="the declarations handed in",
            found=f"lodged on {last}, profiles are as of {as_of}",
            do="Bring the bundle up to the day with `targeting freshen`, or say what is meant by "
            "the parameter `profiles`: `frozen` leaves them as they stand, `followed` follows "
            "them through all declarations handed in.",
        )


def _in_spark_task() -> bool:
    """Tell whether Spark calls, which cuts a frame into batches as it likes."""
    spark = sys.modules.get("pyspark")
    return spark is not None and spark.TaskContext.get() is not None


def _require_fit_for_batches(frame: pd.DataFrame, profiles: Profiles) -> None:
    """Refuse what would score otherwise by how Spark cuts the frame, or by the zone it is in."""
    wrong = []
    if profiles == "followed":
        wrong.append("profiles cannot be followed through a batch of the declarations")
    if LINES not in frame:
        wrong.append(f"column {LINES} is missing")
    bare = [name for name in _MOMENTS if name in frame and frame[name].dtype.kind == "M"]
    wrong += [f"{name} comes without its time zone" for name in bare]
    if wrong:
        raise InputError(
            "these rows cannot be scored in batches",
            where="the Spark DataFrame",
            found="; ".join(wrong),
            do="Pass the DataFrame through `targeting.scoring.spark.for_udf` first.",
        )


def _require_whole_consignments(frame: pd.DataFrame) -> None:
    if LINES not in frame:
        return
    told = pd.to_numeric(frame[LINES], errors="coerce").to_numpy(dtype=float)
    code = codes(frame)
    missing = int((told != np.bincount(code)[code]).sum())
    if missing:
        raise InputError(
            "lines of a consignment are judged together, and some are missing",
            where=f"the declarations handed in, column {LINES}",
            found=f"{missing:,} rows whose consignment has another number of lines here",
            do="Hand in all lines of a consignment in one call. On Spark, set "
            "spark.sql.execution.arrow.maxRecordsPerBatch to 0.",
        )


def _sound(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its moments in UTC, or refuse it with everything that is wrong."""
    timed = _with_utc(frame)
    wrong = [] if len(timed) else ["no declaration"]
    for column in DECLARATIONS.columns:
        if column.null:
            continue
        if column.name not in timed:
            wrong.append(f"column {column.name} is missing")
        elif timed[column.name].isna().any():
            wrong.append(f"{int(timed[column.name].isna().sum()):,} rows without {column.name}")
    if DECLARATIONS.key in timed and timed[DECLARATIONS.key].duplicated().any():
        wrong.append(f"{int(timed[DECLARATIONS.key].duplicated().sum()):,} repeated ids")
    if wrong:
        raise _refused("; ".join(wrong))
    return timed


def _with_utc(frame: pd.DataFrame) -> pd.DataFrame:
    times = {name: _moments(frame[name], name) for name in _MOMENTS if name in frame}
    return frame.assign(**times)


def _moments(column: pd.Series, name: str) -> pd.Series:
    try:
        return pd.to_datetime(column, utc=True, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise _refused(f"{name} holds something that is not a moment (ISO 8601)") from error


def _refused(found: str) -> InputError:
    return InputError(
        "these rows cannot be scored",
        where="the declarations handed in",
        found=found,
        do="Hand each declaration in once, with the required columns of docs/data-dictionary.md.",
    )


def _load_pyfunc(path: str) -> ScoringModel:
    """Load a bundle for MLflow, which looks for a function of this name."""
    return ScoringModel(Scorer.load(Path(path)))
