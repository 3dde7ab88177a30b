"""A backtest in MLflow: one run for all of it, and one below it for each version."""

from __future__ import annotations

from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targeting.evaluation.backtest.result import version_key
from targeting.tracking import Step, log_evaluation, series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from targeting.evaluation.backtest.result import Backtest, VersionResult
    from targeting.pipeline.backtest.run import Asked
    from targeting.tables.folder import TablesFolder
    from targeting.tracking import Curve, Store


def log_backtest(
    found: Backtest, folder: Path, tables: TablesFolder, asked: Asked, store: Store
) -> str:
    """Log a backtest, and each of its versions as a run below it.

    Parameters
    ----------
    found
        Every figure.
    folder
        Report, plots and tables.
    tables
        What was read.
    asked
        Which days, which versions, and how.
    store
        Where.

    Returns
    -------
    str
        MLflow's id of the run that holds the others.
    """
    first, datasets = found.versions[0].name, tables.digest()
    params = _params(found, tables, asked)
    run_id = log_evaluation(
        "backtest",
        folder=folder,
        metrics=found.metrics_of(first) | _curves(found.versions[0]),
        params=params,
        datasets=datasets,
        store=store,
        name=f"backtest {found.accounts.first_day} to {found.accounts.last_day}",
    )
    for version in found.versions:
        if not version.why:
            log_evaluation(
                "backtest",
                folder=None,
                metrics=found.metrics_of(version.name) | _curves(version),
                params=params | {"version": version.name, "version_kind": version.kind},
                datasets=datasets,
                store=store,
                parent=run_id,
                name=version.name,
            )
    return run_id


def _said(model: str) -> str:
    """Name a registered model as it is, and a folder without the machine's path to it."""
    return model if model.startswith("models:/") else Path(model).name


def _params(found: Backtest, tables: TablesFolder, asked: Asked) -> dict[str, object]:
    given = {f"given.{version_key(one.name)}": _said(one.model) for one in asked.given}
    return {
        "tables": tables.path.name,
        "first_day": found.accounts.first_day,
        "last_day": found.accounts.last_day,
        **given,
        **_flat("backtest", asked.settings.model_dump(mode="json")),
        **_flat("train", asked.training.model_dump(mode="json")),
    }


def _flat(prefix: str, values: Mapping[str, Any]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in values.items():
        key = f"{prefix}.{name}"
        flat |= _flat(key, value) if isinstance(value, dict) else {key: value}
    return flat


def _curves(version: VersionResult) -> dict[str, float | Curve]:
    """Hits so far, week by week: those known, and in a simulated world the true ones."""
    known = list(accumulate(block.found for block in version.blocks))
    true = [block.real for block in version.blocks if block.real is not None]
    curves: dict[str, float | Curve] = {
        series("by_week", "found_so_far_at_capacity"): _curve(version, known)
    }
    if len(true) == len(known):
        name = series("by_week", "hits_so_far_at_capacity_true")
        curves[name] = _curve(version, list(accumulate(true)))
    return curves


def _curve(version: VersionResult, values: list[float]) -> Curve:
    days = (date.fromisoformat(block.first_day) for block in version.blocks)
    return tuple(
        Step(number, value, day)
        for number, (value, day) in enumerate(zip(values, days, strict=True))
    )
