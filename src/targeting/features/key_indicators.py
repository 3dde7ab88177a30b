"""Which indicators of ../shared/domain.md section 1.2 a statistic of a profile key carries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from targeting.config import KeySettings

_INDICATORS = {
    ("consignee_id",): (1, 5, 6, 18),
    ("consignor_id",): (2, 18),
    ("declarant_id",): (17,),
    ("notify_party_id",): (19,),
    ("carrier_id",): (18,),
    ("conveyance_id",): (19,),
    ("container_id",): (19, 59),
    ("seal_id",): (64,),
    ("hs6",): (38, 46),
    ("transshipment_site",): (32,),
    ("loading_site", "discharge_site"): (28, 32),
    ("container_owner",): (61,),
    ("consignee_id", "consignor_id"): (3,),
    ("consignee_id", "hs2"): (7,),
    ("consignee_id", "hs6"): (7,),
    ("goods_words", "hs4"): (22, 46),
    ("hs6", "tax_regime"): (56,),
    ("loading_site", "transshipment_site", "discharge_site"): (28, 30),
    ("consignee_id", "declarant_id"): (16,),
    ("consignee_id", "notify_party_id"): (13,),
    ("consignee_id", "office_id"): (33,),
    ("consignee_id", "carrier_id"): (34,),
    ("consignee_id", "consignor_id", "hs2"): (4, 57),
    ("hs6", "origin_country"): (24, 46),
}
_SEEN = ("declarations", "days_since_first", "days_since_last", "pace")
_FOUND = ("examinations", "hits", "hit_rate", "revenue", "days_since_last_hit")
_PRICED = ("typical_price", "price_ratio", "price_z")
_TELLS: Mapping[int, tuple[str, ...]] = {
    5: ("days_since_last",), 6: ("pace", "value_ratio", "mass_ratio"),
    38: ("mass_ratio",), 46: _PRICED,
    **dict.fromkeys((17, 18, 19, 32, 59), _FOUND),
}  # fmt: skip
"""Statistics of a key that carry an indicator; any other indicator is carried by what was seen."""


def carried(key: KeySettings, suffix: str) -> tuple[int, ...]:
    """Return the indicators that one statistic of a key carries: a price makes no newcomer.

    Parameters
    ----------
    key
        The profile key.
    suffix
        What follows the key in the name of the feature, such as `hit_rate_365d`.

    Examples
    --------
    >>> from targeting.config import KeySettings
    >>> key = KeySettings(columns=("consignee_id",))
    >>> carried(key, "declarations_30d"), carried(key, "hit_rate"), carried(key, "mass_ratio")
    ((1,), (18,), (6,))
    """
    statistic = re.sub(r"_[0-9p]+d$", "", suffix)
    own = _INDICATORS.get(key.columns, ())
    return tuple(number for number in own if statistic in _TELLS.get(number, _SEEN))
