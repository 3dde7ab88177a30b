"""One line, told in a terminal: its chance, its reasons and their history, past lines alike."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Group
from rich.table import Table
from rich.text import Text

from targeting.language import Day, Moment, say
from targeting.scoring.scores import VIEWS
from targeting.shortlist.charts import bar_text, spark_text
from targeting.shortlist.evidence import history_summary, similar_told
from targeting.shortlist.history_reading import HISTORIES, add_histories
from targeting.shortlist.lines import add_facts
from targeting.shortlist.pointers import add_advice, looks_of, points_text, structs_of
from targeting.shortlist.words import percent, risk_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from targeting.config import AdviceSettings
    from targeting.language import Language
    from targeting.scoring.scores import Scores, ScoresInfo
    from targeting.shortlist.history import History
    from targeting.tables.folder import TablesFolder

_BAR = 14


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A scored line and what stands behind its score.

    Parameters
    ----------
    row
        Its columns in a list: those of the scores file, facts, advice.
    histories
        Behind its reasons, by the feature that speaks.
    info
        Where the score comes from.
    """

    row: Mapping[str, object]
    histories: Mapping[str, History]
    info: ScoresInfo


def explained_line(
    scores: Scores, tables: TablesFolder, *, advice: AdviceSettings, language: Language
) -> ExplainedLine:
    """Read the histories behind the reasons of one scored line, and what the line points to.

    Parameters
    ----------
    scores
        Its score, from `targeting.scoring.scorer.Scorer.score_one`.
    tables
        The tables it was scored from.
    advice
        Schemes, what points to them, and where to look.
    language
        In which the advice is told.
    """
    drawn = scores.rows.drop(columns="lodged_at")
    facts = add_facts(drawn, tables, time_zone=scores.info.time_zone)
    # One line has no others to hold its views against, so they do not weigh in its advice.
    alone = scores.rows[["declaration_id"]]
    advised = add_advice(
        facts.drop(columns=[*VIEWS], errors="ignore"), alone, advice=advice, language=language.code
    )
    lines = add_histories(advised, tables, scores.info.features)
    (row,) = lines.to_dict("records")
    named = {str(name): cell for name, cell in row.items()}
    return ExplainedLine(named, named[HISTORIES], scores.info)


def line_told(line: ExplainedLine, language: Language) -> RenderableType:
    """Lay out a line for a terminal of any width.

    Parameters
    ----------
    line
        The line.
    language
        In which it is told.
    """
    return Group(
        *_head(line, language),
        Text(),
        _reasons(line, language),
        *_advice(line.row, language),
        *_similar(line.row.get("similar"), language),
        Text(),
        Text(language.say(say("The officer decides; the score never seizes or releases."))),
    )


def _head(line: ExplainedLine, language: Language) -> list[Text]:
    row, info = line.row, line.info
    moment = pd.Timestamp(str(row["lodged_at"]))  # local time already
    lodged = say(
        "Declaration {id}, office {office}, lodged {moment} ({zone})",
        id=str(row["declaration_id"]),
        office=str(row["office_id"]),
        moment=Moment(moment.to_pydatetime(warn=False)),
        zone=info.time_zone,
    )
    chance, score = (float(str(row[name])) for name in ("probability", "score"))
    found = say(
        "Chance of a find: {chance} ({percent}); raw score {score} log-odds",
        chance=risk_words(chance),
        percent=percent(chance),
        score=language.writing.number(score, 2),
    )
    until = Day(date.fromisoformat(info.trained_until))
    model = say("Model {model}, results known before {day}", model=info.bundle_id, day=until)
    return [_text(language.say(lodged), "bold"), _text(language.say(found)),
            _text(language.say(model), "dim")]  # fmt: skip


def _reasons(line: ExplainedLine, language: Language) -> Table:
    """Put each reason beside the bar of its strength, and its history below it."""
    told = structs_of(line.row.get("reasons"))
    most = max((abs(_pull(one)) for one in told), default=1.0)
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, min_width=_BAR + 6)
    table.add_column(ratio=1)
    for one in told:
        pull = _pull(one)
        amount = f"{language.writing.number(abs(pull), 2)}"
        sign, style = ("+", "red") if pull > 0 else ("−", "blue")  # noqa: RUF001 - a minus sign
        bar = Text(f"{sign}{amount} {bar_text(abs(pull) / most, _BAR)}", style=style)
        table.add_row(bar, _text(str(one["text"])))
        history = line.histories.get(str(one.get("feature")))
        if history is not None and history.declarations:
            table.add_row(_spark(history), _text(language.say(history_summary(history)), "dim"))
    return table


def _pull(one: Mapping[str, object]) -> float:
    return float(str(one["contribution"]))


def _spark(history: History) -> Text:
    """Draw declarations by month, those of months with a hit in red."""
    counts = [month.declarations for month in history.months]
    drawn = Text(" " * 6)
    for block, month in zip(spark_text(counts), history.months, strict=True):
        drawn.append("◆" if month.hits and block == " " else block, "red" if month.hits else "dim")
    return drawn


def _advice(row: Mapping[str, object], language: Language) -> list[Text]:
    """Say what a line points to, and where to look, in the order to go by."""
    points = points_text(row.get("points_to"), row.get("reasons"), language=language)
    looks = looks_of(row.get("where_to_look"))
    told = [f"{language.say(say('Points to:'))} {points}"] if points else []
    if looks:
        told += [language.say(say("Where to look:"))]
        told += [f"  {at}. {look}" for at, look in enumerate(looks, start=1)]
    return [Text(), *map(_text, told)] if told else []


def _similar(cell: object, language: Language) -> list[Text]:
    told = similar_told(cell, language)
    if told is None:
        return []
    lines = [_text(f"  {at}. {line}") for at, line in enumerate(told.lines, start=1)]
    return [Text(), _text(told.summary, "bold"), *lines, _text(told.warning, "dim")]


def _text(words: str, style: str = "") -> Text:
    """Show words as they are: what tables hold must not steer the terminal."""
    plain = (letter if _is_harmless(letter) else "\N{REPLACEMENT CHARACTER}" for letter in words)
    return Text("".join(plain), style=style)


def _is_harmless(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Zs"
