"""`targeting shortlist`: from scores and tables to the four files of a list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from targeting.config import AdviceSettings, load
from targeting.language import Language
from targeting.shortlist.exports import write_shortlist
from targeting.shortlist.history_reading import add_histories
from targeting.shortlist.lines import add_facts
from targeting.shortlist.pointers import add_advice
from targeting.shortlist.policy import draw
from targeting.shortlist.report import ShortlistHeader, ShortlistReport, count

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from targeting.config import ShortlistSettings
    from targeting.scoring.scores import Scores
    from targeting.tables.folder import TablesFolder


def make_shortlist(
    scores: Scores,
    tables: TablesFolder,
    *,
    capacity: int,
    settings: ShortlistSettings,
    output: Path,
    mandatory: Collection[str] = (),
) -> ShortlistReport:
    """Draw a list, add the facts of its lines and write it for officers and programs.

    Parameters
    ----------
    scores
        What `targeting score` wrote.
    tables
        The tables the scores were made from.
    capacity
        Examinations per office and day, >= 1.
    settings
        Ranking, random share, seed, language, advice and time zone. A zone that was not set is
        the scores' own.
    output
        The folder to write.
    mandatory
        Ids of declarations that must be examined.

    Returns
    -------
    ShortlistReport
        Counts per office and day.

    Raises
    ------
    ConfigError
        If `capacity` is below 1, there is no such language, or the advice does not fit.
    InputError
        If there are no scores, the file of advice cannot be read, or the tables do not hold the
        declarations drawn.
    ContractError
        If a score is missing, or a declaration stands there twice.
    OutputError
        If the folder cannot be written.
    """
    language = Language.named(settings.language, settings.languages)
    advice = load(AdviceSettings, settings.advice)
    settings = _in_zone_of(scores, settings)
    drawn = draw(scores.rows, capacity=capacity, settings=settings, mandatory=mandatory)
    report = count(
        scores.rows,
        drawn,
        capacity=capacity,
        time_zone=settings.time_zone,
        mandatory=mandatory,
    )
    report = replace(report, untold=advice.untold(language.code))
    facts = add_facts(drawn, tables, time_zone=settings.time_zone)
    lines = add_advice(facts, scores.rows, advice=advice, language=language.code)
    lines = add_histories(lines, tables, scores.info.features)
    header = ShortlistHeader(scores.info, settings, capacity, report, language)
    write_shortlist(lines, output, header=header)
    return report


def _in_zone_of(scores: Scores, settings: ShortlistSettings) -> ShortlistSettings:
    """Take the scores' time zone unless the settings name one: both must close a day alike."""
    if "time_zone" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"time_zone": scores.info.time_zone})
