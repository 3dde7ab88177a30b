"""Words of the facts a declaration states by itself: flags, plain numbers, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.language import marked

if TYPE_CHECKING:
    from collections.abc import Mapping

FLAGS: Mapping[str, tuple[str, str]] = {
    "transshipped": (
        marked("transshipped on the way"),
        marked("no transshipment stated"),
    ),
    "bad_check_digit": (
        marked("the container number's check digit fails"),
        marked("the container number's check digit is right"),
    ),
    "full_without_seal": (
        marked("full container without a seal number"),
        marked("a seal number is stated"),
    ),
    "empty_with_mass": (
        marked("declared empty, yet a goods mass is stated"),
        marked("declared empty, no goods mass"),
    ),
    "precursor": (
        marked("a goods code of drug precursors"),
        marked("not a goods code of drug precursors"),
    ),
    "strategic_goods": (
        marked("a goods code of strategic goods"),
        marked("not a goods code of strategic goods"),
    ),
    "returned_goods": (
        marked("an import whose origin is the country of destination"),
        marked("the origin is another country than the destination"),
    ),
    "preference_elsewhere": (
        marked("a preference is claimed for goods dispatched outside their origin"),
        marked("no preference claimed for goods dispatched outside their origin"),
    ),
    "freight_not_counted": (
        marked("no freight is counted"),
        marked("freight is stated"),
    ),
    "seller_pays_freight": (
        marked("by the delivery terms the seller pays the freight"),
        marked("by the delivery terms the buyer pays the freight"),
    ),
    "stop_words_only": (
        marked("the description holds nothing but stop words"),
        marked("the description holds more than stop words"),
    ),
    "notify_is_consignee": (
        marked("the notify party is the consignee itself"),
        marked("the notify party is another than the consignee"),
    ),
    "consignee_is_agent": (
        marked("the consignee is also carrier or declarant"),
        marked("the consignee is neither carrier nor declarant"),
    ),
    "odd_owner_code": (
        marked("the container number's fourth letter is not U, J or Z"),
        marked("the container number's owner code is formed as it should be"),
    ),
    "sealed_by_shipper": (
        marked("sealed by the shipper or an unknown party"),
        marked("sealed by the carrier or an authority"),
    ),
}
"""What to say of a flag when it is set, and when it is not."""

NUMBERS: Mapping[str, str] = {
    "customs_value": marked("customs value: {amount}"),
    "net_mass_kg": marked("net mass: {amount} kg"),
    "gross_mass_kg": marked("gross mass: {amount} kg"),
    "unit_value": marked("declared at {amount} per kg"),
    "value_per_package": marked("value per package: {amount}"),
    "package_count": marked("packages: {amount}"),
    "freight_per_kg": marked("freight per kg: {amount}"),
    "duty": marked("duty at stake: {amount}"),
    "amendment_count": marked("amendments: {amount}"),
    "direct_km": marked("direct way: {amount} km"),
}
"""How a plain number is told."""

UNSAID: Mapping[str, str] = {
    "price": marked("value per kg: not stated"),
    "value": marked("customs value: not stated"),
    "mass": marked("mass: not stated"),
    "gross and net": marked("gross or net mass: not stated"),
    "freight": marked("freight: not stated"),
    "description": marked("goods description: not stated"),
    "lodging": marked("time of lodging: not stated"),
    "detour": marked("transshipment and its detour: not known"),
    "payload": marked("container type or mass: not stated"),
    "manifest": marked("mass or packages of the manifest: not stated"),
    "delivery terms": marked("delivery terms: not stated"),
    "value_per_package": marked("value or packages: not stated"),
    "kg_per_package": marked("mass or packages: not stated"),
    "package_count": marked("packages: not stated"),
    "duty_rate_pct": marked("duty rate: not stated"),
    "hs_number": marked("goods code: not stated"),
    "hs_digits": marked("goods code: not stated"),
    "amendment_count": marked("amendments: not stated"),
    "dispatch_differs": marked("country of origin or dispatch: not stated"),
    "transshipped": marked("loading port: not stated"),
    "bad_check_digit": marked("no container number of the usual form"),
    "full_without_seal": marked("not declared as a full container"),
    "empty_with_mass": marked("not declared as an empty container"),
    "notice_hours": marked("time of arrival: not stated"),
    "precursor": marked("goods code: not stated"),
    "strategic_goods": marked("goods code: not stated"),
    "risk_origin": marked("goods code or country of origin: not stated"),
    "returned_goods": marked("country of origin or destination: not stated"),
    "preference_elsewhere": marked("tax regime, origin or dispatch: not stated"),
    "notify_is_consignee": marked("notify party or consignee: not stated"),
    "consignee_is_agent": marked("consignee, carrier or declarant: not stated"),
    "loaded_elsewhere": marked("loading port or country of dispatch: not stated"),
    "direct_km": marked("length of the route: not known"),
    "hubs_on_route": marked("route: not stated"),
    "unfit_unit": marked("goods code or container type: not stated"),
    "odd_owner_code": marked("container number: not stated"),
    "sealed_by_shipper": marked("sealing party: not stated"),
}
"""What is said of a fact that is missing, where that alone moves the score: by the group of a
declared feature, or by its name where it speaks for itself."""
