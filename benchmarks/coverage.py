"""Do the intervals of `targeting.evaluation.value` hold the truth? Simulated worlds tell.

Run: python -m benchmarks.coverage [--worlds 10] [--work FOLDER] [--output docs/benchmarks].

Each world is lived, a model is learnt at a cut-off, every line of the days after it is scored, and
several policies say what they would open. What they would have found is known, as the world is
simulated. The worlds' seeds were drawn for this page and never used to shape an estimator. Worlds
already prepared in the work folder are taken as they are, so that a broken run resumes; progress is
written to `progress.log` there.

Writes coverage.json, coverage.md and coverage.svg to the output folder.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from benchmarks.coverage_worlds import KINDS, POLICIES, prepare

from targeting.evaluation.plots import BLUE, GREY, ORANGE, as_percent, canvas, figure_of, svg
from targeting.evaluation.value import PolicyLines, policy_difference, policy_value
from targeting.evaluation.value.reading import Mean, precision
from targeting.evaluation.value.weights import Weighing
from targeting.tables.output import staged_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    from benchmarks.coverage_worlds import Kind
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from targeting.evaluation.measures import Measure

    Floats = npt.NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "docs" / "benchmarks"
WORK = ROOT / "data" / "coverage"
FIRST_SEED = 7_100_000
"""Seeds of this page; estimators were developed on others."""

ESTIMATORS = ("naive", "random_only", "inverse_propensity", "doubly_robust")
RECOMMENDED = "doubly_robust"
GOAL = 0.90
PAIRS = (
    ("model, 5 % of lines", "newest consignees, 5 %"),
    ("model, 1 per office and day", "blind draw of 5 %"),
    ("model, 2 % of lines", "model, 5 % of lines"),
)
"""Policies whose difference is judged."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One figure of one world beside its truth.

    Parameters
    ----------
    kind, seed
        Of the world.
    policy
        Its name; two names for a difference.
    figure
        `precision`, `recall`, `revenue` or `difference`.
    estimator
        One of `ESTIMATORS`.
    truth
        What the policy would have found.
    value, low, high
        What the estimator says; None when it says nothing.
    """

    kind: str
    seed: int
    policy: str
    figure: str
    estimator: str
    truth: float
    value: float | None
    low: float | None
    high: float | None


# One world ---------------------------------------------------------------------------------------


def judged(kind: Kind, seed: int, lines: pd.DataFrame) -> list[Judged]:
    """Hold every estimate of a world against its truth.

    Parameters
    ----------
    kind, seed
        Which world.
    lines
        From `benchmarks.coverage_worlds.prepare`.
    """
    return [*_values(kind.name, seed, lines), *_differences(kind.name, seed, lines)]


def _values(kind: str, seed: int, lines: pd.DataFrame) -> Iterator[Judged]:
    for policy in POLICIES:
        found = policy_value(_policy_lines(lines, policy), seed=0)
        for estimate in found.estimates:
            for figure, truth in _truth(lines, policy).items():
                one: Measure = getattr(estimate, figure)
                yield Judged(
                    kind, seed, policy, figure, estimate.name, truth, one.value, one.low, one.high
                )


def _differences(kind: str, seed: int, lines: pd.DataFrame) -> Iterator[Judged]:
    for ours, theirs in PAIRS:
        one = policy_difference(_policy_lines(lines, ours), _opened(lines, theirs), seed=0)
        truth = _truth(lines, ours)["precision"] - _truth(lines, theirs)["precision"]
        yield Judged(
            kind, seed, f"{ours} - {theirs}", "difference", RECOMMENDED, truth,
            one.value, one.low, one.high,
        )  # fmt: skip


def _opened(lines: pd.DataFrame, policy: str) -> Floats:
    return lines[f"opened: {policy}"].to_numpy(dtype=np.float64)


def _truth(lines: pd.DataFrame, policy: str) -> dict[str, float]:
    opened, found = _opened(lines, policy), lines["found"].to_numpy(dtype=np.float64)
    return {
        "precision": float(opened @ found / opened.sum()),
        "recall": float(opened @ found / found.sum()),
        "revenue": float(opened @ lines["found_revenue"].to_numpy(dtype=np.float64)),
    }


def _policy_lines(lines: pd.DataFrame, policy: str) -> PolicyLines:
    names = (
        "label", "selected_by", "chance", "propensity", "expected", "revenue",
        "expected_revenue", "office", "consignee",
    )  # fmt: skip
    columns: dict[str, Any] = {name: lines[name].to_numpy() for name in names}
    day = lines["day"].to_numpy().astype("datetime64[D]")
    return PolicyLines(opened=_opened(lines, policy), day=day, **columns)


# All worlds --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """How an estimator did over several worlds.

    Parameters
    ----------
    worlds, figures
        Worlds, and figures asked for in them.
    said
        Share of the figures it gave; for the rest it said that data are too few.
    covered, covered_low, covered_high
        Share of the intervals given that hold the truth, with an interval in which worlds are
        taken as wholes.
    too_high
        Share of the intervals given that lie above the truth.
    truth
        Mean truth.
    bias
        Mean of value minus truth.
    width
        Median width of the intervals given.
    """

    worlds: int
    figures: int
    said: float
    covered: float | None
    covered_low: float | None
    covered_high: float | None
    too_high: float | None
    truth: float
    bias: float | None
    width: float | None


def summed(rows: pd.DataFrame) -> Row:
    """Sum up figures beside their truths.

    Parameters
    ----------
    rows
        `Judged` as a frame.
    """
    world = rows.groupby(["kind", "seed"]).ngroup()
    said = rows["low"].notna()
    given = rows[said].astype({"value": float, "low": float, "high": float})
    inside = (given["low"] <= given["truth"]) & (given["truth"] <= given["high"])
    held = np.asarray(inside, dtype=np.float64)
    one, whole = np.ones(len(given)), np.asarray(world[said], dtype=np.int64)
    cover = precision(Mean(one, Weighing(one, one, 0 * one), held), (whole,))
    any_said = len(given) > 0
    return Row(
        worlds=int(world.nunique()),
        figures=len(rows),
        said=float(said.mean()),
        covered=float(held.mean()) if any_said else None,
        covered_low=cover.low,
        covered_high=cover.high,
        too_high=float((given["low"] > given["truth"]).mean()) if any_said else None,
        truth=float(rows["truth"].mean()),
        bias=float((given["value"] - given["truth"]).mean()) if any_said else None,
        width=float((given["high"] - given["low"]).median()) if any_said else None,
    )


def worlds_of(kinds: Sequence[Kind], worlds: int, work: Path) -> Iterator[Judged]:
    """Prepare and judge worlds, resuming where a run broke off.

    Parameters
    ----------
    kinds
        Kinds of world.
    worlds
        Of each kind.
    work
        Folder of prepared worlds.
    """
    work.mkdir(parents=True, exist_ok=True)
    for number in range(worlds):
        for place, kind in enumerate(kinds):
            seed = FIRST_SEED + 100 * place + number
            yield from judged(kind, seed, prepare(kind, seed, work / f"{place}-{number}").lines)
            with (work / "progress.log").open("a") as log:
                print(f"{kind.name} {seed}", file=log)


# The page ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """Everything the page and programs are told.

    Parameters
    ----------
    overall
        Per estimator, over all worlds in which the assumptions hold.
    by_kind
        Per kind of world and estimator.
    by_policy
        Per policy and estimator, worlds as in `overall`.
    others
        Per figure other than precision, the recommended estimator's.
    """

    overall: dict[str, Row]
    by_kind: dict[str, dict[str, Row]]
    by_policy: dict[str, dict[str, Row]]
    others: dict[str, Row]


def told(rows: pd.DataFrame) -> Told:
    """Sum up in every way the page shows.

    Parameters
    ----------
    rows
        `Judged` as a frame.
    """
    hidden = [kind.name for kind in KINDS if kind.knowing]
    fair = rows[~rows["kind"].isin(hidden)]
    precise, all_precise = (part[part["figure"] == "precision"] for part in (fair, rows))
    best = fair[fair["estimator"] == RECOMMENDED]
    return Told(
        overall=_per_estimator(precise),
        by_kind={
            kind.name: _per_estimator(all_precise[all_precise["kind"] == kind.name])
            for kind in KINDS
        },
        by_policy={
            policy: _per_estimator(precise[precise["policy"] == policy]) for policy in POLICIES
        },
        others={
            figure: summed(best[best["figure"] == figure])
            for figure in ("recall", "revenue", "difference")
        },
    )


def _per_estimator(rows: pd.DataFrame) -> dict[str, Row]:
    return {name: summed(rows[rows["estimator"] == name]) for name in ESTIMATORS}


def page(all_told: Told) -> str:
    """Write the page.

    Parameters
    ----------
    all_told
        From `told`.
    """
    best, naive = all_told.overall[RECOMMENDED], all_told.overall["naive"]
    blind = all_told.by_kind[next(kind.name for kind in KINDS if kind.knowing)][RECOMMENDED]
    verdict = "holds" if (best.covered or 0) >= GOAL else "does NOT hold"
    kinds = "\n".join(f"- **{kind.name}**: {kind.what}." for kind in KINDS)
    return f"""# What a policy would have caught: do the intervals hold the truth?

**The recommended estimator's 95 % intervals hold the truth in {_share(best.covered)} of cases in
{best.worlds} simulated worlds (goal {GOAL:.0%}: {verdict}); the naive one's in
{_share(naive.covered)}: it is {_points(naive.bias)} points off, where the truth is
{naive.truth:.1%}. Where officers see what no document holds, the recommended one's hold it in
{_share(blind.covered)}.**

Written by `benchmarks/coverage.py`; do not edit. Reproduce it with `python -m benchmarks.coverage`.
What each estimator assumes: [estimators](../estimators.md).

Each world is a small simulated port that lives for half a year as it does today, without a model. A
model is learnt at a cut-off from what was known then, and every line of the 75 days after it is
scored. {len(POLICIES)} policies say what they would open:
{"; ".join(POLICIES)}. The truth is what
examinations of exactly these lines would have found, as deep as examinations of a model's lines are
(scan, partial or full, by the world's own weights). Worlds, models and seeds of this page were not
used to shape an estimator. A world in which fewer than 20 hits were known at the cut-off teaches no
model; another takes its place.

{kinds}

The last kind breaks what every estimator but *random only* rests on. It is in no sum but its own.

## Precision

Hits per line opened, over {best.worlds} worlds in which the assumptions hold.

{_table("estimator", all_told.overall)}

*cannot say*: share of figures for which it says that results are too few. *holds the truth*: share
of the intervals given, with its own 95 % interval (worlds taken as wholes). *too high*: share of
the intervals that lie above the truth. *bias* and *width* (the median) in points of precision.

![How often intervals hold the truth](coverage.svg)

## By kind of world

{_tables(all_told.by_kind)}

## By policy

{_tables(all_told.by_policy)}

## Other figures of the recommended estimator

Recall as a share, revenue in the administration's currency, difference of two policies' precision
({"; ".join(f"{one}, against {other}" for one, other in PAIRS)}).

{_plain_table("figure", all_told.others)}
"""


def _tables(parts: dict[str, dict[str, Row]]) -> str:
    return "\n\n".join(f"### {name}\n\n{_table('estimator', rows)}" for name, rows in parts.items())


_HEAD = "truth | bias | median width | cannot say | holds the truth | too high |"


def _table(first: str, rows: dict[str, Row]) -> str:
    lines = [f"| {first} | {_HEAD}", "| --- | --- | --- | --- | --- | --- | --- |"]
    for name, row in rows.items():
        cells = (f"{row.truth:.1%}", _points(row.bias), _points(row.width, plus=False))
        lines.append(f"| {_named(name)} | {' | '.join(cells)} | {_ends(row)}")
    return "\n".join(lines)


def _plain_table(first: str, rows: dict[str, Row]) -> str:
    lines = [f"| {first} | {_HEAD}", "| --- | --- | --- | --- | --- | --- | --- |"]
    for name, row in rows.items():
        cells = (_number(row.truth), _number(row.bias), _number(row.width))
        lines.append(f"| {name} | {' | '.join(cells)} | {_ends(row)}")
    return "\n".join(lines)


def _ends(row: Row) -> str:
    between = ""
    if row.covered_low is not None and row.covered_high is not None:
        between = f" ({row.covered_low:.0%} to {row.covered_high:.0%})"
    return f"{1 - row.said:.0%} | {_share(row.covered)}{between} | {_share(row.too_high)} |"


def _named(name: str) -> str:
    words = name.replace("_", " ")
    return f"**{words}**" if name == RECOMMENDED else words


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _points(value: float | None, *, plus: bool = True) -> str:
    if value is None:
        return "-"
    return f"{100 * value:+.1f}" if plus else f"{100 * value:.1f}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"


def drawn(all_told: Told) -> Figure:
    """Draw how often each estimator's intervals hold the truth, by kind of world.

    Parameters
    ----------
    all_told
        From `told`.
    """
    looks: dict[str, tuple[str, str]] = {
        "naive": (ORANGE, "X"),
        "random_only": (GREY, "s"),
        "inverse_propensity": (GREY, "o"),
        "doubly_robust": (BLUE, "D"),
    }
    groups = {"all but the last": all_told.overall, **all_told.by_kind}
    with canvas(5.4) as axes:
        axes.set_title("Intervals that hold the truth (95 % would be right)", pad=26)
        axes.axvline(0.95, color=GREY, lw=1, ls=":")
        axes.axvline(GOAL, color=GREY, lw=1)
        for at, rows in enumerate(groups.values()):
            for step, (name, row) in enumerate(rows.items()):
                _mark(axes, at + (step - 1.5) * 0.19, row, looks[name], name if not at else "")
        axes.set_yticks(range(len(groups)), list(groups))
        axes.set_ylim(len(groups) - 0.4, -0.6)
        axes.set_xlim(0, 1.01)
        axes.tick_params(axis="y", length=0)
        axes.yaxis.grid(visible=False)
        as_percent(axes, y=False)
        axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=4)
    return figure_of(axes)


def _mark(axes: Axes, at: float, row: Row, look: tuple[str, str], name: str) -> None:
    colour, marker = look
    if row.covered is None:
        return
    if row.covered_low is not None and row.covered_high is not None:
        axes.plot([row.covered_low, row.covered_high], [at, at], color=colour, lw=1.4)
    label = name.replace("_", " ") or None
    axes.plot([row.covered], [at], marker, color=colour, ms=5, label=label, ls="")


def write(rows: pd.DataFrame, output: Path) -> Told:
    """Write the page, its figures and its plot.

    Parameters
    ----------
    rows
        `Judged` as a frame.
    output
        Folder.
    """
    all_told = told(rows)
    facts = asdict(all_told) | {"first_seed": FIRST_SEED, "goal": GOAL}
    text = json.dumps(facts, indent=1, allow_nan=False)
    for name, content in (
        ("coverage.json", text.encode()),
        ("coverage.md", page(all_told).encode()),
        ("coverage.svg", svg(drawn(all_told))),
    ):
        with staged_file(output / name) as file:
            file.write_bytes(content)
    return all_told


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare what is missing, judge every world, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--worlds", type=int, default=10, help="worlds of each kind")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of prepared worlds")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    rows = pd.DataFrame([asdict(one) for one in worlds_of(KINDS, options.worlds, options.work)])
    rows.to_parquet(options.work / "judged.parquet", index=False)
    all_told = write(rows, options.output)
    print(
        f"{all_told.overall[RECOMMENDED].covered:.1%} of intervals hold the truth", file=sys.stderr
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
