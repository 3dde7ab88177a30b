"""The additive score: what scikit-learn's ridge finds, told as one exact term per feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import LogisticRegression

from targeting.config import FeatureSettings
from targeting.features.spec import FeatureSpec, registry
from targeting.training import linear as module
from targeting.training.additive import FARTHEST, LevelTerm, Linear
from targeting.training.linear import MIN_LEVEL_ROWS, Rules, fit_linear

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Matrix = npt.NDArray[np.float32]

SETTINGS = FeatureSettings(keys=(), links=(), categories=("flow", "office_id"))
LEVELS = {"flow_level": ("import", "export"), "office_id_level": ("A", "B", "C")}
SPEC = FeatureSpec(SETTINGS, registry(SETTINGS), LEVELS)
WIDTH = len(SPEC.names)
CATEGORIES = [SPEC.names.index(name) for name in SPEC.categories]
NUMBERS = [at for at in range(WIDTH) if at not in CATEGORIES]


def rows(count: int = 500, seed: int = 3) -> tuple[Matrix, Bools, Floats]:
    """Heavy-tailed numbers, some missing, two categories; the first three say something."""
    draw = np.random.default_rng(seed)
    matrix = (draw.standard_t(3, size=(count, WIDTH)) * 20).astype(np.float32)
    for at in CATEGORIES:
        matrix[:, at] = draw.integers(0, 3, count)
    matrix[draw.random(matrix.shape) < 0.15] = np.nan
    risk = (
        np.sign(np.nan_to_num(matrix[:, 0]))
        - np.sign(np.nan_to_num(matrix[:, 1]))
        + np.isnan(matrix[:, 2])
        + (matrix[:, CATEGORIES[0]] == 1)
        - 1
    )
    hit = draw.random(count) < 1 / (1 + np.exp(-risk))
    return matrix, hit, draw.uniform(0.2, 2.0, count)


def design(matrix: Matrix) -> Floats:
    """The columns as the documentation says them, written down plainly."""
    columns = []
    for at in range(WIDTH):
        value = matrix[:, at].astype(np.float64)
        stated = ~np.isnan(value)
        if at in CATEGORIES:
            flags = [value == level for level in np.unique(value[stated])]
            flags = [flag for flag in flags if flag.sum() >= MIN_LEVEL_ROWS]
        else:
            squeezed = np.sign(value) * np.log(1 + np.abs(value))
            mean, scale = squeezed[stated].mean(), squeezed[stated].std()
            standard = np.clip((squeezed - mean) / scale, -FARTHEST, FARTHEST)
            columns.append(np.where(stated, standard, 0.0))
            flags = [~stated]
        columns += [(flag - flag.mean()) / (2 * flag.std()) for flag in flags]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("strength", [1.0, 30.0, 1000.0])
def test_unbounded_it_is_the_ridge_of_scikit_learn(strength: float) -> None:
    matrix, hit, weight = rows()
    columns = design(matrix)
    ridge = LogisticRegression(C=1 / strength, tol=1e-9, max_iter=5000)
    ridge.fit(columns, hit, sample_weight=weight)

    ours = fit_linear(matrix, hit, weight, SPEC, strength=strength)

    np.testing.assert_allclose(
        ours.score(matrix), ridge.decision_function(columns), rtol=0, atol=0.02
    )


def test_the_slopes_point_where_the_truth_does() -> None:
    matrix, hit, weight = rows(2000)
    found = fit_linear(matrix, hit, weight, SPEC, strength=30.0)
    told = found.contributions(matrix)

    def gap(flag: Bools, at: int) -> float:
        return float(told[flag, at].mean() - told[~flag, at].mean())

    flow = CATEGORIES[0]
    assert gap(matrix[:, 0] > 0, 0) > 0.3
    assert gap(matrix[:, 1] > 0, 1) < -0.3
    assert gap(np.isnan(matrix[:, 2]), 2) > 0.3
    assert gap(matrix[:, flow] == 1, flow) > 0.3


VALUES = st.one_of(
    st.just(float("nan")), st.floats(width=32), st.sampled_from([0.0, 1.0, 2.0, 7.0, 3e38])
)


@settings(max_examples=50)
@given(matrix=arrays(np.float32, (4, WIDTH), elements=VALUES))
def test_its_terms_add_up_to_its_score_whatever_the_line_says(matrix: Matrix) -> None:
    taught = fitted()

    told = taught.contributions(matrix)
    score = taught.score(matrix)

    assert np.isfinite(score).all()
    np.testing.assert_allclose(taught.bias + told.sum(axis=1), score, rtol=0, atol=1e-9)


def fitted() -> Linear:
    if not _FITTED:
        _FITTED.append(fit_linear(*rows(), SPEC, strength=10.0))
    return _FITTED[0]


_FITTED: list[Linear] = []


def test_a_value_changes_the_term_of_its_own_feature_alone() -> None:
    matrix, _, _ = rows()
    other = matrix.copy()
    other[:, 5] = 99.0

    moved = fitted().contributions(other) - fitted().contributions(matrix)

    assert np.abs(moved[:, 5]).max() > 0
    assert np.abs(np.delete(moved, 5, axis=1)).max() == 0


@settings(max_examples=6)
@given(seed=st.integers(0, 1000), share=st.floats(0, 1), strength=st.sampled_from([0.5, 30.0]))
def test_slopes_that_must_rise_are_never_negative(seed: int, share: float, strength: float) -> None:
    matrix, hit, weight = rows(200, seed)
    rising = np.random.default_rng(seed).random(WIDTH) < share
    rising[CATEGORIES] = False
    rules = Rules(np.ones(WIDTH, dtype=bool), rising)

    found = fit_linear(matrix, hit, weight, SPEC, strength=strength, rules=rules)

    for at in np.flatnonzero(rising):
        assert found.terms[at].slope >= 0  # type: ignore[union-attr]


def test_a_bound_binds_only_where_the_rows_say_otherwise() -> None:
    matrix, hit, weight = rows(2000)
    rising = np.zeros(WIDTH, dtype=bool)
    rising[[0, 1]] = True  # the truth: the first rises, the second falls

    free = fit_linear(matrix, hit, weight, SPEC, strength=30.0)
    rules = Rules(np.ones(WIDTH, dtype=bool), rising)
    held = fit_linear(matrix, hit, weight, SPEC, strength=30.0, rules=rules)

    slopes = [[one.terms[at].slope for at in (0, 1)] for one in (free, held)]  # type: ignore[union-attr]
    assert slopes[0][0] > 0.2
    assert slopes[0][1] < -0.2
    assert slopes[1][0] == pytest.approx(slopes[0][0], rel=0.3)
    assert slopes[1][1] == 0


def test_what_it_may_not_look_at_adds_nothing() -> None:
    matrix, hit, weight = rows()
    use = np.ones(WIDTH, dtype=bool)
    use[[0, CATEGORIES[0]]] = False

    found = fit_linear(
        matrix, hit, weight, SPEC, strength=1.0, rules=Rules(use, np.zeros(WIDTH, dtype=bool))
    )

    told = found.contributions(matrix)
    assert np.abs(told[:, ~use]).max() == 0
    assert (np.abs(told[:, use]).max(axis=0) > 0).all()


def test_a_stronger_penalty_shrinks_it_to_the_base_rate() -> None:
    matrix, hit, weight = rows()
    spread = [
        float(np.std(fit_linear(matrix, hit, weight, SPEC, strength=strength).score(matrix)))
        for strength in (1.0, 100.0, 1e6)
    ]
    rate = (weight @ hit) / weight.sum()
    firm = fit_linear(matrix, hit, weight, SPEC, strength=1e6)

    assert spread[0] > spread[1] > spread[2]
    assert firm.bias == pytest.approx(np.log(rate / (1 - rate)), abs=0.01)
    assert spread[2] < 0.01


def test_a_level_on_few_rows_counts_as_any_other() -> None:
    matrix, hit, weight = rows()
    at = CATEGORIES[0]
    matrix[:, at] = np.where(np.arange(len(hit)) < MIN_LEVEL_ROWS - 1, 0, 1)
    matrix[-30:, at] = np.nan

    taught = fit_linear(matrix, hit, weight, SPEC, strength=1.0)

    found = taught.terms[at]
    assert isinstance(found, LevelTerm)
    assert set(found.by_level) == {1}
    matrix[:3, at] = [0, 7, np.nan]
    assert taught.contributions(matrix[:3])[:, at].tolist() == [found.otherwise] * 3


def test_what_never_varies_or_is_never_stated_says_nothing() -> None:
    matrix, hit, weight = rows()
    matrix[:, 0], matrix[:, 1] = 5.0, np.nan

    found = fit_linear(matrix, hit, weight, SPEC, strength=1.0)

    other = matrix.copy()
    other[:, :2] = 77.0
    assert found.score(other).tolist() == found.score(matrix).tolist()


def test_it_learns_from_all_hits_and_a_sample_of_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is stated only the rate can be learnt: the sample must not change it."""
    hit = np.arange(4000) % 40 == 0
    weight = np.where(hit, 1.0, 0.5)
    nothing = np.full((4000, WIDTH), np.nan, dtype=np.float32)
    rate = (weight @ hit) / weight.sum()

    monkeypatch.setattr(module, "AT_MOST", 500)
    found = fit_linear(nothing, hit, weight, SPEC, strength=1.0)

    assert found.bias == pytest.approx(np.log(rate / (1 - rate)), abs=1e-3)


def test_sampled_it_scores_much_as_on_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, hit, weight = rows(6000)
    whole = fit_linear(matrix, hit, weight, SPEC, strength=300.0).score(matrix)
    monkeypatch.setattr(module, "AT_MOST", 4000)
    some = fit_linear(matrix, hit, weight, SPEC, strength=300.0).score(matrix)

    assert some.tolist() != whole.tolist()
    assert np.corrcoef(whole, some)[0, 1] > 0.97


def test_as_a_file_it_is_the_same_to_the_bit() -> None:
    matrix, _, _ = rows()
    again = Linear.model_validate_json(fitted().model_dump_json())

    assert again == fitted()
    assert [type(term) for term in again.terms] == [type(term) for term in fitted().terms]
    assert again.score(matrix).tolist() == fitted().score(matrix).tolist()
