"""One table written block by block, in the order and types of its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from targeting.tables.folder import conform

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.tables.schema import Table


class TableWriter:
    """A table's Parquet file, opened with the columns of its first block.

    Parameters
    ----------
    folder
        Where the file is written.
    table
        Which table; an empty one is written when no block comes.
    active
        Whether to write at all.
    """

    def __init__(self, folder: Path, table: Table, *, active: bool = True) -> None:
        self.path, self.table, self.active = folder / f"{table.name}.parquet", table, active
        self.writer: pq.ParquetWriter | None = None

    def __enter__(self) -> TableWriter:
        """Open nothing yet: the extra columns are known with the first block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the file; write an empty table if no block came and nothing failed."""
        if kind is None and self.active and self.writer is None:
            self.write(pa.table({c.name: pa.nulls(0, c.arrow) for c in self.table.columns}))
        if self.writer is not None:
            self.writer.close()

    def write(self, rows: pa.Table) -> pa.Table:
        """Write a block in the schema's order and types, and give it back.

        Parameters
        ----------
        rows
            Rows of the table; columns in any order, extra ones the same in every block.
        """
        block = conform(rows, self.table)
        if self.writer is None:
            self.writer = pq.ParquetWriter(self.path, block.schema, compression="zstd")
        self.writer.write_table(block)
        return block
