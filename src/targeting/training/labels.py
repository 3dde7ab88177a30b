"""Three-valued labels: hit, clear, unknown. What nobody examined is unknown, never clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.tables.engine import connect
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from targeting.tables.folder import Tables

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
        a hit), `known_at, selected_by, selection_probability` (NaN where not recorded),
        `offence, revenue_recovered`.
    """
    with connect() as connection:
        for table in (DECLARATIONS, INSPECTIONS):
            conformed(tables.read(connection, table), table).create_view(table.name)
        rows = connection.sql(_EXAMINED, params={"known_before": known_before})
        return rows.to_arrow_table().to_pandas()
