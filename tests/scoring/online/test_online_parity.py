"""A line scored online is the line scored in a batch, to the last bit."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.online_week import START, STOP

from targeting.bundle.bundle import load_bundle
from targeting.errors import ContractError, DayError, InputError
from targeting.features.build import build, profiles_between
from targeting.features.engine import Wanted
from targeting.scoring.online import OnlineScorer, ProfileDatabase, Scored
from targeting.scoring.precedents import as_struct
from targeting.scoring.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.online_week import Week
    from tests.small_world import World

    from targeting.features.snapshot import KeyProfiles


@pytest.fixture(scope="module")
def scorer(week: Week) -> Iterator[OnlineScorer]:
    made = OnlineScorer.open(week.bundle, week.url)
    yield made
    made.database.close()


def test_the_whole_week_at_once_is_the_batch_to_the_bit(week: Week, scorer: OnlineScorer) -> None:
    scores = scorer.score(week.declarations, explain=True, similar=True).scores()
    assert any(one["lines"] for one in scores.rows["similar"])
    assert scores.info == Scorer(scorer.bundle).info
    pd.testing.assert_frame_equal(
        scores.rows, week.expected.reset_index(drop=True), check_exact=True
    )


def test_one_by_one_in_any_order_is_the_batch_to_the_bit(week: Week, scorer: OnlineScorer) -> None:
    """The other lines of a consignment are those the database holds."""
    rows = list(week.declarations)
    random.Random(3).shuffle(rows)  # noqa: S311 - an order, not a secret
    told = Scored(tuple(scorer.score([row]).lines[0] for row in rows), scorer.info)
    expected = week.expected.drop(columns=["reasons", "similar"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(told.scores().rows, expected, check_exact=True)


def test_past_lines_are_those_of_the_batch_one_by_one(week: Week, scorer: OnlineScorer) -> None:
    expected = week.expected.set_index("declaration_id")["similar"]
    for row in week.declarations[::7]:
        (line,) = scorer.score([row], similar=True).lines
        assert line.similar is not None
        assert line.reasons is None
        assert as_struct(line.similar) == expected[line.declaration_id]


def test_a_bundle_without_past_lines_lays_none_beside(week: Week, scorer: OnlineScorer) -> None:
    bare = OnlineScorer.of(replace(scorer.bundle, precedents=None), scorer.database)
    (line,) = bare.score(week.declarations[:1], explain=True, similar=True).lines
    assert line.similar is None
    assert line.reasons


def test_lines_come_back_in_the_order_handed_in(week: Week, scorer: OnlineScorer) -> None:
    rows = list(reversed(week.declarations))
    ids = [row["declaration_id"] for row in rows]
    assert [one.declaration_id for one in scorer.score(rows).lines] == ids


def test_a_frame_is_read_as_its_rows(week: Week, scorer: OnlineScorer) -> None:
    frame = pd.DataFrame(list(week.declarations))
    pd.testing.assert_frame_equal(
        scorer.score(frame).scores().rows,
        scorer.score(week.declarations).scores().rows,
        check_exact=True,
    )


def test_every_feature_is_the_batch_s_on_many_lines(
    world: World, week: Week, scorer: OnlineScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line at a time and thousands at once: loops over many numbers may be others."""
    spec, snapshot = scorer.bundle.spec, load_bundle(week.bundle).snapshot
    built = build(world.tables, spec, Wanted(start=START, stop=STOP), until=STOP, snapshot=snapshot)
    seen: dict[str, np.ndarray] = {}
    honest = OnlineScorer._matrix

    def kept(self: OnlineScorer, connection: Any, rows: Any) -> np.ndarray:
        matrix = honest(self, connection, rows)
        seen.update(zip([row["declaration_id"] for row in rows], matrix, strict=True))
        return matrix

    monkeypatch.setattr(OnlineScorer, "_matrix", kept)
    for row in week.declarations:
        scorer.score([row])
    ids = built.rows["declaration_id"].tolist()
    np.testing.assert_array_equal(np.stack([seen[name] for name in ids]), built.matrix)


def test_every_profile_is_the_batch_s_to_the_bit(world: World, scorer: OnlineScorer) -> None:
    compared = []

    def one(name: str, scratch: KeyProfiles) -> None:
        living, columns = scorer.database.key(name), scratch.parts.column_names
        rows = zip(*(scratch.parts[column].to_pylist() for column in columns), strict=True)
        order = [at for _, at in sorted((row, at) for at, row in enumerate(rows))] or [0]
        np.testing.assert_array_equal(living.state.sums, scratch.state.sums[order], err_msg=name)
        np.testing.assert_array_equal(living.state.days, scratch.state.days[order], err_msg=name)
        compared.append(name)

    profiles_between(world.tables, scorer.bundle.spec.settings, (None, STOP), one)
    assert len(compared) == len(scorer.database.design.space.names)


def test_a_line_alone_keeps_its_own_score(week: Week, scorer: OnlineScorer) -> None:
    """Lines of one consignment are judged together only where the others are at hand."""
    groups = pd.DataFrame(list(week.declarations)).groupby(
        ["transport_document_id", "consignee_id", "lodged_at"]
    )
    (several, *_) = [group for _, group in groups if len(group) > 1]
    row = several.to_dict("records")[0]
    stranger = row | {"declaration_id": "new", "transport_document_id": "of its own"}
    assert scorer.score([stranger]).lines[0].score != scorer.score([row]).lines[0].score


def test_a_day_that_is_not_open_yet_is_refused(week: Week, scorer: OnlineScorer) -> None:
    row = dict(week.declarations[0]) | {"lodged_at": "2024-03-25T10:00:00Z"}
    with pytest.raises(DayError, match=r"not open yet.*lodged on 2024-03-25.*stand at 2024-03-22"):
        scorer.score([row])


def test_a_day_long_past_is_refused(week: Week, scorer: OnlineScorer) -> None:
    row = dict(week.declarations[0]) | {"lodged_at": "2024-03-10T10:00:00Z"}
    with pytest.raises(DayError, match=r"profiles are not kept.*kept from 2024-03-15"):
        scorer.score([row])


def test_the_open_day_is_scored_as_of_its_beginning(week: Week, scorer: OnlineScorer) -> None:
    row = dict(week.declarations[-1]) | {"declaration_id": "x", "lodged_at": "2024-03-22T05:00Z"}
    assert np.isfinite(scorer.score([row]).lines[0].score)


def test_every_breach_of_a_row_is_told_and_no_value(week: Week, scorer: OnlineScorer) -> None:
    row = dict(week.declarations[0]) | {"hs_code": "secret", "flow": None, "customs_value": -1.0}
    with pytest.raises(ContractError, match=r"hs_code does not match.*flow is missing") as caught:
        scorer.score([row])
    assert "customs_value is below 0" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_nothing_is_scored_as_nothing(scorer: OnlineScorer) -> None:
    assert scorer.score([]).lines == ()


def test_a_bundle_of_other_features_is_refused(world: World, week: Week, tmp_path: Path) -> None:
    bundle = load_bundle(world.bundle)
    few = bundle.spec.settings.model_copy(update={"keys": (), "links": ()})
    snapshot = type(bundle.snapshot)(
        bundle.snapshot.as_of, {"all_declarations": bundle.snapshot.profiles["all_declarations"]}
    )
    database = ProfileDatabase.create(f"sqlite:///{tmp_path / 'few.db'}", snapshot, few)
    with pytest.raises(InputError, match=r"keeps other profiles.*hs6 in the second alone"):
        OnlineScorer.of(bundle, database)
    database.close()
