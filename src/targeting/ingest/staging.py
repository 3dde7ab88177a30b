"""Converted rows set aside on disk until all are read: rows, raw records, quarantine."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from targeting.ingest.plan import ROW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from targeting.ingest.chunk import Chunk
    from targeting.ingest.convert import Refused
    from targeting.ingest.inputs import Origin
    from targeting.ingest.opening import Header

QUARANTINE = pa.schema(
    [
        pa.field("table", pa.string(), nullable=False),
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("reasons", pa.list_(pa.string()), nullable=False),
        pa.field("raw", pa.string(), nullable=False),
    ]
)
"""Columns of `quarantine.parquet`; `row` counts from 1 after the header."""

_STAGED_QUARANTINE = QUARANTINE.insert(0, pa.field("#file", pa.int64()))


@dataclass(slots=True)
class Stage:
    """A working folder of Parquet files that are still being written.

    Parameters
    ----------
    folder
        An existing empty folder on the disk of the output.
    """

    folder: Path
    _writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Stage:
        """Nothing is opened before it is needed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every file."""
        self._open.close()

    def rows(self, table: str, rows: pa.Table) -> None:
        """Set converted rows of a table aside.

        Parameters
        ----------
        table
            `declarations` or `inspections`.
        rows
            Converted rows, every time with the same columns.
        """
        self._write(f"rows-{table}", rows)

    def raw(self, file: int, chunk: Chunk, header: Header) -> None:
        """Set the records aside as they stood, should a later finding quarantine them.

        Parameters
        ----------
        file
            Place of the file among all inputs, from 0.
        chunk
            Rows of the source as text.
        header
            Column names of the file.
        """
        # Named by place: a source may call its columns anything.
        columns = {f"c{i}": chunk.columns[name] for i, name in enumerate(header.names)}
        self._write(f"raw-{file}", pa.table({ROW: pa.array(chunk.rows)} | columns))

    def refuse(self, file: int, origin: Origin, refused: Sequence[Refused]) -> None:
        """Set rows aside for the quarantine.

        Parameters
        ----------
        file
            Place of the file among all inputs, from 0.
        origin
            The file, and the table it feeds.
        refused
            Rows with their reasons.
        """
        rows = [
            {
                "#file": file,
                "table": origin.table,
                "source_file": origin.name,
                "row": one.row,
                "reasons": list(one.reasons),
                "raw": one.raw,
            }
            for one in refused
        ]
        self._write("quarantine", pa.Table.from_pylist(rows, schema=_STAGED_QUARANTINE))

    def close(self, name: str) -> Path | None:
        """Finish one file so that it can be read; None if nothing was written to it.

        Parameters
        ----------
        name
            Name of the file in the folder, without its suffix.
        """
        if name not in self._writers:
            return None
        self._writers[name].close()
        return self.folder / f"{name}.parquet"

    def raw_records(self, file: int, header: Header, rows: set[int]) -> Iterator[tuple[int, dict]]:
        """Give back some records of an input as they stood, by row number.

        Parameters
        ----------
        file
            Place of the file among all inputs, from 0.
        header
            Column names of the file.
        rows
            Numbers of the wanted records, counted from 1 after the header.
        """
        path = self.close(f"raw-{file}")
        if path is None:
            return
        with pq.ParquetFile(path) as staged:
            for batch in staged.iter_batches():
                kept = [i for i, row in enumerate(batch[ROW].to_pylist()) if row in rows]
                for record in batch.take(pa.array(kept, pa.int64())).to_pylist():
                    raw = {name: record[f"c{i}"] for i, name in enumerate(header.names)}
                    yield record[ROW], raw

    def _write(self, name: str, rows: pa.Table) -> None:
        if name not in self._writers:
            path = self.folder / f"{name}.parquet"
            writer = pq.ParquetWriter(path, rows.schema, compression="lz4")
            self._writers[name] = self._open.enter_context(writer)
        self._writers[name].write_table(rows)
