"""Finding one declaration in the tables."""

from __future__ import annotations

from datetime import UTC, date
from typing import TYPE_CHECKING

from targeting.errors import InputError
from targeting.features.engine import local_date
from targeting.tables.engine import column, connect, constant
from targeting.tables.schema import DECLARATIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from targeting.tables.folder import Tables


def lodged_on(tables: Tables, declaration_id: str, time_zone: str) -> date:
    """Return the local day a declaration was lodged.

    Parameters
    ----------
    tables
        Where the declarations are.
    declaration_id
        Which one.
    time_zone
        Where days close at midnight.

    Raises
    ------
    InputError
        If there is no such declaration. Its id is not repeated: errors end in logs.
    """
    with connect() as connection:
        declared = conformed(tables.read(connection, DECLARATIONS), DECLARATIONS)
        asked = declared.filter(column(DECLARATIONS.key) == constant(declaration_id))
        moments = asked.select("lodged_at").to_arrow_table()["lodged_at"].to_pylist()
        lines = declared.aggregate("count(*)").fetchall()[0][0]
    if not moments:
        raise InputError(
            "the declaration is not in the tables",
            where=f"--declaration, {tables.name}",
            found=f"none of {lines:,} declarations has that id",
            do="Write it as the tables do, to the letter.",
        )
    return local_date(moments[0].astimezone(UTC), time_zone)
