from __future__ import annotations

import csv
import hashlib
import re
from base64 import b64encode
from datetime import date
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.errors import OutputError
from targeting.language import ENGLISH
from targeting.shortlist.exports import disarmed, write_shortlist

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from targeting.shortlist.report import ShortlistHeader

FORMULA = '=HYPERLINK("http://example.org","click")'
SCRIPT = "<script>alert('x')</script>"
FILES = ["shortlist.csv", "shortlist.html", "shortlist.parquet", "shortlist.xlsx"]


@pytest.fixture
def output(lines: pd.DataFrame, header: ShortlistHeader, tmp_path: Path) -> Path:
    write_shortlist(lines, tmp_path / "list", header=header)
    return tmp_path / "list"


@pytest.fixture
def sheet(output: Path) -> Worksheet:
    return openpyxl.load_workbook(output / "shortlist.xlsx")["Shortlist"]


def by_title(sheet: Worksheet, row: int) -> dict[str, object]:
    return {str(title.value): cell.value for title, cell in zip(sheet[1], sheet[row], strict=True)}


def row_of(sheet: Worksheet, declaration: str) -> dict[str, object]:
    rows = [by_title(sheet, row) for row in range(2, sheet.max_row + 1)]
    return next(row for row in rows if row["Declaration"] == declaration)


def test_four_files_and_nothing_else(output: Path) -> None:
    assert sorted(path.name for path in output.iterdir()) == FILES
    assert [path.name for path in output.parent.iterdir() if path.name.startswith(".")] == []


def test_the_same_list_gives_the_same_bytes(
    lines: pd.DataFrame, header: ShortlistHeader, output: Path
) -> None:
    first = {name: (output / name).read_bytes() for name in FILES}
    write_shortlist(lines, output, header=header)
    assert {name: (output / name).read_bytes() for name in FILES} == first


def test_parquet_is_typed(output: Path) -> None:
    table = pq.read_table(output / "shortlist.parquet")
    types = {field.name: field.type for field in table.schema}
    assert types["rank"] == pa.int64()
    assert types["day"] == pa.date32()
    assert types["selection_probability"] == pa.float64()
    assert types["arrival_at"] == pa.timestamp("us", tz="Asia/Baku")
    assert types["package_count"] == pa.int64()
    assert types["seal_id"] == pa.string()
    first = {row["declaration_id"]: row for row in table.to_pylist()}["D-01"]
    assert first["lodged_at"].isoformat() == "2025-03-01T07:00:00+04:00"
    assert [reason["contribution"] for reason in first["reasons"]] == [1.42, 0.91, -0.35]


def test_csv_opens_in_excel_and_runs_nothing(output: Path) -> None:
    raw = (output / "shortlist.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert len(rows) == 8
    cells = [(name, cell) for row in rows for name, cell in row.items()]
    risky = [name for name, cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert set(risky) <= {"score"}, "only numbers of ours may begin with a minus"
    found = {cell for _, cell in cells}
    assert {f"'{FORMULA}", "'@SUM(A1)", "'+994", SCRIPT} <= found
    first = next(row for row in rows if row["declaration_id"] == "D-01")
    assert first["hs_code"] == "0640411900"
    assert first["lodged_at"] == "2025-03-01 07:00"
    assert first["reasons"].startswith("Consignee was first seen 3 days before lodging. | Declared")


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", " =1", "\t=1", "\uff1d1"]
)
def test_formula_signs_are_disarmed(text: str) -> None:
    assert disarmed(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["shoes", "a=b", "", None, -1.5, 7])
def test_other_cells_stay(cell: object) -> None:
    assert disarmed(cell) == cell


def test_workbook_cells_have_their_types(sheet: Worksheet) -> None:
    row = row_of(sheet, "D-01")
    assert isinstance(row["No."], int)
    assert row["Day"] == pd.Timestamp("2025-03-01")
    assert row["Probability"] == 0.34
    assert row["Chance of a find"] == "about 1 in 3"
    assert row["HS code"] == "0640411900"
    assert row["Lodged (Asia/Baku)"] == pd.Timestamp("2025-03-01T07:00")
    assert row["Customs value (EUR)"] == 28400.0
    assert row["Packages"] == 1200
    assert str(row["Why"]).splitlines() == [
        "Consignee was first seen 3 days before lodging.",
        "Declared value per kg is 38% of the usual 4.10 EUR for these goods.",
        "Against: Carrier was clear in 212 of 214 examinations.",
    ]
    ordered = row_of(sheet, "D-08")
    assert ordered["Chosen by"] == "mandatory"
    assert ordered["Packages"] is None
    assert str(ordered["Why"]).startswith("Ordered: ")


def test_workbook_runs_nothing(output: Path) -> None:
    book = openpyxl.load_workbook(output / "shortlist.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert FORMULA in {cell.value for cell in cells}
    assert {cell.data_type for cell in cells if cell.value == FORMULA} == {"s"}
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]


def test_workbook_view_and_print(sheet: Worksheet) -> None:
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == sheet.dimensions
    assert sheet.page_setup.orientation == "landscape"
    assert int(sheet.page_setup.paperSize) == 9
    # One page wide is the format's default and left unsaid; 0 is as many pages as it takes.
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToWidth in {None, 1}
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == "$1:$1"
    assert "2 offices, 1 March 2025 to 2 March 2025" in str(sheet.oddHeader.center.text)
    assert "&P" in str(sheet.oddHeader.right.text) or "Page" in str(sheet.oddHeader.right.text)
    # A new page before the first line of the second and of the third office-day.
    assert [brk.id for brk in sheet.row_breaks.brk] == [4, 6]
    titles = [str(cell.value) for cell in sheet[1]]
    last_printed = sheet.cell(1, titles.index("Remarks") + 1).column_letter
    assert f"${last_printed}$9" in str(sheet.print_area)
    kinds = [rule.type for rules in sheet.conditional_formatting for rule in rules.rules]
    assert kinds == ["dataBar"]


def test_workbook_columns_to_fill(sheet: Worksheet) -> None:
    titles = {cell.column_letter: str(cell.value) for cell in sheet[1]}
    rules = {
        titles[str(rule.sqref).split(":")[0].rstrip("0123456789")]: rule
        for rule in sheet.data_validations.dataValidation
    }
    assert set(rules) == {"Examined?", "Examined at (Asia/Baku)", "Result", "Offence"}
    assert rules["Examined?"].formula1 == '"yes,no"'
    assert rules["Result"].formula1 == '"hit,clear"'
    assert (rules["Result"].errorStyle or "stop") == "stop"
    assert "undervaluation" in rules["Offence"].formula1
    assert rules["Offence"].errorStyle == "information"
    row = row_of(sheet, "D-01")
    for title in (*rules, "Seal found", "Remarks"):
        assert row[title] is None


def test_workbook_tells_how_to_read_it(output: Path) -> None:
    guide = openpyxl.load_workbook(output / "shortlist.xlsx")["How to read this"]
    told = {str(row[0].value): row[1].value for row in guide.iter_rows(min_row=3)}
    assert told["Model"] == "3f9ac1d20b77, results known before 14 February 2025"
    assert told["Capacity"] == "3 examinations per office and day"
    assert told["Rule"] == "The officer decides; the score never seizes or releases."
    assert told["Note"].endswith("not on this list: 1.")
    assert {"Why", "Chance in the lot", "Seal found"} <= set(told)


def test_workbook_is_dated_by_the_list(output: Path) -> None:
    book = openpyxl.load_workbook(output / "shortlist.xlsx")
    assert book.properties.created == pd.Timestamp("2025-03-02")


def test_a_text_longer_than_a_cell_is_cut_visibly(
    lines: pd.DataFrame, header: ShortlistHeader, tmp_path: Path
) -> None:
    write_shortlist(lines.assign(goods_description="x" * 40_000), tmp_path / "l", header=header)
    sheet = openpyxl.load_workbook(tmp_path / "l" / "shortlist.xlsx")["Shortlist"]
    goods = str(by_title(sheet, 2)["Goods"])
    assert len(goods) == 32_767
    assert goods.endswith("x…")


@pytest.mark.parametrize(
    "odd", ["\x00\x0b\x1f", "\ufffe\uffff", "a\u2028b", "\x7f\x85", "]]>&amp;"]
)
def test_odd_characters_break_no_file(
    lines: pd.DataFrame, header: ShortlistHeader, tmp_path: Path, odd: str
) -> None:
    write_shortlist(lines.assign(goods_description=odd), tmp_path / "l", header=header)
    sheet = openpyxl.load_workbook(tmp_path / "l" / "shortlist.xlsx")["Shortlist"]
    assert sheet.max_row == 9
    assert by_title(sheet, 9)["Declaration"]
    page = Page()
    page.feed((tmp_path / "l" / "shortlist.html").read_text(encoding="utf-8"))
    assert [tag for tag, _ in page.tags].count("section") == 3


class Page(HTMLParser):
    """Collect what a browser would: tags with their attributes, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def html(output: Path) -> str:
    return (output / "shortlist.html").read_text(encoding="utf-8")


@pytest.fixture
def page(html: str) -> Page:
    parsed = Page()
    parsed.feed(html)
    return parsed


def test_page_escapes_what_declarations_say(html: str, page: Page) -> None:
    assert html.count("<script>") == 1
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in html
    assert SCRIPT in page.texts
    assert [tag for tag, _ in page.tags].count("script") == 1


def test_page_runs_only_its_own_style_and_script(html: str, page: Page) -> None:
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert inside is not None
        digest = b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in html
    assert "default-src 'none'" in html
    assert not [attrs for _, attrs in page.tags if attrs.keys() & {"style", "onclick", "onload"}]


def test_page_needs_no_network(html: str, page: Page) -> None:
    assert not [attrs for _, attrs in page.tags if attrs.keys() & {"src", "href", "srcset"}]
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_page_is_accessible(page: Page) -> None:
    tags = page.tags
    assert ("html", {"lang": "en"}) in tags
    headers = [attrs for tag, attrs in tags if tag == "th"]
    assert headers
    assert all(attrs["scope"] in {"col", "row", "colgroup"} for attrs in headers)
    assert [attrs["aria-label"] for tag, attrs in tags if tag == "table"] == [
        "AZ001, 1 March 2025",
        "AZ001, 2 March 2025",
        "TM014, 1 March 2025",
    ]


def test_page_tells_risk_reasons_and_rule(page: Page) -> None:
    words = " ".join(text.strip() for text in page.texts)
    assert "The officer decides; the score never seizes or releases." in words
    for text in ("about 1 in 3", "34%", "Drawn by lot", "Ordered", "Highest risk", "MSKU1234565"):
        assert text in words
    strongest = page.texts.index("Consignee was first seen 3 days before lodging.")
    assert page.texts[strongest:].index("Against:") > 1
    assert "3 of 4 lines" in words


def test_page_filters_by_office_and_day(page: Page) -> None:
    sections = [attrs for tag, attrs in page.tags if tag == "section"]
    assert [(one["data-office"], one["data-day"]) for one in sections] == [
        ("AZ001", "2025-03-01"),
        ("AZ001", "2025-03-02"),
        ("TM014", "2025-03-01"),
    ]
    days = [attrs.get("value") for tag, attrs in page.tags if tag == "option"]
    assert days[-3:] == ["", "2025-03-01", "2025-03-02"]


def test_a_strangers_folder_is_left_alone(
    lines: pd.DataFrame, header: ShortlistHeader, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(OutputError, match="holds files this command did not write"):
        write_shortlist(lines, tmp_path / "home", header=header)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]


def test_nothing_half_written_where_nothing_can_be(
    lines: pd.DataFrame, header: ShortlistHeader, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="the result cannot be written"):
        write_shortlist(lines, tmp_path / "file" / "list", header=header)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "tables"]


def test_an_earlier_list_survives_a_failure(
    lines: pd.DataFrame, header: ShortlistHeader, output: Path
) -> None:
    before = {name: (output / name).read_bytes() for name in FILES}
    with pytest.raises(KeyError, match="seal_id"):
        write_shortlist(lines.drop(columns="seal_id"), output, header=header)
    assert {name: (output / name).read_bytes() for name in FILES} == before


def test_header_says_the_last_day(header: ShortlistHeader) -> None:
    assert header.last_day == date(2025, 3, 2)
    assert ENGLISH.say(header.policy_words) == (
        "Up to 3 lines per office and day, 25% of them on average drawn by lot; "
        "mandatory orders first, the rest by chance of a find."
    )
