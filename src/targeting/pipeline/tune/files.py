"""What a tuning run leaves behind: settings to train with, every trial, and the way it went."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import yaml

from targeting.evaluation.plots import BLUE, GREY, ORANGE, canvas, figure_of, save
from targeting.pipeline.tune.verdict import choice
from targeting.tables.output import staged_file
from targeting.training.tune import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from targeting.config import TrainSettings
    from targeting.evaluation.plots import Figure
    from targeting.pipeline.tune.prepare import Ground
    from targeting.pipeline.tune.verdict import HeldOut, Verdict
    from targeting.training.tune import Figures, Trial


@dataclass(frozen=True, slots=True)
class TunedFiles:
    """Where a tuning run writes; all lie beside the settings it makes.

    Parameters
    ----------
    settings
        What `targeting train --config` reads.
    """

    settings: Path

    @property
    def trials(self) -> Path:
        """Every trial, as a table."""
        return self.settings.with_suffix(".trials.csv")

    @property
    def history(self) -> Path:
        """How the search went, as a picture."""
        return self.settings.with_suffix(".history.png")

    @property
    def verdict(self) -> Path:
        """Default against best, for programs."""
        return self.settings.with_suffix(".verdict.json")

    @property
    def study(self) -> Path:
        """The study, unless it is kept elsewhere."""
        return self.settings.with_suffix(".study.db")


def settings_to_use(train: TrainSettings, verdict: Verdict) -> TrainSettings:
    """Return the tuned settings where they are recommended, else the present ones.

    Parameters
    ----------
    train
        The present settings.
    verdict
        What the study found.
    """
    if not verdict.recommended:
        return train
    return train.model_copy(update={"model": chosen(train.model, verdict.best)})


def write_files(
    files: TunedFiles, ground: Ground, trials: Sequence[Trial], verdict: Verdict
) -> None:
    """Write everything; each file appears whole or not at all.

    Parameters
    ----------
    files
        Where.
    ground
        What the tuning stood on.
    trials
        All trials, in order.
    verdict
        What they came to.
    """
    with staged_file(files.trials) as stage:
        _write_trials(stage, trials, [str(one.fold.period.number) for one in ground.folds])
    with staged_file(files.history) as stage:
        save({stage.stem: history(trials, verdict)}, stage.parent)
    with staged_file(files.verdict) as stage:
        text = json.dumps(_facts(ground, trials, verdict), indent=1) + "\n"
        stage.write_text(text, encoding="utf-8")
    with staged_file(files.settings) as stage:
        stage.write_text(_yaml(ground, trials, verdict), encoding="utf-8")


def _write_trials(path: Path, trials: Sequence[Trial], folds: Sequence[str]) -> None:
    searched = list(trials[0].params)
    names = ["trial", "state", "found", "average_precision", "value"]
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*names, *(f"found_fold_{fold}" for fold in folds), *searched])
        for one in trials:
            found = [f"{fold.found:.10g}" for fold in one.figures]
            empty = [""] * (len(folds) - len(found))
            figures = (one.found, one.average_precision, one.value)
            rows.writerow([
                one.number, one.state, *(f"{figure:.10g}" for figure in figures),
                *found, *empty, *(one.params[name] for name in searched),
            ])  # fmt: skip


def history(trials: Sequence[Trial], verdict: Verdict) -> Figure:
    """Draw what each trial found, and the best so far.

    Parameters
    ----------
    trials
        All trials, in order.
    verdict
        Which of them is the best.
    """
    lived = [one for one in trials if not one.pruned]
    pruned = [one for one in trials if one.pruned]
    so_far = [max(one.found for one in lived[: at + 1]) for at in range(len(lived))]
    with canvas() as axes:
        axes.axhline(verdict.default.found, color=GREY, linestyle="--", label="present settings")
        axes.step(
            [one.number for one in lived], so_far, where="post", color=BLUE, label="best so far"
        )
        axes.plot(
            [one.number for one in lived], [one.found for one in lived], "o", color=BLUE,
            markersize=4, label="trial",
        )  # fmt: skip
        floor = axes.get_ylim()[0]
        axes.plot(
            [one.number for one in pruned], [floor] * len(pruned), "|", color=ORANGE,
            label="given up early", clip_on=False,
        )  # fmt: skip
        axes.set_ylim(bottom=floor)
        axes.set_title("Hits within capacity on the folds")
        axes.set_xlabel("trial")
        axes.legend(loc="lower right")
        return figure_of(axes)


def _facts(ground: Ground, trials: Sequence[Trial], verdict: Verdict) -> dict[str, object]:
    return {
        "recommended": verdict.recommended,
        "why": verdict.why,
        "trials": len(trials),
        "pruned": sum(one.pruned for one in trials),
        "default": _trial(verdict.default),
        "best": _trial(verdict.best),
        "held_out": None if verdict.held_out is None else asdict(verdict.held_out),
        "folds": [
            {
                "number": one.fold.period.number,
                "train_until": one.fold.period.train_until.isoformat(),
                "moment": one.fold.period.moment.isoformat(),
                "test_until": one.fold.period.test_until.isoformat(),
                "train_lines": int(one.fold.train.sum()),
                "test_lines": int(one.fold.test.sum()),
                "purged_lines": one.fold.purged,
            }
            for one in ground.folds
        ],
        "notes": list(ground.notes),
    }


def _trial(trial: Trial) -> dict[str, object]:
    return {
        "trial": trial.number,
        "found": trial.found,
        "average_precision": trial.average_precision,
        "params": dict(trial.params),
    }


def _yaml(ground: Ground, trials: Sequence[Trial], verdict: Verdict) -> str:
    used = settings_to_use(ground.plan.train, verdict)
    lines = ["How a model is trained and judged; written by `targeting tune`."]
    lines += [*summary(ground, trials, verdict), ""]
    if verdict.recommended:
        lines.append("These are the tuned settings.")
    else:
        lines.append("These are the present settings. The best trial had:")
        lines += [f"  {name}: {value}" for name, value in verdict.best.params.items()]
    head = "".join(f"# {line}".rstrip() + "\n" for line in lines)
    plain = type(used)().model_dump(mode="json")
    values = used.model_dump(mode="json")
    said = {name: one for name, one in values.items() if name == "model" or one != plain[name]}
    return head + yaml.safe_dump(said, sort_keys=False)


def summary(ground: Ground, trials: Sequence[Trial], verdict: Verdict) -> list[str]:
    """Say what a study found, in lines to print.

    Parameters
    ----------
    ground
        What the tuning stood on.
    trials
        All trials.
    verdict
        What they came to.
    """
    pruned = sum(one.pruned for one in trials)
    folds = [one.fold for one in ground.folds]
    purged = sum(one.purged for one in folds)
    with_choice, office_days = choice(ground)
    return [
        *(f"Note: {note}." for note in ground.notes),
        f"{len(trials)} trials on {len(folds)} folds, {pruned} given up early; {purged:,} training "
        "lines left out because their consignment went on into the gap or the test.",
        f"On {with_choice:,} of {office_days:,} office-days of the folds more lines were examined "
        "than capacity; only there does the order matter.",
        f"On the folds, hits within {ground.plan.capacity} examinations per office and day: "
        f"{_figures(verdict.default)} by default, {_figures(verdict.best)} by trial "
        f"{verdict.best.number}.",
        *_held_out(verdict.held_out),
        f"{'Recommended' if verdict.recommended else 'Not recommended'}: {verdict.why}.",
    ]


def _held_out(held: HeldOut | None) -> list[str]:
    if held is None:
        return []
    gain = held.gain
    sure = gain.why if gain.low is None else f"95 % interval {gain.low:+,.4g} to {gain.high:+,.4g}"
    return [
        f"Held out, {held.first} to {held.last}, {held.lines:,} examined lines with {held.hits:,} "
        f"hits, {held.opened:,} opened: {_figures(held.default)} by default, "
        f"{_figures(held.best)} by the best; difference {gain.value:+,.4g} hits ({sure}).",
        *(
            f"  of {hits:,} hits with a {name}: {default:,.4g} by default, {tuned:,.4g} by the best"
            for name, hits, default, tuned in held.new_parties
            if hits
        ),
    ]


def _figures(one: Trial | Figures) -> str:
    return f"{one.found:,.6g} (average precision {one.average_precision:.3f})"
