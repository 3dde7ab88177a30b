"""`targeting serve` as it is run: a process of its own, stopped politely or not."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.real_service import as_json, serve_command, serving
from tests.small_world import CUT_OFF, World, small_world

from targeting.bundle.bundle import load_bundle
from targeting.scoring.online import ProfileDatabase
from targeting.service.audit import verify
from targeting.service.keys import KeyStore

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.real_service import Process

pytestmark = pytest.mark.slow


@dataclass
class Place:
    """A bundle, a database and the service's folder."""

    world: World
    folder: Path

    @property
    def profiles(self) -> str:
        return f"sqlite:///{self.folder / 'profiles.db'}"

    def rows(self) -> list[dict[str, Any]]:
        frame = self.world.lodged_from_cut_off()
        local = frame["lodged_at"].dt.tz_convert("Asia/Baku").dt.date
        return [as_json(row) for row in frame[local == CUT_OFF].to_dict("records")]

    def serving(self, *options: str) -> AbstractContextManager[Process]:
        return serving(self.world.bundle, self.profiles, self.folder, *options)


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Place:
    world = small_world(tmp_path_factory.getbasetemp())
    loaded = load_bundle(world.bundle)
    made = Place(world, tmp_path)
    ProfileDatabase.create(made.profiles, loaded.snapshot, loaded.spec.settings).close()
    return made


def test_a_first_start_with_a_key_from_the_environment(place):
    rows = place.rows()
    with place.serving() as made:
        told = made.send("/v1/score", {"declarations": rows, "explain": True})
        store = KeyStore.open(place.folder / "state")
        _, written = store.create("made while it runs", ("score",))
        store.close()
        time.sleep(3)
        model = made.send("/v1/model", key=written)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            made.send("/v1/model", key="tgk_nobody_x")
    assert made.process.returncode == 143  # as the signal says
    assert [one["declaration_id"] for one in told["scores"]] == [
        row["declaration_id"] for row in rows
    ]
    assert model["profiles_as_of"] == str(CUT_OFF)
    lines = [json.loads(line) for line in (place.folder / "log").read_text().splitlines()]
    assert {"loaded", "request"} <= {line["event"] for line in lines}
    logged = (place.folder / "log").read_text()
    for name in ("declaration_id", "consignee_id", "consignee_name", "consignor_id"):
        assert not [row[name] for row in rows if name in row and row[name] in logged]


def test_several_workers_share_profiles_keys_and_audit(place):
    rows = place.rows()
    with place.serving("--workers", "2") as made:
        first = made.send("/v1/declarations", {"declarations": rows})
        again = [made.send("/v1/declarations", {"declarations": rows}) for _ in range(6)]
        scores = [made.send("/v1/score", {"declarations": rows})["scores"] for _ in range(6)]
        made.send("/v1/admin/close-day", {"day": str(CUT_OFF)})
        days = {made.send("/v1/model")["profiles_as_of"] for _ in range(12)}
    assert first["new"] == len(rows)
    assert {(one["new"], one["repeated"]) for one in again} == {(0, len(rows))}
    assert all(one == scores[0] for one in scores)
    assert days == {str(CUT_OFF + timedelta(days=1))}
    chain = verify(place.folder / "state")
    assert (chain.rows, chain.broken_at) == (14, None)


def test_a_kill_loses_no_declaration_that_was_acknowledged(place):
    rows = place.rows() * 4
    acknowledged: set[str] = set()
    for turn in range(3):
        with place.serving() as made:
            for at, row in enumerate(rows):
                name = f"{turn}-{at}"
                told = made.send(
                    "/v1/declarations", {"declarations": [row | {"declaration_id": name}]}
                )
                assert told["new"] == 1
                acknowledged.add(name)
                if at == 20 + turn:
                    made.process.kill()
                    break
    database = ProfileDatabase.open(place.profiles)
    kept = database.declarations(start=CUT_OFF, stop=CUT_OFF + timedelta(days=1))
    database.close()
    names = [row["declaration_id"] for row in kept]
    assert len(names) == len(set(names))
    assert acknowledged <= set(names)
    assert verify(place.folder / "state").broken_at is None


def test_a_refused_start_tells_why_in_one_paragraph(place):
    command = serve_command("nowhere", place.profiles, place.folder)
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert told.returncode == 1
    (line,) = [one for one in told.stderr.splitlines() if not one.startswith("{")]
    assert line.startswith("error: nowhere")
