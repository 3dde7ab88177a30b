"""All lines of a period, and what a policy would open of them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from targeting.evaluation.metrics import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.metrics import Floats

LOT = "random"
"""Lines chance picked, with a recorded chance."""

TIPS = "intelligence"
"""Lines chosen by what no document holds: they speak for themselves and for no other line."""


@dataclass(frozen=True, slots=True, eq=False)
class PolicyLines:
    """ALL lines lodged in a period, examined or not, and what a policy opens of them.

    Every array has shape (n,).

    Parameters
    ----------
    opened
        Chance with which the policy opens the line, in [0, 1].
    label
        1 hit, 0 examined and clear, -1 unknown.
    selected_by
        Why the line was examined; None where it was not.
    chance
        Recorded `selection_probability`; NaN where there is none.
    propensity
        Chance of being examined for a reason open to estimation, given what the documents say
        and that neither the lot nor a tip took the line: `targeting.training.propensity`.
    expected
        Calibrated probability of a hit, by a model that has not learnt from these lines.
    revenue
        Recovered; NaN where not known.
    expected_revenue
        Probability times revenue given a hit; NaN where not known.
    day
        Port-local day of lodging, datetime64[D].
    office
        Office of the line.
    consignee
        Consignee of the line, None where unknown. Lines of one consignee are not independent.

    Raises
    ------
    ValueError
        If a shape, a share or a label is impossible; all breaches at once.
    """

    opened: Floats
    label: NDArray[Any]
    selected_by: NDArray[Any]
    chance: Floats
    propensity: Floats
    expected: Floats
    revenue: Floats
    expected_revenue: Floats
    day: NDArray[np.datetime64]
    office: NDArray[Any]
    consignee: NDArray[Any]

    def __post_init__(self) -> None:
        """Refuse what cannot be, all at once."""
        breaches = [*self._uneven(), *self._impossible()]
        if breaches:
            raise ValueError("lines of a policy: " + "; ".join(breaches))

    def __len__(self) -> int:
        return len(self.opened)

    @property
    def examined(self) -> NDArray[np.bool_]:
        """Whether each line has a known result."""
        return self.label != UNKNOWN

    @property
    def hit(self) -> Floats:
        """1.0 for each hit, 0.0 for clear and unknown lines."""
        return (self.label == 1).astype(np.float64)

    @property
    def by_lot(self) -> NDArray[np.bool_]:
        """Whether chance picked the line, and its result is known."""
        return self.examined & (self.selected_by == LOT)

    @property
    def by_tip(self) -> NDArray[np.bool_]:
        """Whether the line was examined on intelligence, and its result is known."""
        return self.examined & (self.selected_by == TIPS)

    @property
    def clusters(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Codes of each line's day and consignee; lines of unknown consignees stand alone.

        Only examined lines are told apart: no other line is ever counted.
        """
        rows = np.flatnonzero(self.examined)
        code, _ = pd.factorize(self.consignee[rows])
        consignee = np.arange(len(self))
        consignee[rows] = np.where(code < 0, rows, len(self) + code)
        return self.day.astype("datetime64[D]").astype(np.int64), consignee

    def opening(self, opened: Floats) -> PolicyLines:
        """Return the same lines under another policy.

        Parameters
        ----------
        opened
            Shape (n,). Chance with which it opens each line.
        """
        return replace(self, opened=np.asarray(opened, dtype=np.float64))

    def _uneven(self) -> list[str]:
        size = len(self.opened)
        shapes = {one.name: np.shape(getattr(self, one.name)) for one in fields(self)}
        return [
            f"{name} has shape {s}, not ({size},)" for name, s in shapes.items() if s != (size,)
        ]

    def _impossible(self) -> list[str]:
        chance = self.chance[~np.isnan(self.chance)]
        checks = {
            "opened outside [0, 1]": ~((self.opened >= 0) & (self.opened <= 1)),
            "labels other than 1, 0 and -1": ~np.isin(self.label, (1, 0, UNKNOWN)),
            "chances outside (0, 1]": ~((chance > 0) & (chance <= 1)),
            "propensities outside (0, 1]": ~((self.propensity > 0) & (self.propensity <= 1)),
            "expected outside [0, 1]": ~((self.expected >= 0) & (self.expected <= 1)),
        }
        return [f"{wrong.sum():,} {what}" for what, wrong in checks.items() if wrong.any()]
