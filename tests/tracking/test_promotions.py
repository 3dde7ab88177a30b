"""The registry remembers who made which version champion, why, and on what evidence."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import mlflow
import pytest

from targeting.errors import InputError
from targeting.tracking import (
    REGISTERED,
    Promotion,
    Store,
    aliases,
    history,
    roll_back,
    set_champion,
    version_of,
)
from targeting.tracking.store import connected

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_world import World

    from targeting.tracking import Tracked


@pytest.fixture(scope="module")
def five(
    trained: tuple[Store, Tracked, Tracked], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The database of five bare versions, the first of them champion, and the id of a run."""
    assert trained  # MLflow is imported, and its warnings are over
    folder = tmp_path_factory.mktemp("registry")
    with connected(Store.local(folder)) as client:
        run = client.create_run(client.create_experiment("targeting")).info.run_id
        client.create_registered_model(REGISTERED)
        for _ in range(5):
            client.create_model_version(REGISTERED, source=str(folder))
        client.set_registered_model_alias(REGISTERED, "champion", "1")
    return folder / "mlflow.db", run


@pytest.fixture
def registry(five: tuple[Path, str], tmp_path: Path) -> tuple[Store, str]:
    database, run = five
    shutil.copy(database, tmp_path)
    return Store.local(tmp_path), run


def promote(registry: tuple[Store, str], *versions: str) -> None:
    store, run = registry
    for version in versions:
        set_champion(
            version, who="the head", why=f"it finds more: {version}", evidence=run, store=store
        )


def champion(registry: tuple[Store, str]) -> str:
    return aliases(registry[0])["champion"]


def test_a_promotion_moves_the_alias_and_is_remembered(registry: tuple[Store, str]) -> None:
    store, run = registry

    made = set_champion("3", who="A. Head", why="more hits", evidence=run, store=store)

    assert champion(registry) == "3"
    assert history(store) == (made,)
    assert made == Promotion(
        "3", "1", "A. Head", "more hits", run, when=made.when, number=1, action="promote"
    )
    assert made.when.endswith("+00:00")


def test_the_page_of_a_version_tells_its_promotions_in_words(registry: tuple[Store, str]) -> None:
    promote(registry, "2", "3")
    roll_back(who="A. Head", why="complaints", store=registry[0])

    with connected(registry[0]) as client:
        told = client.get_model_version(REGISTERED, "2").description or ""

    run = registry[1]
    assert [line[14:] for line in told.splitlines()] == [
        f"made champion by the head: it finds more: 2 (before it version 1; run `{run}`)",
        f"brought back as champion by A. Head: complaints (before it version 3; run `{run}`)",
    ]


def test_rolling_back_goes_one_champion_back_each_time(registry: tuple[Store, str]) -> None:
    promote(registry, "2", "4", "3")
    seen = []
    for _ in range(3):
        roll_back(who="A. Head", why="complaints", store=registry[0])
        seen.append(champion(registry))

    assert seen == ["4", "2", "1"]
    with pytest.raises(InputError, match="version 1 is the first champion"):
        roll_back(who="A. Head", why="complaints", store=registry[0])


def test_a_champion_rolled_back_can_be_replaced_and_rolled_back_again(
    registry: tuple[Store, str],
) -> None:
    promote(registry, "2")
    roll_back(who="x", why="y", store=registry[0])
    promote(registry, "3")
    roll_back(who="x", why="y", store=registry[0])

    assert champion(registry) == "1"
    assert [one.action for one in history(registry[0])] == ["promote", "roll back"] * 2
    assert [one.number for one in history(registry[0])] == [1, 2, 3, 4]


def test_the_history_only_grows(registry: tuple[Store, str]) -> None:
    promote(registry, "2", "3")
    before = history(registry[0])

    promote(registry, "2")
    roll_back(who="x", why="y", store=registry[0])

    assert history(registry[0])[:2] == before
    assert len(history(registry[0])) == 4


def test_an_alias_moved_by_hand_is_not_rolled_back_blindly(registry: tuple[Store, str]) -> None:
    promote(registry, "2")
    with connected(registry[0]) as client:
        client.set_registered_model_alias(REGISTERED, "champion", "5")

    with pytest.raises(InputError, match="version 5 is champion, but not by a promotion on record"):
        roll_back(who="x", why="y", store=registry[0])
    promote(registry, "4")
    assert roll_back(who="x", why="y", store=registry[0]).version == "5"


def test_a_champion_that_was_deleted_is_not_brought_back(registry: tuple[Store, str]) -> None:
    promote(registry, "2")
    with connected(registry[0]) as client:
        client.delete_model_version(REGISTERED, "1")

    with pytest.raises(InputError, match="version 1 was deleted"):
        roll_back(who="x", why="y", store=registry[0])
    assert champion(registry) == "2"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"who": " ", "why": ""}, "who has 0 letters; why has 0 letters"),
        ({"why": "x" * 1001}, "why has 1001 letters"),
        ({"evidence": "0" * 32}, "a run that is not in this store"),
        ({"version": "99"}, "no such model.*versions 1 to 5 are"),
        ({"version": "1"}, "the champion already"),
    ],
)
def test_a_promotion_nobody_could_answer_for_is_refused(
    registry: tuple[Store, str], change: dict[str, str], told: str
) -> None:
    store, run = registry
    asked = {"version": "2", "who": "x", "why": "y", "evidence": run} | change

    with pytest.raises(InputError, match=told):
        set_champion(asked.pop("version"), store=store, **asked)
    assert champion(registry) == "1"
    assert history(store) == ()


def test_an_empty_registry_is_left_as_it_is(tmp_path: Path) -> None:
    store = Store.local(tmp_path)

    assert aliases(store) == {}
    assert history(store) == ()
    for refused in (
        lambda: roll_back(who="x", why="y", store=store),
        lambda: version_of("models:/targeting@champion", store),
        lambda: set_champion("1", who="x", why="y", evidence="z", store=store),
    ):
        with pytest.raises(InputError, match="no MLflow store in this folder"):
            refused()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("models:/targeting@champion", "1"),
        ("models:/targeting@challenger", "2"),
        ("models:/targeting/2", "2"),
    ],
)
def test_a_registry_name_has_a_version(
    trained: tuple[Store, Tracked, Tracked], name: str, version: str
) -> None:
    assert version_of(name, trained[0]) == version


def test_a_bundle_has_the_newest_version_that_is_the_same(
    trained: tuple[Store, Tracked, Tracked], world: World
) -> None:
    assert version_of(world.bundle, trained[0]) == "2"


@pytest.mark.parametrize("name", ["targeting@nobody", "targeting/9", "other/1", "targeting"])
def test_a_name_nothing_answers_to_is_refused(
    trained: tuple[Store, Tracked, Tracked], name: str
) -> None:
    with pytest.raises(InputError, match=r"no such model.*versions 1 to 2 are"):
        version_of(f"models:/{name}", trained[0])


def test_a_bundle_that_was_not_registered_is_refused(
    registry: tuple[Store, str], world: World
) -> None:
    with pytest.raises(InputError, match="this bundle is not registered"):
        version_of(world.bundle, registry[0])


def test_the_first_version_is_champion_by_a_promotion_on_record(
    trained: tuple[Store, Tracked, Tracked],
) -> None:
    store, first, _ = trained

    (made,) = history(store)

    assert replace(made, when="") == Promotion(
        "1", None, "targeting train", "the first version registered", first.run_id, number=1
    )
    assert mlflow.get_tracking_uri() != store.uri
