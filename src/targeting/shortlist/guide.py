"""The workbook's second sheet: how to read the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.language import Count, counted, say
from targeting.shortlist.columns import BLUE
from targeting.shortlist.titles import sheet_name, titled
from targeting.shortlist.words import RULE

if TYPE_CHECKING:
    from xlsxwriter import Workbook

    from targeting.language import Slot
    from targeting.shortlist.report import ShortlistHeader


def write_guide(book: Workbook, header: ShortlistHeader) -> None:
    """Write the second sheet: the model, the rules and every column's meaning.

    Parameters
    ----------
    book
        The workbook.
    header
        What stands above the list.
    """
    tell = header.language.say
    sheet = book.add_worksheet(sheet_name(header, say("How to read this")))
    heading = book.add_format({"bold": True, "font_size": 14, "font_color": BLUE})
    name = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
    text = book.add_format({"valign": "top", "text_wrap": True})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    sheet.hide_gridlines(2)
    about, head = _about(header), (say("Column"), say("Meaning"))
    rows = [*about, ("", ""), head, *_meanings(header)]
    sheet.write_string(0, 0, tell(say("How to read this list")), heading)
    for row, (left, right) in enumerate(rows, start=2):
        sheet.write_string(row, 0, tell(left), name)
        sheet.write_string(row, 1, tell(right), name if (left, right) == head else text)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _about(header: ShortlistHeader) -> list[tuple[Slot, Slot]]:
    report = header.report
    return [
        (say("Rule"), say(RULE)),
        (
            say("Offices and days"),
            say("{offices}, {days}", offices=header.offices, days=header.period),
        ),
        (say("Model"), header.model_words),
        (say("How it was drawn"), header.policy_words),
        (
            say("Capacity"),
            counted(
                "{n} examination per office and day",
                "{n} examinations per office and day",
                header.capacity,
            ),
        ),
        (
            say("Lines"),
            say(
                "{lines}, of which {ordered} ordered and {drawn} drawn by lot",
                lines=Count(report.lines),
                ordered=Count(report.mandatory_lines),
                drawn=Count(report.random_lines),
            ),
        ),
        (
            say("Lines drawn by lot"),
            say(
                "Examine them like the others, whatever their risk: they alone show what the model "
                "does not see."
            ),
        ),
        (say("Times"), header.settings.time_zone),
        (say("Money"), header.info.currency or say("The administration's currency")),
        *((say("Note"), note) for note in report.notes),
    ]


def _meanings(header: ShortlistHeader) -> list[tuple[Slot, Slot]]:
    return [(one.title, say(one.meaning)) for one in titled(header, header.language)]
