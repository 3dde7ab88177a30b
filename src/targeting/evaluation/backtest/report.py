"""The backtest on paper: figures for machines, a page for people, plots and their rows."""

from __future__ import annotations

from dataclasses import asdict
from itertools import accumulate
from typing import TYPE_CHECKING

from targeting.evaluation import plots
from targeting.evaluation import words as plain
from targeting.evaluation.backtest import pictures, words
from targeting.evaluation.backtest.policies import OWN_CAPACITY
from targeting.evaluation.dimensions import by_dimension
from targeting.evaluation.measures import Measure
from targeting.evaluation.paper import Row, picture, template, write_csv, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from targeting.evaluation.backtest.parts import Part
    from targeting.evaluation.backtest.result import Backtest, VersionResult
    from targeting.evaluation.plots import Figure

_PARTS_SHOWN = 12

CAPTIONS = {
    "precision_by_version": "Grey is what reports of examined lines would say; blue is what all "
    "lines a list opens would have shown. Orange, the truth, is there in simulated worlds only.",
    "precision_top_share": "The same when the list may open a share of each day's lines, whatever "
    "their office.",
    "hits_by_week": "Each line adds up what a version's list held, block after block. Where a line "
    "flattens, its version stopped finding.",
    "parts": "For this model's list. Parts with fewer than 30 examined lines or 5 hits are named "
    "in the tables but not drawn.",
}


def write_backtest(found: Backtest, folder: Path, *, provenance: Mapping[str, str]) -> None:
    """Write figures, page, plots and their rows into a folder.

    Parameters
    ----------
    found
        The backtest.
    folder
        An existing folder, usually from `targeting.tables.output.staged_folder`; gets
        `metrics.json` (flat), `backtest.json` (everything), `report.html` and `plots/`.
    provenance
        Where lines and versions come from; shown as it is.
    """
    drawn = figures(found)
    write_json(folder / "metrics.json", found.flat_metrics())
    write_json(folder / "backtest.json", found.to_dict() | {"provenance": dict(provenance)})
    plots.save(drawn, folder / "plots")
    for name, rows in plot_data(found).items():
        write_csv(folder / "plots" / f"{name}.csv", rows)
    page = render(found, drawn, provenance=provenance)
    (folder / "report.html").write_text(page, encoding="utf-8", newline="\n")


def figures(found: Backtest) -> dict[str, Figure]:
    """All plots of a backtest by the name of their file, in the order the report shows them.

    Parameters
    ----------
    found
        The backtest.
    """
    shares = [name for name in found.policies if name != OWN_CAPACITY]
    drawn = {"precision_by_version": pictures.precision_by_version(found)}
    if shares:
        middle = shares[min(1, len(shares) - 1)]
        drawn["precision_top_share"] = pictures.precision_by_version(found, middle)
    return drawn | {
        "hits_by_week": pictures.hits_by_week(found),
        "parts": pictures.parts_forest(found),
    }


def render(found: Backtest, drawn: Mapping[str, Figure], *, provenance: Mapping[str, str]) -> str:
    """Set the report as one HTML page that needs nothing else, neither network nor script.

    Parameters
    ----------
    found
        The backtest.
    drawn
        From `figures`.
    provenance
        As for `write_backtest`.

    Returns
    -------
    str
        The page; every text in it is escaped.
    """
    text = template("backtest.html.j2").render(
        found=found,
        words=words,
        plain=plain,
        plots={name: picture(figure) for name, figure in drawn.items()},
        captions=CAPTIONS,
        dimensions=by_dimension(
            found.versions[0].parts, size=lambda part: part.lines, most=_PARTS_SHOWN
        ),
        provenance=provenance,
    )
    # A number and its percent sign stay on one line.
    return text.replace(" %", "\u00a0%") + "\n"


def plot_data(found: Backtest) -> dict[str, list[Row]]:
    """Give the rows behind each plot, by the name of their CSV file.

    Parameters
    ----------
    found
        The backtest.
    """
    return {
        "precision_by_version": _precision_rows(found),
        "hits_by_week": [row for one in found.versions for row in _block_rows(one)],
        "parts": [_part_row(one, part) for one in found.versions for part in one.parts],
        "origins": [
            {"version": one.name} | _flat(asdict(row))
            for one in found.versions
            for row in one.origins
        ],
    }


def _precision_rows(found: Backtest) -> list[Row]:
    rows: list[Row] = []
    for row in found.rows:
        out: Row = {
            "version": row.version,
            "policy": row.policy,
            "counted_in": row.unit,
            "opened": row.opened,
            "opened_examined": row.opened_examined,
            "found": row.found,
        }
        ways = (("naive", row.naive), ("estimated", row.estimated), ("true", row.real))
        for name, told in ways:
            for what in ("precision", "recall", "lift_over_random", "lift_over_base"):
                measure = None if told is None else getattr(told, what)
                out |= _columns(f"{what}_{name}", measure)
        rows.append(out)
    return rows


def _block_rows(version: VersionResult) -> list[Row]:
    sums = accumulate(block.found for block in version.blocks)
    return [
        {"version": version.name, **asdict(block), "found_so_far": total}
        for block, total in zip(version.blocks, sums, strict=True)
    ]


def _part_row(version: VersionResult, part: Part) -> Row:
    own = part.examined
    return {
        "version": version.name,
        "dimension": part.dimension,
        "value": part.value,
        "lines": part.lines,
        "opened": part.opened,
        "examined": own.examined,
        "hits": own.hits,
        **_columns("hit_rate", own.hit_rate),
        "opened_examined": own.opened,
        "found": own.found,
        **_columns("precision_naive", own.precision),
        **_columns("recall_naive", own.recall),
        **_columns("precision_estimated", part.estimated),
        **_columns("precision_true", part.real),
        "too_small": part.too_small,
    }


def _columns(name: str, measure: Measure | None) -> Row:
    told = measure or Measure(None)
    return {name: told.value, f"{name}_low": told.low, f"{name}_high": told.high}


def _flat(row: dict[str, object]) -> Row:
    """Spread the figures of a row over columns of their own."""
    flat: Row = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {
                name: value["value"],
                f"{name}_low": value["low"],
                f"{name}_high": value["high"],
            }
        else:
            flat[name] = value
    return flat
