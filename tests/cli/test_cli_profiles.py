"""`targeting profiles`: a store made, rolled, merged, folded together and checked."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from targeting.tables.folder import TablesFolder

if TYPE_CHECKING:
    from pathlib import Path

AS_OF, NEXT, LAST = "2024-03-01", "2024-03-02", "2024-03-05"
OPTIONS = {
    "snapshot": ("--tables", "--as-of", "--output", "--features"),
    "roll": ("--profiles", "--tables", "--to"),
    "merge": ("left", "right", "--output"),
    "compact": ("store",),
    "verify": ("store", "--tables"),
}


@pytest.fixture(scope="session")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("features") / "features.yaml"
    path.write_text(
        "time_zone: Asia/Baku\n"
        "keys: [consignee_id, container_id, [hs6, origin_country]]\n"
        "links: [{of: consignee_id, through: container_id}]\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def make(call, house, features: Path, tmp_path: Path):
    """Make a store from the house's tables, or others, by the command."""

    def made(name: str, *, tables: Path = house.tables, as_of: str = AS_OF) -> Path:
        ended = call(
            "profiles", "snapshot", "--tables", tables, "--as-of", as_of,
            "--output", tmp_path / name, "--features", features,
        )  # fmt: skip
        assert ended.code == 0, ended.err
        assert f"as of {as_of} the store holds" in ended.out
        return tmp_path / name

    return made


@pytest.mark.parametrize("command", OPTIONS)
def test_help_of_a_command_has_an_example_and_its_options(call, command: str):
    ended = call("profiles", command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"Example: targeting profiles {command} " in " ".join(ended.out.split())
    assert [option for option in OPTIONS[command] if option.lower() not in ended.out.lower()] == []


def test_a_store_is_made_rolled_compacted_and_verified(call, house, make):
    store = make("store")
    for day in (NEXT, LAST):
        ended = call("profiles", "roll", "--profiles", store, "--tables", house.tables, "--to", day)
        assert ended.code == 0, ended.err
        assert "declarations and" in ended.out
        assert "results added" in ended.out
    assert "in 3 parts" in ended.out
    checked = call("profiles", "verify", store, "--tables", house.tables)
    assert checked.code == 0, checked.err
    assert "profiles equal those made from scratch; largest difference" in checked.out
    ended = call("profiles", "compact", store)
    assert "in 1 parts" in ended.out
    ended = call("profiles", "verify", store, "--tables", house.tables)
    assert f"profiles as of {LAST} of " in ended.out
    held = [line.split(" of ")[-1] for line in (checked.out, ended.out)]
    assert held[0] == held[1]


def test_rolling_to_the_same_day_says_so(call, house, make):
    store = make("store")
    ended = call("profiles", "roll", "--profiles", store, "--tables", house.tables, "--to", AS_OF)
    assert (ended.code, ended.out) == (0, f"the profiles are as of {AS_OF} already\n")


def test_rolling_back_is_refused(call, house, make):
    store = make("store")
    ended = call(
        "profiles", "roll", "--profiles", store, "--tables", house.tables, "--to", "2024-02-01"
    )
    assert "profiles cannot be rolled back" in ended.error()


def test_late_events_are_told_with_what_to_do(call, house, make, tmp_path: Path):
    store = make("store")
    grown = shutil.copytree(house.tables, tmp_path / "grown")
    results = pq.read_table(grown / "inspections.parquet")
    first = pc.call_function("sort_indices", [results["result_known_at"]]).slice(0, 4)
    more = results.take(first)
    at = more.schema.get_field_index("inspection_id")
    more = more.set_column(at, "inspection_id", pa.array([f"LATE-{one}" for one in range(4)]))
    pq.write_table(pa.concat_tables([results, more]), grown / "inspections.parquet")
    ended = call("profiles", "roll", "--profiles", store, "--tables", grown, "--to", LAST)
    assert "0 declarations and 4 results before 2024-03-01" in ended.error()
    assert "targeting profiles snapshot" in ended.error()


def test_two_offices_are_merged(call, house, make, tmp_path: Path):
    tables = TablesFolder.open(house.tables)
    lines = pq.read_table(tables.path / "declarations.parquet")
    results = pq.read_table(tables.path / "inspections.parquet")
    first = pc.call_function("min", [lines["office_id"]])
    here = pc.call_function("equal", [lines["office_id"], first])
    stores = []
    for name, mine in (("one", here), ("rest", pc.call_function("invert", [here]))):
        own = lines.filter(mine)
        folder = tmp_path / f"tables-{name}"
        folder.mkdir()
        pq.write_table(own, folder / "declarations.parquet")
        there = pc.call_function(
            "is_in", [results["declaration_id"]], pc.SetLookupOptions(own["declaration_id"])
        )
        pq.write_table(results.filter(there), folder / "inspections.parquet")
        stores.append(make(name, tables=folder))
    ended = call("profiles", "merge", *stores, "--output", tmp_path / "both")
    assert ended.code == 0, ended.err
    whole = make("whole")
    told = [
        call("profiles", "verify", one).out.split(" of ")[-1] for one in (tmp_path / "both", whole)
    ]
    assert told[0] == told[1]
    ended = call("profiles", "merge", whole, whole, "--output", tmp_path / "twice")
    assert "hold the same events, which would count twice" in ended.error()


def test_what_is_no_store_is_refused(call, house, outside: Path):
    for command in (
        ("roll", "--tables", house.tables, "--to", LAST, "--profiles", house.tables),
        ("compact", house.tables),
        ("verify", house.tables),
        ("merge", house.tables, house.bundle, "--output", outside / "both"),
    ):
        assert (
            "this is not a profile store. Found: no store.json"
            in call("profiles", *command).error()
        )


def test_a_snapshot_replaces_no_tables(call, house, features: Path):
    before = sorted(house.tables.rglob("*"))
    ended = call(
        "profiles", "snapshot", "--tables", house.tables, "--as-of", AS_OF,
        "--output", house.tables, "--features", features,
    )  # fmt: skip
    assert "holds files this command did not write" in ended.error()
    assert sorted(house.tables.rglob("*")) == before
