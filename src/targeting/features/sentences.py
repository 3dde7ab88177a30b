"""Sentences of the features computed from the declaration alone: a fact with its number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from targeting.features.registry import money, number, said, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def plain(name: str, words: str, unit: str = "") -> Callable[[Mapping[str, object]], str]:
    """Return a sentence `words: number unit`."""
    tail = f" {unit}" if unit else ""
    return lambda line: f"{words}: {money(number(line, name))}{tail}"


def if_set(name: str, yes: str, no: str) -> Callable[[Mapping[str, object]], str]:
    """Return a sentence that says one of two things of a flag."""
    return lambda line: yes if number(line, name) > 0 else no


def unit_value(line: Mapping[str, object]) -> str:
    """Say the declared value per kg."""
    price = number(line, "unit_value")
    if math.isnan(price):
        return "value per kg unknown: net mass or value not stated"
    return f"declared at {money(price)} per kg"


def load(line: Mapping[str, object]) -> str:
    """Say how the goods are packed."""
    packages, mass = number(line, "package_count"), number(line, "kg_per_package")
    return f"{said(packages)} packages of {money(mass)} kg each"


def route(line: Mapping[str, object]) -> str:
    """Say where the goods come from and were dispatched."""
    origin, dispatch = text(line, "origin_country"), text(line, "dispatch_country")
    if origin == dispatch:
        return f"dispatched from its country of origin ({origin})"
    return f"origin {origin}, but dispatched from {dispatch}"


def masses(line: Mapping[str, object]) -> str:
    """Say net against gross mass."""
    net, gross = number(line, "net_mass_kg"), number(line, "gross_mass_kg")
    return f"net mass {money(net)} kg against gross mass {money(gross)} kg"


def notice(line: Mapping[str, object]) -> str:
    """Say how long before arrival the line was lodged."""
    hours = number(line, "notice_hours")
    if hours < 0:
        return f"lodged {said(-hours)} hours after arrival"
    return f"lodged {said(hours)} hours before arrival"


def described(line: Mapping[str, object]) -> str:
    """Say how much the description says."""
    words = said(number(line, "description_words"))
    return f"the goods are described in {words} words"


def hs(line: Mapping[str, object]) -> str:
    """Say the goods code."""
    return f"goods code {text(line, 'hs_code')}"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def lodged(line: Mapping[str, object]) -> str:
    """Say when the line was lodged."""
    day, hour = number(line, "lodged_weekday"), number(line, "lodged_hour")
    return f"lodged on a {_WEEKDAYS[int(day)]} at {int(hour):02d} h"


def freight(line: Mapping[str, object]) -> str:
    """Say the freight beside the value."""
    share = number(line, "freight_share")
    return f"freight is {said(100 * share)} % of the goods' value"
