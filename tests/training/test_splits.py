"""Blocks in durations: never overlapping, the gap kept, nothing known after its moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from targeting.config import SplitSettings
from targeting.training.splits import mature, split

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def frame(rows: list[tuple[float, float]]) -> pd.DataFrame:
    """Examined lines from (day lodged, days until known)."""
    return pd.DataFrame(
        {
            "lodged_at": pd.to_datetime([START + lodged * DAY for lodged, _ in rows], utc=True),
            "known_at": pd.to_datetime([START + (a + b) * DAY for a, b in rows], utc=True),
        }
    )


def test_masks_of_a_literal_history() -> None:
    """Cut-off day 100, gap 5, test 20 (days 75 to 95), calibration 10 (days 60 to 70)."""
    rows = frame(
        [
            (0, 1), (54, 1), (54, 6), (56, 1), (60, 1), (69, 1), (69, 6), (72, 1), (75, 1),
            (94, 1), (94, 6), (96, 1),
        ]
    )  # fmt: skip
    cut_off = START + 100 * DAY
    settings = SplitSettings(test_days=20, gap_days=5, calibration_days=10)
    assert 3 * 5 + 20 + 10 <= 100 / 2

    blocks = split(rows, cut_off=cut_off, settings=settings)

    expected = {
        #            0  54 54l 56 60 69 69l 72 75 94 94l 96
        "early":     [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "calibrate": [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0],
        "train":     [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
        "test":      [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0],
        "ship":      [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
    }  # fmt: skip
    for name, mask in expected.items():
        assert getattr(blocks, name).astype(int).tolist() == mask, name
    assert (blocks.test_from, blocks.test_until) == (START + 75 * DAY, START + 95 * DAY)
    assert blocks.settings == settings


def test_a_line_is_ripe_only_strictly_before() -> None:
    rows = frame([(4.99, 1), (5, 1), (4, 6), (4, 5.99)])

    ripe = mature(rows, START + 10 * DAY, gap=5 * DAY)

    assert ripe.tolist() == [True, False, False, True]


def test_a_short_history_shrinks_every_block() -> None:
    rows = frame([(0, 1), (50, 1)])

    used = split(rows, cut_off=START + 60 * DAY, settings=SplitSettings()).settings

    assert (used.test_days, used.calibration_days, used.gap_days) == (10, 10, 3)


def test_no_history_at_all_is_no_crash() -> None:
    blocks = split(frame([]), cut_off=START, settings=SplitSettings())

    assert not blocks.ship.any()
    assert blocks.settings == SplitSettings()


histories = st.lists(st.tuples(st.floats(0, 400), st.floats(0, 60)), min_size=1, max_size=40)
durations = st.builds(
    SplitSettings,
    test_days=st.integers(1, 400),
    gap_days=st.integers(0, 90),
    calibration_days=st.integers(1, 400),
)


@given(rows=histories, days=st.integers(1, 420), settings=durations)
def test_blocks_never_overlap_honour_the_gap_and_know_nothing_later(
    rows: list[tuple[float, float]], days: int, settings: SplitSettings
) -> None:
    cut_off = START + days * DAY
    known = [(a, b) for a, b in rows if a + b < days]  # as `examined` hands them over
    examined = frame(known)

    blocks = split(examined, cut_off=cut_off, settings=settings)

    gap = blocks.settings.gap_days * DAY
    lodged, told = examined["lodged_at"], examined["known_at"]
    assert not (blocks.early & blocks.calibrate).any()
    assert not (blocks.train & blocks.test).any()
    assert (blocks.early <= blocks.train).all()
    assert (blocks.calibrate <= blocks.train).all()
    assert (blocks.train <= blocks.ship).all()
    assert (blocks.test <= blocks.ship).all()
    assert (told[blocks.train] < blocks.test_from).all()
    assert (lodged[blocks.train] < blocks.test_from - gap).all()
    assert (lodged[blocks.test] >= blocks.test_from).all()
    assert (lodged[blocks.test] < cut_off - gap).all()
    assert (told[blocks.ship] < cut_off).all()
    if blocks.early.any() and blocks.calibrate.any():
        first = lodged[blocks.calibrate].min()
        assert lodged[blocks.early].max() + gap < first
        assert told[blocks.early].max() < first
    assert blocks.settings.test_days <= settings.test_days
    assert blocks.settings.gap_days <= settings.gap_days
    assert blocks.test_until - blocks.test_from == blocks.settings.test_days * DAY


@given(rows=histories, moment=st.integers(0, 450), gap=st.integers(0, 90))
def test_a_later_moment_never_loses_a_ripe_line(
    rows: list[tuple[float, float]], moment: int, gap: int
) -> None:
    examined = frame(rows)
    now = mature(examined, START + moment * DAY, gap=gap * DAY)
    then = mature(examined, START + (moment + 1) * DAY, gap=gap * DAY)

    assert (now <= then).all()
    assert np.array_equal(now, [a < moment - gap and a + b < moment for a, b in rows]) or any(
        abs(a - (moment - gap)) < 1e-6 or abs(a + b - moment) < 1e-6 for a, b in rows
    )
