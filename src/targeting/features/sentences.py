"""Sentences of the features computed from the declaration alone: a fact with its number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from targeting.features.registry import counted, money, number, said, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def plain(name: str, words: str, unit: str = "") -> Callable[[Mapping[str, object]], str]:
    """Return a sentence `words: number unit`.

    Parameters
    ----------
    name
        The column or feature to say.
    words
        What the number is.
    unit
        Unit written after it; may be empty.
    """
    tail = f" {unit}" if unit else ""

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        value = number(line, name)
        return "" if math.isnan(value) else f"{words}: {money(value)}{tail}"

    return sentence


def if_set(name: str, yes: str, no: str) -> Callable[[Mapping[str, object]], str]:
    """Return a sentence that says one of two things of a flag, and nothing when it is unknown.

    Parameters
    ----------
    name
        The flag, a feature.
    yes, no
        What to say when it is set, and when it is not.
    """

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        value = number(line, name)
        return "" if math.isnan(value) else yes if value > 0 else no

    return sentence


def zeros(name: str, own: str, words: str) -> Callable[[Mapping[str, object]], str]:
    """Return a sentence that says how round a number is.

    Parameters
    ----------
    name
        The feature that counts the zeros a number ends in.
    own
        Column with the number itself.
    words
        What the number is.
    """

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        count, value = number(line, name), number(line, own)
        if math.isnan(count) or math.isnan(value):
            return ""
        if count == 0:
            return f"{words} {said(value)} is not round"
        return f"{words} {said(value)} ends in {counted(count, 'zero')}"

    return sentence


def unit_value(line: Mapping[str, object]) -> str:
    """Say the declared value per kg.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    price = number(line, "unit_value")
    return "" if math.isnan(price) else f"declared at {money(price)} per kg"


def load(line: Mapping[str, object]) -> str:
    """Say how the goods are packed.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    packages, mass = number(line, "package_count"), number(line, "kg_per_package")
    if math.isnan(mass):
        return ""
    return f"{counted(packages, 'package')} of {money(mass)} kg each"


def route(line: Mapping[str, object]) -> str:
    """Say where the goods come from and were dispatched.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    differs = number(line, "dispatch_differs")
    origin, dispatch = text(line, "origin_country"), text(line, "dispatch_country")
    if math.isnan(differs):
        return ""
    if differs == 0:
        return f"dispatched from its country of origin ({origin})"
    return f"origin {origin}, but dispatched from {dispatch}"


def masses(line: Mapping[str, object]) -> str:
    """Say net against gross mass.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    net, gross = number(line, "net_mass_kg"), number(line, "gross_mass_kg")
    if math.isnan(net) or math.isnan(gross):
        return ""
    return f"net mass {money(net)} kg against gross mass {money(gross)} kg"


def notice(line: Mapping[str, object]) -> str:
    """Say how long before arrival the line was lodged.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    hours = number(line, "notice_hours")
    if math.isnan(hours):
        return ""
    when = "before" if hours >= 0 else "after"
    return f"lodged {counted(abs(hours), 'hour')} {when} arrival"


def described(line: Mapping[str, object]) -> str:
    """Say how much the description says.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    words = number(line, "description_words")
    return "" if math.isnan(words) else f"the goods are described in {counted(words, 'word')}"


def hs(line: Mapping[str, object]) -> str:
    """Say the goods code.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    return f"past results of goods code {text(line, 'hs_code')} and its neighbours"


def digits(line: Mapping[str, object]) -> str:
    """Say how far the goods code goes.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    count = number(line, "hs_digits")
    return "" if math.isnan(count) else f"the goods code has {counted(count, 'digit')}"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def lodged(line: Mapping[str, object]) -> str:
    """Say when the line was lodged.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    day, hour = number(line, "lodged_weekday"), number(line, "lodged_hour")
    return f"lodged on a {_WEEKDAYS[int(day)]} between {int(hour):02d} and {int(hour) + 1:02d} h"


def freight(line: Mapping[str, object]) -> str:
    """Say the freight beside the value.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    share = number(line, "freight_share")
    return "" if math.isnan(share) else f"freight is {100 * share:.2g} % of the goods' value"
