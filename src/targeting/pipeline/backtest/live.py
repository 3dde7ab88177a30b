"""Living the days: at each moment every version learns, then scores the blocks that follow.

A version is handed what was known at the moment and nothing else: lines lodged and results known
before it, with the category levels of that day. Whatever it does, it cannot look ahead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import TargetingError
from targeting.features.engine import day_start
from targeting.training.baselines import Scored
from targeting.training.learn import Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from targeting.config import SplitSettings
    from targeting.pipeline.backtest.archive import Archive
    from targeting.pipeline.backtest.span import Season
    from targeting.training.baselines import Fitted, Ranker
    from targeting.training.block import Block, Known

    Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Lived:
    """What one version said, block after block.

    Parameters
    ----------
    name
        Of the version.
    parts
        Its scores of each block so far.
    why
        Why it has none; empty while it has.
    """

    name: str
    parts: list[Scored] = field(default_factory=list)
    why: str = ""

    def scored(self) -> Scored:
        """Put the blocks together, in the order of the lines lodged."""
        return joined(self.parts)


def joined(parts: Sequence[Scored]) -> Scored:
    """Put what was said of several blocks together.

    Parameters
    ----------
    parts
        In the order of the blocks.

    Examples
    --------
    >>> joined([Scored(np.array([0.5])), Scored(np.array([0.1, 0.2]))]).score
    array([0.5, 0.1, 0.2])
    """
    return Scored(
        np.concatenate([part.score for part in parts]),
        _stated([part.probability for part in parts]),
        _stated([part.expected_revenue for part in parts]),
    )


def _stated(parts: list[Floats | None]) -> Floats | None:
    """Put figures together; one block without them leaves all without."""
    stated = [part for part in parts if part is not None]
    return np.concatenate(stated) if len(stated) == len(parts) else None


def live(
    archive: Archive,
    cut: Sequence[Season],
    rankers: Sequence[Ranker],
    split: SplitSettings,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Lived]:
    """Let every version live the same days.

    Parameters
    ----------
    archive
        Features of every line.
    cut
        The days in blocks, with the moments of learning.
    rankers
        What learns.
    split
        Durations of the gap and of the calibration block.
    tell
        Told what is being done.

    Returns
    -------
    list of Lived
        In the order of `rankers`. A version that could not learn says why.
    """
    lives = [Lived(ranker.name) for ranker in rankers]
    fitted: list[Fitted | None] = [None] * len(rankers)
    for at, season in enumerate(cut):
        tell(f"{season.learnt_on}: learning, {at + 1} of {len(cut)}")
        known = archive.known(season.learnt_on)
        moment = Moment(day_start(season.learnt_on, archive.settings.time_zone), split)
        for place, ranker in enumerate(rankers):
            fitted[place] = _learnt(ranker, lives[place], known, moment)
        for days in season.blocks:
            block = archive.lodged(days, known.block.spec)
            for one, model in zip(lives, fitted, strict=True):
                if model is not None:
                    one.parts.append(_sound(one.name, model.score(block), block))
    return lives


def _learnt(ranker: Ranker, life: Lived, known: Known, moment: Moment) -> Fitted | None:
    """Learn; a version that cannot is left out from its first failure on, and says why."""
    if life.why:
        return None
    try:
        return ranker.learn(known, moment)
    except TargetingError as error:
        life.why = f"{error.what} ({error.found})"
        return None


def _sound(name: str, scored: Scored, block: Block) -> Scored:
    if scored.score.shape != (len(block),) or not np.isfinite(scored.score).all():
        raise ValueError(f"{name}: scores must be {len(block):,} finite numbers")
    return scored
