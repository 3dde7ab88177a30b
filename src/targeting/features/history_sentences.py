"""Sentences of the profile features: what was seen before, how often, and what was found.

Each tells the number, what it is compared with, and how much stands behind it. Where the fact is
missing there is no sentence.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from targeting.config import KeySettings
from targeting.features.naming import named, role, who
from targeting.features.registry import number
from targeting.language import Amount, Count, Percent, Phrase, counted, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from targeting.config import LinkSettings
    from targeting.features.registry import Sentence

FEW = 10
"""Fewer lines or examinations than this are told as `only` so many."""

_OFFICE = "office_declarations"


def seen(key: KeySettings) -> Sentence:
    """Say how often a key was declared before.

    Parameters
    ----------
    key
        The profile key.
    """
    name = who(key.columns)

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        count = number(line, f"{key.name}_declarations")
        if math.isnan(count):
            return None
        if count == 0:
            return _never(key.columns, name(line), line)
        return _often(name(line), count, number(line, f"{key.name}_days_since_first"))

    return _sentence


def _often(name: Phrase, count: float, since: float) -> Phrase:
    days = counted("{n} day", "{n} days", since)
    if count < FEW:
        return counted(
            "{who}: only {n} earlier declaration, the first {days} ago",
            "{who}: only {n} earlier declarations, the first {days} ago",
            count, who=name, days=days,
        )  # fmt: skip
    return counted(
        "{who}: {n} earlier declaration, the first {days} ago",
        "{who}: {n} earlier declarations, the first {days} ago",
        count, who=name, days=days,
    )  # fmt: skip


def _never(columns: tuple[str, ...], name: Phrase, line: Mapping[str, object]) -> Phrase:
    """Say that a key is new, and among how many declarations it was not seen.

    Those of one of its own parts tell most, such as the consignee's of a new consignor; else
    those of the office.
    """
    parts = [column for column in columns if len(columns) > 1]
    for column in parts:
        count = number(line, f"{KeySettings(columns=(column,)).name}_declarations")
        if count > 0:
            return counted(
                "{who}: never seen before; 0 of {n} earlier declaration of {whole}",
                "{who}: never seen before; 0 of {n} earlier declarations of {whole}",
                count, who=name, whole=named(column, line),
            )  # fmt: skip
    count = number(line, _OFFICE)
    if count > 0:
        return counted(
            "{who}: never seen before; 0 of {n} earlier declaration at this office",
            "{who}: never seen before; 0 of {n} earlier declarations at this office",
            count, who=name,
        )  # fmt: skip
    return say("{who}: no declaration before this day", who=name)


def found(key: KeySettings, prior_examinations: float) -> Sentence:
    """Say what earlier examinations of a key found, beside the hit rate of all lines.

    Parameters
    ----------
    key
        The profile key.
    prior_examinations
        Weight of the base rate in the hit rate, in examinations.
    """
    name = who(key.columns)

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        examined = number(line, f"{key.name}_examinations")
        if math.isnan(examined):
            return None
        if examined == 0:
            return _unexamined(key, name(line), line)
        hits, shrunken = (number(line, f"{key.name}_{what}") for what in ("hits", "hit_rate"))
        # The shrunken rate holds the base rate of the day; this takes it out again.
        base = (shrunken * (examined + prior_examinations) - hits) / prior_examinations
        return say(
            "{who}: {hits} in {examinations} ({rate}; all lines {base})",
            who=name(line),
            hits=counted("{n} hit", "{n} hits", hits),
            examinations=_examinations(examined),
            rate=Percent(hits / examined),
            base=Percent(base),
        )

    return _sentence


def _examinations(count: float) -> Phrase:
    if count < FEW:
        return counted("only {n} earlier examination", "only {n} earlier examinations", count)
    return counted("{n} earlier examination", "{n} earlier examinations", count)


def _unexamined(key: KeySettings, name: Phrase, line: Mapping[str, object]) -> Phrase:
    count = number(line, f"{key.name}_declarations")
    if count > 0:
        return counted(
            "{who}: never examined; {n} earlier declaration",
            "{who}: never examined; {n} earlier declarations",
            count, who=name,
        )  # fmt: skip
    return say("{who}: never examined before", who=name)


def recovered(key: KeySettings) -> Sentence:
    """Say what earlier examinations of a key recovered.

    Parameters
    ----------
    key
        The profile key.
    """
    name = who(key.columns)

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        mean, examined = (
            number(line, f"{key.name}_{what}") for what in ("revenue", "examinations")
        )
        if not mean > 0:
            return None
        return counted(
            "{who}: {n} earlier examination recovered {mean} on average",
            "{who}: {n} earlier examinations recovered {mean} on average",
            examined, who=name(line), mean=Amount(mean),
        )  # fmt: skip

    return _sentence


def since(key: KeySettings, which: str) -> Sentence:
    """Say how long ago a key was first or last seen, or last led to a hit.

    Parameters
    ----------
    key
        The profile key.
    which
        `first`, `last` or `last_hit`.
    """
    name = who(key.columns)

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        if math.isnan(number(line, f"{key.name}_declarations")):
            return None
        days = number(line, f"{key.name}_days_since_{which}")
        if math.isnan(days):
            return _not_yet(key, which, name(line), line)
        ago = counted("{n} day", "{n} days", days)
        if which == "first":
            return say("{who}: first seen {days} ago", who=name(line), days=ago)
        if which == "last":
            return say("{who}: last seen {days} ago", who=name(line), days=ago)
        return say("{who}: last hit became known {days} ago", who=name(line), days=ago)

    return _sentence


def _not_yet(key: KeySettings, which: str, name: Phrase, line: Mapping[str, object]) -> Phrase:
    if which != "last_hit":
        return _never(key.columns, name, line)
    examined = number(line, f"{key.name}_examinations")
    if examined > 0:
        return counted(
            "{who}: no hit in {n} earlier examination",
            "{who}: no hit in {n} earlier examinations",
            examined, who=name,
        )  # fmt: skip
    return say("{who}: no earlier hit", who=name)


def kept_company(link: LinkSettings) -> Sentence:
    """Say what had been found with those a key dealt with before.

    Parameters
    ----------
    link
        Of which key, through which.
    """
    name, other = who(link.of), role(link.through)

    def _sentence(line: Mapping[str, object]) -> Phrase | None:
        lines, caught = (number(line, f"{link.name}_{what}") for what in ("lines", "caught"))
        if math.isnan(lines):
            return None
        if lines == 0:
            return say(
                "{who}: no earlier line with a {other} examined by then",
                who=name(line), other=other,
            )  # fmt: skip
        return counted(
            "{who}: {caught} of {n} earlier line with a {other} caught by then",
            "{who}: {caught} of {n} earlier lines with a {other} caught by then",
            lines, who=name(line), caught=Count(caught), other=other,
        )  # fmt: skip

    return _sentence
