"""A comparison on paper: a report for people, evidence for a promotion, data for plots."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from targeting.errors import InputError
from targeting.evaluation import plots
from targeting.evaluation import words as common_words
from targeting.evaluation.compare import pictures, words
from targeting.evaluation.compare.findings import (
    AT_CAPACITY,
    EXAMINED,
    FORMAT,
    RECOMMENDED,
    TRUTH,
    Comparison,
)
from targeting.evaluation.dimensions import by_dimension
from targeting.evaluation.paper import Row, picture, template, write_csv, write_json
from targeting.tables.output import staged_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from targeting.evaluation.compare.findings import Difference, SliceDifference
    from targeting.evaluation.plots import Figure

EVIDENCE = "comparison.json"
_PARTS_SHOWN = 12

CAPTIONS = {
    "differences": "Right of the dashed line B finds more. An interval that crosses the line means "
    "the two cannot be told apart.",
    "lists": "Grey lines were never opened, so nobody knows who was right about them.",
    "slices": "By the lists at capacity. Parts with fewer than 30 examined lines or 5 hits are "
    "named in the tables but not drawn; a point without a bar has too few days or consignees.",
    "calibration": "Points on the dashed line mean what they say; below it, the version promises "
    "too much.",
    "features": "The mean size of a feature's contributions, as a share of all.",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A comparison and when it was made.

    Parameters
    ----------
    comparison
        What was found.
    made_at
        Moment, with time zone.
    """

    comparison: Comparison
    made_at: datetime


def write_comparison(comparison: Comparison, output: Path, *, made_at: datetime) -> None:
    """Write report, evidence, metrics, plots and their data as one folder, whole or not at all.

    Parameters
    ----------
    comparison
        What was found.
    output
        The folder: `report.html` (self-contained), `comparison.json` (everything, and when it
        was made: the evidence for a promotion), `metrics.json` (flat), `plots/*.png` and `*.csv`.
    made_at
        Moment, with time zone. It stands in `comparison.json` alone: all other files are the
        same to the byte for the same versions and tables.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds files of somebody else.
    """
    drawn = pictures.figures(comparison)
    with staged_folder(output) as stage:
        write_json(stage / "metrics.json", comparison.flat_metrics())
        about = {"format": FORMAT, "made_at": made_at.isoformat(timespec="seconds")}
        write_json(stage / EVIDENCE, {**about, "comparison": comparison.to_dict()})
        plots.save(drawn, stage / "plots")
        for name, rows in plot_data(comparison).items():
            write_csv(stage / "plots" / f"{name}.csv", rows)
        page = render(comparison, drawn)
        (stage / "report.html").write_text(page, encoding="utf-8", newline="\n")


def read_evidence(path: Path) -> Evidence:
    """Read the `comparison.json` that `write_comparison` wrote.

    Parameters
    ----------
    path
        The file, or the folder it stands in.

    Raises
    ------
    InputError
        If it is not there, or is something else.
    """
    file = path / EVIDENCE if path.is_dir() else path
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if content.get("format") != FORMAT:
            raise _unreadable(path, "another form of file")
        comparison = TypeAdapter(Comparison).validate_python(content["comparison"])
        made_at = datetime.fromisoformat(content["made_at"])
    except OSError as error:
        raise _unreadable(path, error.strerror or "nothing of that name") from None
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unreadable(path, f"something else ({type(error).__name__})") from None
    if made_at.tzinfo is None:
        raise _unreadable(path, "a moment without a time zone")
    return Evidence(comparison, made_at)


def _unreadable(path: Path, found: str) -> InputError:
    return InputError(
        "the comparison cannot be read",
        where=str(path),
        found=found,
        do=f"Name the {EVIDENCE} that `targeting compare` wrote, or its folder.",
    )


def render(comparison: Comparison, drawn: Mapping[str, Figure]) -> str:
    """Put a comparison in words on one page that needs no other file.

    Parameters
    ----------
    comparison
        What was found.
    drawn
        The plots, from `targeting.evaluation.compare.pictures.figures`.
    """
    text = template("compare.html.j2").render(
        comparison=comparison,
        told=words,
        words=common_words,
        cautions=words.cautions(comparison),
        cards=_cards(comparison),
        plots={name: picture(figure) for name, figure in drawn.items()},
        captions=CAPTIONS,
        dimensions=by_dimension(comparison.slices, size=lambda part: part.hits, most=_PARTS_SHOWN),
    )
    return text.replace(" %", "\u00a0%") + "\n"


def _cards(comparison: Comparison) -> list[tuple[str, Difference | None, str]]:
    cards: list[tuple[str, Difference | None, str]] = []
    for what, note in (
        (EXAMINED, "officers chose these lines"),
        (RECOMMENDED, comparison.estimator),
        (TRUTH, "simulated world"),
    ):
        row = comparison.find(what, "precision", AT_CAPACITY)
        if what != TRUTH or row is not None:
            cards.append((f"More hits with B, {words.UNDER[what]}", row, note))
    return cards


def plot_data(comparison: Comparison) -> dict[str, list[Row]]:
    """Give the rows behind the plots and tables, by the name of their CSV file.

    Parameters
    ----------
    comparison
        What was found.
    """
    return {
        "differences": [
            {"under": what} | _row(row)
            for what in (EXAMINED, RECOMMENDED, TRUTH)
            for row in comparison.under(what)
        ],
        "slices": [_slice(part) for part in comparison.slices],
        "calibration": [
            {
                "version": name,
                "mean_probability": row.mean_probability,
                "examined": row.examined,
                "hits": row.hits,
                "share_that_were_hits": row.hit_rate.value,
                "low": row.hit_rate.low,
                "high": row.hit_rate.high,
            }
            for name, version in zip("AB", comparison.calibration, strict=True)
            for row in version.table
        ],
        "disagreements": [{**asdict(line)} for line in comparison.agreement.strongest],
        "features": [{**asdict(row), "moved": row.moved} for row in comparison.moved.features],
    }


def _row(row: Difference) -> Row:
    return {
        "figure": row.name,
        "first": row.first,
        "second": row.second,
        "difference": row.difference.value,
        "low": row.difference.low,
        "high": row.difference.high,
        "why": row.difference.why,
    }


def _slice(part: SliceDifference) -> Row:
    return {
        "dimension": part.dimension,
        "value": part.value,
        "examined": part.examined,
        "hits": part.hits,
        "first_recall": part.recall.first,
        "second_recall": part.recall.second,
        "difference": part.recall.difference.value,
        "low": part.recall.difference.low,
        "high": part.recall.difference.high,
        "difference_of_precision": part.precision.difference.value,
        "too_small": part.too_small,
    }
