"""Settings of the list of what to open."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from targeting.config.base import Settings, valid_zone


class ShortlistSettings(Settings):
    """How a list of what to open is drawn (`configs/shortlist.yaml`).

    Parameters
    ----------
    rank_by
        What an examination slot should buy: hits, or revenue.
    random_share
        Share of the slots drawn by lot, with the chance of each line recorded. The only
        part of the examinations that shows what the model does not see.
    seed
        Seed of the lot; the same seed and ids draw the same lines.
    time_zone
        The administration's time zone, in which a working day begins and ends.
    """

    rank_by: Literal["probability", "expected_revenue"] = "probability"
    random_share: float = Field(default=0.0, ge=0, le=0.5)
    seed: int = 20_250_101
    time_zone: str = "UTC"

    _zone = field_validator("time_zone")(valid_zone)
