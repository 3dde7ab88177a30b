"""Living profiles on disk: rolled, merged, folded together, and never trusted unseen."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from typing import TYPE_CHECKING, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from targeting.config import FeatureSettings, KeyMeasure
from targeting.errors import ConfigError, InputError, OutputError
from targeting.features.build import build, profiles_between
from targeting.features.engine import Wanted
from targeting.features.kernel import AS_OF, STATISTICS
from targeting.features.profiles import ProfileState, as_of
from targeting.features.snapshot import ALL, KeyProfiles, Snapshot
from targeting.features.spec import FeatureSpec, learn_spec
from targeting.features.store import buckets, rolling
from targeting.features.store.buckets import key_hashes
from targeting.features.store.check import difference_of, verify_store
from targeting.features.store.files import PartReader, PartWriter
from targeting.features.store.index import INDEX
from targeting.features.store.keyed import added, chosen
from targeting.features.store.rolling import create_store, open_store, roll_store
from targeting.features.store.sums import compact_store, merge_stores
from targeting.tables.folder import MemoryTables, TablesFolder, write_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

MEASURE = next(one for one in get_args(KeyMeasure) if one != "price")
EXAMINATIONS = STATISTICS.index("examinations")
BASE, END = date(2024, 2, 3), date(2024, 2, 11)
DAYS = [BASE + timedelta(days=at) for at in range(1, (END - BASE).days + 1)]


@pytest.fixture(scope="module")
def settings() -> FeatureSettings:
    return FeatureSettings.model_validate(
        {
            "time_zone": "Asia/Baku",
            "keys": [
                ["consignee_id"],
                ["hs6"],
                ["hs6", "origin_country"],
                ["container_id"],
                {"columns": ["consignee_id"], "measure": MEASURE},
            ],
            "links": [
                {"of": "consignee_id", "through": "container_id"},
                {"of": "container_id", "through": "consignee_id"},
                {"of": ["hs6", "origin_country"], "through": "consignee_id"},
            ],
            "half_lives_days": [7, 90],
            "categories": ["flow"],
        }
    )


@pytest.fixture(scope="module")
def tables(port: MemoryTables) -> MemoryTables:
    """The port, with boxes that several traders share and two offices that share both."""
    rows = port.declarations.num_rows
    draw = np.random.default_rng(3)
    boxes = draw.choice(
        np.array(["BOX1", "BOX2", "BOX3", "BOX4", "BOX5", None], dtype=object), rows
    )
    offices = draw.choice(["AZALA", "AZBAK"], rows)
    lines = port.declarations
    for name, values in (("container_id", boxes), ("office_id", offices)):
        at = lines.schema.get_field_index(name)
        lines = lines.set_column(at, name, pa.array(values, pa.string()))
    return MemoryTables(lines, port.inspections)


@pytest.fixture(scope="module")
def based(tables: MemoryTables, settings: FeatureSettings, tmp_path_factory) -> Path:
    """A store as of `BASE`; copied before anything is done to it."""
    path = tmp_path_factory.mktemp("stores") / "based"
    create_store(tables, settings, path, as_of=BASE)
    return path


@pytest.fixture
def fresh(based: Path, tmp_path: Path) -> Path:
    return shutil.copytree(based, tmp_path / "store")


@pytest.fixture(scope="module")
def rolled(based: Path, tables: MemoryTables, tmp_path_factory) -> Path:
    """The same store rolled day by day to `END`."""
    path = shutil.copytree(based, tmp_path_factory.mktemp("stores") / "rolled")
    for day in DAYS:
        roll_store(path, tables, to=day)
    return path


def scratch(tables: MemoryTables, settings: FeatureSettings, until: date) -> dict[str, KeyProfiles]:
    made: dict[str, KeyProfiles] = {}
    profiles_between(tables, settings, (None, until), made.__setitem__)
    return made


def assert_equal(
    path: Path,
    expected: dict[str, KeyProfiles],
    settings: FeatureSettings,
    names: Iterable[str] = (),
) -> None:
    snapshot = open_store(path).snapshot()
    assert set(snapshot.profiles) == set(settings.profile_columns)
    for name in names or snapshot.profiles:
        found = difference_of(
            name,
            settings.profile_columns[name],
            (snapshot.profiles[name], expected[name]),
            half_lives_days=settings.half_lives_days,
        )
        assert found.small, found
        assert found.profiles == len(expected[name].state.sums)


def test_a_base_reads_back_to_the_bit(based: Path, tables: MemoryTables, settings):
    expected = scratch(tables, settings, BASE)
    snapshot = open_store(based).snapshot()
    assert snapshot.as_of == BASE
    for name, one in snapshot.profiles.items():
        assert one.parts.to_pydict() == expected[name].parts.to_pydict(), name
        assert one.state.sums.tobytes() == expected[name].state.sums.tobytes(), name
        assert one.state.days.tobytes() == expected[name].state.days.tobytes(), name


def test_a_store_is_written_to_the_byte(based: Path, tables, settings, tmp_path: Path):
    create_store(tables, settings, tmp_path / "again", as_of=BASE)
    names = sorted(one.relative_to(based).as_posix() for one in based.rglob("*") if one.is_file())
    assert INDEX in names
    assert "base-2024-02-03/hs6_x_origin.parquet" in names
    assert "base-2024-02-03/container.examined.parquet" in names
    for name in names:
        assert (based / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_rolled_day_by_day_equals_from_scratch(rolled: Path, tables, settings):
    opened = open_store(rolled)
    assert opened.as_of == END
    assert len(opened.index.parts) == 1 + len(DAYS)
    expected = scratch(tables, settings, END)
    assert_equal(rolled, expected, settings)
    whole = Snapshot(END, expected).events
    assert (opened.events.declarations, opened.events.results) == whole
    deltas = opened.index.parts[1:]
    assert sum(part.events.declarations > 0 for part in deltas) > 4
    assert sum(part.events.results for part in deltas) > 5


def test_links_of_rolled_days_reach_results_of_before(rolled: Path, tables, settings):
    """Without what the store knew of the boxes, the links of a new day would see nothing."""
    link = "consignee_via_container"
    blind: dict[str, KeyProfiles] = {}
    profiles_between(tables, settings, (BASE, END), blind.__setitem__)
    index = open_store(rolled).index
    lots = PartReader(rolled, index.settings).lots(index.parts[1:], link)
    told = sum(lot.state.sums[:, EXAMINATIONS].sum() for lot in lots)
    assert told > blind[link].state.sums[:, EXAMINATIONS].sum()


def test_rolled_at_once_equals_day_by_day(fresh: Path, tables, settings):
    roll_store(fresh, tables, to=END)
    assert_equal(fresh, scratch(tables, settings, END), settings)


@given(cuts=st.sets(st.integers(0, 70), min_size=2, max_size=3))
@examples(max_examples=4)
def test_wherever_the_days_are_cut(cuts: set[int], tables, settings, tmp_path_factory):
    first, *later = [date(2024, 1, 1) + timedelta(days=cut) for cut in sorted(cuts)]
    path = tmp_path_factory.mktemp("cut") / "store"
    create_store(tables, settings, path, as_of=first)
    for day in later:
        roll_store(path, tables, to=day)
    assert_equal(path, scratch(tables, settings, open_store(path).as_of), settings)


def test_scores_from_a_rolled_store_are_those_from_scratch(rolled: Path, tables, settings):
    spec: FeatureSpec = learn_spec(tables, settings)
    stop = END + timedelta(days=10)
    wanted = Wanted(start=END, stop=stop)
    full = build(tables, spec, wanted, until=stop)
    known = open_store(rolled).snapshot(fit_for=settings)
    after = build(tables, spec, wanted, until=stop, snapshot=known)
    assert len(full.rows) > 20
    assert after.rows["declaration_id"].tolist() == full.rows["declaration_id"].tolist()
    np.testing.assert_allclose(after.matrix, full.matrix, rtol=1e-6, equal_nan=True)


def test_a_store_of_other_profiles_than_the_model_asks_for_is_refused(based: Path, settings):
    model = settings.model_copy(update={"keys": settings.keys[1:], "links": ()})
    with pytest.raises(InputError, match=r"ask for.*Found: consignee in the first alone"):
        open_store(based).snapshot(fit_for=model)


def test_a_store_is_replaced_by_another_and_by_nothing_else(fresh: Path, tables, settings):
    create_store(tables, settings, fresh, as_of=END)
    assert open_store(fresh).as_of == END
    verify_store(fresh)
    (fresh / INDEX).unlink()
    with pytest.raises(OutputError, match="did not write and will not delete"):
        create_store(tables, settings, fresh, as_of=END)


def test_rolling_to_the_same_day_changes_nothing_and_says_so(fresh: Path, tables):
    before = {one: one.read_bytes() for one in fresh.rglob("*") if one.is_file()}
    done = roll_store(fresh, tables, to=BASE)
    assert done.notes == ("the profiles are as of 2024-02-03 already",)
    assert (done.profiles, done.events.declarations) == (0, 0)
    assert before == {one: one.read_bytes() for one in fresh.rglob("*") if one.is_file()}


def test_rolling_back_is_refused(fresh: Path, tables):
    with pytest.raises(
        InputError, match=r"cannot be rolled back.*as of 2024-02-03, asked for 2024"
    ):
        roll_store(fresh, tables, to=BASE - timedelta(days=1))


def test_events_that_come_late_are_told(fresh: Path, tables: MemoryTables):
    early = pc.call_function(
        "less",
        [
            tables.declarations["lodged_at"],
            pa.scalar(
                pc.call_function("min", [tables.declarations["lodged_at"]]).as_py()
                + timedelta(days=5)
            ),
        ],
    )
    more = tables.declarations.filter(early)
    ids = pa.array([f"LATE{at}" for at in range(more.num_rows)])
    late = more.set_column(more.schema.get_field_index("declaration_id"), "declaration_id", ids)
    grown = MemoryTables(pa.concat_tables([tables.declarations, late]), tables.inspections)
    with pytest.raises(
        InputError, match=rf"{more.num_rows} declarations and 0 results before 2024"
    ):
        roll_store(fresh, grown, to=END)
    with pytest.raises(InputError, match=rf"before 2024-02-03: \+{more.num_rows} declarations"):
        verify_store(fresh, grown)
    assert open_store(fresh).as_of == BASE


def _only(tables: MemoryTables, keep: Callable[[dict[str, object]], bool]) -> MemoryTables:
    lines = [keep(row) for row in tables.declarations.to_pylist()]
    return MemoryTables(tables.declarations.filter(pa.array(lines)), tables.inspections)


def test_tables_of_the_last_weeks_do_while_they_hold_what_was_examined(
    fresh: Path, tables: MemoryTables, settings
):
    examined = set(tables.inspections["declaration_id"].to_pylist())
    first = {row["declaration_id"] for row in tables.declarations.to_pylist()} - examined
    day = BASE + timedelta(days=1)
    kept = _only(
        tables,
        lambda row: str(row["lodged_at"]) > "2024-01-20" or row["declaration_id"] in examined,
    )
    assert 0 < kept.declarations.num_rows < tables.declarations.num_rows
    assert first
    roll_store(fresh, kept, to=day)
    assert_equal(fresh, scratch(tables, settings, day), settings)
    short = _only(tables, lambda row: str(row["lodged_at"]) > "2024-02-02")
    with pytest.raises(InputError, match=r"lines the tables do not hold.*such results known from"):
        roll_store(fresh, short, to=END)


def test_compacting_changes_no_profile_and_leaves_one_part(
    rolled: Path, tables, settings, tmp_path
):
    path = shutil.copytree(rolled, tmp_path / "store")
    done = compact_store(path)
    assert [part.folder for part in done.store.index.parts] == ["base-2024-02-11"]
    assert sorted(one.name for one in path.iterdir()) == ["base-2024-02-11", INDEX]
    assert done.store.events == open_store(rolled).events
    assert_equal(path, scratch(tables, settings, END), settings)
    assert compact_store(path).notes == ("there is nothing to fold in",)
    roll_store(path, tables, to=END + timedelta(days=9))
    found = verify_store(path, tables).difference
    assert found is not None
    assert found.small


def test_a_large_key_lies_in_several_files(
    fresh: Path, tables, settings, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(buckets, "LARGEST_PARTITION", 2)
    path = tmp_path / "split"
    create_store(tables, settings, path, as_of=BASE)
    index = open_store(path).index
    files = index.parts[0].of("hs6_x_origin")
    assert [file.path.split("/")[-1] for file in files] == [
        f"part-{at:04}.parquet" for at in range(4)
    ]
    for at, file in enumerate(files):
        keys = pq.read_table(path / file.path, columns=["key_hs6", "key_origin_country"])
        assert (key_hashes(keys) % np.uint64(4) == at).all()
    monkeypatch.setattr(buckets, "LARGEST_PARTITION", 1)
    roll_store(path, tables, to=END)
    assert len(open_store(path).index.parts[1].of("hs6_x_origin")) == 8
    assert_equal(path, scratch(tables, settings, END), settings)
    monkeypatch.setattr(buckets, "LARGEST_PARTITION", 3)
    compact_store(path)
    assert_equal(path, scratch(tables, settings, END), settings)
    verify_store(path, tables)


def office(tables: MemoryTables, name: str) -> MemoryTables:
    lines = tables.declarations.filter(
        pc.call_function("equal", [tables.declarations["office_id"], pa.scalar(name)])
    )
    own = pc.call_function(
        "is_in",
        [tables.inspections["declaration_id"]],
        pc.SetLookupOptions(lines["declaration_id"]),
    )
    return MemoryTables(lines, tables.inspections.filter(own))


@pytest.fixture(scope="module")
def offices(tables: MemoryTables, settings, tmp_path_factory) -> tuple[Path, Path]:
    """A store per office, the second rolled, so that it has parts to add up."""
    folder = tmp_path_factory.mktemp("offices")
    create_store(office(tables, "AZALA"), settings, folder / "a", as_of=END)
    create_store(office(tables, "AZBAK"), settings, folder / "b", as_of=BASE)
    roll_store(folder / "b", office(tables, "AZBAK"), to=END)
    return folder / "a", folder / "b"


def test_two_offices_add_up_to_the_joint_history(offices, tables, settings, tmp_path: Path):
    done = merge_stores(offices[0], offices[1], tmp_path / "joint")
    names = [ALL, *(key.name for key in settings.keys)]
    expected = scratch(tables, settings, END)
    assert_equal(tmp_path / "joint", expected, settings, names)
    whole = Snapshot(END, expected).events
    assert (done.events.declarations, done.events.results) == whole


def test_links_of_merged_offices_miss_the_other_offices_catch_until_then(
    offices, tables, settings, tmp_path: Path
):
    """What an office did not know on the day of a line, its links cannot tell; later ones can."""
    path = tmp_path / "joint"
    merge_stores(offices[0], offices[1], path)
    link, columns = "consignee_via_container", ("consignee_id",)
    joint = scratch(tables, settings, END)[link]
    merged = open_store(path).key(link)
    own = [open_store(one).key(link) for one in offices]
    half_lives = settings.half_lives_days
    plain = added(columns, own, half_lives_days=half_lives)
    assert difference_of(link, columns, (merged, plain), half_lives_days=half_lives).small
    ordered = encode_like(joint, merged)
    examined, lines = (
        np.stack([joint.state.sums[:, at], ordered.sums[:, at]]) for at in (EXAMINATIONS, 0)
    )
    np.testing.assert_array_equal(lines[0], lines[1])
    assert (examined[1] <= examined[0]).all()
    assert examined[1].sum() < examined[0].sum()
    # From the merge on, both offices' results are reached: a day's links are those of the whole.
    after = END + timedelta(days=9)
    roll_store(path, tables, to=after)
    index = open_store(path).index
    new = PartReader(path, index.settings).lots(index.parts[1:], link)[0]
    gained = (
        scratch(tables, settings, after)[link].state.sums[:, EXAMINATIONS].sum() - examined[0].sum()
    )
    assert new.state.sums[:, EXAMINATIONS].sum() == pytest.approx(gained)
    assert gained > 0


def encode_like(first: KeyProfiles, second: KeyProfiles) -> ProfileState:
    """Rows of the second in the order of the first."""
    places = {key: at for at, key in enumerate(second.parts["consignee_id"].to_pylist())}
    which = np.array([places[key] for key in first.parts["consignee_id"].to_pylist()])
    return chosen(second, which).state


def test_only_stores_of_the_same_settings_and_day_are_merged(
    offices, tables, settings, tmp_path: Path
):
    other = settings.model_copy(update={"half_lives_days": (30.0,), "time_zone": "UTC"})
    create_store(tables, other, tmp_path / "other", as_of=END)
    with pytest.raises(
        InputError, match=r"zone Asia/Baku against UTC; half-lives 7, 90 against 30 days"
    ):
        merge_stores(offices[0], tmp_path / "other", tmp_path / "joint")
    fewer = settings.model_copy(update={"links": settings.links[1:]})
    create_store(tables, fewer, tmp_path / "fewer", as_of=END)
    with pytest.raises(InputError, match="Found: consignee_via_container in the first alone"):
        merge_stores(offices[0], tmp_path / "fewer", tmp_path / "joint")
    create_store(office(tables, "AZBAK"), settings, tmp_path / "early", as_of=BASE)
    with pytest.raises(
        InputError, match=r"lack the days between.*early as of 2024-02-03.*roll --profiles .*early"
    ):
        merge_stores(offices[0], tmp_path / "early", tmp_path / "joint")
    assert not (tmp_path / "joint").exists()


def test_the_same_events_are_not_merged_twice(offices, tmp_path: Path):
    shutil.copytree(offices[1], tmp_path / "copy")
    with pytest.raises(InputError, match="hold the same events, which would count twice"):
        merge_stores(offices[1], tmp_path / "copy", tmp_path / "joint")


def test_a_run_stopped_before_the_end_loses_nothing(
    fresh: Path, tables, settings, monkeypatch: pytest.MonkeyPatch
):
    before = open_store(fresh).index

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rolling, "write_index", stopped)
        with pytest.raises(KeyboardInterrupt):
            roll_store(fresh, tables, to=END)
    assert open_store(fresh).index == before
    assert_equal(fresh, scratch(tables, settings, BASE), settings)
    with pytest.raises(InputError, match=r"delta-2024-02-03-2024-02-11/.* is not listed"):
        verify_store(fresh)
    roll_store(fresh, tables, to=END)
    assert_equal(fresh, scratch(tables, settings, END), settings)
    verify_store(fresh, tables)


def test_a_store_that_changed_meanwhile_is_left_alone(fresh: Path, tables, monkeypatch):
    write = PartWriter.part

    def overtaken(*arguments, **named):
        monkeypatch.undo()
        roll_store(shutil.copytree(fresh, fresh.parent / "twin"), tables, to=END)
        shutil.copy(fresh.parent / "twin" / INDEX, fresh / INDEX)
        return write(*arguments, **named)

    monkeypatch.setattr(PartWriter, "part", overtaken)
    with pytest.raises(OutputError, match="another command changed the profile store meanwhile"):
        roll_store(fresh, tables, to=BASE + timedelta(days=1))


def _spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def test_a_changed_file_is_named_and_never_read(fresh: Path, tables):
    _spoil(fresh / "base-2024-02-03" / "hs6.parquet")
    with pytest.raises(InputError, match=r"not what was written.*hs6.parquet was changed"):
        verify_store(fresh)
    with pytest.raises(InputError, match=r"base-2024-02-03/hs6.parquet was changed"):
        open_store(fresh).snapshot()
    _spoil(fresh / "base-2024-02-03" / "container.examined.parquet")
    with pytest.raises(InputError, match=r"container.examined.parquet was changed"):
        roll_store(fresh, tables, to=END)


def test_missing_and_extra_files_are_named_together(fresh: Path):
    (fresh / "base-2024-02-03" / "hs6.parquet").unlink()
    (fresh / "base-2024-02-03" / "hs7.parquet").write_bytes(b"")
    (fresh / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(
        InputError,
        match=r"hs6.parquet is missing; .*hs7.parquet is not listed; "
        r"notes.txt is not listed",
    ):
        verify_store(fresh)


def _edit(path: Path, change: Callable[[dict], None]) -> None:
    values = json.loads((path / INDEX).read_text(encoding="utf-8"))
    change(values)
    (path / INDEX).write_text(json.dumps(values), encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../a.parquet", "base-2024-02-03/../../a.parquet", "a.parquet",
     "C:/a.parquet", "base-2024-02-03\\a.parquet", "elsewhere/a.parquet", "base-2024-02-03//a"],
)  # fmt: skip
def test_names_that_leave_the_folder_are_refused(name: str, fresh: Path):
    _edit(fresh, lambda values: values["parts"][0]["files"][0].update(path=name))
    with pytest.raises(InputError, match="names files that are not inside it"):
        open_store(fresh)


def test_links_in_the_folder_are_refused(fresh: Path, tmp_path: Path):
    file = fresh / "base-2024-02-03" / "hs6.parquet"
    (tmp_path / "away.parquet").write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(tmp_path / "away.parquet")
    with pytest.raises(InputError, match=r"not inside it.*hs6.parquet"):
        open_store(fresh)
    folder = (fresh / "base-2024-02-03").rename(tmp_path / "base")
    (fresh / "base-2024-02-03").symlink_to(folder)
    with pytest.raises(InputError, match="names files that are not inside it"):
        open_store(fresh)


def test_a_description_that_cannot_be_trusted_is_refused(fresh: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"not a profile store. Found: no store.json"):
        open_store(tmp_path / "nothing")
    kept = (fresh / INDEX).read_text(encoding="utf-8")
    for change, found in (
        (lambda values: values.update(format_version=2), "version 2, this program reads 1"),
        (lambda values: values.update(as_of="2024-02-04"), "do not follow each other"),
        (lambda values: values.update(more=1), "more: Extra inputs"),
        (lambda values: values["parts"][0].update(folder="../base-x"), "folder: String should"),
        (lambda values: values["parts"][0].update(files=values["parts"][0]["files"] * 2), "twice"),
    ):
        _edit(fresh, change)
        with pytest.raises(InputError, match=found):
            open_store(fresh)
        (fresh / INDEX).write_text(kept, encoding="utf-8")
    (fresh / INDEX).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="no JSON"):
        open_store(fresh)


def test_a_file_of_another_profile_is_refused_though_its_hash_is_listed(fresh: Path):
    def swap(values: dict) -> None:
        files = {one["path"].split("/")[-1]: one for one in values["parts"][0]["files"]}
        one, other = files["hs6.parquet"], files["consignee.parquet"]
        one["profile"], other["profile"] = other["profile"], one["profile"]

    _edit(fresh, swap)
    with pytest.raises(InputError, match=r"does not hold what store.json says.*of another profile"):
        open_store(fresh).key("hs6")


def test_numbers_that_differ_are_found(fresh: Path, tables: MemoryTables):
    """Tables of the same counts, one value changed: only making them again shows it."""
    at = tables.declarations.schema.get_field_index("customs_value")
    values = tables.declarations["customs_value"].to_pylist()
    values[values.index(120.5)] = 121.5
    changed = tables.declarations.set_column(at, "customs_value", pa.array(values, pa.float64()))
    verify_store(fresh, tables)
    with pytest.raises(
        InputError, match=r"differ from those made from scratch. Found: \w+, \w+ by"
    ):
        verify_store(fresh, MemoryTables(changed, tables.inspections))


def test_a_store_is_made_from_a_folder_too(tables: MemoryTables, settings, tmp_path: Path):
    (tmp_path / "tables").mkdir()
    write_tables(tmp_path / "tables", tables.declarations, tables.inspections)
    folder = TablesFolder.open(tmp_path / "tables")
    create_store(folder, settings, tmp_path / "store", as_of=BASE)
    roll_store(tmp_path / "store", folder, to=END)
    assert_equal(tmp_path / "store", scratch(tables, settings, END), settings)


def test_a_key_of_what_leaks_is_refused(tables: MemoryTables, tmp_path: Path):
    leaky = FeatureSettings.model_validate({"keys": ["consignee_name"], "links": []})
    with pytest.raises(ConfigError, match="no model may use them"):
        create_store(tables, leaky, tmp_path / "store", as_of=BASE)


def _profiles(draw: np.random.Generator, keys: list[str]) -> KeyProfiles:
    state = ProfileState.empty(len(keys), 1)
    state.sums[:] = draw.normal(size=state.sums.shape)
    state.days[:, AS_OF] = draw.integers(0, 50, len(keys))
    state.days[:, :3] = state.days[:, AS_OF, None] - draw.integers(0, 9, (len(keys), 3))
    return KeyProfiles(pa.table({"hs6": keys}), state)


@given(seed=st.integers(0, 2**32 - 1), lots=st.integers(1, 4))
def test_adding_is_as_decaying_all_to_one_day_and_adding(seed: int, lots: int):
    draw = np.random.default_rng(seed)
    names = [f"{code:06}" for code in range(9)]
    many = [
        _profiles(draw, list(draw.permutation(names)[: draw.integers(0, 9)])) for _ in range(lots)
    ]
    total = added(["hs6"], many, half_lives_days=[10.0])
    now = as_of(total.state, 60, half_lives_days=[10.0])
    rows = dict(zip(total.parts["hs6"].to_pylist(), now.sums, strict=True))
    expected: dict[str, np.ndarray] = {}
    for lot in many:
        sums = as_of(lot.state, 60, half_lives_days=[10.0]).sums
        for key, one in zip(lot.parts["hs6"].to_pylist(), sums, strict=True):
            expected[key] = expected.get(key, 0.0) + one
    assert list(rows) == list(
        dict.fromkeys(k for lot in many for k in lot.parts["hs6"].to_pylist())
    )
    for key, sums in expected.items():
        np.testing.assert_allclose(rows[key], sums, rtol=1e-9, atol=1e-12)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=6))
def test_the_hash_is_the_one_written_down(keys: list[tuple[str, str]]):
    def by_hand(parts: tuple[str, str]) -> int:
        value = 14695981039346656037
        for byte in b"".join(part.encode() + b"\x1f" for part in parts):
            value = (value ^ byte) * 1099511628211 % 2**64
        return value

    columns = {
        name: pa.array([key[at] for key in keys], pa.string()) for at, name in enumerate("ab")
    }
    assert key_hashes(pa.table(columns)).tolist() == [by_hand(key) for key in keys]
    assert key_hashes(pa.table(columns).slice(1)).tolist() == [by_hand(key) for key in keys[1:]]


def test_a_sum_does_not_replace_what_it_adds(offices, tmp_path: Path):
    north, south = offices
    with pytest.raises(InputError, match="would replace one of them"):
        merge_stores(north, south, north)


def test_two_commands_at_once_are_refused(fresh: Path, tables):
    with (
        rolling.changing(open_store(fresh)),
        pytest.raises(OutputError, match="another command is changing"),
    ):
        roll_store(fresh, tables, to=END)
    assert roll_store(fresh, tables, to=END).store.as_of == END


def test_names_that_lead_out_of_the_folder_are_refused():
    for column in ("../outside", "a/b", ""):
        with pytest.raises(ValueError, match="distinct names of letters"):
            FeatureSettings.model_validate({"keys": [[column]]})
    with pytest.raises(ValueError, match="distinct names of letters"):
        FeatureSettings.model_validate({"keys": [["all_declarations"]]})


def test_what_a_stopped_run_left_is_cleared_away_even_with_nothing_to_do(fresh: Path, tables):
    as_of = open_store(fresh).as_of
    (fresh / ".new").mkdir()
    (fresh / "delta-1999-01-01-1999-01-02").mkdir()
    assert roll_store(fresh, tables, to=as_of).notes
    assert {path.name.split("-")[0] for path in fresh.iterdir()} == {"store.json", "base"}
    (fresh / ".new").mkdir()
    assert compact_store(fresh).notes
    assert not (fresh / ".new").exists()


@pytest.mark.parametrize("holds", ["profiles", "examined"])
def test_a_store_that_lists_too_few_files_is_refused(fresh: Path, holds: str):
    index = json.loads((fresh / INDEX).read_text(encoding="utf-8"))
    files = index["parts"][0]["files"]
    files.remove(next(file for file in files if file["holds"] == holds))
    (fresh / INDEX).write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(InputError, match="lacks files of a profile"):
        open_store(fresh)
