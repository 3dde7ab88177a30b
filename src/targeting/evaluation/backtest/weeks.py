"""What each version opened and found, block of days by block of days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.backtest.traffic import Traffic
    from targeting.evaluation.metrics import Floats


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One block of days under one version's list.

    Parameters
    ----------
    first_day
        ISO 8601.
    lines, examined, hits
        Lines lodged, examined in practice, and hits among those.
    opened
        Lines the list opens.
    opened_examined, found
        Opened lines that were examined, and hits among them.
    real
        Hits among the opened lines by the truth; None outside simulated worlds.
    """

    first_day: str
    lines: int
    examined: int
    hits: int
    opened: float
    opened_examined: float
    found: float
    real: float | None


def by_block(traffic: Traffic, opened: Floats) -> tuple[BlockRow, ...]:
    """Count block by block what a list opens and finds.

    Parameters
    ----------
    traffic
        One entry per line.
    opened
        Shape (n,). Chance with which the list opens each.
    """
    blocks, code = np.unique(traffic.block, return_inverse=True)
    examined = traffic.examined.astype(np.float64)
    amounts = (
        np.ones(len(traffic)), examined, traffic.hit, opened, opened * examined,
        opened * traffic.hit,
    )  # fmt: skip
    sums = [_sums(amount, code, len(blocks)) for amount in amounts]
    truth: list[float] | list[None] = [None] * len(blocks)
    if traffic.real is not None:
        truth = _sums(opened * traffic.real.hit, code, len(blocks))
    first_days = (str(traffic.day[code == at].min()) for at in range(len(blocks)))
    return tuple(
        BlockRow(day, int(lines), int(seen), int(hits), *rest)
        for day, lines, seen, hits, *rest in zip(first_days, *sums, truth, strict=True)
    )


def _sums(amount: Floats, code: NDArray[np.intp], blocks: int) -> list[float]:
    return np.bincount(code, weights=amount, minlength=blocks).tolist()
