"""All lines of the days lived, with what is known of each: the same for every version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from targeting.evaluation.metrics import UNKNOWN
from targeting.evaluation.value import PolicyLines
from targeting.training.propensity import CLOSED, LOT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.capacity import Days
    from targeting.evaluation.metrics import Floats

    Bools = NDArray[np.bool_]
    Codes = NDArray[np.intp]
    Names = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """What an examination of each line would find; known of simulated worlds only.

    Parameters
    ----------
    hit
        Shape (n,). 1.0 where an examination would find something, else 0.0.
    revenue
        Shape (n,). What would be recovered.
    """

    hit: Floats
    revenue: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """One entry per line, or per consignment, of the days lived.

    Parameters
    ----------
    ids
        Shape (n,). Declaration ids; of a consignment, that of its first line.
    day
        Shape (n,). Local day it was lodged.
    block
        Shape (n,). Which block of days it belongs to, from 0.
    office, consignee
        Shape (n,). Codes; None where the consignee is unknown.
    consignment
        Shape (n,). Number of its consignment, from 0.
    label
        Shape (n,). 1 hit, 0 clear, -1 not examined.
    revenue
        Shape (n,). Revenue recovered; NaN where none is recorded.
    selected_by
        Shape (n,). Why it was examined; None where it was not.
    chance
        Shape (n,). Recorded chance of having been drawn; NaN where none is.
    propensity
        Shape (n,). Chance of being examined for a reason open to estimation.
    expected, expected_revenue
        Shape (n,). Probability of a hit and revenue expected, by the model of that day.
    parts
        For each dimension, shape (n,): the part of the traffic it belongs to.
    real
        What an examination would find; None outside simulated worlds.
    """

    ids: Names
    day: Days
    block: Codes
    office: Names
    consignee: Names
    consignment: Codes
    label: NDArray[np.int8]
    revenue: Floats
    selected_by: Names
    chance: Floats
    propensity: Floats
    expected: Floats
    expected_revenue: Floats
    parts: dict[str, Names]
    real: Real | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def examined(self) -> Bools:
        """Shape (n,). Whether it has a result."""
        return self.label != UNKNOWN

    @property
    def hit(self) -> Floats:
        """Shape (n,). 1.0 where it is known to be a hit, else 0.0."""
        return (self.label == 1).astype(np.float64)

    def policy_lines(self, opened: Floats) -> PolicyLines:
        """Return the lines as the estimators of a policy want them.

        Parameters
        ----------
        opened
            Shape (n,). Chance with which the policy opens each.
        """
        return PolicyLines(
            opened=opened,
            label=self.label,
            selected_by=self.selected_by,
            chance=self.chance,
            propensity=self.propensity,
            expected=self.expected,
            revenue=self.revenue,
            expected_revenue=self.expected_revenue,
            day=self.day,
            office=self.office,
            consignee=self.consignee,
        )

    def take(self, which: Bools | Codes) -> Traffic:
        """Return some of the entries, in the same order.

        Parameters
        ----------
        which
            True for those wanted, shape (n,), or their places.
        """
        arrays = {
            name: getattr(self, name)[which]
            for name in self.__slots__
            if name not in {"parts", "real"}
        }
        parts = {name: part[which] for name, part in self.parts.items()}
        real = self.real and Real(self.real.hit[which], self.real.revenue[which])
        return Traffic(**arrays, parts=parts, real=real)


def consignments(lines: Traffic) -> Traffic:
    """Put lines together to consignments: one that is opened is opened whole.

    Parameters
    ----------
    lines
        One entry per line.

    Returns
    -------
    Traffic
        One entry per consignment, in order of its number. It is a hit when one of its lines is,
        clear when a line was examined and none was a hit. Its chances are those of its likeliest
        line: lines of a consignment stand and fall together. The lot reaches it by any line.
    """
    code = lines.consignment
    first = first_lines(lines)
    # Why it was opened must not depend on what was found: the lot draws first, then tips come in.
    why = lines.selected_by.astype(str)
    order = np.select([lines.label < 0, why == LOT, np.isin(why, CLOSED)], [3, 0, 1], 2)
    telling = _first_of_each(code, lines.ids.astype(str), order)
    lot = 1 - (1 - lines.chance[telling]) ** np.bincount(code)
    real = lines.real and Real(
        highest(lines.real.hit, code),
        np.bincount(code, weights=lines.real.revenue).astype(np.float64),
    )
    return replace(
        lines.take(first),
        label=highest(lines.label.astype(np.float64), code).astype(lines.label.dtype),
        selected_by=lines.selected_by[telling],
        chance=np.where(why[telling] == LOT, lot, lines.chance[telling]),
        revenue=_sum_of_known(lines.revenue, code),
        propensity=highest(lines.propensity, code),
        expected=highest(lines.expected, code),
        expected_revenue=_sum_of_known(lines.expected_revenue, code),
        real=real,
    )


def first_lines(lines: Traffic) -> Codes:
    """Return the place of the first line of each consignment, in order of its number.

    Parameters
    ----------
    lines
        One entry per line.
    """
    return _first_of_each(lines.consignment, lines.ids.astype(str), lines.day)


def _first_of_each(code: Codes, ids: Names, by: Names) -> Codes:
    """Return the place of the entry of each group that comes first, equal ones by id."""
    order = np.lexsort((ids, by, code))
    return order[np.searchsorted(code[order], np.arange(int(code.max(initial=-1)) + 1))]


def highest(values: Floats, code: Codes) -> Floats:
    """Return the highest value of each group.

    Parameters
    ----------
    values
        Shape (n,).
    code
        Shape (n,). Number of the group of each, every number from 0 used.

    Examples
    --------
    >>> highest(np.array([0.2, 0.9, 0.5]), np.array([0, 0, 1]))
    array([0.9, 0.5])
    """
    out = np.full(int(code.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(out, code, values)
    return out


def _sum_of_known(values: Floats, code: Codes) -> Floats:
    known = ~np.isnan(values)
    total = np.bincount(code, weights=np.where(known, values, 0.0))
    return np.where(np.bincount(code, weights=known) > 0, total, np.nan)
