"""Living profiles: whatever comes, in whatever order, they are those a batch would make."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scoring.online.living import (
    BEGIN,
    SETTINGS,
    Living,
    differences,
    known,
    lodged,
    same_bits,
    scratch,
    tables_of,
    world,
)

from targeting.errors import ContractError, InputError, OutputError
from targeting.scoring.online import Accepted, ProfileDatabase
from targeting.scoring.online import closing as closing_module

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.features.snapshot import Snapshot

END = BEGIN + timedelta(days=8)
Row = dict[str, Any]


def day(number: int) -> Any:
    return BEGIN + timedelta(days=number)


def new_ones(declared: list[Row], found: list[Row]) -> list[tuple[str, Row]]:
    """Events of the database's own days; the others are in the profiles it begins with."""
    lines = [("line", row) for row in declared if row["lodged_at"].date() >= BEGIN]
    results = [("result", row) for row in found if row["result_known_at"].date() >= BEGIN]
    return lines + results


def accept(database: ProfileDatabase, events: list[tuple[str, Row]]) -> Accepted:
    return database.accept(
        [row for kind, row in events if kind == "line"],
        [row for kind, row in events if kind == "result"],
    )


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.data())
def test_any_order_of_events_gives_the_batch_s_profiles(seed: int, data: st.DataObject) -> None:
    """Early, late, twice, results before their lines, days closed at any moment."""
    declared, found = world(np.random.default_rng(seed))
    tables = tables_of(declared, found)
    events = data.draw(st.permutations(new_ones(declared, found)))
    with Living(tables) as database:
        while events:
            many = data.draw(st.integers(1, 30))
            accept(database, events[:many])
            if data.draw(st.booleans()):
                accept(database, events[: many // 2])
            events = events[many:]
            database.close_day(day(data.draw(st.integers(-1, 7))))
        database.close_day(day(7))
        for difference in differences(database, scratch(tables, END)):
            assert difference.small, difference
        assert database.verify(tables).small


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_events_that_come_in_time_give_the_batch_s_profiles_to_the_bit(
    seed: int, step: int
) -> None:
    """However the steps of a close are cut, and in whatever order a day's events came."""
    draw = np.random.default_rng(seed)
    declared, found = world(draw)
    tables = tables_of(declared, found)
    events = new_ones(declared, found)
    with Living(tables) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(closing_module, "STEP", step)
        for number in range(8):
            own = [event for event in events if _day(event) == number]
            draw.shuffle(own)  # type: ignore[arg-type]
            accept(database, own)
            database.close_day(day(number))
            assert_same_bits(database, scratch(tables, day(number + 1)))


def _day(event: tuple[str, Row]) -> int:
    kind, row = event
    return (row["lodged_at" if kind == "line" else "result_known_at"].date() - BEGIN).days


def assert_same_bits(database: ProfileDatabase, expected: Snapshot) -> None:
    unlike = [
        name
        for name, profiles in expected.profiles.items()
        if not same_bits(database.key(name), profiles)
    ]
    assert unlike == []


LINE = lodged(1, 0, consignee_id="C1", container_id="B1", customs_value=10.0)
RESULT = known(1, 1, 2, result="hit", revenue_recovered=5.0)


@pytest.fixture
def database() -> Any:
    with Living(tables_of([lodged(0, -2, consignee_id="C1")], [])) as made:
        yield made


def test_an_event_counts_once_however_often_it_comes(database: ProfileDatabase) -> None:
    assert database.accept([LINE, LINE], [RESULT]) == Accepted(new=2, repeated=1)
    assert database.accept([LINE], [RESULT]) == Accepted(new=0, repeated=2)
    database.close_day(day(2))
    assert database.accept([LINE], [RESULT, RESULT]) == Accepted(new=0, repeated=3)
    assert (database.status().declarations, database.status().results) == (2, 1)


def test_the_same_event_in_other_clothes_is_the_same(database: ProfileDatabase) -> None:
    """A moment in another zone, a gap as NaN, a whole number as a float."""
    database.accept([LINE])
    moment = LINE["lodged_at"].isoformat().replace("+00:00", "Z")
    other = LINE | {"lodged_at": moment, "net_mass_kg": float("nan"), "customs_value": 10}
    assert database.accept([other]).repeated == 1


def test_an_id_with_other_contents_is_refused_and_told_by_its_place(
    database: ProfileDatabase,
) -> None:
    database.accept([LINE])
    told = database.accept([lodged(2, 0), LINE | {"consignee_id": "C9"}])
    assert (told.new, told.repeated) == (1, 0)
    assert [(one.kind, one.at) for one in told.refused] == [("declaration", 1)]
    assert "other contents" in told.refused[0].found


def test_what_the_profiles_were_made_of_is_known_already(database: ProfileDatabase) -> None:
    assert database.accept([lodged(0, -2, consignee_id="C1")]) == Accepted(new=0, repeated=1)


@pytest.mark.parametrize("column", ["declaration_id", "office_id", "consignee_id"])
def test_a_code_too_long_for_an_index_is_refused(database: ProfileDatabase, column: str) -> None:
    """SQLite would take it; but an event must not be good for one database and bad for another."""
    told = database.accept([lodged(1, 0, **{column: "\u044f" * 1_400}), lodged(2, 0)])
    assert (told.new, [one.at for one in told.refused]) == (1, [0])
    assert told.refused[0].found == "codes of more than 2,600 bytes together make no key"
    long_text = lodged(3, 0, goods_description="\u044f" * 2_000)
    assert database.accept([long_text]).new == 1


def test_what_is_older_than_the_memory_is_refused(database: ProfileDatabase) -> None:
    told = database.accept([lodged(3, -800)], [known(3, 0, -800)])
    assert told.new == 0
    assert [one.kind for one in told.refused] == ["declaration", "result"]
    assert "before 2022-12-06" in told.refused[0].found


def test_a_result_waits_for_its_line(database: ProfileDatabase) -> None:
    assert database.accept([], [RESULT]) == Accepted(new=1, unmatched=1)
    database.close_day(day(4))
    assert database.status().unmatched == 1
    # The line comes late, and with it the result.
    assert database.accept([LINE]) == Accepted(new=1, late=2)
    assert database.status().unmatched == 0
    tables = tables_of([lodged(0, -2, consignee_id="C1"), LINE], [RESULT])
    assert database.verify(tables).small


def test_a_result_of_before_its_line_counts_from_the_line(database: ProfileDatabase) -> None:
    slip = known(7, 8, 0)
    database.accept([lodged(8, 3, consignee_id="C1")], [slip])
    assert database.close_day(day(2)).results == 0
    assert database.close_day(day(3)).results == 1


def test_a_late_result_is_told_to_the_lines_lodged_since(database: ProfileDatabase) -> None:
    """The link of a line of day 4 goes through a box caught on day 2, told on day 6."""
    later = lodged(5, 4, consignee_id="C2", container_id="B1")
    database.accept([LINE, later])
    database.close_day(day(5))
    assert database.accept([], [RESULT]).late == 1
    tables = tables_of([lodged(0, -2, consignee_id="C1"), LINE, later], [RESULT])
    assert database.verify(tables).small
    link = database.key("consignee_via_container")
    caught = dict(zip(link.parts["consignee_id"].to_pylist(), link.state.sums[:, 10], strict=True))
    assert caught["C2"] == 1.0


def test_closing_a_closed_day_changes_nothing(database: ProfileDatabase) -> None:
    database.accept([LINE])
    first = database.close_day(day(1))
    assert (first.since, first.as_of, first.declarations) == (BEGIN, day(2), 1)
    again = database.close_day(day(0))
    assert (again.since, again.as_of, again.declarations) == (day(2), day(2), 0)
    assert database.as_of == day(2)


def test_a_close_that_was_stopped_is_gone_on_with(
    database: ProfileDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [lodged(at, 0, consignee_id="C1", customs_value=at / 7) for at in range(1, 30)]
    results = [known(at, at, 0, result="hit") for at in range(1, 30)]
    database.accept(lines, results)
    monkeypatch.setattr(closing_module, "STEP", 4)
    honest, steps = closing_module.writing, iter(range(100))

    def stopped(engine: Any) -> Any:
        if next(steps) in (3, 9):
            raise KeyboardInterrupt
        return honest(engine)

    monkeypatch.setattr(closing_module, "writing", stopped)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            database.close_day(day(0))
        assert database.as_of == BEGIN
    database.close_day(day(0))
    tables = tables_of([lodged(0, -2, consignee_id="C1"), *lines], results)
    assert_same_bits(database, scratch(tables, day(1)))


def test_what_arrives_while_a_day_closes_is_of_that_day(
    database: ProfileDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [lodged(at, 0, consignee_id="C1", container_id="B1") for at in range(1, 9)]
    results = [known(at, at, 0, result="hit") for at in range(1, 9)]
    database.accept(lines[:4], results[:4])
    monkeypatch.setattr(closing_module, "STEP", 2)
    honest, steps = closing_module.writing, iter(range(100))

    def busy(engine: Any) -> Any:
        at = next(steps)
        if at in (1, 3):
            some = slice(4, 6) if at == 1 else slice(6, 8)
            database.accept(lines[some], results[some])
        return honest(engine)

    monkeypatch.setattr(closing_module, "writing", busy)
    assert database.close_day(day(0)).declarations == 8
    tables = tables_of([lodged(0, -2, consignee_id="C1"), *lines], results)
    assert database.verify(tables).small


def test_verify_tells_of_events_the_tables_lack(database: ProfileDatabase) -> None:
    database.accept([LINE])
    database.close_day(day(0))
    with pytest.raises(InputError, match=r"other events.*\+1 declarations and \+0 results"):
        database.verify(tables_of([lodged(0, -2, consignee_id="C1")], []))


def test_verify_tells_of_a_profile_that_differs(database: ProfileDatabase) -> None:
    database.accept([LINE])
    database.close_day(day(0))
    other = tables_of([lodged(0, -2, consignee_id="C1"), LINE | {"customs_value": 11.0}], [])
    with pytest.raises(InputError, match=r"differ from those made from scratch.*value by 9.1e-02"):
        database.verify(other)


def test_a_rebuild_keeps_what_the_tables_do_not_hold_yet() -> None:
    declared, found = world(np.random.default_rng(5))
    tables = tables_of(declared, found)
    events = new_ones(declared, found)
    with Living(tables) as database:
        accept(database, events)
        database.close_day(day(7))
        # A warehouse that lags: every third of the new events is not in it.
        lagging = [row for at, (_, row) in enumerate(events) if at % 3 == 0]
        behind = tables_of(
            [row for row in declared if row not in lagging],
            [row for row in found if row not in lagging],
        )
        told = database.rebuild(behind)
        assert told.as_of == END
        assert database.verify(tables).small
        assert accept(database, events).repeated == len(events)


def test_a_rebuild_mends_a_profile(database: ProfileDatabase) -> None:
    database.accept([LINE])
    database.close_day(day(0))
    right = tables_of([lodged(0, -2, consignee_id="C1"), LINE], [])
    with sqlite3.connect(str(database.engine.url.database)) as raw:
        raw.execute("UPDATE profiles SET state = (SELECT state FROM profiles LIMIT 1)")
    with pytest.raises(InputError, match=r"other events|differ from"):
        database.verify(right)
    database.rebuild(right)
    assert database.verify(right).small


def test_declarations_are_found_by_day_and_office(database: ProfileDatabase) -> None:
    other = lodged(2, 1, office_id="AZBAK")
    database.accept([other, LINE])
    ids = [row["declaration_id"] for row in database.declarations(start=BEGIN, stop=day(2))]
    assert ids == ["D0001", "D0002"]
    (only,) = database.declarations(start=BEGIN, stop=day(2), office_id="AZBAK")
    assert only == other
    assert database.declarations(start=BEGIN, stop=BEGIN) == []


def test_a_copy_is_taken_while_the_database_is_in_use(
    database: ProfileDatabase, tmp_path: Path
) -> None:
    database.accept([LINE])
    database.backup(tmp_path / "copy.db")
    database.accept([lodged(2, 0)])
    copy = ProfileDatabase.open(f"sqlite:///{tmp_path / 'copy.db'}")
    assert copy.status().waiting_declarations == 1
    assert copy.accept([LINE]).repeated == 1
    copy.close()


def test_a_database_is_not_made_over_another(database: ProfileDatabase) -> None:
    url = f"sqlite:///{database.engine.url.database}"
    with pytest.raises(InputError, match="does not replace another"):
        ProfileDatabase.create(url, scratch(tables_of([LINE], []), BEGIN), SETTINGS)


@pytest.mark.parametrize(
    "url", ["", "profiles.db", "sqlite://", "sqlite:///:memory:", "mysql://a:secret@b/c"]
)
def test_another_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InputError, match="not the address of a profile database") as caught:
        ProfileDatabase.open(url)
    assert "secret" not in str(caught.value)


def test_what_is_no_profile_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no profile database"):
        ProfileDatabase.open(f"sqlite:///{tmp_path / 'none.db'}")
    sqlite3.connect(tmp_path / "other.db").executescript("CREATE TABLE a (b)").close()
    with pytest.raises(OutputError, match=r"cannot be used.*no such table"):
        ProfileDatabase.open(f"sqlite:///{tmp_path / 'other.db'}")


def test_a_breach_keeps_no_event_of_the_call(database: ProfileDatabase) -> None:
    with pytest.raises(ContractError, match="row 1: hs_code is missing"):
        database.accept([LINE, {name: LINE[name] for name in LINE if name != "hs_code"}])
    assert database.status().waiting_declarations == 0


def test_a_key_is_written_so_that_none_is_taken_for_another(database: ProfileDatabase) -> None:
    odd = [
        lodged(at, 0, consignee_id=name, hs_code=code)
        for at, (name, code) in enumerate(
            [("A\x1f0805", "080510"), ("A", "0805"), ("A\\u0805", "080510"), ("A\\", "0805")], 1
        )
    ]
    database.accept(odd)
    database.close_day(day(0))
    assert database.verify(tables_of([lodged(0, -2, consignee_id="C1"), *odd], [])).small
    names = database.key("consignee").parts["consignee_id"].to_pylist()
    assert sorted(names) == sorted(["C1", "A\x1f0805", "A", "A\\u0805", "A\\"])
