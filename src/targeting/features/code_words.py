"""Codes of the tables that are words: an officer reads them in his own language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.features.registry import text
from targeting.language import Slot, marked, say

if TYPE_CHECKING:
    from collections.abc import Mapping

FLOWS: Mapping[str, str] = {
    "import": marked("import"),
    "export": marked("export"),
    "transit": marked("transit"),
    "transshipment": marked("transshipment"),
}
MODES: Mapping[str, str] = {
    "sea": marked("sea"),
    "rail": marked("rail"),
    "road": marked("road"),
    "air": marked("air"),
    "post": marked("post"),
    "multimodal": marked("several modes"),
    "fixed": marked("fixed installation"),
    "inland_water": marked("inland water"),
    "unknown": marked("not known"),
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "flow": FLOWS,
    "transport_mode": MODES,
    "container_load": {"empty": marked("empty")},
}


def coded(line: Mapping[str, object], column: str) -> Slot:
    """Return what a line states in a column: a word where the code is one, else the code.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    column
        Name of a column; never one that names a trader.

    Examples
    --------
    >>> coded({"transport_mode": "inland_water"}, "transport_mode").message
    'inland water'
    >>> coded({"origin_country": "CN"}, "origin_country")
    'CN'
    """
    code = text(line, column)
    words = _WORDS.get(column, {})
    return say(words[code]) if isinstance(code, str) and code in words else code
