"""The search: the present settings first, the same for a seed in one go or in many, pruned."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
import pytest

from targeting.config import ModelSettings, RangeSettings, TuneSettings, load, parse
from targeting.errors import ConfigError, InputError
from targeting.training.tune import Figures, Question, Trial, best, chosen, run_trials, worth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PRESENT = ModelSettings(trees=100, l2=5.0)
SEARCH = {
    "trees": RangeSettings(low=10, high=1000, log=True),
    "l2": RangeSettings(low=0.1, high=100.0, log=True),
}
FOLDS = 3


def question(trials: int, **changes: Any) -> Question:
    how: dict[str, Any] = {"random_trials": 4, "search": SEARCH, "trials": trials} | changes
    return Question(TuneSettings(**how), PRESENT, FOLDS, {"the table declarations": "abc"})


def live(model: ModelSettings) -> Iterator[Figures]:
    """More trees find more, up to 600."""
    for fold in range(FOLDS):
        yield Figures(100 + fold - abs(model.trees - 600) // 20, 0.5 / (1 + model.l2))


def same(trials: tuple[Trial, ...]) -> list[tuple[object, ...]]:
    """Everything of the trials but the time they took."""
    return [(one.number, dict(one.params), one.figures, one.pruned) for one in trials]


@pytest.fixture(scope="module")
def in_one_go(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trial, ...]:
    return run_trials(question(14), tmp_path_factory.mktemp("one") / "study.db", live)


def test_the_first_trial_is_the_present_settings(in_one_go: tuple[Trial, ...]) -> None:
    assert [one.number for one in in_one_go] == list(range(14))
    assert in_one_go[0].params == {"trees": 100, "l2": 5.0}
    assert chosen(PRESENT, in_one_go[0]) == PRESENT
    assert not in_one_go[0].pruned


def test_a_better_setting_is_found_where_there_is_one(in_one_go: tuple[Trial, ...]) -> None:
    top = best(in_one_go)

    assert top.found > in_one_go[0].found
    assert abs(int(str(top.params["trees"])) - 600) < 200
    assert chosen(PRESENT, top).seed == PRESENT.seed


def test_a_study_stopped_and_resumed_has_the_trials_of_one_run(
    in_one_go: tuple[Trial, ...], tmp_path: Path
) -> None:
    study = tmp_path / "study.db"
    told: list[tuple[int, int]] = []

    run_trials(question(5), study, live)
    resumed = run_trials(question(14), study, live, progress=lambda *done: told.append(done))

    assert same(resumed) == same(in_one_go)
    assert told[0] == (5, 14)
    assert told[-1] == (14, 14)


class _Killed(BaseException):
    """What ends a run from outside."""


@pytest.mark.parametrize("at", [0, 2, 7])
def test_a_run_killed_within_a_trial_goes_on_as_if_it_had_not_been(
    in_one_go: tuple[Trial, ...], tmp_path: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, begun = tmp_path / "study.db", [0]

    def killed(model: ModelSettings) -> Iterator[Figures]:
        begun[0] += 1
        for one in live(model):
            if begun[0] > at:
                raise _Killed
            yield one

    with monkeypatch.context() as patch:
        # A killed process tells the study nothing: its trial is left running.
        patch.setattr(optuna.Study, "tell", _told_unless_failed(optuna.Study.tell))
        with pytest.raises(_Killed):
            run_trials(question(14), study, killed)

    assert same(run_trials(question(14), study, live)) == same(in_one_go)


def _told_unless_failed(tell: Callable[..., Any]) -> Callable[..., Any]:
    def told(study: optuna.Study, *args: Any, **how: Any) -> Any:
        if how.get("state") == optuna.trial.TrialState.FAIL:
            return None
        return tell(study, *args, **how)

    return told


def test_another_seed_tries_other_settings(in_one_go: tuple[Trial, ...], tmp_path: Path) -> None:
    other = run_trials(question(3, seed=1), tmp_path / "study.db", live)

    assert other[0].params == in_one_go[0].params
    assert other[1].params != in_one_go[1].params


def test_trials_that_lag_behind_are_given_up_and_never_the_best(
    in_one_go: tuple[Trial, ...], tmp_path: Path
) -> None:
    pruned = [one for one in in_one_go if one.pruned]

    assert pruned
    assert all(len(one.figures) < FOLDS for one in pruned)
    assert all(one.number >= 5 for one in pruned)
    whole = run_trials(question(8, prune=False), tmp_path / "study.db", live)
    assert [len(one.figures) for one in whole] == [FOLDS] * 8
    assert not any(one.pruned for one in whole)


def test_a_trial_given_up_is_not_asked_for_its_last_folds(tmp_path: Path) -> None:
    lived: list[int] = []

    def counted(model: ModelSettings) -> Iterator[Figures]:
        lived.append(0)
        for one in live(model):
            lived[-1] += 1
            yield one

    trials = run_trials(question(9), tmp_path / "study.db", counted)

    assert lived == [len(one.figures) for one in trials]


def test_ties_go_to_the_average_precision_and_then_to_the_present_settings() -> None:
    def trial(number: int, found: float, area: float, *, pruned: bool = False) -> Trial:
        return Trial(number, {}, (Figures(found, area),), pruned, 0.0)

    assert best([trial(0, 7, 0.2), trial(1, 7, 0.3), trial(2, 6, 0.99)]).number == 1
    assert best([trial(0, 7, 0.3), trial(1, 7, 0.3)]).number == 0
    assert best([trial(0, 7, 0.3), trial(1, 90, 0.3, pruned=True)]).number == 0
    assert worth([Figures(8, 0.0)]) > worth([Figures(7, 1.0)])


def test_a_study_of_something_else_is_refused_by_what_differs(tmp_path: Path) -> None:
    study = tmp_path / "study.db"
    run_trials(question(1), study, live)
    other = Question(question(1, seed=9).settings, PRESENT, FOLDS, {"the table declarations": "x"})

    with pytest.raises(InputError, match="`seed`, the table declarations") as caught:
        run_trials(other, study, live)
    assert "--storage" in str(caught.value)


@pytest.mark.parametrize("content", [b"trials: 3\n" * 200, None], ids=["text", "another database"])
def test_a_file_of_another_kind_is_refused_and_left_alone(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "study.db"
    if content is None:
        with sqlite3.connect(file) as database:
            database.execute("create table runs (id)")
        database.close()
    else:
        file.write_bytes(content)
    before = file.read_bytes()

    with pytest.raises(InputError, match="no study to go on with"):
        run_trials(question(1), file, live)
    assert file.read_bytes() == before


def test_ranges_without_the_present_settings_are_refused(tmp_path: Path) -> None:
    narrow = question(1, search={"trees": RangeSettings(low=200, high=300)})

    with pytest.raises(ConfigError, match=r"search\.trees does not hold the present 100"):
        run_trials(narrow, tmp_path / "study.db", live)


@pytest.mark.parametrize(
    ("search", "told"),
    [
        ({"tree": {"low": 1, "high": 2}}, r"search\.tree: no setting of `model`\. Did you mean"),
        ({"seed": {"low": 1, "high": 2}}, r"search\.seed: is not searched"),
        ({"trees": {"low": 0, "high": 2}}, r"search\.trees: 0\.0 does not do"),
        ({"l2": {"low": 2, "high": 1}}, "`low` \\(2\\) is above `high`"),
        ({"l2": {"low": 1}}, "give both"),
        ({"l2": {"low": 0, "high": 1, "log": True}}, "with `log`"),
        ({"l2": {"low": 0, "high": 1, "choices": [1]}}, "not both"),
        ({}, "at least 1 item"),
    ],
)  # fmt: skip
def test_a_search_that_cannot_be_is_refused_by_name(search: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse(TuneSettings, {"search": search}, where="tune.yaml")


def test_the_file_in_configs_holds_the_defaults() -> None:
    file = Path(__file__).resolve().parents[2] / "configs" / "tune.yaml"

    assert load(TuneSettings, file) == TuneSettings() == load(TuneSettings, None)


def test_choices_are_tried_as_they_are(tmp_path: Path) -> None:
    few = question(6, search={"leaves": RangeSettings(choices=(15, 31))})

    trials = run_trials(few, tmp_path / "study.db", live)

    assert {one.params["leaves"] for one in trials} == {15, 31}
