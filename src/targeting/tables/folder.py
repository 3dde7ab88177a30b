"""A tables folder: `declarations.parquet` and `inspections.parquet`, a file or a folder each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from targeting.errors import InputError
from targeting.tables.schema import DECLARATIONS, INSPECTIONS, TABLES, Table

if TYPE_CHECKING:
    import pandas as pd

    from targeting.tables.engine import Connection, Relation


class Tables(Protocol):
    """Where declarations and inspections are read from: a folder, or memory."""

    @property
    def name(self) -> str:
        """What to call the tables in an error."""
        ...

    def schema(self, table: Table) -> pa.Schema:
        """Arrow schema of a table as it stands.

        Parameters
        ----------
        table
            Which table.
        """
        ...

    def read(self, connection: Connection, table: Table) -> Relation:
        """Open a table as a DuckDB relation.

        Parameters
        ----------
        connection
            Open DuckDB connection the relation belongs to.
        table
            Which table.
        """
        ...


@dataclass(frozen=True, slots=True)
class MemoryTables:
    """Tables held in memory, such as the declarations of one request.

    Parameters
    ----------
    declarations, inspections
        Arrow tables with at least the required columns.
    """

    declarations: pa.Table
    inspections: pa.Table

    @property
    def name(self) -> str:
        """What to call the tables in an error."""
        return "the declarations handed in"

    def schema(self, table: Table) -> pa.Schema:
        """Arrow schema of a table.

        Parameters
        ----------
        table
            Which table.
        """
        return self._table(table).schema

    def read(self, connection: Connection, table: Table) -> Relation:
        """Open a table as a DuckDB relation.

        Parameters
        ----------
        connection
            Open DuckDB connection the relation belongs to.
        table
            Which table.
        """
        return connection.from_arrow(self._table(table))

    def _table(self, table: Table) -> pa.Table:
        return self.declarations if table.name == DECLARATIONS.name else self.inspections


@dataclass(frozen=True, slots=True)
class TablesFolder:
    """A folder that holds the tables.

    Parameters
    ----------
    path
        The folder.
    """

    path: Path

    @classmethod
    def open(cls, path: Path | str) -> TablesFolder:
        """Open a folder after making sure both tables are there and are readable Parquet.

        Parameters
        ----------
        path
            The folder.

        Raises
        ------
        InputError
            If the folder or a table is missing, or a file in it is not Parquet.
        """
        folder = cls(Path(path))
        if not folder.path.is_dir():
            raise InputError(
                "this is not a tables folder",
                where=str(path),
                found="a file" if folder.path.is_file() else "nothing of that name",
                do="Name a folder with declarations.parquet and inspections.parquet; "
                "`targeting ingest` or `targeting simulate` writes one.",
            )
        for table in TABLES:
            folder.schema(table)
        return folder

    @property
    def name(self) -> str:
        """What to call the tables in an error."""
        return str(self.path)

    def files(self, table: Table) -> list[Path]:
        """Parquet files of a table, in order of their names.

        Parameters
        ----------
        table
            Which table.

        Raises
        ------
        InputError
            If the table is not there.
        """
        path = self.path / f"{table.name}.parquet"
        files = [path] if path.is_file() else sorted(path.rglob("*.parquet"))
        if not files:
            entries = sorted(entry.name for entry in self.path.iterdir())
            raise InputError(
                f"the table {table.name} is missing",
                where=str(self.path),
                found=", ".join(entries[:8]) or "an empty folder",
                do=f"Put {table.name}.parquet there, a file or a folder of Parquet files.",
            )
        return files

    def schema(self, table: Table) -> pa.Schema:
        """Arrow schema of a table as it stands on disk, read from its first file.

        Parameters
        ----------
        table
            Which table.

        Raises
        ------
        InputError
            If the table is missing or any of its files is not Parquet.
        """
        schemas = [self._file_schema(file) for file in self.files(table)]
        return schemas[0]

    def _file_schema(self, file: Path) -> pa.Schema:
        try:
            return pq.read_schema(file)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(
                "the file is not readable Parquet",
                where=str(file),
                found=f"{file.stat().st_size:,} bytes that do not end as Parquet does",
                do="Write it again, or copy it again from its source.",
            ) from error

    def read(self, connection: Connection, table: Table) -> Relation:
        """Open a table as a DuckDB relation, without reading it yet.

        Parameters
        ----------
        connection
            From `targeting.tables.engine.connect`.
        table
            Which table.
        """
        names = [str(file) for file in self.files(table)]
        return connection.read_parquet(names, union_by_name=True, hive_partitioning=False)

    def digest(self) -> dict[str, str]:
        """SHA-256 of each table's files, in order of their names."""
        return {table.name: self._digest(table) for table in TABLES}

    def _digest(self, table: Table) -> str:
        total = hashlib.sha256()
        for file in self.files(table):
            with file.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()


def write_tables(path: Path, declarations: pa.Table, inspections: pa.Table) -> None:
    """Write both tables of a folder, canonical columns first, extra columns after them.

    Parameters
    ----------
    path
        An existing folder, usually from `targeting.tables.output.staged_folder`.
    declarations, inspections
        Columns of the schema; a missing nullable column is written as null. Extra columns are
        kept as they are.

    Raises
    ------
    KeyError
        If a required column is missing.
    """
    for table, rows in ((DECLARATIONS, declarations), (INSPECTIONS, inspections)):
        pq.write_table(conform(rows, table), path / f"{table.name}.parquet", compression="zstd")


def from_frame(frame: pd.DataFrame) -> pa.Table:
    """Turn a pandas frame into an Arrow table; moments become microseconds UTC.

    Parameters
    ----------
    frame
        Any columns. Moments without a time zone are UTC.

    Examples
    --------
    >>> import pandas as pd
    >>> from_frame(pd.DataFrame({"lodged_at": pd.to_datetime(["2024-01-01"])})).schema.types
    [TimestampType(timestamp[us, tz=UTC])]
    """
    return pa.table({str(name): _from_column(frame[name]) for name in frame.columns})


def _from_column(column: pd.Series) -> pa.Array:
    if column.dtype.kind != "M":
        return pa.array(column, from_pandas=True)
    # Arrow reads pandas' own time zones through an interface pandas 4 takes away.
    zoned = getattr(column.dtype, "tz", None) is not None
    naive = column.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else column
    moments = naive.to_numpy().astype("datetime64[us]")
    return pa.array(moments, type=pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))


def conform(rows: pa.Table, table: Table) -> pa.Table:
    """Put a table's columns in the schema's order and types; extra columns follow.

    Parameters
    ----------
    rows
        Any Arrow table with at least the required columns.
    table
        The schema to conform to.

    Raises
    ------
    KeyError
        If a required column is missing.
    pyarrow.ArrowInvalid
        If a value does not fit its column's type.
    """
    arrays: dict[str, pa.ChunkedArray | pa.Array] = {}
    for column in table.columns:
        if column.name in rows.column_names:
            arrays[column.name] = rows[column.name].cast(column.arrow)
        elif column.null:
            arrays[column.name] = pa.nulls(rows.num_rows, column.arrow)
        else:
            raise KeyError(f"{table.name}: required column {column.name} is missing")
    extra = {name: rows[name] for name in rows.column_names if name not in table.names}
    return pa.table(arrays | extra)
