"""`targeting online`: a database made, fed, closed, checked, made again and copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

AS_OF, LAST = "2024-03-01", "2024-03-03"
OPTIONS = {
    "create": ("--database", "--profiles", "--tables"),
    "accept": ("--database", "--tables", "--since"),
    "close-day": ("--database", "--day"),
    "status": ("--database",),
    "verify": ("--database", "--tables"),
    "rebuild": ("--database", "--tables"),
    "backup": ("--database", "--output"),
}


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("online") / "features.yaml"
    path.write_text(
        "time_zone: Asia/Baku\n"
        "keys: [consignee_id, container_id]\n"
        "links: [{of: consignee_id, through: container_id}]\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("command", OPTIONS)
def test_help_of_a_command_has_an_example_and_its_options(call, command: str):
    ended = call("online", command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"Example: targeting online {command} " in " ".join(ended.out.split())
    assert [option for option in OPTIONS[command] if option not in ended.out] == []


def test_a_day_in_the_life_of_a_database(call, house, features: Path, tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'profiles.db'}"
    database, tables = ("--database", url), ("--tables", house.tables)

    def told(*arguments: object) -> str:
        ended = call(*arguments)
        assert ended.code == 0, ended.err
        return ended.out

    told("profiles", "snapshot", *tables, "--as-of", AS_OF, "--output", tmp_path / "profiles",
         "--features", features)  # fmt: skip
    made = told("online", "create", *database, "--profiles", tmp_path / "profiles", *tables)
    assert f"made: profiles as of {AS_OF}" in made
    first = told("online", "accept", *database, *tables, "--since", AS_OF)
    assert " 0 known already" in first
    again = told("online", "accept", *database, *tables)
    assert "0 new (0 of days that have closed)" in again
    assert "0 refused" in again
    assert "declarations and" in told("online", "close-day", *database, "--day", LAST)
    assert "closed already" in told("online", "close-day", *database, "--day", AS_OF)
    assert "as of 2024-03-04 " in told("online", "status", *database)
    assert "equal those made from scratch" in told("online", "verify", *database, *tables)
    copy = tmp_path / "copy.db"
    assert "copied to" in told("online", "backup", *database, "--output", copy)
    assert "rebuilt: profiles as of 2024-03-04" in told("online", "rebuild", *database, *tables)
    assert "as of 2024-03-04 " in told("online", "status", "--database", f"sqlite:///{copy}")


def test_an_address_that_is_none_is_told_in_one_paragraph(call):
    ended = call("online", "status", "--database", "profiles.db")
    assert (ended.code, ended.out) == (1, "")
    assert "not the address of a profile database" in ended.err
    assert "Traceback" not in ended.err
