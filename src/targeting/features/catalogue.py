"""Catalogue of the features: `docs/features.md` is generated from the registry.

`python -m targeting.features.catalogue docs/features.md` writes it; a test asserts that the
committed page is what the registry gives.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.config import FeatureSettings
from targeting.features.declared import DECLARED_FEATURES
from targeting.features.links import link_features
from targeting.features.registry import FAMILIES, computable_from
from targeting.features.relative import KINDS, family_of, kind_of, relative_features
from targeting.features.shares import cross_features
from targeting.features.spec import registry
from targeting.tables.output import staged_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from targeting.config import KeySettings
    from targeting.features.registry import Feature
    from targeting.features.relative import RelativeFeature

INDICATORS: tuple[tuple[int, str, str], ...] = (
    (1, "Consignee never or rarely seen", ""),
    (2, "Consignor never seen", ""),
    (3, "New consignor-consignee pair", ""),
    (4, "New goods for a known pair", ""),
    (5, "Dormant trader active again", ""),
    (6, "Sudden jump of a consignee's volume", ""),
    (7, "Goods outside the consignee's usual lines", ""),
    (8, "Very wide mix of goods per consignee", "an entropy over the consignee's chapters"),
    (9, "Consignee is a private person", "a column that says what kind of trader it is"),
    (
        10,
        "Consignee `to order`, a bank, or blank",
        "a reading of the party's name, which no feature may see",
    ),
    (11, "Consignee is a forwarder or carrier", "a list of forwarders and carriers"),
    (
        12,
        "Notify party is a forwarder, or sits elsewhere",
        "a list of forwarders; countries of the parties",
    ),
    (13, "New or changed notify party", ""),
    (14, "One address under many consignees", "addresses"),
    (
        15,
        "Name almost that of a well-known importer",
        "a comparison of names, which no feature may see",
    ),
    (16, "Declarant changed for this consignee", ""),
    (17, "Declarant's past hit rate", ""),
    (18, "Consignee's, consignor's or carrier's past hit rate", ""),
    (19, "Party linked to a past seizure", "addresses and phones"),
    (20, "Description of a stop word only", ""),
    (21, "Description very short", ""),
    (22, "Description does not fit the goods code", ""),
    (23, "Goods code missing or short", ""),
    (24, "Rare goods from this origin", ""),
    (25, "Goods senseless for the origin or route", "a table of what grows and is made where"),
    (26, "Origin in a risk list for the goods", ""),
    (27, "Origin is not the country of dispatch", ""),
    (28, "Route not seen before", ""),
    (29, "Detour", ""),
    (
        30,
        "Transshipments above the usual number",
        "the number: one port is all a declaration states",
    ),
    (31, "Free zone or transshipment hub on the route", ""),
    (32, "Port or border with earlier seizures on the route", ""),
    (33, "First use of this office by the consignee", ""),
    (34, "First use of this carrier by the consignee", ""),
    (35, "Route changed after lodging", "versions of a declaration"),
    (36, "Manifest and declaration differ", "the manifest's parties, goods codes and containers"),
    (37, "Master and house bill differ", "both bills"),
    (38, "Mass unusual for goods and unit", ""),
    (39, "Mass per package unusual", ""),
    (40, "Mass per cubic metre unusual", "volume"),
    (41, "Gross and net mass do not fit", ""),
    (
        42,
        "Overloaded, or a full unit with almost nothing in it",
        "the container's other lines; its plate",
    ),
    (43, "Round masses and values", ""),
    (44, "Declared and weighed mass differ", "weighbridge records"),
    (45, "Declared empty, yet heavy", ""),
    (46, "Value per kg low or high", ""),
    (47, "Value per unit unusual", "supplementary units, and the usual of the goods"),
    (48, "Freight high for the value", ""),
    (49, "Freight per kg unusual for the route", ""),
    (50, "Freight or insurance missing where usual", "the usual of the route; insurance"),
    (
        51,
        "Prepaid freight where it is usually collected",
        "the usual of the route; a prepaid or collect flag",
    ),
    (52, "Cash or advance payment for a new pair", ""),
    (53, "Unusual delivery terms", "the usual of the pair"),
    (54, "Unusual currency", "the invoice's currency"),
    (55, "Tax against value below the usual", "the usual of the goods"),
    (56, "Preference claimed unusually", ""),
    (57, "One consignment split into lots", "lots lodged on the same day"),
    (
        58,
        "Many bills in one container",
        "the other lines of the container",
    ),
    (59, "Container seen in an earlier seizure", ""),
    (60, "Container's check digit fails", ""),
    (61, "Unknown or private owner of the container", "the register of owners"),
    (62, "Unit type does not fit the goods", "the reefer's temperature"),
    (63, "Full unit without a seal", ""),
    (64, "Seal used twice", "seals of the same day"),
    (65, "Seal changed on the way", "seals at each event"),
    (66, "Sealed by the shipper, or weakly", "the seal's class"),
    (67, "Lodged late", ""),
    (68, "Amended after lodging", ""),
    (69, "Regime changed, or left uncollected", "events after arrival"),
    (70, "Lodged at an hour unusual for the declarant", "the declarant's usual hours"),
)
"""The numbered indicators: number, name, and what is lacking to compute it in full."""


def _head(settings: FeatureSettings) -> str:
    half_lives = " and ".join(f"{days:g}" for days in settings.half_lives_days)
    return f"""# Features

What the model looks at, with the default settings: {len(registry(settings))} columns. Generated
from `targeting.features`; do not edit. Numbers under *indicators* refer to the list at the end.

Every feature is as of the day the line was lodged: it holds declarations of the days before, and
results that became known on the days before. A day ends at midnight in the administration's time
zone. What is missing, or has no denominator, is missing for the model too: never zero, never
infinite. Decayed sums lose half their weight every {half_lives} days.

*From* says what must be at hand: the `manifest` alone, as before arrival; the `declaration`; or
`both`, one held against the other. A goods code counts as on the manifest. The manifest's own mass
and packages, delivery terms and the sealing party are no columns of the schema: an extract may
bring `manifest_gross_mass_kg`, `manifest_package_count`, `incoterm` and `sealing_party`; where it
does not, their features are missing. The lists behind stop words, hubs, payloads and risks are in
`src/targeting/features/reference/` and are meant to be edited.
"""


def render() -> str:
    """Write the page for the default settings.

    Examples
    --------
    >>> render().splitlines()[0]
    '# Features'
    """
    settings = FeatureSettings()
    parts = [_head(settings), *_declared(), _history(settings)]
    return "\n".join([*parts, _linked(settings), _levels(settings), _covered(settings)])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _numbers(indicators: Iterable[int]) -> str:
    return ", ".join(str(number) for number in indicators)


def _row(feature: Feature) -> tuple[str, ...]:
    return (
        f"`{feature.name}`",
        feature.unit,
        _numbers(feature.indicators),
        feature.computable,
        feature.meaning,
    )


def _declared() -> list[str]:
    """One table per family of what the declaration itself says."""
    features = [declared.feature for declared in DECLARED_FEATURES]
    return [
        f"## Of the declaration itself: {family}\n\n"
        + _table(
            ("feature", "unit", "indicators", "from", "meaning"),
            (_row(feature) for feature in features if feature.family == family),
        )
        for family in FAMILIES
        if any(feature.family == family for feature in features)
    ]


def _history(settings: FeatureSettings) -> str:
    """Describe the keys, then the statistics they carry, once."""
    columns = {key.name: key for key in settings.keys}
    features = relative_features(settings)
    keys = [_key_row(columns[name], len(group)) for name, group in features.items()]
    return "\n".join(
        [
            "## Of the history of a key\n",
            f"Each of the {len(keys)} keys below is followed through time; its kind decides which "
            "statistics of the second\ntable it carries, unless the settings name them. The "
            "feature is named after both, such as\n`consignee_hit_rate_365d`. A key with no value "
            "in one of its columns is missing. Statistics of value,\nmass and price are from the "
            "declaration, whatever the key.\n",
            _table(("key", "columns", "family", "kind", "from", "features", "indicators"), keys),
            _table(("feature", "kept for", "unit", "meaning"), _statistics(settings)),
        ]
    )


def _key_row(key: KeySettings, count: int) -> tuple[str, ...]:
    columns = ", ".join(f"`{column}`" for column in key.columns)
    settings = FeatureSettings(keys=(key,))
    group = relative_features(settings)[key.name]
    first = group[0].feature
    measured = key.measure != "price"
    return (
        f"`{key.name}`", columns, family_of(key), "measure" if measured else kind_of(key),
        first.computable if measured else computable_from(key.columns),
        str(count), _numbers(_of_group(group)),
    )  # fmt: skip


def _of_group(group: Sequence[RelativeFeature]) -> list[int]:
    """Return the indicators of all a key's features."""
    return sorted({number for one in group for number in one.feature.indicators})


def _statistics(settings: FeatureSettings) -> list[tuple[str, ...]]:
    """Describe each statistic once, its half-lives in one row."""
    features = relative_features(settings)
    measured = next((key for key in settings.keys if key.measure != "price"), None)
    widest = max(settings.keys, key=lambda key: len(features[key.name]))
    rows: dict[str, list[str]] = {}
    units = {}
    for relative in features[widest.name]:
        meaning = relative.feature.meaning.split(", per ")[0] + "."
        suffix = relative.feature.name.removeprefix(f"{widest.name}_")
        rows.setdefault(meaning, []).append(suffix)
        units[meaning] = relative.feature.unit
    kept = [
        (", ".join(f"`KEY_{name}`" for name in names), _kept(names[0]), units[meaning], meaning)
        for meaning, names in rows.items()
    ]
    own = features[measured.name] if measured else ()
    return [*kept, *(_measured_row(measured, one.feature) for one in own if measured)]


def _measured_row(key: KeySettings, feature: Feature) -> tuple[str, ...]:
    suffix = feature.name.removeprefix(f"{key.name}_")
    meaning = {
        "typical": "Geometric mean of the measure, in its own unit.",
        "ratio": "Log of the measure over the typical one.",
        "z": "Spreads of the measure from the typical one.",
    }[suffix]
    return f"`KEY_{suffix}`", "keys with a measure", "", meaning


def _kept(statistic: str) -> str:
    """Name the kinds of key that carry a statistic."""
    kinds = [kind for kind, told in KINDS.items() if statistic in told]
    return "every key" if len(kinds) == len(KINDS) else ", ".join(kinds)


def _linked(settings: FeatureSettings) -> str:
    """Describe the links, then the features that hold two keys against each other."""
    links = [
        (f"`{name}`", first.family, first.computable, first.meaning, _numbers(first.indicators))
        for name, group in link_features(settings).items()
        for first in (group[1].feature,)
    ]
    crossed = [
        (f"`{one.name}`", one.family, one.computable, _numbers(one.indicators), one.meaning)
        for one in (cross.feature for cross in cross_features(settings))
    ]
    return "\n".join(
        [
            "## Of links\n",
            "Two steps away, strictly earlier: what had been found with the other party, container "
            "or conveyance of\nthis key's earlier lines, as it was known on the days of those "
            "lines. Each carries `LINK_lines` (earlier\nlines whose other party had been examined "
            "by then), `LINK_caught` (had been caught) and\n`LINK_hit_rate` (its mean hit rate, "
            "shrunken).\n",
            _table(("link", "family", "from", "LINK_caught", "indicators"), links),
            "## Of two keys held against each other\n",
            _table(("feature", "family", "from", "indicators", "meaning"), crossed),
        ]
    )


def _levels(settings: FeatureSettings) -> str:
    rows = [
        (f"`{feature.name}`", feature.family, feature.meaning)
        for feature in registry(settings)
        if feature.category
    ]
    return (
        "## Categories\n\n"
        f"The {settings.max_categories} most frequent values of each, learnt before the cut-off; "
        "any other value is one level.\n\n" + _table(("feature", "family", "meaning"), rows)
    )


def _covered(settings: FeatureSettings) -> str:
    """List indicators with a feature, then those without, and what each lacks."""
    by_number: dict[int, list[str]] = {}
    for feature in registry(settings):
        for number in feature.indicators:
            by_number.setdefault(number, []).append(feature.name)
    have = [
        (str(number), name, _shortened(by_number[number], settings), lacks)
        for number, name, lacks in INDICATORS
        if number in by_number
    ]
    lack = [
        (str(number), name, lacks) for number, name, lacks in INDICATORS if number not in by_number
    ]
    in_part = sum(bool(row[-1]) for row in have)
    return "\n".join(
        [
            "## Indicators\n",
            f"{len(have)} of {len(INDICATORS)} have a feature, {in_part} of them only in part: "
            "the last column says what\nis still lacking.\n",
            _table(("indicator", "what it says", "features", "lacks"), have),
            "Not yet, and what each lacks.\n",
            _table(("indicator", "what it says", "lacks"), lack),
        ]
    )


def _shortened(names: Sequence[str], settings: FeatureSettings) -> str:
    """Name features; those of a key once, as `KEY_*`."""
    followed = {**relative_features(settings), **link_features(settings)}
    by_key = {
        relative.feature.name: f"`{key}_*`" for key, group in followed.items() for relative in group
    }
    return ", ".join(dict.fromkeys(by_key.get(name, f"`{name}`") for name in names))


def main(arguments: Sequence[str]) -> None:
    """Write the catalogue to the file named.

    Parameters
    ----------
    arguments
        One path.
    """
    with staged_file(Path(arguments[0])) as stage:
        stage.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or ["docs/features.md"])
