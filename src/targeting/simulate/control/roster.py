"""How the examinations of a day are shared out: each line to the first reason that wants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.simulate.trade.streams import Floats, Ints, stream

if TYPE_CHECKING:
    from targeting.simulate.trade.ground import Ground
    from targeting.simulate.world import Day

REASONS = ("random", "mandatory", "intelligence", "rule", "officer", "model")
"""In the order in which they take their lines; the port as it works today has no model."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Lines of one day to examine.

    Parameters
    ----------
    rows
        Positions of the lines in the day, each at most once.
    reason
        Number in `REASONS` for each.
    probability
        Chance with which the lot, or a policy, drew it; NaN where nobody knows.
    """

    rows: Ints
    reason: Ints
    probability: Floats


class Roster:
    """The lines of a day as they are taken: each goes to the first reason that wants it.

    Every site gives the lot, rules and officers their share of its lines, times its diligence;
    orders and tips come to the administration as a whole and fall where there is what they look
    for, at a diligent site sooner. The remainder of a slot is drawn by chance. Every reason has
    random streams of its own, so that the lot draws the same lines whoever else chooses.

    Parameters
    ----------
    ground
        Shares, diligence and the seed.
    day
        What was lodged.
    """

    def __init__(self, ground: Ground, day: Day) -> None:
        self._ground, self._day = ground, day
        self._diligence = ground.site_diligence[day.orders.site]
        self._reason = np.full(len(day), -1)
        self._probability = np.full(len(day), np.nan)

    @classmethod
    def standing(cls, ground: Ground, day: Day) -> Roster:
        """Take what no policy has a say in: the lot, mandatory orders and intelligence.

        Parameters
        ----------
        ground
            Shares, diligence and the seed.
        day
            What was lodged.
        """
        roster = cls(ground, day)
        roster._draw_lot()
        roster._obey_orders()
        roster._follow_tips()
        return roster

    def take_best(self, reason: str, score: Floats) -> None:
        """Give a reason its slots at each site: the highest scores there, blurred by chance.

        Parameters
        ----------
        reason
            One of `REASONS`.
        score
            One number per line of the day, in units of the blur; -inf is never taken.
        """
        blur = self._stream(reason).gumbel(0.0, 1.0, len(score))
        blurred = np.where(self._reason < 0, score + blur, -np.inf)
        order = np.lexsort((np.arange(len(score)), -blurred))
        order = order[np.isfinite(blurred[order])]
        self._reason[self._within(order, self._slots(reason))] = REASONS.index(reason)

    def take_listed(self, choice: Choice) -> None:
        """Give a policy's list, best first, the slots that rules and officers have at each site.

        Parameters
        ----------
        choice
            The policy's lines in order of preference; what others took is passed over, and what
            does not fit is left. A recorded chance is not kept at a site where lines were left,
            as being drawn no longer meant being examined.
        """
        free = np.flatnonzero(self._reason[choice.rows] < 0)
        rows, site = choice.rows[free], self._day.orders.site
        taken = self._within(rows, self._slots("rule") + self._slots("officer"))
        short = site[rows[~np.isin(rows, taken)]]
        chosen = free[np.isin(rows, taken)]
        rows = choice.rows[chosen]
        self._reason[rows] = choice.reason[chosen]
        kept = np.where(np.isin(site[rows], short), np.nan, choice.probability[chosen])
        self._probability[rows] = kept

    def choice(self) -> Choice:
        """Return all that was taken, in the order of lodging."""
        rows = np.flatnonzero(self._reason >= 0)
        return Choice(rows, self._reason[rows], self._probability[rows])

    def _stream(self, purpose: str) -> np.random.Generator:
        return stream(self._ground.seed, f"selection: {purpose}", self._day.number)

    def _share(self, reason: str) -> float:
        return getattr(self._ground.settings.examined, reason)

    def _slots(self, reason: str) -> Ints:
        """Count a reason's examinations at each site.

        One draw settles all remainders: each site has its share in expectation, and the day as a
        whole is never off by more than one.
        """
        lines = np.bincount(self._day.orders.site, minlength=len(self._ground.sites))
        expected = self._share(reason) * self._ground.site_diligence * lines
        upto = (expected.cumsum() + self._stream(f"{reason} slots").random()).astype(np.int64)
        return np.diff(upto, prepend=0)

    def _within(self, rows: Ints, slots: Ints) -> Ints:
        """Return the first of the rows at each site, as many as it has slots."""
        site = self._day.orders.site[rows]
        order = np.argsort(site, kind="stable")
        counts = np.bincount(site, minlength=len(slots))
        place = np.arange(len(rows)) - np.repeat(counts.cumsum() - counts, counts)
        return rows[order[place < slots[site[order]]]]

    def _draw_lot(self) -> None:
        """Draw each line with the share of its site, before anybody else chooses."""
        chance = np.minimum(self._share("random") * self._diligence, 1.0)
        drawn = self._stream("random").random(len(chance)) < chance
        self._reason[drawn] = REASONS.index("random")
        self._probability[drawn] = chance[drawn]

    def _obey_orders(self) -> None:
        """Draw among listed goods: meat, pharmaceuticals, precursors and listed devices."""
        goods = self._ground.goods
        listed = np.isin(
            self._day.lines.goods, goods.of("meat", "pharma", "chemicals", "strategic")
        )
        rng = self._stream("mandatory")
        rows = self._by_chance(rng, listed * self._diligence, self._count("mandatory", rng))
        self._reason[rows] = REASONS.index("mandatory")

    def _follow_tips(self) -> None:
        """Point at offences, and for the rest of the tips at lines that look like them."""
        rng, illicit = self._stream("intelligence"), self._day.lines.illicit
        count = self._count("intelligence", rng)
        right = int((rng.random(count) < self._share("tips_right")).sum())
        hits = self._by_chance(rng, illicit * self._diligence, right)
        alike = ~illicit * self._diligence * _alike(self._ground, self._day)
        wrong = self._by_chance(rng, alike, count - len(hits))
        self._reason[np.concatenate([hits, wrong])] = REASONS.index("intelligence")

    def _count(self, reason: str, rng: np.random.Generator) -> int:
        """Count the examinations of a reason that comes to the administration as a whole."""
        return int(self._share(reason) * self._diligence.sum() + rng.random())

    def _by_chance(self, rng: np.random.Generator, weight: Floats, count: int) -> Ints:
        """Draw lines nobody has taken, without replacement, by weight."""
        open_ = np.flatnonzero((weight > 0) & (self._reason < 0))
        luck = np.log(weight[open_]) + rng.gumbel(0.0, 1.0, len(open_))
        return open_[np.argsort(-luck, kind="stable")[:count]]


def _alike(ground: Ground, day: Day) -> Floats:
    """Weigh lines by their likeness to the day's offences: same sector, better at the same site."""
    sector, illicit = ground.goods.sector[day.lines.goods], day.lines.illicit
    here = day.orders.site * len(ground.goods.sectors) + sector
    return 1.0 + 3.0 * np.isin(sector, sector[illicit]) + 8.0 * np.isin(here, here[illicit])
