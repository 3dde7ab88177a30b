"""Features that moved: what each version's scores rest on, on the same lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.compare.findings import Moved, MovedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from targeting.evaluation.metrics import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What a version's scores rest on, over some lines.

    Parameters
    ----------
    names, families
        Shape (f,). Features and the family of each.
    size
        Shape (f,). Mean absolute contribution in log-odds.
    rows
        Lines explained.
    """

    names: Sequence[str]
    families: Sequence[str]
    size: Floats
    rows: int

    @classmethod
    def of(cls, names: Sequence[str], families: Sequence[str], contributions: Floats) -> Weights:
        """Average the contributions of each feature over lines.

        Parameters
        ----------
        names, families
            Shape (f,).
        contributions
            Shape (n, f), in log-odds.
        """
        size = np.abs(contributions).mean(axis=0) if len(contributions) else np.zeros(len(names))
        return cls(tuple(names), tuple(families), size, len(contributions))

    @property
    def by_feature(self) -> dict[str, float]:
        """Mean absolute contribution of each feature."""
        return dict(zip(self.names, self.size.tolist(), strict=True))

    @property
    def by_family(self) -> dict[str, float]:
        """Mean absolute contributions of each family's features, added up."""
        sums = dict.fromkeys(self.families, 0.0)
        for family, size in zip(self.families, self.size.tolist(), strict=True):
            sums[family] += size
        return sums


def moved(first: Weights, second: Weights) -> Moved:
    """Tell which features speak more in the second version, and which less.

    Parameters
    ----------
    first, second
        What each version rests on, over the same lines; their features may differ.

    Examples
    --------
    >>> first = Weights.of(["mass", "price"], ["goods", "goods"], np.array([[1.0, 1.0]]))
    >>> second = Weights.of(["price", "route"], ["goods", "way"], np.array([[1.0, 3.0]]))
    >>> [(row.name, row.moved) for row in moved(first, second).features]
    [('route', 0.75), ('mass', -0.5), ('price', -0.25)]
    """
    family = dict(zip(first.names, first.families, strict=True))
    family |= dict(zip(second.names, second.families, strict=True))
    families = {name: name for name in family.values()}
    return Moved(
        rows=first.rows,
        families=tuple(_rows(first.by_family, second.by_family, families)),
        features=tuple(_rows(first.by_feature, second.by_feature, family)),
        only_first=tuple(name for name in first.names if name not in second.by_feature),
        only_second=tuple(name for name in second.names if name not in first.by_feature),
    )


def _rows(
    first: Mapping[str, float], second: Mapping[str, float], family: Mapping[str, str]
) -> Iterable[MovedRow]:
    wholes = [sum(each.values()) or 1.0 for each in (first, second)]
    rows = [
        MovedRow(
            name=name,
            family=family[name],
            first=first[name] / wholes[0] if name in first else None,
            second=second[name] / wholes[1] if name in second else None,
            first_size=first.get(name),
            second_size=second.get(name),
        )
        for name in dict.fromkeys([*first, *second])
    ]
    return sorted(rows, key=lambda row: (-abs(row.moved), row.name))
