"""Lines of one consignment judged together: one invoice is seldom half true.

What is hidden or written wrong in a consignment is mostly so on all of its lines, while what tells
of it differs from line to line. The mean of their scores errs less than each, so every line's score
moves towards it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.tables.engine import connect
from targeting.tables.schema import DECLARATIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from targeting.tables.folder import Tables

    Floats = npt.NDArray[np.float64]

CONSIGNMENT = ("transport_document_id", "consignee_id", "lodged_at")
"""Lines alike in these are one consignment: a document may carry several consignees' goods, and
what is lodged later is not known yet."""

_COMPANIONS = """
    with asked as (from wanted select id as declaration_id),
    lines as (
        from declarations
        select declaration_id, transport_document_id, consignee_id, lodged_at
        where transport_document_id is not null
    ),
    consignments as (
        from lines semi join asked using (declaration_id)
        select distinct transport_document_id, consignee_id, lodged_at
    )
    from lines semi join consignments on
        lines.transport_document_id = consignments.transport_document_id
        and lines.consignee_id is not distinct from consignments.consignee_id
        and lines.lodged_at = consignments.lodged_at
    anti join asked using (declaration_id)
    select declaration_id
    order by declaration_id
"""


def codes(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the number of each line's consignment, shape (n,); without a document it is its own.

    Parameters
    ----------
    rows
        Shape (n,) with the columns of `CONSIGNMENT`; a document column that is not there means
        that every line stands alone.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({
    ...     "transport_document_id": ["B1", "B1", None], "consignee_id": ["C", "C", "C"],
    ...     "lodged_at": [1, 1, 1]})
    >>> codes(rows).tolist()
    [0, 0, 1]
    """
    if any(name not in rows for name in CONSIGNMENT):
        return np.arange(len(rows))
    code = rows.groupby([*CONSIGNMENT], dropna=False, sort=False).ngroup().to_numpy(np.int64)
    alone = rows[CONSIGNMENT[0]].isna().to_numpy()
    apart = np.where(alone, code.max(initial=-1) + np.cumsum(alone), code)
    return np.unique(apart, return_inverse=True)[1]


def pooled(score: Floats, rows: pd.DataFrame, share: float) -> Floats:
    """Move each line's score towards the mean of its consignment, shape (n,).

    Parameters
    ----------
    score
        Shape (n,). Scores of the lines by themselves.
    rows
        Shape (n,) with the columns of `CONSIGNMENT`.
    share
        How far, in [0, 1].

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({
    ...     "transport_document_id": ["B1", "B1", None], "consignee_id": ["C", "C", "C"],
    ...     "lodged_at": [1, 1, 1]})
    >>> pooled(np.array([0.0, 2.0, 5.0]), rows, 0.5).tolist()
    [0.5, 1.5, 5.0]
    """
    if not share or len(score) < 2:
        return score
    code = codes(rows)
    size = np.bincount(code)
    mean = np.bincount(code, weights=score) / np.maximum(size, 1)
    # A line alone keeps its score to the bit, whatever stands beside it in the table.
    return np.where(size[code] > 1, score + share * (mean[code] - score), score)


def companions(tables: Tables, declaration_ids: pa.Array) -> pa.Array:
    """Name the other lines of the consignments of some lines.

    Parameters
    ----------
    tables
        The tables folder.
    declaration_ids
        The lines; they are not named again.
    """
    import pyarrow as pa

    with connect() as connection:
        conformed(tables.read(connection, DECLARATIONS), DECLARATIONS).create_view("declarations")
        connection.register("wanted", pa.table({"id": declaration_ids}))
        found = connection.sql(_COMPANIONS).to_arrow_table()
    return found["declaration_id"].combine_chunks().cast(pa.string())
