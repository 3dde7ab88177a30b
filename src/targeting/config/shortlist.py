"""Settings of the list of what to open."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from targeting.config.base import Settings, valid_zone


class ShortlistSettings(Settings):
    """How a list of what to open is drawn (`configs/shortlist.yaml`).

    Parameters
    ----------
    rank_by
        What an examination slot should buy: hits (`probability`), revenue (`expected_revenue`), a
        stated `mix` of both, or offences of either view (`either_probability`).
    revenue_weight
        Weight of revenue in the mix, the hits having the rest.
    random_share
        Share of the slots drawn by lot, with the chance of each line recorded. The only
        part of the examinations that shows what the model does not see.
    seed
        Seed of the lot; the same seed and ids draw the same lines.
    time_zone
        The administration's time zone, in which a working day begins and ends.
    language
        Language of the list: `en`, `ru`, or that of a further catalogue.
    languages
        Folder of further catalogues, such as `kk.po`.
    advice
        File of what reasons point to and where to look; none means that of the package.
    """

    rank_by: Literal["probability", "expected_revenue", "mix", "either_probability"] = "probability"
    revenue_weight: float = Field(default=0.5, ge=0, le=1)
    random_share: float = Field(default=0.0, ge=0, le=0.5)
    seed: int = 20_250_101
    time_zone: str = "UTC"
    language: str = "en"
    languages: Path | None = None
    advice: Path | None = None

    _zone = field_validator("time_zone")(valid_zone)
