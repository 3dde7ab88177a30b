"""A bundle made to do harm is refused in one paragraph, whatever way it was made.

Unless the hash itself is what is wrong, every hash is put right: whoever can change a file can
change the manifest too.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from tests.bundle.forging import change_json, change_line, change_trees, fix_hashes, with_sizes
from tests.bundle.test_bundle import packaged_files

from targeting.bundle import manifest as manifest_module
from targeting.bundle.bundle import load_bundle
from targeting.bundle.limits import LARGEST_BUNDLE, LARGEST_FILE, LARGEST_MANIFEST, MOST_FILES
from targeting.bundle.manifest import bundle_id
from targeting.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[Any], object]

ENTRY = {"sha256": "0" * 64, "size": 1}
PROFILE = "profiles/consignee.parquet"


def refused(folder: Path, words: str) -> None:
    """The one thing every hostile bundle meets: a paragraph, and no other exception."""
    with pytest.raises(BundleError, match=words) as told:
        load_bundle(folder)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 2500


# What the folder holds ------------------------------------------------------------------------


@pytest.mark.parametrize("name", packaged_files())
def test_a_hash_that_is_not_the_file_s_is_refused(copy: Path, name: str) -> None:
    change_json(copy / "manifest.json", lambda v: v["files"][name].update(sha256="0" * 64))

    refused(copy, f"{re.escape(name)} was changed")


INSTALLED = ["conda.yaml", "python_env.yaml", "requirements.txt", "evaluation/Requirements.TXT"]


@pytest.mark.parametrize("name", ["code.py", "profiles/__init__.py", "x.pkl", "lib.so", *INSTALLED])
def test_what_is_no_data_is_refused_even_when_listed(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("x")
    fix_hashes(copy)

    refused(copy, f"{re.escape(name)} is no data a bundle holds")


def test_a_file_replaced_by_a_link_to_the_same_bytes_is_refused(copy: Path) -> None:
    (copy / "model.txt").rename(copy.parent / "model.txt")
    (copy / "model.txt").symlink_to(copy.parent / "model.txt")

    refused(copy, r"model\.txt is a link")


def test_a_folder_replaced_by_a_link_to_the_same_files_is_refused(copy: Path) -> None:
    (copy / "profiles").rename(copy.parent / "profiles")
    (copy / "profiles").symlink_to(copy.parent / "profiles", target_is_directory=True)

    refused(copy, r"profiles/hs6\.parquet is a link")


def test_a_linked_folder_beside_the_files_is_refused(copy: Path) -> None:
    (copy / "more").symlink_to(copy.parent, target_is_directory=True)

    refused(copy, "more is not listed")


def test_a_manifest_that_is_a_link_is_refused(copy: Path) -> None:
    (copy / "manifest.json").rename(copy.parent / "manifest.json")
    (copy / "manifest.json").symlink_to(copy.parent / "manifest.json")

    refused(copy, "not a bundle")


@pytest.mark.parametrize("name", ["model.txt", PROFILE, "manifest.json"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(copy: Path, name: str) -> None:
    (copy / name).unlink()
    os.mkfifo(copy / name)

    refused(copy, "is no plain file|not a bundle")


def test_a_device_in_place_of_a_file_is_never_read(copy: Path) -> None:
    (copy / "model.txt").unlink()
    try:
        os.mknod(copy / "model.txt", 0o20666, os.makedev(1, 5))  # zeros without an end
    except PermissionError:
        pytest.skip("only root makes devices")

    refused(copy, r"model\.txt is no plain file")


def test_a_socket_or_a_folder_in_place_of_a_file_is_refused(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("model.txt", "MLmodel"):
        (copy / name).unlink()
    monkeypatch.chdir(copy)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("model.txt")
        (copy / "MLmodel").mkdir()

        refused(copy, r"MLmodel is no plain file; model\.txt is no plain file")


# Names in the manifest ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/hostname", "points outside"),
        ("../outside.txt", "points outside"),
        ("profiles/../../outside.txt", "points outside"),
        ("profiles\\..\\..\\outside.txt", "points outside"),
        ("\\\\server\\share\\model.txt", "points outside"),
        ("C:\\model.txt", "no name of a file"),
        ("C:model.txt", "no name of a file"),
        ("model.txt:stream", "no name of a file"),
        ("./model.txt", "no name of a file"),
        ("profiles//hs6.parquet", "no name of a file"),
        ("profiles/", "no name of a file"),
        ("", "no name of a file"),
        ("a\0b.txt", "no name of a file"),
        ("a\nb.txt", "no name of a file"),
        ("\x1b[2Jred.txt", "no name of a file"),
        ("\u202etxt.ledom.txt", "no name of a file"),
        ("e\u0301.txt", "no name of a file"),
        ("..\u2215x.txt", "no name of a file"),
        ("\u2025/x.txt", "no name of a file"),
        ("\ud800.txt", "no name of a file"),
        (" model.txt", "no name of a file"),
        (".hidden.txt", "no name of a file"),
        ("a" * 5000 + ".txt", "no name of a file"),
        ("CON", "no data a bundle holds"),
        ("MODEL.TXT", "no data a bundle holds"),
        ("Model.txt", "listed twice but for its letters"),
        ("\uff4dodel.txt", "listed twice but for its letters"),
        ("profiles/HS6.parquet", "listed twice but for its letters"),
        ("manifest.json", "listed twice but for its letters"),
        ("MANIFEST.json", "listed twice but for its letters"),
        ("model.txt/inner.txt", "cannot be read|is missing"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(copy: Path, name: str, words: str) -> None:
    change_json(copy / "manifest.json", lambda values: values["files"].update({name: ENTRY}))

    refused(copy, words)


def test_a_key_given_twice_is_refused(copy: Path) -> None:
    """Two readers of one manifest must not see two manifests."""
    text = (copy / "manifest.json").read_text()
    (copy / "manifest.json").write_text(text.replace("{", '{"files": {}, ', 1))

    refused(copy, "it is not JSON")


@pytest.mark.parametrize("name", ["MLmodel", "features.json", "calibrator.json", "probe.parquet",
                                  "profiles/all_declarations.parquet", PROFILE])  # fmt: skip
def test_what_is_read_must_be_listed(copy: Path, name: str) -> None:
    (copy / name).unlink()
    fix_hashes(copy)

    refused(copy, f"lacks what it must hold. Found: no {re.escape(name)}")


@pytest.mark.parametrize("name", ["model.txt", "linear.json", "views.json", "expert.json"])
def test_a_member_without_its_file_is_refused(copy: Path, name: str) -> None:
    (copy / name).unlink()
    fix_hashes(copy)

    refused(copy, "do not fit together|cannot be read")


# Sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", packaged_files())
def test_a_huge_file_is_refused_before_it_is_read(copy: Path, name: str) -> None:
    huge = LARGEST_FILE + 1
    os.truncate(copy / name, huge)  # sparse: takes no room
    change_json(copy / "manifest.json", lambda v: v["files"][name].update(size=huge))

    refused(copy, f"{re.escape(name)} is too large")


def test_a_file_that_grew_is_refused_before_it_is_read(copy: Path) -> None:
    os.truncate(copy / "model.txt", LARGEST_FILE + 1)

    refused(copy, r"model\.txt is too large")


@pytest.mark.parametrize("size", [10**15, 10**400, -1, 1.5])
def test_a_size_that_is_none_is_refused(copy: Path, size: object) -> None:
    change_json(copy / "manifest.json", lambda v: v["files"]["model.txt"].update(size=size))

    refused(copy, "is too large|fields do not fit")


def test_a_huge_manifest_is_refused_before_it_is_read(copy: Path) -> None:
    os.truncate(copy / "manifest.json", LARGEST_MANIFEST + 1)

    refused(copy, "it is too large")


def test_files_without_number_are_refused(copy: Path) -> None:
    extra = {f"evaluation/{at}.csv": ENTRY for at in range(MOST_FILES + 1)}
    change_json(copy / "manifest.json", lambda values: values["files"].update(extra))

    refused(copy, r"the manifest lists 10,0\d\d files")


def test_files_too_large_together_are_refused(copy: Path) -> None:
    extra = {f"profiles/{at}.parquet": ENTRY | {"size": LARGEST_FILE} for at in range(9)}
    assert 9 * LARGEST_FILE > LARGEST_BUNDLE
    change_json(copy / "manifest.json", lambda values: values["files"].update(extra))

    refused(copy, "the files are too large together")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("manifest.json", lambda v: v["train"]["model"].update(threads=10**9)),
        ("manifest.json", lambda v: v["train"]["model"].update(consignment_share=1e9)),
        ("manifest.json", lambda v: v["features"].update(half_lives_days=[*range(1, 18)])),
        ("manifest.json", lambda v: v["features"].update(keys=[[f"k{x}"] for x in range(513)])),
        ("manifest.json", lambda v: v["features"].update(time_zone="../../etc/passwd")),
        ("manifest.json", lambda v: v["features"]["keys"].append(["../../../etc/passwd"])),
        ("manifest.json", lambda v: v["metrics"].update(auc=float("inf"))),
        ("calibrator.json", lambda v: v["calibrator"].update(slope=[1.0] * 100_000)),
        ("calibrator.json", lambda v: v["calibrator"].update(knots=[1.0] * 100_000)),
        ("calibrator.json", lambda v: v["calibrator"].update(intercept=float("nan"))),
        ("calibrator.json", lambda v: v["calibrator"].update(slope=float("inf"))),
        ("calibrator.json", lambda v: v["revenue"].update(mean=float("nan"))),
        ("linear.json", lambda v: v["terms"].extend(v["terms"] * 100)),
        ("linear.json", lambda v: v["terms"][0].update(mean=float("-inf"))),
    ],
)  # fmt: skip
def test_absurd_numbers_are_refused(copy: Path, name: str, change: Change) -> None:
    change_json(copy / name, change)
    fix_hashes(copy)

    refused(copy, "do not fit")


@pytest.mark.parametrize("name", ["manifest.json", "features.json", "calibrator.json"])
@pytest.mark.parametrize(
    "deep",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"1" * 100_000,
        b'"' + b"a" * 1000,
    ],
)
def test_deep_and_endless_json_is_refused(copy: Path, name: str, deep: bytes) -> None:
    (copy / name).write_bytes(deep)
    if name != "manifest.json":
        fix_hashes(copy)

    refused(copy, "not JSON|do not fit together|another format version")


# Trees ----------------------------------------------------------------------------------------


def put(at: int, value: object) -> Callable[[list[str]], object]:
    def changed(values: list[str]) -> None:
        values[at] = str(value)

    return changed


TREES = [
    ("leaf_value", put(0, "nan"), "leaf_value holds what is not a number"),
    ("leaf_value", put(0, "inf"), "leaf_value holds what is not a number"),
    ("leaf_value", put(0, "1e999"), "leaf_value holds a number beyond all bounds"),
    ("leaf_value", put(0, "0x10"), "leaf_value holds what is not a number"),
    ("leaf_value", put(0, "1_0"), "leaf_value holds what is not a number"),
    ("leaf_value", lambda values: values.pop(), "leaf_value is not one a leaf"),
    ("leaf_count", put(0, 0), "has no rows"),
    ("leaf_count", put(0, 2**40), "leaf_count holds what|has no rows"),
    ("threshold", put(0, "nan"), "threshold holds what is not a number"),
    ("threshold", put(0, "-inf"), "threshold holds what is not a number"),
    ("threshold", put(0, "inf "), "threshold holds what is not a number"),
    ("internal_value", put(0, "nan"), "internal_value holds what is not a number"),
    ("internal_count", put(0, 0), "has no rows"),
    ("num_leaves", put(0, 10**8), "it has no leaves, or too many"),
    ("num_leaves", put(0, 0), "it has no leaves, or too many"),
    ("num_leaves", put(0, -1), "num_leaves is not a whole number"),
    ("num_leaves", put(0, 10**12), "num_leaves is not a whole number"),
    ("num_leaves", put(0, 7), "is not one a leaf"),
    ("num_leaves", put(0, "8.0"), "num_leaves is not a whole number"),
    ("num_cat", put(0, 10**8), "not numbered through"),
    ("num_cat", put(0, -1), "num_cat is not a whole number"),
    ("split_feature", put(0, 10**6), "a feature there is not"),
    ("split_feature", put(0, -1), "a feature there is not"),
    ("left_child", put(0, 0), "leads back|no parent, or two"),
    ("left_child", put(0, 10**6), "no parent, or two"),
    ("left_child", put(-1, -(10**6)), "no parent, or two"),
    ("right_child", put(0, -1), "no parent, or two"),
    ("decision_type", put(0, 255), "decides in a way there is not"),
    ("decision_type", put(0, -1), "decides in a way there is not"),
    ("decision_type", put(0, 1), "not numbered through"),
    ("is_linear", put(0, 1), "no plain numbers"),
    ("shrinkage", put(0, "nan"), "no plain numbers"),
    ("tree_sizes", put(0, 1), "as long"),
    ("max_feature_idx", put(0, 10**9), "features are not as many"),
    ("num_class", put(0, 10**9), "another kind of model num_class"),
    ("num_tree_per_iteration", put(0, 0), "another kind of model num_tree_per_iteration"),
    ("objective", put(0, "custom"), "objective is not one of ours"),
    ("feature_infos", lambda values: values.pop(), "feature_infos are not one a feature"),
    ("monotone_constraints", put(0, 99), "not -1, 0 or 1"),
    ("feature_names", put(1, "customs_value"), "not distinct"),
]


@pytest.mark.parametrize(("name", "change", "words"), TREES)
def test_trees_that_make_no_sense_never_reach_lightgbm(
    copy: Path, name: str, change: Change, words: str
) -> None:
    path = copy / "model.txt"
    text = change_line(path.read_text(), name, change)
    if name == "tree_sizes":
        text = re.sub("^tree_sizes=[0-9]+", "tree_sizes=1", path.read_text(), flags=re.MULTILINE)
    path.write_text(text)
    fix_hashes(copy)

    refused(copy, f"the trees cannot be read.*{words}")


def test_two_splits_that_lead_to_each_other_never_reach_lightgbm(copy: Path) -> None:
    """Everything has one parent, yet a walk from the second split would never end."""

    def children(name: str) -> list[str]:
        text = (copy / "model.txt").read_text()
        return re.findall(f"^{name}=(.*)$", text, flags=re.MULTILINE)[0].split()

    left, right = children("left_child"), children("right_child")
    places = {
        int(child): (side, at)
        for side, line in (("left_child", left), ("right_child", right))
        for at, child in enumerate(line)
    }
    below = [1]
    for at in below:
        below += [int(line[at]) for line in (left, right) if int(line[at]) > 0]
    leaf = next(one for one, (_, at) in places.items() if one < 0 and at == below[-1])
    for value, (side, at) in ((1, places[leaf]), (leaf, places[1])):
        change_trees(copy, side, put(at, value))

    refused(copy, "tree 0: a split leads back to itself")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("tree\n", "forest\n", "another kind of model"),
        ("version=v4", "version=v3", "another kind of model version"),
        ("label_index=0\n", "label_index=0\nlabel_index=0\n", "repeated or out of order"),
        ("num_leaves=", "num_leaves=8\nnum_leaves=", "lines are missing, repeated"),
        ("\nend of trees", "\nTree=99\nend of trees", "not as long"),
        ("end of trees", "end of forest", "no beginning or no end"),
        ("[boosting: gbdt]", "[boosting: gbdt]\n!include /etc/passwd", "not `.name: value.` lines"),
        ("pandas_categorical:null", "pandas_categorical:[[1]]", "what follows the trees"),
        ("end of parameters", "", "what follows the trees"),
        ("package_count=", "package_count=x", "feature_importances are not numbers"),
        ("leaf_value=", "leaf_value=\0", "not plain text"),
        ("leaf_value=", "leaf_value=\r", "not plain text"),
        ("leaf_value=", "leaf_value=\u0661", "no beginning or no end"),
    ],
)
def test_text_lightgbm_would_not_write_is_refused(
    copy: Path, old: str, new: str, words: str
) -> None:
    path = copy / "model.txt"
    text = path.read_text()
    at = text.index(old) if old != "package_count=" else text.rindex(old)
    text = text[:at] + new + text[at + len(old) :]
    path.write_text(with_sizes(text) if "num_leaves" in old else text, newline="")
    fix_hashes(copy)

    refused(copy, words)


def test_bits_without_end_for_one_category_are_refused(copy: Path) -> None:
    def widened(text: str) -> str:
        tree = next(one for one in re.split("(?=Tree=)", text) if "cat_boundaries=0 " in one)
        words = re.search("^cat_threshold=(.*)$", tree, flags=re.MULTILINE)[1].split()
        bounds = re.search("^cat_boundaries=(.*)$", tree, flags=re.MULTILINE)[1].split()
        more = [bounds[0], *(str(int(one) + 100_000) for one in bounds[1:])]
        changed = tree.replace(
            "cat_boundaries=" + " ".join(bounds), "cat_boundaries=" + " ".join(more)
        )
        wide = "cat_threshold=" + " ".join(["4294967295"] * 100_000 + words)
        return text.replace(tree, changed.replace("cat_threshold=" + " ".join(words), wide))

    path = copy / "model.txt"
    path.write_text(change_line(widened(path.read_text()), "version", lambda values: values))
    fix_hashes(copy)

    refused(copy, "cat_boundaries do not fit")


# Parquet --------------------------------------------------------------------------------------


def as_bomb(folder: Path, change: Callable[[pa.Table], pa.Table], **options: Any) -> None:
    """Write a profile anew, changed."""
    path = folder / PROFILE
    table = change(pq.read_table(path))
    pq.write_table(table, path, **({"compression": "zstd"} | options))
    fix_hashes(folder)


def repeated(rows: int) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.take(pa.array(np.zeros(rows, dtype=np.int64)))


def with_column(name: str, values: Callable[[int], pa.Array]) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, values(table.num_rows))

    return changed


def test_a_few_bytes_that_stand_for_a_million_rows_are_refused(copy: Path) -> None:
    as_bomb(copy, repeated(2_000_000))

    assert (copy / PROFILE).stat().st_size < 500_000
    refused(copy, "more rows than bytes")


def test_a_page_of_zeros_is_refused_before_it_is_unpacked(copy: Path) -> None:
    zeros = pa.array([b"\0" * 90_000_000])
    many = lambda rows: pa.concat_arrays([zeros.cast(pa.string()), pa.nulls(rows - 1, pa.string())])  # noqa: E731
    as_bomb(copy, with_column("key_consignee_id", many), use_dictionary=False)

    assert (copy / PROFILE).stat().st_size < 200_000
    refused(copy, "a page that is too large|a header")


def test_pages_of_zeros_out_of_all_proportion_are_refused(copy: Path) -> None:
    zeros = "\0" * 1_000_000
    texts = lambda rows: pa.array([zeros] * 60 + ["x"] * (rows - 60))  # noqa: E731
    as_bomb(
        copy, with_column("key_consignee_id", texts), use_dictionary=False, write_statistics=False
    )

    assert (copy / PROFILE).stat().st_size < 200_000
    refused(copy, "out of all proportion")


def test_a_long_text_shared_by_all_rows_is_refused(copy: Path) -> None:
    texts = lambda rows: pa.array(["A" * 1_000_000] * rows)  # noqa: E731
    as_bomb(copy, with_column("key_consignee_id", texts), write_statistics=False)

    refused(copy, "a key's text is too long")


@pytest.mark.parametrize("codec", ["gzip", "snappy", "brotli", "lz4", "none"])
def test_another_way_of_packing_is_refused(copy: Path, codec: str) -> None:
    as_bomb(copy, lambda table: table, compression=codec)

    refused(copy, "packed in another way")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data_page_version": "2.0"}, "a page of a kind"),
        (
            {"use_dictionary": False, "column_encoding": {"key_consignee_id": "DELTA_BYTE_ARRAY"}},
            "in a form no bundle has",
        ),
        (
            {"use_dictionary": False, "column_encoding": {"first_day": "DELTA_BINARY_PACKED"}},
            "in a form no bundle has",
        ),
    ],
)
def test_another_way_of_writing_pages_is_refused(
    copy: Path, options: dict[str, Any], words: str
) -> None:
    as_bomb(copy, lambda table: table, **options)

    refused(copy, words)


@pytest.mark.parametrize(
    "values",
    [
        lambda rows: pa.array([[1.0]] * rows),
        lambda rows: pa.array([{"a": 1.0}] * rows),
        lambda rows: pa.array([True] * rows),
    ],
)
def test_columns_of_other_kinds_are_refused(copy: Path, values: Callable[[int], pa.Array]) -> None:
    as_bomb(copy, with_column("declarations", values))

    refused(copy, "a column of a kind no bundle has")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), None])
def test_profiles_that_are_no_numbers_are_refused(copy: Path, number: float | None) -> None:
    as_bomb(copy, with_column("hits", lambda rows: pa.array([number] * rows, pa.float64())))

    refused(copy, "a profile holds what is not a number")


@pytest.mark.parametrize("rows", [0, 2])
def test_the_profile_of_all_declarations_is_one_row(copy: Path, rows: int) -> None:
    path = copy / "profiles" / "all_declarations.parquet"
    pq.write_table(repeated(rows)(pq.read_table(path)), path, compression="zstd")
    fix_hashes(copy)

    refused(copy, "the profile of all declarations is not one")


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.rename_columns([*table.column_names[:-1], "other"]),
        lambda table: table.select([*table.column_names[::-1]]),
        lambda table: table.take(pa.array([0] * 17)),
        lambda table: table.set_column(0, table.column_names[0], pa.array(["a"] * table.num_rows)),
        lambda table: table.append_column("customs_value", table["raw_score"]),
    ],
)
def test_another_probe_is_refused(copy: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    path = copy / "probe.parquet"
    pq.write_table(change(pq.read_table(path)), path, compression="zstd")
    fix_hashes(copy)

    refused(copy, "do not fit together")


def test_a_footer_that_is_none_is_refused(copy: Path) -> None:
    data = (copy / PROFILE).read_bytes()
    (copy / PROFILE).write_bytes(data[:-8] + b"\xff\xff\xff\x7fPAR1")
    fix_hashes(copy)

    refused(copy, "no footer of Parquet")


# Features and MLmodel -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["renamed\nsecond line", "\x1b[2J", "n" * 10**6])
def test_the_names_of_a_foreign_feature_cannot_spoil_the_message(copy: Path, name: str) -> None:
    change_json(copy / "features.json", lambda values: values["names"].append(name))
    fix_hashes(copy)

    refused(copy, "only in the bundle")


def test_a_foreign_loader_is_refused_by_its_hash(copy: Path) -> None:
    (copy / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: foreign\n")

    refused(copy, "MLmodel was changed")


def loads(name: str, **more: object) -> Change:
    return lambda values: values["flavors"]["python_function"].update({name: more or "x"})


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values["flavors"]["python_function"].update(loader_module="os"),
        lambda values: values["flavors"]["python_function"].update(
            loader_module="targeting.scoring.pyfunc.evil"
        ),
        lambda values: values["flavors"].update(sklearn={"pickled_model": "model.pkl"}),
        lambda values: values["flavors"].pop("python_function"),
        loads("code"),
        loads("env", conda="conda.yaml"),
        loads("data"),
        loads("model_path"),
        loads("config", a=1),
        lambda values: values.update(saved_input_example_info={"artifact_path": "../../x"}),
        lambda values: values.update(resources={"api_version": "1"}),
        lambda values: values.update(model_code_path="evil.py"),
        lambda values: values["flavors"]["python_function"].update(python_version="3.11; rm"),
        lambda values: values.pop("signature"),
        lambda values: values.clear(),
    ],
)
def test_an_mlmodel_that_names_anything_else_is_refused(copy: Path, change: Change) -> None:
    values = yaml.safe_load((copy / "MLmodel").read_text())
    change(values)
    (copy / "MLmodel").write_text(yaml.safe_dump(values))
    fix_hashes(copy)

    refused(copy, "MLmodel names another loader|MLmodel says more")


@pytest.mark.parametrize(
    "text",
    ["!!python/object/apply:os.system ['id']", "[" * 5000, "a: &a [*a]", "\t", "- 1", "a: b: c"],
)
def test_an_mlmodel_that_is_no_plain_yaml_is_refused(copy: Path, text: str) -> None:
    (copy / "MLmodel").write_text(text)
    fix_hashes(copy)

    refused(copy, "MLmodel names another loader|MLmodel is not YAML")


def test_loading_runs_no_code_that_lies_in_the_bundle(copy: Path) -> None:
    """A module beside the files, named as one of ours or as the loader, is never imported."""
    for name in ("foreign_loader.py", "yaml.py", "lightgbm.py"):
        (copy / name).write_text("raise SystemExit('foreign code ran')\n")
    script = (
        "import sys; from pathlib import Path; from targeting.bundle.bundle import load_bundle\n"
        "try: load_bundle(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print('foreign_loader' in sys.modules)"
    )

    done = subprocess.run(  # noqa: S603 - our own interpreter and a constant script
        [sys.executable, "-c", script, str(copy)], capture_output=True, text=True, check=False
    )

    assert (done.stdout.split(), done.stderr, done.returncode) == (["BundleError", "False"], "", 0)


# Cut short ------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("name", [name for name in packaged_files() if name != "MODEL_CARD.md"])
def test_a_file_cut_short_is_refused_even_with_its_hash(copy: Path, name: str, keep: float) -> None:
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: int(len(data) * keep)])
    fix_hashes(copy)

    refused(copy, r"do not fit together|trees cannot be read")


def test_only_the_first_findings_are_told(copy: Path) -> None:
    for at in range(100):
        (copy / f"{at:03}\n.txt").touch()

    refused(copy, r"000\\n\.txt is not listed.* \.\.\.")


def test_what_a_sound_bundle_holds_is_within_every_bound(whole: Path) -> None:
    assert load_bundle(whole).bundle_id == bundle_id(whole)
    listed = json.loads((whole / "manifest.json").read_text())["files"]
    assert all(not manifest_module.unfit(name) for name in listed)
