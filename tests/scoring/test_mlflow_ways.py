"""A bundle in MLflow's own hands: its server over HTTP, and a Spark DataFrame; equal to the bit."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.scoring.test_pyfunc import EXACTLY, OUTPUT, batch, counted, of_day
from tests.small_world import CUT_OFF, World

from targeting.errors import InputError
from targeting.features.cluster import opened
from targeting.scoring.freshen import freshen
from targeting.scoring.scorer import Scorer
from targeting.scoring.spark import RESULT, for_udf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

DAY = CUT_OFF + timedelta(days=2)


@pytest.fixture(scope="module")
def fresh(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a day after the cut-off."""
    output = tmp_path_factory.mktemp("fresh") / "bundle"
    freshen(world.bundle, world.tables, output, to=DAY)
    return output


@pytest.fixture(scope="module")
def expected(world: World) -> pd.DataFrame:
    return batch(world, Scorer.load(world.bundle), DAY)


@contextmanager
def served(bundle: Path) -> Iterator[str]:
    """Run `mlflow models serve` on a port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(bundle)),
        *("--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
    ]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/ping")
            yield f"http://127.0.0.1:{port}/invocations"
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def _wait_for(address: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    pytest.fail("the server did not answer")


def asked(address: str, body: str) -> str:
    request = urllib.request.Request(  # noqa: S310 - loopback
        address, body.encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        return answer.read().decode()


def as_json(rows: pd.DataFrame, **params: str) -> str:
    told = json.loads(rows.to_json(orient="split", date_format="iso", date_unit="us"))
    split = {"columns": told["columns"], "data": told["data"]}
    return json.dumps({"dataframe_split": split} | ({"params": params} if params else {}))


def test_mlflow_s_server_scores_a_day_as_the_batch_does(
    world: World, fresh: Path, expected: pd.DataFrame
) -> None:
    rows = of_day(world, DAY)
    later = of_day(world, DAY + timedelta(days=1))
    with served(fresh) as address:
        told = json.loads(asked(address, as_json(counted(rows))))["predictions"]
        with pytest.raises(urllib.error.HTTPError) as refused:
            asked(address, as_json(later))
        frozen = json.loads(asked(address, as_json(later, profiles="frozen")))["predictions"]

    answered = pd.DataFrame(told)[OUTPUT].set_index("declaration_id")
    answered = answered.loc[expected["declaration_id"]].reset_index()
    pd.testing.assert_frame_equal(answered.astype(expected.dtypes), expected, **EXACTLY)
    assert "profiles are as of 2024-03-17" in refused.value.read().decode()
    assert len(frozen) == len(later)


@pytest.mark.filterwarnings("ignore")  # Spark's and MLflow's own
def test_a_spark_frame_is_scored_as_the_batch_does_however_it_is_cut(
    world: World, fresh: Path, expected: pd.DataFrame
) -> None:
    import mlflow
    from pyspark.sql import functions

    with opened("local[2]") as cluster:
        spark = cluster.session
        spark.conf.set("spark.sql.session.timeZone", "America/Lima")  # must not matter
        spark.conf.set("spark.sql.shuffle.partitions", "3")
        batches = "spark.sql.execution.arrow.maxRecordsPerBatch"
        read = spark.read.parquet(str(world.tables.path / "declarations.parquet"))
        ids = of_day(world, DAY)["declaration_id"].tolist()
        day = read.where(functions.col("declaration_id").isin(ids)).repartition(4)
        score = mlflow.pyfunc.spark_udf(spark, str(fresh), result_type=RESULT, env_manager="local")

        with pytest.raises(InputError, match="Spark would cut a consignment apart"):
            for_udf(day)
        spark.conf.set(batches, "0")
        ready = for_udf(day)

        def scored(frame: object) -> pd.DataFrame:
            whole = functions.struct(*frame.columns)
            return frame.select(score(whole).alias("s")).select("s.*").toPandas()

        found = scored(ready)
        with pytest.raises(Exception, match="consignment_lines is missing"):
            scored(day)
        spark.conf.set(batches, "2")
        with pytest.raises(Exception, match="another number of lines here"):
            scored(ready)

    found = found.set_index("declaration_id").loc[expected["declaration_id"]].reset_index()
    pd.testing.assert_frame_equal(found[OUTPUT].astype(expected.dtypes), expected, **EXACTLY)
