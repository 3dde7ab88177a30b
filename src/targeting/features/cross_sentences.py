"""Sentences that hold two keys against each other: how seldom they came together before."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from targeting.config import KeySettings
from targeting.features.naming import both, named, who
from targeting.features.registry import number, text
from targeting.language import Amount, Count, Phrase, counted, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from targeting.features.registry import Sentence


def unusual(whole: tuple[str, ...], part: tuple[str, ...]) -> Sentence:
    """Say how seldom a part came with a whole before.

    Parameters
    ----------
    whole
        Columns of the key whose history is looked at, such as the consignee.
    part
        Columns of the two together, such as consignee and office.
    """
    name = who(whole)
    names = {columns: KeySettings(columns=columns).name for columns in (whole, part)}
    added = [column for column in part if column not in whole]

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        made = number(line, f"{names[part]}_declarations")
        count = number(line, f"{names[whole]}_declarations")
        if math.isnan(made) or not count > 0:
            return None
        return counted(
            "{who}: {made} of {n} earlier line with {other}",
            "{who}: {made} of {n} earlier lines with {other}",
            count, who=name(line), made=Count(made),
            other=both([named(column, line) for column in added]),
        )  # fmt: skip

    return _sentence


def seldom_together(left: str, right: str) -> Sentence:
    """Say how often two codes came together, beside what chance would give.

    Parameters
    ----------
    left, right
        Columns of the two keys, such as `hs6` and `origin_country`.
    """
    pair = KeySettings(columns=(left, right))
    name = who(pair.columns)

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        made = number(line, f"{pair.name}_declarations")
        lift = number(line, f"{pair.name}_lift")
        if math.isnan(made) or math.isnan(lift):
            return None
        usual = (made + 0.5) * math.exp(max(-700.0, min(-lift, 700.0)))
        return counted(
            "{who}: {n} earlier line; chance would give {usual}",
            "{who}: {n} earlier lines; chance would give {usual}",
            made, who=name(line), usual=Amount(usual),
        )  # fmt: skip

    return _sentence


def cash_for_new_pair(line: Mapping[str, object]) -> Phrase | None:
    """Say that a pair that never dealt before pays in cash or in advance.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    """
    new = number(line, "cash_for_new_pair")
    if math.isnan(new):
        return None
    if new > 0:
        return say(
            "consignee and consignor never dealt before; payment: {code}",
            code=text(line, "payment_method"),
        )
    return say("no new pair paying in cash")
