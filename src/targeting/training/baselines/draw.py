"""The order chance would give: a lot anyone can draw again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.training.baselines.base import Scored

if TYPE_CHECKING:
    from targeting.training.block import Block, Known
    from targeting.training.learn import Moment

_BITS = 53


def lot(seed: int, name: str) -> float:
    """Draw the lot of one name, in [0, 1): SHA-256 of the seed and the name.

    Parameters
    ----------
    seed
        Seed of the lottery.
    name
        What the lot is for, such as a declaration's id.

    Examples
    --------
    >>> round(lot(1, "D-1"), 4), round(lot(2, "D-1"), 4)
    (0.735, 0.9941)
    """
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    # Top 53 bits: the finest even grid of [0, 1) that a float holds exactly.
    return (int.from_bytes(digest[:8]) >> (64 - _BITS)) / 2**_BITS


@dataclass(frozen=True, slots=True)
class RandomOrder:
    """Draws the order by lot, and states no probability.

    The same declaration gets the same lot in any company and in any order of rows.

    Parameters
    ----------
    seed
        Seed of the lottery.
    name
        What reports call it.
    """

    seed: int = 20_250_101
    name: str = "random"

    def learn(self, known: Known, moment: Moment) -> RandomOrder:
        """Return itself: there is nothing to learn.

        Parameters
        ----------
        known, moment
            Not looked at.
        """
        return self

    def score(self, block: Block) -> Scored:
        """Draw the lots of declarations.

        Parameters
        ----------
        block
            Declarations; their ids alone are looked at.
        """
        ids = block.rows["declaration_id"]
        return Scored(np.array([lot(self.seed, str(one)) for one in ids], dtype=np.float64))
