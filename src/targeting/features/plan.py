"""Where every feature of a matrix goes and what computes it, worked out once for many lines.

The registry's order is the order here. A build asks for one plan per matrix, the online scorer for
one per bundle: both fill a matrix by the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.features.declared import DECLARED_FEATURES
from targeting.features.formulas import fill_column, fill_key
from targeting.features.links import link_features
from targeting.features.relative import relative_features
from targeting.features.shares import cross_features
from targeting.features.spec import as_codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from targeting.config import FeatureSettings
    from targeting.features.declared import DeclaredFeature
    from targeting.features.lines import Lines
    from targeting.features.relative import RelativeFeature, View
    from targeting.features.shares import CrossFeature
    from targeting.features.spec import FeatureSpec

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """The features of one key or link.

    Parameters
    ----------
    places, kinds, ats
        Shape (m,). Column of the matrix, and the formula, of each.
    """

    places: Ints
    kinds: Ints
    ats: Ints

    @classmethod
    def of(cls, features: Sequence[RelativeFeature], places: Mapping[str, int]) -> KeyPlan:
        """Put the features of a key into numbers.

        Parameters
        ----------
        features
            Of the key.
        places
            Column of the matrix by the feature's name.
        """
        return cls(
            np.array([places[one.feature.name] for one in features], dtype=np.int64),
            np.array([one.formula.kind for one in features], dtype=np.int64),
            np.array([one.formula.at for one in features], dtype=np.int64),
        )

    def fill(self, matrix: Matrix, view: View) -> None:
        """Write the features of many lines.

        Parameters
        ----------
        matrix
            Shape (n, features), float32; changed in place.
        view
            The key's profiles beside the lines.
        """
        fill_key(
            matrix, self.places, self.kinds, self.ats, view.profiles.sums, view.profiles.days,
            view.base.sums, view.amounts.side_by_side, view.prior_examinations,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """Every feature of a matrix, by the kind of thing that computes it.

    Parameters
    ----------
    settings
        Keys, links and half-lives.
    declared
        Features of the declaration itself, with their columns.
    numbers
        Extra columns of numbers, with theirs.
    categories
        Columns handed over as categories, with theirs and the code of each level.
    profiles
        By name of the key or link.
    crossed
        Features that hold two keys against each other.
    """

    settings: FeatureSettings
    declared: tuple[tuple[int, DeclaredFeature], ...]
    numbers: tuple[tuple[int, str], ...]
    categories: tuple[tuple[int, str, Mapping[str, int]], ...]
    profiles: Mapping[str, KeyPlan]
    crossed: tuple[tuple[int, CrossFeature], ...]

    @classmethod
    def of(cls, spec: FeatureSpec) -> Plan:
        """Work out where everything goes.

        Parameters
        ----------
        spec
            Features in order, and category levels.
        """
        settings = spec.settings
        at = {feature.name: place for place, feature in enumerate(spec.features)}
        followed = {**relative_features(settings), **link_features(settings)}
        return cls(
            settings=settings,
            declared=tuple((at[one.feature.name], one) for one in DECLARED_FEATURES),
            numbers=tuple((at[name], name) for name in settings.numbers),
            categories=tuple(
                (at[name], name.removesuffix("_level"), _codes(spec.levels[name]))
                for name in spec.categories
            ),
            profiles={name: KeyPlan.of(features, at) for name, features in followed.items()},
            crossed=tuple((at[one.feature.name], one) for one in cross_features(settings)),
        )

    def fill_declared(self, matrix: Matrix, lines: Lines) -> None:
        """Write what lines say themselves: their own features, extra numbers, categories.

        Parameters
        ----------
        matrix
            Shape (n, features), float32; changed in place.
        lines
            The declarations.
        """
        for place, declared in self.declared:
            _put(matrix, place, declared.compute(lines))
        for place, name in self.numbers:
            _put(matrix, place, lines.extra_number(name))
        for place, name, codes in self.categories:
            _put(matrix, place, as_codes(lines.text(name), codes))

    def fill_crossed(
        self, matrix: Matrix, lines: Lines, earlier: Mapping[tuple[str, ...], Floats]
    ) -> None:
        """Write the features that hold two keys against each other.

        Parameters
        ----------
        matrix
            Shape (n, features), float32; changed in place.
        lines
            The declarations.
        earlier
            Earlier declarations by the columns of a key; none stands for all.
        """
        for place, crossed in self.crossed:
            _put(matrix, place, crossed.compute(earlier, lines))


def _codes(levels: Sequence[str]) -> dict[str, int]:
    return {level: code for code, level in enumerate(levels)}


def _put(matrix: Matrix, at: int, values: Floats) -> None:
    """Write a column; what float32 cannot hold is unknown, never inf."""
    fill_column(matrix, at, values)
