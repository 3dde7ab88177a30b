"""The ground a world stands on: sites, goods, routes and habits. Nothing in it moves with time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import ConfigError
from targeting.simulate.places import COUNTRIES, COUNTRY, NOWHERE, PLACES, REGIONS
from targeting.simulate.trade.distances import nearness, sites_on_the_way
from targeting.simulate.trade.goods import Goods, built_in_goods, read_goods
from targeting.simulate.trade.streams import Flags, Floats, Ints, cumulative

if TYPE_CHECKING:
    from targeting.simulate.settings import SimulateSettings

_ONWARD_SLOTS = 4


@dataclass(frozen=True, slots=True)
class Ground:
    """Settings turned into arrays; the position of a site, place or country is its number.

    Parameters
    ----------
    settings
        What they were made from.
    goods
        Lines of goods.
    sites, places
        Codes.
    site_country, site_place, site_offset_s, site_vat, site_diligence
        Per site: country, place, seconds ahead of UTC, tax as a share, weight of examinations.
    site_shares
        Cumulative shares of the sites in the trade, shape (sites,).
    modes, flows
        Cumulative shares per site, shape (sites, 4).
    onward
        Countries transit goes to, shape (sites, 4); short lists repeat.
    is_home
        Whether a country has a site, shape (countries,).
    place_country
        Country of each place.
    hubs, hub_shares
        Where cargo of a region changes ship, and cumulative shares; shape (regions, k).
    free_zones
        Places with a free zone.
    nearness
        Weight of each country as an origin at each site, shape (sites, countries).
    through
        Another country's site on the way from a country to a site, shape (sites, countries);
        `NOWHERE` where there is none.
    """

    settings: SimulateSettings
    goods: Goods
    sites: tuple[str, ...]
    places: tuple[str, ...]
    site_country: Ints
    site_place: Ints
    site_offset_s: Ints
    site_vat: Floats
    site_diligence: Floats
    site_shares: Floats
    modes: Floats
    flows: Floats
    onward: Ints
    is_home: Flags
    place_country: Ints
    hubs: Ints
    hub_shares: Floats
    free_zones: Ints
    nearness: Floats
    through: Ints

    @classmethod
    def of(cls, settings: SimulateSettings) -> Ground:
        """Lay the ground for a world.

        Parameters
        ----------
        settings
            The world's settings.

        Raises
        ------
        ConfigError
            If the list of goods cannot be read, or a weight names a sector or port there is none
            of.

        Examples
        --------
        >>> from targeting.simulate.settings import SimulateSettings
        >>> Ground.of(SimulateSettings()).sites[:2]
        ('AZALA', 'AZAST')
        """
        goods = _goods(settings)
        sites = settings.sites
        places = _places(settings)
        number = {code: place for place, code in enumerate(places)}
        country = np.array([COUNTRY[site.country] for site in sites])
        hubs, hub_shares = _hubs(settings, number)
        return cls(
            settings=settings,
            goods=goods,
            sites=tuple(site.code for site in sites),
            places=places,
            site_country=country,
            site_place=np.array([number[site.code] for site in sites]),
            site_offset_s=np.array([round(site.utc_offset_hours * 3600) for site in sites]),
            site_vat=np.array([site.vat_pct / 100 for site in sites]),
            site_diligence=np.array([site.diligence for site in sites]),
            site_shares=cumulative(np.array([site.volume for site in sites])),
            modes=cumulative(np.array([site.modes.in_order for site in sites])),
            flows=cumulative(np.array([site.flows.in_order for site in sites])),
            onward=np.array(
                [
                    [COUNTRY[site.onward[slot % len(site.onward)]] for slot in range(_ONWARD_SLOTS)]
                    for site in sites
                ]
            ),
            is_home=np.isin(np.arange(len(COUNTRIES)), country),
            place_country=np.array([COUNTRY.get(code[:2], NOWHERE) for code in places]),
            hubs=hubs,
            hub_shares=hub_shares,
            free_zones=np.array([number[code] for code in settings.routes.free_zones]),
            nearness=nearness([site.code for site in sites], settings.routes.nearness),
            through=sites_on_the_way([site.code for site in sites], country),
        )

    @property
    def seed(self) -> int:
        """Seed of the world."""
        return self.settings.seed

    def with_mode(self, mode: int) -> Flags:
        """Tell which sites have any traffic by a mode.

        Parameters
        ----------
        mode
            Number of the mode.
        """
        return np.diff(self.modes, axis=1, prepend=0.0)[:, mode] > 0

    def place(self, code: str) -> int:
        """Return the number of a place.

        Parameters
        ----------
        code
            Its code; one of `places`.
        """
        return self.places.index(code)


def _goods(settings: SimulateSettings) -> Goods:
    file = settings.goods.file
    goods = built_in_goods() if file is None else read_goods(file)
    usual = settings.goods.sectors == type(settings.goods)().sectors
    strange = set() if file and usual else {*settings.goods.sectors} - {*goods.sectors}
    if strange:
        raise ConfigError(
            "weights are given to sectors the list of goods does not have",
            where="goods.sectors",
            found=", ".join(sorted(strange)),
            do=f"The list has {', '.join(goods.sectors)}.",
        )
    return goods


def _places(settings: SimulateSettings) -> tuple[str, ...]:
    named = {site.code for site in settings.sites} | {*settings.routes.free_zones}
    for weights in settings.routes.hubs.values():
        named |= {*weights} - {"direct"}
    # The tables of ports hold positions in PLACES: new places follow, none moves.
    return (*PLACES, *sorted(named - {*PLACES}))


def _hubs(settings: SimulateSettings, number: dict[str, int]) -> tuple[Ints, Floats]:
    """Hubs by region and slot, and their cumulative shares; unused slots have no share."""
    tables = [settings.routes.hubs[region] for region in REGIONS]
    slots = max(len(table) for table in tables)
    hubs = np.full((len(REGIONS), slots), NOWHERE)
    weights = np.zeros((len(REGIONS), slots))
    for region, table in enumerate(tables):
        for slot, (code, weight) in enumerate(table.items()):
            hubs[region, slot] = NOWHERE if code == "direct" else number[code]
            weights[region, slot] = weight
    return hubs, cumulative(weights)
