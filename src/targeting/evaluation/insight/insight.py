"""All that is told of a model as a whole, beside how well it ranks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from targeting.evaluation.insight.dependence import Dependence, bins_of, main_features
from targeting.evaluation.insight.subjects import Subjects, subject_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.evaluation.insight.removal import Removal
    from targeting.evaluation.insight.stability import Stability
    from targeting.evaluation.insight.unseen import Unseen
    from targeting.evaluation.measures import Measure
    from targeting.features.registry import Family
    from targeting.features.spec import FeatureSpec

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

SUBJECTS_TOLD = 15
FEATURES_TOLD = 6


@dataclass(frozen=True, slots=True)
class Weight:
    """How much one subject moves scores.

    Parameters
    ----------
    subject, family
        What it is, and the view it belongs to.
    size
        Mean size of its contribution, in log-odds.
    share
        Of the sizes of all subjects.
    raises
        Share of lines whose risk it raises.
    """

    subject: str
    family: Family
    size: float
    share: float
    raises: float


@dataclass(frozen=True, slots=True)
class Insight:
    """What a model rests on, whether its reasons can be trusted, and what it does not see.

    Parameters
    ----------
    lines
        Lines explained to tell what scores rest on.
    weights
        The subjects that move scores most.
    dependence
        How the main features move scores.
    removal
        What scores do when the cause of a reason is taken away.
    stability
        How far a retrained model gives the same reasons.
    unseen
        What the model does not see.
    """

    lines: int
    weights: tuple[Weight, ...]
    dependence: tuple[Dependence, ...]
    removal: Removal
    stability: Stability
    unseen: Unseen

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return asdict(self)

    def flat_metrics(self) -> dict[str, float]:
        """Figures under stable names, for MLflow and the manifest; what is missing is absent."""
        removal, stability = self.removal, self.stability
        named = {
            "reasons_removed_falls": removal.falls,
            "reasons_first_removed_falls": removal.first_falls,
            "reasons_fall": removal.fall,
            "reasons_fall_by_lot": removal.fall_by_lot,
            "reasons_order": removal.order,
            "reasons_overlap": stability.overlap,
            "reasons_same_first": stability.same_first,
            "reasons_first_kept": stability.first_kept,
            "reasons_order_kept": stability.order,
        }
        flat = {"reasons_lines": float(stability.lines)}
        for name, measure in named.items():
            flat |= _spread(name, measure)
        return flat


def _spread(name: str, measure: Measure) -> dict[str, float]:
    ends = {name: measure.value, f"{name}_low": measure.low, f"{name}_high": measure.high}
    return {key: value for key, value in ends.items() if value is not None}


def weights_of(spec: FeatureSpec, contribution: Floats) -> tuple[Weight, ...]:
    """Rank subjects by how much they move scores.

    Parameters
    ----------
    spec
        The features.
    contribution
        Shape (n, features), in log-odds; n >= 1.
    """
    subjects = Subjects.of(spec.features)
    total = subjects.total(contribution)
    size, raises = np.abs(total).mean(axis=0), (total > 0).mean(axis=0)
    order = sorted(range(len(subjects)), key=lambda at: (-size[at], subjects.names[at]))
    whole = float(size.sum()) or 1.0
    return tuple(
        Weight(
            subjects.names[at],
            subjects.families[at],
            float(size[at]),
            float(size[at]) / whole,
            float(raises[at]),
        )
        for at in order[:SUBJECTS_TOLD]
    )


def dependence_of(
    spec: FeatureSpec, matrix: Matrix, contribution: Floats, *, most: int = FEATURES_TOLD
) -> tuple[Dependence, ...]:
    """Tell how the strongest feature of each main subject moves scores.

    Parameters
    ----------
    spec
        The features.
    matrix
        Shape (n, features).
    contribution
        Shape (n, features), in log-odds; n >= 1.
    most
        Features told.
    """
    size = np.abs(contribution).mean(axis=0)
    told = []
    for at in main_features(size, spec.features, most=most):
        feature = spec.features[at]
        values = matrix[:, at].astype(np.float64)
        bins = bins_of(values, contribution[:, at], levels=spec.levels.get(feature.name, ()))
        told.append(Dependence(feature.name, subject_of(feature), feature.meaning, bins))
    return tuple(told)
