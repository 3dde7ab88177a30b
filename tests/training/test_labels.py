"""Labels are three-valued, and as they were known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import tables_from

from targeting.tables.folder import MemoryTables
from targeting.training.labels import Label, examined, labels_at

if TYPE_CHECKING:
    from typing import Any


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2024, 1, day, hour, tzinfo=UTC)


DECLARED = [{"declaration_id": name, "lodged_at": at(1, hour)} for hour, name in enumerate("ABCD")]


def inspected(name: str, day: int, result: str = "clear", **more: Any) -> dict[str, Any]:
    return {
        "declaration_id": name, "inspected_at": at(day), "result_known_at": at(day, 12),
        "result": result, **more,
    }  # fmt: skip


INSPECTED = [
    inspected("A", 2, selected_by="random", selection_probability=0.05),
    inspected("A", 3, "hit", selected_by="rule", offence="drugs", revenue_recovered=100.0),
    inspected("A", 5, "hit", offence="tobacco", revenue_recovered=20.0),
    inspected("B", 2, "hit", offence="tobacco"),
    inspected("B", 3, "clear"),
    inspected("C", 4, "clear", revenue_recovered=0.0),
]


def test_one_row_for_each_examined_line_and_none_for_the_unexamined() -> None:
    rows = examined(tables_from(DECLARED, INSPECTED))

    assert rows["declaration_id"].tolist() == ["A", "B", "C"]  # D is unknown, not clear
    assert rows["hit"].tolist() == [True, True, False]
    assert rows["hit"].dtype == bool
    assert rows["lodged_at"].tolist() == [at(1, 0), at(1, 1), at(1, 2)]


def test_a_hit_is_known_when_the_hit_was_and_selected_as_the_first_examination() -> None:
    rows = examined(tables_from(DECLARED, INSPECTED))

    assert rows["known_at"].tolist() == [at(3, 12), at(2, 12), at(4, 12)]
    assert rows["selected_by"].tolist() == ["random", "officer", "officer"]
    np.testing.assert_array_equal(rows["selection_probability"], [0.05, np.nan, np.nan])
    assert rows["offence"].fillna("none").tolist() == ["drugs", "tobacco", "none"]
    np.testing.assert_array_equal(rows["revenue_recovered"], [120.0, np.nan, 0.0])


@pytest.mark.parametrize(
    ("moment", "known"),
    [
        (at(2, 12), {}),  # known at that very moment is not known before it
        (at(2, 13), {"A": False, "B": True}),
        (at(3, 13), {"A": True, "B": True}),
        (at(4, 13), {"A": True, "B": True, "C": False}),
    ],
)
def test_only_what_was_known_before_the_moment_counts(
    moment: datetime, known: dict[str, bool]
) -> None:
    rows = examined(tables_from(DECLARED, INSPECTED), known_before=moment)

    assert dict(zip(rows["declaration_id"], rows["hit"], strict=True)) == known


def test_a_line_lodged_at_the_moment_does_not_count() -> None:
    """A slip of the clock: a result from before the line was lodged."""
    tables = tables_from([{"declaration_id": "A", "lodged_at": at(9)}], [inspected("A", 2)])

    assert examined(tables, known_before=at(9)).empty
    assert len(examined(tables, known_before=at(9, 1))) == 1


def test_an_examination_of_an_unknown_line_is_left_out() -> None:
    assert examined(tables_from(DECLARED, [inspected("Z", 2)])).empty


def test_moments_without_a_zone_are_utc() -> None:
    tables = tables_from(DECLARED, INSPECTED)
    naive = MemoryTables(without_zone(tables.declarations), without_zone(tables.inspections))

    pd.testing.assert_frame_equal(
        examined(naive, known_before=at(3)), examined(tables, known_before=at(3))
    )


def without_zone(table: pa.Table) -> pa.Table:
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


@settings(max_examples=12)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("ABCD"), st.integers(2, 28), st.booleans()), max_size=12
    ),
    cut=st.integers(2, 30),
)
def test_labels_equal_a_plain_loop_and_later_results_change_none(
    rows: list[tuple[str, int, bool]], cut: int
) -> None:
    moment = at(1) + timedelta(days=cut - 1)
    results = [inspected(name, day, "hit" if hit else "clear") for name, day, hit in rows]
    expected = {
        name: any(hit for other, day, hit in rows if other == name and at(day, 12) < moment)
        for name in "ABCD"
        if any(other == name and at(day, 12) < moment for other, day, _ in rows)
    }

    now = examined(tables_from(DECLARED, results), known_before=moment)
    later = [*results, *(inspected(name, 30, "hit") for name in "ABCD")]
    then = examined(tables_from(DECLARED, later), known_before=moment)

    assert dict(zip(now["declaration_id"], now["hit"], strict=True)) == expected
    pd.testing.assert_frame_equal(now, then)


def test_any_declaration_has_a_label_of_three_values() -> None:
    tables = tables_from(DECLARED, INSPECTED)

    rows = labels_at(tables, pd.Series(["D", "C", "B", "A"]), known_before=at(31))

    assert rows["declaration_id"].tolist() == ["D", "C", "B", "A"]
    assert rows["label"].tolist() == [Label.UNKNOWN, Label.CLEAR, Label.HIT, Label.HIT]
    assert rows["label"].dtype == np.int8
    assert rows["known_at"].isna().tolist() == [True, False, False, False]
    assert rows["known_at"].tolist()[1:] == [at(4, 12), at(2, 12), at(3, 12)]
    assert rows["selected_by"].tolist()[2:] == ["officer", "random"]
    assert rows["revenue_recovered"].tolist()[3] == 120.0


def test_labels_are_as_they_were_known_at_the_moment() -> None:
    tables = tables_from(DECLARED, INSPECTED)
    ids = pd.Series(["A", "B", "C", "D"])

    def known(day: int, hour: int = 0) -> list[int]:
        return labels_at(tables, ids, known_before=at(day, hour))["label"].tolist()

    assert known(2) == [-1, -1, -1, -1]
    assert known(3) == [0, 1, -1, -1]  # A was clear at the first look
    assert known(3, 13) == [1, 1, -1, -1]
    assert known(5) == [1, 1, 0, -1]


@pytest.mark.parametrize("moment", [at(2), at(3), at(3, 13), at(5), at(31)])
def test_labels_agree_with_the_examined_rows_at_any_moment(moment: datetime) -> None:
    tables = tables_from(DECLARED, INSPECTED)
    found = examined(tables, known_before=moment)

    rows = labels_at(tables, pd.Series(["A", "B", "C", "D"]), known_before=moment)

    known = rows[rows["label"] != Label.UNKNOWN]
    assert known["declaration_id"].tolist() == found["declaration_id"].tolist()
    assert (known["label"] == 1).tolist() == found["hit"].tolist()
    assert known["known_at"].tolist() == found["known_at"].tolist()
