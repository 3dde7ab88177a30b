"""What the functions behind features share: columns as floats, ratios, flags, reference lists."""

from __future__ import annotations

import csv
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

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
    known = below > 0
    with np.errstate(over="ignore", invalid="ignore"):
        return np.divide(above, below, out=np.full(len(above), np.nan), where=known)


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


def log(values: Floats) -> Floats:
    """Return the natural logarithm; NaN where the value is not above zero, or missing.

    Parameters
    ----------
    values
        Shape (n,).

    Examples
    --------
    >>> log(np.array([1.0, 0.0])).tolist()
    [0.0, nan]
    """
    return np.log(values, out=np.full(len(values), np.nan), where=values > 0)


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
    return np.where(known, true, np.nan).astype(np.float64)


def floats(column: pd.Series) -> Floats:
    """Return a column as floats; NaN where it is missing.

    Parameters
    ----------
    column
        Numbers of any type.
    """
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def floats_of(column: pa.ChunkedArray) -> Floats:
    """Return an Arrow column as floats; NaN where it is missing.

    Parameters
    ----------
    column
        Numbers of any type.
    """
    return column.cast("float64").to_numpy(zero_copy_only=False)


def given(rows: pd.DataFrame, name: str) -> pd.Series:
    """Return a column an extract may or may not have; all missing where it has none.

    Parameters
    ----------
    rows
        Declarations.
    name
        Name of the column.

    Examples
    --------
    >>> given(pd.DataFrame(index=[0]), "incoterm").isna().tolist()
    [True]
    """
    if name in rows:
        return rows[name]
    return pd.Series(np.full(len(rows), np.nan), index=rows.index, dtype=object)


def amounts(rows: pd.DataFrame, name: str) -> Floats:
    """Return a column of numbers by name; NaN where it is missing or no number.

    Parameters
    ----------
    rows
        Declarations.
    name
        Name of the column; an extract may lack it.

    Examples
    --------
    >>> amounts(pd.DataFrame({"a": ["2.5", "heavy"]}), "a").tolist()
    [2.5, nan]
    """
    values = floats(pd.to_numeric(given(rows, name), errors="coerce"))
    return np.where(np.isinf(values), np.nan, values)


def holds(condition: pd.Series) -> Bools:
    """Return a condition as booleans; what is missing does not hold.

    Parameters
    ----------
    condition
        True, false or missing.

    Examples
    --------
    >>> holds(pd.Series([True, None], dtype="boolean")).tolist()
    [True, False]
    """
    return condition.astype("boolean").fillna(value=False).to_numpy(dtype=bool)


def looked_up(column: pd.Series, value_of: Callable[[str], float]) -> Floats:
    """Apply a function once to each distinct text of a column; NaN where it is missing.

    Parameters
    ----------
    column
        Texts; extracts repeat them.
    value_of
        From a text to a number, NaN where it has none.

    Examples
    --------
    >>> looked_up(pd.Series(["ab", None, "ab"]), len).tolist()
    [2.0, nan, 2.0]
    """
    codes, texts = pd.factorize(column)
    values = np.array([*(float(value_of(str(text))) for text in texts), np.nan])
    return values[codes]


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
