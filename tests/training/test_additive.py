"""The additive score as compiled: literal terms, and the formula of the docstring on any value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.errors import InputError
from targeting.training.additive import FARTHEST, LevelTerm, Linear, NumberTerm

if TYPE_CHECKING:
    import numpy.typing as npt

    Matrix = npt.NDArray[np.float32]

E1 = float(np.e - 1)  # its signed logarithm is 1
NAN = float("nan")
NUMBER = NumberTerm(mean=0.5, scale=0.25, slope=0.1, if_stated=-0.2, if_missing=0.7)
FLAG = NumberTerm(if_stated=-0.3, if_missing=0.4)
LEVELS = LevelTerm(by_level={7: 0.9, 0: -0.5, 3: 0.2}, otherwise=0.05)
SCORE = Linear(bias=-2.0, terms=(NUMBER, FLAG, LEVELS))


def told(*row: float) -> list[float]:
    return SCORE.contributions(np.array([row], dtype=np.float32))[0].round(6).tolist()


def test_a_number_adds_by_its_signed_logarithm_up_to_four_deviations() -> None:
    assert told(E1, 0, 0)[0] == pytest.approx(0.1 * 2 - 0.2, abs=1e-6)
    assert told(0.0, 0, 0)[0] == pytest.approx(0.1 * -2 - 0.2, abs=1e-6)
    assert told(-1e9, 0, 0)[0] == pytest.approx(0.1 * -FARTHEST - 0.2, abs=1e-6)
    assert told(np.inf, 0, 0)[0] == pytest.approx(0.1 * FARTHEST - 0.2, abs=1e-6)
    assert told(NAN, 0, 0)[0] == 0.7


def test_what_only_may_be_missing_adds_whether_it_is() -> None:
    assert [told(0, value, 0)[1] for value in (0.0, 1e9, -np.inf, NAN)] == [-0.3, -0.3, -0.3, 0.4]


@pytest.mark.parametrize(
    ("level", "adds"),
    [(0, -0.5), (3, 0.2), (7, 0.9), (1, 0.05), (-1, 0.05), (8, 0.05), (3.5, 0.05), (NAN, 0.05)],
)
def test_a_level_adds_its_own_and_any_other_the_rest(level: float, adds: float) -> None:
    assert told(0, 0, level)[2] == adds


def test_a_category_without_levels_adds_the_same_always() -> None:
    score = Linear(bias=0.0, terms=(LevelTerm(by_level={}, otherwise=0.5),))

    assert score.score(np.array([[0], [NAN]], dtype=np.float32)).tolist() == [0.5, 0.5]


@given(st.lists(st.floats(width=32), min_size=3, max_size=3))
def test_it_is_the_formula_of_its_terms(row: list[float]) -> None:
    matrix = np.array([row], dtype=np.float32)
    value = matrix[0, 0].astype(np.float64)
    squeezed = np.sign(value) * np.log1p(np.abs(value))
    number = 0.1 * np.clip((squeezed - 0.5) / 0.25, -FARTHEST, FARTHEST) - 0.2
    expected = [
        0.7 if np.isnan(value) else number,
        0.4 if np.isnan(matrix[0, 1]) else -0.3,
        LEVELS.by_level.get(matrix[0, 2], LEVELS.otherwise),
    ]

    np.testing.assert_allclose(SCORE.contributions(matrix)[0], expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(SCORE.score(matrix)[0], sum(expected) - 2, rtol=0, atol=1e-14)


def test_a_copy_with_other_terms_scores_by_them() -> None:
    row = np.array([[0, 0, 3]], dtype=np.float32)
    before = SCORE.score(row)[0]

    other = SCORE.model_copy(update={"terms": (NUMBER, FLAG, LevelTerm(by_level={3: 1.2}))})

    assert other.score(row)[0] == pytest.approx(before + 1.0)
    assert SCORE.score(row)[0] == before


def test_rows_of_other_features_are_refused() -> None:
    with pytest.raises(InputError, match=r"shape \(1, 2\), for 3 features"):
        SCORE.score(np.zeros((1, 2), dtype=np.float32))
