"""Searching better settings of the trees with Optuna: resumable, pruned, the same for a seed.

Trial 0 is always the present settings, so that every study says whether tuning paid. What a trial
is worth is handed in as its figures fold by fold; this module knows nothing of how they are made.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from targeting.config import ModelSettings
from targeting.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from optuna.distributions import BaseDistribution

    from targeting.config.tune import RangeSettings, TuneSettings

    Value = bool | int | float | str | None

STUDY = "targeting"
"""Name of the study inside its file."""

TIE = 0.5
"""Weight of the average precision, which is below 1, beside hits, which are whole but for scores
that tie: it decides between settings that found the same, and never against a hit."""

DIGITS = 4
"""Significant digits of a number that is tried; more would only look exact."""

ENOUGH_TO_PRUNE = 5
"""Trials lived to the end before any is given up."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a setting did on one fold.

    Parameters
    ----------
    found
        Hits within capacity.
    average_precision
        Mean of the precision at each hit; 0 when there was no hit.
    """

    found: float
    average_precision: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting that was tried.

    Parameters
    ----------
    number
        From 0, the present settings; trials cut short by a crash are not counted.
    params
        Values of the settings searched.
    figures
        Fold by fold, as far as it was lived.
    pruned
        Whether it was given up before the last fold.
    seconds
        Wall-clock time.
    """

    number: int
    params: Mapping[str, Value]
    figures: tuple[Figures, ...]
    pruned: bool
    seconds: float

    @property
    def state(self) -> Literal["complete", "pruned"]:
        """How it ended, in one word."""
        return "pruned" if self.pruned else "complete"

    @property
    def found(self) -> float:
        """Hits within capacity, over its folds."""
        return sum(one.found for one in self.figures)

    @property
    def average_precision(self) -> float:
        """Mean over its folds."""
        return sum(one.average_precision for one in self.figures) / max(len(self.figures), 1)

    @property
    def value(self) -> float:
        """What is maximised: hits found, ties broken by the average precision."""
        return worth(self.figures)

    @property
    def steps(self) -> tuple[float, ...]:
        """The value after each fold."""
        return tuple(worth(self.figures[:at]) for at in range(1, len(self.figures) + 1))


def worth(figures: Sequence[Figures]) -> float:
    """Say in one number what a setting is worth on the folds lived so far.

    Parameters
    ----------
    figures
        Fold by fold.

    Examples
    --------
    >>> worth([Figures(3, 0.2), Figures(4, 0.6)])
    7.2
    """
    found = sum(one.found for one in figures)
    return found + TIE * sum(one.average_precision for one in figures) / max(len(figures), 1)


@dataclass(frozen=True, slots=True)
class Question:
    """What a study searches.

    Parameters
    ----------
    settings
        Values tried, number of trials, seed.
    present
        The settings in use: trial 0.
    folds
        Number of folds of a trial that is lived to the end.
    about
        Digests of what the figures depend on besides, by name; a study goes on only with the same.
    """

    settings: TuneSettings
    present: ModelSettings
    folds: int
    about: Mapping[str, str]

    def identity(self) -> dict[str, str]:
        """Everything a trial's value or the choice of the next trial depends on, by name."""
        search = self.settings.model_dump(mode="json", exclude={"trials", "folds"})
        return {
            **{f"`{name}`": json.dumps(value, sort_keys=True) for name, value in search.items()},
            "`folds`": self.settings.folds.model_dump_json(),
            "the present settings": self.present.model_dump_json(),
            **self.about,
        }

    def require_present_inside(self) -> None:
        """Refuse ranges the present settings lie outside of: trial 0 could not teach the search.

        Raises
        ------
        ConfigError
            Naming every such setting.
        """
        wrong = [
            f"search.{name} does not hold the present {getattr(self.present, name)}"
            for name, values in self.settings.search.items()
            if not values.holds(getattr(self.present, name))
        ]
        if wrong:
            raise ConfigError(
                "the search leaves out the settings it is to improve on",
                where="search",
                found="; ".join(wrong),
                do="Widen the ranges, or leave those settings out of the search.",
            )


def run_trials(
    question: Question,
    storage: Path,
    live: Callable[[ModelSettings], Iterator[Figures]],
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Trial, ...]:
    """Try settings until the study has its number of trials; one begun earlier goes on.

    The choice of each trial depends on the seed, its number and the trials before it alone, so a
    study run in one go and one stopped and continued are the same.

    Parameters
    ----------
    question
        What to search.
    storage
        SQLite file of the study; made when it is not there.
    live
        Gives the figures of a setting fold by fold; not asked for more once a trial is given up.
    progress
        Told trials done and wanted.

    Returns
    -------
    tuple of Trial
        In order of their numbers; more than asked for when the study already had more.

    Raises
    ------
    ConfigError
        If the present settings lie outside the ranges.
    InputError
        If the file is no study, or one of another question.
    """
    question.require_present_inside()
    wanted = question.settings.trials
    with _opened(storage) as store:
        study = _study(store, question)
        done = len(_lived(study))
        progress(min(done, wanted), wanted)
        while done < wanted:
            study.sampler, study.pruner = _chooser(question, done), _pruner(question)
            _one(study, question, done, live)
            done += 1
            progress(done, wanted)
        return tuple(_read(one, question) for one in _lived(study))


def best(trials: Sequence[Trial]) -> Trial:
    """Choose the trial worth most; the earliest of equals, so the present settings win a tie.

    Parameters
    ----------
    trials
        From `run_trials`.
    """
    return max((one for one in trials if not one.pruned), key=lambda one: (one.value, -one.number))


def chosen(present: ModelSettings, trial: Trial) -> ModelSettings:
    """Return the settings a trial stands for.

    Parameters
    ----------
    present
        The settings in use, for what is not searched.
    trial
        The trial.
    """
    return ModelSettings.model_validate(present.model_dump() | dict(trial.params))


def distribution(name: str, values: RangeSettings) -> BaseDistribution:
    """Put the values of one setting as Optuna draws them.

    Parameters
    ----------
    name
        Of the setting in `ModelSettings`, which says whether it is whole.
    values
        Those tried.

    Examples
    --------
    >>> from targeting.config.tune import RangeSettings
    >>> distribution("leaves", RangeSettings(low=4, high=64, log=True))
    IntDistribution(high=64, log=True, low=4, step=1)
    """
    if values.low is None or values.high is None:
        return CategoricalDistribution(values.choices)
    if ModelSettings.model_fields[name].annotation is int:
        return IntDistribution(int(values.low), int(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)


@contextmanager
def _opened(storage: Path) -> Iterator[optuna.storages.RDBStorage]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    _require_study(storage)
    storage.parent.mkdir(parents=True, exist_ok=True)
    store = optuna.storages.RDBStorage(f"sqlite:///{storage}")
    try:
        yield store
    finally:
        store.remove_session()
        store.engine.dispose()


def _require_study(storage: Path) -> None:
    """Refuse a file of another kind before Optuna makes its tables inside it."""
    if not storage.exists() or not storage.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(f"file:{storage}?mode=ro", uri=True)) as file:
            tables = {name for (name,) in file.execute("select name from sqlite_master")}
        found = "a database of something else"
    except sqlite3.Error as error:
        tables, found = set(), str(error)
    if not {"studies", "trials", "version_info"} <= tables:
        raise InputError(
            "the file is no study to go on with",
            where=f"--storage {storage}",
            found=found,
            do="Name another file, or one that does not exist yet.",
        )


def _study(store: optuna.storages.RDBStorage, question: Question) -> optuna.Study:
    """Open the study, refuse one of another question, and close what a crash left open."""
    study = optuna.create_study(
        storage=store, study_name=STUDY, direction="maximize", load_if_exists=True
    )
    asked, now = study.user_attrs.get("question"), question.identity()
    if asked is None:
        study.set_user_attr("question", now)
    else:
        other = [name for name in now | asked if now.get(name) != asked.get(name)]
        if other:
            raise InputError(
                "the study was begun on something else, and its trials cannot be compared",
                where="--storage",
                found=f"a difference in {', '.join(other)}",
                do="Name another file, or put back what differs.",
            )
    for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING)):
        store.set_trial_state_values(left._trial_id, TrialState.FAIL)
    return study


def _lived(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _chooser(question: Question, number: int) -> optuna.samplers.BaseSampler:
    """Choose by the seed and the number of the trial, whatever was run in this process before."""
    seed = np.random.SeedSequence([question.settings.seed, number]).generate_state(1)[0]
    return optuna.samplers.TPESampler(
        n_startup_trials=question.settings.random_trials, seed=int(seed)
    )


def _pruner(question: Question) -> optuna.pruners.BasePruner:
    if not question.settings.prune:
        return optuna.pruners.NopPruner()
    return optuna.pruners.MedianPruner(n_startup_trials=ENOUGH_TO_PRUNE)


def _one(
    study: optuna.Study,
    question: Question,
    number: int,
    live: Callable[[ModelSettings], Iterator[Figures]],
) -> None:
    """Live one trial fold by fold; what stops it half-way leaves it failed, to be tried again."""
    search = question.settings.search
    if number == 0:
        study.enqueue_trial({name: getattr(question.present, name) for name in search})
    trial = study.ask({name: distribution(name, values) for name, values in search.items()})
    begun = time.perf_counter()
    figures: list[Figures] = []
    try:
        settings = _settings(trial.params, question, number)
        for step, one in enumerate(live(settings), start=1):
            figures.append(one)
            trial.report(worth(figures), step)
            if step < question.folds and trial.should_prune():
                break
    except BaseException:
        study.tell(trial, state=TrialState.FAIL)
        raise
    trial.set_user_attr("found", [one.found for one in figures])
    trial.set_user_attr("average_precision", [one.average_precision for one in figures])
    trial.set_user_attr("number", number)
    trial.set_user_attr("seconds", time.perf_counter() - begun)
    if len(figures) < question.folds:
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, worth(figures))


def _settings(params: Mapping[str, Any], question: Question, number: int) -> ModelSettings:
    if number == 0:
        return question.present
    return ModelSettings.model_validate(question.present.model_dump() | _rounded(params))


def _rounded(params: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
        for name, value in params.items()
    }


def _read(trial: optuna.trial.FrozenTrial, question: Question) -> Trial:
    attrs, number = trial.user_attrs, int(trial.user_attrs["number"])
    settings = _settings(trial.params, question, number)
    return Trial(
        number=number,
        params={name: getattr(settings, name) for name in question.settings.search},
        figures=tuple(map(Figures, attrs["found"], attrs["average_precision"])),
        pruned=trial.state == TrialState.PRUNED,
        seconds=float(attrs["seconds"]),
    )
