"""A simulated week scored every way there is: the same numbers, to the last bit, for every line.

Five ways: the file `targeting score` writes, one row at a time, HTTP, `mlflow.pyfunc.load_model`
and `mlflow.pyfunc.spark_udf`. Each lives through the week by itself: it scores the lines of a day
on that day, and is told the results of the day before the next begins. The tables hold all of it
and are read up to the day.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.cli.conftest import program
from tests.online_week import START, STOP, ZONE, Day, new_database, simulated_days
from tests.real_service import as_json, real_service
from tests.scoring.test_pyfunc import of_day

from targeting.bundle.bundle import load_bundle
from targeting.features.cluster import opened
from targeting.scoring.freshen import freshen
from targeting.scoring.online import OnlineScorer, Scored
from targeting.scoring.pyfunc import ScoringModel
from targeting.scoring.scorer import Scorer
from targeting.scoring.scores import read_scores
from targeting.scoring.spark import RESULT, for_udf
from targeting.tables.folder import MemoryTables
from targeting.training.consignment import codes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from tests.small_world import World

NUMBERS = ["score", "probability", "expected_revenue"]


@dataclass(frozen=True)
class Scene:
    """The week, the bundle of each of its days, and a folder of one's own."""

    world: World
    days: tuple[Day, ...]
    bundles: dict[date, Path]
    folder: Path


def bits(rows: pd.DataFrame) -> pd.DataFrame:
    """Write the numbers of each line as text that tells every bit."""
    assert rows["declaration_id"].is_unique
    numbers = rows.set_index("declaration_id").sort_index()[NUMBERS]
    return numbers.map(lambda number: float(number).hex())


def batch(world: World, output: Path) -> pd.DataFrame:
    """Score the week by the command, in one run over the tables."""
    ended = program(
        *("score", "--model", str(world.bundle), "--tables", str(world.tables.path)),
        *("--from", str(START), "--to", str(STOP), "--output", str(output), "--explain", "none"),
        cwd=output.parent,
    )
    assert ended.code == 0, ended.err
    return read_scores(output).rows


def one_row_at_a_time(scene: Scene) -> pd.DataFrame:
    """Keep a day's lines, so that consignments are whole, and score each alone in any order."""
    database = new_database(scene.world, f"sqlite:///{scene.folder / 'profiles.db'}")
    scorer = OnlineScorer.of(load_bundle(scene.world.bundle), database)
    told = []
    for day in scene.days:
        database.accept(declarations=day.declarations)
        rows = random.Random(5).sample(day.declarations, len(day.declarations))  # noqa: S311
        told += [scorer.score([row]).lines[0] for row in rows]
        database.accept(results=day.results)
        database.close_day(day.date)
    database.close()
    return Scored(tuple(told), scorer.info).scores().rows


def over_http(scene: Scene) -> pd.DataFrame:
    """Score, keep, tell results and close: everything by requests."""
    url, told = f"sqlite:///{scene.folder / 'profiles.db'}", []
    new_database(scene.world, url).close()
    with real_service(scene.world.bundle, url, scene.folder / "state") as service:
        for day in scene.days:
            declared = {"declarations": [as_json(row) for row in day.declarations]}
            told += service.send("/v1/score", declared)["scores"]
            kept = service.send("/v1/declarations", declared)
            found = service.send("/v1/results", {"results": [as_json(row) for row in day.results]})
            closed = service.send("/v1/admin/close-day", {"day": str(day.date)})
            assert (kept["new"], found["new"]) == (len(day.declarations), len(day.results))
            assert closed["declarations"] == len(day.declarations)
    return pd.DataFrame(told)


def by_mlflow(scene: Scene) -> pd.DataFrame:
    """Hand each day's lines to MLflow's function of the bundle of the day."""
    import mlflow

    told = []
    for day in scene.days:
        model = mlflow.pyfunc.load_model(str(scene.bundles[day.date]))
        told.append(model.predict(of_day(scene.world, day.date)))
    return pd.concat(told)


def on_spark(scene: Scene) -> pd.DataFrame:
    """Score each day's lines, cut into four, by a Spark function of the bundle of the day."""
    import mlflow
    from pyspark.sql import functions

    told = []
    with opened("local[2]") as cluster:
        spark = cluster.session
        spark.conf.set("spark.sql.shuffle.partitions", "2")
        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "0")
        read = spark.read.parquet(str(scene.world.tables.path / "declarations.parquet"))
        for day in scene.days:
            score = mlflow.pyfunc.spark_udf(
                spark, str(scene.bundles[day.date]), result_type=RESULT, env_manager="local"
            )
            lines = read.where(functions.col("declaration_id").isin(day.ids)).repartition(4)
            ready = for_udf(lines)
            scored = ready.select(score(functions.struct(*ready.columns)).alias("s"))
            told.append(scored.select("s.*").toPandas())
    return pd.concat(told)


@pytest.fixture(scope="module")
def days(world: World) -> tuple[Day, ...]:
    return simulated_days(world)


@pytest.fixture(scope="module")
def expected(world: World, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return batch(world, tmp_path_factory.mktemp("batch") / "scores.parquet")


@pytest.fixture(scope="module")
def bundles(
    world: World, days: tuple[Day, ...], tmp_path_factory: pytest.TempPathFactory
) -> dict[date, Path]:
    """The bundle of each day, brought up from that of the day before."""
    folder, bundle, made = tmp_path_factory.mktemp("fresh"), world.bundle, {}
    for day in days:
        output = folder / str(day.date)
        freshen(bundle, world.tables, output, to=day.date)
        made[day.date] = bundle = output
    return made


@pytest.fixture
def scene(
    world: World,
    days: tuple[Day, ...],
    bundles: dict[date, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Scene:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("DO_NOT_TRACK", "true")
    return Scene(world, days, bundles, tmp_path)


@pytest.mark.filterwarnings("ignore")  # MLflow's and Spark's own
@pytest.mark.parametrize(
    "way",
    [
        one_row_at_a_time,
        over_http,
        by_mlflow,
        pytest.param(on_spark, marks=pytest.mark.slow),
    ],
    ids=lambda way: way.__name__,
)
def test_a_week_scored_this_way_is_the_batch_s_to_the_bit(
    way: Callable[[Scene], pd.DataFrame], scene: Scene, expected: pd.DataFrame
) -> None:
    told = way(scene)

    assert sorted(told["declaration_id"]) == sorted(name for day in scene.days for name in day.ids)
    pd.testing.assert_frame_equal(bits(told), bits(expected))


def test_a_line_of_each_day_looked_up_in_the_tables_is_the_batch_s_to_the_bit(
    world: World, days: tuple[Day, ...], expected: pd.DataFrame
) -> None:
    scorer = Scorer.load(world.bundle)
    names = [random.Random(day.date.day).choice(day.ids) for day in days]  # noqa: S311

    told = pd.concat([scorer.score_one(world.tables, name).rows for name in names])

    pd.testing.assert_frame_equal(bits(told), bits(expected).loc[sorted(names)])


def test_the_week_holds_what_could_tell_the_ways_apart(
    days: tuple[Day, ...], expected: pd.DataFrame
) -> None:
    """Lines that are judged together, results every day, numbers that differ."""
    lines = pd.DataFrame([row for day in days for row in day.declarations])
    results = [row for day in days for row in day.results]
    together = np.bincount(codes(lines))
    assert len(days) == 7
    assert all(day.declarations and day.results for day in days)
    assert (together > 1).sum() >= 10
    assert together.max() >= 3
    assert {row["result"] for row in results} == {"hit", "clear"}
    assert {row["declaration_id"] for row in results} & {*lines["declaration_id"]}
    assert np.isfinite(expected[NUMBERS].to_numpy(dtype=float)).all()
    assert expected["score"].nunique() > 0.9 * len(expected)


def test_a_way_that_missed_a_day_or_the_results_would_be_seen(
    world: World, days: tuple[Day, ...], bundles: dict[date, Path], expected: pd.DataFrame
) -> None:
    right = bits(expected)
    for earlier, day in pairwise(days):
        late = ScoringModel(Scorer.load(bundles[earlier.date]))
        told = bits(late.predict(of_day(world, day.date), {"profiles": "frozen"}))
        assert (told != right.loc[told.index]).to_numpy().any()

    moments = world.inspections["result_known_at"].to_pylist()
    before = pa.array([moment.astimezone(ZONE).date() < START for moment in moments])
    untold = MemoryTables(world.declarations, world.inspections.filter(before))
    told = Scorer.load(world.bundle).score(untold, start=START, stop=STOP, explain="none").rows
    assert (bits(told) != right).to_numpy().any()


def test_one_bit_more_is_told(expected: pd.DataFrame) -> None:
    for name in NUMBERS:
        other = expected.copy()
        other.loc[0, name] = np.nextafter(other.loc[0, name], np.inf)
        assert (bits(other) != bits(expected)).to_numpy().sum() == 1
