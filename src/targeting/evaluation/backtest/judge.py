"""The judgement: every version's list on the same days, by every way of telling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.backtest.estimates import Estimator
from targeting.evaluation.backtest.figures import Bench, counted, real
from targeting.evaluation.backtest.parts import origins, parts_of
from targeting.evaluation.backtest.policies import OWN_CAPACITY, Policy, Slots
from targeting.evaluation.backtest.result import (
    Accounts,
    Backtest,
    Difference,
    Row,
    Unit,
    VersionResult,
)
from targeting.evaluation.backtest.traffic import consignments, first_lines, highest
from targeting.evaluation.backtest.weeks import by_block
from targeting.evaluation.intervals import MIN_LINES, too_few
from targeting.evaluation.measures import Measure, ReasonRow
from targeting.evaluation.parts import wilson_measure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from targeting.evaluation.backtest.figures import TrueResults
    from targeting.evaluation.backtest.traffic import Traffic
    from targeting.evaluation.metrics import Floats

RANDOM = "random"
THIS_MODEL, GIVEN, BASELINE = "this model", "given", "baseline"
"""Kinds of versions."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What one version said of all lines of the days.

    Parameters
    ----------
    name, kind
        As reports show them.
    score
        Shape (n,); None when it has none.
    why
        Why it has none.
    """

    name: str
    kind: str
    score: Floats | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms versions are judged.

    Parameters
    ----------
    policies
        How many lines are opened.
    capacity
        Lines each office opens a day.
    learnings
        Moments at which versions learnt.
    time_zone, seed
        Of the days, and of all resampling.
    """

    policies: Sequence[Policy]
    capacity: Mapping[str, int]
    learnings: int
    time_zone: str
    seed: int


def judge(
    traffic: Traffic,
    told: Sequence[Told],
    terms: Terms,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> Backtest:
    """Judge every version on the same days.

    Parameters
    ----------
    traffic
        One entry per line.
    told
        What each version said of them; differences are held against the first.
    terms
        Policies, capacity and seed.
    tell
        Told what is being judged.
    """
    rows: list[Row] = []
    differences: list[Difference] = []
    chosen: dict[str, Floats] = {}
    whole, first_of = consignments(traffic), first_lines(traffic)
    for policy in terms.policies:
        tell(f"judging, {policy.words}")
        slots = Slots.of(traffic, policy, terms.capacity)
        opened = {one.name: slots.chosen(one.score) for one in told if one.score is not None}
        for court in (
            _court("line", policy, (traffic, slots, None), terms.seed),
            _court(
                "consignment",
                policy,
                (whole, slots.of_first(first_of), traffic.consignment),
                terms.seed,
            ),
        ):
            rows += [court.row(name, lines) for name, lines in opened.items()]
            first, *others = opened.items()
            differences += [court.difference(one, first) for one in others]
        if policy.name == OWN_CAPACITY:
            chosen = opened
    tell("judging parts of the traffic")
    return Backtest(
        accounts=_accounts(traffic, terms),
        capacity=dict(terms.capacity),
        policies={policy.name: policy.words for policy in terms.policies},
        versions=tuple(_version(one, traffic, chosen.get(one.name), terms.seed) for one in told),
        rows=tuple(rows),
        differences=tuple(differences),
        selected_by=_reasons(traffic),
        time_zone=terms.time_zone,
        seed=terms.seed,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Court:
    """One policy, counted in lines or in consignments: what all versions are judged by."""

    unit: Unit
    policy: Policy
    traffic: Traffic
    code: np.ndarray | None
    bench: Bench
    estimator: Estimator
    real: TrueResults | None
    best: tuple[float | None, float | None, float | None]

    def opened(self, lines: Floats) -> Floats:
        """Turn chances of lines into those of what is counted."""
        return lines if self.code is None else highest(lines, self.code)

    def row(self, name: str, lines: Floats) -> Row:
        opened = self.opened(lines)
        naive, estimated, true = self.best
        value = self.estimator.value(opened)
        return Row(
            version=name,
            policy=self.policy.name,
            unit=self.unit,
            opened=float(opened.sum()),
            opened_examined=float(opened[self.traffic.examined].sum()),
            found=float(opened @ self.traffic.hit),
            naive=self.estimator.naive(value, attainable=naive),
            estimated=self.estimator.recommended(value, attainable=estimated),
            estimator=value.recommended.name,
            real=self.real and counted(self.bench, opened, self.real, true),
        )

    def difference(self, one: tuple[str, Floats], other: tuple[str, Floats]) -> Difference:
        opened, held = self.opened(one[1]), self.opened(other[1])
        return Difference(
            version=one[0],
            policy=self.policy.name,
            unit=self.unit,
            estimated=self.estimator.difference(opened, held),
            real=self.real and _real_difference(self.bench, self.real, opened, held),
        )


def _real_difference(bench: Bench, truth: TrueResults, opened: Floats, held: Floats) -> Measure:
    one, other = (bench.sums(lines * truth.hit, lines) for lines in (opened, held))
    if one.value is None or other.value is None:
        return Measure(None, why="no line is opened")
    few = too_few(bench.days, MIN_LINES, MIN_LINES)
    return bench.measure(one.value - other.value, one.drawn - other.drawn, why="", few=few)


def _court(
    unit: Unit, policy: Policy, counted_in: tuple[Traffic, Slots, np.ndarray | None], seed: int
) -> _Court:
    traffic, slots, code = counted_in
    bench, blind = Bench.of(traffic, seed=seed), slots.blind()
    estimator = Estimator.of(traffic, blind, seed=seed)
    return _Court(
        unit,
        policy,
        traffic,
        code,
        bench,
        estimator,
        real(traffic, bench, blind),
        _attainable(traffic, slots, estimator.everything.recommended.hits.value),
    )


def _attainable(
    traffic: Traffic, slots: Slots, hits: float | None
) -> tuple[float | None, float | None, float | None]:
    """Precision of a perfect order: among examined lines, as estimated at most, and truly."""
    examined = traffic.examined.astype(np.float64)
    of_cell = np.bincount(slots.cell, weights=examined, minlength=len(slots.places))
    seen = Slots(slots.cell, np.minimum(slots.places, of_cell))
    naive = seen.attainable(traffic.hit) / seen.opened if seen.opened else None
    truth = traffic.real and slots.attainable(traffic.real.hit) / slots.opened
    if hits is None or not traffic.expected.sum():
        return naive, None, truth
    # What is expected of examined lines is too much for arrivals: only its spread is taken.
    expected = traffic.expected * (hits / traffic.expected.sum())
    return naive, slots.attainable(expected) / slots.opened, truth


def _accounts(traffic: Traffic, terms: Terms) -> Accounts:
    drawn = traffic.examined & (traffic.selected_by == RANDOM)
    return Accounts(
        first_day=str(traffic.day.min()),
        last_day=str(traffic.day.max()),
        days=len(np.unique(traffic.day)),
        blocks=len(np.unique(traffic.block)),
        learnings=terms.learnings,
        lines=len(traffic),
        consignments=len(np.unique(traffic.consignment)),
        examined=int(traffic.examined.sum()),
        hits=int(traffic.hit.sum()),
        random=int(drawn.sum()),
        random_hits=int(traffic.hit[drawn].sum()),
    )


def _version(told: Told, traffic: Traffic, opened: Floats | None, seed: int) -> VersionResult:
    if opened is None:
        return VersionResult(told.name, told.kind, told.why)
    parts = parts_of(traffic, opened, estimate=told.kind != BASELINE, seed=seed)
    return VersionResult(told.name, told.kind, "", by_block(traffic, opened), parts, origins(parts))


def _reasons(traffic: Traffic) -> tuple[ReasonRow, ...]:
    rows = []
    for reason in sorted({str(one) for one in traffic.selected_by[traffic.examined]}):
        chosen = traffic.examined & (traffic.selected_by == reason)
        hits, lines = int(traffic.hit[chosen].sum()), int(chosen.sum())
        rows.append(ReasonRow(reason, lines, hits, wilson_measure(hits, lines)))
    return tuple(rows)
