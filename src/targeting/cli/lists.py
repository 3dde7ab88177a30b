"""Commands of the day: score and shortlist."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from targeting.cli.common import (
    EngineName,
    Explain,
    LanguageName,
    LanguagesPath,
    Output,
    SparkMaster,
    TablesPath,
    app,
    cluster_of,
    day,
    opened_tables,
    telling,
)
from targeting.errors import InputError, OutputError

if TYPE_CHECKING:
    from targeting.config import ShortlistSettings


@app.command()
def score(
    tables: TablesPath,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Scores file; CSV if it ends in .csv, else Parquet."),
    ],
    model: Annotated[
        str, typer.Option(help="Bundle folder or registry name, as models:/targeting@champion.")
    ],
    start: Annotated[
        date,
        typer.Option("--from", parser=day, metavar="YYYY-MM-DD", help="First day lodged."),
    ],
    stop: Annotated[
        date, typer.Option("--to", parser=day, metavar="YYYY-MM-DD", help="Day to stop before.")
    ],
    explain: Annotated[
        Explain, typer.Option(help="Reasons: of none, the top of each office and day, or all.")
    ] = "top",
    engine: EngineName = "local",
    spark_master: SparkMaster = None,
    language: LanguageName = "en",
    languages: LanguagesPath = None,
) -> None:
    """Score declarations, with reasons.

    Those lodged in [from, to), each as of the day it was lodged.

    Example: targeting score --model models/bundle --tables world/tables
    --from 2025-06-01 --to 2025-06-08 --output scores.parquet
    """
    from targeting.language import Language
    from targeting.scoring.scorer import Scorer
    from targeting.scoring.scores import stream_scores
    from targeting.tables.output import require_file
    from targeting.tracking import Store, resolved

    _require_scores_name(output)
    require_file(output)
    told_in = Language.named(language, languages)
    opened = opened_tables(tables)
    with (
        telling() as tell,
        resolved(model, Store.from_environment()) as folder,
        cluster_of(engine, spark_master) as cluster,
    ):
        scorer = Scorer.load(folder, cluster=cluster, once=True)
        parts = scorer.parts(
            opened, start=start, stop=stop, explain=explain, language=told_in, progress=tell
        )
        written = stream_scores(parts, scorer.info, output)
    typer.echo(f"{written:,} declarations scored: {output}")


def _require_scores_name(output: Path) -> None:
    """Refuse a name that promises another format; any other name is written as Parquet."""
    if output.suffix.lower() in {".xlsx", ".xls", ".json", ".jsonl", ".html", ".txt", ".tsv"}:
        raise OutputError(
            "scores are written as Parquet or CSV",
            where=f"--output {output}",
            found=f"a name ending in {output.suffix}",
            do="End the name in .parquet or .csv; `targeting shortlist` makes workbooks.",
        )


@app.command()
def shortlist(
    tables: TablesPath,
    output: Output,
    scores: Annotated[Path, typer.Option(help="File `targeting score` wrote.")],
    capacity: Annotated[int, typer.Option(help="Examinations per office and day.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML; configs/shortlist.yaml is one.")
    ] = None,
    mandatory: Annotated[
        Path | None, typer.Option(help="Text file of declaration ids that must be examined.")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Language of the list: en, ru; else the settings'."),
    ] = None,
    languages: LanguagesPath = None,
    advice: Annotated[
        Path | None, typer.Option(help="Where to look, YAML; configs/advice.yaml is one.")
    ] = None,
) -> None:
    """Draw the list of what to open.

    As Parquet, CSV, XLSX and a page to print.

    Example: targeting shortlist --scores scores.parquet --tables world/tables --capacity 5
    --language ru --output shortlist
    """
    from targeting import config as settings
    from targeting.language import ENGLISH
    from targeting.scoring.scores import read_scores
    from targeting.shortlist.make import make_shortlist

    report = make_shortlist(
        read_scores(scores),
        opened_tables(tables),
        capacity=capacity,
        settings=_given(
            settings.load(settings.ShortlistSettings, config),
            language=language,
            languages=languages,
            advice=advice,
        ),
        output=output,
        mandatory=_ids(mandatory),
    )
    typer.echo(
        f"{report.lines:,} lines for {len(report.office_days):,} office-days, "
        f"{report.mandatory_lines:,} ordered, {report.random_lines:,} drawn by lot: {output}"
    )
    for note in report.notes:
        typer.echo(ENGLISH.say(note), err=True)


def _given(settings: ShortlistSettings, **options: str | Path | None) -> ShortlistSettings:
    """Let the options win over the settings file."""
    return settings.model_copy(update={name: one for name, one in options.items() if one})


def _ids(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "the list of mandatory examinations cannot be read",
            where=str(path),
            found=getattr(error, "strerror", None) or "text that is not UTF-8",
            do="Give a text file with one declaration id a line.",
        ) from error
    return [line.strip() for line in lines if line.strip()]
