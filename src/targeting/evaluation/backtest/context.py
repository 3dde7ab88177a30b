"""All lines of some days, examined or not, and whether their consignee was known by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.tables.engine import connect
from targeting.tables.schema import DECLARATIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from targeting.tables.folder import Tables

_LODGED = """
    with lines as (
        from declarations
        select *, cast(timezone($time_zone, lodged_at) as date) as day
    ),
    first_seen as (
        from lines
        select consignee_id, min(day) as first_day
        where consignee_id is not null
        group by consignee_id
    )
    from lines
    left join first_seen using (consignee_id)
    select
        declaration_id,
        case
            when first_day is null then null
            when first_day = day then 'new'
            else 'known'
        end as consignee_history
    where day >= $start and day < $stop
    order by lodged_at, declaration_id
"""


def lodged_lines(tables: Tables, start: date, stop: date, *, time_zone: str) -> pd.DataFrame:
    """List the lines lodged on some days, in the order they were lodged.

    Parameters
    ----------
    tables
        Declarations.
    start, stop
        First local day, and the day after the last.
    time_zone
        IANA name; a day closes at midnight there.

    Returns
    -------
    pandas.DataFrame
        Columns `declaration_id, consignee_history`: `new` on the day of the consignee's first
        declaration, `known` later, null where no consignee is named.
    """
    asked = {"time_zone": time_zone, "start": start, "stop": stop}
    with connect() as connection:
        conformed(tables.read(connection, DECLARATIONS), DECLARATIONS).create_view("declarations")
        return connection.execute(_LODGED, asked).df()
