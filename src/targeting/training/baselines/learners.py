"""Methods others use: logistic regression, isolation forest, LightGBM on raw columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from targeting.tables.schema import DECLARATIONS
from targeting.training.baselines.base import Scored
from targeting.training.baselines.draw import RandomOrder
from targeting.training.baselines.known import learnt
from targeting.training.baselines.tidy import Tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from targeting.training.baselines.base import Fitted, Floats
    from targeting.training.block import Block, Known
    from targeting.training.learn import Moment

    Matrix = npt.NDArray[np.float32]

_CHUNK = 50_000
"""Rows scored at a time, so that memory does not grow with the block."""


def _in_chunks(matrix: Matrix, score: Callable[[Matrix], Floats]) -> Floats:
    parts = [score(matrix[at : at + _CHUNK]) for at in range(0, len(matrix), _CHUNK)]
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)


@dataclass(frozen=True, slots=True)
class _Line:
    tidy: Tidy
    weights: Floats
    bias: float

    def log_odds(self, block: Block) -> Floats:
        def one(matrix: Matrix) -> Floats:
            # Row by row, so that a line scores the same alone as among others.
            return np.einsum("ij,j->i", self.tidy.of(matrix).astype(np.float64), self.weights)

        return self.bias + _in_chunks(block.matrix, one)


@dataclass(frozen=True, slots=True)
class RegularisedLogistic:
    """Logistic regression on every feature.

    Numbers are brought to orders of magnitude, their gaps filled with the median and flagged,
    and standardised; categories are columns of 0 and 1.

    Parameters
    ----------
    strength
        Of the pull of every weight towards zero (scikit-learn's 1 / C).
    name
        What reports call it.
    """

    strength: float = 100.0
    name: str = "logistic regression"

    def learn(self, known: Known, moment: Moment) -> Fitted:
        """Learn the weights; where results are too few, it draws by lot.

        Parameters
        ----------
        known
            Examined declarations; those unknown at the moment are left out.
        moment
            When it learns.
        """
        return learnt(known, moment, self._fit)

    def _fit(self, known: Known) -> _Line:
        from sklearn.linear_model import LogisticRegression

        tidy = Tidy.learn(known.block.matrix, known.block.spec)
        line = LogisticRegression(C=1 / self.strength, max_iter=500, tol=1e-3)
        line.fit(tidy.of(known.block.matrix), known.hit)
        weights, bias = np.asarray(line.coef_, dtype=np.float64)[0], np.asarray(line.intercept_)
        return _Line(tidy, weights, float(bias[0]))


@dataclass(frozen=True, slots=True)
class _Forest:
    tidy: Tidy
    trees: Any  # scikit-learn's IsolationForest, imported when it is used

    def score(self, block: Block) -> Scored:
        if not len(block):
            return Scored(np.zeros(0))
        odd = _in_chunks(block.matrix, lambda rows: -self.trees.score_samples(self.tidy.of(rows)))
        return Scored(odd)


@dataclass(frozen=True, slots=True)
class OddOnesOut:
    """Isolation forest: the lines that differ most from all it was given; it needs no results.

    Its score is no chance of a hit, so it states no probability.

    Parameters
    ----------
    trees
        How many.
    seed
        Of the trees.
    name
        What reports call it.
    """

    trees: int = 100
    seed: int = 20_250_101
    name: str = "isolation forest"

    def learn(self, known: Known, moment: Moment) -> Fitted:
        """Learn what is usual from all lines lodged before the moment, examined or not.

        Parameters
        ----------
        known
            Declarations; their results are not looked at.
        moment
            When it learns.
        """
        from sklearn.ensemble import IsolationForest

        blocks = [known.block] if known.unexamined is None else [known.block, known.unexamined]
        earlier = [(block.rows["lodged_at"] < moment.at).to_numpy() for block in blocks]
        matrix = np.concatenate(
            [block.matrix[rows] for block, rows in zip(blocks, earlier, strict=True)]
        )
        if not len(matrix):
            return RandomOrder()
        tidy = Tidy.learn(matrix, known.block.spec)
        forest = IsolationForest(n_estimators=self.trees, random_state=self.seed, n_jobs=1)
        return _Forest(tidy, forest.fit(tidy.of(matrix)))


_LEFT_OUT = frozenset(
    {
        "declaration_id", "transport_document_id",  # a new line has a new one
        "consignee_name", "consignor_name", "goods_description",
    }
)  # fmt: skip
RAW_COLUMNS = tuple(
    column.name
    for column in DECLARATIONS.columns
    if column.kind != "timestamp" and column.name not in _LEFT_OUT
)
"""The declarations' own columns, codes of parties and units among them."""


def _labels(rows: pd.DataFrame) -> dict[str, pd.Index]:
    """List, per column of text, the values there are, in alphabetical order."""
    return {
        name: pd.Index(sorted(rows[name].dropna().astype(str).unique()))
        for name in RAW_COLUMNS
        if DECLARATIONS[name].kind == "string"
    }


def _encoded(rows: pd.DataFrame, labels: Mapping[str, pd.Index]) -> Floats:
    """Write text as its place among the labels, -1 where it is not among them."""
    columns = []
    for name in RAW_COLUMNS:
        if name in labels:
            text = pd.Index(rows[name].astype("string").astype(object))
            columns.append(labels[name].get_indexer(text).astype(np.float64))
        else:
            columns.append(rows[name].to_numpy(dtype=np.float64, na_value=np.nan))
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class _RawTrees:
    labels: Mapping[str, pd.Index]
    trees: lgb.Booster

    def log_odds(self, block: Block) -> Floats:
        if not len(block):
            return np.zeros(0)
        raw = self.trees.predict(_encoded(block.rows, self.labels), raw_score=True, num_threads=1)
        return np.asarray(raw, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class RawLightGBM:
    """What the published peers do: LightGBM as it comes, on label-encoded columns.

    No history and no ratios: the declarations' own columns, text numbered as on the training
    rows and -1 where it is new, and the library's default settings.

    Parameters
    ----------
    seed
        Of the trees.
    name
        What reports call it.
    """

    seed: int = 20_250_101
    name: str = "raw LightGBM"

    def learn(self, known: Known, moment: Moment) -> Fitted:
        """Grow the trees; where results are too few, it draws by lot.

        Parameters
        ----------
        known
            Examined declarations; those unknown at the moment are left out.
        moment
            When it learns.
        """
        return learnt(known, moment, self._fit)

    def _fit(self, known: Known) -> _RawTrees:
        rows = known.block.rows
        labels = _labels(rows)
        data = lgb.Dataset(
            _encoded(rows, labels),
            known.hit.astype(np.float64),
            feature_name=list(RAW_COLUMNS),
            params={"verbose": -1},
        )
        params = {
            "objective": "binary", "seed": self.seed, "num_threads": 1, "deterministic": True,
            "force_row_wise": True, "verbose": -1,
        }  # fmt: skip
        return _RawTrees(labels, lgb.train(params, data, num_boost_round=100))
