"""`targeting keys` and `targeting audit`: made once, listed, revoked, and all of it recorded."""

from __future__ import annotations

import re
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from targeting.service.keys import KeyRing, KeyStore

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = {
    ("keys", "create"): ("--name", "--scope", "--rate", "--days", "--config"),
    ("keys", "list"): ("--config",),
    ("keys", "revoke"): ("key_id", "--config"),
    ("audit", "verify"): ("--config",),
    ("backup",): ("--output", "--profiles", "--config"),
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "service.yaml"
    path.write_text(f"state: {tmp_path / 'state'}\n", encoding="utf-8")
    return path


@pytest.fixture
def run(call, config: Path):
    """Run a command with the service's settings."""
    return lambda *arguments: call(*arguments, "--config", config)


@pytest.mark.parametrize("command", OPTIONS, ids=" ".join)
def test_help_of_a_command_has_an_example_and_its_options(call, command):
    ended = call(*command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"Example: targeting {' '.join(command)}" in " ".join(ended.out.split())
    assert [one for one in OPTIONS[command] if one.lower() not in ended.out.lower()] == []


def test_a_key_is_printed_once_and_works(run, tmp_path: Path):
    made = run("keys", "create", "--name", "lodging", "--scope", "score", "--scope", "results",
               "--rate", "20", "--days", "90")  # fmt: skip

    assert made.code == 0, made.err
    written = made.out.strip()
    assert re.fullmatch(r"tgk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", written)
    assert "not shown again" in made.err
    store = KeyStore.open(tmp_path / "state")
    key = KeyRing.of(store.all()).holder(written)
    store.close()
    assert key is not None
    assert (key.scopes, key.per_second) == (("score", "results"), 20.0)
    listed = run("keys", "list").out
    assert f"{key.key_id}  live" in listed
    assert "lodging" in listed
    assert "20 requests a second" in listed
    assert written not in listed


def test_a_revoked_key_stays_in_the_list(run):
    key_id = run("keys", "create", "--name", "old", "--scope", "score").out.split("_")[1]

    assert run("keys", "revoke", key_id).out == f"key {key_id} is revoked\n"
    assert f"{key_id}  revoked" in run("keys", "list").out
    assert "it is revoked already" in run("keys", "revoke", key_id).error()
    assert "no such key" in run("keys", "revoke", "0000").error()


def test_an_unknown_scope_is_a_usage_error(run):
    ended = run("keys", "create", "--name", "x", "--scope", "everything")
    assert ended.code == 2


def test_what_the_commands_did_is_in_the_audit(run, tmp_path: Path):
    key_id = run("keys", "create", "--name", "x", "--scope", "admin").out.split("_")[1]
    run("keys", "revoke", key_id)

    assert re.fullmatch(r"2 rows, all in their place; head [0-9a-f]{64}\n",
                        run("audit", "verify").out)  # fmt: skip
    connection = sqlite3.connect(tmp_path / "state" / "audit.sqlite")
    assert connection.execute("select action, subjects from audit order by seq").fetchall() == [
        ("key created", f'["{key_id}"]'), ("key revoked", f'["{key_id}"]'),
    ]  # fmt: skip
    connection.execute("drop trigger audit_is_not_changed")
    connection.execute("update audit set action = 'nothing' where seq = 1")
    connection.commit()
    connection.close()
    assert "row 1 does not follow" in run("audit", "verify").error()


def test_an_open_address_without_keys_is_refused(run):
    told = run("serve", "--model", "b", "--profiles", "sqlite:///p.db", "--host", "0.0.0.0")  # noqa: S104
    assert "there is no key yet" in told.error()


def test_a_backup_is_whole_and_can_be_brought_back(run, tmp_path: Path):
    key_id = run("keys", "create", "--name", "x", "--scope", "score").out.split("_")[1]
    before = run("audit", "verify").out.split()[-1]

    told = run("backup", "--output", tmp_path / "copy")
    run("keys", "create", "--name", "later", "--scope", "score")

    assert told.code == 0, told.err
    assert told.out.split()[-1] == before
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "copy").iterdir()} == {0o600}
    shutil.rmtree(tmp_path / "state")
    shutil.copytree(tmp_path / "copy", tmp_path / "state")
    assert run("audit", "verify").out.split()[-1] == before
    assert [line.split()[0] for line in run("keys", "list").out.splitlines()] == [key_id]


def test_there_is_nothing_to_back_up_before_the_first_start(run, tmp_path: Path):
    assert "there is nothing to back up" in run("backup", "--output", tmp_path / "copy").error()
