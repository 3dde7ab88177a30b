"""The list as an Excel workbook: to sort, print and fill in."""

from __future__ import annotations

import io
import math
from datetime import datetime, time
from typing import TYPE_CHECKING, cast

from targeting.errors import OutputError
from targeting.ingest.typed_files import NAMES_SHEET
from targeting.language import ENGLISH, say
from targeting.shortlist.columns import BLUE, DETAIL, FILL, WORK, Column
from targeting.shortlist.guide import write_guide
from targeting.shortlist.pointers import look_text, points_text
from targeting.shortlist.titles import sheet_name, titled
from targeting.shortlist.words import RULE, reasons_text, risk_words

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from targeting.language import Language
    from targeting.shortlist.report import ShortlistHeader

_MOST_ROWS = 1_048_575
_LONGEST_CELL = 32_767
_LINE_POINTS = 15.75
_TALLEST_ROW = 409.0

_NUMBER_FORMATS = {
    "whole": "#,##0",
    "mass": "#,##0.0",
    "money": "#,##0.00",
    "share": "0.0%",
    "chance": "0.0000",
    "score": "0.000",
    "date": "dd mmm yy",
    "time": "yyyy-mm-dd hh:mm",
}
_TAB = say("Shortlist")
_LEFT = {"text", "long"}
_INK, _PALE, _LINE = "#1B2733", "#FFF8DC", "#B8C2CC"


def write_workbook(lines: pd.DataFrame, path: Path, *, header: ShortlistHeader) -> None:
    """Write the list as an Excel workbook whose bytes depend on the list alone.

    Parameters
    ----------
    lines
        From `targeting.shortlist.pointers.add_advice`. Not changed.
    path
        The file.
    header
        What stands above the list.

    Raises
    ------
    OutputError
        If there are more lines than a sheet has rows.
    OSError
        If the file cannot be written.
    """
    from xlsxwriter import Workbook

    _require_room(lines, path)
    stream = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(stream, options) as book:
        book.set_properties(
            {
                "title": header.language.say(say("Examination shortlist")),
                "comments": header.language.say(say(RULE)),
                "created": datetime.combine(header.last_day, time()),
            }
        )
        _write_list(book, lines, header)
        write_guide(book, header)
        if header.language.code != ENGLISH.code:
            _write_names(book, header)
    path.write_bytes(stream.getvalue())


def _require_room(lines: pd.DataFrame, path: Path) -> None:
    if len(lines) > _MOST_ROWS:
        raise OutputError(
            "the list is longer than a sheet",
            where=path.name,
            found=f"{len(lines):,} lines",
            do="Draw the list for fewer days, or with a smaller capacity.",
        )


def _write_list(book: Workbook, lines: pd.DataFrame, header: ShortlistHeader) -> None:
    sheet = book.add_worksheet(sheet_name(header, _TAB))
    columns = titled(header, header.language)
    _write_titles(book, sheet, columns)
    values = _values(lines, header.language)
    for place, column in enumerate(columns):
        style = _style(book, column)
        cells = values.get(column.name, [None] * len(lines))
        for row, value in enumerate(cells, start=1):
            _write_cell(sheet, (row, place), value, style)
        if column.choices or column.kind == "time":
            _validate(sheet, (place, len(lines)), column, header.language)
    _set_heights(sheet, columns, values)
    _set_view(sheet, columns, rows=len(lines))
    _set_print(sheet, lines, header)


def _write_names(book: Workbook, header: ShortlistHeader) -> None:
    """Leave the English titles behind, so that results are handed back alike in every language."""
    sheet = book.add_worksheet(NAMES_SHEET)
    for place, column in enumerate(titled(header, ENGLISH)):
        sheet.write_string(0, place, column.title)
    sheet.write_string(1, 0, ENGLISH.say(_TAB))
    sheet.very_hidden()


def _values(lines: pd.DataFrame, language: Language) -> dict[str, list[object]]:
    """Turn the list into cells: plain Python values, None where there is none."""
    wanted = [column.name for column in (*WORK, *DETAIL) if column.name in lines]
    times = {name: lines[name].dt.tz_localize(None) for name in ("lodged_at", "arrival_at")}
    cells = lines.assign(**times)[wanted].astype(object)
    values = {name: list(cells[name].where(cells[name].notna(), None)) for name in wanted}
    values["risk"] = [language.say(risk_words(chance)) for chance in lines["probability"]]
    values["reasons"] = [
        reasons_text(cell, selected_by=by, language=language)
        for cell, by in zip(lines["reasons"], lines["selected_by"], strict=True)
    ]
    values["points_to"] = [
        points_text(cell, reasons, language=language, separator="\n")
        for cell, reasons in zip(lines["points_to"], lines["reasons"], strict=True)
    ]
    values["where_to_look"] = [look_text(cell) for cell in lines["where_to_look"]]
    return values


def _write_titles(book: Workbook, sheet: Worksheet, columns: tuple[Column, ...]) -> None:
    base = {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1}
    known = book.add_format(base | {"bg_color": BLUE, "font_color": "white"})
    to_fill = book.add_format(base | {"bg_color": "#F2C94C", "font_color": _INK})
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.title, to_fill if column.fill else known)
        sheet.set_column(place, place, column.width)


def _style(book: Workbook, column: Column) -> Format:
    look = {
        "font_size": 12,
        "valign": "top",
        "border": 1,
        "border_color": _LINE,
        "font_color": _INK,
    }
    if column.kind in _LEFT:
        # As text: a code's leading zeros and a typed "=..." stay what they are.
        look |= {"text_wrap": True, "num_format": "@", "align": "left"}
    else:
        look |= {"num_format": _NUMBER_FORMATS[column.kind]}
    if column.name in {"rank", "day", "probability"}:
        look |= {"align": "center"}
    if column.fill:
        look |= {"bg_color": _PALE}
    if column.name in {"rank", "risk"}:
        look |= {"bold": True}
    return book.add_format(look)


def _write_cell(sheet: Worksheet, place: tuple[int, int], value: object, style: Format) -> None:
    """Write a value by its type; a text is always a text, whatever it begins with."""
    if value is None:
        sheet.write_blank(*place, None, style)
    elif isinstance(value, str):
        whole = value if len(value) <= _LONGEST_CELL else value[: _LONGEST_CELL - 1] + "…"
        sheet.write_string(*place, whole, style)
    elif isinstance(value, int | float):
        sheet.write_number(*place, value, style)
    else:
        sheet.write_datetime(*place, cast("datetime", value), style)


def _validate(sheet: Worksheet, at: tuple[int, int], column: Column, language: Language) -> None:
    """Offer choices to fill in, and refuse what the table of examinations would refuse."""
    if not column.fill:
        return
    if column.choices:
        rule: dict[str, object] = {"validate": "list", "source": list(column.choices)}
        rule |= {"error_type": "stop" if column.closed else "information"}
        offered = say("One of: {choices}.", choices=", ".join(column.choices))
        rule |= {"error_message": language.say(offered)[:255]}
    else:
        rule = {"validate": "date", "criteria": ">", "value": datetime(2000, 1, 1)}  # noqa: DTZ001
        rule |= {"error_message": language.say(say("A date and time such as 2025-03-01 14:30."))}
    place, last_row = at
    sheet.data_validation(1, place, last_row, place, rule | {"error_title": column.title[:32]})


def _set_heights(
    sheet: Worksheet, columns: tuple[Column, ...], values: dict[str, list[object]]
) -> None:
    """Give each row room for its longest wrapped cell; not every reader does it by itself."""
    wrapped = [
        (column.width, values[column.name])
        for column in columns
        if column.kind in _LEFT and column.name in values
    ]
    sheet.set_row(0, 2.4 * _LINE_POINTS)
    for row in range(len(values["rank"])):
        tallest = max(_text_lines(cells[row], width) for width, cells in wrapped)
        sheet.set_row(row + 1, min(max(tallest, 2) * _LINE_POINTS + 3, _TALLEST_ROW))


def _text_lines(cell: object, width: float) -> int:
    """Count the lines a text takes; words that do not split, cost a tenth."""
    parts = cell.splitlines() if isinstance(cell, str) else []
    return sum(max(math.ceil(len(part) * 1.1 / width), 1) for part in parts)


def _set_view(sheet: Worksheet, columns: tuple[Column, ...], *, rows: int) -> None:
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, rows, len(columns) - 1)
    sheet.set_zoom(90)
    place = [column.name for column in columns].index("probability")
    # The plain bar of 2007: the later kinds are an extension that other readers drop.
    bar = {"type": "data_bar", "bar_color": "#F4A582", "min_type": "num", "min_value": 0}
    sheet.conditional_format(1, place, rows, place, bar)


def _set_print(sheet: Worksheet, lines: pd.DataFrame, header: ShortlistHeader) -> None:
    """Print what the officer carries: A4 across, one page wide, a new page per office-day."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, len(lines), len(WORK) + len(FILL) - 1)
    sheet.set_margins(left=0.3, right=0.3, top=0.7, bottom=0.6)
    # In a page header "&" starts a code and is written twice; 255 characters at most.
    tell = header.language.say
    about = f"{tell(header.offices)}, {tell(header.period)}"[:75].replace("&", "&&")
    title = tell(say("Examination shortlist"))[:40].replace("&", "&&")
    paged = tell(say("Page {page} of {pages}", page="&P", pages="&N"))[:40]
    sheet.set_header(f"&L&B{title}&C{about}&R{paged}")
    sheet.set_footer(f"&L{tell(say(RULE))[:200]}&R&A")
    first_of_day = lines.index[lines["rank"].eq(1)]
    sheet.set_h_pagebreaks([row + 1 for row in first_of_day if row > 0][:1023])
