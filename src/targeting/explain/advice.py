"""Where to look, for the schemes the reasons of a line point to and the unit it travels in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from targeting.explain.pointing import named, traders

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from targeting.config.advice import AdviceSettings, LookSettings
    from targeting.explain.carriage import Carriage
    from targeting.explain.indicators import Clue
    from targeting.explain.pointing import Pointed


@dataclass(frozen=True, slots=True)
class Advice:
    """What a line points to, and where to look.

    Parameters
    ----------
    points_to
        The schemes named, strongest first; empty where nothing points to one scheme.
    look
        Where to look, what to do first coming first: the goods and the unit, then the trader.
    """

    points_to: tuple[Pointed, ...]
    look: tuple[LookSettings, ...]


def advise(reasons: Sequence[Clue], line: Carriage, settings: AdviceSettings) -> Advice:
    """Say what the reasons of a line point to, and where to look.

    Parameters
    ----------
    reasons
        Of the line; those that lower the risk point to nothing. Without any, as on lines that were
        not explained, the advice is that for the unit.
    line
        Unit, flow, goods and chances.
    settings
        Schemes and advice.
    """
    offences, patterns = named(reasons, line, settings), traders(reasons, line, settings)
    goods = [_for_unit(one.scheme.look, line) for one in offences]
    first = _in_turn(goods or [_for_unit(settings.anywhere, line)])
    last = _in_turn([_for_unit(one.scheme.look, line) for one in patterns])
    # The trader's papers come last, but not so that a long list about the goods cuts them off.
    look = [*first[: settings.most_look - bool(last)], *last]
    return Advice((*offences, *patterns), tuple(look[: settings.most_look]))


def _for_unit(look: Iterable[LookSettings], line: Carriage) -> list[LookSettings]:
    """Choose the advice meant for a line; what names units or goods wants them declared."""
    return [
        one
        for one in look
        if (not one.units or line.units.intersection(one.units))
        and (not one.modes or line.mode in one.modes)
        and (not one.goods or line.hs_code.startswith(one.goods))
    ]


def _in_turn(lists: Sequence[Sequence[LookSettings]]) -> list[LookSettings]:
    """Take from each list in turn, the same words once, so that no scheme crowds out another."""
    in_turn = [one for row in zip_longest(*lists) for one in row if one is not None]
    once = {one.words["en"]: one for one in reversed(in_turn)}
    return [one for one in in_turn if once[one.words["en"]] is one]
