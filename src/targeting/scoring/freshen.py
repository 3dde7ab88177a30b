"""A bundle whose profiles are brought up to a later day: the same model, knowing what came since.

Who scores through MLflow has no tables beside the bundle to follow. A bundle of the day gives the
scores of that day that the batch gives, in any call, batch or worker.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pyarrow as pa

from targeting.bundle.manifest import bundle_id, list_files, write_manifest
from targeting.errors import InputError
from targeting.features.build import build
from targeting.features.engine import Wanted
from targeting.features.snapshot import write_snapshot
from targeting.scoring.scorer import Scorer
from targeting.tables.output import staged_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from targeting.features.snapshot import Snapshot
    from targeting.tables.folder import Tables


def freshen(
    bundle: Path,
    tables: Tables,
    output: Path,
    *,
    to: date,
    progress: Callable[[str], None] = lambda _: None,
) -> str:
    """Write a bundle again with profiles as of a later day.

    Parameters
    ----------
    bundle
        The bundle folder.
    tables
        Declarations and results up to that day.
    output
        The folder to write; it appears whole or not at all.
    to
        Local day; no event of it or later is read.
    progress
        Told what is being done.

    Returns
    -------
    str
        The new bundle's id.

    Raises
    ------
    BundleError
        If the bundle is not what was packaged.
    InputError
        If the day lies before the day the profiles stand at.
    """
    scorer = Scorer.load(bundle)
    snapshot = _profiles(scorer, tables, to, progress)
    manifest = scorer.bundle.manifest
    with staged_folder(output) as stage:
        for name in sorted(manifest.files):
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            if not name.startswith("profiles/"):
                shutil.copyfile(bundle / name, stage / name)
        write_snapshot(snapshot, stage / "profiles", scorer.bundle.spec.settings)
        new = {"files": list_files(stage), "profiles_as_of": to.isoformat()}
        write_manifest(manifest.model_copy(update=new), stage)
    return bundle_id(output)


def _profiles(
    scorer: Scorer, tables: Tables, to: date, progress: Callable[[str], None]
) -> Snapshot:
    as_of, spec = scorer.bundle.snapshot.as_of, scorer.bundle.spec
    if to < as_of:
        raise InputError(
            "profiles are brought up to a later day, never back",
            where="--to",
            found=f"{to}, the profiles stand at {as_of}",
            do="Give that day or a later one, or train with an earlier --until.",
        )
    start = scorer.start_from(tables, to, progress)
    progress(f"profiles from {as_of if start else 'the beginning'} to {to}")
    nobody = Wanted(ids=pa.array([], pa.string()))
    return build(tables, spec, nobody, until=to, snapshot=start).snapshot
