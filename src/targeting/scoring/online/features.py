"""The matrix of a few lines, filled by the functions a build fills its own with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.features.formulas import fill_lines
from targeting.features.kernel import STATISTICS
from targeting.features.plan import Plan
from targeting.features.shares import columns_crossed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from targeting.features.lines import Lines
    from targeting.features.spec import FeatureSpec
    from targeting.scoring.online.keys import KeySpace
    from targeting.scoring.online.ledger import Design

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Matrix = npt.NDArray[np.float32]

_DECLARATIONS = STATISTICS.index("declarations")


@dataclass(frozen=True, slots=True)
class OnlineFeatures:
    """Computes the features of a few lines; `of` makes one.

    Parameters
    ----------
    plan
        Where every feature goes and what computes it.
    space
        How the database numbers the profiles.
    width
        Number of features.
    places, kinds, ats, profile, measure
        Shape (m,). Of every feature of a profile, as `fill_lines` wants them.
    crossed
        Numbers of the profiles crossed features look at, by their columns.
    """

    plan: Plan
    space: KeySpace
    width: int
    places: Ints
    kinds: Ints
    ats: Ints
    profile: Ints
    measure: Ints
    crossed: Mapping[tuple[str, ...], int]

    @classmethod
    def of(cls, spec: FeatureSpec, design: Design) -> OnlineFeatures:
        """Put the features of a model into the numbers of a database.

        Parameters
        ----------
        spec
            Features in order, and category levels.
        design
            Of a database that keeps the profiles they ask for.
        """
        plan, space = Plan.of(spec), design.space
        numbers = [space.names.index(name) for name in plan.profiles]
        keys = list(plan.profiles.values())
        sizes = [len(key.places) for key in keys]
        return cls(
            plan=plan,
            space=space,
            width=len(spec.features),
            places=_joined([key.places for key in keys]),
            kinds=_joined([key.kinds for key in keys]),
            ats=_joined([key.ats for key in keys]),
            profile=np.repeat(np.array(numbers, dtype=np.int64), sizes),
            measure=np.repeat(
                np.array([space.measure[number] for number in numbers], dtype=np.int64), sizes
            ),
            crossed={
                columns: space.names.index(name)
                for name, columns in columns_crossed(spec.settings).items()
            },
        )

    def matrix(self, lines: Lines, sums: Floats, days: Floats) -> Matrix:
        """Compute the features of lines.

        Parameters
        ----------
        lines
            The declarations.
        sums, days
            Their profiles, as `profiles_of` reads them.
        """
        matrix = np.full((len(lines), self.width), np.nan, dtype=np.float32)
        self.plan.fill_declared(matrix, lines)
        own = np.stack([one.side_by_side for one in self.space.amounts(lines)], axis=1)
        fill_lines(
            matrix, self.places, self.kinds, self.ats, self.profile, self.measure, sums, days, own,
            self.plan.settings.prior_examinations,
        )  # fmt: skip
        earlier = {
            columns: np.ascontiguousarray(sums[:, number, _DECLARATIONS])
            for columns, number in self.crossed.items()
        }
        earlier[()] = np.ascontiguousarray(sums[:, 0, _DECLARATIONS])
        self.plan.fill_crossed(matrix, lines, earlier)
        return matrix


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
