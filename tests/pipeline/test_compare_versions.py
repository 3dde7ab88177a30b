"""Two bundles on the same days of a small world, from loading them to the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.small_world import CUT_OFF, LAST, small_world

from targeting.bundle.bundle import load_bundle
from targeting.errors import BundleError, ContractError, InputError
from targeting.evaluation.compare.report import read_evidence
from targeting.pipeline import compare as pipeline
from targeting.pipeline.compare import Days, compare_versions
from targeting.tables.folder import TablesFolder
from targeting.tracking import Store

DAYS = Days(CUT_OFF, LAST)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return small_world(tmp_path_factory.getbasetemp())


def run(world, output, *, days=DAYS, bundles=None):
    first, second = bundles or (world.bundle, world.bundle)
    return compare_versions(
        (str(first), str(second)),
        TablesFolder.open(world.tables.path),
        output,
        days=days,
        registry=Store.local(output.parent),
        track=False,
    )


def test_a_bundle_against_itself(world, tmp_path):
    truth = world.tables.path.parent / "truth.parquet"
    made = run(world, tmp_path / "out", days=replace(DAYS, truth=truth, capacity=2))
    found = made.comparison

    assert made.run_id is None
    assert found.first == found.second
    assert found.first.name == "bundle"
    assert str(world.bundle) not in (made.output / "report.html").read_text(encoding="utf-8")
    assert found.accounting.rows_scored == len(world.lodged_from_cut_off())
    assert {row.difference.value for row in found.examined} <= {0.0, None}
    assert len(found.truth) == 15
    assert found.agreement.overlap == 1.0
    assert found.capacity == 2
    assert found.moved.rows > 100
    assert sum(row.first for row in found.moved.features) == pytest.approx(1)
    assert found.data == world.tables.digest()
    assert read_evidence(made.output).comparison == found


def test_capacity_is_that_of_the_first_version_unless_given(world, tmp_path):
    week = replace(DAYS, stop=CUT_OFF + timedelta(days=7))
    found = run(world, tmp_path / "out", days=week).comparison
    assert found.capacity == load_bundle(world.bundle).manifest.train.capacity


def test_days_a_version_learnt_from_are_refused_or_said(world, tmp_path):
    days = Days(CUT_OFF - timedelta(days=5), CUT_OFF + timedelta(days=5))
    with pytest.raises(InputError, match="version A learnt from results up to 2024-03-15"):
        run(world, tmp_path / "out", days=days)
    assert not (tmp_path / "out").exists()

    found = run(world, tmp_path / "out", days=replace(days, accept_learnt=True)).comparison
    assert "version B learnt" in found.learnt_from
    assert "THESE DAYS ARE NOT CLEAN" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_features_other_than_those_scored_by_are_refused(world, tmp_path, monkeypatch):
    honest = pipeline.score_matrix

    def other(model, rows, matrix):
        scored = honest(model, rows, matrix)
        return scored.assign(score=scored["score"] + 1e-3)

    monkeypatch.setattr(pipeline, "score_matrix", other)
    with pytest.raises(ContractError, match="not those they were scored by"):
        run(world, tmp_path / "out", days=Days(CUT_OFF, date(2024, 3, 20)))


def test_what_is_no_bundle_is_refused(world, tmp_path):
    with pytest.raises(BundleError, match="this is not a bundle"):
        run(world, tmp_path / "out", bundles=(world.bundle, tmp_path / "none"))
