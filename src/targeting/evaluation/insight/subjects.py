"""Subjects: what features speak of, such as the price. An officer reads one reason of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from targeting.features.registry import Family, Feature

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.intp]


def subject_of(feature: Feature) -> str:
    """Name what a feature speaks of: its group, or itself where it stands alone.

    Parameters
    ----------
    feature
        Any feature.

    Examples
    --------
    >>> from targeting.config import FeatureSettings
    >>> from targeting.features.spec import registry
    >>> [subject_of(one) for one in registry(FeatureSettings())[:4]]
    ['value', 'mass', 'mass', 'price']
    """
    return feature.group or feature.name


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """The subjects of a list of features.

    Parameters
    ----------
    names
        In the order of their first feature.
    of_feature
        Shape (features,). Place of each feature's subject.
    families
        Family of each subject's first feature.
    """

    names: tuple[str, ...]
    of_feature: Places
    families: tuple[Family, ...]

    @classmethod
    def of(cls, features: Sequence[Feature]) -> Subjects:
        """Gather features by what they speak of.

        Parameters
        ----------
        features
            In the order of the matrix.
        """
        family: dict[str, Family] = {}
        for feature in features:
            family.setdefault(subject_of(feature), feature.family)
        place = {name: at for at, name in enumerate(family)}
        of_feature = np.array([place[subject_of(one)] for one in features], dtype=np.intp)
        return cls(tuple(family), of_feature, tuple(family.values()))

    def __len__(self) -> int:
        return len(self.names)

    def total(self, contribution: Floats) -> Floats:
        """Add the contributions of each subject's features.

        Parameters
        ----------
        contribution
            Shape (n, features), in log-odds.

        Returns
        -------
        ndarray
            Shape (n, subjects).
        """
        total = np.zeros((len(contribution), len(self)))
        for at, place in enumerate(self.of_feature):
            total[:, place] += contribution[:, at]
        return total
