"""Making a sound bundle hostile, as somebody would who can write every file of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from targeting.bundle.bundle import Contents, load_bundle
from targeting.bundle.manifest import list_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def contents_of(folder: Path) -> Contents:
    """Take a loaded bundle apart again, the probe rows from its file."""
    bundle = load_bundle(folder)
    probe = pq.read_table(folder / "probe.parquet").select(bundle.spec.names)
    manifest = bundle.manifest
    return Contents(
        model=bundle.model,
        spec=bundle.spec,
        snapshot=bundle.snapshot,
        train=manifest.train,
        training=manifest.training,
        data=manifest.data,
        metrics=manifest.metrics,
        notes=manifest.notes,
        probe=np.column_stack([column.to_numpy() for column in probe.columns]),
    )


def fix_hashes(folder: Path) -> None:
    """Make the manifest agree with the changed files, as somebody who means it would."""
    path = folder / "manifest.json"
    values = json.loads(path.read_text())
    values["files"] = {name: one.model_dump() for name, one in list_files(folder).items()}
    path.write_text(json.dumps(values))


def change_json(path: Path, change: Callable[[Any], object]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def with_sizes(text: str) -> str:
    """Write the trees' new lengths in the head of a model's text."""
    trees = re.split("(?=Tree=)", text.partition("end of trees")[0])[1:]
    sizes = " ".join(str(len(tree)) for tree in trees)
    return re.sub("^tree_sizes=.*$", f"tree_sizes={sizes}", text, count=1, flags=re.MULTILINE)


def change_line(text: str, name: str, change: Callable[[list[str]], object]) -> str:
    """Change the values of the first line of a name, and put the trees' lengths right."""

    def changed(line: re.Match[str]) -> str:
        values = line[1].split(" ")
        change(values)
        return f"{name}=" + " ".join(values)

    return with_sizes(re.sub(f"^{name}=(.*)$", changed, text, count=1, flags=re.MULTILINE))


def change_trees(folder: Path, name: str, change: Callable[[list[str]], object]) -> None:
    """Change one line of the first tree of a bundle, with every length and hash put right."""
    path = folder / "model.txt"
    path.write_text(change_line(path.read_text(), name, change))
    fix_hashes(folder)
