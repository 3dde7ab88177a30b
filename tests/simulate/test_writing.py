"""What is written: codes as a plain loop would write them, in files of any size and number."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from targeting.errors import OutputError
from targeting.simulate import live, preset, simulate, simulation
from targeting.simulate.control.examination import result_delay_days
from targeting.simulate.places import EXPORT, PLACES
from targeting.simulate.trade.ground import Ground
from targeting.simulate.trade.orders import SELF
from targeting.simulate.trade.yard import NONE
from targeting.simulate.world import Day
from targeting.simulate.writing import spool
from targeting.simulate.writing import tables as writing
from targeting.simulate.writing.codes import code, joined, padded, words
from targeting.simulate.writing.containers import OWNERS, container_codes
from targeting.simulate.writing.spool import Spool, in_background
from targeting.tables.folder import TablesFolder
from targeting.tables.iso6346 import check_digit, is_valid
from targeting.tables.schema import DECLARATIONS, INSPECTIONS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHORT = preset("small").model_copy(update={"days": 40})
MONTHLY = SHORT.model_copy(update={"files": "month"})
TRUTH = [
    "declaration_id",
    "illicit",
    "scheme",
    "wave",
    "move",
    "evaded_revenue",
    "would_be_found",
    "would_be_offence",
    "would_be_known_after_days",
    "depth_needed",
    "recoverable_revenue",
    "seizable_quantity",
]


@pytest.fixture(scope="module")
def ground() -> Ground:
    return Ground.of(SHORT)


@pytest.fixture(scope="module")
def day() -> Day:
    return Day.join([day for day, _ in islice(live(SHORT), 9)])


@pytest.fixture(scope="module")
def rows(ground: Ground, day: Day) -> list[dict[str, Any]]:
    return writing.declarations(ground, day).to_pylist()


def coded(letters: str, number: int, width: int, after: str = "") -> str | None:
    return f"{letters}{number:0{width}d}{after}" if number >= 0 else None


def mixed(number: int) -> int:
    low = (number % 1_000_000 * 7_919 + 31_337) % 1_000_000
    return number // 1_000_000 * 1_000_000 + low if number >= 0 else number


def naive(day: Day, row: int) -> dict[str, str | None]:
    """Write a line's codes one by one, as clearly as can be."""
    orders, papers = day.orders, day.papers
    date = SHORT.first_day + timedelta(days=int(papers.day[row]))
    stamp, mode = f"{date:%y%m%d}", int(orders.mode[row])
    paper = f"{('BL', 'RW', 'CM', 'AW')[mode]}{stamp}{papers.document[row]:06d}"
    local, foreign = mixed(int(orders.trader[row])), mixed(int(orders.supplier[row]))
    here, there = coded("CE", local, 6), coded("CO", foreign, 6)
    names = [coded("Trader ", local, 6, " LLC"), coded("Supplier ", foreign, 6, " Ltd")]
    if orders.flow[row] == EXPORT:
        here, there = there, here
        names.reverse()
    notify = int(orders.notify[row])
    vehicle = f"{('VSL', 'TRN', 'TRK', 'FLT')[mode]}{papers.conveyance[row]:06d}"
    return {
        "declaration_id": f"D{stamp}{papers.row[row]:06d}",
        "transport_document_id": paper,
        "consignee_id": here,
        "consignor_id": there,
        "consignee_name": names[0],
        "consignor_name": names[1],
        "notify_party_id": here if notify == SELF else coded("NP", notify, 4),
        "declarant_id": coded("BR", int(orders.broker[row]), 6),
        "carrier_id": coded("CR", int(orders.carrier[row]), 5),
        "conveyance_id": vehicle,
        "voyage_id": f"{vehicle}-{papers.trip[row]:05d}",
        "seal_id": coded("SL", int(papers.seal[row]), 7),
    }


def test_codes_are_those_a_plain_loop_writes(day: Day, rows: list[dict[str, Any]]) -> None:
    assert len(rows) == len(day) > 100
    for position, row in enumerate(rows):
        for name, expected in naive(day, position).items():
            # What the clerk left out is null, whatever would have stood there.
            assert row[name] in {expected, None}, name
    for name in ("declaration_id", "consignee_id", "seal_id"):
        assert [row[name] for row in rows] == [naive(day, at)[name] for at in range(len(rows))]


def test_a_container_stands_where_there_is_one(day: Day, rows: list[dict[str, Any]]) -> None:
    boxed = day.papers.container != NONE
    assert [row["container_id"] is not None for row in rows] == boxed.tolist()
    assert 0 < boxed.sum() < len(rows)


@tries(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8_000_000), st.integers(0, 9)), min_size=1, max_size=30),
    st.integers(0, 2**32 - 1),
)
def test_container_numbers_are_right_but_for_the_slip(
    pairs: list[tuple[int, int]], seed: int
) -> None:
    box, slip = np.array(pairs).T
    right, written = container_codes(seed, box), container_codes(seed, box, slip)
    assert is_valid(right).all()
    for clean, typed, by in zip(right.to_pylist(), written.to_pylist(), slip.tolist(), strict=True):
        assert clean[:4] in OWNERS
        assert int(clean[10]) == check_digit(clean)
        assert typed == f"{clean[:9]}{(int(clean[9]) + by) % 10}{clean[10]}"


def test_two_containers_never_share_a_number() -> None:
    laps = np.arange(len(OWNERS)) * 1_000_000
    box = (np.arange(200)[:, None] + laps).ravel()
    assert len(set(container_codes(3, box).to_pylist())) == len(box)


@tries(max_examples=30, deadline=None)
@given(st.lists(st.integers(-3, 10**9), max_size=20), st.integers(1, 8))
def test_padding_is_that_of_python(numbers: list[int], width: int) -> None:
    array = np.array(numbers, dtype=np.int64)
    expected = [f"{one:0{width}d}" if one >= 0 else None for one in numbers]
    assert padded(array, width).to_pylist() == expected
    prefixed = [None if one is None else f"X{one}" for one in expected]
    assert code("X", array, width).to_pylist() == prefixed


def test_what_is_missing_stays_missing() -> None:
    assert joined(pa.array(["a", None]), "b", pa.array(["c", "d"])).to_pylist() == ["abc", None]
    assert words(("a", "b"), np.array([-1, 1])).to_pylist() == [None, "b"]


def test_a_day_without_examinations_is_written(ground: Ground) -> None:
    _, results = next(live(SHORT))
    none = results.take(np.zeros(0, dtype=np.int64))
    table = writing.inspections(ground, none)
    assert table.num_rows == 0
    assert table.schema == writing.inspections(ground, results).schema


def test_truth_has_its_columns_and_they_agree(ground: Ground, day: Day) -> None:
    table = writing.truth(ground, day)
    assert table.column_names == TRUTH
    truth = table.to_pandas()
    found = truth["would_be_found"]
    assert 0 < found.sum() < len(truth)
    assert truth["depth_needed"].notna().equals(found)
    assert truth.loc[found, "depth_needed"].between(0, 1).all()
    assert (truth["recoverable_revenue"] > 0).equals(found)
    assert (truth.loc[~found, "seizable_quantity"] == 0).all()
    assert (truth["would_be_known_after_days"] == result_delay_days(ground, day)).all()


def test_an_examination_finds_what_the_truth_promises(ground: Ground) -> None:
    for day, results in islice(live(SHORT), 20):
        truth = writing.truth(ground, day).to_pandas().iloc[results.row]
        assert (results.revenue[results.hit] == truth["recoverable_revenue"][results.hit]).all()
        assert (results.quantity[results.hit] == truth["seizable_quantity"][results.hit]).all()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    simulate(SHORT, folder / "tables")
    return folder


@pytest.fixture(scope="module")
def monthly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("monthly")
    simulate(MONTHLY, folder / "tables")
    return folder


def tables_of(folder: Path) -> Iterator[Path]:
    yield from (folder / "tables" / f"{table.name}.parquet" for table in TABLES)
    yield from (folder / name for name in ("truth.parquet", "manifests.parquet"))


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_months_hold_the_rows_of_one_file(one: Path, monthly: Path) -> None:
    for single, parts in zip(tables_of(one), tables_of(monthly), strict=True):
        assert single.is_file()
        assert [part.name for part in sorted(parts.iterdir())] == [
            "2024-01.parquet",
            "2024-02.parquet",
        ]
        assert pq.read_table(parts).equals(pq.read_table(single))


def test_a_file_holds_what_was_lodged_in_its_month(monthly: Path) -> None:
    numbers: dict[str, set[str]] = {}
    for part in sorted((monthly / "tables" / "declarations.parquet").iterdir()):
        table = pq.read_table(part)
        months = {f"{one:%Y-%m}" for one in table["lodged_at"].to_pylist()}
        assert months == {part.stem}
        numbers[part.name] = set(table["declaration_id"].to_pylist())
    for name in ("tables/inspections.parquet", "truth.parquet"):
        for part in (monthly / name).iterdir():
            assert set(pq.read_table(part)["declaration_id"].to_pylist()) <= numbers[part.name]


def test_manifests_lie_beside_the_tables_and_add_their_columns(one: Path) -> None:
    declared = pq.read_table(one / "tables" / "declarations.parquet")
    names = [column.name for column in DECLARATIONS.columns]
    assert set(declared.column_names[len(names) :]) == {
        "incoterm",
        "manifest_gross_mass_kg",
        "manifest_package_count",
        "sealing_party",
    }
    versions = pq.read_table(one / "manifests.parquet")["transport_document_id"]
    documents = declared["transport_document_id"].drop_null()
    assert set(documents.to_pylist()) <= set(versions.to_pylist())


def test_no_manifests_where_none_are_wanted(tmp_path: Path) -> None:
    documents = SHORT.documents.model_copy(update={"manifests": False})
    report = simulate(SHORT.model_copy(update={"documents": documents}), tmp_path / "tables")
    assert report.manifests is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tables", "truth.parquet"]
    declared = pq.read_schema(report.tables / "declarations.parquet")
    assert declared.names == [column.name for column in DECLARATIONS.columns]


def test_a_folder_of_months_is_a_tables_folder(one: Path, monthly: Path) -> None:
    whole, parts = TablesFolder.open(one / "tables"), TablesFolder.open(monthly / "tables")
    for table in (DECLARATIONS, INSPECTIONS):
        assert len(parts.files(table)) == 2
        assert parts.schema(table) == whole.schema(table)
        names = [column.name for column in table.columns]
        assert whole.schema(table).names[: len(names)] == names


def test_the_same_seed_gives_the_same_months(monthly: Path, tmp_path: Path) -> None:
    simulate(MONTHLY, tmp_path / "tables")
    assert bytes_of(tmp_path) == bytes_of(monthly)


@pytest.mark.parametrize("settings", [SHORT, MONTHLY], ids=["one", "month"])
def test_the_size_of_chunks_changes_no_value(
    settings: Any, one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "LINES_TOGETHER", 60)
    monkeypatch.setattr(spool, "ROWS_TOGETHER", 50)
    told: list[int] = []
    simulate(settings, tmp_path / "tables", progress=lambda done, _: told.append(done))
    assert len(told) > 10
    assert told == sorted(told)
    assert told[-1] == settings.days
    for whole, small in zip(tables_of(one), tables_of(tmp_path), strict=True):
        assert pq.read_table(small).equals(pq.read_table(whole))


@pytest.mark.parametrize("error", [ValueError("the pen broke"), OSError(28, "the disk is full")])
@pytest.mark.parametrize("settings", [SHORT, MONTHLY], ids=["one", "month"])
def test_a_failing_writer_shows_its_error_and_leaves_nothing(
    settings: Any, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def fail(*_: Any) -> pa.Table:
        calls.append(1)
        if len(calls) == 2:
            raise error
        return real(*_)

    real = writing.truth
    monkeypatch.setattr(writing, "truth", fail)
    kind = OutputError if isinstance(error, OSError) else ValueError
    with pytest.raises(kind, match=r"the pen broke|the disk is full"):
        simulate(settings, tmp_path / "tables")
    assert list(tmp_path.iterdir()) == []


def test_a_failing_run_leaves_the_old_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(SHORT, tmp_path / "tables")
    before = bytes_of(tmp_path)
    monkeypatch.setattr(Day, "join", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        simulate(SHORT, tmp_path / "tables")
    assert bytes_of(tmp_path) == before


def test_a_file_of_truth_is_never_replaced_by_a_folder_or_back(tmp_path: Path) -> None:
    (tmp_path / "truth.parquet").write_bytes(b"x")
    with pytest.raises(OutputError, match="a file stands there"):
        simulate(MONTHLY, tmp_path / "tables")
    (tmp_path / "truth.parquet").unlink()
    (tmp_path / "truth.parquet").mkdir()
    with pytest.raises(OutputError, match="a folder stands there"):
        simulate(SHORT, tmp_path / "tables")
    assert not (tmp_path / "tables").exists()


def test_months_replace_months(monthly: Path, tmp_path: Path) -> None:
    simulate(MONTHLY.model_copy(update={"seed": 7}), tmp_path / "tables")
    simulate(MONTHLY, tmp_path / "tables")
    assert bytes_of(tmp_path) == bytes_of(monthly)


def test_a_folder_with_anything_else_is_not_replaced_by_months(tmp_path: Path) -> None:
    (tmp_path / "truth.parquet").mkdir()
    for name in ("2024-01.parquet", "letter.txt"):
        (tmp_path / "truth.parquet" / name).write_text("mine")
    with pytest.raises(OutputError, match="will not delete"):
        simulate(MONTHLY, tmp_path / "tables")


def test_places_are_written_as_they_were_drawn(ground: Ground, day: Day) -> None:
    imported = day.orders.flow != EXPORT
    written = writing._route(ground, day)["loading_port"].to_numpy(zero_copy_only=False)
    assert written[imported].tolist() == [PLACES[at] for at in day.orders.loading[imported]]


def test_a_part_without_rows_is_a_file_with_its_columns(tmp_path: Path) -> None:
    empty = pa.table({"n": pa.array([], pa.int64())})
    with Spool(tmp_path / "t") as parts:
        parts.write(pa.table({"n": [1]}), part="a")
        parts.write(empty, part="b")
    assert pq.read_table(tmp_path / "t" / "b.parquet").equals(empty)
    assert pq.read_table(tmp_path / "t")["n"].to_pylist() == [1]


def test_rows_are_gathered_into_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "ROWS_TOGETHER", 5)
    with Spool(tmp_path / "t.parquet") as file:
        for number in range(7):
            file.write(pa.table({"n": [number, number]}))
    data = pq.ParquetFile(tmp_path / "t.parquet").metadata
    assert [data.row_group(at).num_rows for at in range(data.num_row_groups)] == [6, 6, 2]


def test_work_keeps_its_order_and_is_at_most_two_items_behind() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(6):
            made.append(number)
            yield number

    for done, result in enumerate(in_background(lambda one: one * 2, items())):
        assert result == done * 2
        assert len(made) <= done + 2


def test_an_error_of_the_maker_stops_the_work() -> None:
    worked: list[int] = []

    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(in_background(worked.append, items()))
    assert worked in ([], [1])
