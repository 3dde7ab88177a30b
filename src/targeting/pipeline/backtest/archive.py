"""Features of every line a backtest asks for, computed once; and what was known at a moment.

A feature is as of its own line's day, so it is the same for every version and every moment. Only
the levels of the categories are learnt from many lines: they are coded anew for each moment, from
the lines lodged before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from targeting.training.consignment import codes, companions
from targeting.training.labels import examined
from targeting.training.learn import Moment
from targeting.training.unexamined import sample_unexamined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    import numpy.typing as npt

    from targeting.config import FeatureSettings, TrainSettings
    from targeting.pipeline.backtest.span import Days
    from targeting.tables.folder import Tables

    Places = npt.NDArray[np.intp]

_ALL_LEVELS = 1_000_000


@dataclass(frozen=True, slots=True)
class Lessons:
    """When models learn, and what they look at beside results.

    Parameters
    ----------
    days
        Days whose beginnings are the moments of learning.
    settings
        How many unexamined lines are shown, and whether consignments are scored together.
    """

    days: tuple[date, ...]
    settings: TrainSettings

    def beside(
        self, tables: Tables, features: FeatureSettings, ids: pa.Array
    ) -> tuple[dict[date, pa.Array], pa.Array]:
        """Name the unexamined lines of each moment, and the companions of the lines examined.

        Parameters
        ----------
        tables
            Where they come from.
        features
            Whose time zone tells when a day begins.
        ids
            The lines asked for.
        """
        moments = {
            day: Moment(day_start(day, features.time_zone), self.settings.split)
            for day in self.days
        }
        drawn = {
            day: sample_unexamined(
                tables,
                self.settings.unexamined,
                before=moment.at,
                begun_before=moment.calibrate_from,
            )
            for day, moment in moments.items()
        }
        return drawn, companions(tables, ids) if self.together else ids[:0]

    @property
    def together(self) -> bool:
        """Whether the lines of a consignment are scored together."""
        return bool(self.settings.model.consignment_share)


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
    unexamined
        Ids of the unexamined lines a model may see, by the day it learns.
    consignment
        Shape (n,). Number of each line's consignment; None where lines are scored one by one.
    """

    tables: Tables
    settings: FeatureSettings
    days: Days
    block: Block
    lodged_on: npt.NDArray[np.datetime64]
    unexamined: Mapping[date, pa.Array] = field(default_factory=dict)
    consignment: npt.NDArray[np.int64] | None = None

    @classmethod
    def of(
        cls,
        tables: Tables,
        settings: FeatureSettings,
        days: Days,
        *,
        lessons: Lessons | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Archive:
        """Compute the features of all lines that will be asked for.

        Parameters
        ----------
        tables, settings, days
            As for the class.
        lessons
            When models learn, and what beside results; None for results alone.
        progress
            Told the name of each profile as it is replayed.
        """
        spec = _every_level(tables, settings, days)
        ids = _asked_for(tables, settings, days)
        drawn, beside = ({}, ids[:0]) if lessons is None else lessons.beside(tables, settings, ids)
        every = pa.chunked_array([ids, beside, *drawn.values()]).unique()
        rows, matrix = matrix_of(
            tables, spec, Wanted(ids=every), until=days.stop, progress=progress
        )
        local = rows["lodged_local"].dt.tz_localize(None).to_numpy().astype("datetime64[D]")
        block = Block(rows, matrix, spec)
        together = None if lessons is None or not lessons.together else codes(rows)
        return cls(tables, settings, days, block, local, drawn, together)

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
        before = self.lodged_on < np.datetime64(on, "D")
        ids = self.unexamined.get(on)
        rest = beside = None
        if ids is not None and len(ids):
            drawn = self.block.rows["declaration_id"].isin(ids.to_pylist()).to_numpy()
            rest = self._coded(np.flatnonzero(drawn & before), spec)
        if self.consignment is not None:
            same = np.isin(self.consignment, self.consignment[places]) & before
            same[places] = False
            beside = self._coded(np.flatnonzero(same), spec)
        return Known(self._coded(places, spec), labels, rest, beside)

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
