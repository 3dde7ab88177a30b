"""Evidence: in which space past lines are most telling, and what histories and search cost.

Run: python -m benchmarks.evidence [--tables FOLDER] [--until DAY] [--seed N].

A world is simulated (`demo`), or a tables folder is taken. A model is made of what was known on a
day; each line examined later is laid beside the precedents of that day, in several spaces. Told of
each: how well the share of hits among the twenty nearest ranks the later results (AUC), how far it
lies from them (Brier), its mean beside the true hit rate, and how many of the five nearest are of
the line's own chapter. Then what the search and the histories of a list of 200 lines take.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from sklearn.metrics import roc_auc_score

from targeting.config import FeatureSettings, TrainSettings
from targeting.explain.contributions import contributions
from targeting.explain.precedents import directions, document_digests, gather, subjects_of
from targeting.explain.similar import COUNTED, GOODS, Asked, most_similar
from targeting.features.build import matrix_of
from targeting.features.engine import Reader, Wanted, day_start
from targeting.pipeline.judge import ship
from targeting.pipeline.prepare import Plan, prepare
from targeting.pipeline.steps import Steps
from targeting.shortlist.history_reading import Asked as AskedHistory
from targeting.shortlist.history_reading import histories
from targeting.simulate import preset, simulate
from targeting.tables.folder import TablesFolder
from targeting.training.block import Block, Known
from targeting.training.consignment import codes
from targeting.training.labels import examined

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.explain.precedents import Precedents
    from targeting.features.spec import FeatureSpec

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

ZONE = "Asia/Baku"
LATER_DAYS = 120
LINES, REASONS = 200, 5


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Examined lines, before the cut-off and after it.

    Parameters
    ----------
    known
        All of them.
    past, later
        Which are precedents, and which are laid beside them.
    spec
        The features.
    pulled
        Contributions, shape (n, features).
    score
        Raw scores.
    """

    known: Known
    past: Bools
    later: Bools
    spec: FeatureSpec
    pulled: Floats
    score: Floats


@dataclass(frozen=True, slots=True)
class Found:
    """How telling the nearest precedents are in one space.

    Parameters
    ----------
    name
        Of the space.
    auc, brier, mean
        Of the share of hits among the nearest.
    chapter
        Share of the five nearest that are of the line's chapter.
    """

    name: str
    auc: float
    brier: float
    mean: float
    chapter: float

    def text(self) -> str:
        """Return one row of the table."""
        return (
            f"{self.name:<44}{self.auc:>7.3f}{self.brier:>8.4f}{self.mean:>8.1%}"
            f"{self.chapter:>9.0%}"
        )


def by_subject(lines: Lines) -> Floats:
    """Add contributions up by subject, shape (n, subjects).

    Parameters
    ----------
    lines
        The examined lines.
    """
    place = {name: at for at, name in enumerate(subjects_of(lines.spec.features))}
    added = np.zeros((len(lines.pulled), len(place)))
    for at, feature in enumerate(lines.spec.features):
        added[:, place[feature.group or feature.name]] += lines.pulled[:, at]
    return added


def standardised(lines: Lines) -> Floats:
    """Bring features to mean 0 and spread 1 among precedents; missing is the mean.

    Parameters
    ----------
    lines
        The examined lines.
    """
    matrix = lines.known.block.matrix.astype(np.float64)
    stated = ~np.isnan(matrix)
    past = matrix[lines.past]
    counts = np.maximum(stated[lines.past].sum(axis=0), 1)
    mean = np.nansum(past, axis=0) / counts
    spread = np.sqrt(np.nansum((past - mean) ** 2, axis=0) / counts)
    scaled = np.where(stated, (matrix - mean) / np.where(spread > 0, spread, 1), 0.0)
    return np.clip(scaled, -4, 4)


def directed(values: Floats) -> Floats:
    """Bring rows to length one.

    Parameters
    ----------
    values
        Shape (n, d).
    """
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.divide(values, length, out=np.zeros_like(values), where=length > 0)


def near(values: Floats, lines: Lines) -> Floats:
    """Return minus the squared distance of later lines to precedents.

    Parameters
    ----------
    values
        Shape (n, d).
    lines
        The examined lines.
    """
    later, past = values[lines.later], values[lines.past]
    squares = (later**2).sum(axis=1)[:, None] + (past**2).sum(axis=1)
    return 2 * later @ past.T - squares


def judged(name: str, nearness: Floats, lines: Lines) -> Found:
    """Tell how telling the nearest precedents are, one of a consignment.

    Parameters
    ----------
    name
        Of the space.
    nearness
        Shape (later, past).
    lines
        The examined lines.
    """
    hit, rows = lines.known.hit, lines.known.block.rows
    group, chapter = codes(rows), rows["hs_code"].str.slice(0, 2).to_numpy()
    past, later = np.flatnonzero(lines.past), np.flatnonzero(lines.later)
    order = np.argsort(-nearness, axis=1, kind="stable")
    share, same = np.empty(len(later)), np.empty(len(later))
    for at, line in enumerate(later):
        ranked = past[order[at, : 8 * COUNTED]]
        _, first = np.unique(group[ranked], return_index=True)
        nearest = ranked[np.sort(first)][:COUNTED]
        share[at] = hit[nearest].mean()
        same[at] = (chapter[nearest[:5]] == chapter[line]).mean()
    truth = hit[later]
    return Found(
        name,
        float(roc_auc_score(truth, share)),
        float(((share - truth) ** 2).mean()),
        float(share.mean()),
        float(same.mean()),
    )


def spaces(lines: Lines) -> list[Found]:
    """Judge every space.

    Parameters
    ----------
    lines
        The examined lines.
    """
    subjects = by_subject(lines)
    unit = directed(subjects)
    rows = lines.known.block.rows
    chapter = rows["hs_code"].str.slice(0, 2).to_numpy()
    goods = chapter[lines.later][:, None] == chapter[lines.past]
    agreement = unit[lines.later] @ unit[lines.past].T
    each = {
        "direction by subject, and chapter (ours)": agreement + GOODS * goods,
        "direction by subject": agreement,
        "direction by feature": near(directed(lines.pulled), lines),
        "contributions by subject, with their length": near(subjects, lines),
        "contributions by feature, with their length": near(lines.pulled, lines),
        "standardised features": near(standardised(lines), lines),
        "the score alone": near(lines.score[:, None], lines),
    }
    return [judged(name, nearness, lines) for name, nearness in each.items()]


def made(tables: TablesFolder, until: date) -> Lines:
    """Make a model of what was known on a day, and explain every examined line by it.

    Parameters
    ----------
    tables
        The tables.
    until
        The cut-off.
    """
    steps = Steps(tell=lambda name: print(f"  {name}", flush=True))
    settings = TrainSettings()
    prepared = prepare(tables, Plan(FeatureSettings(time_zone=ZONE), settings, until), steps=steps)
    model = ship(prepared, settings, None)
    labels = examined(tables)
    ids = pa.array(labels["declaration_id"].to_numpy(dtype=object), pa.string())
    end = Reader(tables, ZONE, ()).span()[1] + timedelta(days=1)
    rows, matrix = matrix_of(tables, prepared.spec, Wanted(ids=ids), until=end)
    known = Known(Block(rows, matrix, prepared.spec), labels)
    moment = day_start(until, ZONE)
    lodged = (labels["lodged_at"] < moment).to_numpy()
    past = lodged & (labels["settled_at"] < moment).to_numpy()
    lines = Lines(
        known, past, ~lodged, prepared.spec, contributions(model, matrix).values,
        model.score(matrix),
    )  # fmt: skip
    held = gather(known.take(past), model, time_zone=ZONE, limit=20_000)
    if held is not None:
        _timed_search(held, lines)
    return lines


def _timed_search(held: Precedents, lines: Lines) -> None:
    later = lines.known.block.take(lines.later)
    asked = Asked(
        later.rows,
        later.rows["lodged_local"].dt.tz_localize(None).to_numpy().astype("datetime64[D]"),
        directions(lines.spec.features, lines.pulled[lines.later]),
        document_digests(later.rows),
    )
    start = time.process_time()
    most_similar(held, asked)
    spent = time.process_time() - start
    print(f"search: {len(later) / spent:,.0f} lines a second of one processor among {len(held):,}")


def timed_histories(tables: TablesFolder) -> str:
    """Time the histories of a list: 200 of the last lines, five reasons each, of any key.

    Parameters
    ----------
    tables
        The tables.
    """
    settings = FeatureSettings(time_zone=ZONE)
    reader = Reader(tables, ZONE, ())
    last = reader.span()[1]
    wanted = Wanted(start=last - timedelta(days=6), stop=last + timedelta(days=1))
    ids = reader.history(wanted, since=last - timedelta(days=6)).ids.to_pylist()
    draw = np.random.default_rng(1)
    keys = [name for name, columns in settings.profile_columns.items() if columns]
    asked = [
        AskedHistory(ids[line], keys[key], f"{keys[key]}_price_z")
        for line in draw.choice(len(ids), min(LINES, len(ids)), replace=False)
        for key in draw.choice(len(keys), REASONS, replace=False)
    ]
    start = time.process_time()
    found = histories(tables, asked, settings, until=last + timedelta(days=1))
    spent = time.process_time() - start
    lines = sum(reader.events_before(last + timedelta(days=1))[:1])
    return (
        f"histories: {len(found):,} of {len(asked):,} reasons over {lines:,} declarations in "
        f"{spent:.1f} s of processor time"
    )


def main() -> None:
    """Measure, and print what was found."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--tables", type=Path, help="tables folder; else `demo` is simulated")
    arguments.add_argument("--until", type=date.fromisoformat, help="cut-off; else 120 days before")
    arguments.add_argument("--seed", type=int, default=20_250_101, help="of the simulated world")
    given = arguments.parse_args()
    with TemporaryDirectory() as folder:
        path = given.tables or Path(folder) / "tables"
        if given.tables is None:
            simulate(preset("demo").model_copy(update={"seed": given.seed}), path)
        tables = TablesFolder.open(path)
        last = Reader(tables, ZONE, ()).span()[1]
        lines = made(tables, given.until or last - timedelta(days=LATER_DAYS))
        later = lines.known.hit[lines.later]
        print(
            f"{lines.past.sum():,} precedents, {lines.known.hit[lines.past].sum():,} of them hits"
        )
        print(f"{len(later):,} lines examined later, {later.mean():.1%} of them hits\n")
        print(f"{'space':<44}{'AUC':>7}{'Brier':>8}{'share':>8}{'chapter':>9}")
        for one in spaces(lines):
            print(one.text())
        print(f"\n{timed_histories(tables)}")


if __name__ == "__main__":
    main()
