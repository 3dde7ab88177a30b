"""Three-valued labels: hit, clear, unknown. What nobody examined is unknown, never clear."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.tables.engine import connect
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from datetime import datetime

    from targeting.tables.folder import Tables


class Label(IntEnum):
    """What is known of a declaration at a moment; the numbers every figure is computed from."""

    HIT = 1
    CLEAR = 0
    UNKNOWN = -1


_EXAMINED = """
    with known as (
        from inspections
        select * replace (result_known_at::timestamptz as result_known_at)
        where $known_before is null or result_known_at < $known_before
    ),
    outcome as (
        from known
        select
            declaration_id,
            bool_or(result = 'hit') as hit,
            coalesce(
                min(result_known_at) filter (result = 'hit'), min(result_known_at)
            ) as known_at,
            max(result_known_at) as settled_at,
            arg_min(selected_by, (inspected_at, inspection_id)) as selected_by,
            arg_min(
                coalesce(selection_probability, 'nan'::double), (inspected_at, inspection_id)
            ) as selection_probability,
            arg_min(offence, (inspected_at, inspection_id)) filter (result = 'hit') as offence,
            sum(revenue_recovered) as revenue_recovered
        group by declaration_id
    )
    from outcome join declarations using (declaration_id)
    select
        declaration_id,
        lodged_at::timestamptz as lodged_at,
        office_id,
        hit,
        known_at,
        settled_at,
        selected_by,
        selection_probability,
        offence,
        revenue_recovered
    where $known_before is null or lodged_at < $known_before
    order by lodged_at, declaration_id
"""


def examined(tables: Tables, *, known_before: datetime | None = None) -> pd.DataFrame:
    """Return examined declarations and what was found, as it was known before a moment.

    Rule of time, point 2: with `known_before`, only declarations lodged before it and results
    known before it count. A declaration absent from the frame is unknown.

    Parameters
    ----------
    tables
        The tables folder.
    known_before
        A moment with time zone, exclusive; None takes every result there is.

    Returns
    -------
    pandas.DataFrame
        One row per examined declaration, ordered by `lodged_at`, `declaration_id`; columns
        `declaration_id, lodged_at, office_id, hit` (bool; one hit among several examinations is
        a hit), `known_at, settled_at` (when its last result became known), `selected_by,
        selection_probability` (NaN where not recorded), `offence, revenue_recovered`.
    """
    with connect() as connection:
        for table in (DECLARATIONS, INSPECTIONS):
            conformed(tables.read(connection, table), table).create_view(table.name)
        rows = connection.sql(_EXAMINED, params={"known_before": known_before})
        return rows.to_arrow_table().to_pandas()


def labelled(declaration_id: pd.Series, found: pd.DataFrame) -> pd.DataFrame:
    """Label any declarations by what had been found in them.

    Parameters
    ----------
    declaration_id
        Shape (n,). Declarations, examined or not, each once.
    found
        From `examined`; with its `known_before`, labels are as they were known at that moment.

    Returns
    -------
    pandas.DataFrame
        One row per declaration, in the order given; columns `declaration_id, label` (int8, a
        `Label`), `known_at` (NaT where unknown), and from `found` `selected_by,
        selection_probability, offence, revenue_recovered`.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = ["selected_by", "selection_probability", "offence", "revenue_recovered"]
    >>> found = pd.DataFrame({"declaration_id": ["B"], "hit": [True],
    ...     "known_at": [pd.Timestamp("2024-01-09", tz="UTC")]}).reindex(
    ...     columns=["declaration_id", "hit", "known_at", *columns])
    >>> labelled(pd.Series(["A", "B"]), found)["label"].tolist()
    [-1, 1]
    """
    place = pd.Index(found["declaration_id"]).get_indexer(pd.Index(declaration_id))
    known = place >= 0
    label = np.full(len(place), Label.UNKNOWN, dtype=np.int8)
    hit = found["hit"].to_numpy(dtype=bool)
    label[known] = np.where(hit[place[known]], Label.HIT, Label.CLEAR)
    rest = found[[
        "known_at", "selected_by", "selection_probability", "offence", "revenue_recovered",
    ]].reset_index(drop=True).reindex(np.where(known, place, len(found)))  # fmt: skip
    out = rest.reset_index(drop=True)
    out.insert(0, "declaration_id", declaration_id.to_numpy())
    out.insert(1, "label", label)
    return out


def labels_at(tables: Tables, declaration_id: pd.Series, *, known_before: datetime) -> pd.DataFrame:
    """Label any declarations as they were known before a moment.

    What became known later is unknown; a line found clear, and a hit only at a second look after
    the moment, is clear.

    Parameters
    ----------
    tables
        The tables folder.
    declaration_id
        Shape (n,). Declarations, examined or not, each once.
    known_before
        A moment with time zone, exclusive.

    Returns
    -------
    pandas.DataFrame
        As `labelled` returns it.
    """
    return labelled(declaration_id, examined(tables, known_before=known_before))
