"""What MLflow calls: a score never depends, without a word, on what else is in the call."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.small_world import CUT_OFF, World

from targeting.bundle.bundle import load_bundle
from targeting.errors import BundleError, InputError, OutputError
from targeting.scoring.freshen import freshen
from targeting.scoring.pyfunc import ScoringModel
from targeting.scoring.scorer import Scorer
from targeting.training.consignment import codes

EXACTLY = {"check_exact": True}
OUTPUT = ["declaration_id", "score", "probability", "expected_revenue"]


@pytest.fixture(scope="module")
def model(world: World) -> ScoringModel:
    return ScoringModel(Scorer.load(world.bundle))


def of_day(world: World, day: date) -> pd.DataFrame:
    frame = world.lodged_from_cut_off()
    local = frame["lodged_at"].dt.tz_convert("Asia/Baku").dt.date
    return frame[local == day].reset_index(drop=True)


def batch(world: World, scorer: Scorer, day: date) -> pd.DataFrame:
    stop = day + timedelta(days=1)
    return scorer.score(world.tables, start=day, stop=stop, explain="none").rows[OUTPUT]


def test_a_week_of_bundles_of_the_day_scores_as_the_batch_does(
    world: World, tmp_path: Path
) -> None:
    """Profiles brought up day by day hold what the batch follows, results included."""
    scorer, bundle = Scorer.load(world.bundle), world.bundle
    for ahead in range(1, 8):
        day = CUT_OFF + timedelta(days=ahead)
        made = freshen(bundle, world.tables, tmp_path / str(day), to=day)
        bundle = tmp_path / str(day)
        fresh = Scorer.load(bundle)

        predicted = ScoringModel(fresh).predict(of_day(world, day))

        assert fresh.bundle.bundle_id == made != scorer.bundle.bundle_id
        assert fresh.bundle.snapshot.as_of == day
        assert fresh.info.trained_until == CUT_OFF.isoformat()
        pd.testing.assert_frame_equal(predicted, batch(world, scorer, day), **EXACTLY)


def test_a_jump_of_a_week_is_seven_days_one_by_one(world: World, tmp_path: Path) -> None:
    to = CUT_OFF + timedelta(days=7)
    freshen(world.bundle, world.tables, tmp_path / "at-once", to=to)
    freshen(world.bundle, world.tables, tmp_path / "half", to=CUT_OFF + timedelta(days=3))
    freshen(tmp_path / "half", world.tables, tmp_path / "whole", to=to)
    at_once, whole = (load_bundle(tmp_path / name) for name in ("at-once", "whole"))

    for name, profiles in at_once.snapshot.profiles.items():
        other = whole.snapshot.profiles[name]
        assert profiles.parts.num_rows == other.parts.num_rows
        assert np.sort(profiles.state.sums[:, 0]).tolist() == (
            np.sort(other.state.sums[:, 0]).tolist()
        )


def test_only_the_profiles_of_a_fresh_bundle_are_others(world: World, tmp_path: Path) -> None:
    freshen(world.bundle, world.tables, tmp_path / "fresh", to=CUT_OFF + timedelta(days=1))
    old, new = (
        json.loads((folder / "manifest.json").read_text())
        for folder in (world.bundle, tmp_path / "fresh")
    )

    other = {name for name in old["files"] if old["files"][name] != new["files"][name]}
    assert old["files"].keys() == new["files"].keys()
    assert {name.split("/")[0] for name in other} == {"profiles"}
    assert new["profiles_as_of"] == "2024-03-16"
    assert {key for key in new if new[key] != old[key]} == {"files", "profiles_as_of"}


def test_profiles_are_never_taken_back(world: World, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="brought up to a later day, never back"):
        freshen(world.bundle, world.tables, tmp_path / "back", to=CUT_OFF - timedelta(days=1))


def test_a_fresh_bundle_replaces_no_folder_of_other_things(world: World, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(OutputError, match="will not delete"):
        freshen(world.bundle, world.tables, tmp_path, to=CUT_OFF)


def test_a_changed_bundle_is_not_freshened(world: World, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(world.bundle, tmp_path / "bundle"))
    (copy / "model.txt").write_text("")

    with pytest.raises(BundleError, match="was changed"):
        freshen(copy, world.tables, tmp_path / "fresh", to=CUT_OFF)


def test_later_declarations_are_refused_unless_it_is_said_what_is_meant(
    world: World, model: ScoringModel
) -> None:
    rows = of_day(world, CUT_OFF + timedelta(days=1))

    with pytest.raises(InputError, match="lodged on 2024-03-16, profiles are as of 2024-03-15"):
        model.predict(rows)
    with pytest.raises(InputError, match="no such way of reading profiles"):
        model.predict(rows, {"profiles": "as you like"})
    assert len(model.predict(rows, {"profiles": "frozen"})) == len(rows)


def test_frozen_profiles_score_the_same_in_any_call(world: World, model: ScoringModel) -> None:
    days = [CUT_OFF + timedelta(days=ahead) for ahead in (0, 2, 9)]
    rows = pd.concat([of_day(world, day) for day in days], ignore_index=True)
    frozen = {"profiles": "frozen"}
    code = codes(rows)
    turned = rows.iloc[np.random.default_rng(3).permutation(len(rows))]

    together = model.predict(rows, frozen)
    halves = [model.predict(rows[code % 2 == one], frozen) for one in (0, 1)]

    apart = pd.concat(halves).set_index("declaration_id").loc[rows["declaration_id"]].reset_index()
    pd.testing.assert_frame_equal(apart, together, **EXACTLY)
    again = model.predict(turned, frozen).set_index("declaration_id")
    again = again.loc[rows["declaration_id"]].reset_index()
    pd.testing.assert_frame_equal(again, together, **EXACTLY)


def counted(rows: pd.DataFrame) -> pd.DataFrame:
    code = codes(rows)
    return rows.assign(consignment_lines=np.bincount(code)[code])


def test_a_consignment_in_part_is_refused_where_its_lines_are_counted(
    world: World, model: ScoringModel
) -> None:
    rows = counted(of_day(world, CUT_OFF))
    assert rows["consignment_lines"].max() > 1

    pd.testing.assert_frame_equal(
        model.predict(rows), model.predict(rows.drop(columns="consignment_lines")), **EXACTLY
    )
    short = rows.drop(index=rows["consignment_lines"].idxmax())
    with pytest.raises(InputError, match="whose consignment has another number of lines here"):
        model.predict(short)
    with pytest.raises(InputError, match="3 rows whose consignment has another number"):
        model.predict(rows.assign(consignment_lines=[None] * 3 + [*rows["consignment_lines"][3:]]))


@pytest.mark.parametrize(
    ("change", "params", "words"),
    [
        (lambda rows: rows.drop(columns="consignment_lines"), {}, "consignment_lines is missing"),
        (lambda rows: rows, {"profiles": "followed"}, "cannot be followed through a batch"),
        (
            lambda rows: rows.assign(lodged_at=rows["lodged_at"].dt.tz_localize(None)),
            {},
            "lodged_at comes without its time zone",
        ),
    ],
)
def test_what_spark_cuts_and_turns_is_refused_in_its_tasks(
    world: World,
    model: ScoringModel,
    monkeypatch: pytest.MonkeyPatch,
    change: Any,
    params: dict[str, str],
    words: str,
) -> None:
    monkeypatch.setattr("targeting.scoring.pyfunc._in_spark_task", lambda: True)

    with pytest.raises(InputError, match=words):
        model.predict(change(counted(of_day(world, CUT_OFF))), params)
