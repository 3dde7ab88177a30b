"""Each bad input gets one clear paragraph, exit code 1, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

Change = Callable[[pa.Table], pa.Table]
READERS = ("check", "train", "score", "shortlist", "evaluate")


def _as_text(name: str, text: str) -> Change:
    def change(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index(name)
        return table.set_column(at, name, pa.array([text] * table.num_rows))

    return change


def _tables(house, folder: Path, **changes: Change) -> Path:
    folder.mkdir()
    for name in ("declarations", "inspections"):
        table = pq.read_table(house.tables / f"{name}.parquet")
        change = changes.get(name, lambda one: one)
        pq.write_table(change(table), folder / f"{name}.parquet")
    return folder


def _flip(file: Path, start: int, stop: int) -> None:
    content = bytearray(file.read_bytes())
    content[start:stop] = bytes(byte ^ 0xFF for byte in content[start:stop])
    file.write_bytes(content)


def _command(house, command: str, tables: Path, results: Path) -> list[str]:
    """The command as it ran well, on other tables and towards another place."""
    lines = {
        "check": ["check", str(tables)],
        "train": [
            *("train", "--tables", str(tables), "--output", str(results / "bundle")),
            *("--config", str(house.config), "--no-track"),
        ],
        "score": house.score(results / "scores.parquet"),
        "shortlist": house.draw(results / "list"),
        "evaluate": house.judge(results / "report"),
    }
    return [str(tables) if word == str(house.tables) else word for word in lines[command]]


DAMAGES: dict[str, tuple[dict[str, Change], str]] = {
    "a required column is missing": (
        {"declarations": lambda table: table.drop_columns(["office_id"])},
        "declarations.office_id: required column missing",
    ),
    "a result column is missing": (
        {"inspections": lambda table: table.drop_columns(["result"])},
        "inspections.result: required column missing",
    ),
    "moments are text": (
        {"declarations": _as_text("lodged_at", "soon")},
        "declarations.lodged_at: wrong type: found string",
    ),
    "a number is text": (
        {"declarations": _as_text("customs_value", "lots")},
        "declarations.customs_value: wrong type: found string",
    ),
    "no declarations": (
        {"declarations": lambda table: table.slice(0, 0)},
        "declarations: the table has no rows",
    ),
    "both tables empty": (
        {
            "declarations": lambda table: table.slice(0, 0),
            "inspections": lambda table: table.slice(0, 0),
        },
        "declarations: the table has no rows",
    ),
}


@pytest.fixture(scope="session", params=DAMAGES, ids=str)
def damaged(request, house, tmp_path_factory) -> tuple[Path, str]:
    changes, told = DAMAGES[request.param]
    return _tables(house, tmp_path_factory.mktemp("damaged") / "tables", **changes), told


@pytest.mark.parametrize("command", READERS)
def test_tables_that_break_the_contract(call, house, damaged, outside, command):
    tables, told = damaged
    ended = call(*_command(house, command, tables, outside))
    if command == "check":  # its findings are its result
        assert (ended.code, ended.err.count("error: ")) == (1, 0)
        assert f"BREACH {told}" in ended.out
    else:
        assert told in ended.error()
        assert ended.out == ""


@pytest.mark.parametrize("command", READERS)
def test_a_file_instead_of_a_folder(call, house, outside, command):
    ended = call(*_command(house, command, house.scores, outside))
    assert "this is not a tables folder. Found: a file." in ended.error()


@pytest.mark.parametrize("command", READERS)
def test_a_folder_without_tables(call, house, outside, command):
    ended = call(*_command(house, command, house.bundle, outside))
    assert "the table declarations is missing" in ended.error()


@pytest.mark.parametrize("command", READERS)
def test_a_truncated_parquet(call, house, tmp_path, outside, command):
    tables = _tables(house, tmp_path / "tables")
    file = tables / "declarations.parquet"
    file.write_bytes(file.read_bytes()[:-200])
    ended = call(*_command(house, command, tables, outside))
    assert "declarations.parquet: the file is not readable Parquet" in ended.error()


@pytest.mark.parametrize(
    ("command", "table"),
    [
        ("check", "declarations"),
        ("check", "inspections"),
        ("train", "declarations"),
        ("train", "inspections"),
        ("score", "declarations"),
        ("score", "inspections"),
        ("shortlist", "declarations"),
        ("evaluate", "declarations"),
        ("evaluate", "inspections"),
    ],
)
def test_a_parquet_with_damaged_pages(call, house, tmp_path, outside, command, table):
    tables = _tables(house, tmp_path / "tables")
    _flip(tables / f"{table}.parquet", 100, 20_000)
    ended = call(*_command(house, command, tables, outside))
    assert "cannot be read to the" in ended.error().replace("its end", "the end")


@pytest.mark.parametrize("results", [0, 40])
def test_training_on_too_few_results_without_an_expert_score(
    call, house, tmp_path, outside, results
):
    tables = _tables(house, tmp_path / "t", inspections=lambda table: table.slice(0, results))
    alone = tmp_path / "alone.yaml"
    alone.write_text(house.config.read_text(encoding="utf-8") + "expert: null\n", encoding="utf-8")
    asked = _command(house, "train", tables, outside)
    asked[asked.index(str(house.config))] = str(alone)
    told = call(*asked).error()
    assert f"too few results to learn from. Found: {results} results" in told


def test_training_without_results_goes_by_the_expert_score_and_says_so(call, house, tmp_path):
    tables = _tables(house, tmp_path / "t", inspections=lambda table: table.slice(0, 0))
    ended = call(*_command(house, "train", tables, tmp_path))
    assert ended.code == 0, ended.err
    assert "No hits to learn from: the list follows the expert score alone." in ended.text
    assert not (tmp_path / "bundle" / "model.txt").exists()
    assert (tmp_path / "bundle" / "expert.json").is_file()


@pytest.mark.parametrize("day", ["2023-12-31", "2024-01-01", "2030-01-01"])
def test_a_cut_off_outside_the_data(call, house, outside, day):
    told = call(*house.train(outside / "deep" / "bundle"), "--until", day).error()
    assert f"the cut-off lies outside the data. Found: {day};" in told


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (("2030-04-15", "2030-04-25"), "the window lies outside the data"),
        (("2022-04-15", "2022-04-25"), "the window lies outside the data"),
        (("2024-04-25", "2024-04-15"), "the window to score is empty"),
        (("2024-04-15", "2024-04-15"), "the window to score is empty"),
    ],
)
def test_days_outside_the_data_or_reversed(call, house, outside, days, told):
    words = house.score(outside / "deep" / "s.parquet")
    ended = call(*words, "--from", days[0], "--to", days[1])
    assert told in ended.error()


@pytest.mark.parametrize(
    "day", ["yesterday", "20240415", "15.04.2024", "2024-13-45", "2024-04-15T10:00:00", "", "0"]
)
@pytest.mark.parametrize("option", ["--until", "--from", "--to"])
def test_a_day_in_another_form_is_refused_not_guessed(call, house, outside, option, day):
    words = house.train(outside / "b") if option == "--until" else house.score(outside / "s.csv")
    ended = call(*words, option, day)
    assert (ended.code, ended.out) == (2, "")
    assert f"Invalid value for '{option}': '{day}' is not a day written as YYYY-MM-DD" in ended.err


@pytest.mark.parametrize("command", ["shortlist", "evaluate"])
@pytest.mark.parametrize("capacity", ["0", "-3"])
def test_a_capacity_below_one(call, house, outside, command, capacity):
    words = house.draw(outside / "x") if command == "shortlist" else house.judge(outside / "x")
    told = call(*words, "--capacity", capacity).error()
    assert f"capacity: not a positive whole number. Found: {capacity}." in told


@pytest.mark.parametrize("command", ["shortlist", "evaluate"])
@pytest.mark.parametrize("capacity", ["two", "2.5"])
def test_a_capacity_that_is_no_number_is_a_usage_error(call, house, outside, command, capacity):
    words = house.draw(outside / "x") if command == "shortlist" else house.judge(outside / "x")
    ended = call(*words, "--capacity", capacity)
    assert (ended.code, ended.out) == (2, "")
    assert "Invalid value for '--capacity'" in ended.err


def test_an_unknown_way_to_explain_is_a_usage_error(call, house, outside):
    ended = call(*house.score(outside / "s.parquet"), "--explain", "some")
    assert (ended.code, ended.out) == (2, "")
    assert "'none', 'top', 'all'" in ended.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("model: {treez: 3}", "model.treez: unknown key. Did you mean trees?"),
        ("capacity: 0", "capacity: Input should be greater than or equal to 1"),
        ("- 1", "not a mapping of keys to values. Found: a list"),
        ("model: [", "line 1: the settings file is not YAML"),
    ],
)
def test_a_bad_config(call, house, tmp_path, outside, content, told):
    config = tmp_path / "bad.yaml"
    config.write_text(content, encoding="utf-8")
    error = call(*house.train(outside / "b"), "--config", config).error()
    assert error.startswith(f"error: {config}")
    assert told in error


def test_a_config_that_is_not_there(call, house, outside):
    told = call(*house.train(outside / "b"), "--config", "nope.yaml").error()
    assert "nope.yaml: the settings file cannot be read. Found: No such file" in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("keys: [consignee_idd]", "Did you mean consignee_id"),
        ("categories: [lane]", "no model may use them. Found: lane"),
        ("time_zone: Mars/X", "'Mars/X' is not an IANA time zone"),
    ],
)
def test_bad_feature_settings(call, house, tmp_path, outside, content, told):
    settings = tmp_path / "features.yaml"
    settings.write_text(content, encoding="utf-8")
    assert told in call(*house.train(outside / "b"), "--features", settings).error()


def test_a_simulated_world_of_unknown_name_or_key(call, tmp_path, outside):
    told = call("simulate", "--preset", "big", "--output", outside / "t").error()
    assert "no simulated world has this name. Found: big." in told
    config = tmp_path / "world.yaml"
    config.write_text("dayz: 9", encoding="utf-8")
    told = call("simulate", "--config", config, "--output", outside / "t").error()
    assert "dayz: unknown key. Did you mean days" in told


def test_a_bundle_that_is_none(call, house, outside):
    words = house.score(outside / "s.parquet", model=house.tables)
    assert "this is not a bundle. Found: no manifest.json." in call(*words).error()


def test_a_tampered_bundle(call, house, tampered, outside):
    told = call(*house.score(outside / "s.parquet", model=tampered)).error()
    assert "the bundle is not what was packaged. Found: model.txt was changed." in told


def test_scores_that_are_not_there(call, house, outside):
    told = call(*house.draw(outside / "x", scores=Path("nope.parquet"))).error()
    assert "nope.parquet: the scores file is not there. Found: nothing of that name." in told


def test_scores_in_which_a_declaration_stands_twice(call, house, tmp_path, outside):
    scores = pq.read_table(house.scores)
    pq.write_table(pa.concat_tables([scores, scores.slice(0, 3)]), tmp_path / "twice.parquet")
    told = call(*house.draw(outside / "x", scores=tmp_path / "twice.parquet")).error()
    assert "Found: 3 declarations stand there twice." in told


@pytest.fixture
def scores_of_another_table(house, tmp_path) -> Path:
    scores = pq.read_table(house.scores)
    ids = pa.array([f"other-{at}" for at in range(scores.num_rows)])
    field = scores.schema.field("declaration_id")
    pq.write_table(scores.set_column(0, field, ids), tmp_path / "other.parquet")
    return tmp_path / "other.parquet"


def test_a_list_from_scores_of_another_table(call, house, scores_of_another_table, outside):
    told = call(*house.draw(outside / "x", scores=scores_of_another_table)).error()
    assert "the scores and the tables do not belong together" in told


def test_judging_scores_of_another_table(call, house, scores_of_another_table, tmp_path):
    words = house.judge(tmp_path / "x")
    words[words.index(str(house.scores))] = str(scores_of_another_table)
    assert "do not belong together" in call(*words).error()


def test_ids_of_mandatory_examinations_that_are_not_there(call, house, outside):
    told = call(*house.draw(outside / "x"), "--mandatory", "nope.txt").error()
    assert "the list of mandatory examinations cannot be read" in told


MAPPING = {
    "name": "test",
    "time_zone": "UTC",
    "format": {"kind": "csv"},
    "declarations": {
        "columns": {
            "declaration_id": "id",
            "lodged_at": "day",
            "flow": {"constant": "import"},
            "transport_mode": {"constant": "sea"},
            "office_id": {"constant": "P1"},
            "hs_code": "hss",
        }
    },
    "inspections": {
        "derived": {
            "label": {"from": "fraud", "hit": ["1"], "clear": ["0"]},
            "selected_by": "rule",
            "assumed_delay_days": 14,
        }
    },
}


def _ingest(call, folder: Path, output: Path):
    return call(
        *("ingest", "--source", folder / "source.yaml", "--input", folder / "extract.csv"),
        *("--output", output / "tables"),
    )


def test_a_mapping_that_names_an_unknown_column(call, tmp_path, outside):
    (tmp_path / "source.yaml").write_text(yaml.safe_dump(MAPPING), encoding="utf-8")
    (tmp_path / "extract.csv").write_text(
        "id,day,hs,fraud\nTRADER9,2024-01-01,870323,1\n", encoding="utf-8"
    )
    told = _ingest(call, tmp_path, outside).error()
    assert "no column 'hss'. Did you mean hs?" in told
    assert "TRADER9" not in told


def test_an_extract_that_is_not_there(call, tmp_path, outside):
    (tmp_path / "source.yaml").write_text(yaml.safe_dump(MAPPING), encoding="utf-8")
    assert "extract.csv" in _ingest(call, tmp_path, outside).error()


def test_a_mapping_that_is_not_there(call, tmp_path, outside):
    (tmp_path / "extract.csv").write_text("id\n1\n", encoding="utf-8")
    assert "source.yaml" in _ingest(call, tmp_path, outside).error()


@pytest.mark.parametrize("name", ["scores.xlsx", "scores.JSON"])
def test_scores_under_a_name_of_another_form(call, house, outside, name):
    told = call(*house.score(outside / name)).error()
    assert "scores are written as Parquet or CSV" in told
