"""One list, four files: Parquet for programs, CSV, a workbook and a page for the officer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.language import ENGLISH
from targeting.scoring.scores import REASON, SIMILAR
from targeting.shortlist.lines import FACTS
from targeting.shortlist.page import write_page
from targeting.shortlist.pointers import ADVICE, look_text, looks_in_english, points_text
from targeting.shortlist.policy import COLUMNS
from targeting.shortlist.titles import titles
from targeting.shortlist.words import reasons_text
from targeting.shortlist.workbook import write_workbook
from targeting.tables.output import staged_folder
from targeting.tables.schema import DECLARATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.shortlist.report import ShortlistHeader

_DRAWN: dict[str, pa.DataType] = {
    "rank": pa.int64(),
    "office_id": pa.string(),
    "day": pa.date32(),
    "declaration_id": pa.string(),
    "selected_by": pa.string(),
    "selection_probability": pa.float64(),
    "score": pa.float64(),
    "probability": pa.float64(),
    "expected_revenue": pa.float64(),
    "reasons": pa.list_(REASON),
    "similar": SIMILAR,
    **ADVICE,
}

_TIMES = ("lodged_at", "arrival_at")

# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection"); the full-width
# forms are read alike by East Asian editions, and blanks before the sign do not stop them.
_FORMULA_SIGNS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001


def write_shortlist(lines: pd.DataFrame, output: Path, *, header: ShortlistHeader) -> None:
    """Write `shortlist.parquet`, `.csv`, `.xlsx` and `.html` into a folder, whole or not at all.

    Parameters
    ----------
    lines
        From `targeting.shortlist.pointers.add_advice`. Not changed.
    output
        The folder to create, or to replace if an earlier list stands there.
    header
        What stands above the list.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds something else.
    """
    with staged_folder(output) as stage:
        _write_parquet(lines, stage / "shortlist.parquet", header=header)
        _write_csv(lines, stage / "shortlist.csv", header=header)
        write_workbook(lines, stage / "shortlist.xlsx", header=header)
        write_page(lines, stage / "shortlist.html", header=header)


def _write_parquet(lines: pd.DataFrame, path: Path, *, header: ShortlistHeader) -> None:
    # The zone is in the column's type; the instants themselves are handed over in UTC.
    utc = {name: lines[name].dt.tz_convert(None).to_numpy() for name in _TIMES}
    lines = lines.assign(where_to_look=lines["where_to_look"].map(looks_in_english))
    arrays = {
        name: pa.array(utc.get(name, lines[name]), type=kind, from_pandas=True)
        for name, kind in (_DRAWN | _fact_types(header.settings.time_zone)).items()
    }
    pq.write_table(pa.table(arrays), path, compression="zstd")


def _fact_types(zone: str) -> dict[str, pa.DataType]:
    types = {name: DECLARATIONS[name].arrow for name in FACTS}
    local = pa.timestamp("us", tz=zone)
    return types | dict.fromkeys(_TIMES, local)


def _write_csv(lines: pd.DataFrame, path: Path, *, header: ShortlistHeader) -> None:
    """Write for a spreadsheet: byte-order mark, local times, no cell that is a formula.

    In English its first row holds the names of the columns, which programs read; in another
    language it holds the titles of the workbook, which people read.
    """
    plain = [name for name in (*COLUMNS, *ADVICE, *FACTS) if name != "similar"]
    cells = pd.DataFrame({name: lines[name] for name in plain}).assign(
        reasons=[
            reasons_text(cell, selected_by=by, language=header.language, separator=" | ")
            for cell, by in zip(lines["reasons"], lines["selected_by"], strict=True)
        ],
        points_to=[
            points_text(cell, reasons, language=header.language)
            for cell, reasons in zip(lines["points_to"], lines["reasons"], strict=True)
        ],
        where_to_look=[look_text(cell, separator=" | ") for cell in lines["where_to_look"]],
        **{name: lines[name].dt.strftime("%Y-%m-%d %H:%M") for name in _TIMES},
    )
    texts = cells.apply(lambda column: column.map(disarmed))
    if header.language.code != ENGLISH.code:
        texts = texts.rename(columns=titles(header))
    texts.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def disarmed(cell: object) -> object:
    """Put an apostrophe before a text a spreadsheet would run as a formula.

    Parameters
    ----------
    cell
        Any cell. Numbers pass: a minus before a score is a minus.

    Examples
    --------
    >>> disarmed("=1+1"), disarmed(" @SUM(A1)"), disarmed("shoes"), disarmed(-2.5)
    ("'=1+1", "' @SUM(A1)", 'shoes', -2.5)
    """
    if not isinstance(cell, str):
        return cell
    risky = cell.startswith(_FORMULA_SIGNS) or cell.lstrip().startswith(_FORMULA_SIGNS)
    return f"'{cell}" if risky else cell
