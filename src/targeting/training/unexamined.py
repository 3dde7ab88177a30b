"""A sample of lines nobody examined: unknown, yet most of them clear, and what arrives looks so.

Examined lines are those somebody chose. A model that learns from them alone knows how one
suspicious line differs from another, and little of the ordinary traffic it must rank them above.
So it also sees a sample of unexamined lines, as clear, together weighing no more than the results.
They never count as clear in any figure.

Source: Elkan and Noto, Learning classifiers from only positive and unlabeled data (2008); Lee and
Liu, Learning with positive and unlabeled examples using weighted logistic regression (2003).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from targeting.tables.engine import connect
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from datetime import datetime

    from targeting.config import UnexaminedSettings
    from targeting.tables.folder import Tables

_SAMPLE = """
    with lines as (
        from declarations select declaration_id, lodged_at::timestamptz as lodged_at
        where lodged_at::timestamptz < $before
    ),
    begun as (
        from inspections select distinct declaration_id
        where inspected_at::timestamptz < $begun_before
    ),
    examined as (
        from inspections join lines using (declaration_id)
        select count(distinct declaration_id) as lines
        where result_known_at::timestamptz < $before
    )
    from lines anti join begun using (declaration_id)
    select declaration_id
    order by md5(declaration_id), declaration_id
    limit (
        select least($at_most, (lines * $per_examined)::bigint) from examined
    )
"""


def sample_unexamined(
    tables: Tables,
    settings: UnexaminedSettings,
    *,
    before: datetime,
    begun_before: datetime | None = None,
) -> pa.Array:
    """Choose lines lodged before a moment whose examination had not begun by then.

    The choice goes by a hash of the id: the same tables give the same lines, whatever their order,
    and a longer history keeps most of them.

    Parameters
    ----------
    tables
        The tables folder.
    settings
        How many.
    before
        A moment with time zone, exclusive.
    begun_before
        Only examinations begun before this earlier moment are looked at, so that a model made then
        can use the lines too; what was found in the others by a later moment,
        `targeting.training.block.Known.before` leaves out. None is `before`.

    Returns
    -------
    pyarrow.Array
        Ids of the declarations; empty when none is asked for.
    """
    if not settings.per_examined or not settings.weight:
        return pa.array([], type=pa.string())
    asked = {
        "before": before,
        "begun_before": begun_before or before,
        "at_most": settings.at_most,
        "per_examined": settings.per_examined,
    }
    with connect() as connection:
        for table in (DECLARATIONS, INSPECTIONS):
            conformed(tables.read(connection, table), table).create_view(table.name)
        found = connection.sql(_SAMPLE, params=asked).to_arrow_table()
    return found["declaration_id"].combine_chunks().cast(pa.string())
