"""The audit: only ever added to, sealed row by row, written before the answer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.service.standin import OPEN_DAY, declaration

from targeting.errors import OutputError
from targeting.service.audit import FILE, START, Audit, Entry, append_now, verify

if TYPE_CHECKING:
    from pathlib import Path


def entry(at: int = 0) -> Entry:
    return Entry("key", "score", f"r{at}", "bundle", (f"D-{at}",))


def rows(state: Path) -> list[tuple]:
    connection = sqlite3.connect(state / FILE)
    try:
        return connection.execute("select * from audit order by seq").fetchall()
    finally:
        connection.close()


@pytest.fixture
def state(tmp_path):
    for at in range(5):
        append_now(tmp_path, entry(at))
    return tmp_path


def test_a_row_says_who_did_what_to_which_with_which_bundle(state):
    number, at, *row, _ = rows(state)[2]

    assert (number, row) == (3, ["key", "score", "r2", "bundle", '["D-2"]'])
    assert at.endswith("+00:00")


def test_an_untouched_audit_is_whole(state, tmp_path):
    chain = verify(state)

    assert (chain.rows, chain.broken_at, chain.head) == (5, None, rows(state)[-1][-1])
    assert verify(tmp_path / "empty") == type(chain)(0, START)


@pytest.mark.parametrize(
    "change",
    [
        "update audit set key_id = 'other' where seq = 2",
        "delete from audit where seq = 5",
        "delete from audit",
        "insert or replace into audit select 2, at, 'other', action, request_id, bundle_id,"
        " subjects, sha256 from audit where seq = 2",
    ],
)
def test_the_database_refuses_to_change_a_row(state, change):
    connection = sqlite3.connect(state / FILE)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(change)

    connection.close()
    assert verify(state).broken_at is None


@pytest.mark.parametrize(
    ("change", "broken_at"),
    [
        ("update audit set key_id = 'other' where seq = 2", 2),
        ("update audit set subjects = '[]' where seq = 5", 5),
        ("delete from audit where seq = 3", 3),
        ("update audit set sha256 = (select sha256 from audit where seq = 1) where seq = 2", 2),
    ],
)
def test_a_change_behind_the_databases_back_is_seen(state, change, broken_at):
    connection = sqlite3.connect(state / FILE)
    for name in ("changed", "shortened", "replaced"):
        connection.execute(f"drop trigger audit_is_not_{name}")
    connection.execute(change)
    connection.commit()
    connection.close()

    assert verify(state).broken_at == broken_at


def test_rows_of_many_requests_stand_in_one_chain(tmp_path):
    async def many(audit):
        await asyncio.gather(*(audit.record(entry(at)) for at in range(300)))

    audit = Audit(tmp_path, durable="process")
    asyncio.run(many(audit))
    append_now(tmp_path, entry(300))
    asyncio.run(many(audit))
    audit.flush()
    audit.close()

    chain = verify(tmp_path)
    assert (chain.rows, chain.broken_at) == (601, None)
    assert [row[4] for row in rows(tmp_path)[:301]] == [f"r{at}" for at in range(301)]


def test_what_cannot_be_written_is_told_to_those_who_wait(tmp_path):
    audit = Audit(tmp_path)
    audit._connection.execute("drop table audit")

    async def one():
        await audit.record(entry())

    with pytest.raises(OutputError, match="the audit cannot be written"):
        asyncio.run(one())
    audit.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from targeting.service.audit import Audit, Entry

async def main():
    audit = Audit(Path(sys.argv[1]), durable="process")
    for at in range(1_000_000):
        await audit.record(Entry("key", "score", f"r{at}", "bundle", (str(at),)))
        print(at, flush=True)

asyncio.run(main())
"""


def test_a_kill_loses_no_row_that_was_acknowledged(tmp_path):
    acknowledged = 0
    for _ in range(5):
        with subprocess.Popen(  # noqa: S603 - our own interpreter and a constant script
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(40):
                assert process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
            acknowledged += 40 + len(process.stdout.read().splitlines())

        chain = verify(tmp_path)
        assert chain.broken_at is None
        assert chain.rows >= acknowledged


def test_every_answer_is_in_the_audit(service):
    headers = service.key("score", "results", "admin")
    key_id = headers["Authorization"].split("_")[1]
    body = {"declarations": [declaration(1), declaration(2)]}
    asked = {"office": "AZALA", "day": str(OPEN_DAY), "capacity": "1"}
    client = service.client
    answers = [
        client.post("/v1/score", json=body, headers=headers),
        client.post("/v1/declarations", json=body, headers=headers),
        client.get("/v1/shortlist", params=asked, headers=headers),
        client.post("/v1/admin/reload", headers=headers),
        client.post("/v1/admin/close-day", json={"day": "2024-03-14"}, headers=headers),
        client.get("/v1/model", headers=headers),
        client.post("/v1/score", json={}, headers=headers),
    ]

    found = rows(service.desk.settings.state)

    assert [row[3] for row in found] == ["score", "declare", "shortlist", "reload", "close day"]
    assert {(row[2], row[5]) for row in found} == {(key_id, "aaaaaaaaaaaa")}
    assert [row[4] for row in found] == [one.headers["x-request-id"] for one in answers[:5]]
    assert [len(json.loads(row[6])) for row in found] == [2, 2, 1, 0, 1]
    assert json.loads(found[0][6]) == ["D-1", "D-2"]


APPENDER = """
import sys
from pathlib import Path
from targeting.service.audit import Entry, append_now

for at in range(50):
    append_now(Path(sys.argv[1]), Entry("key", "score", f"r{at}", "bundle"))
"""


def test_several_programs_write_one_chain(tmp_path):
    command = [sys.executable, "-c", APPENDER, str(tmp_path)]
    writers = [subprocess.Popen(command) for _ in range(2)]  # noqa: S603 - a constant script

    assert [one.wait() for one in writers] == [0, 0]
    assert (verify(tmp_path).rows, verify(tmp_path).broken_at) == (100, None)
