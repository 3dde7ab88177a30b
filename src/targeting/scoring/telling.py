"""Reasons of lines whose features are at hand, in no language yet or written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.explain.contributions import contributions
from targeting.explain.reasons import reasons
from targeting.language import ENGLISH
from targeting.scoring.scores import as_struct

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd

    from targeting.explain.contributions import Contributions
    from targeting.explain.reasons import Reason
    from targeting.features.spec import FeatureSpec
    from targeting.language import Language
    from targeting.training.model import Model

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]


def reasons_of(
    model: Model,
    spec: FeatureSpec,
    rows: pd.DataFrame,
    matrix: Matrix,
    score: Floats,
    *,
    explained: Contributions | None = None,
) -> list[list[Reason]]:
    """Find the reasons of each row, in no language yet.

    Parameters
    ----------
    model, spec
        Trees and the features they look at.
    rows
        Shape (n,). Every column of the declarations.
    matrix
        Shape (n, features).
    score
        Shape (n,). As `score_matrix` gave it: what it differs by from the line's own score is
        what the other lines of its consignment add.
    explained
        Contributions of the rows where they are known already.
    """
    lines: list[dict[Hashable, object]] = rows.to_dict("records")
    named = [{str(name): value for name, value in line.items()} for line in lines]
    moved = score - model.score(matrix)
    return explain_lines(model, spec, named, matrix, moved, explained=explained)


def explain_lines(
    model: Model,
    spec: FeatureSpec,
    lines: Sequence[Mapping[str, object]],
    matrix: Matrix,
    moved: Floats,
    *,
    explained: Contributions | None = None,
) -> list[list[Reason]]:
    """Find the reasons of lines that are at hand by name, in no language yet.

    Parameters
    ----------
    model, spec
        Trees and the features they look at.
    lines
        Every column of the declarations, and `lodged_local`.
    matrix
        Shape (n, features).
    moved
        Shape (n,). What the other lines of the consignment add to each score.
    explained
        Contributions of the lines where they are known already.
    """
    if explained is None:
        explained = contributions(model, matrix)
    each = zip(lines, matrix, explained.values, moved.tolist(), strict=True)
    return [
        reasons(spec.features, contribution, {**line, **_features_of(spec, values)}, others=others)
        for line, values, contribution, others in each
    ]


def explain_rows(
    model: Model,
    spec: FeatureSpec,
    rows: pd.DataFrame,
    matrix: Matrix,
    score: Floats,
    *,
    language: Language = ENGLISH,
) -> list[list[dict[str, object]]]:
    """Write the reasons of each row as a scores file holds them.

    Parameters
    ----------
    model, spec, rows, matrix, score
        As for `reasons_of`.
    language
        In which the reasons are written out.
    """
    found = reasons_of(model, spec, rows, matrix, score)
    return [[as_struct(reason, language) for reason in one] for one in found]


def _features_of(spec: FeatureSpec, values: npt.NDArray[np.float32]) -> dict[str, object]:
    numbers = values.astype(np.float64).tolist()
    return dict(zip(spec.names, numbers, strict=True))
