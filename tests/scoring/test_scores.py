"""The scores file: written, read, and refused when something in it is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
import pytest

from targeting.config import FeatureSettings
from targeting.errors import ContractError, InputError, OutputError
from targeting.scoring.scores import (
    SCHEMA,
    Scores,
    ScoresInfo,
    read_scores,
    stream_scores,
    write_scores,
)  # fmt: skip
from targeting.tables.folder import from_frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INFO = ScoresInfo("abcdef012345", "2024-03-15", "Asia/Baku", "EUR")

REASONS = [
    {"text": "duty rate: 15%", "feature": "duty_rate_pct", "family": "goods and price",
     "contribution": 0.25, "subject": "duty_rate_pct", "indicators": [55], "key": "",
     "phrase": '{"say":"duty rate: {rate}","with":{"rate":{"percent":0.15}}}'},
    {"text": 'said "so", and more', "feature": "pace", "family": "party", "contribution": -0.1,
     "subject": "consignee history", "indicators": [], "key": "consignee",
     "phrase": '{"say":"said"}'},
]  # fmt: skip


@pytest.fixture
def scores() -> Scores:
    rows = pd.DataFrame(
        {
            "declaration_id": ["001", "D,2", "NA"],
            "lodged_at": pd.to_datetime(
                ["2024-03-15T00:00:00.000001", "2024-03-15T12:00", "2024-03-16"],
                utc=True,
                format="ISO8601",
            ).as_unit("us"),
            "office_id": ["NA", "007", "AZALA"],
            "score": [0.1 + 0.2, -2.013308712450297, 1e-300],
            "probability": [1 / 3, 0.11781312345678901, 0.5],
            "expected_revenue": [1979.4807321234567, float("nan"), 0.0],
            "reasons": pd.Series([REASONS, None, []], dtype="object"),
        }
    )
    return Scores(rows, INFO)


def as_lists(rows: pd.DataFrame) -> list[list[dict[str, object]] | None]:
    return [None if told is None else [_plain(one) for one in told] for told in rows["reasons"]]


def _plain(reason: dict[str, object]) -> dict[str, object]:
    return reason | {"indicators": list(reason.get("indicators", ()))}


def test_parquet_comes_back_to_the_bit(scores: Scores, tmp_path: Path) -> None:
    write_scores(scores, tmp_path / "scores.parquet")
    back = read_scores(tmp_path / "scores.parquet")

    assert back.info == INFO
    pd.testing.assert_frame_equal(
        back.rows[SCHEMA.names], scores.rows[SCHEMA.names], check_exact=True
    )
    assert as_lists(back.rows) == [REASONS, None, []]


def test_csv_comes_back_to_the_bit_with_the_sentences(scores: Scores, tmp_path: Path) -> None:
    write_scores(scores, tmp_path / "scores.csv")
    back = read_scores(tmp_path / "scores.csv").rows

    for name in ("declaration_id", "office_id", "score", "probability", "expected_revenue"):
        assert back[name].astype(object).fillna("none").tolist() == (
            scores.rows[name].astype(object).fillna("none").tolist()
        )
    assert back["lodged_at"].tolist() == scores.rows["lodged_at"].tolist()
    told = as_lists(back)
    assert [reason["text"] for reason in told[0] or []] == [
        "duty rate: 15%", 'said "so", and more',
    ]  # fmt: skip
    assert told[1] is None


def test_the_same_scores_are_the_same_bytes(scores: Scores, tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet", "a.csv", "b.csv"):
        write_scores(scores, tmp_path / name)

    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("cuts", [[1], [2], [1, 2], [0, 0, 3], [3]])
def test_how_rows_are_cut_into_parts_changes_no_byte(
    scores: Scores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuts: list[int], suffix: str
) -> None:
    monkeypatch.setattr("targeting.scoring.scores.GROUP_ROWS", 2)
    ends = [0, *cuts, len(scores.rows)]
    parts = [scores.rows.iloc[one:end] for one, end in pairwise(ends)]

    written = stream_scores(iter(parts), INFO, tmp_path / f"parts{suffix}")
    write_scores(scores, tmp_path / f"whole{suffix}")

    assert written == len(scores.rows)
    whole = (tmp_path / f"whole{suffix}").read_bytes()
    assert (tmp_path / f"parts{suffix}").read_bytes() == whole
    if suffix == ".parquet":
        assert pq.read_metadata(tmp_path / "parts.parquet").num_row_groups == 2


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
def test_a_part_that_fails_leaves_what_was_there(scores: Scores, tmp_path: Path, name: str) -> None:
    def parts() -> Iterator[pd.DataFrame]:
        yield scores.rows
        raise ContractError("made up", where="here", found="this", do="Nothing.")

    (tmp_path / name).write_text("what was there")
    with pytest.raises(ContractError, match="made up"):
        stream_scores(parts(), INFO, tmp_path / name)

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "what was there"


def test_writing_changes_nothing_in_memory(scores: Scores, tmp_path: Path) -> None:
    before = scores.rows.copy(deep=True)
    write_scores(scores, tmp_path / "scores.csv")
    write_scores(scores, tmp_path / "scores.parquet")

    pd.testing.assert_frame_equal(scores.rows, before)


def test_a_folder_in_the_place_of_the_file_is_refused(scores: Scores, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="a folder stands there"):
        write_scores(scores, tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing of that name"):
        read_scores(tmp_path / "nothing.parquet")
    with pytest.raises(InputError, match="a folder"):
        read_scores(tmp_path)


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00not a table"])
def test_something_else_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InputError, match=r"not readable (Parquet|CSV)"):
        read_scores(tmp_path / name)


@pytest.mark.parametrize("about", [b"not JSON", b'{"speed": 3}', b"[]"])
def test_metadata_of_another_program_is_refused(
    scores: Scores, tmp_path: Path, about: bytes
) -> None:
    path = tmp_path / "scores.parquet"
    write_scores(scores, path)
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({b"targeting": about}), path)

    with pytest.raises(InputError, match="not readable Parquet of this version"):
        read_scores(path)


def test_parquet_without_metadata_is_scores_of_an_unnamed_model(
    scores: Scores, tmp_path: Path
) -> None:
    path = tmp_path / "scores.parquet"
    pq.write_table(from_frame(scores.rows[SCHEMA.names]).cast(SCHEMA), path)

    assert read_scores(path).info == ScoresInfo()


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.drop(columns="probability"), "column probability is missing"),
        (lambda rows: rows.drop(columns=["score", "lodged_at"]), "lodged_at is missing; column sc"),
        (lambda rows: rows.assign(score=[1.0, float("nan"), 2.0]), "1 values of score are not"),
        (lambda rows: rows.assign(score=[1.0, float("inf"), 2.0]), "1 values of score are not"),
        (lambda rows: rows.assign(probability=["high"] * 3), "3 values of probability are not"),
        (lambda rows: rows.assign(declaration_id=["a", "b", "a"]), "1 declarations stand there"),
    ],
)
def test_unsound_scores_are_refused(
    scores: Scores, tmp_path: Path, name: str, change: object, words: str
) -> None:
    rows = change(scores.rows.drop(columns="reasons"))  # pyright: ignore
    path = tmp_path / name
    rows.to_csv(path, index=False) if path.suffix == ".csv" else rows.to_parquet(path)

    with pytest.raises(ContractError, match=words):
        read_scores(path)


def test_precedents_and_what_the_model_looks_at_come_back(scores: Scores, tmp_path: Path) -> None:
    line = {
        "declaration_id": "D-1", "lodged_day": date(2024, 3, 1), "known_day": date(2024, 3, 4),
        "office_id": "AZALA", "hs_code": "640411", "result": "hit", "offence": None,
        "revenue": None, "selected_by": "rule", "similarity": 0.75,
    }  # fmt: skip
    similar = [
        {"lines": [line], "among": 20, "hits": 6},
        None,
        {"lines": [], "among": 0, "hits": 0},
    ]
    info = replace(INFO, features=FeatureSettings(half_lives_days=(30.0,)))
    told = Scores(scores.rows.assign(similar=pd.Series(similar, dtype="object")), info)

    write_scores(told, tmp_path / "scores.parquet")
    write_scores(told, tmp_path / "scores.csv")

    back = read_scores(tmp_path / "scores.parquet")
    assert back.info == info
    first, none, empty = back.rows["similar"]
    assert (first["among"], first["hits"], list(first["lines"])) == (20, 6, [line])
    assert none is None
    assert len(empty["lines"]) == 0
    assert "similar" not in read_scores(tmp_path / "scores.csv").rows
