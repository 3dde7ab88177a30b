"""MLflow's way in: `mlflow.pyfunc.load_model(bundle)` scores frames through the same Scorer.

The loader lives here and not in `targeting.bundle`, because it calls the Scorer and imports run
downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from targeting.errors import InputError
from targeting.features.engine import Reader
from targeting.scoring.scorer import Scorer
from targeting.tables.folder import MemoryTables, from_frame
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from targeting.scoring.scores import Scores

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

        Profiles are those of the bundle's cut-off, followed through the declarations handed in:
        the result equals scoring a tables folder that holds the same declarations.

        Parameters
        ----------
        model_input
            Columns of `declarations`; those that may be null may be left out.
        params
            None are known.

        Returns
        -------
        pandas.DataFrame
            `declaration_id, score, probability, expected_revenue`, in the order handed in.

        Raises
        ------
        InputError
            If there is none, a required column or value is missing, a moment is not one, or a
            declaration was lodged before the bundle's cut-off or stands there twice.
        """
        tables = MemoryTables(
            from_frame(_sound(model_input)),
            INSPECTIONS.arrow_schema().empty_table(),
        )
        rows = self._score(tables).rows.set_index("declaration_id")
        return rows.loc[model_input["declaration_id"]].reset_index()[_OUTPUT]

    def _score(self, tables: MemoryTables) -> Scores:
        bundle = self.scorer.bundle
        first, last = Reader(tables, bundle.spec.settings.time_zone, ()).span()
        if first < bundle.snapshot.as_of:
            raise InputError(
                "a declaration was lodged before the model's cut-off",
                where="the declarations handed in",
                found=f"lodged on {first}, profiles are as of {bundle.snapshot.as_of}",
                do="Score past days with `targeting score`, which replays the tables.",
            )
        stop = last + timedelta(days=1)
        return self.scorer.score(tables, start=first, stop=stop, explain="none")


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
    times = {
        name: _moments(frame[name], name) for name in ("lodged_at", "arrival_at") if name in frame
    }
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
