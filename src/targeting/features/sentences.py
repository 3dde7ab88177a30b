"""Sentences of the features computed from the declaration alone: goods, masses and amounts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from targeting.features.declared_words import FLAGS, NUMBERS
from targeting.features.registry import number, text
from targeting.language import Amount, Percent, Phrase, counted, marked, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from targeting.features.registry import Sentence


def plain(name: str) -> Sentence:
    """Return a sentence that tells one number.

    Parameters
    ----------
    name
        The column or feature to say, one of `declared_words.NUMBERS`.
    """

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        value = number(line, name)
        return None if math.isnan(value) else say(NUMBERS[name], amount=Amount(value))

    return _sentence


def if_set(name: str) -> Sentence:
    """Return a sentence that says one of two things of a flag, and nothing when it is unknown.

    Parameters
    ----------
    name
        The flag, one of `declared_words.FLAGS`.
    """
    yes, no = FLAGS[name]

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        value = number(line, name)
        if math.isnan(value):
            return None
        return say(yes) if value > 0 else say(no)

    return _sentence


_ROUND = {
    "customs_value": (
        marked("customs value {amount} is not round"),
        marked("customs value {amount} ends in {zeros}"),
    ),
    "gross_mass_kg": (
        marked("gross mass {amount} is not round"),
        marked("gross mass {amount} ends in {zeros}"),
    ),
}


def zeros(name: str, own: str) -> Sentence:
    """Return a sentence that says how round a number is.

    Parameters
    ----------
    name
        The feature that counts the zeros a number ends in.
    own
        Column with the number itself, `customs_value` or `gross_mass_kg`.
    """
    uneven, even = _ROUND[own]

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        count, value = number(line, name), number(line, own)
        if math.isnan(count) or math.isnan(value):
            return None
        amount = Amount(value)
        if count == 0:
            return say(uneven, amount=amount)
        return say(even, amount=amount, zeros=counted("{n} zero", "{n} zeros", count))

    return _sentence


def load(line: Mapping[str, object]) -> Phrase | None:
    """Say how the goods are packed.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    packages, mass = number(line, "package_count"), number(line, "kg_per_package")
    if math.isnan(mass) or math.isnan(packages):
        return None
    return counted(
        "{n} package of {mass} kg", "{n} packages of {mass} kg each", packages, mass=Amount(mass)
    )


def masses(line: Mapping[str, object]) -> Phrase | None:
    """Say net against gross mass.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    net, gross = number(line, "net_mass_kg"), number(line, "gross_mass_kg")
    if math.isnan(net) or math.isnan(gross):
        return None
    return say(
        "net mass {net} kg against gross mass {gross} kg", net=Amount(net), gross=Amount(gross)
    )


def hs(line: Mapping[str, object]) -> Phrase | None:
    """Say the goods code.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    code = line.get("hs_code")
    if not isinstance(code, str):
        return None
    return say("past results of goods code {code} and its neighbours", code=code)


def digits(line: Mapping[str, object]) -> Phrase | None:
    """Say how far the goods code goes.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    count = number(line, "hs_digits")
    if math.isnan(count):
        return None
    return counted("the goods code has {n} digit", "the goods code has {n} digits", count)


def freight(line: Mapping[str, object]) -> Phrase | None:
    """Say the freight beside the value.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    share = number(line, "freight_share")
    if math.isnan(share):
        return None
    return say("freight is {share} of the goods' value", share=Percent(share))


def duty_rate(line: Mapping[str, object]) -> Phrase | None:
    """Say the rate of duty.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    rate = number(line, "duty_rate_pct")
    return None if math.isnan(rate) else say("duty rate: {rate}", rate=Percent(rate / 100))


def risk_origin(line: Mapping[str, object]) -> Phrase | None:
    """Say whether goods and origin are on the risk list.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    listed = number(line, "risk_origin")
    if math.isnan(listed):
        return None
    code, country = text(line, "hs_code"), text(line, "origin_country")
    if listed:
        return say("goods code {code} from {country}: on the risk list", code=code, country=country)
    return say("goods code {code} from {country}: not on the risk list", code=code, country=country)


def payload(line: Mapping[str, object]) -> Phrase | None:
    """Say how much of the container's payload the line takes.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    share, mass = number(line, "payload_share"), number(line, "gross_mass_kg")
    if math.isnan(share) or math.isnan(mass):
        return None
    return say(
        "gross mass {mass} kg: {share} of what a container {code} can carry",
        mass=Amount(mass),
        share=Percent(share),
        code=text(line, "container_type"),
    )


def unit(line: Mapping[str, object]) -> Phrase | None:
    """Say whether the goods usually travel in this kind of container.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    unfit = number(line, "unfit_unit")
    if math.isnan(unfit):
        return None
    goods, kind = text(line, "hs_code"), text(line, "container_type")
    if unfit:
        return say(
            "goods of code {goods} do not usually travel in a container {code}",
            goods=goods,
            code=kind,
        )
    return say("goods of code {goods} may travel in a container {code}", goods=goods, code=kind)
