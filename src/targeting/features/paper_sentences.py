"""Sentences of the features computed from the declaration alone: papers, route and timing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from targeting.features.code_words import coded
from targeting.features.registry import number, text
from targeting.language import Amount, Count, Phrase, counted, marked, say

if TYPE_CHECKING:
    from collections.abc import Mapping


def route(line: Mapping[str, object]) -> Phrase | None:
    """Say where the goods come from and were dispatched.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    differs = number(line, "dispatch_differs")
    origin, dispatch = text(line, "origin_country"), text(line, "dispatch_country")
    if math.isnan(differs):
        return None
    if differs == 0:
        return say("dispatched from its country of origin ({origin})", origin=origin)
    return say("origin {origin}, but dispatched from {dispatch}", origin=origin, dispatch=dispatch)


def notice(line: Mapping[str, object]) -> Phrase | None:
    """Say how long before arrival the line was lodged.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    hours = number(line, "notice_hours")
    if math.isnan(hours):
        return None
    if hours >= 0:
        return counted("lodged {n} hour before arrival", "lodged {n} hours before arrival", hours)
    return counted("lodged {n} hour after arrival", "lodged {n} hours after arrival", -hours)


def described(line: Mapping[str, object]) -> Phrase | None:
    """Say how much the description says.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    words = number(line, "description_words")
    if math.isnan(words):
        return None
    return counted(
        "the goods are described in {n} word", "the goods are described in {n} words", words
    )


_LODGED = (
    marked("lodged on a Monday between {start} and {end} h"),
    marked("lodged on a Tuesday between {start} and {end} h"),
    marked("lodged on a Wednesday between {start} and {end} h"),
    marked("lodged on a Thursday between {start} and {end} h"),
    marked("lodged on a Friday between {start} and {end} h"),
    marked("lodged on a Saturday between {start} and {end} h"),
    marked("lodged on a Sunday between {start} and {end} h"),
)


def lodged(line: Mapping[str, object]) -> Phrase | None:
    """Say when the line was lodged.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    day, hour = number(line, "lodged_weekday"), number(line, "lodged_hour")
    if math.isnan(day) or math.isnan(hour):
        return None
    return say(_LODGED[int(day) % 7], start=f"{int(hour):02d}", end=f"{int(hour) + 1:02d}")


def terms(line: Mapping[str, object]) -> Phrase | None:
    """Say whether the delivery terms fit the mode of transport.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    unfit = number(line, "terms_unfit_mode")
    if math.isnan(unfit):
        return None
    code, mode = text(line, "incoterm"), coded(line, "transport_mode")
    if unfit:
        return say(
            "delivery terms {code}, transport mode {mode}: those terms are for ships",
            code=code,
            mode=mode,
        )
    return say("delivery terms {code}, transport mode {mode}", code=code, mode=mode)


def manifest_mass(line: Mapping[str, object]) -> Phrase | None:
    """Say the manifest's gross mass against the declared one.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    both = _against_manifest(line, "manifest_mass_gap", "gross_mass_kg")
    if both is None:
        return None
    manifest, declared = both
    return say(
        "manifest {manifest} kg against {declared} kg declared",
        manifest=Amount(manifest),
        declared=Amount(declared),
    )


def manifest_packages(line: Mapping[str, object]) -> Phrase | None:
    """Say the manifest's packages against the declared ones.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    both = _against_manifest(line, "manifest_package_gap", "package_count")
    if both is None:
        return None
    manifest, declared = both
    return say(
        "packages: {manifest} on the manifest against {declared} declared",
        manifest=Count(manifest),
        declared=Count(declared),
    )


def _against_manifest(
    line: Mapping[str, object], name: str, own: str
) -> tuple[float, float] | None:
    """Return what the manifest states and what is declared."""
    gap, declared = number(line, name), number(line, own)
    if math.isnan(gap) or math.isnan(declared):
        return None
    return declared * math.exp(max(-700.0, min(gap, 700.0))), declared


def stop_words(line: Mapping[str, object]) -> Phrase | None:
    """Say how many stop words the description holds, beside words that may name goods.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    count, others = number(line, "stop_words"), number(line, "informative_words")
    if math.isnan(count):
        return None
    if math.isnan(others):
        return counted(
            "the description holds {n} stop word", "the description holds {n} stop words", count
        )
    return counted(
        "the description holds {n} stop word beside {others}",
        "the description holds {n} stop words beside {others}",
        count,
        others=counted("{n} other word", "{n} other words", others),
    )


def informative(line: Mapping[str, object]) -> Phrase | None:
    """Say how many words of the description may name goods.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    count = number(line, "informative_words")
    if math.isnan(count):
        return None
    return counted(
        "{n} word of the description may name goods",
        "{n} words of the description may name goods",
        count,
    )


def loaded(line: Mapping[str, object]) -> Phrase | None:
    """Say where the goods were loaded and dispatched.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    if math.isnan(number(line, "loaded_elsewhere")):
        return None
    return say(
        "loaded at {port}, dispatched from {country}",
        port=text(line, "loading_port"),
        country=text(line, "dispatch_country"),
    )


def detour(line: Mapping[str, object]) -> Phrase | None:
    """Say how much longer the way over the transshipment port is.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    beyond, direct = number(line, "detour_km"), number(line, "direct_km")
    if math.isnan(beyond) or math.isnan(direct):
        return None
    if beyond == 0:
        return say("no detour: {direct} km from loading to discharge", direct=Count(direct))
    return say(
        "{way} km over {port}; the direct way is {direct} km",
        way=Count(direct + beyond),
        port=text(line, "transshipment_port"),
        direct=Count(direct),
    )


def hubs(line: Mapping[str, object]) -> Phrase | None:
    """Say how many hubs and free zones are on the route.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    count = number(line, "hubs_on_route")
    if math.isnan(count):
        return None
    return say("listed hubs and free zones on the route: {count}", count=Count(count))
