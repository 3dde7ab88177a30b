"""Where two lists agree, where they do not, and who was right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.compare.findings import Agreement, DisputedLine, OffenceCount, Side
from targeting.evaluation.lines import NOT_STATED
from targeting.evaluation.parts import OFFENCE, wilson_measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.compare.pair import Opened, Pair
    from targeting.evaluation.lines import Lines
    from targeting.evaluation.metrics import Floats

STRONGEST = 20
"""Disputed lines shown of each version."""


def judge_agreement(pair: Pair, found: Floats | None = None) -> Agreement:
    """Hold the lists at capacity over all lines against each other.

    Parameters
    ----------
    pair
        Both versions' scores of all lines lodged.
    found
        Shape (n,). 1 where an examination would find something, in a simulated world; None
        without its truth.
    """
    opened = pair.at_capacity()
    both = np.minimum(*opened)
    sides = [
        _side(pair.first, lines, found) for lines in (both, opened[0] - both, opened[1] - both)
    ]
    return Agreement(*sides, strongest=_strongest(pair, opened))


def _side(lines: Lines, opened: Floats, found: Floats | None) -> Side:
    # A line that equal scores leave to chance counts here when it is more likely opened than not.
    chosen = opened > 0.5
    examined, hit = chosen & lines.examined, chosen & lines.hit
    return Side(
        lines=float(opened.sum()),
        examined=int(examined.sum()),
        hits=int(hit.sum()),
        hit_rate=wilson_measure(int(hit.sum()), int(examined.sum())),
        offences=_offences(lines, hit),
        found_in_truth=None if found is None else float(opened @ found),
    )


def _offences(lines: Lines, hit: NDArray[np.bool_]) -> tuple[OffenceCount, ...]:
    if OFFENCE not in lines.parts:
        return ()
    names, counts = np.unique(lines.parts[OFFENCE][hit].astype(str), return_counts=True)
    pairs = sorted(
        zip(names.tolist(), counts.tolist(), strict=True), key=lambda one: (-one[1], one[0])
    )
    return tuple(OffenceCount(name, count) for name, count in pairs)


def _strongest(pair: Pair, opened: Opened) -> tuple[DisputedLine, ...]:
    places = [_places(each) for each in pair.versions]
    apart = places[0] - places[1]  # above 0: the second version puts it higher
    rows: list[DisputedLine] = []
    for name, mine, other, sign in (("A", *opened, -1), ("B", *opened[::-1], 1)):
        disputed = np.flatnonzero((mine > 0.5) & (other < 0.5))
        order = np.lexsort((pair.ids[disputed].astype(str), -sign * apart[disputed]))
        rows += [_line(pair, places, name, at) for at in disputed[order][:STRONGEST]]
    return tuple(rows)


def _places(lines: Lines) -> NDArray[np.intp]:
    """Place of each line among those of its office and day, 1 the highest, ties by id."""
    office = np.unique(lines.office.astype(str), return_inverse=True)[1]
    order = np.lexsort((np.arange(len(office)), -lines.score, lines.day, office))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(office[order]) != 0) | (lines.day[order][1:] != lines.day[order][:-1])
    starts = np.flatnonzero(new)[np.cumsum(new) - 1]
    places = np.empty(len(order), dtype=np.intp)
    places[order] = np.arange(len(order)) - starts + 1
    return places


def _line(pair: Pair, places: list[NDArray[np.intp]], name: str, at: int) -> DisputedLine:
    lines = pair.first
    outcome = {1: "hit", 0: "clear"}.get(int(lines.label[at]), "not examined")
    offence = str(lines.parts[OFFENCE][at]) if OFFENCE in lines.parts and outcome == "hit" else ""
    return DisputedLine(
        declaration_id=str(pair.ids[at]),
        office=str(lines.office[at]),
        day=str(lines.day[at]),
        opened_by=name,
        first_place=int(places[0][at]),
        second_place=int(places[1][at]),
        first_probability=float(pair.first.probability[at]),
        second_probability=float(pair.second.probability[at]),
        outcome=outcome,
        offence="" if offence == NOT_STATED else offence,
    )
