"""What the reasons of a line point to, and where to look for it.

A score says how likely a hit is, not what it would be. Each reason that raises it carries the
indicators of its features; each indicator points to the schemes of which it is a trace
(domain.md 1.2, kept in `configs/advice.yaml`). A reason's contribution is shared out among them, so
a scheme's strength is its share of the raised log-odds. What is declared rules schemes out; where
the score has its two views, their chances weigh the schemes of either side.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from targeting.config.advice import AdviceSettings, LookSettings, OnlySettings, PointedScheme
    from targeting.explain.carriage import Carriage


class Clue(Protocol):
    """A reason, as far as advice looks at it; `targeting.explain.reasons.Reason` is one."""

    @property
    def feature(self) -> str:
        """Name of the feature that says it."""
        ...

    @property
    def family(self) -> str:
        """Family of the feature."""
        ...

    @property
    def indicators(self) -> Sequence[int]:
        """Numbers of domain.md 1.2 behind it."""
        ...

    @property
    def contribution(self) -> float:
        """What it adds to the raw score in log-odds."""
        ...


@dataclass(frozen=True, slots=True)
class Pointed:
    """One scheme to which reasons point.

    Parameters
    ----------
    scheme
        The scheme.
    strength
        Share of the raised log-odds that points to it, in (0, 1].
    because
        Places of the reasons that point to it, the strongest first.
    """

    scheme: PointedScheme
    strength: float
    because: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What a line points to, and where to look.

    Parameters
    ----------
    points_to
        The schemes named, strongest first; empty where nothing points to one scheme.
    look
        Where to look, what to do first coming first.
    """

    points_to: tuple[Pointed, ...]
    look: tuple[LookSettings, ...]


def advise(reasons: Sequence[Clue], line: Carriage, settings: AdviceSettings) -> Advice:
    """Say what the reasons of a line point to, and where to look.

    Parameters
    ----------
    reasons
        Of the line; those that lower the risk point to nothing. None at all, as on lines that
        were not explained, is advised on like nothing in particular.
    line
        Unit, flow, goods and chances.
    settings
        Schemes and advice.
    """
    strong = [one for one in ranked(reasons, line, settings) if one.strength >= settings.floor]
    named = tuple(strong[: settings.most_schemes])
    lists = [_for_unit(one.scheme.look, line) for one in named]
    return Advice(named, _in_turn(lists or [_for_unit(settings.anywhere, line)], settings))


def ranked(
    reasons: Sequence[Clue], line: Carriage, settings: AdviceSettings
) -> tuple[Pointed, ...]:
    """Rank every scheme to which anything points, the weak ones too.

    Parameters
    ----------
    reasons
        Of the line; those that lower the risk are left out.
    line
        Unit, flow, goods and chances.
    settings
        Schemes and what points to them.

    Returns
    -------
    tuple of Pointed
        Strongest first, equal ones as in the settings. Strengths add up to 1 at most: what points
        to nothing in particular is nobody's.
    """
    open_to = [scheme for scheme in settings.schemes if admits(scheme.only, line)]
    raising = [(at, one) for at, one in enumerate(reasons) if one.contribution > 0]
    total = sum(one.contribution for _, one in raising)
    moved: dict[str, dict[int, float]] = {scheme.name: {} for scheme in open_to}
    for at, reason in raising:
        for name, share in _shares(reason, open_to).items():
            moved[name][at] = share * reason.contribution / total
    strengths = _weighed({s.name: sum(moved[s.name].values()) for s in open_to}, open_to, line)
    pointed = [
        Pointed(scheme, strengths[scheme.name], _strongest(moved[scheme.name]))
        for scheme in open_to
        if strengths[scheme.name] > 0
    ]
    return tuple(sorted(pointed, key=lambda one: -one.strength))  # stable: ties as in the file


def pointed_by(reason: Clue, line: Carriage, settings: AdviceSettings) -> tuple[PointedScheme, ...]:
    """Name the schemes one reason points to by itself, strongest first.

    Parameters
    ----------
    reason
        One reason; one that lowers the risk points to nothing.
    line
        Flow and goods, which rule schemes out.
    settings
        Schemes, and the floor below which none is named.
    """
    if reason.contribution <= 0:
        return ()
    open_to = [scheme for scheme in settings.schemes if admits(scheme.only, line)]
    shares = _shares(reason, open_to)
    named = [scheme for scheme in open_to if shares.get(scheme.name, 0.0) >= settings.floor]
    named.sort(key=lambda scheme: -shares[scheme.name])
    return tuple(named[: settings.most_schemes])


def admits(only: OnlySettings, line: Carriage) -> bool:
    """Tell whether what is declared leaves a scheme open; what is not declared does.

    Parameters
    ----------
    only
        What the scheme asks for.
    line
        What is declared.

    Examples
    --------
    >>> from targeting.config.advice import OnlySettings
    >>> from targeting.explain.carriage import Carriage
    >>> transit = OnlySettings(flows=("transit",))
    >>> admits(transit, Carriage(flow="import")), admits(transit, Carriage())
    (False, True)
    """
    return (
        (not only.flows or not line.flow or line.flow in only.flows)
        and (not only.modes or not line.mode or line.mode in only.modes)
        and (not only.units or not line.units or bool(line.units.intersection(only.units)))
        and (not only.goods or not line.hs_code or line.hs_code.startswith(only.goods))
    )


def _shares(reason: Clue, schemes: Sequence[PointedScheme]) -> Mapping[str, float]:
    """Share a reason out among schemes; what remains below 1 points to nothing.

    Each of its indicators has an equal part. A feature that schemes name stands instead of its
    indicators; the family speaks where none of the indicators does.
    """
    by_feature = _parted({s.name: s.features.get(reason.feature, 0.0) for s in schemes})
    if by_feature:
        return by_feature
    numbers = [
        _parted({s.name: s.indicators.get(number, 0.0) for s in schemes})
        for number in reason.indicators
    ]
    if any(numbers):
        return {
            s.name: sum(part.get(s.name, 0.0) for part in numbers) / len(numbers) for s in schemes
        }
    families = [{str(k): v for k, v in s.families.items()} for s in schemes]
    pairs = zip(schemes, families, strict=True)
    return _parted({s.name: family.get(reason.family, 0.0) for s, family in pairs})


def _parted(weights: Mapping[str, float]) -> Mapping[str, float]:
    """Turn weights into shares of 1; weights that do not reach it leave the rest unsaid."""
    total = max(1.0, sum(weights.values()))
    return {name: weight / total for name, weight in weights.items() if weight}


def _weighed(
    strengths: Mapping[str, float], schemes: Sequence[PointedScheme], line: Carriage
) -> Mapping[str, float]:
    """Weigh the two sides by the chances of their views; the sum of all stays what it was."""
    if line.papers is None or line.conveyance is None or line.papers + line.conveyance <= 0:
        return strengths
    chance = {"papers": line.papers, "conveyance": line.conveyance}
    weighed = {s.name: strengths[s.name] * chance[s.view] for s in schemes}
    before, after = sum(strengths.values()), sum(weighed.values())
    if after <= 0:
        return strengths
    return {name: strength * before / after for name, strength in weighed.items()}


def _strongest(parts: Mapping[int, float]) -> tuple[int, ...]:
    return tuple(sorted(parts, key=lambda at: (-parts[at], at)))


def _for_unit(look: Iterable[LookSettings], line: Carriage) -> list[LookSettings]:
    """Choose the advice meant for a line; what names units or goods wants them declared."""
    return [
        one
        for one in look
        if (not one.units or line.units.intersection(one.units))
        and (not one.modes or line.mode in one.modes)
        and (not one.goods or line.hs_code.startswith(one.goods))
    ]


def _in_turn(
    lists: Sequence[Sequence[LookSettings]], settings: AdviceSettings
) -> tuple[LookSettings, ...]:
    """Take from each list in turn, the same words once, so that no scheme crowds out another."""
    in_turn = [one for row in zip_longest(*lists) for one in row if one is not None]
    once = {one.words["en"]: one for one in reversed(in_turn)}
    kept = [one for one in in_turn if once[one.words["en"]] is one]
    return tuple(kept[: settings.most_look])
