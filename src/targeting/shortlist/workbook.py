"""The list as an Excel workbook: to sort, print and fill in."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from datetime import datetime, time
from typing import TYPE_CHECKING, cast

from targeting.errors import OutputError
from targeting.shortlist.columns import DETAIL, FILL, SHEET, WORK, Column
from targeting.shortlist.words import reasons_text, risk_words

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

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
_LEFT = {"text", "long"}
_INK, _BLUE, _PALE, _LINE = "#1B2733", "#12395B", "#FFF8DC", "#B8C2CC"


def write_workbook(lines: pd.DataFrame, path: Path, *, header: ShortlistHeader) -> None:
    """Write the list as an Excel workbook whose bytes depend on the list alone.

    Parameters
    ----------
    lines
        From `targeting.shortlist.lines.add_facts`. Not changed.
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
                "title": "Examination shortlist",
                "comments": "The officer decides; the score never seizes or releases.",
                "created": datetime.combine(header.last_day, time()),
            }
        )
        _write_list(book, lines, header)
        _write_guide(book, header)
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
    sheet = book.add_worksheet("Shortlist")
    columns = _columns(header)
    _write_titles(book, sheet, columns)
    values = _values(lines)
    for place, column in enumerate(columns):
        style = _style(book, column)
        cells = values.get(column.name, [None] * len(lines))
        for row, value in enumerate(cells, start=1):
            _write_cell(sheet, (row, place), value, style)
        if column.choices or column.kind == "time":
            _validate(sheet, place, column, last_row=len(lines))
    _set_heights(sheet, columns, values)
    _set_view(sheet, columns, rows=len(lines))
    _set_print(sheet, lines, header)


def _columns(header: ShortlistHeader) -> tuple[Column, ...]:
    """Say the zone of the times and the currency of the money in the titles."""
    zone, currency = header.settings.time_zone, header.info.currency
    units = {"time": zone, "money": currency}
    return tuple(
        replace(column, title=f"{column.title} ({units[column.kind]})")
        if units.get(column.kind)
        else column
        for column in SHEET
    )


def _values(lines: pd.DataFrame) -> dict[str, list[object]]:
    """Turn the list into cells: plain Python values, None where there is none."""
    wanted = [column.name for column in (*WORK, *DETAIL) if column.name in lines]
    times = {name: lines[name].dt.tz_localize(None) for name in ("lodged_at", "arrival_at")}
    cells = lines.assign(**times)[wanted].astype(object)
    values = {name: list(cells[name].where(cells[name].notna(), None)) for name in wanted}
    values["risk"] = [risk_words(chance) for chance in lines["probability"]]
    values["reasons"] = [
        reasons_text(cell, selected_by=by)
        for cell, by in zip(lines["reasons"], lines["selected_by"], strict=True)
    ]
    return values


def _write_titles(book: Workbook, sheet: Worksheet, columns: tuple[Column, ...]) -> None:
    base = {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1}
    known = book.add_format(base | {"bg_color": _BLUE, "font_color": "white"})
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


def _validate(sheet: Worksheet, place: int, column: Column, *, last_row: int) -> None:
    """Offer choices to fill in, and refuse what the table of examinations would refuse."""
    if not column.fill:
        return
    if column.choices:
        rule: dict[str, object] = {"validate": "list", "source": list(column.choices)}
        rule |= {"error_type": "stop" if column.closed else "information"}
        rule |= {"error_message": f"One of: {', '.join(column.choices)}."[:255]}
    else:
        rule = {"validate": "date", "criteria": ">", "value": datetime(2000, 1, 1)}  # noqa: DTZ001
        rule |= {"error_message": "A date and time such as 2025-03-01 14:30."}
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
    about = f"{header.offices}, {header.period}"[:75].replace("&", "&&")
    sheet.set_header(f"&L&BExamination shortlist&C{about}&RPage &P of &N")
    sheet.set_footer("&LThe officer decides; the score never seizes or releases.&R&A")
    first_of_day = lines.index[lines["rank"].eq(1)]
    sheet.set_h_pagebreaks([row + 1 for row in first_of_day if row > 0][:1023])


def _write_guide(book: Workbook, header: ShortlistHeader) -> None:
    """Write the second sheet: the model, the rules and every column's meaning."""
    sheet = book.add_worksheet("How to read this")
    heading = book.add_format({"bold": True, "font_size": 14, "font_color": _BLUE})
    name = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
    text = book.add_format({"valign": "top", "text_wrap": True})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    sheet.hide_gridlines(2)
    rows = [*_about(header), ("", ""), ("Column", "Meaning"), *_meanings(header)]
    sheet.write_string(0, 0, "How to read this list", heading)
    for row, (left, right) in enumerate(rows, start=2):
        sheet.write_string(row, 0, left, name)
        sheet.write_string(row, 1, right, name if left == "Column" else text)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _about(header: ShortlistHeader) -> list[tuple[str, str]]:
    report = header.report
    return [
        ("Rule", "The officer decides; the score never seizes or releases."),
        ("Offices and days", f"{header.offices}, {header.period}"),
        ("Model", header.model_words),
        ("How it was drawn", header.policy_words),
        ("Capacity", f"{header.capacity:,} examinations per office and day"),
        (
            "Lines",
            f"{report.lines:,}, of which {report.mandatory_lines:,} ordered and "
            f"{report.random_lines:,} drawn by lot",
        ),
        (
            "Lines drawn by lot",
            "Examine them like the others, whatever their risk: they alone show what the model "
            "does not see.",
        ),
        ("Times", header.settings.time_zone),
        ("Money", header.info.currency or "The administration's currency"),
        *(("Note", note) for note in report.notes),
    ]


def _meanings(header: ShortlistHeader) -> list[tuple[str, str]]:
    return [(column.title, column.meaning) for column in _columns(header)]
