"""A corridor with known truth, selective examination and late results."""

from targeting.simulate.settings import PRESETS, SimulateSettings, preset
from targeting.simulate.simulation import SimulationReport, live, simulate

__all__ = ["PRESETS", "SimulateSettings", "SimulationReport", "live", "preset", "simulate"]
