"""The ideas of `benchmarks.ablation`: the default with one thing changed, and what it is held to.

Run: python -m benchmarks.ablation_ideas (lists them).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from benchmarks.ablation_worlds import POOL, World
from scipy.special import expit, logit

from targeting.config import FeatureSettings, TrainSettings
from targeting.features.shares import cross_features
from targeting.features.spec import registry
from targeting.training.baselines import RawLightGBM
from targeting.training.block import Block, Known
from targeting.training.consignment import pooled
from targeting.training.labels import labelled
from targeting.training.learn import Moment, fit
from targeting.training.views import either

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pandas as pd

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

Score = Callable[[Block], "Floats"]
Rows = Callable[[World, TrainSettings], Known]
Way = Callable[[World, Known, TrainSettings], Score]
Group = Literal["held against", "taken out", "tried", "limit"]

DEFAULT_NAME = "the default"
RAW_NAME = "raw LightGBM"
PREVIOUS_NAME = "default of the previous release"
NEXT_TO_NOTHING = 1e-6
"""A weight with which unexamined lines still tell who is chosen, and teach nothing else."""


# Rows to learn from -------------------------------------------------------------------------------


def usual(world: World, settings: TrainSettings) -> Known:
    """Return what was known, with the unexamined lines the settings ask for."""
    return world.known(settings.unexamined)


def examined_right(world: World, settings: TrainSettings) -> Known:
    """Return the lines that were examined, as if each had been examined in full."""
    known = usual(world, settings)
    return _with_truth(world, known, known.block.rows["declaration_id"])


def drawn_right(world: World, settings: TrainSettings) -> Known:
    """Return as many past lines as were examined, drawn by lot, as if examined in full."""
    known = usual(world, settings)
    past = np.flatnonzero(world.is_ripe)
    chosen = np.zeros(len(world.lines), dtype=bool)
    chosen[np.random.default_rng(world.seed).choice(past, len(known), replace=False)] = True
    ids = world.lines.rows["declaration_id"]
    rest = known.unexamined
    if rest is not None:
        known = replace(known, unexamined=rest.take(~_among(rest, ids[chosen])))
    known = replace(known, block=world.lines.take(chosen))
    return _with_truth(world, known, known.block.rows["declaration_id"])


def all_right(world: World, settings: TrainSettings) -> Known:
    """Return every past line that is kept, as if examined in full."""
    del settings  # nothing is left unexamined
    block = world.lines.take(world.is_ripe)
    known = Known(block, world.labels)
    return _with_truth(world, known, block.rows["declaration_id"])


def _among(block: Block, ids: pd.Series) -> Bools:
    return block.rows["declaration_id"].isin(ids).to_numpy()


def _with_truth(world: World, known: Known, ids: pd.Series) -> Known:
    labels = labelled(ids, world.labels).drop(columns="label")
    place = world.lines.rows["declaration_id"].isin(ids).to_numpy()
    labels.insert(1, "hit", world.found[place])
    labels.insert(2, "lodged_at", known.block.rows["lodged_at"])
    return replace(known, labels=labels)


# Ways to learn ------------------------------------------------------------------------------------


def our_way(world: World, known: Known, settings: TrainSettings) -> Score:
    """Train the model as `targeting train` does."""
    del world
    return fit(known, settings).score_lines


def mean_of(seeds: int, world: World, known: Known, settings: TrainSettings) -> Score:
    """Train several models that differ in their seed; the score is the mean of theirs."""
    first = settings.model.seed
    members = [
        our_way(world, known, changed(settings, model={"seed": first + at})) for at in range(seeds)
    ]
    return lambda block: np.mean([score(block) for score in members], axis=0)


def raw_way(world: World, known: Known, settings: TrainSettings) -> Score:
    """Train the raw LightGBM of `targeting.training.baselines`."""
    fitted = RawLightGBM().learn(known, Moment(world.moment, settings.split))
    return lambda block: fitted.score(block).score


def views_way(world: World, known: Known, settings: TrainSettings) -> Score:
    """Train the two views, and rank by the chance of an offence in either."""
    del world
    model = fit(known, settings)
    views = model.views
    if views is None:
        return model.score_lines

    def score(block: Block) -> Floats:
        chance = either(views.papers(block.matrix), views.conveyance(block.matrix))
        return pooled(_log_odds(chance), block.rows, model.consignment_share)

    return score


def beside_conveyance(world: World, known: Known, settings: TrainSettings) -> Score:
    """Train the model and the conveyance view, and rank by the chance that either is right."""
    del world
    model = fit(known, settings)
    views = model.views
    if views is None:
        return model.score_lines

    def score(block: Block) -> Floats:
        chance = either(expit(model.score(block.matrix)), views.conveyance(block.matrix))
        return pooled(_log_odds(chance), block.rows, model.consignment_share)

    return score


def _log_odds(chance: Floats) -> Floats:
    return logit(np.clip(np.nan_to_num(chance, nan=0.5), 1e-9, 1 - 1e-9))


# The list -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Idea:
    """One line of the page.

    Parameters
    ----------
    name
        As the page shows it.
    group
        What it is held against, a part of the default taken out, an idea tried on top of it, or
        a limit no port can reach.
    settings
        How to train.
    rows
        What is learnt from.
    way
        How it is learnt.
    without
        Features it does not see.
    """

    name: str
    group: Group
    settings: TrainSettings
    rows: Rows = usual
    way: Way = our_way
    without: frozenset[str] = frozenset()

    def learn(self, world: World, known: Known) -> Score:
        """Learn, and return what scores lines.

        Parameters
        ----------
        world
            Where.
        known
            From `rows`, without the features left out.
        """
        return self.way(world, known, self.settings)

    def narrowed(self, block: Block) -> Block:
        """Return lines without the features it does not see.

        Parameters
        ----------
        block
            Lines.
        """
        if not self.without:
            return block
        kept = [at for at, name in enumerate(block.spec.names) if name not in self.without]
        features = tuple(block.spec.features[at] for at in kept)
        matrix = np.ascontiguousarray(block.matrix[:, kept])
        return Block(block.rows, matrix, replace(block.spec, features=features))

    def known(self, world: World) -> Known:
        """Return the rows to learn from.

        Parameters
        ----------
        world
            Where.
        """
        known = self.rows(world, self.settings)
        rest = None if known.unexamined is None else self.narrowed(known.unexamined)
        return replace(known, block=self.narrowed(known.block), unexamined=rest)


def changed(settings: TrainSettings, **groups: Mapping[str, Any] | None) -> TrainSettings:
    """Return settings with some values changed.

    Parameters
    ----------
    settings
        To start from.
    **groups
        Per group of settings the values that differ; None takes the group out.

    Examples
    --------
    >>> changed(TrainSettings(), model={"trees": 7}, expert=None).model.trees
    7
    """
    update = {
        name: None if values is None else getattr(settings, name).model_copy(update=dict(values))
        for name, values in groups.items()
    }
    return settings.model_copy(update=update)


VIEWS = changed(TrainSettings(), model={"threads": 1})
DEFAULT = VIEWS.model_copy(update={"views": False})
"""The views add chances of their own; the order of lines is the same without them."""

WEIGHED = DEFAULT.model_copy(update={"weighting": "inverse_propensity"})
PREVIOUS = changed(
    DEFAULT,
    model={
        "trees": 400, "bins": 255, "randomised": False, "additive_share": 0.0,
        "consignment_share": 0.0, "monotone": False,
    },
    unexamined={"weight": 0.0},
    expert=None,
)  # fmt: skip


def _names(settings: FeatureSettings) -> frozenset[str]:
    return frozenset(feature.name for feature in registry(settings))


LINKS = _names(FeatureSettings()) - _names(FeatureSettings(links=()))
CROSSED = frozenset(one.feature.name for one in cross_features(FeatureSettings()))


def _model(name: str, group: Group, **values: float | bool) -> Idea:
    return Idea(name, group, changed(DEFAULT, model=values))


def _unexamined(name: str, group: Group, **values: float) -> Idea:
    return Idea(name, group, changed(DEFAULT, unexamined=values))


def _four_times(what: str) -> float:
    return 4 * getattr(DEFAULT.unexamined, what)


IDEAS: tuple[Idea, ...] = (
    Idea(DEFAULT_NAME, "held against", DEFAULT),
    Idea(PREVIOUS_NAME, "held against", PREVIOUS),
    Idea(RAW_NAME, "held against", DEFAULT, way=raw_way),
    _unexamined("without unexamined lines", "taken out", weight=0.0),
    _model("without randomised cuts", "taken out", randomised=False),
    _model("without the additive score", "taken out", additive_share=0.0),
    _model("without pooling over the consignment", "taken out", consignment_share=0.0),
    _model("without monotone constraints", "taken out", monotone=False),
    Idea("without the expert score", "taken out", changed(DEFAULT, expert=None)),
    Idea("without links (two steps)", "taken out", DEFAULT, without=LINKS),
    Idea("without crossed features", "taken out", DEFAULT, without=CROSSED),
    _model("255 bins", "taken out", bins=255),
    _model("the additive score alone", "tried", trees=1, additive_share=0.999),
    _unexamined("unexamined lines weigh 4 times as much", "tried", weight=_four_times("weight")),
    _unexamined(
        "4 times as many unexamined lines", "tried", per_examined=_four_times("per_examined")
    ),
    _model("63 leaves", "tried", leaves=63),
    _model("1,200 trees", "tried", trees=1200),
    Idea("mean of 3 seeds", "tried", DEFAULT, way=partial(mean_of, 3)),
    Idea("inverse-propensity weights", "tried", WEIGHED),
    Idea(
        "inverse-propensity weights in place of unexamined lines", "tried",
        changed(WEIGHED, unexamined={"weight": NEXT_TO_NOTHING}),
    ),
    Idea("chance of either view, alone", "tried", VIEWS, way=views_way),
    Idea("the default or the conveyance view", "tried", VIEWS, way=beside_conveyance),
    Idea("the examined lines, examined in full", "limit", DEFAULT, rows=examined_right),
    Idea("as many lines drawn by lot, examined in full", "limit", DEFAULT, rows=drawn_right),
    Idea("all past lines, examined in full", "limit", DEFAULT, rows=all_right),
)  # fmt: skip


def main() -> int:
    """List the ideas."""
    for idea in IDEAS:
        print(f"{idea.group}: {idea.name}")
    print(f"{POOL.at_most:,} unexamined past lines at most are kept of a world")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
