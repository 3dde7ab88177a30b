"""What the columns and sheets of the workbook are called, in the language of the list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from targeting.language import say
from targeting.shortlist.columns import SHEET, Column

if TYPE_CHECKING:
    from targeting.language import Language, Phrase
    from targeting.shortlist.report import ShortlistHeader


def sheet_name(header: ShortlistHeader, name: Phrase) -> str:
    """Name a sheet; Excel takes 31 characters, and not every one.

    Parameters
    ----------
    header
        What stands above the list.
    name
        The name.
    """
    return header.language.say(name).translate(dict.fromkeys(map(ord, "[]:*?/\\'")))[:31]


def titled(header: ShortlistHeader, language: Language) -> tuple[Column, ...]:
    """Title the columns; say the zone of the times and the currency of the money.

    Parameters
    ----------
    header
        What stands above the list.
    language
        In which the titles are.
    """
    zone, currency = header.settings.time_zone, header.info.currency
    units = {"time": zone, "money": currency}
    return tuple(
        replace(column, title=_title(column, units.get(column.kind, ""), language))
        for column in SHEET
    )


def _title(column: Column, unit: str, language: Language) -> str:
    title = language.say(say(column.title))
    return f"{title} ({unit})" if unit else title


def titles(header: ShortlistHeader) -> dict[str, str]:
    """Return what the columns are called in the language of the list, by their names.

    Parameters
    ----------
    header
        What stands above the list.
    """
    return {column.name: column.title for column in titled(header, header.language)}
