"""What every report is written with: templates, pictures inside the page, JSON and CSV files."""

from __future__ import annotations

import base64
import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targeting.evaluation import plots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import Template

    from targeting.evaluation.plots import Figure

_TEMPLATES = Path(__file__).parent / "templates"

Row = dict[str, object]
"""One row of a CSV file, by column."""


def template(name: str) -> Template:
    """Open a template; every text put into it is escaped.

    Parameters
    ----------
    name
        Of its file in `evaluation/templates`.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def picture(figure: Figure) -> str:
    """Give a figure as the address of an image that stands in the page itself.

    Parameters
    ----------
    figure
        The figure.
    """
    return "data:image/svg+xml;base64," + base64.b64encode(plots.svg(figure)).decode("ascii")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with sorted keys; a number that is none is refused.

    Parameters
    ----------
    path
        The file.
    content
        What to write.
    """
    text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """Write a table; nothing is written for none, as a header alone would name no column.

    Parameters
    ----------
    path
        The file.
    rows
        All with the same columns.
    """
    table = list(rows)
    if not table:
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
