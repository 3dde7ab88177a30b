"""Sentences that hold a line's own number against the usual one of a key's earlier lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from targeting.config import KeySettings
from targeting.features.naming import who
from targeting.features.registry import number
from targeting.language import Amount, Phrase, counted, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from targeting.features.measures import Measure
    from targeting.features.registry import Sentence


def _scaled(amount: float, log_ratio: float) -> float:
    """Undo the log of a ratio; the bounds keep an absurd one from overflowing."""
    return amount * math.exp(max(-700.0, min(log_ratio, 700.0)))


def compared(key: KeySettings, what: Literal["value", "mass"]) -> Sentence:
    """Say a line's value or mass beside the mean of the key's earlier lines.

    Parameters
    ----------
    key
        The profile key.
    what
        What is compared.
    """
    name, own = who(key.columns), "customs_value" if what == "value" else "net_mass_kg"

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        here, ratio = number(line, own), number(line, f"{key.name}_{what}_ratio")
        count = number(line, f"{key.name}_declarations")
        if math.isnan(here) or math.isnan(ratio) or math.isnan(count):
            return None
        mean = Amount(_scaled(here, -ratio))
        if what == "value":
            return counted(
                "value {here}; {n} earlier line of {who}: {mean} on average",
                "value {here}; {n} earlier lines of {who}: {mean} on average",
                count, here=Amount(here), who=name(line), mean=mean,
            )  # fmt: skip
        return counted(
            "mass {here} kg; {n} earlier line of {who}: {mean} kg on average",
            "mass {here} kg; {n} earlier lines of {who}: {mean} kg on average",
            count, here=Amount(here), who=name(line), mean=mean,
        )  # fmt: skip

    return _sentence


def priced(key: KeySettings) -> Sentence:
    """Say a line's price beside the typical price of the key's earlier lots.

    Parameters
    ----------
    key
        The profile key.
    """
    name = who(key.columns)

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        here, typical = number(line, "unit_value"), number(line, f"{key.name}_typical_price")
        count = number(line, f"{key.name}_declarations")
        if math.isnan(here) or math.isnan(typical) or math.isnan(count):
            return None
        return counted(
            "{here} per kg; {n} earlier lot of {who}: typically {typical} per kg",
            "{here} per kg; {n} earlier lots of {who}: typically {typical} per kg",
            count, here=Amount(here), who=name(line), typical=Amount(typical),
        )  # fmt: skip

    return _sentence


def measured(key: KeySettings, measure: Measure) -> Sentence:
    """Say a line's ratio beside the usual one of the key's earlier lines.

    Parameters
    ----------
    key
        The profile key, which follows the ratio.
    measure
        The ratio.
    """
    name, counts = who(key.columns), KeySettings(columns=key.columns).name

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        typical, ratio = (number(line, f"{key.name}_{what}") for what in ("typical", "ratio"))
        if math.isnan(typical) or math.isnan(ratio):
            return None
        slots = {
            "here": Amount(_scaled(typical, ratio)),
            "who": name(line),
            "typical": Amount(typical),
        }
        count = number(line, f"{counts}_declarations")
        if math.isnan(count):
            return say(measure.alone, **slots)
        return counted(*measure.among, count, **slots)

    return _sentence
