"""The judgement of scores: accounting, figures at capacity, random stratum, parts, reasons."""

import json

import numpy as np
import pandas as pd
import pytest

from targeting.errors import ConfigError, ContractError
from targeting.evaluation import words
from targeting.evaluation.judge import evaluate


def frames(rows):
    """Scores and results from (id, day, office, score, result, selected_by) rows."""
    scores = pd.DataFrame(
        [
            {
                "declaration_id": key,
                "lodged_at": pd.Timestamp(f"2026-03-{day:02d}T10:00", tz="UTC"),
                "office_id": office,
                "score": score,
                "probability": 1 / (1 + np.exp(-score)),
            }
            for key, day, office, score, _, _ in rows
        ]
    )
    examined = pd.DataFrame(
        [
            {
                "declaration_id": key,
                "hit": result == "hit",
                "selected_by": reason,
                "selection_probability": np.nan,
                "offence": "drugs" if result == "hit" else None,
                "revenue_recovered": 100.0 if result == "hit" else np.nan,
            }
            for key, _, _, _, result, reason in rows
            if result
        ],
        columns=[
            "declaration_id", "hit", "selected_by", "selection_probability", "offence",
            "revenue_recovered",
        ],
    )  # fmt: skip
    return scores, examined


SMALL = [
    ("D1", 1, "A", 2.0, "hit", "officer"),
    ("D2", 1, "A", 1.0, "clear", "officer"),
    ("D3", 1, "A", 0.0, "hit", "random"),
    ("D4", 1, "A", 3.0, "", ""),
    ("D5", 2, "A", 1.0, "clear", "rule"),
    ("D6", 2, "A", 0.5, "hit", "rule"),
    ("D7", 2, "B", 0.1, "hit", "rule"),
]


def traffic(*, lines=4000, days=20, seed=3, share_random=0.05):
    """Simulated traffic: the score is the true log-odds, officers prefer high scores."""
    rng = np.random.default_rng(seed)
    score = rng.normal(-1.5, 1.5, lines)
    hit = rng.random(lines) < 1 / (1 + np.exp(-score))
    drawn = rng.random(lines) < share_random
    chosen = ~drawn & (rng.random(lines) < np.clip((score + 3) / 8, 0, 1))
    reason = np.where(drawn, "random", np.where(chosen, "officer", ""))
    result = np.where(reason == "", "", np.where(hit, "hit", "clear"))
    rows = [
        (f"D{at:05d}", 1 + at % days, "AB"[at % 3 == 0], score[at], result[at], reason[at])
        for at in range(lines)
    ]
    return frames(rows)


@pytest.fixture(scope="module")
def judged():
    scores, examined = traffic()
    return evaluate(scores, examined, capacity=5, seed=7)


def test_no_row_disappears():
    scores, examined = frames(SMALL)
    other = pd.DataFrame({"declaration_id": ["X"], "hit": [True], "selected_by": ["rule"]})
    rows = evaluate(scores, pd.concat([examined, other]), capacity=2, seed=1).accounting
    assert (rows.rows_scored, rows.examined, rows.unknown) == (7, 6, 1)
    assert (rows.hits, rows.clear, rows.examined_not_scored) == (4, 2, 1)
    assert (rows.days, rows.offices, rows.first_day, rows.last_day) == (
        2, 2, "2026-03-01", "2026-03-02",
    )  # fmt: skip


def test_figures_at_capacity_by_hand():
    at = evaluate(*frames(SMALL), capacity=1, seed=1).at_capacity
    assert (at.office_days, at.office_days_with_choice, at.opened, at.found) == (3, 2, 3, 2.0)
    assert at.precision.value == pytest.approx((1 + 0 + 1) / 3)
    assert at.attainable.value == 1.0
    assert at.chance.value == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert at.lift.value == pytest.approx((2 / 3) / ((2 / 3 + 1 / 2 + 1) / 3))
    assert at.recall.value == 0.5
    assert at.revenue.value == 0.5
    assert at.precision_with_choice.value == 0.5
    assert [(row.day, row.opened, row.found, row.attainable) for row in at.by_day] == [
        ("2026-03-01", 1, 1.0, 1.0),
        ("2026-03-02", 2, 1.0, 2.0),
    ]


def test_too_few_days_give_a_figure_without_interval_and_the_reason():
    precision = evaluate(*frames(SMALL), capacity=1, seed=1).at_capacity.precision
    assert (precision.low, precision.high) == (None, None)
    assert precision.why == "no interval: 2 days with an examined line, at least 10 are needed"


def test_a_day_closes_at_midnight_of_the_administration():
    scores, examined = frames(SMALL)
    late = scores.assign(lodged_at=pd.Timestamp("2026-03-01T21:00", tz="UTC"))
    assert evaluate(late, examined, capacity=1, seed=1).accounting.first_day == "2026-03-01"
    baku = evaluate(late, examined, capacity=1, seed=1, time_zone="Asia/Baku")
    assert baku.accounting.first_day == "2026-03-02"


def test_a_small_random_stratum_is_said_to_be_small():
    found = evaluate(*frames(SMALL), capacity=1, seed=1)
    assert (found.random.examined, found.random.hits, found.random.hit_rate.value) == (1, 1, 1.0)
    lift = found.at_capacity.lift_over_random
    assert lift.value is None
    assert lift.why == (
        "the random stratum is too small (lines: 1, hits: 1; at least 30 and 5 are needed)"
    )


def test_no_random_stratum_is_said_to_be_absent():
    scores, examined = frames([row for row in SMALL if row[5] != "random"])
    found = evaluate(scores, examined, capacity=1, seed=1)
    assert found.random.hit_rate.why == "no line was examined at random"
    assert found.cuts[0].lift_over_random.value is None
    assert "No line was examined at random" in words.selective_labels(found)


def test_random_lines_weigh_one_over_their_chance():
    scores, examined = frames(
        [(f"D{at}", 1, "A", 0.0, "hit" if at < 2 else "clear", "random") for at in range(4)]
    )
    weighted = examined.assign(selection_probability=[0.5, 0.5, 0.1, 0.1])
    found = evaluate(scores, weighted, capacity=1, seed=1).random
    assert found.weighted
    assert found.hit_rate.value == pytest.approx(4 / 24)
    assert not evaluate(scores, examined, capacity=1, seed=1).random.weighted


def test_hit_rates_by_reason_carry_counts_and_intervals():
    rows = evaluate(*frames(SMALL), capacity=1, seed=1).selected_by
    assert [(row.selected_by, row.examined, row.hits) for row in rows] == [
        ("officer", 2, 1), ("random", 1, 1), ("rule", 3, 2),
    ]  # fmt: skip
    assert rows[0].hit_rate.low == pytest.approx(0.0945, abs=1e-4)


def test_the_two_lifts_are_kept_apart(judged):
    row = judged.cuts[3]
    assert row.lift.value == pytest.approx(row.precision.value / judged.base_rate.value)
    assert row.lift_over_random.value == pytest.approx(
        row.precision.value / judged.random.hit_rate.value
    )
    assert row.lift_over_random.value > row.lift.value
    assert row.lift_over_random.low < row.lift_over_random.value < row.lift_over_random.high


def test_random_checks_recover_the_hit_rate_of_arrivals(judged):
    """Arrivals of `traffic` hit at 0.25; officers' choice shows more, random checks hold it."""
    assert judged.base_rate.low > 0.25
    assert judged.random.hit_rate.low < 0.25 < judged.random.hit_rate.high


def test_every_interval_holds_its_figure(judged):
    at = judged.at_capacity
    for figure in (at.precision, at.recall, at.lift, judged.auc, judged.brier, judged.log_loss):
        assert figure.low < figure.value < figure.high


def test_unexamined_rows_change_no_figure(judged):
    scores, examined = traffic()
    more = scores.assign(declaration_id="N" + scores["declaration_id"], score=9.0)
    longer = evaluate(pd.concat([scores, more]), examined, capacity=5, seed=7)
    assert longer.accounting.unknown == judged.accounting.unknown + 4000
    same = {name: v for name, v in longer.flat_metrics().items() if name[:5] != "rows_"}
    assert same == {n: v for n, v in judged.flat_metrics().items() if n[:5] != "rows_"}


def test_same_seed_same_figures_in_any_row_order(judged):
    scores, examined = traffic()
    again = evaluate(
        scores.sample(frac=1, random_state=1), examined.sample(frac=1, random_state=2),
        capacity=5, seed=7,
    )  # fmt: skip
    assert again == judged
    other = evaluate(scores, examined, capacity=5, seed=8).at_capacity.precision
    assert other.value == judged.at_capacity.precision.value
    assert other.low != judged.at_capacity.precision.low


def test_frames_are_left_as_they_were():
    scores, examined = frames(SMALL)
    before = scores.copy(), examined.copy()
    evaluate(scores, examined, capacity=2, seed=1)
    pd.testing.assert_frame_equal(scores, before[0])
    pd.testing.assert_frame_equal(examined, before[1])


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [("D1", 1, "A", 1.0, "", "")],
        [(f"D{at}", 1, "A", 1.0, "clear", "rule") for at in range(3)],
        [(f"D{at}", 1, "A", 1.0, "hit", "rule") for at in range(3)],
    ],
    ids=["no rows", "nothing examined", "clear only", "hits only"],
)
def test_what_cannot_be_computed_is_none_with_a_reason(rows):
    scores, examined = frames(rows)
    if not rows:
        columns = ["declaration_id", "lodged_at", "office_id", "score", "probability"]
        scores = pd.DataFrame({name: [] for name in columns})
        scores["lodged_at"] = pd.to_datetime(scores["lodged_at"], utc=True)
    found = evaluate(scores, examined, capacity=2, seed=1)
    assert found.auc.value is None
    assert found.auc.why == "hits and clear lines are both needed"
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert '"value": null, "low": null, "high": null, "why": ""' not in text
    assert all(np.isfinite(value) for value in found.flat_metrics().values())
    assert words.headline(found)
    assert words.summary(found)


def test_flat_metrics_have_stable_names(judged):
    assert {
        "precision_at_capacity", "precision_at_capacity_low", "precision_at_capacity_high",
        "recall_at_capacity", "lift_at_capacity", "lift_over_random_at_capacity",
        "attainable_at_capacity", "chance_at_capacity", "revenue_at_capacity",
        "precision_at_1pct", "precision_at_2pct", "precision_at_5pct", "precision_at_10pct",
        "recall_at_5pct", "lift_at_5pct", "revenue_at_5pct", "attainable_at_5pct", "auc",
        "average_precision", "brier", "log_loss", "base_rate", "random_hit_rate",
        "calibration_error", "mean_probability", "rows_scored", "rows_examined", "rows_unknown",
        "hits", "days", "offices", "capacity",
    } <= set(judged.flat_metrics())  # fmt: skip


def test_the_table_and_the_curve_agree(judged):
    curve = {round(point.share, 2): point for point in judged.curve}
    for row in judged.cuts:
        assert curve[row.share].precision == row.precision
        assert curve[row.share].recall == row.recall


def test_parts_too_small_are_named_and_stand_last():
    scores, examined = traffic()
    origin = np.where(np.arange(len(scores)) % 400 == 0, "TM", "TR")
    context = pd.DataFrame({"declaration_id": scores["declaration_id"], "origin_country": origin})
    found = evaluate(scores, examined, capacity=5, seed=7, context=context.iloc[1:])
    parts = [part for part in found.slices if part.dimension == "origin_country"]
    assert parts[0].value == "TR"
    assert parts[0].too_small == ""
    small = {part.value: part.too_small for part in parts[1:]}
    assert "examined, 30 needed" in small["TM"]
    assert parts[-1].examined > 0
    assert sum(part.examined for part in parts) == found.accounting.examined


def test_parts_add_up_to_the_whole(judged):
    for dimension in ("office_id", "selected_by"):
        parts = [part for part in judged.slices if part.dimension == dimension]
        assert sum(part.hits for part in parts) == judged.accounting.hits
        assert sum(part.opened for part in parts) == pytest.approx(judged.at_capacity.opened)
        assert sum(part.found for part in parts) == pytest.approx(judged.at_capacity.found)


def test_an_offence_is_judged_by_the_share_of_its_hits(judged):
    (part,) = [part for part in judged.slices if part.dimension == "offence"]
    assert (part.value, part.precision.value) == ("drugs", None)
    assert part.recall.value == pytest.approx(judged.at_capacity.recall.value)


def test_breaches_are_told_at_once_without_an_id():
    scores, examined = frames(SMALL)
    twice = pd.concat([examined, examined.iloc[:2]])
    with pytest.raises(ContractError, match="column score is missing; examined: 2 decl") as error:
        evaluate(scores.drop(columns="score"), twice, capacity=1, seed=1)
    assert "D1" not in str(error.value)


def test_capacity_below_one_is_refused_in_words():
    with pytest.raises(ConfigError, match=r"capacity: not a positive whole number\. Found: 0"):
        evaluate(*frames(SMALL), capacity=0, seed=1)


def test_a_caution_is_given_where_order_did_not_matter():
    found = evaluate(*frames(SMALL), capacity=2, seed=1)
    assert words.cautions(found)[0].startswith("On 2 of 3 office-days no more lines were examined")


def test_scores_read_from_csv_give_the_same(tmp_path):
    from targeting.scoring.scores import Scores, read_scores, write_scores

    scores, examined = traffic(lines=600)
    file = Scores(scores.assign(expected_revenue=0.0))
    for name in ("scores.parquet", "scores.csv"):
        write_scores(file, tmp_path / name)
    parquet, text = (
        evaluate(read_scores(tmp_path / name).rows, examined, capacity=3, seed=1)
        for name in ("scores.parquet", "scores.csv")
    )
    assert parquet.flat_metrics() == pytest.approx(text.flat_metrics())
