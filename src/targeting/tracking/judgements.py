"""What an evaluation, a backtest or a comparison leaves in MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from targeting.tracking.promotions import model_of
from targeting.tracking.runs import below, curves_of, started
from targeting.tracking.store import connected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from targeting.tracking.names import Curve
    from targeting.tracking.runs import Run
    from targeting.tracking.store import Store


def log_evaluation(  # noqa: PLR0913 - all but the first are named by the caller
    kind: Literal["backtest", "compare", "evaluate"],
    *,
    folder: Path | None,
    metrics: Mapping[str, float | Curve],
    params: Mapping[str, object],
    datasets: Mapping[str, str],
    store: Store,
    parent: str | None = None,
    name: str = "",
) -> str:
    """Log what a judgement found, with its report, plots, tables and the digests of its data.

    Parameters
    ----------
    kind
        What was done.
    folder
        Files to keep, such as `report.html` and `plots/`; each CSV file also becomes a table that
        opens in MLflow. None keeps none. Figures by day are read from its `evaluation.json`.
    metrics
        Figures by the names of `Evaluation.flat_metrics`; a `Curve` draws one over steps and is
        named by `targeting.tracking.names.series`.
    params
        Settings, flat. Of a `bundle_id` the run is tagged and tied to its model; `tables` says
        what to call the tables.
    datasets
        SHA-256 of each table read, as `TablesFolder.digest` gives them.
    store
        Where.
    parent
        Run id this one is nested under, such as the backtest of which it is one version.
    name
        What the list of runs shows; the kind and the folder or the bundle by default.

    Returns
    -------
    str
        MLflow's id of the run.

    Raises
    ------
    InputError
        If the store cannot be reached.
    ValueError
        If a figure's name breaks the rule.
    """
    bundle = str(params.get("bundle_id", ""))
    shown = name or f"{kind} {bundle or (folder.name if folder else '')}".rstrip()
    tags = below(parent) | ({"bundle_id": bundle} if bundle else {})
    with connected(store) as client, started(client, store, kind, shown, tags) as run:
        run.settings(params)
        run.data(datasets, str(params.get("tables", "tables")))
        model_id = _tie(run, bundle)
        if folder is None:
            run.figures(metrics, model_id)
        else:
            run.figures({**curves_of(folder), **metrics}, model_id)
            run.files(folder)
        return run.run_id


def _tie(run: Run, bundle: str) -> str | None:
    """Tie the run to the logged model of a bundle, so that the model's page shows its figures."""
    from mlflow.entities import LoggedModelInput

    model_id = model_of(run.client, bundle)
    if model_id is not None:
        run.client.log_inputs(run.run_id, models=[LoggedModelInput(model_id)])
    return model_id
