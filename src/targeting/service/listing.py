"""The list of what to open, drawn from the declarations kept of an office and a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from targeting.service.bodies import day_of
from targeting.service.problems import Breach, ProblemError, refused
from targeting.shortlist.policy import draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from starlette.datastructures import QueryParams

    from targeting.config import ShortlistSettings
    from targeting.scoring.online import OnlineScorer, Scored

LARGEST_CAPACITY = 1_000
OFFICE_LENGTH = 64
PARAMETERS = ("office", "day", "capacity", "explain", "similar", "language")


@dataclass(frozen=True, slots=True)
class ListAsked:
    """Which list is asked for.

    Parameters
    ----------
    office
        Of the declarations.
    day
        Local day they were lodged.
    capacity
        Lines to draw.
    explain, similar
        Whether to tell the reasons, and the past examined lines most alike.
    language
        In which language the reasons.
    """

    office: str
    day: date
    capacity: int
    explain: bool
    similar: bool
    language: str

    @classmethod
    def of(cls, given: QueryParams, languages: Sequence[str]) -> ListAsked:
        """Read the parameters of the address.

        Parameters
        ----------
        given
            As they were sent.
        languages
            Codes of the languages there are.

        Raises
        ------
        ProblemError
            With every breach.
        """
        wrong = list(_breaches(given, languages))
        try:
            day = day_of(given.get("day"), "day")
        except ProblemError as problem:
            raise refused([*wrong, *problem.errors]) from None
        if wrong:
            raise refused(wrong)
        return cls(
            office=given["office"].strip(),
            day=day,
            capacity=int(given["capacity"]),
            explain=given.get("explain") == "true",
            similar=given.get("similar") == "true",
            language=given.get("language", "en"),
        )


def _breaches(given: QueryParams, languages: Sequence[str]) -> Iterator[Breach]:
    if set(given) - set(PARAMETERS) or len(given.multi_items()) != len(given):
        do = f"Known: {', '.join(PARAMETERS)}; each once."
        yield _breach("", "an unknown or repeated parameter", do)
    office = given.get("office", "")
    if not office.strip() or len(office) > OFFICE_LENGTH or "\0" in office:
        yield _breach("office", "not an office", "Give the office_id of the declarations.")
    if not _is_capacity(given.get("capacity", "")):
        yield _breach("capacity", "not a capacity", f"Give 1 to {LARGEST_CAPACITY:,}.")
    for name in ("explain", "similar"):
        if given.get(name, "false") not in ("true", "false"):
            yield _breach(name, "not true or false", "Write true or false.")
    if given.get("language", "en") not in languages:
        do = f"Use one of {', '.join(languages)}."
        yield _breach("language", "not a language there is", do)


def _breach(name: str, what: str, do: str) -> Breach:
    return Breach(name, what, "something else, or nothing", do)


def _is_capacity(written: str) -> bool:
    is_number = written.isascii() and written.isdigit() and len(written) <= len("1000")
    return is_number and 1 <= int(written) <= LARGEST_CAPACITY


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn list.

    Parameters
    ----------
    asked
        Which one.
    lines
        From `targeting.shortlist.policy.draw`; None where nothing was lodged.
    arrivals
        Declarations it was drawn from.
    explained
        Its lines with what was asked for beside them; None where nothing was.
    """

    asked: ListAsked
    lines: pd.DataFrame | None
    arrivals: int
    explained: Scored | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The declarations drawn, in order."""
        return () if self.lines is None else tuple(self.lines["declaration_id"])


def drawn_list(scorer: OnlineScorer, asked: ListAsked, settings: ShortlistSettings) -> Drawn:
    """Score the declarations kept of an office and day, and draw the list.

    They are scored when the list is asked for: all lines of a consignment are there by then, and
    nothing of a score is kept that a newer bundle or a later line would make untrue.

    Parameters
    ----------
    scorer
        In use.
    asked
        Which list.
    settings
        Ranking, random share and seed; the zone is the bundle's.

    Raises
    ------
    DayError
        If the profiles do not stand at the day.
    """
    rows = scorer.database.declarations(
        start=asked.day, stop=asked.day + timedelta(days=1), office_id=asked.office
    )
    if not rows:
        return Drawn(asked, None, 0)
    scored = scorer.score_typed(rows)
    zoned = settings.model_copy(update={"time_zone": scored.info.time_zone})
    lines = draw(scored.scores().rows, capacity=asked.capacity, settings=zoned)
    if not (asked.explain or asked.similar):
        return Drawn(asked, lines, len(rows))
    by_id = {row["declaration_id"]: row for row in rows}
    chosen = [by_id[name] for name in lines["declaration_id"]]
    told = scorer.score_typed(chosen, explain=asked.explain, similar=asked.similar)
    return Drawn(asked, lines, len(rows), told)
