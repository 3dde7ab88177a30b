"""`targeting explain`: one line in the terminal, and an id that is not repeated."""

from __future__ import annotations

import pandas as pd
from tests.cli.conftest import House, program


def asked(house: House, name: str, *more: str) -> list[str]:
    return [
        *("explain", "--model", str(house.bundle), "--tables", str(house.tables)),
        *("--declaration", name, *more),
    ]


def test_one_line_is_told_with_what_stands_behind_it(house: House) -> None:
    scores = pd.read_parquet(house.scores)
    row = scores[scores["reasons"].notna()].nlargest(1, "score").iloc[0]

    ended = program(*asked(house, row["declaration_id"]), cwd=house.folder)

    told = " ".join(ended.out.split())
    assert ended.code == 0, ended.err
    assert f"Declaration {row['declaration_id']}, office {row['office_id']}, lodged" in told
    assert all(reason["text"] in told for reason in row["reasons"])
    assert f"examined before, {row['similar']['hits']:.0f} were hits" in told
    assert "examined before" in told
    assert "The officer decides" in told
    assert row["declaration_id"] not in ended.err


def test_a_declaration_that_is_not_there_is_one_paragraph_without_its_id(house: House) -> None:
    ended = program(*asked(house, "NOBODY-77"), cwd=house.folder)

    assert "none of " in ended.error()
    assert "NOBODY-77" not in ended.text


def test_the_line_is_told_in_russian(house: House) -> None:
    name = pd.read_parquet(house.scores)["declaration_id"][0]

    ended = program(*asked(house, name, "--language", "ru"), cwd=house.folder)

    assert ended.code == 0, ended.err
    assert f"Декларация {name}, пост " in ended.out
