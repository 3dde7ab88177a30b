"""The fuzz of bundles: it damages, it tells the ends apart, and no damage escapes."""

from __future__ import annotations

import shutil
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from tests.small_world import small_world

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield import_module("benchmarks.fuzz_bundle")


@pytest.fixture(scope="module")
def sound(bench, tmp_path_factory):
    world = small_world(tmp_path_factory.getbasetemp())
    folder = bench.without_evaluation(world.bundle, tmp_path_factory.mktemp("sound") / "bundle")
    return bench.Sound.load(folder)


def test_a_case_is_the_same_damage_every_time(bench, sound, tmp_path):
    told = [bench.damaged(sound, 7, 0, tmp_path / name) for name in ("a", "b")]
    other = bench.damaged(sound, 8, 0, tmp_path / "c")

    files = [
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")}
        for name in ("a", "b")
    ]
    assert told[0] == told[1] != other
    assert files[0] == files[1]


def test_the_ends_are_told_apart(bench, sound, tmp_path):
    same = Path(shutil.copytree(sound.folder, tmp_path / "same"))
    broken = Path(shutil.copytree(sound.folder, tmp_path / "broken"))
    (broken / "model.txt").write_text("")

    assert bench.end_of(sound, same) == "scores the same"
    assert bench.end_of(sound, broken) == "refused"


@pytest.mark.parametrize("end", ["escaped", "crashed", "hung"])
def test_one_failure_fails_the_whole(bench, capsys, end):
    good = Counter({("model.txt", "refused"): 3, ("MLmodel", "scores the same"): 1})

    assert bench.report(good)
    assert not bench.report(good + Counter({("model.txt", end): 1}))
    assert "model.txt" in capsys.readouterr().out


def test_a_case_that_ends_the_process_is_a_failure_and_the_rest_goes_on(bench, monkeypatch):
    runs = iter(
        [
            ("begin\t0\tA cut\nend\t0\trefused\nbegin\t1\tB cut\n", "crashed: exit -11"),
            ("begin\t2\tC cut\nend\t2\trefused\n", "crashed: exit 0"),
        ]
    )
    monkeypatch.setattr(bench, "_child", lambda *_: next(runs))

    found = list(bench.tried(Path(), range(3), 0))

    assert found == [
        (0, "A cut", "refused"), (1, "B cut", "crashed: exit -11"), (2, "C cut", "refused"),
    ]  # fmt: skip


@pytest.mark.slow
def test_no_damage_escapes(bench, sound):
    counts = bench.fuzz(sound.folder, range(10_000, 10_300), 1)

    assert bench.report(counts)
    assert sum(counts.values()) == 300
    assert sum(n for (_, end), n in counts.items() if end == "refused") > 150
