"""A list in Russian: nothing of it stays English, and its results come back as any list's."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from targeting.config import AdviceSettings, ShortlistSettings
from targeting.errors import ConfigError, InputError
from targeting.ingest import SourceSettings, ingest
from targeting.language import Amount, Language, Phrase, counted, say
from targeting.shortlist.columns import WORK
from targeting.shortlist.exports import write_shortlist
from targeting.shortlist.make import make_shortlist
from targeting.shortlist.pointers import add_advice
from targeting.shortlist.words import reasons_in_words

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from targeting.scoring.scores import Scores
    from targeting.shortlist.report import ShortlistHeader
    from targeting.tables.folder import TablesFolder

RUSSIAN = Language.named("ru")


def kept(phrase: Phrase, contribution: float) -> dict[str, object]:
    """A reason as a scores file holds it."""
    text = Language.named("en").say(phrase)
    return {"text": text, "phrase": phrase.to_json(), "contribution": contribution}


REASONS = [
    kept(
        counted(
            "{who}: never seen before; 0 of {n} earlier declaration at this office",
            "{who}: never seen before; 0 of {n} earlier declarations at this office",
            18_402, who=say("this consignor"),
        ),
        0.9,
    ),
    kept(say("declared at {amount} per kg", amount=Amount(3.1)), -0.4),
]  # fmt: skip


def advised(facts: pd.DataFrame, language: str) -> pd.DataFrame:
    told = facts.assign(reasons=[REASONS] * len(facts))
    return add_advice(told, facts, advice=AdviceSettings(), language=language)


@pytest.fixture
def russian(facts: pd.DataFrame, header: ShortlistHeader, tmp_path: Path) -> Path:
    told = advised(facts, "ru")
    write_shortlist(told, tmp_path / "ru", header=replace(header, language=RUSSIAN))
    return tmp_path / "ru"


class Words(HTMLParser):
    """The words a reader sees: text and labels, no style and no script."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in {"style", "script"}
        shown = dict(attrs)
        self.words += [value for name in ("aria-label", "data-words") if (value := shown.get(name))]

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


# Words of codes, of the fixtures' declarations and of file formats; everything else is ours.
_FOREIGN = """
Excel Asia Baku EUR HYPERLINK http example org click script alert x Footwear with outer soles of
rubber Tiles ceramic Caspian Trading LLC Orta Yol Import Bahar Co Ningbo Everbright Export Ltd CN
TR AZ TM CNNGB TRMER MSKU SUM A B C D G M ML NGB FCL LCL MERCURI TRAIN f ac d b
"""
FOREIGN = frozenset(_FOREIGN.split())


def test_the_page_is_russian_from_title_to_footer(russian: Path) -> None:
    html = (russian / "shortlist.html").read_text(encoding="utf-8")
    page = Words()
    page.feed(html)
    text = " ".join(" ".join(page.words).split())

    assert '<html lang="ru">' in html
    assert set(re.findall(r"[A-Za-z]+", text)) <= FOREIGN
    for words in (
        "Список на досмотр", "Решает инспектор", "примерно 1 из 3", "34\xa0%", "По жребию",
        "суббота, 1 марта 2025", "3 из 4 строк", "18\xa0450 кг брутто, 17\xa0200 кг нетто",
        "этот отправитель: первое появление; 0 из 18\xa0402 прежних деклараций этого поста",
        "Снижает риск:", "заявлено 3,10 за кг",
    ):  # fmt: skip
        assert words.replace("\xa0", " ") in text.replace("\xa0", " "), words
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert 'content: "Стр. " counter(page) " из " counter(pages) ""' in style
    assert 'content: "№ "' in style
    assert "{number}" not in style


def test_the_workbook_is_russian_but_its_choices_are_codes(russian: Path) -> None:
    book = openpyxl.load_workbook(russian / "shortlist.xlsx")

    assert book.sheetnames[:2] == ["Список", "Как читать"]
    assert book.worksheets[2].sheet_state == "veryHidden"
    sheet = book["Список"]
    titles = [str(cell.value) for cell in sheet[1]]
    assert {"№", "Пост", "Декларация", "Время досмотра (Asia/Baku)", "Почему"} <= set(titles)
    row = dict(zip(titles, (cell.value for cell in sheet[2]), strict=True))
    assert str(row["Почему"]).splitlines()[1] == "Снижает риск: заявлено 3,10 за кг"
    rules = {titles[next(iter(one.sqref.ranges)).min_col - 1]: one for one in _rules(sheet)}
    assert rules["Результат"].formula1 == '"hit,clear"'
    assert rules["Результат"].error == "Одно из: hit, clear."
    guide = {str(cell[0].value): cell[1].value for cell in book["Как читать"].iter_rows(min_row=3)}
    assert guide["Модель"] == "3f9ac1d20b77, результаты, известные до 14 февраля 2025\xa0\u0433."
    assert guide["Досмотров в день"] == "3 досмотра на пост в день"
    latin = [set(re.findall(r"[A-Za-z]{3,}", str(told))) for told in guide.values() if told]
    assert set().union(*latin) <= FOREIGN | {
        "hit", "clear", "yes", "mandatory", "random", "model", "AWB", "CMR", "ISO", "LOCODE",
        "empty", "alpha",
    }  # fmt: skip


def _rules(sheet: Any) -> list[Any]:
    return sheet.data_validations.dataValidation


def test_the_csv_is_headed_as_the_workbook(russian: Path) -> None:
    raw = (russian / "shortlist.csv").read_text(encoding="utf-8-sig")
    first = next(csv.DictReader(raw.splitlines()))

    assert first["Пост"] == "AZ001"
    assert first["Почему"].endswith(" | Снижает риск: заявлено 3,10 за кг")
    assert not [name for name in first if re.search(r"[a-z_]{4,}", name)]
    assert len(set(first)) == len(first)


def test_the_parquet_is_the_same_in_every_language(
    facts: pd.DataFrame, header: ShortlistHeader, russian: Path, tmp_path: Path
) -> None:
    write_shortlist(advised(facts, "en"), tmp_path / "en", header=header)

    english = (tmp_path / "en" / "shortlist.parquet").read_bytes()
    assert (russian / "shortlist.parquet").read_bytes() == english


def results_of(form: dict[str, Any]) -> SourceSettings:
    """A mapping that takes results back from the workbook, by its English titles."""
    return SourceSettings.model_validate(
        {
            "name": "list",
            "time_zone": "Asia/Baku",
            "format": {"kind": "xlsx"} | form,
            "declarations": {
                "columns": {
                    "declaration_id": "Declaration",
                    "lodged_at": "Lodged (Asia/Baku)",
                    "flow": "Flow",
                    "transport_mode": "Mode",
                    "office_id": "Office",
                    "hs_code": "HS code",
                },
                "extra": "drop",
            },
            "inspections": {
                "derived": {
                    "label": {"from": "Result", "hit": ["hit"], "clear": ["clear"]},
                    "selected_by": "model",
                    "columns": {
                        "inspected_at": "Examined at (Asia/Baku)",
                        "result_known_at": "Examined at (Asia/Baku)",
                        "selected_by": "Chosen by",
                        "offence": {"from": "Offence", "optional": True},
                    },
                }
            },
        }
    )


@pytest.mark.parametrize("code", ["en", "ru"])
@pytest.mark.parametrize("form", [{}, {"sheet": "Shortlist"}], ids=["first sheet", "by name"])
def test_one_mapping_takes_results_back_in_every_language(
    lines: pd.DataFrame,
    header: ShortlistHeader,
    tmp_path: Path,
    *,
    code: str,
    form: dict[str, Any],
) -> None:
    write_shortlist(lines, tmp_path / "l", header=replace(header, language=Language.named(code)))
    book = openpyxl.load_workbook(tmp_path / "l" / "shortlist.xlsx")
    _fill(book.worksheets[0], 2, ("2025-03-02 10:30", "hit", "tobacco"))
    _fill(book.worksheets[0], 3, ("2025-03-02 11:00", "clear", None))
    book.save(tmp_path / "filled.xlsx")

    report = ingest(results_of(form), [tmp_path / "filled.xlsx"], tmp_path / "back")

    told = pq.read_table(tmp_path / "back" / "inspections.parquet").to_pylist()
    assert {(one["result"], one["offence"]) for one in told} == {
        ("hit", "tobacco"),
        ("clear", None),
    }
    assert report.declarations.quarantined == 0
    assert pq.read_metadata(tmp_path / "back" / "declarations.parquet").num_rows == len(lines)


def _fill(sheet: Any, row: int, values: tuple[str, str, str | None]) -> None:
    """Fill in what an officer fills in: time, result and offence, right of what is printed."""
    first = len(WORK) + 1
    for place, value in zip((first + 1, first + 2, first + 3), values, strict=True):
        sheet.cell(row, place).value = value


def test_the_language_is_that_of_the_settings(
    scores: Scores, tables: TablesFolder, tmp_path: Path
) -> None:
    settings = ShortlistSettings(language="ru", time_zone="Asia/Baku")
    make_shortlist(scores, tables, capacity=1, settings=settings, output=tmp_path / "list")

    page = (tmp_path / "list" / "shortlist.html").read_text(encoding="utf-8")
    assert "Список на досмотр" in page
    assert "Consignee was first seen 3 days before lodging." in page, "an older file has no phrase"


def test_a_language_that_is_not_there_leaves_nothing(
    scores: Scores, tables: TablesFolder, tmp_path: Path
) -> None:
    settings = ShortlistSettings(language="tlh")
    with pytest.raises(ConfigError, match=r"no such language.*en, ru"):
        make_shortlist(scores, tables, capacity=1, settings=settings, output=tmp_path / "list")
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def test_a_phrase_that_was_tampered_with_is_refused() -> None:
    cell = [{"text": "t", "contribution": 1.0, "phrase": '{"say":"{who}"}'}]
    with pytest.raises(InputError, match="a sentence cannot be read"):
        reasons_in_words(cell, selected_by="model", language=RUSSIAN)
