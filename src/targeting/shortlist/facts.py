"""The facts of a line as labelled words, grouped the way an officer looks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_DECLARED = "not declared"


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

    label: str
    text: str
    strong: bool = False


def unit_facts(row: Mapping[str, object]) -> tuple[Fact, ...]:
    """Tell where the goods are: unit, seal, papers, conveyance and arrival.

    Parameters
    ----------
    row
        One line of the list; None where nothing was declared.

    Examples
    --------
    >>> row = {"container_id": "MSKU1234565", "container_type": "22G1", "seal_id": None,
    ...     "flow": "import", "transport_mode": "sea"}
    >>> [fact.text for fact in unit_facts(row)]
    ['MSKU1234565 (22G1)', 'not declared', 'import by sea']
    """
    box = _with_note(row, "container_id", ("container_type", "container_load"))
    facts = [
        Fact("Container", box, strong=True),
        Fact("Seal declared", _text(row, "seal_id") or (_NOT_DECLARED if box else ""), strong=True),
        Fact("Document", _text(row, "transport_document_id")),
        Fact("Flow", _flow(row)),
        Fact("Conveyance", _joined(row, ("conveyance_id", "voyage_id"), ", ")),
        Fact("Route", _way(row, "loading_port", "discharge_port")),
        Fact("Arrives" if row.get("flow") != "export" else "Leaves", _moment(row, "arrival_at")),
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
    >>> row = {"hs_code": "640411", "origin_country": "CN", "package_count": 1200}
    >>> [fact.text for fact in goods_facts(row, currency="EUR")]
    ['640411, origin CN', '1,200']
    """
    origin = _text(row, "origin_country")
    facts = [
        Fact("Goods", _text(row, "goods_description"), strong=True),
        Fact("HS code", f"{_text(row, 'hs_code')}{f', origin {origin}' if origin else ''}"),
        Fact("Sent", _way(row, "dispatch_country", "destination_country")),
        Fact("Packages", _number(row, "package_count")),
        Fact("Mass", _masses(row)),
        Fact("Value", _money(row, "customs_value", currency)),
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
    >>> [fact.text for fact in party_facts({"consignee_id": "C1", "consignee_name": "Acme"})]
    ['Acme (C1)']
    """
    facts = [
        Fact("Consignee", _party(row, "consignee")),
        Fact("Consignor", _party(row, "consignor")),
        Fact("Declarant", _text(row, "declarant_id")),
    ]
    return _present(facts)


def revenue_words(row: Mapping[str, object], *, currency: str) -> str:
    """Say the revenue an examination recovers on average; empty where the model does not.

    Parameters
    ----------
    row
        One line of the list.
    currency
        Currency of the revenue; empty when not known.

    Examples
    --------
    >>> revenue_words({"expected_revenue": 1234.5}, currency="EUR")
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


def _way(row: Mapping[str, object], start: str, end: str) -> str:
    ways = (("from", _text(row, start)), ("to", _text(row, end)))
    return " ".join(f"{word} {place}" for word, place in ways if place)


def _flow(row: Mapping[str, object]) -> str:
    mode = _text(row, "transport_mode").replace("_", " ")
    by = f" by {mode}" if mode and mode != "unknown" else ""
    return f"{_text(row, 'flow')}{by}"


def _moment(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return "" if value is None else f"{value:%d %b %Y %H:%M}"


def _number(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return "" if value is None else f"{value:,.0f}"


def _masses(row: Mapping[str, object]) -> str:
    masses = {kind: _number(row, f"{kind}_mass_kg") for kind in ("gross", "net")}
    return ", ".join(f"{mass} kg {kind}" for kind, mass in masses.items() if mass)


def _money(row: Mapping[str, object], name: str, currency: str) -> str:
    amount = _number(row, name)
    return f"{amount} {currency}".strip() if amount else ""
