"""Spark and one machine give the same features, whatever the tables hold."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.small_world import CUT_OFF, PLAN, World, small_world
from typer.testing import CliRunner

from targeting.cli import app
from targeting.config import FeatureSettings
from targeting.errors import ContractError, InputError
from targeting.features.build import Built, build
from targeting.features.cluster import Cluster, opened
from targeting.features.engine import Wanted
from targeting.features.spec import learn_spec
from targeting.ingest import ingest
from targeting.tables.folder import MemoryTables, Tables, TablesFolder

MakeTables = Callable[..., MemoryTables]

HERE = Path(__file__).resolve().parents[2]
KCS = HERE.parent / "shared" / "data" / "kcs"
END = date(2024, 3, 20)

with_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None
    or not (shutil.which("java") or os.environ.get("JAVA_HOME")),
    reason="needs pyspark and Java: pip install 'targeting[spark]', and Java 17",
)


LIGHT = {
    "spark.sql.shuffle.partitions": "2",
    # Few events at a time, so that the keys of a small world go over from one lot to the next.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100",
    # Compiling each plan takes longer than running it on a world of this size.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        with opened("local[2]") as made:
            for name, value in LIGHT.items():
                made.session.conf.set(name, value)
            yield made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.getbasetemp())


def settings_of(**values: Any) -> FeatureSettings:
    given = {"keys": [], "categories": [], "half_lives_days": [30]}
    return FeatureSettings.model_validate(given | values)


MANY = settings_of(
    time_zone="Asia/Baku",
    keys=[
        ["consignee_id"], ["container_id"], ["goods_words"], ["loading_site", "hs4"],
        {"columns": ["consignee_id"], "measure": "lead_hours"},
    ],
    links=[{"of": "consignee_id", "through": "container_id"}],
    categories=["flow", "office_id"],
)  # fmt: skip
FEW = settings_of(
    time_zone="America/New_York",
    keys=[["consignee_id", "hs6"], ["consignee_id"]],
    links=[{"of": "hs6", "through": "consignee_id"}],
    categories=["hs4"],
)


def assert_same(spark: Built, local: Built, settings: FeatureSettings) -> None:
    """Compare matrices and profiles, NaN for NaN, to 1e-9; keys in the same order."""
    pd.testing.assert_frame_equal(spark.rows, local.rows)
    np.testing.assert_allclose(spark.matrix, local.matrix, rtol=1e-9, atol=0)
    assert list(spark.snapshot.profiles) == list(local.snapshot.profiles)
    for name, profiles in local.snapshot.profiles.items():
        own = spark.snapshot.profiles[name]
        assert own.parts.equals(profiles.parts), name
        np.testing.assert_allclose(own.state.sums, profiles.state.sums, rtol=1e-9, err_msg=name)
        np.testing.assert_array_equal(own.state.days, profiles.state.days, err_msg=name)
    assert spark.matrix.shape[1] == len(learn_names(settings))


def learn_names(settings: FeatureSettings) -> list[str]:
    from targeting.features.spec import registry

    return [feature.name for feature in registry(settings)]


def both(cluster: Cluster, tables: Tables, wanted: Wanted, settings: FeatureSettings) -> Built:
    """Build on both engines, compare, and return what one machine built."""
    spec = learn_spec(tables, settings)
    local = build(tables, spec, wanted, until=END)
    assert_same(cluster.build(tables, spec, wanted, until=END), local, settings)
    return local


@pytest.mark.slow
@with_spark
def test_a_world_has_the_same_features_and_profiles(cluster: Cluster, world: World):
    wanted = Wanted(ids=world.inspections["declaration_id"].combine_chunks())
    local = both(cluster, world.tables, wanted, MANY)
    assert len(local.rows) > 300
    assert np.nanmax(local.matrix[:, learn_names(MANY).index("consignee_via_container_lines")]) > 0


@with_spark
def test_profiles_held_before_are_gone_on_with(cluster: Cluster, world: World):
    spec = learn_spec(world.tables, MANY)
    before = build(world.tables, spec, Wanted(ids=pa.array([], pa.string())), until=CUT_OFF)
    wanted = Wanted(start=CUT_OFF, stop=END)
    given = {"until": END, "snapshot": before.snapshot}
    local = build(world.tables, spec, wanted, **given)
    rows, matrix = cluster.matrix_of(world.tables, spec, wanted, **given)
    pd.testing.assert_frame_equal(rows, local.rows)
    np.testing.assert_allclose(matrix, local.matrix, rtol=1e-9, atol=0)


def random_tables(make_tables: MakeTables, seed: int) -> MemoryTables:
    """Forty days of ties, gaps, and results early, late, of nobody's lines or of none."""
    draw = np.random.default_rng(seed)

    def pick(*values: object) -> object:
        return values[draw.integers(len(values))]

    # Over the night the clocks of New York go forward.
    begins = datetime(2024, 2, 20, tzinfo=UTC)
    lines = [
        {
            "lodged_at": begins + timedelta(hours=int(draw.integers(40 * 24))),
            "consignee_id": pick("C1", "C2", "Ц3", "", None),
            "hs_code": pick("0805100000", "080510", "0805", "240220"),
            "customs_value": pick(None, 0.0, 120.5, 1e300),
            "net_mass_kg": pick(None, 0.0, 7.25),
            "axles": pick(None, 2, 5),
        }
        for _ in range(90)
    ]
    results = []
    for _ in range(40 * (seed % 3 > 0)):
        at = int(draw.integers(100))
        known = begins + timedelta(hours=float(draw.integers(0, 60 * 24)))
        hit = pick("hit", "clear")
        revenue = pick(None, 50.0) if hit == "hit" else None
        results.append(
            {
                "declaration_id": f"D{at:04}", "result_known_at": known, "result": hit,
                "revenue_recovered": revenue,
            }
        )  # fmt: skip
    return make_tables(lines, results)


@with_spark
@pytest.mark.parametrize(
    ("seed", "wanted"),
    [
        (1, Wanted()),
        (2, Wanted(start=date(2024, 3, 5), stop=date(2024, 3, 15))),
        (3, Wanted(ids=pa.array(["D0001", "D0050", "D9999"]))),
        (4, Wanted(ids=pa.array([], pa.string()))),
    ],
    ids=["all", "a window", "no results", "nobody"],
)
def test_odd_tables_have_the_same_features(
    cluster: Cluster, make_tables: MakeTables, seed: int, wanted: Wanted
):
    both(cluster, random_tables(make_tables, seed), wanted, FEW)


@with_spark
def test_tables_without_rows_have_an_empty_matrix(cluster: Cluster, make_tables: MakeTables):
    local = both(cluster, make_tables([]), Wanted(), settings_of(keys=[["consignee_id"]]))
    assert local.matrix.shape[0] == 0


@with_spark
def test_files_of_several_forms_are_read_as_one_table(
    cluster: Cluster, make_tables: MakeTables, tmp_path: Path
):
    tables = random_tables(make_tables, 5)
    folder = tmp_path / "declarations.parquet"
    folder.mkdir()
    first, second = tables.declarations.slice(0, 40), tables.declarations.slice(40)
    naive = first["lodged_at"].cast(pa.timestamp("us"))
    place = first.column_names.index("lodged_at")
    pq.write_table(
        first.set_column(place, "lodged_at", naive.cast(pa.timestamp("ns"))), folder / "a.parquet"
    )
    plain = second.drop_columns(["net_mass_kg"]).append_column("note", pa.nulls(50))
    coded = plain["hs_code"].combine_chunks().dictionary_encode()
    plain = plain.set_column(plain.column_names.index("hs_code"), "hs_code", coded)
    pq.write_table(plain, folder / "b.parquet")
    pq.write_table(tables.inspections, tmp_path / "inspections.parquet")
    opened_tables = TablesFolder.open(tmp_path)
    spec = learn_spec(opened_tables, FEW)
    local = build(opened_tables, spec, Wanted(), until=END)
    _, matrix = cluster.matrix_of(opened_tables, spec, Wanted(), until=END)
    np.testing.assert_allclose(matrix, local.matrix, rtol=1e-9, atol=0)
    assert len(matrix) > 60


@with_spark
def test_a_declaration_that_stands_twice_is_refused(cluster: Cluster, make_tables: MakeTables):
    tables = make_tables([{"declaration_id": "D1"}, {"declaration_id": "D1"}])
    settings = settings_of(keys=[["office_id"]])
    with pytest.raises(ContractError, match="1 wanted rows repeat a declaration_id"):
        cluster.matrix_of(tables, learn_spec(tables, settings), Wanted(), until=END)


@with_spark
def test_a_session_that_is_open_is_left_open(cluster: Cluster):
    with opened() as again:
        assert again.session.sparkContext is cluster.session.sparkContext
        assert again.session.conf.get("spark.sql.session.timeZone") == "UTC"
    assert cluster.session.range(3).count() == 3


@with_spark
def test_what_spark_could_not_do_is_told_in_a_paragraph(
    cluster: Cluster, make_tables: MakeTables, tmp_path: Path
):
    tables = make_tables([{}])
    for name, table in (("declarations", tables.declarations), ("inspections", tables.inspections)):
        pq.write_table(table, tmp_path / f"{name}.parquet")
    folder = TablesFolder.open(tmp_path)
    settings = settings_of(keys=[["office_id"]])
    spec = learn_spec(folder, settings)
    damaged = bytearray((tmp_path / "declarations.parquet").read_bytes())
    damaged[4:60] = bytes(56)
    (tmp_path / "declarations.parquet").write_bytes(damaged)
    with pytest.raises(InputError, match=r"Spark could not finish\. Found: \w+.*docs/spark\.md"):
        cluster.matrix_of(folder, spec, Wanted(), until=END)


def test_without_pyspark_what_to_install_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with (
        pytest.raises(InputError, match=r"no package pyspark\. Run `pip install 'targeting\[spark"),
        opened(),
    ):
        pass


@with_spark
def test_without_java_what_to_install_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(InputError, match=r"no program java .*Install Java 17"), opened():
        pass


def test_a_master_without_the_engine_is_refused(world: World, tmp_path: Path):
    arguments = ["--tables", str(world.tables.path), "--output", str(tmp_path / "b"), "--no-track"]
    ended = CliRunner().invoke(app, ["train", *arguments, "--spark-master", "local[2]"])
    with pytest.raises(InputError, match="--spark-master: a Spark master is named"):
        raise ended.exception or AssertionError


@with_spark
@pytest.mark.slow
def test_train_and_score_by_the_command_give_equal_scores(
    cluster: Cluster, world: World, tmp_path: Path
):
    del cluster  # its session is the one the commands use
    features, config = tmp_path / "features.yaml", tmp_path / "train.yaml"
    features.write_text(PLAN.features.model_dump_json(), encoding="utf-8")
    config.write_text(PLAN.settings.model_dump_json(), encoding="utf-8")
    bundle, scores = tmp_path / "bundle", tmp_path / "scores.parquet"
    tables = ["--tables", str(world.tables.path)]
    run = CliRunner()
    trained = run.invoke(
        app,
        [
            "train", *tables, "--output", str(bundle), "--until", str(CUT_OFF), "--features",
            str(features), "--config", str(config), "--no-track", "--engine", "spark",
        ],
    )  # fmt: skip
    assert trained.exit_code == 0, trained.exception
    window = ["--from", str(CUT_OFF), "--to", "2024-03-25", "--explain", "none"]
    found = {}
    for engine, model in (("local", world.bundle), ("local", bundle), ("spark", bundle)):
        ended = run.invoke(
            app,
            [
                "score", *tables, "--model", str(model), *window, "--output", str(scores),
                "--engine", engine,
            ],
        )  # fmt: skip
        assert ended.exit_code == 0, ended.exception
        found[engine, model] = pd.read_parquet(scores)
    expected = found["local", world.bundle]
    for own in found.values():
        pd.testing.assert_frame_equal(own, expected, rtol=1e-9, atol=0)


@with_spark
@pytest.mark.slow
@pytest.mark.skipif(not KCS.is_dir(), reason="needs the KCS data in ../shared/data/kcs")
def test_kcs_has_the_same_features(cluster: Cluster, tmp_path: Path):
    source = HERE / "configs" / "sources" / "kcs.yaml"
    ingest(source, [KCS / "train.csv"], tmp_path / "tables")
    tables = TablesFolder.open(tmp_path / "tables")
    settings = settings_of(
        time_zone="Asia/Seoul",
        keys=[["consignee_id"], ["hs6", "origin_country"]],
        links=[{"of": "hs6", "through": "consignee_id"}],
    )
    spec = learn_spec(tables, settings)
    cluster.session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "10000")
    local = build(tables, spec, Wanted(), until=date(2021, 1, 1))
    _, matrix = cluster.matrix_of(tables, spec, Wanted(), until=date(2021, 1, 1))
    np.testing.assert_allclose(matrix, local.matrix, rtol=1e-9, atol=0)
    assert len(matrix) > 30_000
