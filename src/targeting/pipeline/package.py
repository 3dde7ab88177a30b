"""What a run leaves behind: the contents of the bundle, and MLflow's record of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from targeting.bundle.bundle import Contents
from targeting.bundle.manifest import Window
from targeting.bundle.probe import PROBE_ROWS
from targeting.evaluation.insight.failures import failures
from targeting.evaluation.insight.words import not_seen, sections, unexamined
from targeting.explain.precedents import Precedents, gather
from targeting.features.engine import local_date
from targeting.pipeline.insight import blind_spots
from targeting.tracking import TrainingRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from targeting.bundle.card import Section
    from targeting.config import TrainSettings
    from targeting.pipeline.insight import Looked
    from targeting.pipeline.judge import Judged
    from targeting.pipeline.prepare import Prepared
    from targeting.pipeline.steps import Steps
    from targeting.tables.folder import TablesFolder
    from targeting.training.model import Model


def contents(
    prepared: Prepared,
    tables: TablesFolder,
    settings: TrainSettings,
    model: Model,
    judged: Judged | None,
    looked: Looked | None,
) -> Contents:
    """Gather what goes into the bundle.

    Parameters
    ----------
    prepared, tables, settings
        What the run was made from.
    model
        The one to ship.
    judged
        How the model of the test block did; None when there was none.
    looked
        What was found by looking at it as a whole; None when there was none.
    """
    shipped, zone = prepared.shipped, prepared.spec.settings.time_zone
    past = gather(prepared.known, model, time_zone=zone, limit=settings.precedents)
    first = prepared.labels["lodged_at"].min() if len(prepared.labels) else None
    return Contents(
        model=model,
        spec=prepared.spec,
        snapshot=prepared.snapshot,
        train=settings,
        training=Window(
            first_day=(
                prepared.cut_off if first is None else local_date(first.to_pydatetime(), zone)
            ).isoformat(),
            cut_off_day=prepared.cut_off.isoformat(),
            rows=len(shipped),
            hits=int(shipped.hit.sum()),
        ),
        data=tables.digest(),
        metrics=_metrics(judged, looked),
        notes=(*_notes(prepared, settings, model, judged), *_carried(past)),
        probe=np.ascontiguousarray(prepared.matrix[-PROBE_ROWS:]),
        precedents=past,
        sections=_sections(prepared, tables, judged, looked),
    )


def _metrics(judged: Judged | None, looked: Looked | None) -> dict[str, float]:
    if judged is None or looked is None:
        return {}
    return judged.evaluation.flat_metrics() | looked.insight.flat_metrics()


def _sections(
    prepared: Prepared, tables: TablesFolder, judged: Judged | None, looked: Looked | None
) -> tuple[Section, ...]:
    """Tell what the report tells; of a model nobody could judge, what it does not see."""
    if judged is None or looked is None:
        unseen = blind_spots(prepared, tables)
        return (not_seen(unseen), unexamined(unseen))
    return sections(looked.insight, failures(judged.evaluation.slices))


def _notes(
    prepared: Prepared, settings: TrainSettings, model: Model, judged: Judged | None
) -> list[str]:
    """Say what the run could not do, and why."""
    used, asked = prepared.split.settings, settings.split
    notes = []
    if used != asked:
        notes.append(
            f"The history is short: test block {used.test_days} days, calibration block "
            f"{used.calibration_days} days, gap {used.gap_days} days instead of "
            f"{asked.test_days}, {asked.calibration_days} and {asked.gap_days}."
        )
    if judged is None:
        notes.append("No evaluation: too few results were known before the test block.")
    if prepared.known.unexamined is not None:
        notes.append(
            f"{len(prepared.known.unexamined):,} lines nobody examined were shown beside the "
            "results, as ordinary traffic; in no figure do they count as clear."
        )
    if model.hit.blend is not None:
        notes.append(model.hit.blend.told())
    if model.calibrator.why:
        notes.append(f"Probabilities are not calibrated: {model.calibrator.why}.")
    if model.revenue.mean is None:
        notes.append("No revenue is expected of any line: no hit recorded one.")
    return notes


def _carried(past: Precedents | None) -> list[str]:
    """Say that the bundle holds declarations: whoever keeps it must know."""
    if past is None:
        return []
    hits = past.lines["result"].to_pylist().count("hit")
    return [
        f"The bundle carries {len(past):,} past examined lines, {hits:,} of them hits, with their "
        "declaration ids, goods and results, to lay beside new lines: keep it as you keep the "
        "declarations, or train with `precedents: 0`."
    ]


def record(
    output: Path, bundle_id: str, contents: Contents, tables: TablesFolder, steps: Steps
) -> TrainingRecord:
    """Gather what MLflow keeps of the run.

    Parameters
    ----------
    output, bundle_id, contents
        The bundle.
    tables
        What it was trained on.
    steps
        What the run took.
    """
    seconds = {f"seconds_{_metric(step.name)}": step.seconds for step in steps.done}
    peak = {"peak_memory_mb": max(step.peak_mb for step in steps.done)}
    params = {
        "cut_off_day": contents.training.cut_off_day,
        "training_rows": str(contents.training.rows),
        "training_hits": str(contents.training.hits),
        **_flat("train", _brief(contents.train)),
        **_flat("features", contents.spec.settings.model_dump(mode="json")),
    }
    return TrainingRecord(
        bundle=output,
        bundle_id=bundle_id,
        params=params,
        metrics={**contents.metrics, **seconds, **peak},
        datasets=contents.data,
        source=tables.path.name,
    )


def _brief(settings: TrainSettings) -> dict[str, Any]:
    """Leave the indicators of the expert score out: they lie in the bundle as `expert.json`."""
    return settings.model_dump(mode="json", exclude={"expert": {"indicators"}})


def _metric(name: str) -> str:
    return name.replace(" ", "_").lower()


def _flat(prefix: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Write nested settings as `train.model.trees`."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict):
            flat |= _flat(key, value)
        else:
            flat[key] = str(value)
    return flat
