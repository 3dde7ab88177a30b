"""A language is an option: reasons in the scores file, and a list from any scores file."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq

from targeting.language import Phrase


def texts(path) -> list[str]:
    told = pd.read_parquet(path)["reasons"].dropna()
    return [reason["text"] for line in told for reason in line]


def cyrillic(text: str) -> bool:
    return any("\u0400" <= letter <= "\u04ff" for letter in text)


def test_scores_in_russian_differ_from_english_ones_by_their_texts_alone(call, house, tmp_path):
    ended = call(*house.score(tmp_path / "ru.parquet"), "--language", "ru")

    assert ended.code == 0, ended.err
    written = [pq.read_table(one) for one in (house.scores, tmp_path / "ru.parquet")]
    rest = [table.drop_columns("reasons") for table in written]
    assert rest[0].equals(rest[1])
    english, russian = (table.to_pandas() for table in written)
    assert not any(map(cyrillic, texts(house.scores)))
    assert all(map(cyrillic, texts(tmp_path / "ru.parquet")))
    told = [one for line in english["reasons"].dropna() for one in line]
    assert [one["phrase"] for one in told] == [
        one["phrase"] for line in russian["reasons"].dropna() for one in line
    ]
    assert {one["key"] for one in told} >= {"", "consignee"}
    assert any(len(one["indicators"]) for one in told)
    assert all(Phrase.from_json(one["phrase"]).message for one in told)


def test_one_scores_file_gives_lists_in_both_languages(call, house, tmp_path):
    ended = call(*house.draw(tmp_path / "list"), "--language", "ru")

    assert ended.code == 0, ended.err
    page = (tmp_path / "list" / "shortlist.html").read_text(encoding="utf-8")
    assert '<html lang="ru">' in page
    assert "Список на досмотр" in page
    english = (house.shortlist / "shortlist.parquet").read_bytes()
    assert (tmp_path / "list" / "shortlist.parquet").read_bytes() == english


def test_an_unknown_language_is_refused_before_anything_is_read(call, house, outside):
    for arguments in (house.score(outside / "s.parquet"), house.draw(outside / "list")):
        ended = call(*arguments, "--language", "klingon")
        assert ended.code == 1
        assert "there is no such language. Found: 'klingon'." in ended.error()
        assert "en, ru" in ended.error()


def test_a_third_language_is_a_file_in_a_folder(call, house, tmp_path):
    folder = tmp_path / "languages"
    folder.mkdir()
    (folder / "tr.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Examination shortlist"\nmsgstr "Muayene listesi"\n',
        encoding="utf-8",
    )

    ended = call(*house.draw(tmp_path / "list"), "--language", "tr", "--languages", folder)

    assert ended.code == 0, ended.err
    page = (tmp_path / "list" / "shortlist.html").read_text(encoding="utf-8")
    assert "<h1>Muayene listesi</h1>" in page
