"""The model card: what a reader must know, in words, from the manifest and what training found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from targeting.bundle.manifest import Manifest
    from targeting.features.spec import FeatureSpec

_SHOWN = (
    ("precision_at_capacity", "Precision at capacity"),
    ("precision_at_capacity_low", "  95 % interval, low"),
    ("precision_at_capacity_high", "  95 % interval, high"),
    ("lift_at_capacity", "Lift over the examined base rate, at capacity"),
    ("precision_at_5pct", "Precision in the top 5 %"),
    ("recall_at_5pct", "Recall in the top 5 %"),
    ("auc", "AUC"),
    ("average_precision", "Average precision"),
    ("brier", "Brier score"),
    ("base_rate", "Hit rate of the examined lines"),
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the card and of the evaluation report: a title, paragraphs, and a table.

    Parameters
    ----------
    title
        Its heading.
    paragraphs
        Plain text; `*words*` stand out.
    head
        Headings of the table's columns; empty for none.
    rows
        As many cells as `head` has.
    """

    title: str
    paragraphs: tuple[str, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def model_card(manifest: Manifest, spec: FeatureSpec, sections: Sequence[Section] = ()) -> str:
    """Write the card as Markdown.

    Parameters
    ----------
    manifest
        Provenance, settings and metrics.
    spec
        The features.
    sections
        What training found out of the model as a whole.

    Returns
    -------
    str
        The card; what comes from data cannot break its tables.
    """
    return "\n".join(
        [
            "# Model card",
            "",
            f"**For:** {manifest.intended_use}",
            "",
            "**Not for:**",
            "",
            *(f"- {use}" for use in manifest.not_for),
            "",
            "## What it learnt from",
            "",
            *_training(manifest),
            "",
            "## How well it did",
            "",
            *_metrics(manifest),
            "",
            "These figures are measured on examined lines of the last test block, scored by a "
            "model that had seen nothing of it. Officers chose those lines; what they did not "
            "examine is unknown. `evaluation/report.html` gives the intervals, the slices and the "
            "pictures of all that follows.",
            "",
            "## What it looks at",
            "",
            *_features(spec),
            "",
            "Never looked at: names of traders, lanes, inspectors, penalties, anything known "
            "only after the examination.",
            "",
            *(line for section in sections for line in _section(section)),
            *_notes(manifest),
        ]
    )


def _training(manifest: Manifest) -> list[str]:
    window = manifest.training
    return [
        f"- Declarations lodged from {window.first_day}, results known before "
        f"{window.cut_off_day} (time zone {manifest.features.time_zone}).",
        f"- {window.rows:,} examined lines, {window.hits:,} of them hits.",
        *(f"- SHA-256 of {name}: `{digest}`" for name, digest in sorted(manifest.data.items())),
        *(f"- {name} {number}" for name, number in sorted(manifest.libraries.items())),
    ]


def _metrics(manifest: Manifest) -> list[str]:
    shown = [(words, manifest.metrics[name]) for name, words in _SHOWN if name in manifest.metrics]
    if not shown:
        return ["There was too little to judge it by; see the notes."]
    return [
        "| figure | value |",
        "|---|---|",
        *(f"| {words.strip()} | {value:.3f} |" for words, value in shown),
    ]


def _features(spec: FeatureSpec) -> list[str]:
    families = Counter(feature.family for feature in spec.features)
    return [f"- {family}: {count} features" for family, count in sorted(families.items())]


def _notes(manifest: Manifest) -> list[str]:
    if not manifest.notes:
        return []
    return ["## Notes", "", *(f"- {note}" for note in manifest.notes), ""]


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {_plain(section.title)}", "")
    for paragraph in section.paragraphs:
        yield from (_plain(paragraph), "")
    if section.rows:
        yield from (_line(section.head), _line(["---"] * len(section.head)))
        yield from (_line(row) for row in section.rows)
        yield ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_plain(cell).replace('|', '&#124;') for cell in cells)} |"


def _plain(text: str) -> str:
    """Keep what comes from data on its line, and from being read as HTML."""
    return " ".join(text.split()).replace("<", "&lt;")
