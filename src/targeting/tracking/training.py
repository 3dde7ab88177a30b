"""What a training run leaves in MLflow: figures, files, and a version of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.tracking.promotions import Promotion, aliases_of, write_promotion
from targeting.tracking.runs import curves_of, started
from targeting.tracking.store import REGISTERED, connected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from targeting.tracking.runs import Run
    from targeting.tracking.store import Store


@dataclass(frozen=True, slots=True)
class Tracked:
    """Where a training run can be found again.

    Parameters
    ----------
    run_id
        MLflow's id of the run.
    version
        Version of the registered model `targeting`.
    aliases
        Aliases that now point to it.
    """

    run_id: str
    version: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What a training run leaves behind.

    Parameters
    ----------
    bundle
        The bundle folder; its evaluation lies inside.
    bundle_id
        Its digest.
    params
        Settings, flat.
    metrics
        Figures of the evaluation, and seconds of each step.
    datasets
        SHA-256 of each training table.
    source
        What to call the tables: a path without a trader's name.
    """

    bundle: Path
    bundle_id: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    datasets: Mapping[str, str]
    source: str


def log_training(record: TrainingRecord, store: Store) -> Tracked:
    """Log a run, register its bundle and point the alias `challenger` at it.

    The first version ever registered also becomes the `champion`; later ones are promoted.

    Parameters
    ----------
    record
        What to log.
    store
        Where.

    Raises
    ------
    InputError
        If the store cannot be reached.
    """
    tags = {"bundle_id": record.bundle_id}
    name = f"train {record.bundle_id}"
    with connected(store) as client, started(client, store, "train", name, tags) as run:
        evaluation = record.bundle / "evaluation"
        run.settings(record.params)
        run.data(record.datasets, record.source)
        model_id = _log_model(run, record)
        run.figures({**record.metrics, **curves_of(evaluation)}, model_id)
        if evaluation.is_dir():
            run.files(evaluation)
        client.log_artifact(run.run_id, str(record.bundle / "MODEL_CARD.md"))
        version = _register(run, record, model_id)
        return Tracked(run.run_id, version, _point_aliases(run, version))


def _log_model(run: Run, record: TrainingRecord) -> str:
    """Log the bundle as it is, `MLmodel` at its root."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    client = run.client
    model = client.create_logged_model(
        run.experiment,
        name=f"{REGISTERED}-{record.bundle_id}",
        source_run_id=run.run_id,
        model_type="targeting bundle",
        tags={"bundle_id": record.bundle_id},
        params=dict(record.params),
    )
    client.log_model_artifacts(model.model_id, str(record.bundle))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run.run_id, [LoggedModelOutput(model.model_id, step=0)])
    return model.model_id


def _register(run: Run, record: TrainingRecord, model_id: str) -> str:
    client = run.client
    if not client.search_registered_models(f"name = '{REGISTERED}'"):
        client.create_registered_model(
            REGISTERED, description="Ranks declarations for examination."
        )
    made = client.create_model_version(
        REGISTERED,
        source=f"models:/{model_id}",
        run_id=run.run_id,
        model_id=model_id,
        tags=_version_tags(record),
    )
    return str(made.version)


def _version_tags(record: TrainingRecord) -> dict[str, str]:
    told = ("cut_off_day", "training_rows", "training_hits")
    kept = {name: record.params[name] for name in told if name in record.params}
    return {"bundle_id": record.bundle_id, **kept}


def _point_aliases(run: Run, version: str) -> tuple[str, ...]:
    client = run.client
    client.set_registered_model_alias(REGISTERED, "challenger", version)
    if "champion" in aliases_of(client):
        return ("challenger",)
    first = Promotion(
        version, previous=None, who="targeting train", why="the first version registered",
        evidence=run.run_id,
    )  # fmt: skip
    write_promotion(client, first)
    return ("challenger", "champion")
