"""Settings: every mistake of a file is told at once, by key, with the nearest known one."""

from __future__ import annotations

import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from targeting.config import (
    FeatureSettings,
    KeySettings,
    Settings,
    ShortlistSettings,
    TrainSettings,
    load,
    parse,
    read_yaml,
)
from targeting.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "settings.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(kind: type[Settings], folder: Path, text: str | bytes) -> str:
    path = write(folder, text)
    with pytest.raises(ConfigError, match=r"settings\.yaml") as caught:
        load(kind, path)
    return str(caught.value)


@pytest.mark.parametrize("kind", [FeatureSettings, TrainSettings, ShortlistSettings])
def test_no_file_and_an_empty_file_are_the_defaults(kind: type[Settings], tmp_path: Path) -> None:
    assert load(kind, None) == load(kind, write(tmp_path, "")) == kind()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("features", FeatureSettings), ("train", TrainSettings), ("shortlist", ShortlistSettings)],
)
def test_the_files_in_configs_are_read(name: str, kind: type[Settings]) -> None:
    assert load(kind, CONFIGS / f"{name}.yaml")


def test_settings_come_back_from_their_own_dump() -> None:
    settings = FeatureSettings(time_zone="Asia/Baku", keys=(KeySettings(columns=("hs6",)),))

    assert parse(FeatureSettings, settings.model_dump(mode="json"), where="x") == settings


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TrainSettings().capacity = 9


def test_every_mistake_is_told_at_once_at_any_depth(tmp_path: Path) -> None:
    told = refused(
        TrainSettings,
        tmp_path,
        "model: {tree: 3, leafs: 9}\nsplit: {gap_day: 1, test_days: 0}\ncurency: EUR\ncapacity: x",
    )

    for words in (
        "model.tree: unknown key. Did you mean trees?",
        "model.leafs: unknown key. Did you mean leaves?",
        "split.gap_day: unknown key. Did you mean gap_days?",
        "split.test_days: Input should be greater than or equal to 1",
        "curency: unknown key. Did you mean currency?",
        "capacity: Input should be a valid integer",
    ):
        assert words in told


def test_an_unknown_key_inside_a_list_is_told_by_its_place(tmp_path: Path) -> None:
    told = refused(FeatureSettings, tmp_path, "keys: [hs6, {columns: [hs4], column: hs2}]")

    assert "keys.1.column: unknown key. Did you mean columns?" in told


def test_an_unknown_key_without_a_neighbour_lists_the_known(tmp_path: Path) -> None:
    known = ", ".join(sorted(TrainSettings.model_fields))

    assert {"capacity", "expert", "model", "split", "unexamined"} <= set(known.split(", "))
    assert f"zzz: unknown key. Known: {known}." in refused(TrainSettings, tmp_path, "zzz: 1")


@pytest.mark.parametrize("kind", [FeatureSettings, ShortlistSettings])
@pytest.mark.parametrize("zone", ["Asia/Bakuu", "..", "/etc/passwd", "''", "UTC+4", "Europe"])
def test_a_time_zone_that_is_none_is_refused(
    kind: type[Settings], zone: str, tmp_path: Path
) -> None:
    assert "is not an IANA time zone such as Asia/Baku" in refused(
        kind, tmp_path, f"time_zone: {zone}"
    )


@pytest.fixture
def zones_with_a_folder(tmp_path: Path) -> Iterator[None]:
    """Zone files as most systems have them: `Europe` is a folder there."""
    (tmp_path / "zones" / "Europe").mkdir(parents=True)
    zoneinfo.reset_tzpath([str(tmp_path / "zones")])
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.usefixtures("zones_with_a_folder")
def test_a_folder_of_time_zones_is_no_time_zone(tmp_path: Path) -> None:
    assert "'Europe' is not an IANA time zone" in refused(
        FeatureSettings, tmp_path, "time_zone: Europe"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keys: [hs6, hs6]", "the key hs6 is listed twice"),
        ("categories: [flow, flow]", "the category flow is listed twice"),
        ("numbers: [speed, speed]", "the number speed is listed twice"),
        ("half_lives_days: [30, 30.0]", "the half-life 30 is listed twice"),
        ("half_lives_days: [0]", "half-lives are days between 0.1 and 10000"),
        ("half_lives_days: [.nan]", "half_lives_days.0: Input should be a finite number"),
        ("keys: [[a, b, c, d]]", "keys.0.columns"),
        ("keys: [[]]", "keys.0.columns"),
    ],
)
def test_features_that_contradict_themselves_are_refused(
    text: str, words: str, tmp_path: Path
) -> None:
    assert words in refused(FeatureSettings, tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "line 1: the settings file is not YAML"),
        ("a:\n\t- 1", "line 2: the settings file is not YAML"),
        ("a: \x07", "Found: a syntax error"),
        ("first_day: 2024-02-30", "Found: day is out of range for month"),
        ("[" * 2_000, "the settings file is not YAML"),
        ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("- 1", "not a mapping of keys to values. Found: a list"),
        ("just words", "not a mapping of keys to values. Found: a str"),
        (b"a: \xff", "not UTF-8 text. Found: byte 3 is not UTF-8"),
        ("1: 2", "Keys should be strings"),
    ],
)
def test_what_is_not_a_settings_file_is_refused(
    text: str | bytes, words: str, tmp_path: Path
) -> None:
    assert words in refused(TrainSettings, tmp_path, text)


def test_a_folder_or_nothing_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read\. Found: Is a directory"):
        read_yaml(tmp_path)
    with pytest.raises(InputError, match=r"cannot be read\. Found: No such file"):
        read_yaml(tmp_path / "nothing.yaml")


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ("consignee_id", "consignee"),
        (["hs6", "origin_country"], "hs6_x_origin"),
        (("consignee_id", "consignor_id"), "consignee_x_consignor"),
    ],
)
def test_a_key_is_written_as_a_name_or_a_list(columns: object, name: str) -> None:
    assert KeySettings.model_validate(columns).name == name
