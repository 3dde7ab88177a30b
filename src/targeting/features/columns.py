"""What the functions behind features share: columns as floats, ratios, flags, reference lists."""

from __future__ import annotations

import csv
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from targeting.features.formulas import log, ratios

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where the denominator is zero, negative or missing.

    Parameters
    ----------
    above
        Shape (n,). Numerators; NaN where unknown.
    below
        Shape (n,). Denominators; NaN where unknown.

    Examples
    --------
    >>> ratio(np.array([6.0, 1.0]), np.array([3.0, 0.0])).tolist()
    [2.0, nan]
    """
    return ratios(above, below)


def log_ratio(above: Floats, below: Floats) -> Floats:
    """Return the logarithm of a ratio; NaN unless both are above zero.

    Parameters
    ----------
    above, below
        Shape (n,). NaN where unknown.

    Examples
    --------
    >>> log_ratio(np.array([8.0, 0.0]), np.array([8.0, 2.0])).tolist()
    [0.0, nan]
    """
    return log(above) - log(below)


def flag(true: Bools, known: Bools) -> Floats:
    """Return 1 or 0, and NaN where it cannot be known.

    Parameters
    ----------
    true
        Shape (n,). Whether it holds, where that is known.
    known
        Shape (n,). Whether it can be known.

    Examples
    --------
    >>> flag(np.array([True, False, True]), np.array([True, True, False])).tolist()
    [1.0, 0.0, nan]
    """
    return np.where(known, true, np.nan)


def floats_of(column: pa.ChunkedArray) -> Floats:
    """Return an Arrow column as floats; NaN where it is missing.

    Parameters
    ----------
    column
        Numbers of any type.
    """
    return column.cast("float64").to_numpy(zero_copy_only=False)


def reference(name: str) -> list[dict[str, str]]:
    """Read one of the lists in `reference/`.

    Parameters
    ----------
    name
        File name.

    Examples
    --------
    >>> list(reference("hubs.csv")[0])
    ['place', 'kind', 'note']
    """
    source = resources.files("targeting.features") / "reference" / name
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))
