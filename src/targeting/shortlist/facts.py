"""The facts of a line as labelled words, grouped the way an officer looks for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from targeting.features.code_words import FLOWS
from targeting.language import Count, Moment, Phrase, Slot, marked, say

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_DECLARED = say("not declared")


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled fact.

    Parameters
    ----------
    label
        What it is.
    text
        What the declaration says.
    strong
        Whether the officer looks for it first.
    """

    label: Phrase
    text: Slot
    strong: bool = False


def unit_facts(row: Mapping[str, object]) -> tuple[Fact, ...]:
    """Tell where the goods are: unit, seal, papers, conveyance and arrival.

    Parameters
    ----------
    row
        One line of the list; None where nothing was declared.

    Examples
    --------
    >>> from targeting.language import ENGLISH
    >>> row = {"container_id": "MSKU1234565", "container_type": "22G1", "seal_id": None,
    ...     "flow": "import", "transport_mode": "sea"}
    >>> [ENGLISH.say(fact.text) for fact in unit_facts(row)]
    ['MSKU1234565 (22G1)', 'not declared', 'import by sea']
    """
    box = _with_note(row, "container_id", ("container_type", "container_load"))
    leaves = row.get("flow") == "export"
    facts = [
        Fact(say("Container"), box, strong=True),
        Fact(
            say("Seal declared"),
            _text(row, "seal_id") or (_NOT_DECLARED if box else ""),
            strong=True,
        ),
        Fact(say("Document"), _text(row, "transport_document_id")),
        Fact(say("Flow"), _flow(row)),
        Fact(say("Conveyance"), _joined(row, ("conveyance_id", "voyage_id"), ", ")),
        Fact(say("Route"), _way(row, "loading_port", "discharge_port")),
        Fact(say("Leaves") if leaves else say("Arrives"), _moment(row, "arrival_at")),
    ]
    return _present(facts)


def goods_facts(row: Mapping[str, object], *, currency: str) -> tuple[Fact, ...]:
    """Tell what the goods are said to be.

    Parameters
    ----------
    row
        One line of the list; None where nothing was declared.
    currency
        Currency of the value; empty when not known.

    Examples
    --------
    >>> from targeting.language import ENGLISH
    >>> row = {"hs_code": "640411", "origin_country": "CN", "package_count": 1200}
    >>> [ENGLISH.say(fact.text) for fact in goods_facts(row, currency="EUR")]
    ['640411, origin CN', '1,200']
    """
    code, origin = _text(row, "hs_code"), _text(row, "origin_country")
    facts = [
        Fact(say("Goods"), _text(row, "goods_description"), strong=True),
        Fact(
            say("HS code"),
            say("{code}, origin {country}", code=code, country=origin) if origin else code,
        ),
        Fact(say("Sent"), _way(row, "dispatch_country", "destination_country")),
        Fact(say("Packages"), _number(row, "package_count")),
        Fact(say("Mass"), _masses(row)),
        Fact(say("Value"), _money(row, "customs_value", currency)),
    ]
    return _present(facts)


def party_facts(row: Mapping[str, object]) -> tuple[Fact, ...]:
    """Tell who stands behind the line.

    Parameters
    ----------
    row
        One line of the list; None where nothing was declared.

    Examples
    --------
    >>> from targeting.language import ENGLISH
    >>> row = {"consignee_id": "C1", "consignee_name": "Acme"}
    >>> [ENGLISH.say(fact.text) for fact in party_facts(row)]
    ['Acme (C1)']
    """
    facts = [
        Fact(say("Consignee"), _party(row, "consignee")),
        Fact(say("Consignor"), _party(row, "consignor")),
        Fact(say("Declarant"), _text(row, "declarant_id")),
    ]
    return _present(facts)


def revenue_words(row: Mapping[str, object], *, currency: str) -> Slot:
    """Say the revenue an examination recovers on average; empty where the model does not.

    Parameters
    ----------
    row
        One line of the list.
    currency
        Currency of the revenue; empty when not known.

    Examples
    --------
    >>> from targeting.language import ENGLISH
    >>> ENGLISH.say(revenue_words({"expected_revenue": 1234.5}, currency="EUR"))
    '1,234 EUR'
    """
    return _money(row, "expected_revenue", currency)


def _present(facts: list[Fact]) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if fact.text)


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _joined(row: Mapping[str, object], names: tuple[str, ...], between: str) -> str:
    return between.join(text for text in (_text(row, name) for name in names) if text)


def _with_note(row: Mapping[str, object], name: str, notes: tuple[str, ...]) -> str:
    text, note = _text(row, name), _joined(row, notes, ", ")
    return f"{text} ({note})" if text and note else text


def _party(row: Mapping[str, object], party: str) -> str:
    name, code = _text(row, f"{party}_name"), _text(row, f"{party}_id")
    return f"{name} ({code})" if name and code else name or code


def _way(row: Mapping[str, object], start: str, end: str) -> Slot:
    first, last = _text(row, start), _text(row, end)
    if first and last:
        return say("from {start} to {end}", start=first, end=last)
    if first:
        return say("from {start}", start=first)
    return say("to {end}", end=last) if last else ""


_BY_MODE = {
    "sea": marked("{flow} by sea"),
    "rail": marked("{flow} by rail"),
    "road": marked("{flow} by road"),
    "air": marked("{flow} by air"),
    "post": marked("{flow} by post"),
    "multimodal": marked("{flow} by several modes"),
    "fixed": marked("{flow} by a fixed installation"),
    "inland_water": marked("{flow} by inland water"),
}


def _flow(row: Mapping[str, object]) -> Slot:
    code, mode = _text(row, "flow"), _text(row, "transport_mode")
    flow = say(FLOWS[code]) if code in FLOWS else code
    return say(_BY_MODE[mode], flow=flow) if mode in _BY_MODE else flow


def _moment(row: Mapping[str, object], name: str) -> Slot:
    value = row.get(name)
    return Moment(value) if isinstance(value, datetime) else ""


def _number(row: Mapping[str, object], name: str) -> Slot:
    value = row.get(name)
    return "" if value is None else Count(float(str(value)))


def _masses(row: Mapping[str, object]) -> Slot:
    gross, net = _number(row, "gross_mass_kg"), _number(row, "net_mass_kg")
    if gross and net:
        return say("{gross} kg gross, {net} kg net", gross=gross, net=net)
    if gross:
        return say("{gross} kg gross", gross=gross)
    return say("{net} kg net", net=net) if net else ""


def _money(row: Mapping[str, object], name: str, currency: str) -> Slot:
    amount = _number(row, name)
    if not amount or not currency:
        return amount
    return say("{amount} {currency}", amount=amount, currency=currency)
