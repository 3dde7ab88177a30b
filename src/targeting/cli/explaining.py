"""One line explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from targeting.cli.common import (
    LanguageName,
    LanguagesPath,
    TablesPath,
    app,
    opened_tables,
    telling,
)


@app.command()
def explain(
    tables: TablesPath,
    model: Annotated[
        str, typer.Option(help="Bundle folder or registry name, as models:/targeting@champion.")
    ],
    declaration: Annotated[
        str, typer.Option(metavar="ID", help="The declaration, as the tables write it.")
    ],
    advice: Annotated[
        Path | None, typer.Option(help="Where to look, YAML; configs/advice.yaml is one.")
    ] = None,
    language: LanguageName = "en",
    languages: LanguagesPath = None,
) -> None:
    """Explain one line in the terminal.

    Its chance, its reasons with the history behind each (declarations month by month, months with a
    hit in red), where to look, and the past examined lines most like it, as of the day it was
    lodged.

    Example: targeting explain --model models/bundle --tables world/tables --declaration ID
    """
    from rich.console import Console

    from targeting.config import AdviceSettings, load
    from targeting.language import Language
    from targeting.scoring.scorer import Scorer
    from targeting.shortlist.terminal import explained_line, line_told
    from targeting.tracking import Store, resolved

    told_in, where = Language.named(language, languages), load(AdviceSettings, advice)
    opened = opened_tables(tables)
    with telling() as tell, resolved(model, Store.from_environment()) as folder:
        scorer = Scorer.load(folder)
        scores = scorer.score_one(opened, declaration, language=told_in, progress=tell)
        tell("history")
        line = explained_line(scores, opened, advice=where, language=told_in)
    Console(highlight=False).print(line_told(line, told_in))
