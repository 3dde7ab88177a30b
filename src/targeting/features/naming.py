"""How a sentence names a key or a column: goods and places by their codes, parties by their role.

A trader, box or conveyance is `this consignee`, `this container`: never its name or its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.features.code_words import coded
from targeting.features.registry import text
from targeting.language import Phrase, marked, said, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from targeting.config import KeySettings

    Named = Callable[[Mapping[str, object]], Phrase]

_THIS = {
    "consignee_id": marked("this consignee"),
    "consignor_id": marked("this consignor"),
    "declarant_id": marked("this declarant"),
    "notify_party_id": marked("this notify party"),
    "carrier_id": marked("this carrier"),
    "conveyance_id": marked("this conveyance"),
    "container_id": marked("this container"),
    "seal_id": marked("this seal"),
    "voyage_id": marked("this voyage"),
    "transport_document_id": marked("this transport document"),
    "container_owner": marked("this owner of containers"),
    "goods_words": marked("goods described in these words"),
    "goods_description": marked("this goods description"),
}
_ROLES = {
    "consignee_id": marked("consignee"),
    "consignor_id": marked("consignor"),
    "declarant_id": marked("declarant"),
    "notify_party_id": marked("notify party"),
    "carrier_id": marked("carrier"),
    "conveyance_id": marked("conveyance"),
    "container_id": marked("container"),
    "seal_id": marked("seal"),
    "voyage_id": marked("voyage"),
    "transport_document_id": marked("transport document"),
    "container_owner": marked("owner of the container"),
    "goods_words": marked("words of the description"),
    "goods_description": marked("goods description"),
    "hs2": marked("chapter"),
    "hs4": marked("heading"),
    "hs6": marked("goods code"),
    "hs_code": marked("goods code"),
    "office_id": marked("office"),
    "origin_country": marked("country of origin"),
    "dispatch_country": marked("country of dispatch"),
    "destination_country": marked("country of destination"),
    "loading_port": marked("loading port"),
    "transshipment_port": marked("transshipment port"),
    "discharge_port": marked("discharge port"),
    "loading_site": marked("loading port"),
    "transshipment_site": marked("transshipment port"),
    "discharge_site": marked("discharge port"),
    "container_type": marked("container type"),
    "container_load": marked("container load"),
    "transport_mode": marked("mode of transport"),
    "flow": marked("flow"),
    "tax_regime": marked("tax regime"),
    "payment_method": marked("method of payment"),
    "procedure_code": marked("procedure"),
    "incoterm": marked("delivery terms"),
    "sealing_party": marked("sealing party"),
}
_WITH_CODE = {
    "office_id": marked("office {code}"),
    "origin_country": marked("origin {code}"),
    "dispatch_country": marked("dispatch {code}"),
    "destination_country": marked("destination {code}"),
    "loading_port": marked("loading port {code}"),
    "transshipment_port": marked("transshipment port {code}"),
    "discharge_port": marked("discharge port {code}"),
    "container_type": marked("container type {code}"),
    "container_load": marked("container load {code}"),
    "transport_mode": marked("mode of transport {code}"),
    "flow": marked("flow {code}"),
    "tax_regime": marked("tax regime {code}"),
    "payment_method": marked("method of payment {code}"),
    "procedure_code": marked("procedure {code}"),
    "incoterm": marked("delivery terms {code}"),
    "sealing_party": marked("sealing party {code}"),
}
_GOODS = {
    "hs2": (2, marked("chapter {code}")),
    "hs4": (4, marked("heading {code}")),
    "hs6": (6, marked("goods code {code}")),
    "hs_code": (10, marked("goods code {code}")),
}
_PLACES = ("_port", "_site")
_NAMELESS = ("_id", "_name", "_words")


def _port(column: str) -> str:
    """Name the column of the tables a site is read from; an officer is shown what it says."""
    return f"{column.removesuffix('_site')}_port" if column.endswith("_site") else column


def has_goods(key: KeySettings) -> bool:
    """Tell whether a key holds goods codes, so that its prices can be compared.

    Parameters
    ----------
    key
        The profile key.
    """
    return any(column in _GOODS for column in key.columns)


def who(columns: Sequence[str]) -> Named:
    """Return how a sentence names a key: codes of goods and places, never of a trader.

    Parameters
    ----------
    columns
        Columns of the key.

    Examples
    --------
    >>> from targeting.language import ENGLISH
    >>> line = {"hs_code": "0805100000", "origin_country": "TR", "consignee_id": "C1"}
    >>> ENGLISH.say(who(["hs6", "origin_country"])(line))
    'goods code 080510 from TR'
    >>> ENGLISH.say(who(["consignee_id", "office_id"])(line))
    'this consignee with office not stated'
    """
    route = len(columns) > 1 and all(column.endswith(_PLACES) for column in columns)
    return _route(columns) if route else lambda line: _joined(columns, line)


def _route(columns: Sequence[str]) -> Named:
    ports = [_port(column) for column in columns]
    if len(ports) == 2:
        return lambda line: say(
            "route {start} - {end}", start=text(line, ports[0]), end=text(line, ports[1])
        )
    return lambda line: say(
        "route {start} - {middle} - {end}",
        start=text(line, ports[0]),
        middle=text(line, ports[1]),
        end=text(line, ports[2]),
    )


def _joined(columns: Sequence[str], line: Mapping[str, object]) -> Phrase:
    phrase = named(columns[0], line)
    for column in columns[1:]:
        if column == "origin_country":
            phrase = say("{who} from {country}", who=phrase, country=text(line, column))
        else:
            phrase = say("{who} with {other}", who=phrase, other=named(column, line))
    return phrase


def named(column: str, line: Mapping[str, object]) -> Phrase:
    """Name what a line states in one column: by its code where that names no trader.

    Parameters
    ----------
    column
        A column of the declarations, or one derived from them.
    line
        The declaration's columns and features, by name.

    Examples
    --------
    >>> from targeting.language import ENGLISH
    >>> ENGLISH.say(named("hs4", {"hs_code": "0805100000"}))
    'heading 0805'
    >>> ENGLISH.say(named("seal_id", {"seal_id": "ML-1"}))
    'this seal'
    """
    if column in _THIS:
        return say(_THIS[column])
    if column in _GOODS:
        digits, words = _GOODS[column]
        code = text(line, "hs_code")
        return say(
            words, code=code[:digits] if isinstance(code, str) and code.isdecimal() else code
        )
    own = _port(column)
    if own in _WITH_CODE:
        return say(_WITH_CODE[own], code=coded(line, own))
    words = own.removesuffix("_id").replace("_", " ")
    if own.endswith(_NAMELESS):
        return say("this {column}", column=words)
    return say("{column} {code}", column=words, code=text(line, own))


def role(columns: Sequence[str]) -> Phrase:
    """Name the columns of a key without what a line states in them.

    Parameters
    ----------
    columns
        Columns of the key.

    Examples
    --------
    >>> from targeting.language import ENGLISH
    >>> ENGLISH.say(role(["consignee_id", "hs4"]))
    'consignee and heading'
    """
    return both([_role(column) for column in columns])


def _role(column: str) -> Phrase:
    words = column.removesuffix("_id").replace("_", " ")
    return say(_ROLES[column]) if column in _ROLES else said(words)


def both(names: Sequence[Phrase]) -> Phrase:
    """Join names by `and`.

    Parameters
    ----------
    names
        One or more.
    """
    phrase = names[0]
    for name in names[1:]:
        phrase = say("{first} and {second}", first=phrase, second=name)
    return phrase
