from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from targeting.simulate import SimulateSettings, SimulationReport, preset, simulate
from targeting.simulate.settings import TraderSettings

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Simulated:
    settings: SimulateSettings
    report: SimulationReport
    declarations: pd.DataFrame
    inspections: pd.DataFrame
    truth: pd.DataFrame

    @property
    def joined(self) -> pd.DataFrame:
        """Declarations with their examination, if any, and their truth."""
        examined = self.declarations.merge(self.inspections, on="declaration_id", how="left")
        return examined.merge(self.truth, on="declaration_id", validate="one_to_one")


def run(settings: SimulateSettings, folder: Path) -> Simulated:
    report = simulate(settings, folder / "tables")
    return Simulated(
        settings,
        report,
        pd.read_parquet(folder / "tables" / "declarations.parquet"),
        pd.read_parquet(folder / "tables" / "inspections.parquet"),
        pd.read_parquet(folder / "truth.parquet"),
    )


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return run(preset("small"), tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def middle(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """Ten months with enough illicit lines of each scheme to compare with honest ones."""
    settings = preset("small").model_copy(
        update={
            "preset": "custom",
            "days": 300,
            "declarations_per_day": 60.0,
            "traders": TraderSettings(count=900),
        }
    )
    return run(settings, tmp_path_factory.mktemp("middle"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return run(preset("demo"), tmp_path_factory.mktemp("demo"))
