"""The named worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from targeting.config import parse
from targeting.errors import ConfigError, near_matches
from targeting.simulate.settings import (
    SITES,
    CarrierSettings,
    SchemesSettings,
    SelectionShares,
    ServiceSettings,
    SimulateSettings,
    TraderSettings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_OFTEN = SelectionShares(random=0.06, rule=0.12, officer=0.07, intelligence=0.016, mandatory=0.02)

PRESETS: Mapping[str, SimulateSettings] = {
    "demo": SimulateSettings(),
    "small": SimulateSettings(
        preset="small",
        days=120,
        declarations_per_day=25.0,
        traders=TraderSettings(count=350),
        examined=_OFTEN,
        # Four months are short: without more offences there would be too few hits to learn from.
        schemes=SchemesSettings().times(2.4),
    ),
    "corridor": SimulateSettings(
        preset="corridor",
        days=1096,
        declarations_per_day=900.0,
        traders=TraderSettings(count=9_000, entry_share_per_month=0.05),
        services=ServiceSettings(
            brokers_per_country=120, forwarders=260, suppliers=90, new_suppliers_per_year=60,
            carriers=CarrierSettings(road=400),
        ),
    ),
    "national": SimulateSettings(
        preset="national",
        days=365,
        declarations_per_day=27_500.0,
        files="month",
        traders=TraderSettings(count=120_000, entry_share_per_month=0.03),
        services=ServiceSettings(
            brokers_per_country=900, forwarders=4_000, suppliers=600, new_suppliers_per_year=200,
            carriers=CarrierSettings(sea=60, rail=40, road=990, air=60, trucks=99),
        ),
        examined=SelectionShares(
            random=0.004, rule=0.020, officer=0.008, intelligence=0.001, mandatory=0.004
        ),
        schemes=SchemesSettings().times(0.6),
    ),
    "cold_start": SimulateSettings(
        preset="cold_start",
        days=90,
        declarations_per_day=45.0,
        sites=tuple(site for site in SITES if site.code in {"KZAAU", "KZKUR"}),
        traders=TraderSettings(count=500),
        services=ServiceSettings(brokers_per_country=18, forwarders=30),
        examined=SelectionShares(
            random=0.02, rule=0.02, officer=0.015, intelligence=0.004, mandatory=0.01
        ),
    ),
    "two_countries": SimulateSettings(
        preset="two_countries",
        days=365,
        declarations_per_day=240.0,
        sites=tuple(
            # The two administrations do not open the same share of what they see.
            site.model_copy(update={"diligence": 1.3 if site.country == "AZ" else 0.7})
            for site in SITES
            if site.country in {"AZ", "KZ"}
        ),
        traders=TraderSettings(count=3_600),
        routes=SimulateSettings().routes.model_copy(update={"through_share": 0.45}),
    ),
}  # fmt: skip
"""Named worlds; `configs/simulate.yaml` spells out `demo`."""


def world_of(values: Mapping[str, Any], *, where: str) -> SimulateSettings:
    """Read a world: the named one under `preset`, with every other key over it.

    Parameters
    ----------
    values
        Keys and values as read. A group of keys changes those it names; a list replaces a list.
        A name there is no world of stands for one's own, based on `demo`.
    where
        What to call the values in an error, usually their file.

    Raises
    ------
    ConfigError
        If any key is unknown or any value unfit.

    Examples
    --------
    >>> world = world_of({"preset": "small", "traders": {"count": 100}}, where="mine.yaml")
    >>> world.days, world.traders.count, world.traders.life_days
    (120, 100, 1300.0)
    """
    named = values.get("preset")
    base = PRESETS.get(named) if isinstance(named, str) else None
    if base is None:
        return parse(SimulateSettings, dict(values), where=where)
    usual = base.model_dump(mode="json", by_alias=True)
    return parse(SimulateSettings, _over(usual, values), where=where)


def _over(base: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Lay values over others, group by group; a number alone over a scheme is its share."""
    merged = dict(base)
    for name, value in given.items():
        under = merged.get(name)
        if isinstance(under, dict) and isinstance(value, dict):
            merged[name] = _over(under, value)
        elif isinstance(under, dict) and "share" in under and isinstance(value, int | float):
            merged[name] = under | {"share": value}
        else:
            merged[name] = value
    return merged


def preset(name: str) -> SimulateSettings:
    """Look up a named world.

    Parameters
    ----------
    name
        One of `PRESETS`: `demo`, `small`, `corridor`, `national`, `cold_start`, `two_countries`.

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
