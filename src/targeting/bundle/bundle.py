"""Writing and loading a bundle: a folder of data, never code, never a pickle."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from targeting.bundle.card import model_card
from targeting.bundle.flavour import mlmodel, require_ours
from targeting.bundle.limits import shown
from targeting.bundle.manifest import (
    FORMAT_VERSION,
    Manifest,
    Window,
    bundle_id,
    list_files,
    verify,
    write_manifest,
)  # fmt: skip
from targeting.bundle.parquet import require_flat
from targeting.bundle.probe import require_probe, write_probe
from targeting.bundle.records import FeatureRecord, HeadsRecord, MembersRecord, RevenueRecord
from targeting.bundle.trees import read_trees
from targeting.config import ALL, Settings, TrainSettings
from targeting.errors import BundleError, ConfigError
from targeting.explain.precedents import (
    Precedents,
    read_precedents,
    subjects_of,
    write_precedents,
)
from targeting.features.snapshot import Snapshot, read_snapshot, write_snapshot
from targeting.features.spec import FeatureSpec, registry
from targeting.training.additive import Linear
from targeting.training.expert import Blend, BlendRecord
from targeting.training.model import HitHead, Model, RevenueHead
from targeting.training.views import Views, ViewsRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from pathlib import Path

    import numpy.typing as npt

    from targeting.bundle.card import Section

    Matrix = npt.NDArray[np.float32]

LIBRARIES = (
    "targeting",
    "lightgbm",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "duckdb",
    "scikit-learn",
)
PRECEDENTS = "precedents.parquet"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle is made of.

    Parameters
    ----------
    model
        The trained heads.
    spec
        Features in order, and category levels.
    snapshot
        Profiles as of the cut-off.
    train
        Training settings as used.
    training
        Window and counts of the rows.
    data
        SHA-256 of each training table.
    metrics
        Of the last test block.
    notes
        What the training could not do, and why.
    probe
        Shape (up to 16, features). Rows scored again at every load: score, probability, revenue
        and views must be what they were.
    precedents
        Past examined lines to lay beside new ones; None leaves them out.
    sections
        What the card tells of the model as a whole.
    """

    model: Model
    spec: FeatureSpec
    snapshot: Snapshot
    train: TrainSettings
    training: Window
    data: Mapping[str, str]
    metrics: Mapping[str, float]
    notes: tuple[str, ...]
    probe: Matrix
    precedents: Precedents | None = None
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle, loaded.

    Parameters
    ----------
    bundle_id
        First 12 characters of the manifest's SHA-256.
    manifest
        Where it comes from.
    model, spec, snapshot
        As trained; no profiles in the snapshot where they were not asked for.
    precedents
        Past examined lines; None when the bundle carries none.
    """

    bundle_id: str
    manifest: Manifest
    model: Model
    spec: FeatureSpec
    snapshot: Snapshot
    precedents: Precedents | None = None


def write_bundle(contents: Contents, folder: Path) -> str:
    """Write every file of a bundle into a folder that may already hold the evaluation.

    Parameters
    ----------
    contents
        What to package.
    folder
        An existing folder, usually from `targeting.tables.output.staged_folder`.

    Returns
    -------
    str
        The bundle's id. The same contents give the same bytes and the same id.
    """
    _write_model(contents.model, folder)
    _write_features(contents.spec, folder)
    (folder / "profiles").mkdir()
    write_snapshot(contents.snapshot, folder / "profiles", contents.spec.settings)
    write_probe(contents.model, contents.spec, contents.probe, folder)
    if contents.precedents is not None:
        write_precedents(contents.precedents, folder / PRECEDENTS)
    draft = Manifest(
        format_version=FORMAT_VERSION,
        files={},
        training=contents.training,
        data=dict(contents.data),
        features=contents.spec.settings,
        train=contents.train,
        libraries={name: version(name) for name in LIBRARIES},
        metrics=dict(contents.metrics),
        notes=contents.notes,
    )
    card = model_card(draft, contents.spec, contents.sections)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    (folder / "MLmodel").write_text(mlmodel(contents.spec.settings), encoding="utf-8")
    write_manifest(draft.model_copy(update={"files": list_files(folder)}), folder)
    return bundle_id(folder)


def _write_model(model: Model, folder: Path) -> None:
    head, trees = model.hit, model.revenue.trees
    members = {
        "model.txt": head.trees,
        "model-revenue.txt": trees,
    }
    for name, booster in members.items():
        if booster is not None:
            (folder / name).write_text(booster.model_to_string(), encoding="utf-8")
    if head.linear is not None:
        _write_json(head.linear, folder / "linear.json")
    if model.views is not None:
        _write_json(model.views.record, folder / "views.json")
    if head.blend is not None:
        _write_json(head.blend.record, folder / "expert.json")
    heads = HeadsRecord(
        calibrator=model.calibrator,
        members=MembersRecord(
            trees=head.has_learnt,
            linear=head.linear is not None,
            linear_share=head.linear_share,
            expert=head.blend is not None,
            views=model.views is not None,
        ),
        revenue=RevenueRecord(mean=model.revenue.mean, trees=trees is not None),
    )
    _write_json(heads, folder / "calibrator.json")


def _write_features(spec: FeatureSpec, folder: Path) -> None:
    record = FeatureRecord(
        names=tuple(spec.names),
        families=tuple(feature.family for feature in spec.features),
        levels=dict(spec.levels),
        settings=spec.settings,
    )
    _write_json(record, folder / "features.json")


def _write_json(record: Settings, path: Path) -> None:
    path.write_text(json.dumps(record.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")


def load_bundle(folder: Path, *, profiles: bool = True) -> Bundle:
    """Verify and load a bundle. No code from it is run.

    Every hash being right proves little of a bundle from elsewhere, whose manifest may have been
    written by the same hand. So each file is also read as if it were meant to do harm: what it
    says is bounded, and checked, before it reaches a library that would believe it.

    Parameters
    ----------
    folder
        The bundle.
    profiles
        Whether to read the profiles, whose files are checked in any case. Who scores with living
        ones saves the memory they take: the snapshot then holds its day alone.

    Raises
    ------
    BundleError
        If any file is not what was packaged, the features differ from this version's, the model
        does not score its own probe rows as it did when it was packaged, their contributions do
        not add up to the score, or LightGBM itself scores or explains them otherwise.
    """
    manifest = verify(folder)
    with _sound(folder):
        _require_listed(folder, manifest)
        require_ours(folder / "MLmodel")
        spec = _read_features(folder, manifest)
        model = _read_model(folder, manifest, spec)
        _require_same_features(folder, model, spec)
        require_probe(folder, model, spec)
        snapshot = Snapshot(manifest.profiles_day, {})
        if profiles:
            snapshot = _read_profiles(folder, spec, manifest.profiles_day)
        past = _read_precedents(folder, manifest, spec)
    return Bundle(bundle_id(folder), manifest, model, spec, snapshot, past)


def _require_listed(folder: Path, manifest: Manifest) -> None:
    """Make sure that what is about to be read has been hashed."""
    profiles = manifest.features.profile_columns
    read = {"MLmodel", "features.json", "calibrator.json", "probe.parquet"}
    missing = sorted(
        (read | {f"profiles/{name}.parquet" for name in profiles}) - set(manifest.files)
    )
    if missing:
        raise BundleError(
            "the bundle lacks what it must hold",
            where=str(folder),
            found=f"no {', '.join(missing[:5])}",
            do="Do not use it. Train it again, or take it again from where it was trained.",
        )


def _read_profiles(folder: Path, spec: FeatureSpec, day: date) -> Snapshot:
    for name in spec.settings.profile_columns:
        require_flat(folder / "profiles" / f"{name}.parquet")
    snapshot = read_snapshot(folder / "profiles", spec.settings, as_of=day)
    if len(snapshot.profiles[ALL].state.sums) != 1:
        raise ValueError("the profile of all declarations is not one")
    if not all(np.isfinite(one.state.sums).all() for one in snapshot.profiles.values()):
        raise ValueError("a profile holds what is not a number")
    return snapshot


def _read_precedents(folder: Path, manifest: Manifest, spec: FeatureSpec) -> Precedents | None:
    if PRECEDENTS not in manifest.files:
        return None
    width = len(subjects_of(spec.features))
    require_flat(folder / PRECEDENTS, lists={"direction": width})
    past = read_precedents(folder / PRECEDENTS, spec.features)
    if not np.isfinite(past.directions).all():
        raise ValueError("a precedent holds what is not a number")
    return past


@contextmanager
def _sound(folder: Path) -> Iterator[None]:
    """Tell a file that matches its hash and is still not what it should be."""
    try:
        yield
    except (ConfigError, OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise BundleError(
            "the bundle's files do not fit together",
            where=str(folder),
            found=_told(error),
            do="Do not use it. Train it again, or take it again from where it was trained.",
        ) from error


def _told(error: Exception) -> str:
    """Say what was found, where the words are ours; a library's may hold what the file says."""
    return shown(str(error)) if type(error) is ValueError else type(error).__name__


def _read_features(folder: Path, manifest: Manifest) -> FeatureSpec:
    record = FeatureRecord.model_validate_json((folder / "features.json").read_bytes())
    spec = FeatureSpec(manifest.features, registry(manifest.features), record.levels)
    if list(record.names) != spec.names:
        raise _features_differ(folder, list(record.names), spec.names)
    if sorted(record.levels) != sorted(spec.categories):
        raise _features_differ(folder, list(record.levels), spec.categories)
    return spec


def _features_differ(folder: Path, packaged: list[str], known: list[str]) -> BundleError:
    gone = [name for name in packaged if name not in known]
    new = [name for name in known if name not in packaged]
    parts = [
        f"only in the bundle: {', '.join(map(shown, gone[:5]))}" if gone else "",
        f"only in this version: {', '.join(new[:5])}" if new else "",
        "the order differs" if not gone and not new else "",
    ]
    return BundleError(
        "the bundle's features are not those of this version",
        where=str(folder / "features.json"),
        found="; ".join(part for part in parts if part),
        do="Train it again, or install the version of targeting that wrote it.",
    )


def _require_same_features(folder: Path, model: Model, spec: FeatureSpec) -> None:
    for trees in (model.hit.trees, model.revenue.trees):
        if trees is not None and trees.feature_name() != spec.names:
            raise _features_differ(folder, trees.feature_name(), spec.names)
    additive = [model.hit.linear]
    if model.views is not None:
        record = model.views.record
        additive += [view.score for view in (record.papers, record.conveyance) if view is not None]
    if any(one is not None and len(one.terms) != len(spec.names) for one in additive):
        raise ValueError("the additive score has another number of terms than features")


def _read_model(folder: Path, manifest: Manifest, spec: FeatureSpec) -> Model:
    heads = HeadsRecord.model_validate_json((folder / "calibrator.json").read_bytes())
    trees = read_trees(folder / "model-revenue.txt") if heads.revenue.trees else None
    return Model(
        hit=_read_head(folder, heads.members, spec),
        calibrator=heads.calibrator,
        revenue=RevenueHead(heads.revenue.mean, trees),
        threads=manifest.train.model.threads,
        consignment_share=manifest.train.model.consignment_share,
        views=_read_views(folder) if heads.members.views else None,
    )


def _read_views(folder: Path) -> Views:
    return Views(ViewsRecord.model_validate_json((folder / "views.json").read_bytes()))


def _read_head(folder: Path, members: MembersRecord, spec: FeatureSpec) -> HitHead:
    linear = blend = None
    if members.linear:
        linear = Linear.model_validate_json((folder / "linear.json").read_bytes())
    if members.expert:
        record = BlendRecord.model_validate_json((folder / "expert.json").read_bytes())
        blend = Blend.of(record, spec.names)
    return HitHead(
        trees=read_trees(folder / "model.txt") if members.trees else None,
        linear=linear,
        linear_share=members.linear_share,
        blend=blend,
    )
