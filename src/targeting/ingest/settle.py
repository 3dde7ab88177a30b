"""Across all rows of a table: duplicates, conflicting versions, orphans, and the final order.

DuckDB does it out of core. The SQL is constant; the tables' own columns are reached by `columns`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from targeting.ingest.mapping import Conflict
    from targeting.tables.engine import Connection

ROW_GROUP = 100_000

CONFLICT = "the same key with different content"
REPLACED = "replaced by another version of the same key"
ORPHAN = "no declaration of this id in the tables"

_REPEATED = """
create or replace temp table repeated as
select "#key" from staged group by "#key" having count(*) > 1
"""

# One place for each row in the order of reading: file, then row.
_VERSIONS = """
create or replace temp table versions as
select "#file", "#row", "#key", epoch_us("#when") as moment, coalesce("#nth", -1) as nth,
       "#file"::hugeint * 1099511627776 + "#row" as place,
       row(*columns(* exclude ("#file", "#row", "#key", "#when", "#nth"))) as content
from staged semi join repeated using ("#key")
"""

# sign 1 keeps the first version, -1 the last one.
_LOSERS = """
create or replace temp table losers as
with copies as (
    select *, row_number() over (partition by "#key", content order by place * $sign) as copy
    from versions
), singles as (
    select *,
           row_number() over (
               partition by "#key" order by moment * $sign, nth * $sign, place * $sign
           ) as version,
           count(*) over (partition by "#key") as versions
    from copies where copy = 1
)
select "#file", "#row", null::varchar as reason from copies where copy > 1
union all
select "#file", "#row", $reason::varchar from singles
where versions > 1 and ($all or version > 1)
"""

_ORPHANS = """
insert into losers
select "#file", "#row", $reason::varchar
from staged
anti join losers using ("#file", "#row")
anti join declared using (declaration_id)
"""

_FINAL = """
select * exclude ("#row", "#key", "#when", "#nth")
from staged anti join losers using ("#file", "#row")
order by "#when", "#key"
"""

_COUNTED = """
select "#file", "#row", reason from losers order by "#file", "#row"
"""

_QUARANTINE = """
select "table", source_file, "row", reasons, raw from refused order by "table", "#file", "row"
"""


@dataclass(frozen=True, slots=True)
class Loser:
    """A staged row that does not reach its table.

    Parameters
    ----------
    file, row
        Where it stood.
    reason
        Why it is quarantined; None for a duplicate.
    """

    file: int
    row: int
    reason: str | None


def settle(
    connection: Connection, staged: Path, *, on_conflict: Conflict, declarations: Path | None
) -> Iterator[Loser]:
    """Find the rows of a table that are duplicates, conflicts or orphans.

    Parameters
    ----------
    connection
        From `targeting.tables.engine.connect`; keeps the findings for `final_rows`.
    staged
        All converted rows of the table.
    on_conflict
        What becomes of one key with different content.
    declarations
        The finished declarations, when the table is `inspections`.
    """
    connection.read_parquet(str(staged)).create_view("staged", replace=True)
    connection.execute(_REPEATED)
    connection.execute(_VERSIONS)
    everyone = on_conflict == "quarantine"
    connection.execute(
        _LOSERS,
        {
            "sign": -1 if on_conflict == "last" else 1,
            "all": everyone,
            "reason": CONFLICT if everyone else REPLACED,
        },
    )
    if declarations is not None:
        connection.read_parquet(str(declarations)).create_view("declared", replace=True)
        connection.execute(_ORPHANS, {"reason": ORPHAN})
    found = connection.execute(_COUNTED)
    while rows := found.fetchmany(ROW_GROUP):
        yield from (Loser(file, row, reason) for file, row, reason in rows)


def final_rows(connection: Connection) -> Iterator[pa.Table]:
    """Give the rows that remain, in order of time and key, in blocks of one size.

    Parameters
    ----------
    connection
        The one that `settle` was given, after all its findings were taken.
    """
    reader = connection.sql(_FINAL).to_arrow_reader(ROW_GROUP)
    yield from _blocks(reader)


def quarantine_rows(connection: Connection, staged: Path) -> Iterator[pa.Table]:
    """Give the quarantined rows of all tables, in order of table, file and row.

    Parameters
    ----------
    connection
        From `targeting.tables.engine.connect`.
    staged
        All rows set aside for the quarantine.
    """
    connection.read_parquet(str(staged)).create_view("refused", replace=True)
    yield from _blocks(connection.sql(_QUARANTINE).to_arrow_reader(ROW_GROUP))


def _blocks(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Cut batches to one size: how DuckDB cuts them must not reach the bytes of a file."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        held.append(batch)
        rows += batch.num_rows
        while rows >= ROW_GROUP:
            table = pa.Table.from_batches(held).combine_chunks()
            yield table.slice(0, ROW_GROUP)
            held = table.slice(ROW_GROUP).to_batches()
            rows -= ROW_GROUP
    yield pa.Table.from_batches(held, reader.schema).combine_chunks()
