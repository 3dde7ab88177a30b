"""What lives the days: this model, learning as it goes, and given bundles as they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from targeting.errors import LeakageError
from targeting.evaluation.backtest.judge import THIS_MODEL
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted
from targeting.pipeline.backtest.live import joined
from targeting.scoring.numbers import score_matrix
from targeting.training.baselines import Scored
from targeting.training.block import Block
from targeting.training.learn import learn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from targeting.bundle.bundle import Bundle
    from targeting.config import TrainSettings
    from targeting.pipeline.backtest.archive import Archive
    from targeting.pipeline.backtest.span import Season
    from targeting.training.block import Known
    from targeting.training.learn import Moment
    from targeting.training.model import Model


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model as it stood on some day.

    Parameters
    ----------
    model
        Trained and calibrated on what was known by then.
    """

    model: Model

    def score(self, block: Block) -> Scored:
        """Score declarations the one way everything is scored.

        Parameters
        ----------
        block
            Declarations and their features.
        """
        told = score_matrix(self.model, block.rows, block.matrix)
        score, probability, revenue = (
            told[name].to_numpy(dtype=float)
            for name in ("score", "probability", "expected_revenue")
        )
        return Scored(score, probability, revenue)


@dataclass(frozen=True, slots=True)
class ThisModel:
    """The model of these settings, learning anew as the days go by.

    Parameters
    ----------
    settings
        How it is trained.
    name
        What reports call it.
    """

    settings: TrainSettings
    name: str = THIS_MODEL

    def learn(self, known: Known, moment: Moment) -> Learnt:
        """Make a model of what was known at a moment.

        Parameters
        ----------
        known
            Examined declarations.
        moment
            When it learns.
        """
        return Learnt(learn(known, self.settings, moment))


def require_unseen(name: str, bundle: Bundle, first_day: date) -> None:
    """Refuse a bundle that learnt from the days it is to be judged on.

    Parameters
    ----------
    name
        What the command line calls it.
    bundle
        The bundle.
    first_day
        First day lived.

    Raises
    ------
    LeakageError
        If its label cut-off lies after the first day.
    """
    cut_off = date.fromisoformat(bundle.manifest.training.cut_off_day)
    if cut_off > first_day:
        raise LeakageError(
            "this version would have seen days it is judged on",
            where=f"--model {name}",
            found=f"results up to {cut_off} in training, and {first_day} as first day lived",
            do=f"Begin with --from {cut_off} or later, or give a version trained until "
            f"{first_day} at the latest.",
        )


def scored_as_it_is(bundle: Bundle, archive: Archive, cut: Sequence[Season]) -> Scored:
    """Score all lines of the days lived with a bundle that does not learn any more.

    Parameters
    ----------
    bundle
        Trained before the first day.
    archive
        Features of every line; used when the bundle looks at the same ones.
    cut
        The days in blocks, scored one at a time to spare memory.

    Returns
    -------
    Scored
        In the order of the lines lodged.
    """
    days, spec = archive.days, bundle.spec
    if spec.settings == archive.settings and spec.names == archive.block.spec.names:
        learnt = Learnt(bundle.model)
        blocks = (days for season in cut for days in season.blocks)
        return joined([learnt.score(archive.lodged(days, spec)) for days in blocks])
    wanted = Wanted(start=days.start, stop=days.stop)
    rows, matrix = matrix_of(archive.tables, spec, wanted, until=days.stop)
    return Learnt(bundle.model).score(Block(rows, matrix, spec))
