"""Sentences of the profile features: what was seen before, how often, and what was found.

A sentence names goods and places by their codes and parties by their role, never a trader. Where
the fact is missing there is no sentence: the empty text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from targeting.config import KeySettings
from targeting.features.registry import counted, money, number, said, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from targeting.config import LinkSettings
    from targeting.features.measures import Measure

FEW = 10
"""Fewer lines or examinations than this are told as `only` so many."""

_WHO = {
    "consignee_id": "this consignee",
    "consignor_id": "this consignor",
    "declarant_id": "this declarant",
    "notify_party_id": "this notify party",
    "carrier_id": "this carrier",
    "conveyance_id": "this conveyance",
    "container_id": "this container",
    "seal_id": "this seal",
}
_GOODS = {"hs2": "chapter", "hs4": "heading", "hs6": "goods code", "hs_code": "goods code"}


_PLACES = ("_port", "_site")


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


def who(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Return how a sentence names a key: codes of goods and places, never of a trader.

    Parameters
    ----------
    key
        The profile key.
    """

    def named(line: Mapping[str, object]) -> str:
        """Name the key of one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        columns = list(key.columns)
        if len(columns) > 1 and all(column.endswith(_PLACES) for column in columns):
            return f"route {' - '.join(text(line, _port(column)) for column in columns)}"
        first, *rest = columns
        return _named(first, line) + "".join(_joined(column, line) for column in rest)

    return named


def _joined(column: str, line: Mapping[str, object]) -> str:
    if column == "origin_country":
        return f" from {text(line, column)}"
    return f" with {_named(column, line)}"


def _named(column: str, line: Mapping[str, object]) -> str:
    if column in _WHO:
        return _WHO[column]
    if column in _GOODS:
        digits = int(column[2]) if column != "hs_code" else 10
        code = text(line, "hs_code")
        return f"{_GOODS[column]} {code[:digits] if code.isdecimal() else code}"
    if column == "goods_words":
        return "goods described in these words"
    if column.endswith(("_country", *_PLACES)) or column == "office_id":
        column = _port(column)
        word = column.removesuffix("_id").removesuffix("_country").replace("_", " ")
        return f"{word} {text(line, column)}"
    return f"this {column.removesuffix('_id').replace('_', ' ')}"


def seen(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Say how often a key was declared before.

    Parameters
    ----------
    key
        The profile key.
    """
    named = who(key)

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        count = number(line, f"{key.name}_declarations")
        if math.isnan(count):
            return ""
        if count == 0:
            return f"{named(line)}: no declaration before this day"
        days = counted(number(line, f"{key.name}_days_since_first"), "day")
        only = "only " if count < FEW else ""
        earlier = counted(count, "earlier declaration")
        return f"{named(line)}: {only}{earlier}, the first {days} ago"

    return sentence


def found(key: KeySettings, prior_examinations: float) -> Callable[[Mapping[str, object]], str]:
    """Say what earlier examinations of a key found, beside the hit rate of all lines.

    Parameters
    ----------
    key
        The profile key.
    prior_examinations
        Weight of the base rate in the hit rate, in examinations.
    """
    named = who(key)

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        examined = number(line, f"{key.name}_examinations")
        if math.isnan(examined):
            return ""
        if examined == 0:
            return f"{named(line)}: never examined before"
        hits, shrunken = (number(line, f"{key.name}_{what}") for what in ("hits", "hit_rate"))
        # The shrunken rate holds the base rate of the day; this takes it out again.
        base = (shrunken * (examined + prior_examinations) - hits) / prior_examinations
        times = counted(examined, "earlier examination")
        only = "only " if examined < FEW else ""
        return (
            f"{named(line)}: {counted(hits, 'hit')} in {only}{times} "
            f"({hits / examined:.0%}; all lines {base:.0%})"
        )

    return sentence


def recovered(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Say what earlier examinations of a key recovered.

    Parameters
    ----------
    key
        The profile key.
    """
    named = who(key)

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        mean, examined = (
            number(line, f"{key.name}_{what}") for what in ("revenue", "examinations")
        )
        if not mean > 0:
            return ""
        times = counted(examined, "earlier examination")
        return f"{named(line)}: {times} recovered {money(mean)} on average"

    return sentence


_SINCE = {
    "first": ("first seen {days} ago", "no declaration before this day"),
    "last": ("last seen {days} ago", "no declaration before this day"),
    "last_hit": ("last hit became known {days} ago", "no earlier hit"),
}


def since(key: KeySettings, which: str) -> Callable[[Mapping[str, object]], str]:
    """Say how long ago a key was first or last seen, or last led to a hit.

    Parameters
    ----------
    key
        The profile key.
    which
        `first`, `last` or `last_hit`.
    """
    named = who(key)
    ago, never = _SINCE[which]

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        if math.isnan(number(line, f"{key.name}_declarations")):
            return ""
        days = number(line, f"{key.name}_days_since_{which}")
        told = never if math.isnan(days) else ago.format(days=counted(days, "day"))
        return f"{named(line)}: {told}"

    return sentence


def compared(
    key: KeySettings, own: str, name: str, unit: str
) -> Callable[[Mapping[str, object]], str]:
    """Say a line's value or mass beside the mean of the key's earlier lines.

    Parameters
    ----------
    key
        The profile key.
    own
        Column with the line's own amount.
    name
        What is compared, `value` or `mass`.
    unit
        Unit written after an amount, with the space before it; may be empty.
    """
    named = who(key)

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        here, ratio = number(line, own), number(line, f"{key.name}_{name}_ratio")
        if math.isnan(here) or math.isnan(ratio):
            return ""
        count = counted(number(line, f"{key.name}_declarations"), "earlier line")
        return (
            f"{name} {money(here)}{unit}; {count} of {named(line)}: "
            f"{money(here * math.exp(max(-700.0, min(-ratio, 700.0))))}{unit} on average"
        )

    return sentence


def priced(key: KeySettings) -> Callable[[Mapping[str, object]], str]:
    """Say a line's price beside the typical price of the key's earlier lots.

    Parameters
    ----------
    key
        The profile key.
    """
    named = who(key)

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        here, typical = number(line, "unit_value"), number(line, f"{key.name}_typical_price")
        if math.isnan(here) or math.isnan(typical):
            return ""
        count = counted(number(line, f"{key.name}_declarations"), "earlier lot")
        return f"{money(here)} per kg; {count} of {named(line)}: typically {money(typical)} per kg"

    return sentence


def measured(key: KeySettings, measure: Measure) -> Callable[[Mapping[str, object]], str]:
    """Say a line's ratio beside the usual one of the key's earlier lines.

    Parameters
    ----------
    key
        The profile key, which follows the ratio.
    measure
        The ratio.
    """
    named = who(key)
    counts = KeySettings(columns=key.columns).name

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        typical, ratio = (number(line, f"{key.name}_{what}") for what in ("typical", "ratio"))
        if math.isnan(typical) or math.isnan(ratio):
            return ""
        here = typical * math.exp(max(-700.0, min(ratio, 700.0)))
        count = number(line, f"{counts}_declarations")
        earlier = "" if math.isnan(count) else f"{counted(count, 'earlier line')} of "
        return (
            f"{measure.said} {money(here)}{measure.unit}; {earlier}{named(line)}: "
            f"typically {money(typical)}{measure.unit}"
        )

    return sentence


def kept_company(link: LinkSettings) -> Callable[[Mapping[str, object]], str]:
    """Say what had been found with those a key dealt with before.

    Parameters
    ----------
    link
        Of which key, through which.
    """
    named, other = who(KeySettings(columns=link.of)), _role(link.through)

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        lines, caught = (number(line, f"{link.name}_{what}") for what in ("lines", "caught"))
        if math.isnan(lines):
            return ""
        if lines == 0:
            return f"{named(line)}: no earlier line with a {other} examined by then"
        earlier = counted(lines, "earlier line")
        return f"{named(line)}: {said(caught)} of {earlier} with a {other} caught by then"

    return sentence


def unusual(whole: tuple[str, ...], part: tuple[str, ...]) -> Callable[[Mapping[str, object]], str]:
    """Say how seldom a part came with a whole before.

    Parameters
    ----------
    whole
        Columns of the key whose history is looked at, such as the consignee.
    part
        Columns of the two together, such as consignee and office.
    """
    named = who(KeySettings(columns=whole))
    names = {columns: KeySettings(columns=columns).name for columns in (whole, part)}
    added = [column for column in part if column not in whole]

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        made = number(line, f"{names[part]}_declarations")
        count = number(line, f"{names[whole]}_declarations")
        if math.isnan(made) or not count > 0:
            return ""
        goods = " and ".join(_named(column, line) for column in added)
        return f"{named(line)}: {said(made)} of {counted(count, 'earlier line')} with {goods}"

    return sentence


def seldom_together(left: str, right: str) -> Callable[[Mapping[str, object]], str]:
    """Say how often two codes came together, beside what chance would give.

    Parameters
    ----------
    left, right
        Columns of the two keys, such as `hs6` and `origin_country`.
    """
    pair = KeySettings(columns=(left, right))
    named = who(pair)

    def sentence(line: Mapping[str, object]) -> str:
        """Word the sentence for one line.

        Parameters
        ----------
        line
            The declaration's columns and features, by name.
        """
        made = number(line, f"{pair.name}_declarations")
        lift = number(line, f"{pair.name}_lift")
        if math.isnan(made) or math.isnan(lift):
            return ""
        usual = (made + 0.5) * math.exp(max(-700.0, min(-lift, 700.0)))
        return f"{named(line)}: {counted(made, 'earlier line')}; chance would give {money(usual)}"

    return sentence


def cash_for_new_pair(line: Mapping[str, object]) -> str:
    """Say that a pair that never dealt before pays in cash or in advance.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    if number(line, "cash_for_new_pair") > 0:
        return (
            f"consignee and consignor never dealt before; payment: {text(line, 'payment_method')}"
        )
    return "" if math.isnan(number(line, "cash_for_new_pair")) else "no new pair paying in cash"


def _role(columns: tuple[str, ...]) -> str:
    return " and ".join(column.removesuffix("_id").replace("_", " ") for column in columns)
