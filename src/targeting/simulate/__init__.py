"""A corridor with known truth, selective examination and late results."""

from targeting.simulate.closed_loop import Corridor, TablePolicy, live_with
from targeting.simulate.counterfactual import Found, Truth, reach_of
from targeting.simulate.customs_view import Selection
from targeting.simulate.living import live
from targeting.simulate.presets import PRESETS, preset, world_of
from targeting.simulate.settings import SimulateSettings
from targeting.simulate.simulation import SimulationReport, simulate

__all__ = [
    "PRESETS",
    "Corridor",
    "Found",
    "Selection",
    "SimulateSettings",
    "SimulationReport",
    "TablePolicy",
    "Truth",
    "live",
    "live_with",
    "preset",
    "reach_of",
    "simulate",
    "world_of",
]
