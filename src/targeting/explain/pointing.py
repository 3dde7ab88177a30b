"""What the reasons of a line point to.

A score says how likely a hit is, not what it would be. A reason that raises it carries indicators,
and each indicator is a trace of one scheme or of several (domain.md 1.2, kept in
`configs/advice.yaml`). It is shared out among all that list it, and counts for each with the square
of its share: what fits everything tells nothing apart. What is declared rules schemes out, and
where the score has its two views, their chances weigh the schemes of either side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.explain.indicators import said_by

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from targeting.config.advice import AdviceSettings, OnlySettings, PointedScheme
    from targeting.explain.carriage import Carriage
    from targeting.explain.indicators import Clue

_LEAST = 1e-9
"""Below it nothing points anywhere, whatever the floors are set to."""


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


def ranked(
    reasons: Sequence[Clue], line: Carriage, settings: AdviceSettings
) -> tuple[Pointed, ...]:
    """Rank every offence scheme to which anything points, the weak ones too.

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
    rivals = [scheme for scheme in settings.schemes if scheme.about == "offence"]
    moved = _moved(reasons, rivals, lambda share: share**2)
    open_to = [scheme for scheme in rivals if admits(scheme.only, line)]
    strengths = _weighed({s.name: sum(moved[s.name].values()) for s in open_to}, open_to, line)
    pointed = [
        Pointed(scheme, strengths[scheme.name], _strongest(moved[scheme.name]))
        for scheme in open_to
        if strengths[scheme.name] > 0
    ]
    return tuple(sorted(pointed, key=lambda one: -one.strength))  # stable: ties as in the file


def pointed_by(reason: Clue, line: Carriage, settings: AdviceSettings) -> tuple[PointedScheme, ...]:
    """Name the offence schemes one reason points to by itself, strongest first.

    Parameters
    ----------
    reason
        One reason; one that lowers the risk points to nothing.
    line
        What is declared, which rules schemes out.
    settings
        Schemes, and the share of the reason that one must have to be named.
    """
    if reason.contribution <= 0:
        return ()
    rivals = [scheme for scheme in settings.schemes if scheme.about == "offence"]
    shares = _shares(reason, rivals)
    named = [
        scheme
        for scheme in rivals
        if admits(scheme.only, line) and shares.get(scheme.name, 0.0) >= settings.lead
    ]
    named.sort(key=lambda scheme: -shares[scheme.name])
    return tuple(named[: settings.most_schemes])


def named(reasons: Sequence[Clue], line: Carriage, settings: AdviceSettings) -> tuple[Pointed, ...]:
    """Name the offence schemes that stand out.

    Parameters
    ----------
    reasons, line, settings
        As for `ranked`.

    Returns
    -------
    tuple of Pointed
        Strongest first; those that have enough of all that is raised, and of all that points
        anywhere.
    """
    all_of_them = ranked(reasons, line, settings)
    least = max(settings.floor, settings.lead * sum(one.strength for one in all_of_them))
    strong = [one for one in all_of_them if one.strength >= least]
    return tuple(strong[: settings.most_schemes])


def traders(
    reasons: Sequence[Clue], line: Carriage, settings: AdviceSettings
) -> tuple[Pointed, ...]:
    """Tell the trader's pattern; patterns do not compete with offences.

    Parameters
    ----------
    reasons, line, settings
        As for `ranked`.

    Returns
    -------
    tuple of Pointed
        The strongest, or nothing.
    """
    found = []
    for scheme in settings.schemes:
        if scheme.about == "trader" and admits(scheme.only, line):
            moved = _moved(reasons, [scheme], lambda share: share)[scheme.name]
            found.append(Pointed(scheme, sum(moved.values()), _strongest(moved)))
    strong = [one for one in found if one.strength >= max(settings.trader_floor, _LEAST)]
    return tuple(sorted(strong, key=lambda one: -one.strength)[:1])


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


def _moved(
    reasons: Sequence[Clue], schemes: Sequence[PointedScheme], counts: Callable[[float], float]
) -> Mapping[str, Mapping[int, float]]:
    """Share of the raised log-odds that each reason, by its place, moves towards each scheme."""
    raising = [(at, one) for at, one in enumerate(reasons) if one.contribution > 0]
    total = sum(one.contribution for _, one in raising)
    moved: dict[str, dict[int, float]] = {scheme.name: {} for scheme in schemes}
    shared = [(at, one, _shares(one, schemes)) for at, one in raising]
    for at, reason, shares in shared:
        for name, share in shares.items():
            moved[name][at] = counts(share) * reason.contribution / total
    pointed = {name for name, parts in moved.items() if parts}
    for at, reason in ((at, one) for at, one, shares in shared if not shares):
        for name, share in _family_shares(reason, schemes).items():
            if name in pointed:
                moved[name][at] = counts(share) * reason.contribution / total
    return moved


def _shares(reason: Clue, schemes: Sequence[PointedScheme]) -> Mapping[str, float]:
    """Share a reason out among schemes; what remains below 1 points to nothing.

    Each of its indicators has an equal part. A feature that schemes name stands instead of its
    indicators.
    """
    by_feature = _parted({s.name: s.features.get(reason.feature, 0.0) for s in schemes})
    if by_feature:
        return by_feature
    numbers = said_by(reason)
    shares: dict[str, float] = {}
    for number in numbers:
        parted = _parted({s.name: s.indicators.get(number, 0.0) for s in schemes})
        for name, share in parted.items():
            shares[name] = shares.get(name, 0.0) + share / len(numbers)
    return shares


def _family_shares(reason: Clue, schemes: Sequence[PointedScheme]) -> Mapping[str, float]:
    families = {s.name: {str(k): v for k, v in s.families.items()} for s in schemes}
    return _parted({name: family.get(reason.family, 0.0) for name, family in families.items()})


def _parted(weights: Mapping[str, float]) -> Mapping[str, float]:
    """Turn weights into shares of 1; weights that do not reach it leave the rest unsaid."""
    total = max(1.0, sum(weights.values()))
    return {name: weight / total for name, weight in weights.items() if weight}


def _weighed(
    strengths: Mapping[str, float], schemes: Sequence[PointedScheme], line: Carriage
) -> Mapping[str, float]:
    """Weigh the two sides by the chances of their views; the sum of all stays what it was."""
    if line.papers is None or line.conveyance is None:
        return strengths
    chance = {"papers": line.papers, "conveyance": line.conveyance}
    weighed = {s.name: strengths[s.name] * chance[s.view] for s in schemes}
    before, after = sum(strengths.values()), sum(weighed.values())
    if after <= 0:
        return strengths
    return {name: strength * before / after for name, strength in weighed.items()}


def _strongest(parts: Mapping[int, float]) -> tuple[int, ...]:
    return tuple(sorted(parts, key=lambda at: (-parts[at], at)))
