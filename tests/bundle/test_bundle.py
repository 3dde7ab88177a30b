"""A bundle is data, the same bytes every time, and nothing else is ever loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.bundle.forging import change_json, change_trees, contents_of, fix_hashes
from tests.small_world import PLAN, World

from targeting.bundle.bundle import load_bundle, write_bundle
from targeting.bundle.manifest import FORMAT_VERSION, bundle_id
from targeting.errors import BundleError
from targeting.explain.contributions import contributions
from targeting.pipeline import train

if TYPE_CHECKING:
    from collections.abc import Callable


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_written_loaded_and_written_again_is_the_same_to_the_byte(
    whole: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    again.mkdir()

    written = write_bundle(contents_of(whole), again)

    assert files_in(again) == files_in(whole)
    assert written == bundle_id(whole)


def test_loading_gives_back_scores_profiles_and_settings(world: World) -> None:
    bundle = load_bundle(world.bundle)

    assert bundle.bundle_id == bundle_id(world.bundle)
    assert bundle.spec.settings == PLAN.features
    assert bundle.manifest.train == PLAN.settings
    assert bundle.manifest.data == world.tables.digest()
    assert bundle.manifest.training.cut_off_day == "2024-03-15"
    assert bundle.snapshot.as_of.isoformat() == "2024-03-15"
    assert set(bundle.snapshot.profiles) == set(PLAN.features.profile_columns)


def test_profiles_that_nobody_asks_for_are_checked_and_not_held(copy: Path) -> None:
    bundle = load_bundle(copy, profiles=False)

    assert bundle.snapshot.profiles == {}
    assert bundle.snapshot.as_of.isoformat() == "2024-03-15"
    assert bundle.bundle_id == bundle_id(copy)
    (copy / "profiles" / "consignee.parquet").write_bytes(b"")
    with pytest.raises(BundleError, match="consignee"):
        load_bundle(copy, profiles=False)


def test_the_same_training_twice_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    report = train(world.tables, tmp_path / "again", plan=PLAN)

    assert report.bundle_id == bundle_id(world.bundle)
    assert files_in(tmp_path / "again") == files_in(world.bundle)


def test_a_bundle_holds_data_only(world: World) -> None:
    suffixes = {path.suffix for path in world.bundle.rglob("*") if path.is_file()}

    assert suffixes <= {"", ".txt", ".json", ".parquet", ".md", ".html", ".csv", ".png"}
    assert {path.name for path in world.bundle.rglob("*") if path.suffix == ""} - {
        "profiles", "evaluation", "plots",
    } == {"MLmodel"}  # fmt: skip


def test_no_file_names_a_path_of_the_machine_that_trained_it(whole: Path, world: World) -> None:
    marks = [str(Path.home()).encode(), str(world.tables.path.parent).encode()]
    naming = [
        name for name, data in files_in(whole).items() if any(m in data for m in marks if m != b"/")
    ]

    assert naming == []


def packaged_files() -> list[str]:
    links = ("consignor_via_consignee", "container_via_consignee", "conveyance_via_consignee")
    profiles = ("all_declarations", "consignee", "hs6", "hs6_x_origin", *links)
    heads = ("MLmodel", "MODEL_CARD.md", "calibrator.json", "features.json", "probe.parquet")
    members = ("model.txt", "linear.json", "expert.json", "views.json")
    return [*heads, *members, *(f"profiles/{name}.parquet" for name in profiles)]


def test_the_list_of_files_tried_below_is_the_whole_bundle(whole: Path) -> None:
    assert sorted(files_in(whole)) == sorted([*packaged_files(), "manifest.json"])


@pytest.mark.parametrize("name", packaged_files())
def test_one_changed_byte_is_found(copy: Path, name: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)

    with pytest.raises(BundleError, match=f"{re.escape(name)} was changed"):
        load_bundle(copy)


@pytest.mark.parametrize("name", packaged_files())
def test_a_removed_file_is_found(copy: Path, name: str) -> None:
    (copy / name).unlink()

    with pytest.raises(BundleError, match=f"{re.escape(name)} is missing"):
        load_bundle(copy)


@pytest.mark.parametrize("name", ["extra.txt", "profiles/extra.parquet", "new/evil.py", ".hidden"])
def test_an_added_file_is_found(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("x")

    with pytest.raises(BundleError, match=f"{re.escape(name)} is not listed"):
        load_bundle(copy)


def test_every_finding_is_told_at_once(copy: Path) -> None:
    (copy / "MLmodel").unlink()
    (copy / "extra").touch()

    with pytest.raises(BundleError, match="MLmodel is missing; extra is not listed"):
        load_bundle(copy)


@pytest.mark.parametrize("version", [0, FORMAT_VERSION - 1, FORMAT_VERSION + 1, "2", None])
def test_another_format_version_is_refused(copy: Path, version: object) -> None:
    change_json(copy / "manifest.json", lambda values: values.update(format_version=version))

    with pytest.raises(
        BundleError, match=f"version {version!r}, this program reads {FORMAT_VERSION}"
    ):
        load_bundle(copy)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "it is not JSON"),
        (b'{"format_version": 3, "files"', "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "another format version"),
        (b'{"format_version": 3}', "fields do not fit"),
    ],
)
def test_a_broken_manifest_is_refused(copy: Path, text: bytes, words: str) -> None:
    (copy / "manifest.json").write_bytes(text)

    with pytest.raises(BundleError, match=words):
        load_bundle(copy)


@pytest.mark.parametrize("field", ["files", "training", "features", "train", "data", "metrics"])
def test_a_manifest_without_a_field_is_refused(copy: Path, field: str) -> None:
    change_json(copy / "manifest.json", lambda values: values.pop(field))

    with pytest.raises(BundleError, match="1 fields do not fit"):
        load_bundle(copy)


def test_a_folder_without_a_manifest_is_not_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no manifest"):
        load_bundle(tmp_path)
    with pytest.raises(BundleError, match="no such folder"):
        load_bundle(tmp_path / "nothing")


def rename_first(names: list[str]) -> None:
    names[0] = "renamed"


def swap_first(names: list[str]) -> None:
    names[0], names[1] = names[1], names[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (rename_first, "only in the bundle: renamed; only in this version: customs_value"),
        (swap_first, "the order differs"),
        (lambda names: names.pop(), "only in this version: procedure_code_level"),
        (lambda names: names.append("speed"), "only in the bundle: speed"),
    ],
)
def test_another_feature_list_is_refused_by_its_difference(
    copy: Path, change: Callable[[list[str]], object], words: str
) -> None:
    change_json(copy / "features.json", lambda values: change(values["names"]))
    fix_hashes(copy)

    with pytest.raises(BundleError, match=words):
        load_bundle(copy)


def test_trees_grown_on_other_features_are_refused_by_the_difference(copy: Path) -> None:
    model = copy / "model.txt"
    model.write_text(model.read_text().replace(" net_mass_kg ", " net_mass_lb ", 1))
    fix_hashes(copy)

    with pytest.raises(BundleError, match="only in the bundle: net_mass_lb"):
        load_bundle(copy)


def test_categories_without_their_levels_are_refused_by_name(copy: Path) -> None:
    change_json(copy / "features.json", lambda values: values["levels"].pop("flow_level"))
    fix_hashes(copy)

    with pytest.raises(BundleError, match="only in this version: flow_level"):
        load_bundle(copy)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("features.json", lambda values: values.update(dtype="float64")),
        ("calibrator.json", lambda values: values["calibrator"].update(slope=float("nan"))),
        ("calibrator.json", lambda values: values["calibrator"].update(slope=-1.0)),
        ("manifest.json", lambda values: values["training"].update(cut_off_day="soon")),
        ("manifest.json", lambda values: values["features"]["categories"].append("lane")),
    ],
)
def test_values_that_make_no_sense_are_refused(
    copy: Path, name: str, change: Callable[[Any], object]
) -> None:
    change_json(copy / name, change)
    fix_hashes(copy)

    with pytest.raises(BundleError, match="do not fit together"):
        load_bundle(copy)


def raised(term: dict[str, Any]) -> None:
    """Give a term of the additive score something to say to every line."""
    name = "otherwise" if "by_level" in term else "if_stated"
    for at in (name, "if_missing"):
        if at in term:
            term[at] += 0.5


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("linear.json", lambda values: values.update(bias=values["bias"] + 0.5)),
        ("linear.json", lambda values: [raised(term) for term in values["terms"]]),
        ("expert.json", lambda values: values.update(shift=values["shift"] + 0.5)),
        ("expert.json", lambda values: values.update(hits=values["hits"] * 3)),
        ("expert.json", lambda values: values["expert"].update(base_rate=0.5)),
        ("expert.json", lambda values: values["expert"].update(prior_hits=1e6)),
        ("calibrator.json", lambda values: values["members"].update(linear_share=0.9)),
        ("calibrator.json", lambda values: values["members"].update(linear=False)),
        ("calibrator.json", lambda values: values["calibrator"].update(intercept=9.0)),
        ("calibrator.json", lambda values: values["calibrator"].update(slope=1.01)),
        ("calibrator.json", lambda values: values["revenue"].update(mean=1.0)),
    ],
)
def test_other_members_do_not_pass_the_probe(
    copy: Path, name: str, change: Callable[[Any], object]
) -> None:
    """Even with every hash put right, what scores otherwise than when packaged is refused."""
    change_json(copy / name, change)
    fix_hashes(copy)

    with pytest.raises(BundleError, match="does not score its own probe rows"):
        load_bundle(copy)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("linear.json", lambda values: values["terms"].pop()),
        ("linear.json", lambda values: values.update(bias=float("nan"))),
        ("linear.json", lambda values: values["terms"][0].update(scale=0)),
        ("linear.json", lambda values: values["terms"][0].update(code="import os")),
        ("expert.json", lambda values: values.update(hits=-1)),
        ("expert.json", lambda values: values["expert"]["indicators"][0].update(points=99)),
        ("expert.json", lambda values: values["expert"].update(indicators=[])),
        ("expert.json", lambda values: values.pop("expert")),
        ("calibrator.json", lambda values: values["members"].update(linear_share=1.0)),
        ("calibrator.json", lambda values: values["members"].update(trees=False)),
    ],
)
def test_members_that_make_no_sense_are_refused(
    copy: Path, name: str, change: Callable[[Any], object]
) -> None:
    change_json(copy / name, change)
    fix_hashes(copy)

    with pytest.raises(BundleError, match="do not fit together"):
        load_bundle(copy)


def test_loaded_members_score_and_explain_to_the_bit(world: World, tmp_path: Path) -> None:
    once, folder = load_bundle(world.bundle), tmp_path / "again"
    folder.mkdir()
    write_bundle(contents_of(world.bundle), folder)
    twice = load_bundle(folder)
    draw = np.random.default_rng(5)
    rows = draw.normal(5, 30, (200, len(once.spec.names))).astype(np.float32)
    rows[draw.random(rows.shape) < 0.3] = np.nan

    assert twice.model.hit.linear == once.model.hit.linear
    assert twice.model.hit.blend == once.model.hit.blend
    assert twice.model.score(rows).tolist() == once.model.score(rows).tolist()
    ours, theirs = (contributions(one.model, rows) for one in (once, twice))
    assert ours.values.tobytes() == theirs.values.tobytes()
    assert once.model.hit.has_learnt
    assert once.model.hit.linear is not None
    assert once.model.hit.blend is not None


@pytest.mark.parametrize("by", [0.5, 1e-6])
def test_other_trees_do_not_pass_the_probe(copy: Path, by: float) -> None:
    def raised(values: list[str]) -> None:
        values[:] = [str(float(value) + by) for value in values]

    change_trees(copy, "leaf_value", raised)

    with pytest.raises(BundleError, match=r"probe rows .* a difference of [0-9.e-]+ in raw_score"):
        load_bundle(copy)


def test_scores_that_differ_by_a_millionth_do_not_pass_the_probe(copy: Path) -> None:
    probe = pq.read_table(copy / "probe.parquet")
    moved = pa.array(probe["raw_score"].to_numpy() + 1e-6)
    at = probe.column_names.index("raw_score")
    other = probe.set_column(at, "raw_score", moved)
    pq.write_table(other, copy / "probe.parquet", compression="zstd")
    fix_hashes(copy)

    with pytest.raises(BundleError, match="does not score its own probe rows"):
        load_bundle(copy)


def test_what_a_registry_adds_is_let_pass_and_never_read(copy: Path) -> None:
    (copy / "registered_model_meta").write_text("model_name: targeting\n")

    assert load_bundle(copy).bundle_id == bundle_id(copy)
