"""The evaluation on paper: metrics for machines, a report for people, data for plots."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from targeting.evaluation import curves, forest, plots, words
from targeting.evaluation.dimensions import by_dimension
from targeting.evaluation.insight import pictures
from targeting.evaluation.insight.failures import failures
from targeting.evaluation.insight.words import sections
from targeting.evaluation.paper import Row, picture, template, write_csv, write_json
from targeting.tables.output import staged_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from targeting.bundle.card import Section
    from targeting.evaluation.findings import Evaluation
    from targeting.evaluation.insight.insight import Insight
    from targeting.evaluation.measures import Measure, Slice
    from targeting.evaluation.plots import Figure

_PARTS_SHOWN = 12

CAPTIONS = {
    "gain": "The further the blue line stands above the dashed one, the more hits a short list "
    "holds.",
    "precision": "Each point: open that share of the examined lines, and this share of them are "
    "hits.",
    "hits_per_day": "Grey: the hits a perfect order would have put within capacity. "
    "Blue: those the score did.",
    "calibration": "Points on the dashed line mean what they say; below it, the model promises too "
    "much. Each point holds about a tenth of the examined lines.",
    "scores": "Where the unexamined lines differ from the examined ones, figures on examined lines "
    "say little about them.",
    "slices": "Blue: lines within capacity. Orange: all examined lines of that part. Parts with "
    "fewer than 30 examined lines or 5 hits are named in the tables but not drawn.",
}


def write_evaluation(
    evaluation: Evaluation,
    output: Path,
    *,
    provenance: Mapping[str, str],
    extra_figures: Mapping[str, Figure] | None = None,
    insight: Insight | None = None,
) -> None:
    """Write metrics, report, plots and their data as one folder, whole or not at all.

    Parameters
    ----------
    evaluation
        What was found.
    output
        The folder: `metrics.json` (flat, for MLflow and DVC), `evaluation.json` (everything),
        `report.html` (self-contained), `plots/*.png` and `plots/*.csv`.
    provenance
        Where scores and results come from, such as bundle, cut-off and digests; shown as it is.
        With a key `trained_until` (ISO 8601), lines lodged before it are warned of.
    extra_figures
        More plots by title, such as what drives the score; a report shows them last.
    insight
        What is told of the model as a whole: `insight.json`, more plots and sections.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds files of somebody else.
    """
    extra = {**(extra_figures or {}), **({} if insight is None else pictures.figures(insight))}
    drawn = figures(evaluation)
    with staged_folder(output) as stage:
        write_json(stage / "metrics.json", evaluation.flat_metrics())
        write_json(stage / "evaluation.json", evaluation.to_dict())
        plots.save(
            drawn | {_file_name(name): figure for name, figure in extra.items()}, stage / "plots"
        )
        for name, rows in plot_data(evaluation).items():
            write_csv(stage / "plots" / f"{name}.csv", rows)
        if insight is not None:
            write_json(stage / "insight.json", insight.to_dict())
            write_csv(stage / "plots" / "dependence.csv", _dependence_rows(insight))
        told = sections(insight, failures(evaluation.slices))
        page = render(evaluation, drawn, provenance=provenance, extra_figures=extra, sections=told)
        (stage / "report.html").write_text(page, encoding="utf-8", newline="\n")


def figures(evaluation: Evaluation) -> dict[str, Figure]:
    """All plots of an evaluation by the name of their file, in the order the report shows them.

    Parameters
    ----------
    evaluation
        What was found.
    """
    return {
        "gain": curves.gain_curve(evaluation),
        "precision": curves.precision_curve(evaluation),
        "hits_per_day": curves.hits_per_day(evaluation),
        "calibration": curves.calibration_plot(evaluation),
        "scores": curves.score_distribution(evaluation),
        "slices": forest.slices_forest(evaluation),
    }


def render(
    evaluation: Evaluation,
    drawn: Mapping[str, Figure],
    *,
    provenance: Mapping[str, str],
    extra_figures: Mapping[str, Figure],
    sections: Sequence[Section],
) -> str:
    """Set the report as one HTML page that needs nothing else, neither network nor script.

    Parameters
    ----------
    evaluation
        What was found.
    drawn
        From `figures`.
    provenance, extra_figures
        As for `write_evaluation`.
    sections
        What is told of the model as a whole, and of its weak spots.

    Returns
    -------
    str
        The page; every text in it is escaped.
    """
    page = template("report.html.j2")
    text = page.render(
        evaluation=evaluation,
        words=words,
        cautions=_learnt_from(evaluation, provenance) + words.cautions(evaluation),
        plots={name: picture(figure) for name, figure in drawn.items()},
        captions=CAPTIONS,
        extra={name: picture(figure) for name, figure in extra_figures.items()},
        sections=sections,
        dimensions=by_dimension(
            evaluation.slices, size=lambda part: part.examined, most=_PARTS_SHOWN
        ),
        provenance=provenance,
    )
    # A number and its percent sign stay on one line.
    return text.replace(" %", "\u00a0%") + "\n"


def _learnt_from(evaluation: Evaluation, provenance: Mapping[str, str]) -> tuple[str, ...]:
    cut_off, first = provenance.get("trained_until", "")[:10], evaluation.accounting.first_day
    if not cut_off or not first or first >= cut_off:
        return ()
    return (
        f"The model learnt from results up to {cut_off}, and lines lodged since {first} are judged "
        "here: it may have learnt from some of them, and the figures flatter it.",
    )


def _file_name(title: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in title.lower())


def plot_data(evaluation: Evaluation) -> dict[str, list[Row]]:
    """Give the rows behind each plot, by the name of their CSV file, for DVC and spreadsheets.

    Parameters
    ----------
    evaluation
        What was found.
    """
    return {
        "gain": [
            {"share_opened": p.share, "lines_opened": p.opened, "hits_found": p.found}
            | _columns("share_of_hits_found", p.recall)
            for p in evaluation.curve
        ],
        "precision_curve": [
            {"share_opened": p.share, "lines_opened": p.opened, "hits_found": p.found}
            | _columns("share_that_were_hits", p.precision)
            for p in evaluation.curve
        ],
        "calibration": [
            {"mean_probability": row.mean_probability, "examined": row.examined, "hits": row.hits}
            | _columns("share_that_were_hits", row.hit_rate)
            for row in evaluation.reliability
        ],
        "hits_per_day": [_fields(row) for row in evaluation.at_capacity.by_day],
        "scores": [_fields(row) for row in evaluation.scores],
        "slices": [_slice_row(part) for part in evaluation.slices],
    }


def _dependence_rows(insight: Insight) -> list[Row]:
    return [
        {"feature": one.feature, "subject": one.subject} | _fields(part)
        for one in insight.dependence
        for part in one.bins
    ]


def _columns(name: str, measure: Measure) -> Row:
    return {name: measure.value, "low": measure.low, "high": measure.high}


def _fields(row: object) -> Row:
    return asdict(row)  # type: ignore[call-overload]


def _slice_row(part: Slice) -> Row:
    return {
        "dimension": part.dimension,
        "value": part.value,
        "examined": part.examined,
        "hits": part.hits,
        "hit_rate": part.hit_rate.value,
        "lines_opened": part.opened,
        "hits_found": part.found,
    } | {
        **_columns("share_that_were_hits", part.precision),
        "share_of_hits_found": part.recall.value,
        "mean_probability": part.mean_probability,
        "too_small": part.too_small,
    }
