"""Everything known of the lines of the days lived, put together for the judgement."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from targeting.evaluation.backtest.context import lodged_lines
from targeting.evaluation.backtest.policies import own_capacity
from targeting.evaluation.backtest.traffic import Real, Traffic
from targeting.evaluation.context import hs_section
from targeting.evaluation.lines import NOT_STATED
from targeting.evaluation.metrics import UNKNOWN
from targeting.features.engine import day_start
from targeting.training.labels import examined
from targeting.training.propensity import fit_propensity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.config import BacktestSettings
    from targeting.pipeline.backtest.archive import Archive
    from targeting.simulate.counterfactual import Truth
    from targeting.training.baselines import Scored
    from targeting.training.block import Block

    Floats = NDArray[np.float64]
    Names = NDArray[Any]


def traffic_of(
    archive: Archive,
    settings: BacktestSettings,
    model: Scored,
    *,
    truth: Truth | None = None,
) -> Traffic:
    """Put together what is known of every line of the days lived.

    Parameters
    ----------
    archive
        The lines and their features.
    settings
        Length of a block, and the seed.
    model
        What this model said of the lines, block by block: the outcome model of the estimators.
    truth
        Of a simulated world.
    """
    block = archive.lodged(archive.days, archive.block.spec)
    rows, on = block.rows, archive.lodged_on[archive.within(archive.days)]
    ids = rows["declaration_id"]
    found = examined(archive.tables).set_index("declaration_id").reindex(ids)
    label = _labels(found)
    selected_by = _none_where_missing(found["selected_by"])
    first = np.datetime64(archive.days.start, "D")
    return Traffic(
        ids=ids.to_numpy(object),
        day=on,
        block=((on - first).astype(np.int64) // settings.block_days).astype(np.intp),
        office=rows["office_id"].to_numpy(object),
        consignee=_none_where_missing(rows["consignee_id"]),
        consignment=_consignments(rows),
        label=label,
        revenue=_numbers(found["revenue_recovered"]),
        selected_by=selected_by,
        chance=_numbers(found["selection_probability"]),
        propensity=fit_propensity(block, selected_by, seed=settings.seed).of(block),
        expected=_stated(model.probability, len(block)),
        expected_revenue=_stated(model.expected_revenue, len(block)),
        parts=_parts(archive, block, found),
        real=None if truth is None else _real(truth, ids),
    )


def _labels(found: pd.DataFrame) -> NDArray[np.int8]:
    hit = found["hit"].eq(True).to_numpy(bool)  # noqa: FBT003 - pandas' own signature
    return np.where(found["hit"].isna(), UNKNOWN, hit).astype(np.int8)


def _none_where_missing(column: pd.Series) -> Names:
    return column.astype(object).where(column.notna(), None).to_numpy(object)


def _numbers(column: pd.Series) -> Floats:
    return pd.to_numeric(column).to_numpy(np.float64, na_value=np.nan)


def _stated(values: Floats | None, lines: int) -> Floats:
    return np.full(lines, np.nan) if values is None else values


def _consignments(rows: pd.DataFrame) -> NDArray[np.intp]:
    """Give each consignment a number; a line without a transport document is one by itself."""
    document, _ = pd.factorize(rows["transport_document_id"])
    alone = document < 0
    document[alone] = len(rows) + np.flatnonzero(alone)
    return pd.factorize(document)[0]


def _parts(archive: Archive, block: Block, found: pd.DataFrame) -> dict[str, Names]:
    rows, days = block.rows, archive.days
    seen = lodged_lines(archive.tables, days.start, days.stop, time_zone=archive.settings.time_zone)
    history = seen.set_index("declaration_id")["consignee_history"].reindex(rows["declaration_id"])
    columns = {
        "office_id": rows["office_id"],
        "transport_mode": rows["transport_mode"],
        "offence": found["offence"],
        "origin_country": rows["origin_country"],
        "hs_section": hs_section(rows["hs_code"].astype(str).str[:2]),
        "consignee_history": history,
    }
    return {name: _words(column) for name, column in columns.items()}


def _words(column: pd.Series) -> Names:
    return column.astype(object).where(column.notna(), NOT_STATED).astype(str).to_numpy(object)


def _real(truth: Truth, ids: pd.Series) -> Real:
    told = truth.examine(ids)
    hit = (told["result"] == "hit").to_numpy(bool).astype(np.float64)
    revenue = told["revenue_recovered"].to_numpy(np.float64)
    return Real(hit, np.asarray(revenue, dtype=np.float64))


def capacity_of(archive: Archive, settings: BacktestSettings, offices: list[Any]) -> dict[str, int]:
    """Settle how many lines each office opens a day, from what was known before the first one.

    Parameters
    ----------
    archive
        Where the results are.
    settings
        The capacity given, or the days to count.
    offices
        All offices of the days lived.
    """
    zone, start = archive.settings.time_zone, archive.days.start
    until = day_start(start, zone)
    since = day_start(start - timedelta(days=settings.capacity_days), zone)
    labels = examined(archive.tables, known_before=until)
    counted = labels[labels["lodged_at"] >= since]
    # A day on which no office examined anything is a holiday, and no measure of capacity.
    days = counted["lodged_at"].dt.tz_convert(zone).dt.date.nunique()
    past = (counted["office_id"].astype(str).value_counts() / max(days, 1)).to_dict()
    return own_capacity(offices, settings.capacity, past)
