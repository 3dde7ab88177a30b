"""Sentences of the profile features: what was seen before, how often, and what was found.

A sentence names goods and places by their codes and parties by their role, never a trader.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from targeting.features.registry import counted, money, number, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from targeting.config import KeySettings

_WHO = {
    "consignee_id": "this consignee",
    "consignor_id": "this consignor",
    "declarant_id": "this declarant",
    "notify_party_id": "this notify party",
    "carrier_id": "this carrier",
    "conveyance_id": "this conveyance",
    "container_id": "this container",
}
_GOODS = {"hs2": "chapter", "hs4": "heading", "hs6": "goods code", "hs_code": "goods code"}


def has_goods(key: KeySettings) -> bool:
    """Tell whether a key holds goods codes, so that its prices can be compared."""
    return any(column in _GOODS for column in key.columns)


def who(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Return how a sentence names a key: codes of goods and places, never of a trader."""

    def named(line: Mapping[str, object]) -> str:
        return " with ".join(_named(column, line) for column in key.columns)

    return named


def _named(column: str, line: Mapping[str, object]) -> str:
    if column in _WHO:
        return _WHO[column]
    if column in _GOODS:
        digits = int(column[2]) if column != "hs_code" else 10
        code = text(line, "hs_code")
        return f"{_GOODS[column]} {code[:digits] if code.isdecimal() else code}"
    if column.endswith(("_country", "_port")) or column == "office_id":
        word = column.removesuffix("_id").replace("_country", "").replace("_port", "")
        return f"{word} {text(line, column)}"
    return f"this {column.removesuffix('_id').replace('_', ' ')}"


def seen(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Say how often a key was declared before."""
    named = who(key)

    def sentence(line: Mapping[str, object]) -> str:
        count = number(line, f"{key.name}_declarations")
        if math.isnan(count):
            return f"{named(line)}: not stated"
        if count == 0:
            return f"first declaration of {named(line)}"
        return f"{counted(count, 'earlier declaration')} of {named(line)}"

    return sentence


def found(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Say what earlier examinations of a key found."""
    named = who(key)

    def sentence(line: Mapping[str, object]) -> str:
        examined = number(line, f"{key.name}_examinations")
        if math.isnan(examined):
            return f"{named(line)}: not stated"
        if examined == 0:
            return f"{named(line)} was never examined before"
        hits = counted(number(line, f"{key.name}_hits"), "hit")
        return f"{hits} in {counted(examined, 'earlier examination')} of {named(line)}"

    return sentence


def recovered(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Say what earlier examinations of a key recovered."""
    named, without = who(key), found(key)

    def sentence(line: Mapping[str, object]) -> str:
        mean = number(line, f"{key.name}_revenue")
        if math.isnan(mean):
            return without(line)
        return f"earlier examinations of {named(line)} recovered {money(mean)} each on average"

    return sentence


_SINCE = {
    "first": ("first seen {days} ago", "first declaration of {who}"),
    "last": ("last seen {days} ago", "first declaration of {who}"),
    "last_hit": ("last hit became known {days} ago", "no earlier hit on {who}"),
}


def since(key: KeySettings, which: str) -> Callable[[Mapping[str, object]], str]:
    """Say how long ago a key was first or last seen, or last led to a hit."""
    named = who(key)
    words, never = _SINCE[which]

    def sentence(line: Mapping[str, object]) -> str:
        if math.isnan(number(line, f"{key.name}_declarations")):
            return f"{named(line)}: not stated"
        days = number(line, f"{key.name}_days_since_{which}")
        if math.isnan(days):
            return never.format(who=named(line))
        return f"{named(line)}: " + words.format(days=counted(days, "day"))

    return sentence


def compared(
    key: KeySettings, own: str, name: str, unit: str
) -> Callable[[Mapping[str, object]], str]:
    """Say a line's value or mass beside the mean of the key's earlier lines."""
    named = who(key)

    def sentence(line: Mapping[str, object]) -> str:
        here, ratio = number(line, own), number(line, f"{key.name}_{name}_ratio")
        if math.isnan(here):
            return f"{name} not stated"
        if math.isnan(ratio):
            return f"{name} {money(here)}{unit}; no earlier line of {named(line)} to compare with"
        count = counted(number(line, f"{key.name}_declarations"), "earlier line")
        return (
            f"{name} {money(here)}{unit}; {count} of {named(line)}: "
            f"{money(here / math.exp(ratio))}{unit} on average"
        )

    return sentence


def priced(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Say a line's price beside the typical price of the key's earlier lots."""
    named = who(key)

    def sentence(line: Mapping[str, object]) -> str:
        if math.isnan(number(line, "unit_value")):
            return "value per kg unknown: net mass or value not stated"
        here = f"{money(number(line, 'unit_value'))} per kg"
        typical = number(line, f"{key.name}_typical_price")
        if math.isnan(typical):
            return f"{here}; no earlier lot of {named(line)} to compare with"
        count = counted(number(line, f"{key.name}_declarations"), "earlier lot")
        return f"{here}; {count} of {named(line)}: typically {money(typical)} per kg"

    return sentence
