"""Settings of the features: keys, links, half-lives, categories."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from targeting.config.base import Settings, valid_zone

KeyStatistic = Literal[
    "declarations", "pace", "examinations", "hits", "hit_rate", "revenue", "days_since_first",
    "days_since_last", "days_since_last_hit", "value_ratio", "mass_ratio", "typical_price",
    "price_ratio", "price_z",
]  # fmt: skip
"""What a key can tell of a line; counts and hit rates all-time and once per half-life."""


KeyMeasure = Literal["price", "mass_per_package", "freight_per_kg", "gross_mass", "lead_hours"]
"""The ratio a key follows: customs value over net mass unless it says otherwise."""


class KeySettings(Settings):
    """One profile key: the columns whose joint value is followed through time.

    Parameters
    ----------
    columns
        One to three columns of `declarations`, extra ones included.
        `hs2`, `hs4` and `hs6` stand for the leading digits of `hs_code`; `loading_site`,
        `transshipment_site` and `discharge_site` read several codes of one place as one;
        `container_owner` is the owner's code of a container number; `goods_words` the two longest
        words of a description that name goods. In keys these names are ours: an extract's own
        column of that name is not looked at.
    statistics
        What the key tells of a line; None is what suits its kind, as docs/features.md lists.
    measure
        The ratio whose usual value is followed. A key with another than `price` tells of that
        alone: the usual, and how far the line lies from it.
    """

    columns: tuple[str, ...] = Field(min_length=1, max_length=3)
    statistics: tuple[KeyStatistic, ...] | None = None
    measure: KeyMeasure = "price"

    @model_validator(mode="before")
    @classmethod
    def _accept_list(cls, value: object) -> object:
        """Let a key be written in YAML as a name or a list of names."""
        if isinstance(value, str):
            return {"columns": (value,)}
        if isinstance(value, list | tuple):
            return {"columns": tuple(value)}
        return value

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if self.measure != "price" and self.statistics is not None:
            raise ValueError("a key with a measure tells of that alone: leave out `statistics`")
        return self

    @property
    def name(self) -> str:
        """The key's short name, as features carry it: `consignee`, `hs6_x_origin`."""
        columns = "_x_".join(short_name(column) for column in self.columns)
        return columns if self.measure == "price" else f"{columns}_{self.measure}"


def short_name(column: str) -> str:
    """Shorten a column to the word officers use for it.

    Parameters
    ----------
    column
        Name of a column of the declarations.

    Examples
    --------
    >>> short_name("consignee_id"), short_name("origin_country"), short_name("hs6")
    ('consignee', 'origin', 'hs6')
    """
    return column.removesuffix("_id").removesuffix("_country")


class LinkSettings(Settings):
    """A way of two steps to earlier results: through whom a key dealt with before.

    Of each earlier line of the key it remembers what had been found with the other party, box or
    conveyance of that line, as it was known on the day of that line.

    Parameters
    ----------
    of
        Columns of the key the line is looked up by.
    through
        Columns of the profile key whose results are reached.
    """

    of: tuple[str, ...] = Field(min_length=1, max_length=3)
    through: tuple[str, ...] = Field(min_length=1, max_length=3)

    @field_validator("of", "through", mode="before")
    @classmethod
    def _accept_name(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @property
    def name(self) -> str:
        """The link's short name, as features carry it: `consignee_via_container`."""
        of, through = ("_x_".join(map(short_name, part)) for part in (self.of, self.through))
        return f"{of}_via_{through}"


ALL = "all_declarations"
"""Name of the profile every declaration shares; it carries the base rate."""

DEFAULT_KEYS: tuple[KeySettings, ...] = (
    *(
        KeySettings(columns=columns)
        for columns in (
            ("consignee_id",),
            ("consignor_id",),
            ("declarant_id",),
            ("notify_party_id",),
            ("carrier_id",),
            ("conveyance_id",),
            ("container_id",),
            ("seal_id",),
            ("hs6",),
            ("hs2",),
            ("origin_country",),
            ("office_id",),
            ("transshipment_site",),
            ("loading_site", "discharge_site"),
            ("hs6", "origin_country"),
            ("consignee_id", "hs6"),
            ("declarant_id", "hs6"),
            ("consignee_id", "consignor_id"),
            ("consignee_id", "declarant_id"),
            ("consignee_id", "notify_party_id"),
            ("consignee_id", "office_id"),
            ("consignee_id", "carrier_id"),
            ("office_id", "carrier_id"),
            ("consignee_id", "consignor_id", "hs2"),
        )
    ),
    KeySettings(columns=("consignee_id", "hs2"), statistics=("declarations", "hit_rate")),
    KeySettings(columns=("hs6",), measure="mass_per_package"),
    KeySettings(columns=("hs6", "container_type"), measure="gross_mass"),
    KeySettings(columns=("loading_site", "discharge_site"), measure="freight_per_kg"),
    KeySettings(columns=("consignee_id",), measure="lead_hours"),
    KeySettings(columns=("hs6", "tax_regime"), statistics=("declarations",)),
    KeySettings(
        columns=("loading_site", "transshipment_site", "discharge_site"),
        statistics=("declarations",),
    ),
    KeySettings(columns=("goods_words",), statistics=("declarations",)),
    KeySettings(
        columns=("goods_words", "hs4"), statistics=("declarations", "hit_rate", "price_ratio")
    ),
)
DEFAULT_LINKS = tuple(
    LinkSettings(of=(of,), through=(through,))
    for of, through in (
        ("consignee_id", "consignor_id"),
        ("consignee_id", "notify_party_id"),
        ("consignee_id", "container_id"),
        ("consignor_id", "consignee_id"),
        ("container_id", "consignee_id"),
        ("conveyance_id", "consignee_id"),
    )
)


def _default_links(given: dict[str, Any]) -> tuple[LinkSettings, ...]:
    """Keep the default links that go through a key the settings follow."""
    followed = {key.columns for key in given.get("keys", ()) if key.measure == "price"}
    return tuple(link for link in DEFAULT_LINKS if link.through in followed)


class FeatureSettings(Settings):
    """What the model may look at (`configs/features.yaml`).

    Parameters
    ----------
    time_zone
        The administration's time zone, in which a day closes at midnight.
    keys
        Profile keys; a new one is one more line: a column, a list of up to three, or
        `{columns: [...], statistics: [...]}` to say what it tells.
    links
        Results two steps away: `{of: consignee_id, through: container_id}` tells what had been
        found with the containers this consignee used before. What a link goes through is one of
        the keys.
    half_lives_days
        Half-lives of the decayed statistics, in days; all-time sums are always kept beside them.
    prior_examinations
        Weight of the base rate in a shrunken hit rate, as a number of examinations.
    categories
        Columns handed to the trees as categories.
    numbers
        Extra numeric columns of an extract, by name, handed to the trees as they are.
    max_categories
        Rarer levels than the most frequent so many are one level, `other`.
    """

    time_zone: str = "UTC"
    keys: tuple[KeySettings, ...] = Field(default=DEFAULT_KEYS, max_length=512)
    links: tuple[LinkSettings, ...] = Field(default_factory=_default_links, max_length=512)
    half_lives_days: tuple[float, ...] = Field(default=(30.0, 365.0), max_length=16)
    prior_examinations: float = Field(default=20.0, gt=0)
    categories: tuple[str, ...] = Field(
        max_length=512,
        default=(
            "flow",
            "transport_mode",
            "office_id",
            "origin_country",
            "dispatch_country",
            "destination_country",
            "loading_port",
            "container_type",
            "container_load",
            "tax_regime",
            "payment_method",
            "procedure_code",
        ),
    )
    numbers: tuple[str, ...] = Field(default=(), max_length=4096)
    max_categories: int = Field(default=64, ge=2, le=1024)

    _zone = field_validator("time_zone")(valid_zone)

    @field_validator("half_lives_days")
    @classmethod
    def _positive_half_lives(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0.1 <= days <= 10_000 for days in value):
            raise ValueError("half-lives are days between 0.1 and 10000")
        if list(value) != sorted(value):
            raise ValueError("half-lives are listed with the shortest first")
        return value

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        listed = {
            "key": [key.name for key in self.keys],
            "link": [link.name for link in self.links],
            "category": [*self.categories],
            "number": [*self.numbers],
            "half-life": [f"{days:g}" for days in self.half_lives_days],
        }
        for what, names in listed.items():
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"the {what} {', '.join(twice)} is listed twice")
        profiles = [ALL, *listed["key"], *listed["link"]]
        odd = [name for name in profiles if not re.fullmatch(r"\w+", name)]
        if odd or len(set(profiles)) < len(profiles):
            raise ValueError(
                f"profiles need distinct names of letters, digits and underscores, not "
                f"{', '.join(odd or profiles)}"
            )
        followed = {key.columns for key in self.keys if key.measure == "price"}
        loose = [link.name for link in self.links if link.through not in followed]
        if loose:
            raise ValueError(
                f"the links {', '.join(loose)} go through what is no profile key; "
                "add the key, or take the links out (`links: []`)"
            )
        return self

    @property
    def profile_columns(self) -> dict[str, tuple[str, ...]]:
        """Columns behind every profile by its name: all declarations, the keys, the links."""
        keys = {key.name: key.columns for key in self.keys}
        return {ALL: ()} | keys | {link.name: link.of for link in self.links}

    @property
    def measures(self) -> dict[str, KeyMeasure]:
        """What each key follows, by its name."""
        return {key.name: key.measure for key in self.keys}
