"""Keys: hashed at rest, shown once, revoked and expired, compared in constant time."""

from __future__ import annotations

import pytest

from targeting.config import RateSettings
from targeting.errors import ConfigError, InputError, OutputError
from targeting.service.desk import Ring
from targeting.service.keys import FILE, KeyRing, KeyStore, bootstrap_key, hashed
from targeting.service.rate import Rates
from targeting.service.server import require_guarded


@pytest.fixture
def store(tmp_path):
    made = KeyStore.open(tmp_path / "state")
    yield made
    made.close()


def ring(store):
    return KeyRing.of(store.all())


def test_a_key_is_known_by_what_was_shown_once(store):
    key, written = store.create("port", ("score",))

    found = ring(store).holder(written)

    assert found is not None
    assert (found.key_id, found.name, found.scopes) == (key.key_id, "port", ("score",))


@pytest.mark.parametrize("end", ["", "x", "_", "é"])
def test_no_other_text_is_a_key(store, end):
    _, written = store.create("port", ("score",))

    assert ring(store).holder(written[:-1] + end) is None
    assert ring(store).holder(written + "x") is None
    assert ring(store).holder(end) is None


def test_the_secret_is_nowhere_on_the_disk(store, tmp_path):
    _, written = store.create("port", ("score",))
    secret = written.split("_", 2)[2]

    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())

    assert secret.encode() not in kept
    assert hashed(secret).encode() in kept


def test_only_the_owner_can_read_the_files(store, tmp_path):
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()}

    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert set(modes.values()) == {0o600}, modes


def test_two_keys_never_share_a_secret(store):
    written = {store.create("port", ("score",))[1] for _ in range(20)}

    assert len({one.split("_", 2)[2] for one in written}) == 20
    assert {len(one.split("_", 2)[2]) for one in written} == {43}


def test_a_revoked_key_is_nobodys(store):
    key, written = store.create("port", ("score",))

    store.revoke(key.key_id)

    assert ring(store).holder(written) is None
    with pytest.raises(InputError, match="it is revoked already"):
        store.revoke(key.key_id)
    with pytest.raises(InputError, match="no such key"):
        store.revoke("nobody")


def test_an_expired_key_is_nobodys(store):
    key, written = store.create("port", ("score",), days=1)
    later = "2999-01-01T00:00:00+00:00"

    assert ring(store).holder(written) is not None
    assert (key.is_live(key.created_at), key.is_live(later)) == (True, False)


def test_a_running_service_sees_keys_of_other_programs(store, tmp_path):
    kept = Ring(KeyStore.open(tmp_path / "state"))
    key, written = store.create("port", ("score",))

    assert kept.now.holder(written) is None
    assert kept.refresh() is False
    assert kept.now.holder(written) is not None
    store.revoke(key.key_id)
    kept.refresh()
    assert kept.now.holder(written) is None
    kept.store.close()


def test_a_reload_is_told_to_the_other_workers_once(store, tmp_path):
    here, there = (Ring(KeyStore.open(tmp_path / "state")) for _ in range(2))

    here.signal_reload()

    assert (here.refresh(), there.refresh(), there.refresh()) == (False, True, False)
    here.store.close()
    there.store.close()


def test_the_key_of_a_first_start_has_every_scope():
    secret = "s" * 43
    key = bootstrap_key(f"tgk_bootstrap_{secret}")

    assert KeyRing.of([key]).holder(f"tgk_bootstrap_{secret}") == key
    assert key.scopes == ("score", "results", "admin")


@pytest.mark.parametrize("written", ["hunter2", "tgk_bootstrap_short", "tgk_x_" + "s" * 43])
def test_a_weak_first_key_is_refused_and_not_told(written):
    with pytest.raises(ConfigError, match="characters of another form") as refused:
        bootstrap_key(written)
    assert written not in str(refused.value)


def test_others_cannot_reach_a_service_without_keys(store, tmp_path):
    kept = Ring(store)
    require_guarded("127.0.0.1", kept)
    for host in ("0.0.0.0", "::", "port-server"):  # noqa: S104 - that it is refused is the test
        with pytest.raises(ConfigError, match="there is no key yet"):
            require_guarded(host, kept)
    other = KeyStore.open(tmp_path / "state")
    other.create("port", ("score",))
    other.close()
    kept.refresh()
    require_guarded("0.0.0.0", kept)  # noqa: S104 - with a key it may


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database, at all" * 100)

    with pytest.raises(OutputError, match="cannot be opened"):
        KeyStore.open(tmp_path)


def test_a_bucket_fills_at_its_rate_and_no_further_than_its_burst(store):
    rates = Rates(RateSettings(per_second=10, burst=5))
    key, _ = store.create("port", ("score",))

    at_once = [rates.wait(key, 100.0) for _ in range(6)]
    after_a_long_while = [rates.wait(key, 1000.0) for _ in range(6)]

    assert at_once[:5] == [0.0] * 5
    assert at_once[5] == pytest.approx(0.1)
    assert [wait == 0.0 for wait in after_a_long_while] == [True] * 5 + [False]
