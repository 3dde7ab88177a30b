"""Tables written while the world goes on: Parquet piece by piece, by a worker in the background."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    Item = TypeVar("Item")
    Done = TypeVar("Done")

ROWS_TOGETHER = 400_000
"""Rows gathered before they are written as one row group."""


class Spool:
    """One Parquet table written piece by piece, as a file or as a folder of parts.

    Parameters
    ----------
    path
        The file, or the folder that holds one file per part.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with Spool(Path(folder) / "t.parquet") as spool:
    ...         spool.write(pa.table({"n": [1]}), part="2024-01")
    ...         spool.write(pa.table({"n": [2]}), part="2024-02")
    ...     [path.name for path in sorted(spool.path.iterdir())]
    ['2024-01.parquet', '2024-02.parquet']
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part: str | None = None
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def write(self, rows: pa.Table, *, part: str | None = None) -> None:
        """Write rows after those that are there.

        Parameters
        ----------
        rows
            The rows; all of a spool have one schema.
        part
            Name of the file within the folder, which follows those before it; None for a spool
            that is one file.
        """
        if part != self._part:
            self._finish()
            self._part = part
        self._waiting.append(rows)
        self._rows += rows.num_rows
        if self._rows >= ROWS_TOGETHER:
            self._flush()

    def _flush(self) -> None:
        """Write the rows gathered; a part without any becomes an empty file with its columns."""
        rows = pa.concat_tables(self._waiting).combine_chunks()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file(), rows.schema, compression="zstd")
        self._writer.write_table(rows, row_group_size=max(rows.num_rows, 1))
        self._waiting, self._rows = [], 0

    def _file(self) -> Path:
        if self._part is None:
            return self.path
        self.path.mkdir(exist_ok=True)
        return self.path / f"{self._part}.parquet"

    def _finish(self) -> None:
        if self._waiting:
            self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the last file; after an error, only let go of it."""
        if kind is None:
            self._finish()
        elif self._writer is not None:
            with suppress(OSError):  # what went wrong before is what matters
                self._writer.close()


def in_background(
    work: Callable[[Item], Done], items: Iterable[Item]
) -> Generator[Done, None, None]:
    """Work on items one after the other in a second thread, while the next ones are made here.

    Parameters
    ----------
    work
        What is done with an item.
    items
        The items; at most one waits while another is worked on.

    Yields
    ------
    object
        What `work` returned for each item, in order. Its first error is raised here.

    Examples
    --------
    >>> list(in_background(str, [1, 2, 3]))
    ['1', '2', '3']
    """
    under_way: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            for item in items:
                under_way.append(pool.submit(work, item))
                if len(under_way) > 1:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for one in under_way:
                one.cancel()
