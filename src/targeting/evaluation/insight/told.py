"""The subjects a model's reasons name for lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.explain.reasons import reasons

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt

    from targeting.training.block import Block

    Floats = npt.NDArray[np.float64]


def told_subjects(block: Block, contribution: Floats) -> tuple[tuple[str, ...], ...]:
    """Name the subjects of each line's risk-raising reasons, as an officer would read them.

    Parameters
    ----------
    block
        The lines, shape (n,).
    contribution
        Shape (n, features), in log-odds.

    Returns
    -------
    tuple
        Of each line, at most five subjects, strongest first; a pattern comes last.
    """
    spec = block.spec
    lines: list[dict[Hashable, object]] = block.rows.to_dict("records")
    told = []
    for line, values, moved in zip(lines, block.matrix, contribution, strict=True):
        numbers = zip(spec.names, values.astype(np.float64).tolist(), strict=True)
        known = {str(name): value for name, value in line.items()} | dict(numbers)
        some = reasons(spec.features, moved, known)
        told.append(tuple(one.subject for one in some if one.raises))
    return tuple(told)
