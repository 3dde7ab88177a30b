"""Every way from declarations to scores gives the same numbers, to the last bit."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.small_world import CUT_OFF, LAST, World

from targeting.errors import BundleError, ContractError, InputError
from targeting.explain.contributions import TOLERANCE, contributions
from targeting.explain.reasons import LEAST
from targeting.features.build import Built, build
from targeting.features.engine import Wanted
from targeting.scoring.numbers import score_examined, score_matrix
from targeting.scoring.pyfunc import ScoringModel
from targeting.scoring.scorer import TOP_PER_OFFICE_DAY, Scorer
from targeting.scoring.scores import VIEWS
from targeting.scoring.telling import explain_rows
from targeting.scoring.window import CHUNK_DAYS
from targeting.tables.folder import MemoryTables
from targeting.training.block import Block, Known
from targeting.training.consignment import codes, companions
from targeting.training.labels import examined

EXACTLY = {"check_exact": True}


@pytest.fixture(scope="module")
def scorer(world: World) -> Scorer:
    return Scorer.load(world.bundle)


@pytest.fixture(scope="module")
def whole(world: World, scorer: Scorer) -> pd.DataFrame:
    """Scores of all six weeks after the cut-off."""
    assert (LAST - CUT_OFF).days > CHUNK_DAYS
    return scorer.score(world.tables, start=CUT_OFF, stop=LAST, explain="none").rows


@pytest.fixture(scope="module")
def built(world: World, scorer: Scorer) -> Built:
    """The features of those weeks, built at once."""
    spec, snapshot = scorer.bundle.spec, scorer.bundle.snapshot
    wanted = Wanted(start=CUT_OFF, stop=LAST)
    return build(world.tables, spec, wanted, until=LAST, snapshot=snapshot)


def lines_of(tables: MemoryTables, keep: pd.Series) -> MemoryTables:
    return MemoryTables(tables.declarations.filter(pa.array(keep)), tables.inspections)


def test_every_line_of_the_window_is_scored_once_in_order(
    world: World, scorer: Scorer, whole: pd.DataFrame
) -> None:
    assert whole["declaration_id"].tolist() == (
        world.lodged_from_cut_off()["declaration_id"].tolist()
    )
    assert np.isfinite(whole[["score", "probability"]].to_numpy()).all()
    assert whole["probability"].between(0, 1).all()
    assert scorer.info.trained_until == "2024-03-15"
    assert (scorer.info.time_zone, scorer.info.currency) == ("Asia/Baku", "EUR")
    assert scorer.info.bundle_id == scorer.bundle.bundle_id


def test_two_halves_are_the_whole(world: World, scorer: Scorer, whole: pd.DataFrame) -> None:
    middle = date(2024, 4, 3)
    halves = [
        scorer.score(world.tables, start=start, stop=stop, explain="none").rows
        for start, stop in ((CUT_OFF, middle), (middle, LAST))
    ]

    pd.testing.assert_frame_equal(pd.concat(halves, ignore_index=True), whole, **EXACTLY)


@pytest.mark.parametrize("most", [1, 400])
def test_how_a_window_is_cut_into_parts_changes_no_score(
    world: World, scorer: Scorer, whole: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("targeting.scoring.window.CHUNK_ROWS", most)
    stop = CUT_OFF + timedelta(days=10)
    window = {"start": CUT_OFF, "stop": stop, "explain": "none"}

    parts = list(scorer.parts(world.tables, **window))

    assert (len(parts) == 10) == (most == 1)
    assert all(len(part) for part in parts)
    together = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(together, whole.head(len(together)), **EXACTLY)


def test_a_scorer_used_once_lets_its_profiles_go_and_scores_the_same(
    world: World, whole: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("targeting.scoring.window.CHUNK_ROWS", 60)
    once = Scorer.load(world.bundle, once=True)
    window = {"start": CUT_OFF, "stop": CUT_OFF + timedelta(days=10), "explain": "none"}

    parts = list(once.parts(world.tables, **window))

    assert len(parts) > 1
    together = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(together, whole.head(len(together)), **EXACTLY)
    assert once.bundle.snapshot.profiles == {}


def test_a_declaration_that_stands_there_twice_is_refused_before_anything_is_scored(
    world: World, scorer: Scorer
) -> None:
    """Also where its two rows lie in different parts of the window."""
    ids = world.lodged_from_cut_off()["declaration_id"].head(3)
    order = pc.sort_indices(world.declarations, [("lodged_at", "descending")])
    late = world.declarations.take(order.slice(0, 3))
    at = late.column_names.index("declaration_id")
    twice = late.set_column(at, late.schema.field(at), pa.array(ids.tolist(), pa.string()))
    tables = MemoryTables(pa.concat_tables([world.declarations, twice]), world.inspections)

    with pytest.raises(ContractError, match="3 rows of the window repeat a declaration_id"):
        next(scorer.parts(tables, start=CUT_OFF, stop=LAST))


def test_chunks_are_one_replay(scorer: Scorer, built: Built, whole: pd.DataFrame) -> None:
    """The window is longer than a chunk; one build of all of it gives the same bits."""
    pd.testing.assert_frame_equal(
        score_matrix(scorer.bundle.model, built.rows, built.matrix), whole, **EXACTLY
    )


def test_a_window_from_before_the_cut_off_is_a_replay_of_all_history(
    world: World, scorer: Scorer, whole: pd.DataFrame
) -> None:
    bundle = scorer.bundle
    start = CUT_OFF - timedelta(days=20)
    replayed = scorer.score(world.tables, start=start, stop=LAST, explain="none").rows
    scratch = build(world.tables, bundle.spec, Wanted(start=start, stop=LAST), until=LAST)

    pd.testing.assert_frame_equal(
        replayed, score_matrix(bundle.model, scratch.rows, scratch.matrix), **EXACTLY
    )
    later = replayed[replayed["declaration_id"].isin(whole["declaration_id"])]
    pd.testing.assert_frame_equal(later.reset_index(drop=True), whole, **EXACTLY)


def test_mlflow_s_way_in_follows_profiles_when_asked_to(world: World, scorer: Scorer) -> None:
    declarations = world.lodged_from_cut_off()
    no_results = MemoryTables(world.declarations, world.inspections.slice(0, 0))
    expected = scorer.score(no_results, start=CUT_OFF, stop=LAST, explain="none").rows

    predicted = ScoringModel(scorer).predict(declarations, {"profiles": "followed"})

    pd.testing.assert_frame_equal(predicted, expected[predicted.columns.tolist()], **EXACTLY)


def first_day(world: World) -> pd.DataFrame:
    """The snapshot's own day: no event lies between, so its lines share one state."""
    declarations = world.lodged_from_cut_off()
    local = declarations["lodged_at"].dt.tz_convert("Asia/Baku").dt.date
    return declarations[local == CUT_OFF]


def test_one_consignment_at_a_time_is_the_batch_of_its_day(
    world: World, scorer: Scorer, whole: pd.DataFrame
) -> None:
    day = first_day(world)
    code = codes(day)
    few = day[code < 8]
    model = ScoringModel(scorer)
    each = [model.predict(day[code == one]) for one in range(8)]

    assert {len(one) for one in each} > {1}  # some stand alone, others beside others
    together = pd.concat(each).sort_values("declaration_id", ignore_index=True)
    expected = whole[whole["declaration_id"].isin(few["declaration_id"])]
    expected = expected.sort_values("declaration_id", ignore_index=True)
    pd.testing.assert_frame_equal(together, expected[together.columns.tolist()], **EXACTLY)


def test_one_row_at_a_time_is_the_line_by_itself(
    world: World, scorer: Scorer, built: Built
) -> None:
    """Without the lines beside it: what its own features say, to the bit."""
    day = first_day(world).head(6)

    single = [ScoringModel(scorer).predict(day.iloc[[at]])["score"][0] for at in range(len(day))]

    assert single == scorer.bundle.model.score(built.matrix[:6]).tolist()


def test_every_line_stands_between_its_own_score_and_the_mean_of_its_consignment(
    scorer: Scorer, built: Built, whole: pd.DataFrame
) -> None:
    bundle = scorer.bundle
    own = pd.Series(bundle.model.score(built.matrix))
    mean = own.groupby(codes(built.rows)).transform("mean")
    share = bundle.manifest.train.model.consignment_share

    assert 0 < share < 1
    assert (own != mean).any()
    np.testing.assert_allclose(whole["score"], (1 - share) * own + share * mean, rtol=0, atol=1e-12)


def again(lines: pa.Table, *, hours: int) -> pa.Table:
    """The same lines lodged once more, later, under new ids."""
    new_id = pc.binary_join_element_wise(lines["declaration_id"], f"+{hours}", "")
    at = pc.add(lines["lodged_at"], pa.scalar(timedelta(hours=hours), pa.duration("us")))
    for name, values in (("declaration_id", new_id), ("lodged_at", at)):
        column = lines.schema.field(name)
        lines = lines.set_column(lines.column_names.index(name), column, values.cast(column.type))
    return lines


@pytest.mark.parametrize("hours", [1, 24 * 31])
def test_a_line_added_to_the_document_later_changes_no_score(
    world: World, scorer: Scorer, whole: pd.DataFrame, hours: int
) -> None:
    """The same document and consignee, lodged an hour or a month later: not known at the time."""
    day = first_day(world)["declaration_id"]
    early = pc.is_in(world.declarations["declaration_id"], pa.array(day.tolist()))
    added = again(world.declarations.filter(early), hours=hours)
    tables = MemoryTables(pa.concat_tables([world.declarations, added]), world.inspections)

    scores = scorer.score(tables, start=CUT_OFF, stop=CUT_OFF + timedelta(days=2), explain="none")

    kept = scores.rows[scores.rows["declaration_id"].isin(day)].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, whole.head(len(day)), **EXACTLY)


def test_base_features_and_consignment_add_up_to_every_score(
    scorer: Scorer, built: Built, whole: pd.DataFrame
) -> None:
    """Told in full, the reasons of a line are its whole score."""
    bundle, model = scorer.bundle, scorer.bundle.model
    scored = whole["score"].to_numpy()

    explained = contributions(model, built.matrix)
    told = explain_rows(model, bundle.spec, built.rows, built.matrix, scored)

    moved = scored - explained.base - explained.values.sum(axis=1)  # noqa: PD011 - not pandas
    alone = np.bincount(codes(built.rows))[codes(built.rows)] == 1
    assert np.abs(moved[alone]).max() < TOLERANCE
    assert np.abs(moved[~alone]).max() > LEAST
    for line, others in zip(told, moved, strict=True):
        named = [one for one in line if one["feature"] == "consignment_lines"]
        assert all(abs(one["contribution"] - others) < TOLERANCE for one in named)
        if len(line) < 5 and abs(others) > LEAST + TOLERANCE:
            assert len(named) == 1
    assert any(one["feature"] == "consignment_lines" for line in told for one in line)


def test_examined_lines_are_scored_as_the_scorer_does_beside_the_unexamined(
    world: World, scorer: Scorer, built: Built, whole: pd.DataFrame
) -> None:
    """What the figures of an evaluation rest on is what officers would have seen."""
    bundle = scorer.bundle
    every = Block(built.rows, built.matrix, bundle.spec)
    labels = examined(world.tables)
    ours = labels["declaration_id"].isin(built.rows["declaration_id"])
    labels = labels[ours].reset_index(drop=True)
    looked_at = built.rows["declaration_id"].isin(labels["declaration_id"]).to_numpy()
    beside = companions(world.tables, pa.array(labels["declaration_id"].tolist()))
    near = built.rows["declaration_id"].isin(beside.to_pylist()).to_numpy()
    known = Known(every.take(looked_at), labels, companions=every.take(near))

    scored = score_examined(bundle.model, known)

    assert near.any()
    assert not (near & looked_at).any()
    pd.testing.assert_frame_equal(
        scored, whole[looked_at].reset_index(drop=True), check_exact=False, rtol=0, atol=1e-12
    )


def test_the_order_handed_in_is_the_order_handed_back(world: World, scorer: Scorer) -> None:
    declarations = first_day(world)
    backwards = declarations.iloc[::-1]
    model = ScoringModel(scorer)

    forward = model.predict(declarations)
    backward = model.predict(backwards)

    assert backward["declaration_id"].tolist() == backwards["declaration_id"].tolist()
    pd.testing.assert_frame_equal(backward.iloc[::-1].reset_index(drop=True), forward, **EXACTLY)


@pytest.mark.parametrize("unit", ["text", "naive"])
def test_a_moment_may_come_as_text_or_without_a_zone(
    world: World, scorer: Scorer, unit: str
) -> None:
    declarations = world.lodged_from_cut_off().head(20)
    other = {
        name: declarations[name].map(lambda moment: moment.isoformat())
        if unit == "text"
        else declarations[name].dt.tz_localize(None)
        for name in ("lodged_at", "arrival_at")
    }
    model = ScoringModel(scorer)

    pd.testing.assert_frame_equal(
        model.predict(declarations.assign(**other)), model.predict(declarations), **EXACTLY
    )


def test_rows_and_columns_in_another_order_change_nothing(
    world: World, scorer: Scorer, whole: pd.DataFrame
) -> None:
    draw = np.random.default_rng(7)
    shuffled = MemoryTables(
        *(
            table.take(draw.permutation(table.num_rows)).select(
                draw.permutation(table.column_names).tolist()
            )
            for table in (world.declarations, world.inspections)
        )
    )

    scores = scorer.score(shuffled, start=CUT_OFF, stop=LAST, explain="none")

    pd.testing.assert_frame_equal(scores.rows, whole, **EXACTLY)


def test_what_comes_later_changes_no_score(
    world: World, scorer: Scorer, whole: pd.DataFrame
) -> None:
    stop = date(2024, 4, 1)
    frame = world.declarations.to_pandas()
    local = frame["lodged_at"].dt.tz_convert("Asia/Baku").dt.date
    known = world.inspections.to_pandas()["result_known_at"].dt.tz_convert("Asia/Baku").dt.date
    past = MemoryTables(
        world.declarations.filter(pa.array(local < stop)),
        world.inspections.filter(pa.array(known < stop)),
    )

    scores = scorer.score(past, start=CUT_OFF, stop=stop, explain="none").rows

    pd.testing.assert_frame_equal(scores, whole.head(len(scores)), **EXACTLY)


@pytest.mark.parametrize("explain", ["none", "all"])
def test_a_quiet_month_inside_the_window_is_no_obstacle(
    world: World, scorer: Scorer, explain: str
) -> None:
    """A whole chunk without a declaration lies before the last days."""
    frame = world.declarations.to_pandas()
    local = frame["lodged_at"].dt.tz_convert("Asia/Baku").dt.date
    tables = lines_of(world.in_memory(), (local < CUT_OFF) | (local >= date(2024, 4, 28)))

    scores = scorer.score(tables, start=CUT_OFF, stop=LAST, explain=explain).rows

    assert len(scores) == int((local >= date(2024, 4, 28)).sum()) > 0
    assert list(scores.columns[6:]) == [
        *VIEWS,
        *([] if explain == "none" else ["reasons", "similar"]),
    ]


@pytest.mark.parametrize(
    ("start", "stop", "words"),
    [
        (date(2024, 4, 2), date(2024, 4, 1), "window to score is empty"),
        (date(2024, 4, 1), date(2024, 4, 1), "window to score is empty"),
        (date(2025, 1, 1), date(2025, 1, 2), "outside the data.*2024-01-01 to 2024-04-29"),
        (date(2023, 1, 1), date(2024, 1, 1), "outside the data.*2024-01-01 to 2024-04-29"),
    ],
)
def test_a_window_without_days_or_data_is_refused(
    world: World, scorer: Scorer, start: date, stop: date, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        scorer.score(world.tables, start=start, stop=stop)


def test_a_window_inside_a_pause_is_refused(world: World, scorer: Scorer) -> None:
    frame = world.declarations.to_pandas()
    local = frame["lodged_at"].dt.tz_convert("Asia/Baku").dt.date
    pause = (local >= date(2024, 4, 1)) & (local < date(2024, 4, 10))
    tables = lines_of(world.in_memory(), ~pause)

    with pytest.raises(InputError, match="no declaration was lodged in the window"):
        scorer.score(tables, start=date(2024, 4, 2), stop=date(2024, 4, 9))


def test_explain_says_which_lines_carry_reasons(world: World, scorer: Scorer) -> None:
    # Long enough for an office to have a busy day.
    window = {"start": CUT_OFF, "stop": CUT_OFF + timedelta(days=14)}
    none = scorer.score(world.tables, **window, explain="none").rows
    top = scorer.score(world.tables, **window, explain="top").rows
    every = scorer.score(world.tables, **window, explain="all").rows

    assert "reasons" not in none
    assert every["reasons"].notna().all()
    day = top["lodged_at"].dt.tz_convert("Asia/Baku").dt.date
    rank = (
        top.assign(day=day)
        .groupby(["office_id", "day"])["score"]
        .rank(ascending=False, method="first")
    )
    assert top["reasons"].notna().tolist() == (rank <= TOP_PER_OFFICE_DAY).tolist()
    explained = top["reasons"].notna()
    assert 0 < explained.sum() < len(top)
    assert top.loc[explained, "reasons"].tolist() == every.loc[explained, "reasons"].tolist()
    assert top.loc[explained, "similar"].tolist() == every.loc[explained, "similar"].tolist()
    pd.testing.assert_frame_equal(every.drop(columns=["reasons", "similar"]), none, **EXACTLY)


def test_no_reason_holds_a_trader_s_name_or_code(world: World, scorer: Scorer) -> None:
    window = {"start": CUT_OFF, "stop": CUT_OFF + timedelta(days=14)}
    rows = scorer.score(world.tables, **window, explain="all").rows
    told = {r["text"] for reasons in rows["reasons"] for r in reasons}
    lines = world.declarations.to_pandas()
    private = {
        value
        for column in (
            "consignee_id", "consignor_id", "declarant_id", "notify_party_id", "carrier_id",
            "consignee_name", "consignor_name", "declaration_id", "transport_document_id",
            "container_id", "seal_id",
        )
        for value in lines[column].dropna().unique()
        if len(value) > 3
    }  # fmt: skip
    words = {word.strip(".,:;()") for text in told for word in text.split()}

    assert len(told) > 200
    assert words.isdisjoint(private)
    assert not [text for text in told for name in lines["consignee_name"].unique() if name in text]


def test_reasons_are_at_most_five_facts_that_raise_first_and_a_pattern_last(
    world: World, scorer: Scorer
) -> None:
    window = {"start": CUT_OFF, "stop": CUT_OFF + timedelta(days=3)}
    rows = scorer.score(world.tables, **window, explain="all").rows
    patterns = {feature.name for feature in scorer.bundle.spec.features if feature.pattern}

    for reasons in rows["reasons"]:
        facts = [one["contribution"] for one in reasons if one["feature"] not in patterns]
        raising = sorted((move for move in facts if move > 0), reverse=True)
        assert facts == raising + sorted(move for move in facts if move < 0)
        assert len(reasons) <= 5
        assert len(reasons) - len(facts) <= 1
        assert not any(one["feature"] in patterns for one in reasons[:-1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.head(0), "no declaration"),
        (lambda rows: rows.drop(columns="flow"), "column flow is missing"),
        (lambda rows: rows.drop(columns="declaration_id"), "column declaration_id is missing"),
        (lambda rows: rows.assign(lodged_at="soon"), "lodged_at holds something"),
        (lambda rows: rows.assign(lodged_at=None), "3 rows without lodged_at"),
        (lambda rows: rows.assign(hs_code=[None, "0805", "0805"]), "1 rows without hs_code"),
        (lambda rows: pd.concat([rows, rows.head(1)]), "1 repeated ids"),
        (
            lambda rows: rows.assign(lodged_at=pd.Timestamp("2024-03-14T19:59", tz="UTC")),
            "lodged before the model's cut-off",
        ),
    ],
)
def test_rows_mlflow_cannot_score_are_refused(
    world: World, scorer: Scorer, change: object, words: str
) -> None:
    rows = world.lodged_from_cut_off().head(3)

    with pytest.raises(InputError, match=words):
        ScoringModel(scorer).predict(change(rows))  # pyright: ignore


def test_a_changed_bundle_scores_nothing(world: World, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(world.bundle, tmp_path / "bundle"))
    with (copy / "calibrator.json").open("a") as stream:
        stream.write(" ")

    with pytest.raises(BundleError, match=r"calibrator\.json was changed"):
        Scorer.load(copy)


def test_one_line_is_scored_and_explained_as_its_whole_day_is(world: World, scorer: Scorer) -> None:
    day = date(2024, 4, 3)
    whole = scorer.score(world.tables, start=day, stop=date(2024, 4, 4), explain="all").rows
    name = whole["declaration_id"][3]

    one = scorer.score_one(world.tables, name).rows

    pd.testing.assert_frame_equal(one, whole.iloc[[3]].reset_index(drop=True), **EXACTLY)


def test_a_declaration_that_is_not_there_is_refused_without_its_id(
    world: World, scorer: Scorer
) -> None:
    with pytest.raises(
        InputError, match=r"not in the tables.*none of [0-9,]+ declarations"
    ) as told:
        scorer.score_one(world.tables, "NOBODY-1")

    assert "NOBODY" not in str(told.value)


def test_precedents_are_of_earlier_days_and_ordered(world: World, scorer: Scorer) -> None:
    rows = scorer.score(world.tables, start=CUT_OFF, stop=date(2024, 3, 20), explain="all").rows

    told = rows["similar"].tolist()
    local = rows["lodged_at"].dt.tz_convert("Asia/Baku").dt.date
    assert sum(one["among"] for one in told) > 0
    for day, one in zip(local, told, strict=True):
        alike = [line["similarity"] for line in one["lines"]]
        assert alike == sorted(alike, reverse=True)
        assert all(line["known_day"] < day for line in one["lines"])
        assert 0 <= one["hits"] <= one["among"] <= 20


def test_a_window_before_the_cut_off_sees_no_later_result(world: World, scorer: Scorer) -> None:
    start, stop = date(2024, 2, 1), date(2024, 2, 8)
    rows = scorer.score(world.tables, start=start, stop=stop, explain="all").rows

    days = [line["known_day"] for one in rows["similar"] for line in one["lines"]]
    assert days
    assert max(days) < stop


def test_a_bundle_without_precedents_has_none_to_show(world: World, scorer: Scorer) -> None:
    bare = Scorer(replace(scorer.bundle, precedents=None))

    rows = bare.score(world.tables, start=CUT_OFF, stop=date(2024, 3, 17)).rows

    assert "similar" not in rows
