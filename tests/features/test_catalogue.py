"""The committed catalogue is what the registry gives."""

from __future__ import annotations

import re
from pathlib import Path

from targeting.config import FeatureSettings
from targeting.features.catalogue import INDICATORS, main, render
from targeting.features.declared import DECLARED_FEATURES
from targeting.features.spec import registry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "features.md"


def test_the_committed_page_is_what_the_registry_gives():
    assert PAGE.read_text(encoding="utf-8") == render(), "run `make docs`"


def test_it_writes_the_file_named(tmp_path: Path):
    main([str(tmp_path / "page.md")])
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == render()


def test_every_feature_of_the_model_can_be_found_on_the_page():
    page, settings = render(), FeatureSettings()
    named = set(re.findall(r"`(\w+)`", page))
    tails = {name.removeprefix("KEY_") for name in named if name.startswith("KEY_")}
    by_key = {f"{key.name}_{tail}" for key in settings.keys for tail in tails}
    tails = {name.removeprefix("LINK_") for name in named if name.startswith("LINK_")}
    by_link = {f"{link.name}_{tail}" for link in settings.links for tail in tails}
    assert {feature.name for feature in registry(settings)} <= named | by_key | by_link
    assert {declared.feature.name for declared in DECLARED_FEATURES} <= named
    assert f"{len(registry(settings))} columns" in page


def test_every_indicator_is_told_once_with_a_feature_or_what_it_lacks():
    assert [number for number, _, _ in INDICATORS] == list(range(1, 71))
    page = render().split("## Indicators")[1]
    rows = [line for line in page.splitlines() if re.match(r"\| \d+ \|", line)]
    assert sorted(int(row.split("|")[1]) for row in rows) == list(range(1, 71))
    assert all(row.rstrip("| ").count("|") >= 3 for row in rows)


def test_every_indicator_without_a_feature_says_what_it_lacks():
    carried = {number for feature in registry(FeatureSettings()) for number in feature.indicators}
    assert carried <= {number for number, _, _ in INDICATORS}
    assert all(lacks for number, _, lacks in INDICATORS if number not in carried)


def test_tables_have_as_many_cells_in_each_row_as_in_their_head():
    for table in re.findall(r"(?:^\|.*\n)+", render(), flags=re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1
