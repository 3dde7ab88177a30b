"""What a simulated corridor is made of (`configs/simulate.yaml`), and the named presets."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from targeting.config import Settings
from targeting.errors import ConfigError, near_matches

if TYPE_CHECKING:
    from collections.abc import Mapping

Preset = Literal["demo", "small", "custom"]


class SchemeRates(Settings):
    """Share of all consignments that each offence scheme adds, while one of its waves runs."""

    undervaluation: float = Field(default=0.0088, ge=0, le=0.2)
    misclassification: float = Field(default=0.0056, ge=0, le=0.2)
    origin_fraud: float = Field(default=0.0049, ge=0, le=0.2)
    perishable_cover: float = Field(default=0.0026, ge=0, le=0.2)
    rip_on: float = Field(default=0.0028, ge=0, le=0.2)
    free_zone_tobacco: float = Field(default=0.0030, ge=0, le=0.2)
    shell_counterfeit: float = Field(default=0.0036, ge=0, le=0.2)
    identity_hijack: float = Field(default=0.0029, ge=0, le=0.2)
    strategic_diversion: float = Field(default=0.0026, ge=0, le=0.2)


class LabelDelays(Settings):
    """Median days from an examination to its result, by what was found."""

    clear: float = Field(default=0.6, ge=0, le=365)
    undervaluation: float = Field(default=16.0, ge=0, le=365)
    misclassification: float = Field(default=12.0, ge=0, le=365)
    origin_fraud: float = Field(default=25.0, ge=0, le=365)
    drugs: float = Field(default=2.0, ge=0, le=365)
    tobacco: float = Field(default=1.5, ge=0, le=365)
    counterfeit: float = Field(default=11.0, ge=0, le=365)
    identity_fraud: float = Field(default=7.0, ge=0, le=365)
    strategic_goods: float = Field(default=20.0, ge=0, le=365)


class SelectionShares(Settings):
    """Share of all declarations that each reason for selection sends to examination.

    Parameters
    ----------
    random
        Chance with which the lot takes each declaration, before anybody else chooses.
    rule, officer, intelligence, mandatory
        Share of each day's declarations; the remainder of a slot is drawn by chance.
    """

    random: float = Field(default=0.018, gt=0, le=1)
    rule: float = Field(default=0.034, ge=0, le=1)
    officer: float = Field(default=0.024, ge=0, le=1)
    intelligence: float = Field(default=0.006, ge=0, le=1)
    mandatory: float = Field(default=0.008, ge=0, le=1)

    @property
    def total(self) -> float:
        """Share of declarations examined for any reason."""
        return self.random + self.rule + self.officer + self.intelligence + self.mandatory


class SimulateSettings(Settings):
    """One simulated corridor; the defaults are the `demo` preset.

    Parameters
    ----------
    preset
        Name of the world in its report; `custom` for one of your own.
    seed
        Seed of every draw: the same seed and settings give the same bytes.
    first_day
        First day of the world, in UTC.
    days
        Length of the span. A longer one only adds days; it changes none.
    declarations_per_day
        Goods lines lodged on an average day; weekends and seasons move it.
    parties
        Local traders at work on the first day; others enter later.
    entry_share_per_month
        New traders per month, as a share of `parties`.
    examined
        Share of declarations examined, by reason.
    schemes
        How much each offence scheme adds.
    delays
        How late results are.
    """

    preset: Preset = "demo"
    seed: int = Field(default=20_250_101, ge=0, lt=2**32)
    first_day: date = date(2024, 1, 1)
    days: int = Field(default=546, ge=1, le=36_500)
    declarations_per_day: float = Field(default=138.0, gt=0, le=1_000_000)
    parties: int = Field(default=2_400, ge=50, le=200_000)
    entry_share_per_month: float = Field(default=0.08, ge=0, le=1)
    examined: SelectionShares = SelectionShares()
    schemes: SchemeRates = SchemeRates()
    delays: LabelDelays = LabelDelays()

    @model_validator(mode="after")
    def _room_to_examine(self) -> Self:
        if self.examined.total > 0.9:
            raise ValueError("the shares of `examined` add up to more than 0.9 of all declarations")
        return self


def _denser(rates: SchemeRates, times: float) -> SchemeRates:
    return SchemeRates(**{name: round(rate * times, 6) for name, rate in rates})


PRESETS: Mapping[str, SimulateSettings] = {
    "demo": SimulateSettings(),
    "small": SimulateSettings(
        preset="small",
        days=120,
        declarations_per_day=25.0,
        parties=350,
        examined=SelectionShares(
            random=0.06, rule=0.12, officer=0.07, intelligence=0.016, mandatory=0.02
        ),
        # Four months are short: without more offences there would be too few hits to learn from.
        schemes=_denser(SchemeRates(), 1.8),
    ),
}
"""Named worlds; `configs/simulate.yaml` spells out `demo`."""


def preset(name: str) -> SimulateSettings:
    """Look up a named world.

    Parameters
    ----------
    name
        `demo` or `small`.

    Raises
    ------
    ConfigError
        If there is no world of that name.

    Examples
    --------
    >>> preset("small").days
    120
    """
    if name not in PRESETS:
        raise ConfigError(
            "no simulated world has this name",
            where="preset",
            found=name,
            do=near_matches(name, PRESETS),
        )
    return PRESETS[name]
