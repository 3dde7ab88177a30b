"""What a line points to: the page is what the command writes, and reasons do point."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from targeting.config import AdviceSettings, TrainSettings
from targeting.evaluation.pointing import Count, judge_pointing, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks" / "pointing.md"


@pytest.fixture(scope="module")
def pointing() -> Iterator[ModuleType]:
    with patch.object(sys, "path", [str(ROOT), *sys.path]):
        yield import_module("benchmarks.pointing")


def test_the_page_is_of_the_advice_that_is_packaged(pointing: ModuleType) -> None:
    counts = [Count(**one) for one in json.loads(PAGE.with_suffix(".json").read_text("utf-8"))]
    arguments = argparse.Namespace(seeds=list(pointing.SEEDS), preset="demo", share=pointing.SHARE)

    assert PAGE.read_text("utf-8") == pointing.report(counts, arguments, AdviceSettings().stamp)


@pytest.mark.slow
def test_reasons_point_to_what_was_planted_clearly_more_often_than_chance(
    pointing: ModuleType, tmp_path: Path
) -> None:
    """One world of some 200 lines; the committed figures are of three others."""
    lines = pointing.found_lines(pointing.prepare("demo", 51, tmp_path), pointing.SHARE)

    together, *_ = judge_pointing(
        told(lines, AdviceSettings()), TrainSettings().conveyance_offences
    )

    assert together.named > 0.5 * together.lines
    low = together.precision.low
    assert low is not None
    assert low > 1.3 * together.by_chance / together.named
    assert together.side_right / together.sided > together.side_by_chance / together.sided
