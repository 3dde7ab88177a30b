"""The page of `benchmarks.reasons`: worlds summed up, in words and in a picture."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.evaluation.insight.means import mean_by_day
from targeting.evaluation.insight.pictures import deletion
from targeting.evaluation.insight.removal import REASONS, Removal, Step
from targeting.evaluation.measures import Measure
from targeting.evaluation.plots import svg
from targeting.evaluation.words import number_with_interval, percent, percent_with_interval
from targeting.explain.reasons import LEAST
from targeting.tables.output import staged_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.reasons import Measured

    from targeting.evaluation.insight.stability import Stability

FIRST_SEED = 821
"""Worlds from here on shaped nothing; the choice of reasons was shaped on 811 to 813."""

TOP_ROWS = 300
GOAL = 0.9
SEED = 7


@dataclass(frozen=True)
class Told:
    """What is told of all worlds."""

    worlds: int
    named: dict[str, dict[str, float | int | None]]
    removal: dict[str, Measure]
    curve: tuple[Step, ...]
    pairs: dict[str, dict[str, float]]


def told(worlds: Sequence[Measured]) -> Told:
    """Sum worlds up.

    Parameters
    ----------
    worlds
        What was measured in each.
    """
    every = pd.DataFrame([asdict(one) for world in worlds for one in world.named])
    schemes = sorted(set(every["scheme"]))
    removals = [world.removal for world in worlds]
    pairs = [pair for world in worlds for pair in world.pairs]
    return Told(
        worlds=len(worlds),
        named={
            "all": _summed(every),
            "moved by it": _summed(every[every["fall"] >= 0.1]),
            **{name: _summed(every[every["scheme"] == name]) for name in schemes},
        },
        removal={
            name: over([getattr(one, name) for one in removals])
            for name in ("falls", "first_falls", "fall", "fall_by_lot", "order")
        },
        curve=_mean_curve(removals),
        pairs={
            kind: _pairs([pair.stability for pair in pairs if pair.kind == kind])
            for kind in dict.fromkeys(pair.kind for pair in pairs)
        },
    )


def _summed(rows: pd.DataFrame) -> dict[str, float | int | None]:
    if rows.empty:
        return {"lines": 0}
    day = (rows["seed"] * 1_000 + rows["day"]).to_numpy()
    out: dict[str, float | int | None] = {"lines": len(rows)}
    for name in ("speaks", "because", "could", "by_chance", "fall"):
        mean = mean_by_day(np.asarray(rows[name], dtype=np.float64), day, seed=SEED)
        out |= {name: mean.value, f"{name}_low": mean.low, f"{name}_high": mean.high}
    lower = np.asarray(rows["fall"] > 0, dtype=np.float64)
    falls = mean_by_day(lower, day, seed=SEED)
    return out | {"falls": falls.value, "falls_low": falls.low, "falls_high": falls.high}


def over(measures: Sequence[Measure]) -> Measure:
    """Return the mean of a figure over worlds, and how far single worlds lie apart.

    Parameters
    ----------
    measures
        The figure in each world.
    """
    values = [one.value for one in measures if one.value is not None]
    if not values:
        return Measure(None, why="no world")
    return Measure(float(np.mean(values)), min(values), max(values))


def _mean_curve(removals: Sequence[Removal]) -> tuple[Step, ...]:
    return tuple(
        Step(
            steps[0].removed,
            float(np.mean([one.by_reasons for one in steps])),
            float(np.mean([one.by_lot for one in steps])),
        )
        for steps in zip(*(one.curve for one in removals), strict=True)
    )


def _pairs(found: Sequence[Stability]) -> dict[str, float]:
    out = {"pairs": float(len(found)), "lines": float(sum(one.lines for one in found))}
    for name in ("overlap", "same_first", "first_kept", "order"):
        mean = over([getattr(one, name) for one in found])
        if mean.value is not None and mean.low is not None and mean.high is not None:
            out |= {name: mean.value, f"{name}_low": mean.low, f"{name}_high": mean.high}
    return out


def page(all_told: Told, name: str) -> str:
    """Write the page.

    Parameters
    ----------
    all_told
        From `told`.
    name
        Preset of the worlds.
    """
    every = all_told.named["all"]
    speaks = float(every["speaks"] or 0.0)
    verdict = "holds" if speaks >= GOAL else "does NOT hold"
    removal = all_told.removal
    return f"""# Can reasons be trusted?

**In {_share(every, "speaks")} of the planted lines among the first 5 % of their day,
at least one of at most {REASONS} reasons speaks of what the scheme changed (goal {GOAL:.0%}:
{verdict}); risk-raising subjects drawn by lot would in {_share(every, "by_chance")}.
Without the cause of a reason the score falls in {percent(removal["falls"].value)} of cases, and an
honest twin is scored lower in {_share(every, "falls")}.**

Written by `benchmarks/reasons.py`; do not edit. Reproduce it with `make bench-reasons`. What is
measured and what is not: [reasons](../reasons.md).

{all_told.worlds} simulated worlds (preset `{name}`, seeds from {FIRST_SEED}; the choice of reasons
was shaped on other worlds) are lived without a model. A model of what was known 90 days before the
end scores every later line. Schemes and twins are known to this page alone.

## Does a reason name what was planted?

Each planted line is held against its **honest twin**: the same goods line, lodged at the same
moment, as the simulator wrote it before the scheme shaped the order and laid its trace on the
line. The two differ by the trace and by nothing else; what differs is looked up, not assumed.
*Speaks*: a risk-raising reason one of whose features pulls its way and has another value in the
twin. *Because*: moreover the reason's contribution is smaller in the twin by {LEAST} log-odds or
more. *Could*: any subject that raises the risk does, told or not. *By lot*: as many subjects
drawn by lot. *Moved by it*: lines whose score the trace raised by 0.1 or more; no honest reason can
name a trace that did not move the score.

| planted lines | lines | speaks | because | could | by lot | twin scored lower | mean fall |
| --- | --- | --- | --- | --- | --- | --- | --- |
{_named_rows(all_told)}

## Does the score fall when a reason's cause is taken away?

The {TOP_ROWS} highest-scored lines of each world. What a reason speaks of gets the values of an
ordinary line drawn by lot, all its features together; the mean over several such lines counts.
Between brackets the lowest and the highest world.

| figure | value |
| --- | --- |
{_removal_rows(removal)}

![Scores without the causes of their reasons](reasons.svg)

## Do reasons stay the same when the model is trained again?

The same lines, explained by the model and by one of overlapping data.

| retrained | pairs | lines | same first | first among the other's | subjects shared | order |
| --- | --- | --- | --- | --- | --- | --- |
{_pair_rows(all_told)}

*Subjects shared*: those both name, of those either names, at most {REASONS} each. *Order*: rank
correlation of contributions over the ten strongest subjects of either model. Between brackets the
lowest and the highest world.
"""


def _share(row: dict[str, float | int | None], name: str) -> str:
    return percent_with_interval(
        Measure(row.get(name), row.get(f"{name}_low"), row.get(f"{name}_high"))
    )


def _named_rows(all_told: Told) -> str:
    rows = []
    for name, row in all_told.named.items():
        if not row or not row["lines"]:
            continue
        fall = row["fall"] or 0.0
        cells = [_share(row, one) for one in ("speaks", "because", "could", "by_chance", "falls")]
        rows.append(
            f"| {name.replace('_', ' ')} | {row['lines']:,} | {' | '.join(cells)} | {fall:.2f} |"
        )
    return "\n".join(rows)


def _removal_rows(removal: dict[str, Measure]) -> str:
    rows = (
        ("risk-raising reasons without whose cause the score falls",
         percent_with_interval(removal["falls"])),
        ("the same, of the first reason", percent_with_interval(removal["first_falls"])),
        ("fall without the first reason's cause, log-odds", number_with_interval(removal["fall"])),
        ("fall without another subject, drawn by lot",
         number_with_interval(removal["fall_by_lot"], digits=3)),
        ("rank correlation of contributions and falls, within a line",
         number_with_interval(removal["order"])),
    )  # fmt: skip
    return "\n".join(f"| {name} | {value} |" for name, value in rows)


def _pair_rows(all_told: Told) -> str:
    rows = []
    for kind, found in all_told.pairs.items():
        shares = [_share(dict(found), one) for one in ("same_first", "first_kept", "overlap")]
        order = Measure(found.get("order"), found.get("order_low"), found.get("order_high"))
        rows.append(
            f"| {kind} | {found['pairs']:.0f} | {found['lines']:,.0f} | {' | '.join(shares)} | "
            f"{number_with_interval(order)} |"
        )
    return "\n".join(rows)


def write(worlds: Sequence[Measured], output: Path, name: str) -> Told:
    """Write the page, its figures and its plot.

    Parameters
    ----------
    worlds
        What was measured in each.
    output
        Folder.
    name
        Preset of the worlds.
    """
    all_told = told(worlds)
    facts = asdict(all_told) | {"preset": name, "first_seed": FIRST_SEED, "goal": GOAL}
    none = Measure(None)
    curve = Removal(0, none, none, none, none, none, all_told.curve)
    for file, content in (
        ("reasons.json", (json.dumps(facts, indent=1, allow_nan=False) + "\n").encode()),
        ("reasons.md", page(all_told, name).encode()),
        ("reasons.svg", svg(deletion(curve))),
    ):
        with staged_file(output / file) as stage:
            stage.write_bytes(content)
    return all_told
