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
from targeting.features.registry import FAMILIES
from targeting.features.relative import family_of, relative_features
from targeting.features.spec import registry
from targeting.tables.output import staged_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from targeting.config import KeySettings
    from targeting.features.registry import Feature

INDICATORS: tuple[tuple[int, str, str], ...] = (
    (1, "Consignee never or rarely seen", ""),
    (2, "Consignor never seen", ""),
    (3, "New consignor-consignee pair", ""),
    (4, "New goods for a known pair", "a key of both parties and the chapter"),
    (5, "Dormant trader active again", ""),
    (6, "Sudden jump of a consignee's volume", ""),
    (7, "Goods outside the consignee's usual lines", ""),
    (8, "Very wide mix of goods per consignee", "an entropy over the consignee's chapters"),
    (9, "Consignee is a private person", "a column that says what kind of trader it is"),
    (10, "Consignee `to order`, a bank, or blank", "a reading of the party's name"),
    (11, "Consignee is a forwarder or carrier", "a list of forwarders and carriers"),
    (12, "Notify party is a forwarder, or sits elsewhere", "countries of the parties"),
    (13, "New or changed notify party", "a key of consignee and notify party"),
    (14, "One address under many consignees", "addresses"),
    (15, "Name almost that of a well-known importer", "a comparison of names"),
    (16, "Declarant changed for this consignee", "a key of consignee and declarant"),
    (17, "Declarant's past hit rate", ""),
    (18, "Consignee's, consignor's or carrier's past hit rate", ""),
    (19, "Party linked to a past seizure", "links between parties, vehicles and containers"),
    (20, "Description of a stop word only", "a list of stop words"),
    (21, "Description very short", ""),
    (22, "Description does not fit the goods code", "a model of text and goods code"),
    (23, "Goods code missing or short", ""),
    (24, "Rare goods from this origin", ""),
    (25, "Goods senseless for the origin or route", "a table of what grows and is made where"),
    (26, "Origin in a risk list for the goods", "a risk list"),
    (27, "Origin is not the country of dispatch", ""),
    (28, "Route not seen before", "a key of loading, transshipment and discharge port"),
    (29, "Detour", "co-ordinates of the ports"),
    (30, "Transshipments above the usual number", "the number, and the usual of the route"),
    (31, "Free zone or transshipment hub on the route", "a list of free zones and hubs"),
    (32, "Port or border with earlier seizures on the route", "keys of the ports"),
    (33, "First use of this office by the consignee", "a key of consignee and office"),
    (34, "First use of this carrier by the consignee", "a key of consignee and carrier"),
    (35, "Route changed after lodging", "versions of a declaration"),
    (36, "Manifest and declaration differ", "the manifest beside the declaration"),
    (37, "Master and house bill differ", "both bills"),
    (38, "Mass unusual for goods and unit", "the kind of unit beside the goods"),
    (39, "Mass per package unusual", "the usual of the goods"),
    (40, "Mass per cubic metre unusual", "volume"),
    (41, "Gross and net mass do not fit", ""),
    (42, "Overloaded, or a full unit with almost nothing in it", "payloads of the unit types"),
    (43, "Round masses and values", ""),
    (44, "Declared and weighed mass differ", "weighbridge records"),
    (45, "Declared empty, yet heavy", ""),
    (46, "Value per kg low or high", ""),
    (47, "Value per unit unusual", "supplementary units, and the usual of the goods"),
    (48, "Freight high for the value", ""),
    (49, "Freight per kg unusual for the route", "the usual of the route"),
    (50, "Freight or insurance missing where usual", "the usual of the route; insurance"),
    (51, "Prepaid freight where it is usually collected", "a prepaid or collect flag"),
    (52, "Cash or advance payment for a new pair", "a key of both parties and payment"),
    (53, "Unusual delivery terms", "delivery terms"),
    (54, "Unusual currency", "the invoice's currency"),
    (55, "Tax against value below the usual", "the usual of the goods"),
    (56, "Preference claimed unusually", "a key of regime and goods"),
    (57, "One consignment split into lots", "lines of the same parties within days"),
    (58, "Many bills in one container", "the other lines of the container"),
    (59, "Container seen in an earlier seizure", "a key of the container"),
    (60, "Container's check digit fails", ""),
    (61, "Unknown or private owner of the container", "the register of owners"),
    (62, "Unit type does not fit the goods", "which goods go in which unit"),
    (63, "Full unit without a seal", ""),
    (64, "Seal used twice", "a key of the seal"),
    (65, "Seal changed on the way", "seals at each event"),
    (66, "Sealed by the shipper, or weakly", "the sealing party and class"),
    (67, "Lodged late", "the party's own usual"),
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
"""


def render() -> str:
    """Write the page for the default settings.

    Examples
    --------
    >>> render().splitlines()[0]
    '# Features'
    """
    settings = FeatureSettings()
    parts = [_head(settings), *_declared(), _history(settings), _levels(settings)]
    return "\n".join([*parts, _covered(settings)])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _numbers(indicators: Iterable[int]) -> str:
    return ", ".join(str(number) for number in indicators)


def _row(feature: Feature) -> tuple[str, ...]:
    return (f"`{feature.name}`", feature.unit, _numbers(feature.indicators), feature.meaning)


def _declared() -> list[str]:
    """One table per family of what the declaration itself says."""
    features = [declared.feature for declared in DECLARED_FEATURES]
    return [
        f"## Of the declaration itself: {family}\n\n"
        + _table(
            ("feature", "unit", "indicators", "meaning"),
            (_row(feature) for feature in features if feature.family == family),
        )
        for family in FAMILIES
        if any(feature.family == family for feature in features)
    ]


def _history(settings: FeatureSettings) -> str:
    """Describe the keys, then the statistics each of them carries, once."""
    columns = {key.name: key for key in settings.keys}
    features = relative_features(settings)
    keys = [_key_row(columns[name], len(group)) for name, group in features.items()]
    return "\n".join(
        [
            "## Of the history of a key\n",
            "Each key below is followed through time; each carries the statistics of the second "
            "table. The\nfeature is named after both, such as `consignee_hit_rate_365d`.\n",
            _table(("key", "columns", "family", "features", "indicators"), keys),
            _table(("feature", "kept for", "unit", "meaning"), _statistics(settings)),
        ]
    )


def _key_row(key: KeySettings, count: int) -> tuple[str, ...]:
    columns = ", ".join(f"`{column}`" for column in key.columns)
    settings = FeatureSettings(keys=(key,))
    first = relative_features(settings)[key.name][0].feature
    return (f"`{key.name}`", columns, family_of(key), str(count), _numbers(first.indicators))


def _statistics(settings: FeatureSettings) -> list[tuple[str, ...]]:
    """Describe each statistic once, its half-lives in one row."""
    features = relative_features(settings)
    widest = max(settings.keys, key=lambda key: len(features[key.name]))
    fewest = min(len(group) for group in features.values())
    rows: dict[str, list[str]] = {}
    units, kept = {}, {}
    for at, relative in enumerate(features[widest.name]):
        meaning = relative.feature.meaning.split(", per ")[0] + "."
        suffix = relative.feature.name.removeprefix(f"{widest.name}_")
        rows.setdefault(meaning, []).append(f"`KEY_{suffix}`")
        units[meaning] = relative.feature.unit
        kept[meaning] = "every key" if at < fewest else "keys with a goods code"
    return [
        (", ".join(names), kept[meaning], units[meaning], meaning)
        for meaning, names in rows.items()
    ]


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
            "Not yet, and what each lacks. A key is one line in the feature settings.\n",
            _table(("indicator", "what it says", "lacks"), lack),
        ]
    )


def _shortened(names: Sequence[str], settings: FeatureSettings) -> str:
    """Name features; those of a key once, as `KEY_*`."""
    by_key = {
        relative.feature.name: f"`{key}_*`"
        for key, group in relative_features(settings).items()
        for relative in group
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
