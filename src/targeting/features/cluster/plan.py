"""What every plan on Spark needs: a task run on each partition, and schemas in Spark's words."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pyspark.sql import DataFrame

    from targeting.features.cluster.partition import (
        DaySums,
        Derive,
        Reach,
        Replay,
    )

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]
    Told = Replay | DaySums | Reach

_PLANNING = threading.Lock()
"""Warnings are silenced for the whole process; two threads must not do so at once."""


def mapped(events: DataFrame, task: Derive | Told, schema: str) -> DataFrame:
    """Run a task on each partition.

    Parameters
    ----------
    events
        Partitioned and ordered as the task needs it.
    task
        From Arrow batches to Arrow batches.
    schema
        Of what it yields, in Spark's words.
    """
    with _PLANNING, warnings.catch_warnings():
        allow_pandas()
        return events.mapInArrow(task.__call__, schema)


def allow_pandas() -> None:
    """Say nothing of pandas 3: no batch here goes through pandas."""
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")


_WORDS = {
    pa.int8(): "tinyint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.string(): "string",
    pa.binary(): "binary",
}


def in_words(schema: pa.Schema) -> str:
    """Write a schema in Spark's words.

    Parameters
    ----------
    schema
        Columns of the types tasks yield.

    Examples
    --------
    >>> in_words(pa.schema([("day", pa.int32()), ("hs6", pa.string())]))
    'day int, hs6 string'
    """
    return ", ".join(f"{field.name} {_WORDS[field.type]}" for field in schema)


def key_place(at: int) -> str:
    """Name a key column by its place: an extract's own names may be anything.

    Parameters
    ----------
    at
        Its place among all key columns.

    Examples
    --------
    >>> key_place(3)
    '_key3'
    """
    return f"_key{at}"
