"""What a line is like, in the words an evaluator slices by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from targeting.tables.codes import chapters, sections
from targeting.tables.engine import connect
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from targeting.tables.folder import TablesFolder

OTHER = "other"

_CONTEXT = """
    with lines as (
        from declarations
        select *, cast(timezone($time_zone, lodged_at) as date) as day
    ),
    first_seen as (
        from lines
        select consignee_id, min(day) as first_day
        where consignee_id is not null
        group by consignee_id
    ),
    examined as (from inspections select distinct declaration_id)
    from lines
    semi join examined using (declaration_id)
    left join first_seen using (consignee_id)
    select
        declaration_id,
        flow,
        transport_mode,
        origin_country,
        hs_code,
        case
            when first_day is null then null
            when first_day = day then 'new'
            else 'known'
        end as consignee_history
    order by declaration_id
"""


def slice_context(tables: TablesFolder, *, time_zone: str = "UTC") -> pd.DataFrame:
    """Flow, mode, origin, HS section and chapter, and new or known consignee of examined lines.

    A consignee is `new` on the day of its first declaration in the tables: by the rule of time,
    earlier days are all a model could have known of it.

    Parameters
    ----------
    tables
        The tables folder.
    time_zone
        IANA name; a day closes at midnight there.

    Returns
    -------
    pandas.DataFrame
        One row per examined declaration, in order of `declaration_id`; columns `declaration_id,
        flow, transport_mode, origin_country, hs_section, hs_chapter, consignee_history`.
    """
    with connect() as connection:
        for table in (DECLARATIONS, INSPECTIONS):
            conformed(tables.read(connection, table), table).create_view(table.name)
        rows = connection.execute(_CONTEXT, {"time_zone": time_zone}).df()
    chapter = rows["hs_code"].astype(str).str[:2]
    return pd.DataFrame(
        {
            "declaration_id": rows["declaration_id"],
            "flow": rows["flow"],
            "transport_mode": rows["transport_mode"],
            "origin_country": rows["origin_country"],
            "hs_section": hs_section(chapter),
            "hs_chapter": chapter,
            "consignee_history": rows["consignee_history"],
        }
    )


def hs_section(chapter: pd.Series) -> pd.Series:
    """Name the Harmonized System section of each two-digit chapter.

    Parameters
    ----------
    chapter
        Two digits as text.

    Returns
    -------
    pandas.Series
        Number and title; `other` for chapters the system does not know.

    Examples
    --------
    >>> hs_section(pd.Series(["41", "99"])).tolist()
    ['VIII Hides, leather, furs and goods made of them', 'other']
    """
    known = sections()
    names = {
        code: f"{entry.section} {known[entry.section].title}" for code, entry in chapters().items()
    }
    return chapter.map(names).fillna(OTHER)
