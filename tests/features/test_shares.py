"""Two keys held against each other, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from targeting.features.kernel import STATISTICS
from targeting.features.profiles import Profiles
from targeting.features.relative import View
from targeting.features.shares import cash_for_new_pair, lift, new_to_known, own_share

NAN = math.nan


def seen(*declarations: float) -> View:
    sums = np.zeros((len(declarations), len(STATISTICS)))
    sums[:, STATISTICS.index("declarations")] = declarations
    sums[np.isnan(declarations)] = NAN
    profiles = Profiles(sums, np.full((len(declarations), 3), NAN))
    blank = np.full(len(declarations), NAN)
    return View(profiles, profiles, blank, blank, blank, 20.0)


def test_a_share_is_of_the_keys_own_lines():
    share = own_share(seen(3, 0, 0, NAN), seen(12, 12, 0, 12))
    np.testing.assert_allclose(share, [0.25, 0, NAN, NAN])


def test_a_prior_makes_one_line_no_certainty():
    assert own_share(seen(1), seen(1), prior=3.0).tolist() == [0.25]


def test_a_new_part_of_a_well_known_key():
    flags = new_to_known(seen(0, 2, 0, NAN), seen(40, 40, 1, 40))
    np.testing.assert_array_equal(flags, [1, 0, NAN, NAN])


def test_lift_is_below_zero_for_what_seldom_comes_together():
    rare, usual, unknown = lift(
        seen(1000, 10, 0), seen(1000, 10, 5), seen(0, 9.5, 0), seen(10_000, 10, 10_000)
    )
    assert rare == pytest.approx(math.log(0.5 / 100))
    assert usual == pytest.approx(0.0)
    assert math.isnan(unknown)


def test_cash_counts_for_a_new_pair_only():
    flags = cash_for_new_pair(seen(0, 4, 0, 0, NAN), np.array([1.0, 1.0, 0.0, NAN, 1.0]))
    np.testing.assert_array_equal(flags, [1, 0, 0, NAN, NAN])
