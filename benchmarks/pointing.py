"""What a line points to, held against what was hidden: simulated worlds, whose truth is known.

Run: python -m benchmarks.pointing [--seeds 41 42 43] [--preset demo] [--share 0.04].

In each world a default model is trained on all but the last 90 days; of the lines of those days,
the highest-scored share is explained. Where an examination would find something, the schemes the
reasons point to are held against the offence that was planted. Writes docs/benchmarks/pointing.md
and pointing.json. A world made before is taken as it is. Some three minutes a world on two cores.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq

from targeting.config import AdviceSettings, FeatureSettings, TrainSettings
from targeting.evaluation.pointing import FoundLine, judge_pointing, told
from targeting.explain.carriage import Carriage, Usual
from targeting.features.engine import Reader
from targeting.pipeline import Plan, train
from targeting.scoring.scorer import Scorer
from targeting.shortlist.pointers import listed_reasons
from targeting.simulate import preset, simulate
from targeting.tables.folder import TablesFolder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from targeting.evaluation.pointing import Count

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "docs" / "benchmarks"
WORK = ROOT / "data" / "pointing"
SEEDS = (41, 42, 43)
AHEAD_DAYS = 90
SHARE = 0.04
ZONE = "Asia/Baku"
_FACTS = ["transport_mode", "container_id", "container_type", "flow", "hs_code"]
_VIEWS = ("papers_probability", "conveyance_probability")


@dataclass(frozen=True)
class World:
    """A simulated world with a model of all but its last 90 days.

    Parameters
    ----------
    folder
        Holds `tables`, `truth.parquet` and `bundle`.
    """

    folder: Path

    @property
    def tables(self) -> TablesFolder:
        """Declarations and inspections."""
        return TablesFolder.open(self.folder / "tables")

    @property
    def last_days(self) -> tuple[date, date]:
        """First of the last 90 days, and the day after the last."""
        last = Reader(self.tables, ZONE, ()).span()[1]
        return last - timedelta(days=AHEAD_DAYS - 1), last + timedelta(days=1)


def prepare(name: str, seed: int, work: Path) -> World:
    """Make a world and its model, unless they are there.

    Parameters
    ----------
    name
        Of the preset.
    seed
        Of the world.
    work
        Folder of worlds.
    """
    world = World(work / f"{name}-{seed}")
    if not (world.folder / "bundle").is_dir():
        settings = preset(name).model_copy(update={"seed": seed})
        simulate(settings, world.folder / "tables")
        cut_off = world.last_days[0]
        plan = Plan(FeatureSettings(time_zone=ZONE), TrainSettings(), cut_off)
        train(world.tables, world.folder / "bundle", plan=plan)
    return world


def found_lines(world: World, share: float) -> list[FoundLine]:
    """Take the highest-scored lines on which an examination would find something.

    Parameters
    ----------
    world
        The world.
    share
        Of the lines of the last days.
    """
    start, stop = world.last_days
    scored = Scorer.load(world.folder / "bundle").score(world.tables, start=start, stop=stop)
    rows = scored.rows
    usual = Usual(*(float(rows[name].mean()) if name in rows else None for name in _VIEWS))
    order = rows.sort_values(["score", "declaration_id"], ascending=[False, True])
    top = order.head(round(share * len(rows))).dropna(subset="reasons")
    declared = pq.read_table(
        world.tables.path / "declarations.parquet", columns=["declaration_id", *_FACTS]
    ).to_pandas()
    truth = pd.read_parquet(world.folder / "truth.parquet")
    joined = top.merge(declared, on="declaration_id").merge(truth, on="declaration_id")
    hidden = joined[joined["would_be_found"]]
    return [
        FoundLine(
            kind=str(row["scheme"]),
            offence=str(row["would_be_offence"]),
            reasons=listed_reasons(row["reasons"]),
            line=Carriage.of({str(name): cell for name, cell in row.items()}, usual),
        )
        for row in hidden.to_dict("records")
    ]


def table(counts: Sequence[Count]) -> str:
    """Write the counts as a table.

    Parameters
    ----------
    counts
        From `judge_pointing`.
    """
    head = (
        "| planted | lines | a scheme named | right, of those | by chance | right side | by chance "
        "| named first most often |\n|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *map(_row, counts)])


def _row(one: Count) -> str:
    interval = one.precision
    right = _percent(one.right, one.named)
    if interval.low is not None and interval.high is not None:
        right += f" ({interval.low:.0%} to {interval.high:.0%})"
    most = f"`{one.most_named[0]}` ({one.most_named[1]})" if one.most_named else ""
    name = f"`{one.kind}`" if one.kind != "all" else "all"
    return (
        f"| {name} | {one.lines} | {one.named} | {right} | {_percent(one.by_chance, one.named)} | "
        f"{_percent(one.side_right, one.sided)} | {_percent(one.side_by_chance, one.sided)} "
        f"| {most} |"
    )


def _percent(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else ""


def report(counts: Sequence[Count], arguments: argparse.Namespace, advice: str) -> str:
    """Write the page.

    Parameters
    ----------
    counts
        From `judge_pointing`.
    arguments
        Of the command line.
    advice
        Stamp of the advice.
    """
    seeds = ", ".join(map(str, arguments.seeds))
    return f"""# What a line points to

Written by `python -m benchmarks.pointing`.
Advice {advice}, world `{arguments.preset}`, seeds {seeds}.

Of the highest {arguments.share:.0%} of the lines of each world's last {AHEAD_DAYS} days, those on
which an examination would find something. *Right*: the planted offence is among those of a scheme
the advice names. *By chance*: the same names, the offences dealt out anew over all these lines.
*Side*: papers or conveyance, of the scheme that stands highest. Intervals (95 %) are Wilson's.

{table(counts)}
"""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--preset", default="demo")
    parser.add_argument("--share", type=float, default=SHARE)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    lines = []
    for seed in arguments.seeds:
        print(f"{arguments.preset}, seed {seed}", flush=True)
        lines += found_lines(prepare(arguments.preset, seed, arguments.work), arguments.share)
    advice = AdviceSettings()
    counts = judge_pointing(told(lines, advice), TrainSettings().conveyance_offences)
    page = report(counts, arguments, advice.stamp)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "pointing.md").write_text(page, encoding="utf-8")
    (arguments.output / "pointing.json").write_text(
        json.dumps([asdict(one) for one in counts], indent=1) + "\n", encoding="utf-8"
    )
    print(page)


if __name__ == "__main__":
    main()
