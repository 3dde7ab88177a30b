"""A few rows packaged with what the model said of them, scored again at every load.

They catch a library that changed its arithmetic, and a file that holds other numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.bundle.parquet import require_flat
from targeting.errors import BundleError
from targeting.explain.contributions import contributions, require_lightgbms_own

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from targeting.features.spec import FeatureSpec
    from targeting.training.model import Model

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

PROBE = "probe.parquet"
PROBE_ROWS = 16
PROBE_ASKED = 4
"""Rows on which LightGBM itself is asked: they take it some 10 ms each at every load."""

PROBE_TOLERANCE = 1e-9
"""Largest difference, absolute and relative, of a number of the probe."""


def write_probe(model: Model, spec: FeatureSpec, matrix: Matrix, folder: Path) -> None:
    """Write rows, and what the model says of them.

    Parameters
    ----------
    model, spec
        Trained heads, and the features they look at.
    matrix
        Shape (n, features); the first `PROBE_ROWS` are kept.
    folder
        The bundle as it is being written.
    """
    probe = np.ascontiguousarray(matrix[:PROBE_ROWS])
    columns = {name: pa.array(probe[:, at]) for at, name in enumerate(spec.names)}
    columns |= {name: pa.array(values) for name, values in _said(model, probe).items()}
    pq.write_table(pa.table(columns), folder / PROBE, compression="zstd")


def _said(model: Model, matrix: Matrix) -> dict[str, Floats]:
    """Return every number a scores file may hold of these rows, by its column in the probe."""
    score = model.score(matrix)
    probability = model.probability(score)
    nothing = np.full(len(matrix), np.nan)
    views = model.views
    return {
        "raw_score": score,
        "probability": probability,
        "expected_revenue": model.expected_revenue(matrix, probability),
        "papers_probability": nothing if views is None else views.papers(matrix),
        "conveyance_probability": nothing if views is None else views.conveyance(matrix),
    }


def require_probe(folder: Path, model: Model, spec: FeatureSpec) -> None:
    """Make sure a model says of the packaged rows what it said, and can explain it.

    Parameters
    ----------
    folder
        The bundle, its hashes checked.
    model, spec
        As read from it.

    Raises
    ------
    BundleError
        If any number differs by more than `PROBE_TOLERANCE`, contributions do not add up to the
        score, or LightGBM itself scores or explains the rows otherwise.
    ValueError
        If the file is not such rows.
    """
    require_flat(folder / PROBE)
    table = pq.read_table(folder / PROBE)
    columns = [table[name].to_numpy() for name in spec.names]
    matrix = np.ascontiguousarray(np.column_stack(columns), dtype=np.float32)
    found = _said(model, matrix)
    if table.num_rows > PROBE_ROWS or table.column_names != [*spec.names, *found]:
        raise ValueError("the probe has other rows or columns than it was packaged with")
    for name, values in found.items():
        _require_same(folder, name, values, table[name].to_numpy())
    contributions(model, matrix)
    require_lightgbms_own(model.hit, matrix[:PROBE_ASKED])


def _require_same(folder: Path, name: str, values: Floats, expected: Floats) -> None:
    close = np.isclose(values, expected, rtol=PROBE_TOLERANCE, atol=PROBE_TOLERANCE, equal_nan=True)
    if not close.all():
        worst = np.abs(values - expected)[~close].max()
        raise BundleError(
            "the model does not score its own probe rows as it did when it was packaged",
            where=str(folder),
            found=f"a difference of {worst:.3g} in {name}",
            do="Install the library versions the manifest names.",
        )
