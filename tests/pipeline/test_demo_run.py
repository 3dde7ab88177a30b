"""The demo on a reduced world: it ends by saying what was learnt and where everything is."""

from __future__ import annotations

import json

import pytest

from targeting.config import ModelSettings, TrainSettings
from targeting.demo import run_demo
from targeting.simulate import preset

PLACES = (
    "shortlist/shortlist.html",
    "bundle/evaluation/report.html",
    "bundle/MODEL_CARD.md",
    "mlflow.db",
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SQLAlchemy, by MLflow
def test_the_demo_tells_what_was_learnt_and_where_everything_is(tmp_path):
    told: list[str] = []
    settings = TrainSettings(model=ModelSettings(trees=10, leaves=7), capacity=2)
    report = run_demo(tmp_path / "demo", world=preset("small"), settings=settings, tell=told.append)
    text = report.text()
    for place in PLACES:
        assert str(tmp_path / "demo" / place) in text
        assert (tmp_path / "demo" / place).exists()
    for words in ("precision at capacity", "lift over random", "xdg-open", "mlflow ui"):
        assert words in text
    left = json.loads((tmp_path / "demo" / "demo.json").read_text(encoding="utf-8"))
    assert left["bundle_id"] == report.training.bundle_id
    assert left["truth"]["would_be_found"] <= left["truth"]["listed"] <= left["truth"]["lodged"]
    assert [step["name"] for step in left["steps"]] == [step.name for step in report.steps]
    assert {"simulate", "check", "score", "shortlist"} <= set(told)
