"""The expert score, and how it hands over to the trained model as hits become known.

Points of the indicators a line meets are added up in log-odds. Before any result is known that is
all there is; with every hit the model weighs more. Both are sums, so the blend is one too, and its
reasons add up exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from targeting.config import (
    ConditionSettings,
    ExpertSettings,
    FeatureSettings,
    IndicatorSettings,
    Settings,
)
from targeting.errors import ConfigError, near_matches
from targeting.features.spec import registry
from targeting.training.additive_kernel import (
    CONDITION,
    INDICATOR,
    points_spread,
    points_summed,
)
from targeting.training.rows import as_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Bounds:
    """A condition on one column of a matrix.

    Parameters
    ----------
    column
        Of the matrix.
    low, high
        The value lies between them, themselves included; what is not known lies nowhere.
    missing
        Met also where the value is not known.
    """

    column: int
    low: np.float32
    high: np.float32
    missing: bool

    @classmethod
    def of(cls, condition: ConditionSettings, column: int) -> Bounds:
        """Put a condition as two bounds.

        Parameters
        ----------
        condition
            Bounds, a value, or that it is missing.
        column
            Where its feature stands in the matrix.
        """
        low, high = condition.at_least, condition.at_most
        if condition.equals is not None:
            low = high = condition.equals
        if low is None and high is None:
            low, high = np.inf, -np.inf  # nothing lies there: only what is missing can be met
        return cls(
            column,
            np.float32(-np.inf if low is None else low),
            np.float32(np.inf if high is None else high),
            condition.missing,
        )

    @classmethod
    def laid_out(
        cls, indicators: Sequence[IndicatorSettings], bounds: Sequence[Sequence[Bounds]]
    ) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
        """Lay indicators and their conditions out as the compiled loops read them.

        Parameters
        ----------
        indicators
            With their points.
        bounds
            The conditions of each.

        Returns
        -------
        tuple of ndarray
            `additive_kernel.INDICATOR` and `additive_kernel.CONDITION`.
        """
        ends = np.cumsum([0, *map(len, bounds)])
        each = np.zeros(len(indicators), dtype=INDICATOR)
        each["points"] = [one.points for one in indicators]
        each["first"], each["stop"] = ends[:-1], ends[1:]
        flat = [(one.low, one.high, one.column, one.missing) for some in bounds for one in some]
        return each, np.array(flat, dtype=CONDITION)


@dataclass(frozen=True)  # no slots: what is laid out for the loops is kept with it
class Expert:
    """An additive score over the features of one matrix; made by `Expert.over`.

    Parameters
    ----------
    settings
        All indicators and their points.
    names
        Features, in the order of the matrix.
    indicators
        Those whose features are at hand, in the order of the contributions.
    bounds
        The conditions of each of them.
    """

    settings: ExpertSettings
    names: tuple[str, ...]
    indicators: tuple[IndicatorSettings, ...]
    bounds: tuple[tuple[Bounds, ...], ...]

    @classmethod
    def over(cls, settings: ExpertSettings, names: Iterable[str], *, refuse: bool = True) -> Expert:
        """Lay the indicators over the features there are.

        Parameters
        ----------
        settings
            Indicators and their points.
        names
            Features, in the order of the matrix.
        refuse
            Whether to refuse names of no feature. What was checked when it was trained is not
            checked again: a later version may have other features.

        Raises
        ------
        ConfigError
            If an indicator names what is no feature at all; every one is told.

        Examples
        --------
        >>> expert = Expert.over(ExpertSettings(), ["consignee_declarations", "duty_rate_pct"])
        >>> expert.words
        ('first declaration of this consignee', 'duty of 15 % or more: something to gain')
        >>> expert.score(np.array([[0, 20], [9, 0]], dtype=np.float32)).round(2).tolist()
        [-2.99, -3.89]
        """
        at = {name: column for column, name in enumerate(names)}
        if refuse:
            _refuse_unknown(settings, at)
        usable = tuple(
            one
            for one in settings.indicators
            if all(condition.feature in at for condition in one.conditions)
        )
        bounds = tuple(
            tuple(Bounds.of(condition, at[condition.feature]) for condition in one.conditions)
            for one in usable
        )
        return cls(settings, tuple(at), usable, bounds)

    @property
    def left_out(self) -> tuple[IndicatorSettings, ...]:
        """The indicators that look at a feature the matrix does not have."""
        return tuple(one for one in self.settings.indicators if one not in self.indicators)

    @property
    def words(self) -> tuple[str, ...]:
        """How an officer reads each indicator, in the order of the contributions."""
        return tuple(indicator.words for indicator in self.indicators)

    @property
    def bias(self) -> float:
        """Where the sum starts: the log-odds of the base rate."""
        return float(np.log(self.settings.base_rate / (1 - self.settings.base_rate)))

    @cached_property
    def _laid_out(self) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
        return Bounds.laid_out(self.indicators, self.bounds)

    def score(self, matrix: Matrix) -> Floats:
        """Return the log-odds of a hit, shape (n,).

        Parameters
        ----------
        matrix
            Shape (n, features).
        """
        out = np.empty(len(matrix))
        points_summed(*self._laid_out, self.bias, as_rows(matrix, len(self.names)), out)
        return out

    def contributions(self, matrix: Matrix) -> Floats:
        """Return what each indicator adds, shape (n, indicators); with `bias` they add up.

        Parameters
        ----------
        matrix
            Shape (n, features).
        """
        return self._spread(matrix, np.arange(len(self.indicators)), len(self.indicators))

    def by_feature(self, matrix: Matrix) -> Floats:
        """Return what each feature adds, shape (n, features); with `bias` they add up.

        An indicator of several conditions counts for the first one's feature.

        Parameters
        ----------
        matrix
            Shape (n, features).
        """
        own = np.array([bounds[0].column for bounds in self.bounds], dtype=np.int64)
        return self._spread(matrix, own, len(self.names))

    def _spread(self, matrix: Matrix, into: npt.NDArray[np.int64], columns: int) -> Floats:
        out = np.zeros((len(matrix), columns))
        points_spread(*self._laid_out, into, as_rows(matrix, len(self.names)), out)
        return out

    def told(self) -> str:
        """Say how many indicators are weighed, and which are left out.

        Examples
        --------
        >>> few = ExpertSettings(indicators=ExpertSettings().indicators[:2])
        >>> print(Expert.over(few, ["consignee_declarations"]).told())
        The expert score weighs 1 of 2 indicators; the features have nothing on: consignee first \
seen less than 90 days ago.
        """
        count = f"{len(self.indicators)} of {len(self.settings.indicators)} indicators"
        if not self.left_out:
            return f"The expert score weighs {count}."
        missing = "; ".join(indicator.words for indicator in self.left_out)
        return f"The expert score weighs {count}; the features have nothing on: {missing}."


def _refuse_unknown(settings: ExpertSettings, at_hand: Iterable[str]) -> None:
    known = {*at_hand, *(feature.name for feature in registry(FeatureSettings()))}
    unknown = [
        f"indicator {at} ({one.words}): {condition.feature}. "
        f"{near_matches(condition.feature, known)}"
        for at, one in enumerate(settings.indicators, start=1)
        for condition in one.conditions
        if condition.feature not in known
    ]
    if unknown:
        raise ConfigError(
            "the expert score names what is no feature",
            where="the expert settings: indicators",
            found=" ".join(unknown),
            do="Mend the names; docs/features.md lists all.",
        )


def blend_weight(hits: int, prior_hits: float) -> float:
    """Return the weight of the trained model beside the expert score, from 0 towards 1.

    Parameters
    ----------
    hits
        Hits the model learnt from.
    prior_hits
        Hits at which both weigh the same.

    Examples
    --------
    >>> [round(blend_weight(hits, 60), 2) for hits in (0, 35, 60, 600)]
    [0.0, 0.37, 0.5, 0.91]
    """
    return hits / (hits + prior_hits)


class BlendRecord(Settings):
    """A blend as a file keeps it: data only.

    Parameters
    ----------
    expert
        Indicators and their points.
    hits
        Hits the model learnt from; 0 where there is no model.
    shift
        Added to the expert score, so that both stand at one level.
    """

    expert: ExpertSettings
    hits: int = Field(default=0, ge=0)
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class Blend:
    """The expert score and the trained model, weighed by the hits known.

    score = weight x model + (1 - weight) x (expert + shift).

    Parameters
    ----------
    expert
        The expert score.
    hits
        Hits the model learnt from; 0 where there is no model.
    shift
        Added to the expert score, so that both stand at one level.
    """

    expert: Expert
    hits: int = 0
    shift: float = 0.0

    @classmethod
    def of(cls, record: BlendRecord, names: Iterable[str]) -> Blend:
        """Take a blend up as it was kept.

        Parameters
        ----------
        record
            As a file keeps it.
        names
            Features, in the order of the matrix.
        """
        return cls(Expert.over(record.expert, names, refuse=False), record.hits, record.shift)

    @property
    def record(self) -> BlendRecord:
        """The blend as a file keeps it."""
        return BlendRecord(expert=self.expert.settings, hits=self.hits, shift=self.shift)

    @property
    def weight(self) -> float:
        """Weight of the trained model, in [0, 1); 0 where there is none."""
        return blend_weight(self.hits, self.expert.settings.prior_hits)

    def score(self, model: Floats | None, matrix: Matrix) -> Floats:
        """Return the blended log-odds, shape (n,).

        Parameters
        ----------
        model
            Shape (n,). Raw scores of the model; None where there is none.
        matrix
            Shape (n, features).
        """
        return self._of_both(model, self.expert.score(matrix) + self.shift)

    def contributions(self, model: Floats | None, matrix: Matrix) -> Floats:
        """Return what each feature adds, shape (n, features); with `bias` they add up.

        Parameters
        ----------
        model
            Shape (n, features). The model's own contributions; None where there is none.
        matrix
            Shape (n, features).
        """
        return self._of_both(model, self.expert.by_feature(matrix))

    def bias(self, model: float | None) -> float:
        """Return where the sum of the contributions starts.

        Parameters
        ----------
        model
            The model's own bias; None where there is none.
        """
        return self._of_both(model, self.expert.bias + self.shift)

    def told(self) -> str:
        """Say in words what the blend does.

        Examples
        --------
        >>> expert = Expert.over(ExpertSettings(prior_hits=60), [])
        >>> print(Blend(expert, hits=35).told())
        With 35 hits known the list follows the expert score for 63 % and the trained model for \
37 %.
        """
        if not self.hits:
            return "No hits to learn from: the list follows the expert score alone."
        known = "1 hit" if self.hits == 1 else f"{self.hits:,} hits"
        model = round(100 * self.weight)
        return (
            f"With {known} known the list follows the expert score for {100 - model} % and the "
            f"trained model for {model} %."
        )

    def _of_both(self, model: Any, expert: Any) -> Any:
        if not self.hits:
            return expert
        if model is None:
            raise ValueError(f"a blend of {self.hits} hits needs the model's part, found None")
        return self.weight * model + (1 - self.weight) * expert


def fit_blend(expert: Expert, matrix: Matrix, *, model: Floats | None, hits: int) -> Blend:
    """Bring the expert score to the level of the model, or of its own base rate without one.

    Parameters
    ----------
    expert
        The expert score.
    matrix
        Shape (n, features). Lines known before the cut-off, examined or not: those the model
        learnt from, or without a model any that are at hand. May be empty.
    model
        Shape (n,). The model's raw scores of these lines; None where there is none.
    hits
        Hits the model learnt from.

    Examples
    --------
    >>> expert = Expert.over(ExpertSettings(base_rate=0.1), ["consignee_declarations"])
    >>> lines = np.array([[0.0], [3.0]], dtype=np.float32)
    >>> alone = fit_blend(expert, lines, model=None, hits=0)
    >>> (1 / (1 + np.exp(-alone.score(None, lines)))).mean().round(3).item()
    0.1
    """
    blend = Blend(expert, 0 if model is None else hits)
    if not len(matrix):
        return blend
    own = expert.score(matrix)
    if model is not None:
        return replace(blend, shift=float(model.mean() - own.mean()))
    return replace(blend, shift=_to_mean(own, expert.settings.base_rate))


def _to_mean(score: Floats, rate: float) -> float:
    """Find what to add so that the mean probability is the rate, by halving."""
    low, high = -50.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        if (1 / (1 + np.exp(-(score + middle)))).mean() > rate:
            high = middle
        else:
            low = middle
    return (low + high) / 2
