"""Features of every line a backtest asks for, computed once; and what was known at a moment.

A feature is as of its own line's day, so it is the same for every version and every moment. Only
the levels of the categories are learnt from many lines: they are coded anew for each moment, from
the lines lodged before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from targeting.errors import LeakageError
from targeting.evaluation.backtest.context import lodged_lines
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted, day_start
from targeting.features.spec import FeatureSpec, learn_spec, recoded
from targeting.training.block import Block, Known
from targeting.training.labels import examined

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import numpy.typing as npt

    from targeting.config import FeatureSettings
    from targeting.pipeline.backtest.span import Days
    from targeting.tables.folder import Tables

    Places = npt.NDArray[np.intp]

_ALL_LEVELS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """All lines of the days lived, and all lines examined before them.

    Parameters
    ----------
    tables
        Where they come from.
    settings
        What a model may look at.
    days
        The days lived.
    block
        Lines and features, coded by every level there is.
    lodged_on
        Shape (n,), datetime64[D]. Local day each line was lodged.
    """

    tables: Tables
    settings: FeatureSettings
    days: Days
    block: Block
    lodged_on: npt.NDArray[np.datetime64]

    @classmethod
    def of(
        cls,
        tables: Tables,
        settings: FeatureSettings,
        days: Days,
        *,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Archive:
        """Compute the features of all lines that will be asked for.

        Parameters
        ----------
        tables, settings, days
            As for the class.
        progress
            Told the name of each profile as it is replayed.
        """
        spec = _every_level(tables, settings, days)
        ids = _asked_for(tables, settings, days)
        rows, matrix = matrix_of(tables, spec, Wanted(ids=ids), until=days.stop, progress=progress)
        local = rows["lodged_local"].dt.tz_localize(None).to_numpy().astype("datetime64[D]")
        return cls(tables, settings, days, Block(rows, matrix, spec), local)

    def known(self, on: date) -> Known:
        """Return what was known when a day began: nothing lodged or found on it or later.

        Parameters
        ----------
        on
            Local day whose beginning is the moment.

        Raises
        ------
        LeakageError
            If a line examined by then has no features here.
        """
        moment = day_start(on, self.settings.time_zone)
        labels = examined(self.tables, known_before=moment)
        places = self._places(labels["declaration_id"])
        spec = learn_spec(self.tables, self.settings, until=on)
        return Known(self._coded(places, spec), labels)

    def lodged(self, days: Days, spec: FeatureSpec) -> Block:
        """Return the lines lodged on some days, coded as a version expects them.

        Parameters
        ----------
        days
            Among the days lived.
        spec
            The same features, with the category levels to code by.
        """
        return self._coded(self.within(days), spec)

    def within(self, days: Days) -> Places:
        """Return the places of the lines lodged on some days, in order.

        Parameters
        ----------
        days
            Among the days lived.
        """
        start, stop = np.datetime64(days.start, "D"), np.datetime64(days.stop, "D")
        return np.flatnonzero((self.lodged_on >= start) & (self.lodged_on < stop))

    def _coded(self, places: Places, spec: FeatureSpec) -> Block:
        rows = self.block.rows.iloc[places].reset_index(drop=True)
        matrix = self.block.matrix[places]
        if spec is not self.block.spec:
            matrix = recoded(matrix, self.block.spec, spec)
        return Block(rows, matrix, spec)

    def _places(self, ids: pd.Series) -> Places:
        places = pd.Index(self.block.rows["declaration_id"]).get_indexer(pd.Index(ids))
        if (places < 0).any() or (np.diff(places) <= 0).any():
            raise LeakageError(
                "labels and features are not of the same declarations",
                where="the lines of the backtest",
                found=f"{int((places < 0).sum()):,} examined lines without features",
                do="Report this: it is a defect of the program.",
            )
        return places


def _every_level(tables: Tables, settings: FeatureSettings, days: Days) -> FeatureSpec:
    """Fix the features with every level there is: a level must not be `other` for what follows."""
    wide = settings.model_copy(update={"max_categories": _ALL_LEVELS})
    spec = learn_spec(tables, wide, until=days.stop)
    return FeatureSpec(settings, spec.features, spec.levels)


def _asked_for(tables: Tables, settings: FeatureSettings, days: Days) -> pa.Array:
    """Name the lines examined before the last day, and all lines of the days themselves."""
    stop = day_start(days.stop, settings.time_zone)
    labels = examined(tables, known_before=stop)["declaration_id"]
    lodged = lodged_lines(tables, days.start, days.stop, time_zone=settings.time_zone)
    ids = pd.concat([labels, lodged["declaration_id"]]).unique()
    return pa.array(ids, type=pa.string())
