"""Container numbers: known ones, and the three ways of checking them agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.tables.engine import column, connect
from targeting.tables.iso6346 import (
    SizeType,
    check_digit,
    check_digits,
    decode_size_type,
    digit_fails,
    is_valid,
    is_well_formed,
)


@pytest.mark.parametrize(
    ("number", "digit"), [("CSQU305438", 3), ("MSCU998140", 2), ("CMCU122380", 6)]
)
def test_check_digits_computed_by_hand(number: str, digit: int):
    assert check_digit(number) == digit


@pytest.mark.parametrize("number", ["CSQU30543", "csqu305438", "CSQ1305438", ""])
def test_a_number_of_another_form_has_no_check_digit(number: str):
    with pytest.raises(ValueError, match="four capital letters and six digits"):
        check_digit(number)


def test_check_digits_of_a_column_are_those_of_its_numbers():
    numbers = pa.array(["", "CSQU305438", "MSCU9981402", "CMCU122380"]).slice(1)
    assert check_digits(numbers).tolist() == [3, 2, 6]
    assert check_digits([]).tolist() == []


@pytest.mark.parametrize("wrong", ["CSQU30543", "csqu305438", "ÇSQU305438", None])
def test_a_column_with_a_number_of_another_form_has_no_check_digits(wrong: str | None):
    with pytest.raises(ValueError, match="four capital letters and six digits"):
        check_digits(["CSQU305438", wrong])


NUMBERS = ["CSQU3054383", "CMCU1223808", None, "MSCU9981402", "CSQX3054383", "ÇSQU305438", ""]


@pytest.mark.parametrize(
    "numbers",
    [
        NUMBERS,
        pa.array(NUMBERS),
        pa.array(["", *NUMBERS]).slice(1),
        pa.chunked_array([NUMBERS[:3], NUMBERS[3:]]),
        pa.array(NUMBERS).dictionary_encode(),
        np.array(NUMBERS, dtype=object),
        pd.Series(NUMBERS),
        pd.Series(NUMBERS, dtype="category"),
    ],
)
def test_columns_of_every_kind(numbers: pa.Array):
    assert is_well_formed(numbers).tolist() == [True, True, False, True, False, False, False]
    assert is_valid(numbers).tolist() == [True, False, False, True, False, False, False]


@pytest.mark.parametrize("numbers", [[], [None], pa.nulls(1), pa.array([], pa.string())])
def test_nothing_to_check(numbers: pa.Array):
    assert is_valid(numbers).tolist() == [False] * len(numbers)


def test_one_wrong_character_is_caught_unless_ten_reads_as_nought():
    numbers = [f"CSQU305438{digit}" for digit in range(10)]
    assert is_valid(numbers).tolist() == [digit == 3 for digit in range(10)]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.from_regex(r"[A-Z]{3}[UJZ][0-9]{7}", fullmatch=True), max_size=20))
def test_column_scalar_and_engine_agree(numbers: list[str]):
    scalar = [check_digit(number) == int(number[10]) for number in numbers]
    assert is_valid(numbers).tolist() == scalar
    with connect() as connection:
        rows = connection.from_arrow(pa.table({"number": pa.array(numbers, pa.string())}))
        fails = rows.project(digit_fails(column("number"))).fetchall()
    assert [not failed for (failed,) in fails] == scalar


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("22G1", SizeType(20.0, 8.5, "general")),
        ("42U1", SizeType(40.0, 8.5, "open top")),
        ("45R1", SizeType(40.0, 9.5, "reefer")),
        ("L5G1", SizeType(45.0, 9.5, "general")),
        ("22T6", SizeType(20.0, 8.5, "tank")),
        ("40HC", None),
        ("20GP", None),
        ("4510", None),
        ("", None),
    ],
)
def test_size_type_codes(code: str, expected: SizeType | None):
    assert decode_size_type(code) == expected


def test_high_cube_begins_at_nine_feet_six():
    codes = ("22G1", "45G1", "4EG1")
    assert [size.high_cube for code in codes if (size := decode_size_type(code)) is not None] == [
        False,
        True,
        True,
    ]
