"""What a simulated corridor is made of (`configs/simulate.yaml`)."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from targeting.config import Settings
from targeting.simulate.places import COUNTRIES, PLACES, REGIONS

Share = float
"""A number from 0 to 1."""


class ModeWeights(Settings):
    """Weights of the modes of transport; only their ratios count."""

    sea: float = Field(default=0.0, ge=0)
    rail: float = Field(default=0.0, ge=0)
    road: float = Field(default=0.0, ge=0)
    air: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.sea + self.rail + self.road + self.air == 0:
            raise ValueError("at least one mode of transport needs a weight above 0")
        return self

    @property
    def in_order(self) -> tuple[float, float, float, float]:
        """Weights in the order of `targeting.simulate.places.MODES`."""
        return (self.sea, self.rail, self.road, self.air)


class FlowWeights(Settings):
    """Weights of the flows; only their ratios count."""

    imports: float = Field(default=1.0, ge=0, alias="import")
    export: float = Field(default=0.0, ge=0)
    transit: float = Field(default=0.0, ge=0)
    transshipment: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if sum(self.in_order) == 0:
            raise ValueError("at least one flow needs a weight above 0")
        return self

    @property
    def in_order(self) -> tuple[float, float, float, float]:
        """Weights in the order of `targeting.simulate.places.FLOWS`."""
        return (self.imports, self.export, self.transit, self.transshipment)


class SiteSettings(Settings):
    """One Port Control Unit or office.

    Parameters
    ----------
    code
        Its code in `office_id`, most often a UN/LOCODE.
    country
        ISO 3166 alpha-2 country it lies in.
    volume
        Weight of its trade beside the other sites'.
    modes, flows
        Weights of what comes through it.
    onward
        Countries its transit goes to.
    utc_offset_hours
        Local time, without summer time.
    vat_pct
        Value-added tax of its country.
    diligence
        Examinations beside other sites': 0.5 opens half the share.
    """

    code: str = Field(pattern=r"^[A-Z0-9_-]{2,12}$")
    country: str
    volume: float = Field(default=1.0, gt=0)
    modes: ModeWeights = ModeWeights(road=1.0)
    flows: FlowWeights = FlowWeights()
    onward: tuple[str, ...] = Field(default=("RU",), min_length=1)
    utc_offset_hours: float = Field(default=5.0, ge=-12, le=14)
    vat_pct: float = Field(default=12.0, ge=0, le=100)
    diligence: float = Field(default=1.0, ge=0, le=10)

    @field_validator("country", "onward")
    @classmethod
    def _known(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        unknown = {value} - {*COUNTRIES} if isinstance(value, str) else {*value} - {*COUNTRIES}
        if unknown:
            raise ValueError(
                f"{', '.join(sorted(unknown))}: the corridor trades with {', '.join(COUNTRIES)}"
            )
        return value


_TAX_AND_TIME = {"AZ": (18.0, 4.0), "KZ": (12.0, 5.0), "TM": (15.0, 5.0)}


def _site(
    code: str, volume: float, modes: tuple[float, ...], flows: tuple[float, ...], onward: str
) -> SiteSettings:
    vat, offset = _TAX_AND_TIME[code[:2]]
    return SiteSettings(
        code=code,
        country=code[:2],
        volume=volume,
        modes=ModeWeights(**dict(zip(("sea", "rail", "road", "air"), modes, strict=True))),
        flows=FlowWeights.model_validate(
            dict(zip(("import", "export", "transit", "transshipment"), flows, strict=True))
        ),
        onward=tuple(onward.split()),
        utc_offset_hours=offset,
        vat_pct=vat,
    )


SITES = (
    _site("AZALA", 0.21, (0.50, 0.28, 0.22, 0), (0.52, 0.14, 0.27, 0.07), "GE TR UA"),
    _site("AZAST", 0.17, (0, 0.12, 0.88, 0), (0.56, 0.12, 0.32, 0), "RU GE UA"),
    _site("KZAAU", 0.11, (0.75, 0.15, 0.10, 0), (0.52, 0.20, 0.20, 0.08), "RU UZ KG"),
    _site("KZKUR", 0.06, (0.30, 0.30, 0.40, 0), (0.50, 0.20, 0.30, 0), "RU UZ KG"),
    _site("TMKRW", 0.10, (0.62, 0.13, 0.25, 0), (0.55, 0.15, 0.23, 0.07), "UZ AF TJ"),
    _site("KZHOR", 0.19, (0, 0.86, 0.14, 0), (0.58, 0.07, 0.35, 0), "RU PL DE UZ"),
    _site("KZALA", 0.09, (0, 0, 0, 1.0), (0.82, 0.06, 0.12, 0), "KG UZ TJ"),
    _site("TMASB", 0.07, (0, 0.35, 0.50, 0.15), (0.72, 0.10, 0.18, 0), "AF UZ TJ"),
)
"""The eight sites of the programme (domain.md 0.1 to 0.3); KZHOR stands for the Altynkol dry
port, which has no code of its own. Modes follow the programme's reports; volumes are assumptions
of the right order."""


class TraderSettings(Settings):
    """The local traders: how many there are, how they come, grow, rest and go.

    Parameters
    ----------
    count
        At work on the first day.
    entry_share_per_month
        New ones per month, as a share of `count`.
    short_lived_share
        Share of the new ones that stay a few months only.
    life_days
        Mean days at work of the others.
    dormant_share
        Share that rests once, for two to seven months.
    growth_spread
        Deviation of the yearly growth (natural logarithm).
    concentration
        Exponent of the Pareto law of volumes: lower is more concentrated.
    """

    count: int = Field(default=2_400, ge=50, le=400_000)
    entry_share_per_month: Share = Field(default=0.05, ge=0, le=1)
    short_lived_share: Share = Field(default=0.4, ge=0, le=1)
    life_days: float = Field(default=1_300.0, gt=0, le=100_000)
    dormant_share: Share = Field(default=0.25, ge=0, le=1)
    growth_spread: float = Field(default=0.25, ge=0, le=2)
    concentration: float = Field(default=1.15, gt=0.3, le=5)


class CarrierSettings(Settings):
    """Carriers by mode, and the vessels, trains, trucks or aircraft each of them runs."""

    sea: int = Field(default=24, ge=1, le=999)
    rail: int = Field(default=18, ge=1, le=999)
    road: int = Field(default=140, ge=1, le=999)
    air: int = Field(default=16, ge=1, le=999)
    vessels: int = Field(default=5, ge=1, le=99)
    trains: int = Field(default=9, ge=1, le=99)
    trucks: int = Field(default=60, ge=1, le=99)
    aircraft: int = Field(default=8, ge=1, le=99)

    @property
    def in_order(self) -> tuple[int, int, int, int]:
        """Carriers in the order of `targeting.simulate.places.MODES`."""
        return (self.sea, self.rail, self.road, self.air)


class LoyaltySettings(Settings):
    """Share of consignments for which a trader keeps to its habit, by kind of habit."""

    origin: Share = Field(default=0.80, ge=0, le=1)
    supplier: Share = Field(default=0.75, ge=0, le=1)
    broker: Share = Field(default=0.88, ge=0, le=1)
    notify: Share = Field(default=0.90, ge=0, le=1)
    carrier: Share = Field(default=0.75, ge=0, le=1)
    mode: Share = Field(default=0.80, ge=0, le=1)
    loading: Share = Field(default=0.85, ge=0, le=1)
    hub: Share = Field(default=0.85, ge=0, le=1)
    payment: Share = Field(default=0.85, ge=0, le=1)


class ServiceSettings(Settings):
    """Those who serve the traders, and how faithful the traders are to them.

    Parameters
    ----------
    brokers_per_country
        Declarants in each country of the sites.
    own_declarant_share
        Share of traders that declare for themselves.
    other_office_share
        Share of consignments at an office of the country other than the trader's own; a draw that
        falls on another country changes nothing.
    forwarders
        Forwarders that stand as notify party.
    suppliers
        Foreign firms in each country and trade on the first day.
    new_suppliers_per_year
        Such firms that come up each year.
    carriers, loyalty
        Carriers with their conveyances, and the force of habit.
    """

    brokers_per_country: int = Field(default=45, ge=2, le=999)
    own_declarant_share: Share = Field(default=0.07, ge=0, le=1)
    other_office_share: Share = Field(default=0.10, ge=0, le=1)
    forwarders: int = Field(default=90, ge=1, le=9_999)
    suppliers: int = Field(default=40, ge=4, le=3_000)
    new_suppliers_per_year: float = Field(default=30.0, ge=0, le=1_000)
    carriers: CarrierSettings = CarrierSettings()
    loyalty: LoyaltySettings = LoyaltySettings()


class GoodsSettings(Settings):
    """What is traded, at what spread of prices.

    Parameters
    ----------
    file
        CSV of HS lines in place of the built-in one; `trade/reference/goods.csv` of this room has
        the columns.
    sectors
        Weight of each sector of the file; a sector that is not named has weight 1.
    price_spread
        Deviation of the price of one line (natural logarithm), beside those of place and trader.
    stock_lot_share
        Share of lines sold honestly at 40 to 90 % of the market: the cover of undervaluation.
    odd_share
        Share of consignments outside their trader's lines.
    stray_share
        Share of honest consignments from a country that does not usually supply the goods.
    misworded_share
        Share of honest lines in the words of other goods of their sector.
    vague_share
        Share of honest lines described in words that say nothing.
    """

    file: Path | None = None
    sectors: dict[str, float] = Field(
        default={
            "fresh": 10.0, "food": 12.0, "meat": 3.0, "drinks": 2.5, "tobacco": 1.0,
            "minerals": 4.0, "chemicals": 6.0, "pharma": 6.0, "plastics": 10.0, "wood": 6.0,
            "textiles": 10.0, "footwear": 4.0, "ceramics": 5.0, "metals": 9.0, "machinery": 9.0,
            "electronics": 8.0, "strategic": 1.6, "vehicles": 6.0, "instruments": 3.0,
            "homeware": 7.0, "boxes": 1.2,
        }
    )  # fmt: skip
    price_spread: float = Field(default=0.24, ge=0, le=3)
    stock_lot_share: Share = Field(default=0.09, ge=0, le=1)
    odd_share: Share = Field(default=0.09, ge=0, le=1)
    stray_share: Share = Field(default=0.03, ge=0, le=1)
    misworded_share: Share = Field(default=0.02, ge=0, le=1)
    vague_share: Share = Field(default=0.055, ge=0, le=1)

    @field_validator("sectors")
    @classmethod
    def _weights(cls, sectors: dict[str, float]) -> dict[str, float]:
        if any(weight < 0 for weight in sectors.values()):
            raise ValueError("no sector can have a weight below 0")
        if sectors and not any(sectors.values()):
            raise ValueError("at least one sector needs a weight above 0")
        return sectors


class RouteSettings(Settings):
    """How goods travel.

    Parameters
    ----------
    hubs
        By region of dispatch, weights of the ports where cargo changes ship; `direct` for none.
        Regions: W Europe and the Americas, T Turkey, I Iran, G Gulf and South Asia, C China and
        East Asia, S neighbours on land.
    free_zones
        Hubs with a free zone: tobacco goes through them, and the port's rules watch them.
    re_export_share
        Share of consignments dispatched from a country that did not make the goods.
    stray_share
        Share of honest consignments that change ship at an unusual hub, and of transit that goes
        to an unusual country.
    nearness
        How strongly a site trades with the countries near it: 0 not at all, 1 in proportion to
        the inverse of the distance.
    through_share
        Share of a site's imports that first cross another site's country in transit, where the
        route leads that way: the same box is declared twice on its corridor.
    """

    hubs: dict[str, dict[str, float]] = Field(
        default={
            "W": {"direct": 5.0, "GEPTI": 3.0, "TRMER": 1.0, "GEBUS": 1.0, "AEJEA": 0.5},
            "T": {"direct": 6.0, "GEBUS": 2.0, "GEPTI": 1.0},
            "I": {"direct": 7.0, "IRBND": 1.0, "IRAMD": 1.0},
            "G": {"direct": 2.0, "IRBND": 4.0, "AEJEA": 2.5, "GEPTI": 0.8},
            "C": {"direct": 5.0, "AEJEA": 1.0, "IRBND": 1.4, "GEPTI": 1.2, "KZAAU": 1.0},
            "S": {"direct": 9.0, "AZBAK": 1.0, "KZAAU": 0.6},
        }
    )
    free_zones: tuple[str, ...] = Field(default=("AEJEA", "TRMER", "GEPTI"), min_length=1)
    re_export_share: Share = Field(default=0.13, ge=0, le=1)
    stray_share: Share = Field(default=0.05, ge=0, le=1)
    nearness: float = Field(default=0.8, ge=0, le=4)
    through_share: Share = Field(default=0.10, ge=0, le=1)

    @model_validator(mode="after")
    def _zones(self) -> Self:
        known = {code for weights in self.hubs.values() for code in weights} | {*PLACES}
        unknown = {*self.free_zones} - known
        if unknown:
            raise ValueError(
                f"free_zones: {', '.join(sorted(unknown))} is no hub and no port of the corridor"
            )
        return self

    @field_validator("hubs")
    @classmethod
    def _regions(cls, hubs: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        if {*hubs} != {*REGIONS}:
            raise ValueError(f"each of the regions {', '.join(REGIONS)} needs its hubs")
        for region, weights in hubs.items():
            if not weights or min(weights.values()) < 0 or sum(weights.values()) == 0:
                raise ValueError(f"the hubs of {region} need weights, none below 0 and one above")
        return hubs


class DocumentSettings(Settings):
    """How documents are written, mended and filled in badly.

    Parameters
    ----------
    lines
        Mean goods lines of a consignment; there are one to four.
    late_share
        Share of honest consignments lodged less than 2.5 hours before arrival, or after it.
    night_share
        Share lodged at any hour of the day.
    amended_share
        Share of documents that are mended often.
    blanks
        Times the usual share of blanks (`targeting.simulate.trade.papers.BLANK_SHARES`).
    typo_share
        Share of container numbers with one wrong digit.
    seal_slip_share
        Share of honest units whose seal number repeats one seen before.
    round_share
        Share of honest values that are round sums.
    preference_share
        Share of goods of free-trade origin that claim the preference.
    manifests
        Whether to write the versions of every manifest beside the tables.
    manifest_slip_share
        Share of honest manifests that differ from the declaration in mass or packages.
    """

    lines: float = Field(default=1.46, ge=1, le=2.5)
    late_share: Share = Field(default=0.06, ge=0, le=1)
    night_share: Share = Field(default=0.11, ge=0, le=1)
    amended_share: Share = Field(default=0.22, ge=0, le=1)
    blanks: float = Field(default=1.0, ge=0, le=8)
    typo_share: Share = Field(default=0.006, ge=0, le=1)
    seal_slip_share: Share = Field(default=0.004, ge=0, le=1)
    round_share: Share = Field(default=0.10, ge=0, le=1)
    preference_share: Share = Field(default=0.72, ge=0, le=1)
    manifests: bool = True
    manifest_slip_share: Share = Field(default=0.05, ge=0, le=1)


class ContainerSettings(Settings):
    """Containers in circulation.

    Parameters
    ----------
    reused_share
        Share of the demand met by containers that have been here before.
    away_days
        Mean days a container stays away between two journeys.
    seal_share
        Share of full containers whose document names the seal.
    groupage_documents
        Consignments that share a groupage container.
    """

    reused_share: Share = Field(default=0.8, ge=0, le=1)
    away_days: float = Field(default=43.0, ge=2, le=2_000)
    seal_share: Share = Field(default=0.94, ge=0, le=1)
    groupage_documents: int = Field(default=3, ge=1, le=20)


class SchemeSettings(Settings):
    """One offence scheme: how much, when, and whether it learns.

    Parameters
    ----------
    share
        Consignments it adds, as a share of all, on average while a wave runs; 0 switches it off.
    first_day, last_day
        Days since the world began between which it is at work; a negative first day means that
        it was already, and no last day that it does not end.
    wave_days, pause_days
        How long a wave lasts, with its own gang, and how long the scheme then rests.
    adapts
        Whether it moves route, brokers and goods when too much of it is caught.
    """

    share: Share = Field(default=0.0, ge=0, le=0.2)
    first_day: int = Field(default=0, ge=-10_000, le=100_000)
    last_day: int | None = Field(default=None, ge=0, le=100_000)
    wave_days: int = Field(default=150, ge=1, le=10_000)
    pause_days: int = Field(default=20, ge=0, le=10_000)
    adapts: bool = True

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day lies before first_day")
        return self


def _scheme(share: float, first_day: int, wave_days: int, pause_days: int) -> SchemeSettings:
    return SchemeSettings(
        share=share, first_day=first_day, wave_days=wave_days, pause_days=pause_days
    )


class SchemesSettings(Settings):
    """The offence schemes; a number alone is a scheme's share, its other settings stay."""

    undervaluation: SchemeSettings = _scheme(0.0088, -80, 230, 12)
    misclassification: SchemeSettings = _scheme(0.0056, -30, 200, 20)
    origin_fraud: SchemeSettings = _scheme(0.0049, -60, 180, 30)
    perishable_cover: SchemeSettings = _scheme(0.0026, -20, 120, 25)
    rip_on: SchemeSettings = _scheme(0.0028, -45, 110, 30)
    free_zone_tobacco: SchemeSettings = _scheme(0.0030, -10, 150, 25)
    shell_counterfeit: SchemeSettings = _scheme(0.0036, -70, 160, 15)
    identity_hijack: SchemeSettings = _scheme(0.0029, 15, 100, 20)
    strategic_diversion: SchemeSettings = _scheme(0.0026, 75, 210, 15)
    transit_diversion: SchemeSettings = _scheme(0.0030, -35, 140, 20)

    @model_validator(mode="before")
    @classmethod
    def _over_defaults(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: cls._over_default(name, value) for name, value in given.items()}

    @classmethod
    def _over_default(cls, name: str, value: Any) -> Any:
        field = cls.model_fields.get(name)
        if field is None or isinstance(value, SchemeSettings):
            return value
        own = {"share": value} if isinstance(value, int | float) else value
        return field.default.model_dump() | own if isinstance(own, dict) else own

    def times(self, factor: float) -> SchemesSettings:
        """Return the same schemes, so many times as dense.

        Parameters
        ----------
        factor
            What each share is multiplied by.
        """
        denser = {
            name: scheme.model_copy(update={"share": round(scheme.share * factor, 6)})
            for name, scheme in self
        }
        return self.model_copy(update=denser)


class AdaptationSettings(Settings):
    """When a scheme that learns moves on.

    Parameters
    ----------
    tolerance
        Share of its consignments that may be caught; above it, route, brokers and goods change.
    least_caught
        Consignments caught before it takes notice.
    memory_days
        Days it looks back over.
    lie_low_days
        Days for which it then sends nothing.
    """

    tolerance: Share = Field(default=0.30, gt=0, le=1)
    least_caught: int = Field(default=5, ge=1, le=10_000)
    memory_days: int = Field(default=45, ge=1, le=1_000)
    lie_low_days: int = Field(default=9, ge=0, le=1_000)


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
    transit_fraud: float = Field(default=18.0, ge=0, le=365)


class SelectionShares(Settings):
    """Share of all declarations that each reason for selection sends to examination.

    Parameters
    ----------
    random
        Chance with which the lot takes each declaration, before anybody else chooses.
    rule, officer, intelligence, mandatory
        Share of each day's declarations; the remainder of a slot is drawn by chance.
    tips_right
        Share of intelligence that points at an offence, where there is one that day. It knows
        what no column carries.
    """

    random: Share = Field(default=0.018, gt=0, le=1)
    rule: Share = Field(default=0.034, ge=0, le=1)
    officer: Share = Field(default=0.024, ge=0, le=1)
    intelligence: Share = Field(default=0.006, ge=0, le=1)
    mandatory: Share = Field(default=0.008, ge=0, le=1)
    tips_right: Share = Field(default=0.45, ge=0, le=1)

    @property
    def total(self) -> float:
        """Share of declarations examined for any reason."""
        return self.random + self.rule + self.officer + self.intelligence + self.mandatory


class DepthWeights(Settings):
    """Weights of how deep an examination goes; only their ratios count."""

    scan: float = Field(default=0.0, ge=0)
    partial: float = Field(default=0.0, ge=0)
    full: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.scan + self.partial + self.full == 0:
            raise ValueError("at least one depth needs a weight above 0")
        return self


class ExaminationSettings(Settings):
    """How deep examinations go, and what a depth finds.

    Parameters
    ----------
    random, mandatory, intelligence, rule, officer, model
        Weights of scan, partial and full examinations, by reason for selection.
    scan_reach, partial_reach
        Share of what a full examination finds that a scan or a partial one finds.
    """

    random: DepthWeights = DepthWeights(scan=0.10, partial=0.60, full=0.30)
    mandatory: DepthWeights = DepthWeights(scan=0.35, partial=0.55, full=0.10)
    intelligence: DepthWeights = DepthWeights(partial=0.15, full=0.85)
    rule: DepthWeights = DepthWeights(scan=0.10, partial=0.65, full=0.25)
    officer: DepthWeights = DepthWeights(scan=0.15, partial=0.60, full=0.25)
    model: DepthWeights = DepthWeights(scan=0.10, partial=0.65, full=0.25)
    scan_reach: Share = Field(default=0.45, ge=0, le=1)
    partial_reach: Share = Field(default=0.78, ge=0, le=1)


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
        Goods lines lodged on an average day; weekends, holidays and seasons move it.
    holidays
        Days of every year, as month and day, with less than half the usual trade.
    files
        `one` file a table, or one a `month` in a folder: for worlds of many millions of lines.
    sites
        The offices.
    traders, services
        The local traders, and those who serve them.
    goods, routes, documents, containers
        What is traded, how it travels, and the papers.
    examined
        Share of declarations examined, by reason.
    examinations
        How deep they go.
    schemes, adaptation
        The offence schemes, and when they move on.
    delays
        How late results are.
    """

    preset: str = Field(default="demo", pattern=r"^[a-z0-9_]{1,40}$")
    seed: int = Field(default=20_250_101, ge=0, lt=2**32)
    first_day: date = date(2024, 1, 1)
    days: int = Field(default=546, ge=1, le=36_500)
    declarations_per_day: float = Field(default=138.0, gt=0, le=1_000_000)
    holidays: tuple[str, ...] = (
        "01-01", "01-02", "03-20", "03-21", "03-22", "03-23", "03-24", "05-09",
    )  # fmt: skip
    files: Literal["one", "month"] = "one"
    sites: tuple[SiteSettings, ...] = Field(default=SITES, min_length=1, max_length=400)
    traders: TraderSettings = TraderSettings()
    services: ServiceSettings = ServiceSettings()
    goods: GoodsSettings = GoodsSettings()
    routes: RouteSettings = RouteSettings()
    documents: DocumentSettings = DocumentSettings()
    containers: ContainerSettings = ContainerSettings()
    examined: SelectionShares = SelectionShares()
    examinations: ExaminationSettings = ExaminationSettings()
    schemes: SchemesSettings = SchemesSettings()
    adaptation: AdaptationSettings = AdaptationSettings()
    delays: LabelDelays = LabelDelays()

    @field_validator("holidays")
    @classmethod
    def _month_and_day(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        for day in days:
            if not re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", day):
                raise ValueError(f"{day!r} is no month and day such as 03-21")
        return days

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        most = self.examined.total * max(site.diligence for site in self.sites)
        if most > 0.9:
            raise ValueError("the shares of `examined` add up to more than 0.9 of all declarations")
        if self.first_day.toordinal() + self.days > date.max.toordinal() - 400:
            raise ValueError("the last of the days lies beyond the calendar")
        codes = [site.code for site in self.sites]
        if len({*codes}) < len(codes):
            raise ValueError("two of the sites have the same code")
        return self
