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


def terms(line: Mapping[str, object]) -> str:
    """Say whether the delivery terms fit the mode of transport.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    unfit, mode = number(line, "terms_unfit_mode"), text(line, "transport_mode")
    if math.isnan(unfit):
        return ""
    told = f"delivery terms {text(line, 'incoterm')}, transport mode {mode}"
    return f"{told}: those terms are for ships" if unfit else told


def manifest_mass(line: Mapping[str, object]) -> str:
    """Say the manifest's gross mass against the declared one.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    return _against_manifest(line, "manifest_mass_gap", "gross_mass_kg", " kg")


def manifest_packages(line: Mapping[str, object]) -> str:
    """Say the manifest's packages against the declared ones.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    return _against_manifest(line, "manifest_package_gap", "package_count", " packages")


def _against_manifest(line: Mapping[str, object], name: str, own: str, unit: str) -> str:
    gap, declared = number(line, name), number(line, own)
    if math.isnan(gap) or math.isnan(declared):
        return ""
    manifest = declared * math.exp(max(-700.0, min(gap, 700.0)))
    return f"manifest {money(manifest)}{unit} against {money(declared)}{unit} declared"


def stop_words(line: Mapping[str, object]) -> str:
    """Say how many stop words the description holds, beside words that may name goods.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    count = number(line, "stop_words")
    if math.isnan(count):
        return ""
    return f"the description holds {counted(count, 'stop word')}{_beside(line)}"


def _beside(line: Mapping[str, object]) -> str:
    others = number(line, "informative_words")
    return "" if math.isnan(others) else f" beside {counted(others, 'other word')}"


def informative(line: Mapping[str, object]) -> str:
    """Say how many words of the description may name goods.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    count = number(line, "informative_words")
    return (
        "" if math.isnan(count) else f"{counted(count, 'word')} of the description may name goods"
    )


def risk_origin(line: Mapping[str, object]) -> str:
    """Say whether goods and origin are on the risk list.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    listed = number(line, "risk_origin")
    if math.isnan(listed):
        return ""
    goods = f"goods code {text(line, 'hs_code')} from {text(line, 'origin_country')}"
    return f"{goods}: {'on' if listed else 'not on'} the risk list"


def loaded(line: Mapping[str, object]) -> str:
    """Say where the goods were loaded and dispatched.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    if math.isnan(number(line, "loaded_elsewhere")):
        return ""
    port, country = text(line, "loading_port"), text(line, "dispatch_country")
    return f"loaded at {port}, dispatched from {country}"


def detour(line: Mapping[str, object]) -> str:
    """Say how much longer the way over the transshipment port is.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    beyond, direct = number(line, "detour_km"), number(line, "direct_km")
    if math.isnan(beyond) or math.isnan(direct):
        return ""
    if beyond == 0:
        return f"no detour: {money(round(direct))} km from loading to discharge"
    over = text(line, "transshipment_port")
    way = f"{money(round(direct + beyond))} km over {over}"
    return f"{way}; the direct way is {money(round(direct))} km"


def hubs(line: Mapping[str, object]) -> str:
    """Say how many hubs and free zones are on the route.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    count = number(line, "hubs_on_route")
    if math.isnan(count):
        return ""
    return f"listed hubs and free zones on the route: {said(count)}"


def payload(line: Mapping[str, object]) -> str:
    """Say how much of the container's payload the line takes.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    share, mass = number(line, "payload_share"), number(line, "gross_mass_kg")
    if math.isnan(share) or math.isnan(mass):
        return ""
    kind = text(line, "container_type")
    return f"gross mass {money(mass)} kg: {100 * share:.3g} % of what a container {kind} can carry"


def unit(line: Mapping[str, object]) -> str:
    """Say whether the goods usually travel in this kind of container.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    unfit = number(line, "unfit_unit")
    if math.isnan(unfit):
        return ""
    goods, kind = text(line, "hs_code"), text(line, "container_type")
    told = "do not usually" if unfit else "may"
    return f"goods of code {goods} {told} travel in a container {kind}"
