"""What customs sees of a world, as tables: arrivals, results once they are known, selections."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import InputError
from targeting.simulate.control.examination import Examinations
from targeting.simulate.control.roster import REASONS, Choice
from targeting.simulate.trade.orders import DAY_S
from targeting.simulate.writing import manifests
from targeting.simulate.writing import tables as writing
from targeting.tables.folder import conform
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.world import Day

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Selection:
    """One goods line of the day to be examined.

    Parameters
    ----------
    declaration_id
        The line, one of those lodged today.
    selected_by
        Why: `model`, `rule`, `officer`, `intelligence`, `mandatory` or `random`.
    selection_probability
        Chance with which it was drawn, in (0, 1]; a `random` selection needs one.
    """

    declaration_id: str
    selected_by: str
    selection_probability: float | None = None


class Post:
    """Results on their way, by the day on which they become known.

    None becomes known before the day on which its line was lodged; so what became known
    yesterday is all that is new today.
    """

    def __init__(self) -> None:
        self._by_day: dict[int, list[Examinations]] = {}

    def send(self, results: Examinations) -> None:
        """Take in the examinations of a day.

        Parameters
        ----------
        results
            The day's examinations.
        """
        known = results.known // DAY_S
        for day in np.unique(known).tolist():
            self._by_day.setdefault(day, []).append(results.take(known == day))

    def known_on(self, day: int) -> Examinations:
        """Return the results that became known on a day, in the order of lodging.

        Parameters
        ----------
        day
            Days since the world began.
        """
        return _in_order(self._by_day.get(day, []))

    def known_before(self, day: int) -> Examinations:
        """Return the results that became known on earlier days, in the order of lodging.

        Parameters
        ----------
        day
            Days since the world began.
        """
        return _in_order([one for known in range(day) for one in self._by_day.get(known, [])])


def _in_order(parts: list[Examinations]) -> Examinations:
    """Put examinations in the order of lodging."""
    results = Examinations.stack([_no_examinations(), *parts])
    return results.take(np.lexsort((results.row, results.day)))


def _no_examinations() -> Examinations:
    ints, floats, flags = np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=bool)
    return Examinations(
        day=ints, row=ints, reason=ints, probability=floats, depth=ints, inspected=ints,
        known=ints, hit=flags, scheme=ints, revenue=floats, quantity=floats, trader=ints,
        broker=ints, goods=ints, origin=ints,
    )  # fmt: skip


def arrivals_table(ground: Ground, day: Day) -> pa.Table:
    """Write a day's lines as customs holds them: rows of `declarations`.

    Parameters
    ----------
    ground
        What the world stands on.
    day
        What was lodged.
    """
    declared = writing.declarations(ground, day)
    if ground.settings.documents.manifests:
        for name, column in manifests.columns(ground, day).items():
            declared = declared.append_column(name, column)
    return conform(declared, DECLARATIONS)


def results_table(ground: Ground, results: Examinations) -> pa.Table:
    """Write examinations as customs holds them: rows of `inspections`.

    Parameters
    ----------
    ground
        What the world stands on.
    results
        Examinations whose results are known.
    """
    return conform(writing.inspections(ground, results), INSPECTIONS)


def as_choice(ground: Ground, day: Day, selections: Sequence[Selection]) -> Choice:
    """Find the selected lines among the day's, and keep their order.

    Parameters
    ----------
    ground
        What the world stands on.
    day
        What was lodged.
    selections
        Lines of the day, each at most once.

    Raises
    ------
    InputError
        If a line was not lodged that day or is named twice, a reason is unknown, or a chance is
        missing or impossible; all breaches are told at once.
    """
    lodged = {
        line: row for row, line in enumerate(writing.declaration_ids(ground, day).to_pylist())
    }
    breaches = _breaches(lodged, selections)
    if breaches:
        raise InputError(
            "the day's selections cannot be examined",
            where=f"selections of {ground.settings.first_day + timedelta(days=day.number)}",
            found="; ".join(breaches),
            do="Select lines of the day's arrivals, each once, for one of the reasons "
            f"{', '.join(REASONS)}; a random one needs its chance, above 0 and at most 1.",
        )
    chances = [one.selection_probability for one in selections]
    return Choice(
        np.array([lodged[one.declaration_id] for one in selections], dtype=np.int64),
        np.array([REASONS.index(one.selected_by) for one in selections], dtype=np.int64),
        np.array([np.nan if chance is None else chance for chance in chances], dtype=float),
    )


def _breaches(lodged: dict[str, int], selections: Sequence[Selection]) -> list[str]:
    times = Counter(one.declaration_id for one in selections)
    kinds = {
        "not lodged that day": [line for line in times if line not in lodged],
        "selected more than once": [line for line, count in times.items() if count > 1],
        "selected for an unknown reason": [
            f"{one.declaration_id}: {one.selected_by}"
            for one in selections
            if one.selected_by not in REASONS
        ],
        "without a possible chance": [
            f"{one.declaration_id}: {one.selection_probability}"
            for one in selections
            if not _is_possible(one)
        ],
    }
    return [f"{len(ones):,} {kind} ({_some(ones)})" for kind, ones in kinds.items() if ones]


def _is_possible(selection: Selection) -> bool:
    chance = selection.selection_probability
    if chance is None:
        return selection.selected_by != "random"
    return 0 < chance <= 1


def _some(ones: list[str]) -> str:
    return ", ".join(map(str, ones[:_SHOWN])) + (", ..." if len(ones) > _SHOWN else "")
