"""Lines of one consignment are judged together, and nothing lodged later has a say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import FIRST

from targeting.training.consignment import CONSIGNMENT, codes, companions, pooled

if TYPE_CHECKING:
    from tests.conftest import MakeTables

DOCUMENTS, CONSIGNEES, TIMES = ("B1", "B2", None), ("C1", "C2", None), (1, 2)

LINES = st.lists(
    st.tuples(
        st.sampled_from(DOCUMENTS),
        st.sampled_from(CONSIGNEES),
        st.sampled_from(TIMES),
        st.floats(-8, 8),
    ),
    max_size=25,
)
SHARES = st.floats(0, 1)

Line = tuple[str | None, str | None, int, float]


def frame(lines: list[Line]) -> pd.DataFrame:
    return pd.DataFrame([line[:3] for line in lines], columns=list(CONSIGNMENT))


def scores(lines: list[Line]) -> np.ndarray:
    return np.array([line[3] for line in lines])


def siblings(lines: list[Line], at: int) -> list[int]:
    """The lines of one consignment, itself among them, by a plain loop."""
    if lines[at][0] is None:
        return [at]
    return [other for other, line in enumerate(lines) if line[:3] == lines[at][:3]]


@given(lines=LINES)
def test_lines_of_one_code_are_exactly_those_of_one_consignment(lines: list[Line]) -> None:
    code = codes(frame(lines))

    for at in range(len(lines)):
        assert np.flatnonzero(code == code[at]).tolist() == siblings(lines, at)


@given(lines=LINES, share=SHARES)
def test_every_line_moves_its_share_of_the_way_to_the_mean(lines: list[Line], share: float) -> None:
    score = scores(lines)

    moved = pooled(score, frame(lines), share)

    expected = [
        (1 - share) * score[at] + share * np.mean(score[siblings(lines, at)])
        for at in range(len(lines))
    ]
    np.testing.assert_allclose(moved, np.array(expected).reshape(-1), rtol=0, atol=1e-12)


@given(lines=LINES, share=SHARES, seed=st.integers(0, 99))
def test_the_order_of_the_lines_has_no_say(lines: list[Line], share: float, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(lines))
    shuffled = [lines[at] for at in order]

    moved = pooled(scores(lines), frame(lines), share)
    again = pooled(scores(shuffled), frame(shuffled), share)

    np.testing.assert_allclose(again, moved[order], rtol=0, atol=1e-12)


@given(lines=LINES, share=SHARES)
def test_a_line_alone_keeps_its_score_to_the_bit(lines: list[Line], share: float) -> None:
    moved = pooled(scores(lines), frame(lines), share)

    alone = [at for at in range(len(lines)) if len(siblings(lines, at)) == 1]
    assert moved[alone].tolist() == scores(lines)[alone].tolist()


@given(lines=LINES, later=st.lists(st.floats(-8, 8), max_size=6), share=SHARES)
def test_what_is_lodged_later_on_the_same_document_changes_nothing(
    lines: list[Line], later: list[float], share: float
) -> None:
    more: list[Line] = [("B1", "C1", 3, score) for score in later]

    moved = pooled(scores(lines), frame(lines), share)
    again = pooled(scores(lines + more), frame(lines + more), share)

    assert again[: len(lines)].tolist() == moved.tolist()


def test_no_share_moves_nothing_and_a_whole_one_makes_all_alike() -> None:
    lines: list[Line] = [("B1", "C1", 1, 0.0), ("B1", "C1", 1, 3.0), ("B1", "C2", 1, 9.0)]

    assert pooled(scores(lines), frame(lines), 0.0).tolist() == [0.0, 3.0, 9.0]
    assert pooled(scores(lines), frame(lines), 1.0).tolist() == [1.5, 1.5, 9.0]


def test_without_a_document_column_every_line_stands_alone() -> None:
    lines: list[Line] = [("B1", "C1", 1, 0.0), ("B1", "C1", 1, 3.0)]
    bare = frame(lines).drop(columns="transport_document_id")

    assert pooled(scores(lines), bare, 0.8).tolist() == [0.0, 3.0]


@pytest.mark.parametrize("seed", range(4))
def test_companions_are_exactly_the_siblings(make_tables: MakeTables, seed: int) -> None:
    draw = np.random.default_rng(seed)
    declared = [
        {
            "declaration_id": f"D{at:03}",
            "transport_document_id": DOCUMENTS[draw.integers(3)],
            "consignee_id": CONSIGNEES[draw.integers(3)],
            "lodged_at": FIRST + timedelta(hours=int(draw.integers(2))),
        }
        for at in range(40)
    ]
    asked = [f"D{at:03}" for at in draw.choice(40, 6, replace=False)]

    found = companions(make_tables(declared), pa.array(asked))

    keys = {line["declaration_id"]: tuple(line[name] for name in CONSIGNMENT) for line in declared}
    wanted = {keys[one] for one in asked if keys[one][0] is not None}
    expected = [one for one, key in keys.items() if key in wanted and one not in asked]
    assert found.to_pylist() == expected


def test_companions_of_tables_without_a_document_column_are_none(make_tables: MakeTables) -> None:
    tables = make_tables([{"declaration_id": "D1"}, {"declaration_id": "D2"}])

    assert companions(tables, pa.array(["D1"])).to_pylist() == []
    assert companions(tables, pa.array([], type=pa.string())).to_pylist() == []


def test_a_line_lodged_later_is_no_companion(make_tables: MakeTables) -> None:
    one = {"transport_document_id": "B1", "consignee_id": "C1"}
    tables = make_tables(
        [
            one | {"declaration_id": "D1", "lodged_at": FIRST},
            one | {"declaration_id": "D2", "lodged_at": FIRST},
            one | {"declaration_id": "D3", "lodged_at": FIRST + timedelta(seconds=1)},
        ]
    )

    assert companions(tables, pa.array(["D1"])).to_pylist() == ["D2"]
