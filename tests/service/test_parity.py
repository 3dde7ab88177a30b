"""The numbers over HTTP are those of the batch, to the last bit; with the real scorer."""

from __future__ import annotations

import math
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from tests.online_week import new_database
from tests.real_service import as_json, real_service
from tests.small_world import CUT_OFF, World, small_world

from targeting.scoring.scorer import Scorer
from targeting.scoring.scores import VIEWS
from targeting.shortlist.policy import draw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real_service import Real


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.getbasetemp())


@pytest.fixture
def real(world: World, tmp_path: Path) -> Iterator[Real]:
    bundle, profiles = tmp_path / "bundle", f"sqlite:///{tmp_path / 'profiles.db'}"
    shutil.copytree(world.bundle, bundle)
    new_database(world, profiles).close()
    with real_service(bundle, profiles, tmp_path / "state") as made:
        yield made


def lodged(world: World, day) -> list[dict[str, Any]]:
    frame = world.lodged_from_cut_off()
    local = frame["lodged_at"].dt.tz_convert("Asia/Baku").dt.date
    return [as_json(row) for row in frame[local == day].to_dict("records")]


def same_bits(left: float | None, right: float) -> bool:
    return math.isnan(right) if left is None else left.hex() == float(right).hex()


def as_list(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, list)) else value


def test_scores_over_http_are_those_of_the_batch(world, real):
    rows = lodged(world, CUT_OFF)
    assert len(rows) >= 10
    batch = Scorer.load(world.bundle).score(
        world.tables, start=CUT_OFF, stop=CUT_OFF + timedelta(days=1), explain="all"
    )
    expected = batch.rows.set_index("declaration_id")

    told = real.client.post(
        "/v1/score",
        json={"declarations": rows, "explain": True, "similar": True},
        headers=real.headers,
    ).json()

    assert told["bundle_id"] == batch.info.bundle_id
    assert [one["declaration_id"] for one in told["scores"]] == [
        row["declaration_id"] for row in rows
    ]
    for one in told["scores"]:
        line = expected.loc[one["declaration_id"]]
        for name in ("score", "probability", "expected_revenue", *VIEWS):
            assert same_bits(one[name], line[name]), name
        assert one["reasons"] == [
            {name: as_list(reason[name]) for name in one["reasons"][0]}
            for reason in line["reasons"]
        ]
        assert one["similar"] == orjson.loads(orjson.dumps(line["similar"]))


def test_a_declaration_alone_has_the_score_it_has_among_those_kept(world, real):
    rows = lodged(world, CUT_OFF)
    together = real.client.post(
        "/v1/score", json={"declarations": rows}, headers=real.headers
    ).json()["scores"]
    real.client.post("/v1/declarations", json={"declarations": rows}, headers=real.headers)

    for row, one in list(zip(rows, together, strict=True))[::5]:
        (alone,) = real.client.post(
            "/v1/score", json={"declarations": [row]}, headers=real.headers
        ).json()["scores"]
        assert alone == one


def test_days_close_and_the_next_day_is_scored_as_the_batch_scores_it(world, real):
    following = CUT_OFF + timedelta(days=1)
    rows, later = lodged(world, CUT_OFF), lodged(world, following)
    found = world.inspections.to_pandas()
    known = found["result_known_at"].dt.tz_convert("Asia/Baku").dt.date == CUT_OFF
    results = [as_json(row) for row in found[known].to_dict("records")]
    batch = Scorer.load(world.bundle).score(
        world.tables, start=following, stop=following + timedelta(days=1), explain="none"
    )
    expected = batch.rows.set_index("declaration_id")
    client, headers = real.client, real.headers

    early = client.post("/v1/score", json={"declarations": later}, headers=headers)
    kept = client.post("/v1/declarations", json={"declarations": rows}, headers=headers).json()
    again = client.post("/v1/declarations", json={"declarations": rows}, headers=headers).json()
    for at in range(0, len(results), 1000):
        part = {"results": results[at : at + 1000]}
        assert client.post("/v1/results", json=part, headers=headers).status_code == 200
    closed = client.post("/v1/admin/close-day", json={"day": str(CUT_OFF)}, headers=headers).json()

    assert early.status_code == 409
    assert (kept["new"], again["new"], again["repeated"]) == (len(rows), 0, len(rows))
    assert (closed["as_of"], closed["declarations"]) == (str(following), len(rows))
    assert len(results) > 0
    told = client.post("/v1/score", json={"declarations": later}, headers=headers).json()
    assert [one["score"].hex() for one in told["scores"]] == [
        float(expected.loc[one["declaration_id"]]["score"]).hex() for one in told["scores"]
    ]
    assert len(told["scores"]) == len(expected)


def test_the_list_is_the_one_the_batch_draws(world, real):
    rows = lodged(world, CUT_OFF)
    real.client.post("/v1/declarations", json={"declarations": rows}, headers=real.headers)
    batch = Scorer.load(world.bundle).score(
        world.tables, start=CUT_OFF, stop=CUT_OFF + timedelta(days=1), explain="none"
    )
    office = batch.rows["office_id"].value_counts().index[0]
    policy = real.desk.settings.shortlist.model_copy(update={"time_zone": "Asia/Baku"})
    drawn = draw(batch.rows, capacity=3, settings=policy)
    mine = drawn[drawn["office_id"] == office]

    told = real.client.get(
        "/v1/shortlist",
        params={"office": office, "day": str(CUT_OFF), "capacity": 3, "explain": "true"},
        headers=real.headers,
    ).json()

    assert [(one["rank"], one["declaration_id"], one["selected_by"]) for one in told["lines"]] == [
        *zip(mine["rank"], mine["declaration_id"], mine["selected_by"], strict=True)
    ]
    assert all(one["reasons"] for one in told["lines"])


def test_a_damaged_bundle_is_refused_and_the_one_in_use_stays(world, real):
    before = real.client.get("/v1/model", headers=real.headers).json()["bundle_id"]
    (real.bundle / "model.txt").write_text("tree\n", encoding="utf-8")

    refused = real.client.post("/v1/admin/reload", headers=real.headers)

    assert refused.status_code == 409
    assert "model.txt" in refused.json()["errors"][0]["found"]
    ready = real.client.get("/health/ready").json()
    assert ready["bundle_id"] == before
    assert ready["reload_failure"]["what"] == refused.json()["errors"][0]["what"]
    shutil.copy(world.bundle / "model.txt", real.bundle / "model.txt")
    done = real.client.post("/v1/admin/reload", headers=real.headers)
    assert done.json() == {"bundle_id": before, "name": before, "changed": False}


def test_a_model_that_needs_other_profiles_is_refused_by_naming_them(real, monkeypatch):
    database = real.desk.current.serving.database
    settings = database.design.settings
    other = settings.model_copy(update={"half_lives_days": (7.0,)})
    monkeypatch.setattr(type(settings), "of", classmethod(lambda *_: other))

    refused = real.client.post("/v1/admin/reload", headers=real.headers)

    assert refused.status_code == 409
    assert "half-lives 30 against 7 days" in refused.json()["errors"][0]["found"]
