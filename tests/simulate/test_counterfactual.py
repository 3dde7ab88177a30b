from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.errors import InputError
from targeting.simulate.counterfactual import Truth, reach_of
from targeting.simulate.settings import ExaminationSettings

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Simulated

RECORDED = ["declaration_id", "result", "offence", "revenue_recovered", "seized_quantity"]


@pytest.fixture(scope="module")
def truth(small: Simulated) -> Truth:
    return Truth.open(small.report.truth)


def test_the_results_of_the_world_come_out_again(small: Simulated, truth: Truth) -> None:
    """Every examination of the world, asked for at its own depth, finds what it found."""
    recorded = small.inspections
    reach = reach_of(small.settings.examinations, recorded["examination_depth"])
    again = truth.examine(recorded["declaration_id"], reach)
    assert (recorded["result"] == "hit").sum() > 30
    pd.testing.assert_frame_equal(again, recorded[RECORDED], check_dtype=False)


def test_a_full_examination_finds_whatever_can_be_found(small: Simulated, truth: Truth) -> None:
    results = truth.examine(small.truth["declaration_id"])
    assert (results["result"] == "hit").equals(small.truth["would_be_found"])
    hits = small.truth["would_be_found"]
    assert (
        results.loc[hits, "offence"].tolist() == small.truth.loc[hits, "would_be_offence"].tolist()
    )
    assert (results.loc[~hits, "revenue_recovered"] == 0).all()
    assert results.loc[~hits, ["offence", "seized_quantity"]].isna().all(axis=None)


def test_rows_come_in_the_order_asked_for(small: Simulated, truth: Truth) -> None:
    ids = small.truth["declaration_id"].sample(200, random_state=1)
    forth, back = truth.examine(ids), truth.examine(ids[::-1])
    assert forth["declaration_id"].tolist() == ids.tolist()
    pd.testing.assert_frame_equal(forth, back[::-1].reset_index(drop=True))


@pytest.mark.parametrize("turn", [list, pd.Series, np.array, pa.array, pa.chunked_array])
def test_ids_may_come_as_any_column(small: Simulated, truth: Truth, turn: type) -> None:
    ids = small.inspections["declaration_id"].head(5).tolist()
    given_ids = pa.chunked_array([ids[:2], ids[2:]]) if turn is pa.chunked_array else turn(ids)
    pd.testing.assert_frame_equal(truth.examine(given_ids), truth.examine(ids))


def test_nothing_asked_nothing_found(truth: Truth) -> None:
    assert list(truth.examine([]).columns) == RECORDED
    found = truth.summary([])
    assert (found.examined, found.hits, found.hit_rate) == (0, 0, None)


@given(shallow=st.floats(0, 1), deep=st.floats(0, 1))
def test_who_reaches_deeper_finds_more(
    small: Simulated, truth: Truth, shallow: float, deep: float
) -> None:
    shallow, deep = sorted((shallow, deep))
    ids = small.truth.loc[small.truth["illicit"], "declaration_id"]
    less, more = (truth.examine(ids, reach)["result"] == "hit" for reach in (shallow, deep))
    assert not (less & ~more).any()


def test_a_summary_is_the_sum_of_its_examinations(small: Simulated, truth: Truth) -> None:
    ids = small.inspections["declaration_id"]
    results, found = truth.examine(ids, 0.8), truth.summary(ids, 0.8)
    hits = results[results["result"] == "hit"]
    assert (found.examined, found.hits) == (len(ids), len(hits))
    assert found.hit_rate == len(hits) / len(ids)
    assert found.revenue_recovered == pytest.approx(hits["revenue_recovered"].sum())
    assert found.by_offence == hits["offence"].value_counts().to_dict()
    assert list(found.by_offence) == sorted(found.by_offence)


def test_a_truth_in_parts_is_one_truth(small: Simulated, truth: Truth, tmp_path: Path) -> None:
    whole = pq.read_table(small.report.truth)
    half = whole.num_rows // 2
    (tmp_path / "truth.parquet").mkdir()
    for name, part in (("2024-01", whole[:half]), ("2024-02", whole[half:])):
        pq.write_table(part, tmp_path / "truth.parquet" / f"{name}.parquet", row_group_size=100)
    parts = Truth.open(tmp_path / "truth.parquet")
    ids = small.truth["declaration_id"][::7]
    pd.testing.assert_frame_equal(parts.examine(ids), truth.examine(ids))


def test_all_strange_ids_are_told_at_once(small: Simulated, truth: Truth) -> None:
    first, second = small.truth["declaration_id"].head(2)
    with pytest.raises(
        InputError,
        match=rf"1 named more than once \({first}\), 4 not in the truth \(X1, X2, X3, \.\.\.\)",
    ):
        truth.examine([first, second, "X1", first, "X2", "X3", "X4"])


@pytest.mark.parametrize("reach", [1.01, -0.1, float("nan"), [0.5, 0.5], [0.5, 2.0, 0.1]])
def test_a_reach_is_between_nothing_and_everything(
    small: Simulated, truth: Truth, reach: float | list[float]
) -> None:
    with pytest.raises(InputError, match="a reach is one number from 0 to 1, or one for each"):
        truth.examine(small.truth["declaration_id"].head(3), np.array(reach))


def test_an_unknown_depth_is_refused() -> None:
    with pytest.raises(InputError, match=r"Found: x-ray. Use scan, partial, full"):
        reach_of(ExaminationSettings(), ["full", "x-ray"])


def test_a_missing_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not the truth of a simulated world\. Found: nothing"):
        Truth.open(tmp_path / "truth.parquet")
    with pytest.raises(InputError, match="Found: no Parquet file"):
        Truth.open(tmp_path)


def test_a_foreign_table_is_refused(small: Simulated) -> None:
    with pytest.raises(InputError, match="a table without would_be_found, would_be_offence"):
        Truth.open(small.report.tables / "declarations.parquet")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "truth.parquet").write_bytes(b"not Parquet at all")
    with pytest.raises(InputError, match="Found: a file that is not readable Parquet"):
        Truth.open(tmp_path / "truth.parquet")


def test_two_truths_in_one_folder_are_refused(small: Simulated, tmp_path: Path) -> None:
    for name in ("one", "two"):
        pq.write_table(pq.read_table(small.report.truth), tmp_path / f"{name}.parquet")
    both = Truth.open(tmp_path)
    with pytest.raises(InputError, match="the same declarations more than once"):
        both.examine(small.truth["declaration_id"].head(3))
