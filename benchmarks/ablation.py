"""What each part of the default model is worth, and what was tried and left out.

Run: python -m benchmarks.ablation [--preset demo] [--only NAME ...] [--again NAME ...].

On three fixed simulated worlds every idea of `benchmarks.ablation_ideas` learns from what was known
90 days before the end, and puts all lines lodged since in order. Counted are the lines among the
first 1, 2 and 5 % in which a full examination would have found something. Results are kept in
`ablation-PRESET.jsonl` of the work folder, one line per world and idea, so that a broken run
resumes; `--again` measures an idea anew, `--page` only writes the page.

Writes ablation.md and ablation.json (ablation_corridor.* for that preset) to the output folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.ablation_ideas import DEFAULT_NAME, IDEAS, PREVIOUS_NAME, RAW_NAME
from benchmarks.ablation_worlds import AHEAD_DAYS, ROOT, SEEDS, WORK, World, prepare

from targeting.evaluation.intervals import DayResamples
from targeting.evaluation.metrics import average_precision, lines_at_share
from targeting.tables.output import staged_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    from benchmarks.ablation_ideas import Group, Idea

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

OUTPUT = ROOT / "docs" / "benchmarks"
SHARES = (0.01, 0.02, 0.05)
JUDGED_BY = 0.02
"""The share of lines by whose hits an idea is kept or rejected."""

VERDICTS: dict[tuple[Group, int], str] = {
    ("taken out", -1): "kept: hits are lost without it",
    ("taken out", 0): "kept; by itself its hits cannot be told from chance",
    ("taken out", 1): "to be taken out: it costs hits",
    ("tried", -1): "rejected: hits are lost",
    ("tried", 0): "rejected: no gain that can be told from chance",
    ("tried", 1): "to be taken in: it gains hits",
}
"""What follows where hits are surely fewer than the default's, neither, or surely more."""

GOALS = {RAW_NAME: 1.5, PREVIOUS_NAME: 1.15}
SEED = 5


@dataclass(frozen=True, slots=True)
class Result:
    """What an idea found in a world.

    Parameters
    ----------
    preset, seed, idea
        Which world and idea.
    settings
        Digest of the settings behind it.
    learnt, hits_learnt
        Examined lines it learnt from, and hits among them.
    lines, attainable
        Lines of the last 90 days, and how many a full examination would find.
    hits
        Per share of `SHARES`, hits of each day among the highest-scored lines.
    average_precision
        Over all lines of the last 90 days.
    seconds
        Of training.
    """

    preset: str
    seed: int
    idea: str
    settings: str
    learnt: int
    hits_learnt: int
    lines: int
    attainable: int
    hits: tuple[tuple[int, ...], ...]
    average_precision: float
    seconds: float


# Measuring ----------------------------------------------------------------------------------------


def digest(idea: Idea) -> str:
    """Return a digest of what of an idea's settings decides the order of lines.

    Parameters
    ----------
    idea
        Any.
    """
    told = idea.settings.model_dump_json(include={"model", "split", "unexamined", "expert"})
    told += idea.settings.weighting * (idea.settings.weighting != "uniform")
    told += "".join(sorted(idea.without))
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def hits_by_day(score: Floats, found: Bools, day: npt.NDArray[np.intp]) -> list[list[int]]:
    """Count, per share, the hits of each day among the highest-scored lines.

    Parameters
    ----------
    score, found, day
        Shape (n,). Equal scores are drawn by lot.
    """
    lot = np.random.default_rng(SEED).random(len(score))
    order = np.lexsort((lot, -score))
    out = []
    for share in SHARES:
        opened = order[: round(float(lines_at_share(share, len(score))))]
        hit = opened[found[opened]]
        out.append(np.bincount(day[hit], minlength=AHEAD_DAYS).tolist())
    return out


def measure(world: World, idea: Idea) -> Result:
    """Learn an idea in a world and count what it finds.

    Parameters
    ----------
    world, idea
        Which.
    """
    known = idea.known(world)
    start = time.perf_counter()
    score = idea.learn(world, known)
    seconds = time.perf_counter() - start
    value = score(idea.narrowed(world.lines.take(world.is_ahead)))
    found = world.found[world.is_ahead]
    return Result(
        preset=world.preset,
        seed=world.seed,
        idea=idea.name,
        settings=digest(idea),
        learnt=len(known),
        hits_learnt=int(known.hit.sum()),
        lines=len(found),
        attainable=int(found.sum()),
        hits=tuple(tuple(days) for days in hits_by_day(value, found, world.day)),
        average_precision=average_precision(value, found.astype(np.int8)) or 0.0,
        seconds=round(seconds, 1),
    )


def read(path: Path) -> list[Result]:
    """Read the results of earlier runs that hold for today's settings.

    Parameters
    ----------
    path
        One result per line; a later one replaces an earlier one of the same world and idea.
    """
    if not path.exists():
        return []
    today = {idea.name: digest(idea) for idea in IDEAS}
    found: dict[tuple[int, str], Result] = {}
    for line in path.read_text("utf-8").splitlines():
        told = json.loads(line)
        told["hits"] = tuple(tuple(days) for days in told["hits"])
        result = Result(**told)
        if today.get(result.idea) == result.settings:
            found[result.seed, result.idea] = result
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Run:
    """Where a run keeps its worlds and results, and which of its results it does not trust.

    Parameters
    ----------
    preset
        Of the worlds.
    work, output
        Folders.
    seeds
        Worlds to measure in.
    again
        Names of ideas measured anew.
    """

    preset: str
    work: Path
    output: Path
    seeds: tuple[int, ...] = SEEDS
    again: frozenset[str] = frozenset()

    @property
    def kept(self) -> Path:
        """The file of results."""
        return self.work / f"ablation-{self.preset}.jsonl"

    def measure(self, ideas: Iterable[Idea]) -> None:
        """Measure what is missing, a world at a time, and write the page as it goes.

        Parameters
        ----------
        ideas
            Which.
        """
        listed = list(ideas)
        for seed in self.seeds:
            world = prepare(self.preset, seed, self.work)
            for idea in listed:
                # Read each time: another run may be measuring beside this one.
                done = {one.idea for one in read(self.kept) if one.seed == seed}
                if idea.name in self.again or idea.name not in done:
                    self._keep(measure(world, idea))
                    self.write()

    def _keep(self, result: Result) -> None:
        with self.kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")
        print(
            f"{time.strftime('%H:%M:%S')} {result.seed} {result.idea}: "
            f"{sum(result.hits[SHARES.index(JUDGED_BY)])} hits at {JUDGED_BY:.0%}, "
            f"AP {result.average_precision:.4f}, {result.seconds} s",
            file=sys.stderr,
            flush=True,
        )

    def write(self) -> None:
        """Write the page and its figures, where the default was measured."""
        results = read(self.kept)
        if not any(one.idea == DEFAULT_NAME for one in results):
            return
        name = "ablation" if self.preset == "demo" else f"ablation_{self.preset}"
        table = summed(results)
        facts = {"preset": self.preset, "seeds": SEEDS, "ideas": [asdict(row) for row in table]}
        for end, text in (
            ("json", json.dumps(facts, indent=1) + "\n"),
            ("md", page(table, results)),
        ):
            with staged_file(self.output / f"{name}.{end}") as file:
                file.write_text(text, "utf-8")


# Comparing ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ratio:
    """Hits of one idea over those of another on the same days.

    Parameters
    ----------
    value, low, high
        With a 95 % interval, where there is one.
    """

    value: float
    low: float | None
    high: float | None

    @property
    def surely(self) -> int:
        """1 when it is more for sure, -1 when it is less for sure, 0 when it cannot be said."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 1) - int(self.high < 1)


@dataclass(frozen=True, slots=True)
class Row:
    """An idea over the worlds it was measured in.

    Parameters
    ----------
    idea, group
        Which.
    worlds
        How many; the ratios are over the same worlds.
    hits
        Per share.
    to_default, to_previous, to_raw
        Per share; None for itself, or where the other was not measured.
    average_precision, default_precision
        Mean over the worlds, and the default's over the same worlds.
    seconds
        Of training, mean over the worlds.
    """

    idea: str
    group: Group
    worlds: int
    hits: tuple[int, ...]
    to_default: tuple[Ratio, ...] | None
    to_previous: tuple[Ratio, ...] | None
    to_raw: tuple[Ratio, ...] | None
    average_precision: float
    default_precision: float
    seconds: float


def ratios(ours: Sequence[Result], theirs: Sequence[Result]) -> tuple[Ratio, ...] | None:
    """Compare two ideas on the days of the worlds both were measured in, per share.

    Parameters
    ----------
    ours, theirs
        Results; worlds only one of them has are left out.
    """
    pairs = [(one, other) for one in ours for other in theirs if one.seed == other.seed]
    if not pairs or ours[0].idea == theirs[0].idea:
        return None
    days = AHEAD_DAYS * len(pairs)
    draws = DayResamples.draw(days=days, lines=sum(one.lines for one, _ in pairs), seed=SEED)
    every = np.arange(days)
    out = []
    for at in range(len(SHARES)):
        mine, other = (
            np.concatenate([pair[side].hits[at] for pair in pairs]).astype(np.float64)
            for side in (0, 1)
        )
        if not other.sum():
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = draws.totals(mine, every) / draws.totals(other, every)
        between = draws.interval(drawn)
        out.append(Ratio(float(mine.sum() / other.sum()), between.low, between.high))
    return tuple(out)


def summed(results: Sequence[Result]) -> list[Row]:
    """Sum every idea up over the worlds it was measured in, in the order of the list.

    Parameters
    ----------
    results
        Of one preset, the default's among them.
    """
    of = {idea.name: [one for one in results if one.idea == idea.name] for idea in IDEAS}
    rows = []
    for idea in IDEAS:
        mine = of[idea.name]
        if not mine:
            continue
        seeds = {one.seed for one in mine}
        base = [one for one in of[DEFAULT_NAME] if one.seed in seeds]
        rows.append(
            Row(
                idea=idea.name,
                group=idea.group,
                worlds=len(mine),
                hits=tuple(sum(sum(one.hits[at]) for one in mine) for at in range(len(SHARES))),
                to_default=ratios(mine, base),
                to_previous=ratios(mine, of[PREVIOUS_NAME]),
                to_raw=ratios(mine, of[RAW_NAME]),
                average_precision=float(np.mean([one.average_precision for one in mine])),
                default_precision=float(np.mean([one.average_precision for one in base] or [0])),
                seconds=float(np.mean([one.seconds for one in mine])),
            )
        )
    return rows


# The page -----------------------------------------------------------------------------------------


def verdict(row: Row) -> str:
    """Say in a few words what follows for an idea.

    Parameters
    ----------
    row
        Of an idea that is not the default.
    """
    if row.to_default is None:
        return ""
    surely = row.to_default[SHARES.index(JUDGED_BY)].surely
    return VERDICTS.get((row.group, surely), "")


def page(table: Sequence[Row], results: Sequence[Result]) -> str:
    """Write the page.

    Parameters
    ----------
    table
        From `summed`.
    results
        Behind it.
    """
    default = next(row for row in table if row.idea == DEFAULT_NAME)
    base = [one for one in results if one.idea == DEFAULT_NAME]
    lines, attainable = (
        sum(getattr(one, name) for one in base) for name in ("lines", "attainable")
    )
    preset = base[0].preset
    option = "" if preset == "demo" else f" --preset {preset}"
    seeds = ", ".join(str(seed) for seed in SEEDS)
    learnt, hits = sum(one.learnt for one in base), sum(one.hits_learnt for one in base)
    return f"""# What each part of the model is worth

**{_headline(default, lines)}**

Written by `benchmarks/ablation.py`; do not edit. Reproduce it with
`python -m benchmarks.ablation{option}`.

{default.worlds} simulated worlds (preset `{preset}`, seeds {seeds}) are lived as they are, without
a model. {AHEAD_DAYS} days before their end every idea learns from what was known then, {learnt:,}
examined lines in all, {hits:,} of them hits, and the unexamined lines its settings ask for. It then
puts all {lines:,} lines of the {AHEAD_DAYS} days in order, by features of each line's own day.
Counted are the lines among the first 1, 2 and 5 % in which a full examination would have found
something, which only a simulated world can say: {attainable:,} such lines there are. Each idea is
the default with one thing changed. Ratios are hits over the default's hits at {JUDGED_BY:.0%} on
the same days, with 95 % intervals (days of all worlds resampled, paired). *AP*: average precision
over all lines, mean of the worlds. *seconds*: training in one thread, other programs beside it.

## What it is held against

{_held(table)}

{_table([row for row in table if row.group == "held against"])}

## Parts of the default, each taken out

{_table([row for row in table if row.group == "taken out"], told=True)}

## Ideas tried on top of the default, and rejected unless said otherwise

{_table([row for row in table if row.group == "tried"], told=True)}

## In words

{_words(table)}

## What limits power now

{_limits(table)}

{_table([row for row in table if row.group == "limit"])}

Full examination of every past line is nothing a port can have. It tells how far the features
themselves reach; what is missing beyond it no order of these lines by these features is known to
find.
"""


def _headline(default: Row, lines: int) -> str:
    at = SHARES.index(JUDGED_BY)
    opened = round(JUDGED_BY * lines)
    said = (
        f"In the first {JUDGED_BY:.0%} of lines the default model finds {default.hits[at]:,} hits"
    )
    parts = [
        f"{_ratio(one[at])} times {what} (goal {GOALS[name]:g}: {_reached(one[at], GOALS[name])})"
        for one, name, what in (
            (default.to_raw, RAW_NAME, "raw LightGBM on label-encoded columns"),
            (default.to_previous, PREVIOUS_NAME, "the default of the previous release"),
        )
        if one is not None
    ]
    return f"{said} in {opened:,} lines: {'; '.join(parts)}." if parts else f"{said}."


def _reached(ratio: Ratio, goal: float) -> str:
    return "reached" if ratio.value >= goal else "NOT reached"


def _held(table: Sequence[Row]) -> str:
    default = next(row for row in table if row.idea == DEFAULT_NAME)
    head = (
        "| the default's hits over those of | " + " | ".join(f"at {s:.0%}" for s in SHARES) + " |"
    )
    lines = [head, "| --- |" + " --- |" * len(SHARES)]
    for name, found in ((RAW_NAME, default.to_raw), (PREVIOUS_NAME, default.to_previous)):
        if found is not None:
            lines.append(f"| {name} | " + " | ".join(_ratio(one) for one in found) + " |")
    return "\n".join(lines)


def _table(rows: Sequence[Row], *, told: bool = False) -> str:
    shares = " | ".join(f"hits at {share:.0%}" for share in SHARES)
    cells = [
        "idea",
        "worlds",
        shares,
        "ratio",
        "AP",
        "seconds",
        *(["what follows"] if told else []),
    ]
    lines = [f"| {' | '.join(cells)} |"]
    lines.append("| --- " * (lines[0].count("|") - 1) + "|")
    for row in rows:
        hits = " | ".join(f"{one:,}" for one in row.hits)
        at = SHARES.index(JUDGED_BY)
        ratio = "1" if row.to_default is None else _ratio(row.to_default[at])
        values = [
            row.idea, str(row.worlds), hits, ratio, f"{row.average_precision:.4f}",
            f"{row.seconds:,.0f}", *([verdict(row)] if told else []),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(values)} |")
    return "\n".join(lines)


def _words(table: Sequence[Row]) -> str:
    default = next(row for row in table if row.idea == DEFAULT_NAME)
    said: dict[str, list[str]] = {}
    for row in table:
        if row.group in ("taken out", "tried") and row.to_default is not None:
            ratio = row.to_default[SHARES.index(JUDGED_BY)]
            said.setdefault(verdict(row), []).append(f"{row.idea} ({_ratio(ratio)})")
    lines = [f"- {what[:1].upper()}{what[1:]}: {'; '.join(names)}." for what, names in said.items()]
    if default.worlds < len(SEEDS):
        lines.append(f"- Only {default.worlds} of {len(SEEDS)} worlds are measured so far.")
    return "\n".join(lines)


def _limits(table: Sequence[Row]) -> str:
    parts = [
        f"- **{row.idea}**: {_ratio(row.to_default[SHARES.index(JUDGED_BY)])} times the default's "
        f"hits, AP {row.average_precision:.4f} against {row.default_precision:.4f}."
        for row in table
        if row.group == "limit" and row.to_default is not None
    ]
    return "\n".join(parts) or "Not measured yet."


def _ratio(one: Ratio) -> str:
    if one.low is None or one.high is None:
        return f"{one.value:.3f}"
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    names = [idea.name for idea in IDEAS]
    parser.add_argument("--preset", default="demo", choices=("demo", "corridor"))
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--again", nargs="+", choices=names, default=[], metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, choices=SEEDS, default=list(SEEDS))
    parser.add_argument("--page", action="store_true", help="only write the page")
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    seeds, again = tuple(options.seeds), frozenset(options.again)
    run = Run(options.preset, options.work, options.output, seeds, again)
    options.work.mkdir(parents=True, exist_ok=True)
    if not options.page:
        run.measure([idea for idea in IDEAS if idea.name in options.only])
    run.write()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
