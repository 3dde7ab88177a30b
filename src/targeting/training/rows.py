"""Rows as compiled loops read them, and loops over them shared by threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Matrix = npt.NDArray[np.float32]

SHARED_ROWS = 512
"""Rows a thread is worth; fewer are done sooner by one."""


def as_rows(matrix: Matrix, features: int) -> Matrix:
    """Return rows as compiled loops read them: float32, each in one piece.

    Parameters
    ----------
    matrix
        Shape (n, features).
    features
        How many there must be: a loop would read beyond the row.

    Raises
    ------
    InputError
        If the rows have another number of features.

    Examples
    --------
    >>> as_rows(np.zeros((2, 3)), 3).dtype
    dtype('float32')
    >>> as_rows(np.zeros((2, 3)), 4)
    Traceback (most recent call last):
    targeting.errors.InputError: the feature matrix: the rows do not have the features of the \
model. Found: shape (2, 3), for 4 features. Compute the features by the settings of the model.
    """
    if matrix.ndim != 2 or matrix.shape[1] != features:
        raise InputError(
            "the rows do not have the features of the model",
            where="the feature matrix",
            found=f"shape {matrix.shape}, for {features} features",
            do="Compute the features by the settings of the model.",
        )
    return np.ascontiguousarray(matrix, dtype=np.float32)


def shared(some: Callable[[int, int], None], rows: int, *, threads: int) -> None:
    """Do a thing for all rows, a part in each thread.

    Parameters
    ----------
    some
        Told the first row of a part, and where to stop.
    rows
        How many there are.
    threads
        Parts at most; few rows are done in one.

    Examples
    --------
    >>> shared(lambda start, stop: print(start, stop), 600, threads=2)
    0 600
    """
    parts = min(threads, rows // SHARED_ROWS)
    if parts < 2:
        some(0, rows)
        return
    ends = np.linspace(0, rows, parts + 1).astype(int).tolist()
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(some, ends[:-1], ends[1:]))
