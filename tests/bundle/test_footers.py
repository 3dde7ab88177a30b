"""No bit of a Parquet footer ends the process: Arrow throws where nobody catches it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.bundle.parquet import require_flat
from targeting.bundle.thrift import I64, Items, read_struct

if TYPE_CHECKING:
    from pathlib import Path

FLIPPED = """
import sys
from pathlib import Path
import pyarrow as pa
from targeting.bundle.parquet import require_flat
whole, path, ends = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]), {}
for at in range(len(whole) - 8 - int.from_bytes(whole[-8:-4], "little"), len(whole)):
    for bit in range(8):
        print(at, bit, file=sys.stderr)
        changed = bytearray(whole)
        changed[at] ^= 1 << bit
        path.write_bytes(changed)
        try:
            require_flat(path)
            end = "taken"
        except (ValueError, OSError, pa.ArrowException):
            end = "refused"
        ends[end] = ends.get(end, 0) + 1
print(ends.get("taken", 0), ends.get("refused", 0))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "profiles.parquet"
    columns = {
        "key": pa.array(["a", "b", None]),
        "sum": pa.array([1.0, np.pi, 0.0]),
        "day": pa.array([1, None, 3], pa.int32()),
    }
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
    return path


def test_no_flipped_bit_of_a_footer_ends_the_process(file: Path, tmp_path: Path) -> None:
    """Some of them are of the length of a histogram, which ended it with SIGABRT."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and a constant script
        [sys.executable, "-c", FLIPPED, str(file), str(tmp_path / "flipped.parquet")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-300:]
    taken, refused = map(int, done.stdout.split())
    assert refused > taken > 0
    assert taken + refused > 3_000


def test_the_footer_of_a_sound_file_is_read_to_its_end(file: Path) -> None:
    require_flat(file)
    whole = file.read_bytes()
    length = int.from_bytes(whole[-8:-4], "little")

    about, read = read_struct(whole[-8 - length : -8])

    assert read == length
    assert about[3] == 3  # rows
    (group,) = about[4].values
    assert [column[3][3].values for column in group[1].values] == [(b"key",), (b"sum",), (b"day",)]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([0x15, 4, 0x05, 2, 4, 0], "says one thing twice"),
        ([0x19, 0xF6, 0xFF, 0x7F, 2], "cut short"),
        ([0x1C] * 30, "too deep"),
        ([0x19] * 30, "too deep"),
        ([0x1B, 0], "a type of no page"),
        ([0x19, 0xF6, 0x80, 0x80, 0x40] + [1] * 1_048_576 + [0], "holds too much"),
    ],
)
def test_what_no_footer_holds_is_refused(data: list[int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_struct(bytes(data))


def test_a_list_of_numbers_is_told_with_what_it_holds() -> None:
    assert read_struct(bytes([0x19, 0x26, 2, 4, 0])) == ({1: Items(I64, (1, 2))}, 5)
    assert read_struct(bytes([0x19, 0x21, 1, 2, 0]))[0] == {1: Items(1, (True, False))}
