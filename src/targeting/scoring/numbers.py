"""What a model says of lines, as numbers: its evaluation, batch and online all ask here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.scoring.scores import VIEWS
from targeting.training.consignment import CONSIGNMENT, pooled
from targeting.training.views import either

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.training.block import Known
    from targeting.training.model import Model

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a model says of lines, as arrays of shape (n,).

    Parameters
    ----------
    own
        Raw score of the line by itself.
    score, probability, expected_revenue
        Beside the other lines of its consignment.
    papers, conveyance, either
        Chances of the two views and of either; None where the model has none.
    """

    own: Floats
    score: Floats
    probability: Floats
    expected_revenue: Floats
    papers: Floats | None
    conveyance: Floats | None
    either: Floats | None

    @classmethod
    def of(cls, model: Model, matrix: Matrix, score: Floats, own: Floats) -> Numbers:
        """Work out what follows from the scores.

        Parameters
        ----------
        model
            The trained heads.
        matrix
            Shape (n, features).
        score, own
            Shape (n,). Raw scores beside the others of the consignment, and alone.
        """
        probability = model.probability(score)
        revenue = model.expected_revenue(matrix, probability)
        if model.views is None:
            return cls(own, score, probability, revenue, None, None, None)
        papers = model.views.papers(matrix, threads=model.threads)
        conveyance = model.views.conveyance(matrix, threads=model.threads)
        both = either(papers, conveyance)
        return cls(own, score, probability, revenue, papers, conveyance, both)

    @property
    def columns(self) -> dict[str, Floats]:
        """The columns of a scores file, by name."""
        views = (self.papers, self.conveyance, self.either)
        told = {
            "score": self.score,
            "probability": self.probability,
            "expected_revenue": self.expected_revenue,
        }
        return told | {n: one for n, one in zip(VIEWS, views, strict=True) if one is not None}


def score_matrix(model: Model, rows: pd.DataFrame, matrix: Matrix) -> pd.DataFrame:
    """Score declarations whose features are known.

    Parameters
    ----------
    model
        The trained heads.
    rows
        Shape (n,) with `declaration_id, lodged_at, office_id`, and the columns that tell which
        lines are one consignment.
    matrix
        Shape (n, features).

    Returns
    -------
    pandas.DataFrame
        The columns of `targeting.scoring.scores.SCHEMA`.
    """
    own = model.score(matrix)
    numbers = Numbers.of(model, matrix, pooled(own, rows, model.consignment_share), own)
    named = rows[["declaration_id", "lodged_at", "office_id"]].reset_index(drop=True)
    return named.assign(**numbers.columns)


def score_examined(model: Model, known: Known) -> pd.DataFrame:
    """Score examined declarations beside the other lines of their consignments.

    Parameters
    ----------
    model
        The trained heads.
    known
        Examined declarations and their companions.

    Returns
    -------
    pandas.DataFrame
        As `score_matrix`, of the examined declarations.
    """
    beside = known.companions
    if beside is None:
        return score_matrix(model, known.block.rows, known.block.matrix)
    columns = ["declaration_id", "office_id", *CONSIGNMENT]
    rows = pd.concat([part.rows[columns] for part in (known.block, beside)], ignore_index=True)
    matrix = np.concatenate([known.block.matrix, beside.matrix])
    return score_matrix(model, rows, matrix).head(len(known))
