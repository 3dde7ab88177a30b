"""Evidence in words and pictures: the history behind a reason, what was found in lines alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.features.naming import role
from targeting.language import Amount, Count, Day, Percent, Phrase, counted, marked, say
from targeting.shortlist.charts import (
    MonthWords,
    SpreadWords,
    months_svg,
    spark_svg,
    spread_svg,
)
from targeting.shortlist.pointers import structs_of

if TYPE_CHECKING:
    from targeting.language import Language
    from targeting.shortlist.history import History, Month, Spread

_AMOUNTS = {
    "price": marked("{amount} per kg"),
    "value": marked("value {amount}"),
    "mass": marked("{amount} kg"),
    "mass_per_package": marked("{amount} kg a package"),
    "freight_per_kg": marked("freight {amount} per kg"),
    "gross_mass": marked("{amount} kg"),
    "lead_hours": marked("{amount} hours"),
}
_RESULTS = {"hit": marked("hit"), "clear": marked("clear")}
_OFFENCES = {
    "undervaluation": marked("undervaluation"),
    "misclassification": marked("misclassification"),
    "origin_fraud": marked("false origin"),
    "misdescription": marked("misdescription"),
    "undeclared_goods": marked("undeclared goods"),
    "counterfeit": marked("counterfeit"),
    "tobacco": marked("tobacco"),
    "alcohol": marked("alcohol"),
    "drugs": marked("drugs"),
    "weapons": marked("weapons"),
    "strategic_goods": marked("strategic goods"),
    "currency": marked("currency"),
    "wildlife": marked("wildlife"),
    "waste": marked("waste"),
    "other": marked("other offence"),
}
"""The column is open: any other word is told as the tables write it."""


@dataclass(frozen=True, slots=True)
class HistoryTold:
    """The history behind a reason, as a page shows it.

    Parameters
    ----------
    summary
        Its numbers, in one sentence.
    spark
        An SVG as high as a line of text.
    charts
        Larger SVGs.
    """

    summary: str
    spark: str
    charts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SimilarTold:
    """Past lines most like a line, in words.

    Parameters
    ----------
    summary
        How many of the most alike were hits.
    warning
        Why that is not the chance of a find.
    lines
        Each past line in words, the most alike first.
    """

    summary: str
    warning: str
    lines: tuple[str, ...]


def history_told(history: History, language: Language) -> HistoryTold | None:
    """Tell and draw a history; None where there is none: the reason itself says so.

    Parameters
    ----------
    history
        Of one reason.
    language
        In which it is told.
    """
    if not history.declarations:
        return None
    summary = language.say(history_summary(history))
    charts = [months_svg(history.months, _month_words(history, language, summary))]
    if history.spread is not None:
        charts.append(spread_svg(history.spread, _spread_words(history, history.spread, language)))
    return HistoryTold(summary, spark_svg(history.months), tuple(charts))


def history_summary(history: History) -> Phrase:
    """Say the numbers of a history.

    Parameters
    ----------
    history
        Of one reason.

    Examples
    --------
    >>> from datetime import date
    >>> from targeting.language import ENGLISH
    >>> from targeting.shortlist.history import History
    >>> told = History("consignee", ("consignee_id",), (), date(2025, 3, 1), 34, 5, 2, ())
    >>> ENGLISH.say(history_summary(told))
    'consignee: 34 declarations before 1 March 2025; 5 examined, 2 hits'
    """
    lines = counted(
        "{who}: {n} declaration before {day}",
        "{who}: {n} declarations before {day}",
        history.declarations,
        who=role(history.columns),
        day=Day(history.before),
    )
    if history.through:
        return say(
            "{lines}; other party ({party}) examined before in {examined}, caught before in "
            "{caught}",
            lines=lines,
            party=role(history.through),
            examined=Count(history.examinations),
            caught=Count(history.hits),
        )
    return say(
        "{lines}; {examined}, {hits}",
        lines=lines,
        examined=counted("{n} examined", "{n} examined", history.examinations),
        hits=counted("{n} hit", "{n} hits", history.hits),
    )


def _month_words(history: History, language: Language, summary: str) -> MonthWords:
    months, link = history.months, bool(history.through)
    lodged, seen, hits = (
        [getattr(month, name) for month in months]
        for name in ("declarations", "examinations", "hits")
    )
    return MonthWords(
        title=language.say(say("{key}: month by month", key=role(history.columns))),
        description=summary,
        declarations=language.say(
            say("declarations, at most {n} a month", n=Count(max(lodged, default=0)))
        ),
        examinations=language.say(_seen(max(seen, default=0), sum(hits), link=link)),
        first=_month(months[0], language),
        last=_month(months[-1], language),
    )


def _seen(most: int, hits: int, *, link: bool) -> Phrase:
    if link:
        return say(
            "other party examined before, at most {n} a month; caught before, in dark: {hits}",
            n=Count(most),
            hits=Count(hits),
        )
    if not most:
        return say("nothing examined in these months")
    return say("examined, at most {n} a month; hits, in dark: {hits}", n=Count(most),
               hits=Count(hits))  # fmt: skip


def _month(month: Month, language: Language) -> str:
    return language.writing.day(month.first, "LLL y")


def _spread_words(history: History, spread: Spread, language: Language) -> SpreadWords:
    own, typical, low, high = (
        say(_AMOUNTS[spread.followed], amount=Amount(amount))
        for amount in (spread.own, spread.typical, spread.low, spread.high)
    )
    description = counted(
        "{who}: {n} earlier line; typically {typical}, this line {own}",
        "{who}: {n} earlier lines; typically {typical}, this line {own}",
        spread.lines,
        who=role(history.columns),
        typical=typical,
        own=own,
    )
    return SpreadWords(
        title=language.say(say("{key}: how earlier lines are spread", key=role(history.columns))),
        description=language.say(description),
        own=language.say(say("this line: {amount}", amount=own)),
        typical=language.say(say("typical: {amount}", amount=typical)),
        low=language.say(low),
        high=language.say(high),
    )


def similar_told(cell: object, language: Language) -> SimilarTold | None:
    """Tell what was found in the past lines most like a line.

    Parameters
    ----------
    cell
        As `targeting.scoring.scores.SIMILAR` holds it, or nothing.
    language
        In which it is told.

    Returns
    -------
    SimilarTold or None
        None where there are none.

    Examples
    --------
    >>> from targeting.language import ENGLISH
    >>> similar_told({"lines": [], "among": 20, "hits": 6}, ENGLISH).summary
    'of the 20 lines most like this one examined before, 6 were hits (30%)'
    """
    if not isinstance(cell, Mapping):
        return None
    among, hits, past = int(cell["among"]), int(cell["hits"]), structs_of(cell["lines"])
    if not among and not past:
        return None
    return SimilarTold(
        summary=language.say(_counted(among, hits)),
        warning=language.say(
            say(
                "Officers chose what was examined: this is what they found, not the chance of "
                "a find."
            )
        ),
        lines=tuple(language.say(_past(one)) for one in past),
    )


def _counted(among: int, hits: int) -> Phrase:
    share = Percent(hits / among) if among else Percent(float("nan"))
    if among == 1:
        return say("the one line like this one examined before: {hits}",
                   hits=counted("{n} hit", "{n} hits", hits))  # fmt: skip
    return counted(
        "of the {among} lines most like this one examined before, {n} was a hit ({share})",
        "of the {among} lines most like this one examined before, {n} were hits ({share})",
        hits,
        among=Count(among),
        share=share,
    )


def _past(line: Mapping[str, object]) -> Phrase:
    """Say one past line: what it was and what was found."""
    return say(
        "{found}; lodged {day} at office {office}, goods code {code}, declaration {id}; "
        "{alike} alike",
        found=_found(line),
        day=_day(line["lodged_day"]),
        office=str(line["office_id"]),
        code=str(line["hs_code"]),
        id=str(line["declaration_id"]),
        alike=Percent(round(float(str(line["similarity"])), 2)),
    )


def _found(line: Mapping[str, object]) -> Phrase:
    result, offence, revenue = (line[name] for name in ("result", "offence", "revenue"))
    phrase = say(_RESULTS[str(result)])
    if isinstance(offence, str) and offence:
        known = offence in _OFFENCES
        words = say(_OFFENCES[offence]) if known else offence.replace("_", " ")
        phrase = say("{result}: {offence}", result=phrase, offence=words)
    if isinstance(revenue, int | float) and revenue > 0:
        phrase = say("{found}, {amount} recovered", found=phrase, amount=Amount(float(revenue)))
    return phrase


def _day(day: object) -> Day:
    from datetime import date

    return Day(day if isinstance(day, date) else date.fromisoformat(str(day)[:10]))
