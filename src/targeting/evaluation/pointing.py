"""Whether reasons point to what was found: named schemes against the offences of the hits.

Advice is right about a line when the offence found is among those of a scheme it named. By chance,
the same names would be right as often as the offences of all lines, dealt out anew, fall among
them; so naming what is found most often earns nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from targeting.evaluation.intervals import Interval, wilson
from targeting.explain.advice import advise
from targeting.explain.pointing import ranked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from targeting.config.advice import AdviceSettings
    from targeting.explain.carriage import Carriage
    from targeting.explain.indicators import Clue

Side = Literal["papers", "conveyance"]


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line on which something was found.

    Parameters
    ----------
    kind
        How lines are grouped in the table, such as the scheme a simulator planted.
    offence
        What was found.
    reasons
        Of its score.
    line
        Unit, flow, goods and chances.
    """

    kind: str
    offence: str
    reasons: Sequence[Clue]
    line: Carriage


@dataclass(frozen=True, slots=True)
class Told:
    """What the advice said of one line.

    Parameters
    ----------
    kind, offence
        Of the line.
    schemes
        Names of the offence schemes named, strongest first.
    offences
        All their offences; empty where no scheme was named.
    side
        Side of the scheme that stands highest, named or not; None where nothing points anywhere.
    """

    kind: str
    offence: str
    schemes: tuple[str, ...]
    offences: frozenset[str]
    side: Side | None

    @property
    def right(self) -> bool:
        """Whether what was found is among what was named."""
        return self.offence in self.offences


@dataclass(frozen=True, slots=True)
class Count:
    """How often the advice was right.

    Parameters
    ----------
    kind
        The group; `all` for all together.
    lines, named, right
        Lines, those of them for which a scheme was named, those of them where it was right.
    by_chance
        Lines expected to be right if the offences were dealt out anew over all lines.
    sided, side_right, side_by_chance
        Lines that lean to either side, those where the side was right, and by chance.
    most_named
        Scheme named first most often, with its count; empty where none was.
    """

    kind: str
    lines: int
    named: int
    right: int
    by_chance: float
    sided: int
    side_right: int
    side_by_chance: float
    most_named: tuple[str, int] | None = None

    @property
    def precision(self) -> Interval:
        """Wilson's interval of right over named."""
        return wilson(self.right, self.named)


def told(lines: Iterable[FoundLine], settings: AdviceSettings) -> tuple[Told, ...]:
    """Advise on each line.

    Parameters
    ----------
    lines
        Lines on which something was found.
    settings
        Schemes and what points to them.
    """
    return tuple(_told(line, settings) for line in lines)


def _told(one: FoundLine, settings: AdviceSettings) -> Told:
    pointed = advise(one.reasons, one.line, settings).points_to
    named = [scheme for scheme in (found.scheme for found in pointed) if scheme.about == "offence"]
    order = ranked(one.reasons, one.line, settings)
    return Told(
        kind=one.kind,
        offence=one.offence,
        schemes=tuple(scheme.name for scheme in named),
        offences=frozenset(offence for scheme in named for offence in scheme.offences),
        side=order[0].scheme.view if order else None,
    )


def judge_pointing(said: Sequence[Told], conveyance: Iterable[str]) -> tuple[Count, ...]:
    """Count how often advice was right, for all lines and for each kind.

    Parameters
    ----------
    said
        From `told`.
    conveyance
        Offences that count to the conveyance, as `conveyance_offences` of the training settings.

    Returns
    -------
    tuple of Count
        All together first, then each kind by name.
    """
    kinds = sorted({one.kind for one in said})
    of_conveyance = frozenset(conveyance)
    groups = [("all", said), *((kind, [o for o in said if o.kind == kind]) for kind in kinds)]
    return tuple(_count(kind, group, said, of_conveyance) for kind, group in groups)


def _count(
    kind: str, group: Sequence[Told], everything: Sequence[Told], conveyance: frozenset[str]
) -> Count:
    among = Counter(one.offence for one in everything)
    sides = Counter(_side(offence, conveyance) for offence in among.elements())
    named, sided = [one for one in group if one.schemes], [one for one in group if one.side]
    first = Counter(one.schemes[0] for one in named)
    return Count(
        kind=kind,
        lines=len(group),
        named=len(named),
        right=sum(one.right for one in named),
        by_chance=sum(_share(among, one.offences) for one in named),
        sided=len(sided),
        side_right=sum(one.side == _side(one.offence, conveyance) for one in sided),
        side_by_chance=sum(_share(sides, {one.side}) for one in sided),
        most_named=min(first.items(), key=lambda pair: (-pair[1], pair[0])) if first else None,
    )


def _side(offence: str, conveyance: frozenset[str]) -> Side:
    return "conveyance" if offence in conveyance else "papers"


def _share(among: Counter[str], chosen: Iterable[object]) -> float:
    total = among.total()
    return sum(among[str(one)] for one in chosen) / total if total else 0.0
