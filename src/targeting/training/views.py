"""Two views of a consignment: what its papers and parties say, and what its journey says.

Drugs hidden in an honest trader's container show in nothing the trader wrote. So the chance of such
an offence is learnt from route, conveyance and timing alone, that of all others from parties, goods
and papers, and the two are put together as the chance of either: a clean trader cannot talk a bad
journey away, nor an ordinary journey a bad invoice (domain.md section 1.3).

Each view is an additive score: an offence family has few hits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from targeting.config import Settings
from targeting.training.additive import Linear
from targeting.training.calibrate import Calibrator, fit_calibrator
from targeting.training.linear import Rules, fit_linear

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from targeting.features.spec import FeatureSpec

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]
    Objects = npt.NDArray[np.object_]

Name = Literal["papers", "conveyance"]

FAMILIES: dict[Name, frozenset[str]] = {
    "papers": frozenset({"party", "goods and price", "document", "timing"}),
    "conveyance": frozenset({"route", "conveyance", "timing"}),
}
"""Families of features each view looks at."""

LEAST_HITS = 20
"""Hits of its offences below which a view has nothing to go by."""


class View(Settings):
    """One view.

    Parameters
    ----------
    score
        Its additive score.
    calibrator
        From score to probability.
    hits
        Hits of its offences it learnt from.
    """

    score: Linear
    calibrator: Calibrator
    hits: int

    def probability(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Return the chance of an offence of this view, shape (n,).

        Parameters
        ----------
        matrix
            Shape (n, features).
        threads
            Threads used; they change nothing but the time.
        """
        return self.calibrator.probability(self.score.score(matrix, threads=threads))


class ViewsRecord(Settings):
    """The views as a file keeps them; None where there were too few hits."""

    papers: View | None = None
    conveyance: View | None = None


@dataclass(frozen=True, slots=True)
class ViewLesson:
    """Rows the views learn from or are calibrated on.

    Parameters
    ----------
    matrix
        Shape (n, features).
    hit
        Shape (n,).
    offence
        Shape (n,). What was found; None where nothing was, or it was not written down.
    """

    matrix: Matrix
    hit: Bools
    offence: Objects

    def of(self, name: Name, conveyance: Sequence[str]) -> Bools:
        """Tell which rows were hits of a view's offences, shape (n,).

        Parameters
        ----------
        name
            The view.
        conveyance
            Offences of the conveyance view; every other belongs to the papers.
        """
        with_carriage = np.isin(self.offence.astype(str), list(conveyance))
        return self.hit & (with_carriage if name == "conveyance" else ~with_carriage)


@dataclass(frozen=True, slots=True)
class Views:
    """Both views, and the chance of either.

    Parameters
    ----------
    record
        The views.
    """

    record: ViewsRecord

    def papers(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Return the chance of an offence in the papers, shape (n,); NaN without that view.

        Parameters
        ----------
        matrix
            Shape (n, features).
        threads
            Threads used.
        """
        return _chance(self.record.papers, matrix, threads)

    def conveyance(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Return the chance of an offence with the conveyance, shape (n,); NaN without that view.

        Parameters
        ----------
        matrix
            Shape (n, features).
        threads
            Threads used.
        """
        return _chance(self.record.conveyance, matrix, threads)

    def calibrated(self, early: Views, later: ViewLesson, conveyance: Sequence[str]) -> Views:
        """Calibrate each view by an earlier one's scores on the block after it.

        Parameters
        ----------
        early
            Made the same way, before the block.
        later
            The block.
        conveyance
            Offences of the conveyance view.
        """
        record = {
            name: _calibrated(
                getattr(self.record, name), getattr(early.record, name), later,
                later.of(name, conveyance),
            )
            for name in FAMILIES
        }  # fmt: skip
        return replace(self, record=ViewsRecord(**record))


def either(papers: Floats, conveyance: Floats) -> Floats:
    """Return the chance of either, shape (n,); a view that is not there is left out.

    Parameters
    ----------
    papers, conveyance
        Shape (n,). Chance of each, taken as independent given the line; NaN where not known.

    Examples
    --------
    >>> either(np.array([0.5, 0.5, np.nan]), np.array([0.5, np.nan, np.nan])).tolist()
    [0.75, 0.5, nan]
    """
    neither = np.nan_to_num(1 - papers, nan=1.0) * np.nan_to_num(1 - conveyance, nan=1.0)
    return np.where(np.isnan(papers) & np.isnan(conveyance), np.nan, 1 - neither)


def fit_views(
    rows: ViewLesson,
    weight: Floats,
    spec: FeatureSpec,
    *,
    conveyance: Sequence[str],
    strength: float,
    monotone: bool,
) -> Views:
    """Learn both views.

    Parameters
    ----------
    rows
        What was found, and lines beside it taken as clear.
    weight
        Shape (n,). How much each row counts.
    spec
        Names and families of the features.
    conveyance
        Offences of the conveyance view.
    strength
        Ridge penalty.
    monotone
        Whether what is beyond doubt can only raise a score.
    """
    rising = spec.rising if monotone else np.zeros(len(spec.names), dtype=bool)
    family = np.array([feature.family for feature in spec.features])
    found: dict[Name, View | None] = {}
    for name, families in FAMILIES.items():
        hit = rows.of(name, conveyance)
        found[name] = None
        if min(hit.sum(), (~hit).sum()) >= LEAST_HITS:
            rules = Rules(np.isin(family, list(families)), rising)
            score = fit_linear(rows.matrix, hit, weight, spec, strength=strength, rules=rules)
            why = "no later block to calibrate on"
            found[name] = View(score=score, calibrator=Calibrator(why=why), hits=int(hit.sum()))
    return Views(ViewsRecord(papers=found["papers"], conveyance=found["conveyance"]))


def _chance(view: View | None, matrix: Matrix, threads: int) -> Floats:
    if view is None:
        return np.full(len(matrix), np.nan)
    return view.probability(matrix, threads=threads)


def _calibrated(
    view: View | None, early: View | None, later: ViewLesson, hit: Bools
) -> View | None:
    if view is None:
        return None
    why = "too few results before the calibration block"
    made = Calibrator(why=why)
    if early is not None:
        made = fit_calibrator(early.score.score(later.matrix), hit)
    return view.model_copy(update={"calibrator": made})
