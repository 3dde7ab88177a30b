"""Folds live through time: nothing known later, the gap kept, no consignment on both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from tests.conftest import tables_from

from targeting.config import FoldSettings
from targeting.errors import InputError
from targeting.training.folds import Fold, Period, beside, cut, novel, periods, shortened
from targeting.training.labels import Label, labels_at

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HISTORY = 120


def on(day: float) -> datetime:
    return START + day * DAY


LINES = st.lists(
    st.tuples(
        st.floats(0, HISTORY - 0.01),  # lodged
        st.floats(0.01, 40),  # days until known
        st.booleans(),
        st.sampled_from([None, "B1", "B2", "B3", "B4"]),
    ),
    min_size=1,
    max_size=60,
)
SETTINGS = st.builds(
    FoldSettings,
    count=st.integers(1, 5),
    test_days=st.integers(1, 20),
    gap_days=st.integers(0, 10),
    step_days=st.none() | st.integers(1, 25),
    train_days=st.none() | st.integers(5, 60),
)


Lines = list[tuple[float, float, bool, str | None]]


def lines_of(lines: Lines) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "declaration_id": [f"D{at:04}" for at in range(len(lines))],
            "lodged_at": pd.to_datetime([on(lodged) for lodged, *_ in lines], utc=True),
            "transport_document_id": [document for *_, document in lines],
        }
    )


def known_before(lines: Lines, moment: datetime) -> pd.DataFrame:
    """Labels as `labels_at` gives them, worked out line by line."""
    known = [on(lodged + later) for lodged, later, _, _ in lines]
    hits = [hit for _, _, hit, _ in lines]
    return pd.DataFrame(
        {
            "declaration_id": [f"D{at:04}" for at in range(len(lines))],
            "label": [
                int(hit) if at < moment else Label.UNKNOWN
                for at, hit in zip(known, hits, strict=True)
            ],
            "known_at": pd.Series(pd.to_datetime(known, utc=True)).where(
                np.array([at < moment for at in known], dtype=bool)
            ),
        }
    )


def lived(lines: Lines, period: Period, until: datetime) -> tuple[Fold, pd.DataFrame]:
    rows = lines_of(lines)
    then, finally_ = known_before(lines, period.moment), known_before(lines, until)
    return cut(period, rows, then=then, finally_=finally_), rows


@tried(max_examples=25)
@given(lines=LINES, settings=SETTINGS)
def test_no_fold_learns_from_later_than_its_moment_or_is_judged_on_earlier(
    lines: Lines, settings: FoldSettings
) -> None:
    until = on(HISTORY)
    known_at = np.array([on(lodged + later) for lodged, later, _, _ in lines])
    for period in periods(settings, first=on(0), until=until):
        fold, rows = lived(lines, period, until)
        lodged = rows["lodged_at"].dt.to_pydatetime()
        assert all(lodged[fold.train] < period.moment - settings.gap_days * DAY)
        assert all(known_at[fold.train] < period.moment)
        assert all(lodged[fold.test] >= period.moment)
        assert all(lodged[fold.test] < until - settings.gap_days * DAY)
        assert all(known_at[fold.test] < until)
        if settings.train_days is not None:
            window = (settings.gap_days + settings.train_days) * DAY
            assert all(lodged[fold.train] >= period.moment - window)


@tried(max_examples=25)
@given(lines=LINES, settings=SETTINGS)
def test_no_consignment_is_on_both_sides_and_the_purged_are_counted(
    lines: Lines, settings: FoldSettings
) -> None:
    until = on(HISTORY)
    alone: Lines = [(lodged, later, hit, None) for lodged, later, hit, _ in lines]
    for period in periods(settings, first=on(0), until=until):
        fold, rows = lived(lines, period, until)
        documents = rows["transport_document_id"]
        ahead = rows["lodged_at"].between(period.train_until, period.test_until, inclusive="left")
        trained = set(documents[fold.train].dropna())
        assert not trained & set(documents[ahead].dropna())
        unpurged, _ = lived(alone, period, until)
        assert int(unpurged.train.sum()) == int(fold.train.sum()) + fold.purged
        assert (unpurged.test == fold.test).all()


@tried(max_examples=50)
@given(settings=SETTINGS)
def test_folds_are_rolled_by_the_step_and_end_a_gap_before_the_end(settings: FoldSettings) -> None:
    rolled = periods(settings, first=on(0), until=on(HISTORY))

    assert rolled[-1].test_until == on(HISTORY - settings.gap_days)
    assert [one.number for one in rolled] == list(range(1, len(rolled) + 1))
    for one in rolled:
        assert one.test_until - one.moment == settings.test_days * DAY
        assert one.moment - one.train_until == settings.gap_days * DAY
        assert one.train_until - on(0) >= settings.test_days * DAY
    for before, after in pairwise(rolled):
        assert after.moment - before.moment == settings.step * DAY


def test_a_line_found_clear_and_later_a_hit_is_learnt_as_it_was_known() -> None:
    tables = tables_from(
        [{"declaration_id": "A", "lodged_at": on(1)}],
        [
            {"declaration_id": "A", "result_known_at": on(3), "result": "clear"},
            {"declaration_id": "A", "result_known_at": on(60), "result": "hit"},
        ],
    )
    period = Period(1, None, on(20), on(30), on(50))

    rows = tables.declarations.to_pandas()
    ids = rows["declaration_id"]
    then = labels_at(tables, ids, known_before=period.moment)

    fold = cut(period, rows, then=then, finally_=labels_at(tables, ids, known_before=on(90)))

    assert fold.train.tolist() == [True]
    assert then["label"].tolist() == [Label.CLEAR]


def test_other_lines_are_seen_in_the_window_only_and_never_of_a_consignment_ahead() -> None:
    rows = lines_of([(10, 1, True, "B1"), (25, 1, True, "B2"), (35, 1, True, "B3")])
    others = lines_of(
        [
            (1, 1, False, None), (6, 1, False, "B1"), (7, 1, False, "B2"), (8, 1, False, "B3"),
            (9, 1, False, "B4"), (20, 1, False, None), (35, 1, False, None),
        ]
    )  # fmt: skip

    growing = beside(Period(1, None, on(20), on(30), on(50)), others, rows)
    sliding = beside(Period(1, on(5), on(20), on(30), on(50)), others, rows)

    assert growing.astype(int).tolist() == [1, 1, 0, 0, 1, 0, 0]
    assert sliding.astype(int).tolist() == [0, 1, 0, 0, 1, 0, 0]


def test_labels_that_know_too_much_are_refused() -> None:
    lines: Lines = [(1, 50, True, None), (2, 1, False, None)]
    rows, labels = lines_of(lines), known_before(lines, on(90))
    period = Period(1, None, on(20), on(30), on(50))

    with pytest.raises(ValueError, match="1 results not known before the moment"):
        cut(period, rows, then=labels, finally_=labels)
    with pytest.raises(ValueError, match="not of the same declarations"):
        cut(period, rows, then=labels[::-1].reset_index(drop=True), finally_=labels)


def test_a_history_too_short_for_one_fold_is_refused() -> None:
    with pytest.raises(InputError, match="too short for one fold"):
        periods(FoldSettings(test_days=30, gap_days=5), first=on(0), until=on(69))
    assert len(periods(FoldSettings(test_days=30, gap_days=5), first=on(0), until=on(70))) == 1


@tried(max_examples=50)
@given(settings=SETTINGS, days=st.integers(8, 2000))
def test_shortened_folds_fit_and_long_histories_change_nothing(
    settings: FoldSettings, days: int
) -> None:
    short = shortened(settings, days=days)

    assert short.gap_days <= settings.gap_days
    assert short.test_days <= settings.test_days
    if settings.needed_days <= days / 2:
        assert short == settings
    assert periods(short, first=on(0), until=on(days))


def test_new_parties_are_those_never_seen_in_the_training_window() -> None:
    parties = [
        # lodged, consignee, consignor
        (1, "A", "X"), (2, "B", None), (3, "C", "Y"), (25, "D", "X"),
        (31, "A", "X"), (32, "B", "X"), (33, "A", "Y"), (34, "D", "Z"), (35, None, "X"),
    ]  # fmt: skip
    rows = tables_from(
        [
            {"lodged_at": on(day), "consignee_id": consignee, "consignor_id": consignor}
            for day, consignee, consignor in parties
        ]
    ).declarations.to_pandas()
    test = np.arange(len(rows)) >= 4
    growing = Fold(Period(1, None, on(20), on(30), on(50)), ~test, test, 0)
    sliding = Fold(Period(1, on(2.5), on(20), on(30), on(50)), ~test, test, 0)

    def days(fold: Fold, name: str) -> list[float]:
        return [parties[at][0] for at in np.flatnonzero(novel(fold, rows)[name])]

    assert days(growing, "new consignee") == [34]  # D came in the gap only
    assert days(growing, "new consignor") == [34]
    assert days(growing, "new pair of parties") == [32, 33, 34]
    assert days(sliding, "new consignee") == [31, 32, 33, 34]
    assert days(sliding, "new consignor") == [31, 32, 34, 35]


def test_a_party_seen_and_never_examined_is_not_new() -> None:
    traffic = tables_from(
        [{"lodged_at": on(day), "consignee_id": "A"} for day in (1, 31)]
    ).declarations.to_pandas()
    rows = traffic[1:].reset_index(drop=True)
    fold = Fold(Period(1, None, on(20), on(30), on(50)), np.array([False]), np.array([True]), 0)

    assert novel(fold, rows)["new consignee"].tolist() == [True]
    assert novel(fold, rows, traffic)["new consignee"].tolist() == [False]
