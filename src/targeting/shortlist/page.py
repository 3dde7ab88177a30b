"""The list as one self-contained HTML page: to read on a phone and to print on A4."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.language import Count, Day, counted, say
from targeting.language.phrase import SLOT
from targeting.shortlist.evidence import HistoryTold, SimilarTold, history_told, similar_told
from targeting.shortlist.facts import (
    Fact,
    goods_facts,
    party_facts,
    revenue_words,
    unit_facts,
)
from targeting.shortlist.history_reading import HISTORIES
from targeting.shortlist.pointers import looks_of, points_text
from targeting.shortlist.words import (
    CHOSEN,
    RULE,
    Reason,
    percent,
    reasons_in_words,
    risk_words,
)

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from targeting.language import Language, Slot
    from targeting.shortlist.report import OfficeDay, ShortlistHeader

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class PageLine:
    """One line as the page shows it; the template writes it out and escapes it.

    Parameters
    ----------
    rank
        Place in the working order.
    declaration_id
        The declaration.
    selected_by, chosen
        What chose the line, as stored and in words.
    risk, percent
        The probability as a chance and as a percentage.
    bar
        The probability as a length from 0 to 100.
    revenue
        Revenue expected, empty where the model does not say.
    reasons
        Never empty.
    histories
        Behind the reasons that have one, by the feature that speaks.
    similar
        Past lines most like it; None where the scores file names none.
    points_to, look
        Schemes the reasons point to, and where to look; either may be empty.
    unit, goods, parties
        Facts of the declaration.
    """

    rank: int
    declaration_id: str
    selected_by: str
    chosen: Slot
    risk: Slot
    percent: Slot
    bar: float
    revenue: Slot
    reasons: tuple[Reason, ...]
    histories: Mapping[str, HistoryTold | None]
    similar: SimilarTold | None
    points_to: str
    look: tuple[str, ...]
    unit: tuple[Fact, ...]
    goods: tuple[Fact, ...]
    parties: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class PageDay:
    """One office-day of the page.

    Parameters
    ----------
    counts
        Its counts.
    lines
        In working order.
    """

    counts: OfficeDay
    lines: tuple[PageLine, ...]


def write_page(lines: pd.DataFrame, path: Path, *, header: ShortlistHeader) -> None:
    """Write the list as one HTML page without network, foreign fonts or tracking.

    The page's own policy lets it run only the style and script it was written with, named by
    their SHA-256: a text from a declaration cannot become code even if escaping failed.

    Parameters
    ----------
    lines
        From `targeting.shortlist.pointers.add_advice`. Not changed.
    path
        The file.
    header
        What stands above the list.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    language = header.language
    style, script = _style(language), _read("shortlist.js")
    page = environment.get_template("shortlist.html.j2").render(
        header=header,
        language=language,
        say=lambda message, **slots: language.say(say(message, **slots)),
        counted=lambda one, many, n, **slots: language.say(counted(one, many, n, **slots)),
        tell=language.say,
        count=Count,
        day=Day,
        days=page_days(lines, header),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    path.write_text(page, encoding="utf-8", newline="\n")


def _style(language: Language) -> str:
    """Put the words that only the style sheet can show into it, as strings of its own."""
    mark = "\0"
    paged = language.say(say("Page {page} of {pages}", page=mark, pages=mark))
    parts = [_css(part) for part in paged.split(mark)]
    words = {
        "number": _css(f"{language.say(say('No.'))} "),
        "rule": _css(language.say(say(RULE))),
        "pages": f"{parts[0]} counter(page) {parts[1]} counter(pages) {parts[2]}",
    }
    return SLOT.sub(
        lambda found: words.get(found[1], found[0]), _read("shortlist.css") + _read("evidence.css")
    )


def _css(text: str) -> str:
    """Quote a text as CSS does; json's escapes of quotes and backslashes are the same."""
    return json.dumps(text, ensure_ascii=False).replace("<", "\\3c ")


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page_days(lines: pd.DataFrame, header: ShortlistHeader) -> tuple[PageDay, ...]:
    """Group the lines by office-day, as the page shows them.

    Parameters
    ----------
    lines
        From `targeting.shortlist.pointers.add_advice`. Not changed.
    header
        What stands above the list.

    Returns
    -------
    tuple of PageDay
        By office, then day.
    """
    cells = lines.astype(object)
    rows = cells.where(cells.notna(), None).to_dict(orient="records")
    currency, language = header.info.currency, header.language
    groups: dict[tuple[str, date], list[PageLine]] = {}
    for row in rows:
        named = {str(name): cell for name, cell in row.items()}
        line = _page_line(named, currency, language)
        groups.setdefault((row["office_id"], row["day"]), []).append(line)
    counts = {(one.office_id, one.day): one for one in header.report.office_days}
    return tuple(PageDay(counts[key], tuple(group)) for key, group in groups.items())


def _page_line(row: Mapping[str, object], currency: str, language: Language) -> PageLine:
    selected_by, chance = str(row["selected_by"]), float(str(row["probability"]))
    histories = row.get(HISTORIES)
    told = histories if isinstance(histories, Mapping) else {}
    return PageLine(
        rank=int(str(row["rank"])),
        declaration_id=str(row["declaration_id"]),
        selected_by=selected_by,
        chosen=say(CHOSEN[selected_by]),
        risk=risk_words(chance),
        percent=percent(chance),
        bar=round(100 * chance, 1),
        revenue=revenue_words(row, currency=currency),
        reasons=reasons_in_words(row["reasons"], selected_by=selected_by, language=language),
        histories={name: history_told(one, language) for name, one in told.items()},
        similar=similar_told(row.get("similar"), language),
        points_to=points_text(row["points_to"], row["reasons"], language=language),
        look=looks_of(row["where_to_look"]),
        unit=unit_facts(row),
        goods=goods_facts(row, currency=currency),
        parties=party_facts(row),
    )
