"""The gates before the champion's place: each refuses for its own reason and moves nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import mlflow
import pytest
from tests.evaluation.compare_world import port
from tests.small_world import small_world
from typer.testing import CliRunner

from targeting.bundle.bundle import Contents, load_bundle, write_bundle
from targeting.bundle.manifest import bundle_id
from targeting.cli.main import app
from targeting.config import PromoteSettings, load, parse
from targeting.errors import ConfigError, InputError
from targeting.evaluation.compare.compare import compare
from targeting.evaluation.compare.findings import FORMAT
from targeting.evaluation.compare.report import EVIDENCE
from targeting.evaluation.measures import Measure
from targeting.evaluation.paper import write_json
from targeting.pipeline.compare import RUN_FILE, log_comparison
from targeting.pipeline.gates import lower_bound, upper_bound
from targeting.pipeline.promote import RefusedError, Request, promote
from targeting.tracking import (
    Store,
    TrainingRecord,
    aliases,
    history,
    log_training,
    roll_back,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning"),
    pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

NOW = datetime(2025, 3, 2, 9, tzinfo=UTC)
WHY = "finds more tobacco"
LIMITS = PromoteSettings()


def variant(bundle: Path, folder: Path, note: str, **metrics: float) -> Path:
    """The same model in another bundle, with its own digest."""
    one = load_bundle(bundle)
    manifest = one.manifest
    folder.mkdir()
    contents = Contents(
        model=one.model,
        spec=one.spec,
        snapshot=one.snapshot,
        train=manifest.train,
        training=manifest.training,
        data=manifest.data,
        metrics={**manifest.metrics, **metrics},
        notes=(note,),
        probe=_probe(bundle),
    )
    write_bundle(contents, folder)
    return folder


def _probe(bundle: Path):
    import numpy as np
    import pyarrow.parquet as pq

    table = pq.read_table(bundle / "probe.parquet")
    names = [name for name in table.column_names if name != "raw_score"]
    columns = [table[name].to_numpy() for name in names[: len(load_bundle(bundle).spec.names)]]
    return np.ascontiguousarray(np.column_stack(columns), dtype=np.float32)


def record(bundle: Path) -> TrainingRecord:
    manifest = load_bundle(bundle).manifest
    return TrainingRecord(
        bundle, bundle_id(bundle), {"a": "b"}, {"auc": 0.8}, manifest.data, "tables"
    )


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """Two bundles with their own digests, and one of good standing with nothing before it."""
    world = small_world(tmp_path_factory.getbasetemp())
    folder = tmp_path_factory.mktemp("bundles")
    return (
        variant(world.bundle, folder / "first", "first"),
        variant(world.bundle, folder / "second", "second"),
    )


@pytest.fixture(scope="module")
def registry(bundles, tmp_path_factory):
    store = Store.local(tmp_path_factory.mktemp("registry"))
    for bundle in bundles:
        log_training(record(bundle), store)
    return store


@pytest.fixture(scope="module")
def found(bundles):
    """Evidence good enough for every gate: the second version is far better."""
    world = port()
    ground = replace(world.ground(examine=0.5), selection=None)
    first, second = (bundle_id(bundle) for bundle in bundles)
    return compare(
        world.version("A", 2.5, bundle=first), world.version("B", 0.1, bundle=second), ground
    )


@pytest.fixture
def evidence(found, tmp_path):
    """Write a comparison, changed as a test needs it."""

    def write(made_at: datetime = NOW - timedelta(days=3), **changes: object) -> Path:
        folder = tmp_path / "comparison"
        folder.mkdir(exist_ok=True)
        told = {"format": FORMAT, "made_at": made_at.isoformat()}
        told["comparison"] = replace(found, **changes).to_dict()
        write_json(folder / EVIDENCE, told)  # all a gate reads; plots would only cost time
        return folder

    return write


def ask(folder: Path | None, registry: Store, *, settings: PromoteSettings = LIMITS):
    request = Request("models:/targeting/2", "duty officer", WHY, folder and str(folder))
    return promote(request, registry, settings=settings, now=NOW)


def refused(folder, registry, *, settings=LIMITS):
    """Refusals by gate, after making sure that nothing moved."""
    before = aliases(registry), history(registry)
    with pytest.raises(RefusedError, match="the champion is what it was") as caught:
        ask(folder, registry, settings=settings)
    assert (aliases(registry), history(registry)) == before
    failed = {one.gate: one.found for one in caught.value.decision.verdicts if not one.passed}
    assert all(f"{gate}: {text}" in str(caught.value) for gate, text in failed.items())
    return failed


def in_slice(found, **changes):
    """The comparison with one part of the traffic changed."""
    slices = list(found.slices)
    at = next(at for at, part in enumerate(slices) if part.value == "tobacco")
    recall = replace(slices[at].recall, difference=Measure(**changes))
    slices[at] = replace(slices[at], recall=recall)
    return tuple(slices)


def overall(found, **changes):
    """The comparison with another difference at capacity among examined lines."""
    return tuple(
        replace(row, difference=Measure(**changes)) if row.name == "precision_at_capacity" else row
        for row in found.examined
    )


def test_without_evidence(registry):
    assert refused(None, registry) == {
        "evidence belongs": "no comparison with the champion was named"
    }


def test_evidence_of_another_version(registry, evidence, found):
    folder = evidence(second=replace(found.second, bundle_id="0" * 12))
    failed = refused(folder, registry)
    assert list(failed) == ["evidence belongs"]
    assert "its B is bundle 000000000000, this version is" in failed["evidence belongs"]


def test_evidence_against_another_champion(registry, evidence, found):
    folder = evidence(first=found.second, second=found.first)
    told = refused(folder, registry)["evidence belongs"]
    assert "its A is bundle" in told
    assert "its B is bundle" in told


def test_evidence_of_days_a_version_learnt_from(registry, evidence):
    failed = refused(evidence(learnt_from="version B learnt from them"), registry)
    assert list(failed) == ["evidence belongs"]
    assert "not clean" in failed["evidence belongs"]


@pytest.mark.parametrize("days", [31, -2])
def test_evidence_that_is_too_old_or_of_tomorrow(registry, evidence, days):
    failed = refused(evidence(NOW - timedelta(days=days)), registry)
    assert list(failed) == ["evidence is fresh"]


def test_too_little_to_judge_by(registry, evidence, found):
    folder = evidence(accounting=replace(found.accounting, hits=29))
    assert refused(folder, registry) == {
        "enough to judge": f"examined {found.accounting.examined:,} of 300, hits 29 of 30, "
        "days 40 of 14"
    }


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"value": -0.01, "low": -0.2, "high": 0.18}, "with 90 % confidence no less than -13.4"),
        ({"value": 0.01, "why": "too few days"}, "no interval anywhere"),
    ],
)
def test_worse_than_the_champion_may_be(registry, evidence, found, changes, told):
    failed = refused(evidence(examined=overall(found, **changes)), registry)
    assert list(failed) == ["no worse overall"]
    assert told in failed["no worse overall"]


def test_a_part_of_the_traffic_that_collapses(registry, evidence, found):
    slices = in_slice(found, value=-0.3, low=-0.4, high=-0.2)
    failed = refused(evidence(slices=slices), registry)
    assert list(failed) == ["no part collapses"]
    assert "tobacco -30" in failed["no part collapses"]


def test_probabilities_that_do_not_mean_what_they_say(registry, evidence, found):
    first, second = found.calibration
    for changes in ({"error": 0.2}, {"slope": 0.3}, {"slope": 2.4}, {"slope": None}):
        failed = refused(evidence(calibration=(first, replace(second, **changes))), registry)
        assert list(failed) == ["calibrated"]


def test_every_gate_that_fails_is_named_at_once(registry, evidence, found):
    folder = evidence(
        NOW - timedelta(days=99),
        accounting=replace(found.accounting, days=3),
        examined=overall(found, value=-0.5, low=-0.6, high=-0.4),
    )
    assert set(refused(folder, registry)) == {
        "evidence is fresh", "enough to judge", "no worse overall",
    }  # fmt: skip


def test_a_tampered_bundle_is_refused(bundles, evidence, found, tmp_path):
    store = Store.local(tmp_path / "store")
    (tmp_path / "store").mkdir()
    for bundle in bundles:
        log_training(record(bundle), store)
    for trees in (tmp_path / "store").rglob("model.txt"):
        if bundle_id(trees.parent) == bundle_id(bundles[1]):
            trees.write_bytes(trees.read_bytes().replace(b"shrinkage=", b"shrinkage=0", 1))
    failed = refused(evidence(), store)
    assert list(failed) == ["verified bundle"]
    assert "model.txt was changed" in failed["verified bundle"]


def test_a_good_version_is_promoted_and_rolled_back(bundles, evidence, found, tmp_path):
    store = Store.local(tmp_path)
    for bundle in bundles:
        log_training(record(bundle), store)
    folder = evidence()
    made = ask(folder, store)

    assert made.passed
    assert aliases(store)["champion"] == "2"
    assert (made.promotion.previous, made.promotion.who, made.promotion.why) == (
        "1", "duty officer", WHY,
    )  # fmt: skip
    assert not (folder / RUN_FILE).exists()  # the evidence's own folder is left as it was
    run_id = made.promotion.evidence
    kept = _noted(store, run_id)
    assert [one["gate"] for one in kept["verdicts"]] == [
        "verified bundle", "evidence belongs", "evidence is fresh", "enough to judge",
        "no worse overall", "no part collapses", "calibrated",
    ]  # fmt: skip
    assert kept["limits"] == LIMITS.model_dump(mode="json")
    assert len(kept["evidence_sha256"]) == 64

    with pytest.raises(InputError, match="champion already"):
        ask(folder, store)

    back = roll_back(who="duty officer", why="missed a consignment", store=store)
    assert (back.version, back.previous) == ("1", "2")
    assert aliases(store)["champion"] == "1"
    assert [one.action for one in history(store)][-2:] == ["promote", "roll back"]

    again = promote(  # by the run that keeps the comparison, not the file
        Request("models:/targeting/2", "duty officer", WHY, run_id), store, settings=LIMITS, now=NOW
    )
    assert again.promotion.evidence == run_id


def _noted(store: Store, run_id: str) -> dict:
    client = mlflow.MlflowClient(tracking_uri=store.uri)
    return json.loads(
        Path(client.download_artifacts(run_id, "promotion/version_2.json")).read_text()
    )


def test_the_first_version_needs_no_comparison_but_the_other_gates(bundles, tmp_path):
    poor = variant(
        bundles[0], tmp_path / "poor", "poor",
        calibration_error=0.3, rows_examined=500, hits=50, days=40,
    )  # fmt: skip
    good = variant(
        bundles[0], tmp_path / "good", "good",
        calibration_error=0.02, rows_examined=500, hits=50, days=40,
    )  # fmt: skip
    (tmp_path / "store").mkdir()
    store = Store.local(tmp_path / "store")
    for bundle in (poor, good):
        log_training(record(bundle), store)
    client = mlflow.MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)
    client.delete_registered_model_alias("targeting", "champion")

    with pytest.raises(RefusedError, match=r"calibrated: error 30\.0 in 100"):
        promote(Request(str(poor), "me", WHY), store, settings=LIMITS, now=NOW)
    assert "champion" not in aliases(store)

    made = promote(Request(str(good), "me", WHY), store, settings=LIMITS, now=NOW)
    assert aliases(store)["champion"] == "2"
    assert made.promotion.previous is None
    assert client.get_run(made.promotion.evidence).data.tags["kind"] == "train"


@pytest.mark.parametrize(("who", "why"), [("", WHY), ("me", " ")])
def test_nobody_and_no_reason_are_refused(registry, who, why):
    with pytest.raises(InputError, match="who changed the champion, and why"):
        promote(Request("models:/targeting/2", who, why), registry, settings=LIMITS, now=NOW)


def test_evidence_that_is_no_run(registry):
    request = Request("models:/targeting/2", "me", WHY, "0123456789abcdef")
    with pytest.raises(InputError, match="no such run to take as evidence"):
        promote(request, registry, settings=LIMITS, now=NOW)


def test_a_comparison_is_logged_with_its_figures(registry, evidence, found):
    folder = evidence()
    run_id = log_comparison(found, folder, registry)
    run = mlflow.MlflowClient(tracking_uri=registry.uri).get_run(run_id)
    assert run.data.metrics == pytest.approx(found.flat_metrics())
    assert run.data.params["first_bundle_id"] == found.first.bundle_id
    assert run.data.tags["kind"] == "compare"


def test_bounds_are_the_arms_of_the_interval():
    measure = Measure(0.1, 0.0, 0.3)
    assert lower_bound(measure, 0.975) == pytest.approx(0.0)
    assert upper_bound(measure, 0.975) == pytest.approx(0.3)
    assert 0.0 < lower_bound(measure, 0.9) < lower_bound(measure, 0.6) < 0.1
    assert lower_bound(Measure(0.1, why="few"), 0.9) is None
    assert upper_bound(Measure(None), 0.9) is None


def test_the_limits_on_file_are_those_of_the_class():
    assert load(PromoteSettings, Path(__file__).parents[2] / "configs" / "promote.yaml") == LIMITS
    with pytest.raises(ConfigError, match="lowest_slope must be below"):
        parse(PromoteSettings, {"calibration": {"lowest_slope": 3}}, where="promote.yaml")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--why", "x"], "no version is named"),
        (["models:/targeting/1", "--roll-back", "--why", "x"], "takes no model"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(words, match, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, ["promote", *words])
    assert ended.exit_code == 1
    assert match in str(ended.exception)


def test_the_command_prints_every_gate(registry, evidence, found, monkeypatch):
    folder = evidence(NOW - timedelta(days=99), accounting=replace(found.accounting, days=3))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.uri)
    ended = CliRunner().invoke(
        app, ["promote", "models:/targeting/2", "--evidence", str(folder), "--why", WHY]
    )
    assert ended.exit_code == 1
    assert isinstance(ended.exception, RefusedError)
    lines = ended.output.splitlines()
    assert [line.split("  ")[1] for line in lines if line[:4] in {"pass", "FAIL"}] == [
        "verified bundle", "evidence belongs", "evidence is fresh", "enough to judge",
        "no worse overall", "no part collapses", "calibrated",
    ]  # fmt: skip
