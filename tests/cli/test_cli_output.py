"""Where a result cannot be written: told at once, and what stands there stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = ("simulate", "train", "score", "shortlist", "evaluate")


def _command(house, command: str, output: Path) -> list[str]:
    return {
        "simulate": ["simulate", "--preset", "small", "--output", str(output)],
        "train": house.train(output),
        "score": house.score(output),
        "shortlist": house.draw(output),
        "evaluate": house.judge(output),
    }[command]


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("command", WRITERS)
def test_a_file_as_the_parent(call, house, tmp_path, command):
    parent = tmp_path / "file"
    parent.write_text("mine", encoding="utf-8")
    ended = call(*_command(house, command, parent / "result.parquet"))
    assert "the result cannot be written" in ended.error()
    assert _contents(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize("command", [one for one in WRITERS if one != "score"])
def test_a_file_where_a_folder_should_be(call, house, tmp_path, command):
    place = tmp_path / "file"
    place.write_text("mine", encoding="utf-8")
    ended = call(*_command(house, command, place))
    assert "a folder was to be written, but a file stands there" in ended.error()
    assert _contents(tmp_path) == {"file": b"mine"}


def test_a_folder_where_the_scores_should_be(call, house, tmp_path):
    place = tmp_path / "folder.parquet"
    place.mkdir()
    told = call(*house.score(place)).error()
    assert "a file was to be written, but a folder stands there" in told


@pytest.mark.parametrize("command", [one for one in WRITERS if one != "score"])
@pytest.mark.parametrize("hidden", [False, True], ids=["other files", "a repository"])
def test_a_folder_with_files_of_others(call, house, tmp_path, command, hidden):
    place = tmp_path / "mine"
    place.mkdir()
    (place / "letter.txt").write_text("mine", encoding="utf-8")
    if hidden:
        (place / ".git").mkdir()
        for mark in ("metrics.json", "manifest.json", "declarations.parquet", "shortlist.parquet"):
            (place / mark).write_text("mine", encoding="utf-8")
    before = _contents(tmp_path)
    ended = call(*_command(house, command, place))
    assert "holds files this command did not write and will not delete" in ended.error()
    assert _contents(tmp_path) == before


@pytest.mark.parametrize("command", ["shortlist", "evaluate"])
@pytest.mark.parametrize("kind", ["tables", "bundle"])
def test_a_result_never_replaces_one_of_another_kind(call, house, command, kind):
    place = getattr(house, kind)
    before = _contents(place)
    ended = call(*_command(house, command, place))
    assert "holds files this command did not write and will not delete" in ended.error()
    assert _contents(place) == before


def test_a_result_replaces_an_earlier_one_of_its_kind(call, house, tmp_path):
    first, second = (call(*house.draw(tmp_path / "list")) for _ in range(2))
    assert (first.code, second.code) == (0, 0)
    assert sorted(path.name for path in (tmp_path / "list").iterdir()) == [
        *("shortlist.csv", "shortlist.html", "shortlist.parquet", "shortlist.xlsx")
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["list"]


def test_an_unwritable_place_for_findings(call, house, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    ended = call("check", house.tables, "--report", tmp_path / "file" / "found.json")
    assert "the result cannot be written" in ended.error()
    assert "The tables keep the contract" in ended.out
