"""Keys as numbers."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.features.keys import encode

text = st.one_of(st.none(), st.sampled_from(["a", "b", "ab", "", "é", "1"]))
rows = st.lists(st.tuples(text, text, text), max_size=12)


def table(values: list[tuple[str | None, ...]]) -> pa.Table:
    return pa.table(
        {name: pa.array([row[at] for row in values], pa.string()) for at, name in enumerate("xyz")}
    )


@settings(max_examples=100)
@given(st.lists(rows, min_size=1, max_size=3), st.integers(1, 3))
def test_equal_parts_have_equal_codes_numbered_by_first_appearance(tables: list, width: int):
    columns = list("xyz")[:width]
    coded = encode(columns, [table(one) for one in tables])
    numbers: dict[tuple, int] = {}
    for values, codes in zip(tables, coded.codes, strict=True):
        expected = []
        for row in values:
            part = row[:width]
            missing = any(one is None for one in part)
            expected.append(-1 if missing else numbers.setdefault(part, len(numbers)))
        assert codes.tolist() == expected
        assert codes.dtype == "int32"
    assert list(zip(*coded.parts.to_pydict().values(), strict=True)) == list(numbers)


def test_joined_text_is_not_confused():
    coded = encode(["x", "y"], [table([("a", "bc", None), ("ab", "c", None)])])
    assert coded.codes[0].tolist() == [0, 1]


def test_a_snapshot_handed_in_first_keeps_its_numbers():
    snapshot = table([("b", "1", None), ("a", "2", None)])
    later = table([("a", "2", None), ("c", "1", None), (None, "1", None), ("b", "1", None)])
    coded = encode(["x", "y"], [snapshot, later])
    assert [codes.tolist() for codes in coded.codes] == [[0, 1], [1, 2, -1, 0]]
    assert coded.parts.slice(0, 2).to_pydict() == {"x": ["b", "a"], "y": ["1", "2"]}


def test_no_column_is_the_one_key_every_row_shares():
    coded = encode([], [table([("a", None, None)] * 2), table([])])
    assert [codes.tolist() for codes in coded.codes] == [[0, 0], []]


def test_numbers_and_dictionaries_are_coded_as_their_text():
    numbers = pa.table({"x": pa.array([7, None, 7])})
    dictionary = pa.table({"x": pa.array(["7", "8", None]).dictionary_encode()})
    coded = encode(["x"], [numbers, dictionary])
    assert [codes.tolist() for codes in coded.codes] == [[0, -1, 0], [0, 1, -1]]


def test_tables_without_rows_have_no_codes():
    coded = encode(["x", "y"], [table([]), table([])])
    assert [codes.tolist() for codes in coded.codes] == [[], []]
    assert coded.parts.num_rows == 0
