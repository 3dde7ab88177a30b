"""Quality on real input: the Korea Customs Service's synthetic import declarations.

Trains on 2020 and scores the first quarter of 2021 through the same ingest, training and scorer
that every administration uses; no feature was made for this data. Writes `kcs.md` and `kcs.json`.

    python benchmarks/kcs.py [--data ../shared/data/kcs] [--output docs/benchmarks]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import jinja2
import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import targeting as tg
from targeting.bundle.bundle import LIBRARIES
from targeting.errors import InputError, TargetingError
from targeting.evaluation.intervals import wilson
from targeting.evaluation.judge import evaluate
from targeting.features.engine import day_start
from targeting.ingest import ingest
from targeting.ingest.arrow import pc
from targeting.tables.folder import MemoryTables, TablesFolder, write_tables
from targeting.tables.output import staged_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from targeting.evaluation.findings import Evaluation
    from targeting.evaluation.measures import Measure
    from targeting.tables.folder import Tables

    Bools = npt.NDArray[np.bool_]

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "shared" / "data" / "kcs"
OUTPUT = HERE.parent / "docs" / "benchmarks"
SOURCE = HERE.parent / "configs" / "sources" / "kcs.yaml"

ZONE = "Asia/Seoul"
CUT_OFF, END = date(2021, 1, 1), date(2021, 4, 1)
LINES = (37_385, 8_134)
"""Lines of 2020 and of the first quarter of 2021 in the files the figures speak of."""

CAPACITY = 5  # the report at capacity is not shown: every line here counts as examined
SEED = 20_250_101

PAIR = ("net_mass_kg", "customs_value")
GOODS_PRICE = ("hs6", "customs_value")

Method = Literal[
    "ours", "ours_frozen", "distinct", "distinct_frozen", "look_up",
    "lightgbm", "forest", "adaboost", "tree", "logistic",
    "lightgbm_distinct", "forest_distinct", "adaboost_distinct", "tree_distinct",
    "logistic_distinct",
]  # fmt: skip
Part = Literal["official", "new_pair", "new_goods_price"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its 95 % interval.

    Parameters
    ----------
    value, low, high
        The figure and its bounds; None when there is none.
    interval
        `days` when whole days were resampled, `wilson` when too few lines stand on one side of
        the share for that, empty when there is no interval.
    """

    value: float | None
    low: float | None
    high: float | None
    interval: Literal["days", "wilson", ""]


@dataclass(frozen=True, slots=True)
class MethodFigures:
    """What one method shows on one part of the validation lines.

    Parameters
    ----------
    precision
        At 1, 2, 5 and 10 % of the lines, by share in percent.
    auc, average_precision
        Over all lines of the part.
    """

    precision: dict[str, Figure]
    auc: Figure
    average_precision: Figure


@dataclass(frozen=True, slots=True)
class PartFigures:
    """One part of the validation lines.

    Parameters
    ----------
    lines, hits
        Counts.
    hit_rate
        With Wilson's interval.
    methods
        Figures by method.
    """

    lines: int
    hits: int
    hit_rate: Figure
    methods: dict[Method, MethodFigures]


@dataclass(frozen=True, slots=True)
class Artefact:
    """How (net mass, price) pairs repeat among the lines of 2020.

    Parameters
    ----------
    repeated
        Share of the lines whose pair stands on another line as well.
    groups, one_label
        Pairs on five lines or more, and the share of them in which all labels are the same.
    """

    repeated: float
    groups: int
    one_label: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Everything that was measured.

    Parameters
    ----------
    parts
        Figures by part of the validation lines.
    trained_on
        Lines of 2020 in the tables, and after keeping one line of each pair.
    artefact
        How pairs repeat.
    training_rows
        Lines whose result was ripe at the cut-off, in the same order.
    delay_days
        Days after lodging at which a result is assumed to become known.
    seconds
        Wall-clock time of each step; the only thing that differs from run to run.
    """

    parts: dict[Part, PartFigures]
    trained_on: tuple[int, int]
    artefact: Artefact
    training_rows: tuple[int, int]
    delay_days: int
    seconds: dict[str, float]


def run(data: Path, work: Path, *, steps: tg.Steps) -> Benchmark:
    """Ingest, train, score and measure.

    Parameters
    ----------
    data
        Folder with the CSV files of the training and the validation part.
    work
        An empty folder for tables and bundles.
    steps
        Told of each step.

    Raises
    ------
    InputError
        If the data is absent, or is not the two parts the figures speak of.
    """
    require_data(data)
    with steps.step("ingest"):
        report = ingest(SOURCE, [data], work / "tables")
    tables = TablesFolder.open(work / "tables")
    lines = read_lines(tables)
    history = (lines["lodged_at"] < day_start(CUT_OFF, ZONE)).to_numpy()
    _require_parts(history)
    distinct = one_line_per_pair(tables, lines, history=history, output=work / "distinct")
    scores = _score_all(tables, distinct, work, steps=steps)
    with steps.step("measure"):
        scores["look_up"] = look_up(lines[history], lines[~history])
    with steps.step("fit what others published"):
        scores |= published(tables, distinct, lines, history=history)
    with steps.step("put side by side"):
        parts = _measure_parts(scores, lines, history=history)
    return Benchmark(
        parts=parts,
        trained_on=(int(history.sum()), _lodged_before_cut_off(distinct)),
        artefact=artefact(lines[history]),
        training_rows=(_training_rows(work / "bundle"), _training_rows(work / "bundle-distinct")),
        delay_days=int(report.assumed_delay_days or 0),
        seconds={step.name: round(step.seconds, 1) for step in steps.done},
    )


def require_data(data: Path) -> None:
    """Say what to do when the data is not there.

    Raises
    ------
    InputError
        If the folder is missing or holds no CSV file.
    """
    if data.is_dir() and any(data.glob("*.csv")):
        return
    raise InputError(
        "the KCS declarations are not there",
        where=str(data),
        found="a folder without CSV files" if data.is_dir() else "no such folder",
        do="Put data/df_syn_train_eng.csv and data/df_syn_valid_eng.csv of "
        "github.com/Seondong/Customs-Declaration-Datasets (MIT licence) into a folder and name "
        "it: python benchmarks/kcs.py --data FOLDER. Everything else runs without them.",
    )


def _require_parts(history: Bools) -> None:
    found = int(history.sum()), int((~history).sum())
    if found != LINES:
        raise InputError(
            "these are not the two parts the published figures speak of",
            where="the KCS declarations",
            found=f"{found[0]:,} lines before {CUT_OFF} and {found[1]:,} after",
            do=f"Take the training part ({LINES[0]:,} lines) and the validation part "
            f"({LINES[1]:,} lines), and no other file.",
        )


def read_lines(tables: TablesFolder) -> pd.DataFrame:
    """Read declarations with what was found, ordered by lodging.

    Parameters
    ----------
    tables
        As ingested; every line has a result.
    """
    known = tg.examined(tables)[["declaration_id", "hit"]]
    wanted = ["declaration_id", "lodged_at", "office_id", "hs_code", *PAIR]
    lines = pq.read_table(tables.path / "declarations.parquet", columns=wanted).to_pandas()
    lines = lines.assign(hs6=lines["hs_code"].str[:6]).merge(known, on="declaration_id")
    return lines.sort_values(["lodged_at", "declaration_id"], ignore_index=True)


def look_up(history: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """Score a line by the mean label of earlier lines with the same net mass and price.

    No model and no feature: what repeated pairs alone give away. It sees every label of
    `history`, also those that a port would not know yet.

    Parameters
    ----------
    history
        Columns `net_mass_kg, customs_value, hit`.
    later
        Columns `declaration_id, lodged_at, office_id, net_mass_kg, customs_value`.

    Returns
    -------
    pandas.DataFrame
        A scores frame in the order of `later`; a pair not seen before scores the base rate.
    """
    seen = history.groupby(list(PAIR), as_index=False).agg(score=("hit", "mean"))
    known = later.reset_index(drop=True).merge(seen, on=list(PAIR), how="left")
    score = known["score"].astype(float).fillna(float(history["hit"].mean()))
    named = known[["declaration_id", "lodged_at", "office_id"]]
    return named.assign(score=score, probability=score)


def published(
    tables: TablesFolder, distinct: TablesFolder, lines: pd.DataFrame, *, history: Bools
) -> dict[Method, pd.DataFrame]:
    """Fit the paper's models as the paper did: label-encoded columns, default settings.

    Parameters
    ----------
    tables, distinct
        All lines, and those with one line of each pair of 2020.
    lines
        As `read_lines` gives them.
    history
        Shape (n,). Lines of 2020.

    Returns
    -------
    dict
        Scores of the lines of 2021 by method; the names that end in `_distinct` learnt from one
        line of each pair.
    """
    named = lines.loc[~history, ["declaration_id", "lodged_at", "office_id"]]
    whole = pq.read_table(tables.path / "declarations.parquet").to_pandas()
    whole = whole.set_index("declaration_id").loc[lines["declaration_id"]]
    once = pq.read_table(distinct.path / "declarations.parquet", columns=["declaration_id"])
    kept = lines["declaration_id"].isin(once["declaration_id"].to_pylist()).to_numpy()
    hit = lines["hit"].to_numpy(dtype=bool)
    found: dict[Method, pd.DataFrame] = {}
    for tail, learnt in (("", history), ("_distinct", history & kept)):
        matrix = _label_encoded(whole, learnt)
        for name, model in _paper_models().items():
            model.fit(matrix[learnt], hit[learnt])
            score = model.predict_proba(matrix[~history])[:, 1]
            method = cast("Method", f"{name}{tail}")
            found[method] = named.assign(score=score, probability=score)
    return found


def _label_encoded(rows: pd.DataFrame, learnt: Bools) -> npt.NDArray[np.float64]:
    """Return columns of numbers: a text by its place among those learnt from, -1 for others."""
    columns = []
    for name in rows.columns.difference(["lodged_at", "arrival_at"]):
        column = rows[name]
        if not pd.api.types.is_numeric_dtype(column):
            column = pd.Series(
                pd.Index(sorted(column[learnt].dropna().unique())).get_indexer(column)
            )
        columns.append(pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=-1.0))
    return np.column_stack(columns)


def _paper_models() -> dict[str, Any]:
    """Make the models of the paper's table that scikit-learn and LightGBM offer."""
    return {
        "lightgbm": lgb.LGBMClassifier(random_state=SEED, n_jobs=1, verbose=-1),
        "forest": RandomForestClassifier(random_state=SEED, n_jobs=1),
        "adaboost": AdaBoostClassifier(random_state=SEED),
        "tree": DecisionTreeClassifier(random_state=SEED),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    }


def is_new(history: pd.DataFrame, later: pd.DataFrame, columns: Sequence[str]) -> Bools:
    """Mark later lines whose values in some columns never stood together before.

    Parameters
    ----------
    history, later
        Frames with the columns.
    columns
        Compared exactly.

    Returns
    -------
    ndarray
        Shape (len(later),).
    """
    seen = history[list(columns)].drop_duplicates()
    found = later[list(columns)].merge(seen, how="left", indicator=True)
    return (found["_merge"] == "left_only").to_numpy()


def artefact(history: pd.DataFrame) -> Artefact:
    """Count how pairs repeat, and how far a repeated pair gives its label away.

    Parameters
    ----------
    history
        Columns `net_mass_kg, customs_value, hit`.
    """
    groups = history.groupby(list(PAIR))["hit"].agg(["size", "mean"])
    large = groups[groups["size"] >= 5]
    return Artefact(
        repeated=float(history.duplicated(list(PAIR), keep=False).mean()),
        groups=len(large),
        one_label=float(large["mean"].isin((0.0, 1.0)).mean()),
    )


def one_line_per_pair(
    tables: TablesFolder, lines: pd.DataFrame, *, history: Bools, output: Path
) -> TablesFolder:
    """Write tables in which each (net mass, price) pair of the history stands once.

    Parameters
    ----------
    tables, lines
        As ingested, and as `read_lines` gives them.
    history
        Shape (n,). Lines of 2020; all others are kept.
    output
        A new folder.
    """
    repeated = history & lines.duplicated(list(PAIR)).to_numpy()
    kept = pa.array(lines["declaration_id"][~repeated], type=pa.string())
    output.mkdir()
    parts = (pq.read_table(tables.path / f"{name}.parquet") for name in _TABLES)
    write_tables(output, *(part.filter(pc.is_in(part["declaration_id"], kept)) for part in parts))
    return TablesFolder.open(output)


_TABLES = ("declarations", "inspections")


def known_at_cut_off(tables: TablesFolder) -> MemoryTables:
    """Leave out every result that became known at the cut-off or later.

    Parameters
    ----------
    tables
        With results of 2021.
    """
    declarations, inspections = (pq.read_table(tables.path / f"{name}.parquet") for name in _TABLES)
    moment = pa.scalar(day_start(CUT_OFF, ZONE), type=inspections["result_known_at"].type)
    return MemoryTables(
        declarations, inspections.filter(pc.less(inspections["result_known_at"], moment))
    )


def _score_all(
    tables: TablesFolder, distinct: TablesFolder, work: Path, *, steps: tg.Steps
) -> dict[Method, pd.DataFrame]:
    rolling, frozen = _train_and_score(tables, work / "bundle", steps=steps, name="all lines")
    apart, apart_frozen = _train_and_score(
        distinct, work / "bundle-distinct", steps=steps, name="one line per pair"
    )
    return {
        "ours": rolling,
        "ours_frozen": frozen,
        "distinct": apart,
        "distinct_frozen": apart_frozen,
    }


def _train_and_score(
    tables: TablesFolder, bundle: Path, *, steps: tg.Steps, name: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score with results as they come in, then with none after the cut-off."""
    plan = tg.Plan(
        tg.FeatureSettings(time_zone=ZONE), tg.TrainSettings(currency="KRW"), until=CUT_OFF
    )
    with steps.step(f"train, {name}"):
        tg.train(tables, bundle, plan=plan)
    with steps.step(f"score twice, {name}"):
        scorer = tg.Scorer.load(bundle)
        return _quarter(scorer, tables), _quarter(scorer, known_at_cut_off(tables))


def _quarter(scorer: tg.Scorer, tables: Tables) -> pd.DataFrame:
    return scorer.score(tables, start=CUT_OFF, stop=END, explain="none").rows


def _measure_parts(
    scores: dict[Method, pd.DataFrame], lines: pd.DataFrame, *, history: Bools
) -> dict[Part, PartFigures]:
    earlier, later = lines[history], lines[~history]
    parts: dict[Part, Bools] = {
        "official": np.ones(len(later), dtype=bool),
        "new_pair": is_new(earlier, later, PAIR),
        "new_goods_price": is_new(earlier, later, GOODS_PRICE),
    }
    return {name: measure(scores, later[rows]) for name, rows in parts.items()}


def measure(scores: dict[Method, pd.DataFrame], lines: pd.DataFrame) -> PartFigures:
    """Judge each method on the same lines.

    Parameters
    ----------
    scores
        Scores frames by method; lines outside the part are left out.
    lines
        The part, with `declaration_id` and `hit`.
    """
    labels = lines[["declaration_id", "hit"]].assign(selected_by="rule")
    hits = int(labels["hit"].sum())
    return PartFigures(
        lines=len(labels),
        hits=hits,
        hit_rate=_wilson(hits, len(labels)),
        methods={name: _figures(_judge(rows, labels)) for name, rows in scores.items()},
    )


def _judge(rows: pd.DataFrame, labels: pd.DataFrame) -> Evaluation:
    mine = rows[rows["declaration_id"].isin(labels["declaration_id"])]
    return evaluate(mine, labels, capacity=CAPACITY, time_zone=ZONE, seed=SEED)


def _figures(evaluation: Evaluation) -> MethodFigures:
    return MethodFigures(
        precision={
            f"{100 * cut.share:g}": _figure(cut.precision) or _wilson(cut.found, cut.opened)
            for cut in evaluation.cuts
        },
        auc=_figure(evaluation.auc) or Figure(evaluation.auc.value, None, None, ""),
        average_precision=_figure(evaluation.average_precision)
        or Figure(evaluation.average_precision.value, None, None, ""),
    )


def _figure(measure: Measure) -> Figure | None:
    """Take the interval by day, unless it has no width: of equal scores AUC is always a half."""
    if measure.low is None or measure.low == measure.high:
        return None
    return Figure(measure.value, measure.low, measure.high, "days")


def _wilson(found: float, opened: int) -> Figure:
    interval = wilson(found, opened)
    return Figure(found / opened, interval.low, interval.high, "wilson")


def _lodged_before_cut_off(tables: TablesFolder) -> int:
    lodged = pq.read_table(tables.path / "declarations.parquet", columns=["lodged_at"])[0]
    return pc.sum(pc.less(lodged, pa.scalar(day_start(CUT_OFF, ZONE), type=lodged.type))).as_py()


def _training_rows(bundle: Path) -> int:
    return tg.Scorer.load(bundle).bundle.manifest.training.rows


def machine() -> dict[str, str]:
    """Name the machine and the versions the figures were made with."""
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def digests(data: Path) -> dict[str, str]:
    """SHA-256 of each CSV file."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(data.glob("*.csv"))
    }


def write(benchmark: Benchmark, data: Path, output: Path) -> None:
    """Write `kcs.json` for programs and `kcs.md` for readers.

    Parameters
    ----------
    benchmark
        What was measured.
    data
        Where the files are; their digests are written.
    output
        A folder, created when it is not there. Everything but `seconds` in the JSON is the same
        to the byte on a second run.
    """
    content = asdict(benchmark)
    told = {
        "benchmark": {name: value for name, value in content.items() if name != "seconds"},
        "files_sha256": digests(data),
        "made_with": machine(),
        "seconds": benchmark.seconds,
    }
    with staged_file(output / "kcs.json") as stage:
        stage.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    with staged_file(output / "kcs.md") as stage:
        stage.write_text(page(told), encoding="utf-8")


def page(told: dict[str, Any]) -> str:
    """Write the page from the figures and from what others published (`kcs_peers.yaml`)."""
    peers = yaml.safe_load((HERE / "kcs_peers.yaml").read_text(encoding="utf-8"))
    environment = jinja2.Environment(  # noqa: S701 - Markdown, not HTML
        loader=jinja2.FileSystemLoader(HERE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("kcs.md.j2").render(**told, peers=peers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; 0 when both files were written."""
    parser = argparse.ArgumentParser(prog="python benchmarks/kcs.py", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", type=Path, default=DATA, help="folder with the CSV files")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for kcs.md, kcs.json")
    options = parser.parse_args(arguments)
    steps = tg.Steps(lambda name: print(name, file=sys.stderr))
    try:
        with tempfile.TemporaryDirectory(prefix="targeting-") as work:
            write(run(options.data, Path(work), steps=steps), options.data, options.output)
    except TargetingError as error:
        print(error, file=sys.stderr)
        return 1
    print(options.output / "kcs.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
