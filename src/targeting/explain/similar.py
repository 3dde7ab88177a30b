"""The past examined lines most like a line to explain, and what was found in them.

Search is exact: every precedent is compared with every line, a few lines at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import numpy.typing as npt
    import pandas as pd

    from targeting.explain.precedents import Halves, Precedents

    Floats = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int64]

SHOWN = 5
"""Similar lines shown with a line."""

COUNTED = 20
"""Similar lines whose hits are counted."""

GOODS = 0.1
"""What goods of the same chapter add to how alike two lines are, facts alike adding up to one.
Without it, precedents are of any goods; with it six in ten are of the same chapter, and their
hits tell as much (`python -m benchmarks.evidence`)."""

LEAST = 0.1
"""Least agreement of the facts of two lines that are called alike at all."""

_CHUNK = 256
_NEAR = 1e-3  # sums in float32 differ by less from the exact ones, which decide
_DIGITS = 6
_SHOWN_COLUMNS = (
    "declaration_id", "lodged_day", "known_day", "office_id", "hs_code", "result", "offence",
    "revenue", "selected_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastLine:
    """One past examined line.

    Parameters
    ----------
    declaration_id, office_id, hs_code
        As declared then; the code's first six digits.
    lodged_day, known_day
        Local days it was lodged and its result was known.
    result
        `hit` or `clear`.
    offence, revenue
        What was found and recovered; None where nothing was, or it was not written down.
    selected_by
        Why it was examined.
    similarity
        In (0, 1]; 1 where the same facts moved both in the same proportions, and the chapter is
        the same.
    """

    declaration_id: str
    lodged_day: date
    known_day: date
    office_id: str
    hs_code: str
    result: str
    offence: str | None
    revenue: float | None
    selected_by: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Similar:
    """The past examined lines most like one line.

    Parameters
    ----------
    lines
        The most alike first, one of a consignment.
    among
        The most alike whose hits were counted; fewer than `COUNTED` where there are no more.
    hits
        Hits among them.
    """

    lines: tuple[PastLine, ...] = ()
    among: int = 0
    hits: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Lines whose precedents are asked for.

    Parameters
    ----------
    rows
        Shape (n,) with `declaration_id` and `hs_code`.
    days
        Shape (n,). Local days lodged; only what was known on earlier ones counts.
    directions
        Shape (n, subjects), of `targeting.explain.precedents.directions`.
    documents
        Shape (n,), of `targeting.explain.precedents.document_digests`.
    """

    rows: pd.DataFrame
    days: npt.NDArray[np.datetime64]
    directions: Halves
    documents: pd.Series

    def part(self, start: int, stop: int) -> Asked:
        """Return some of the lines, in the same order.

        Parameters
        ----------
        start, stop
            Places of the first, and of the one to stop before.
        """
        own = slice(start, stop)
        return Asked(
            self.rows.iloc[own], self.days[own], self.directions[own], self.documents.iloc[own]
        )


def most_similar(
    precedents: Precedents, asked: Asked, *, shown: int = SHOWN, counted: int = COUNTED
) -> list[Similar]:
    """Find the precedents most like each line, as they were known before its day.

    Left out are the line itself, lines of its own transport document, and every line whose result
    was known on the line's own local day or later. Of a past consignment only the line most alike
    counts: its lines are nearly one. Ties are ordered by declaration.

    Parameters
    ----------
    precedents
        Of the bundle.
    asked
        The lines.
    shown
        Lines shown at most.
    counted
        Lines counted at most.

    Returns
    -------
    list of Similar
        In the order of the lines.
    """
    return Shelf.of(precedents).most_similar(asked, shown=shown, counted=counted)


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """Precedents laid out for search; `of` makes one, which serves any number of searches."""

    precedents: Precedents
    directions: Singles
    known: npt.NDArray[np.datetime64]
    chapter: npt.NDArray[np.str_]
    ids: npt.NDArray[np.str_]
    place: Mapping[str, int]
    document: Ints
    has_document: npt.NDArray[np.bool_]
    consignment: Ints
    hit: npt.NDArray[np.bool_]
    whole: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, precedents: Precedents) -> Shelf:
        """Lay precedents out.

        Parameters
        ----------
        precedents
            Of a bundle.
        """
        lines = precedents.lines
        ids = lines["declaration_id"].to_pylist()
        document = lines["document"]
        lodged = lines["lodged_day"].to_numpy()
        return cls(
            precedents=precedents,
            directions=precedents.directions.astype(np.float32),
            known=lines["known_day"].to_numpy(),
            chapter=_chapters(lines["hs_code"].to_numpy()),
            ids=np.array(ids, dtype=np.str_),
            place={name: at for at, name in enumerate(ids)},
            document=document.fill_null(0).to_numpy(),
            has_document=pc.call_function("is_valid", [document]).to_numpy(),
            consignment=lines["consignment"].to_numpy(),
            hit=lines["result"].to_numpy() == "hit",
            whole=lodged >= np.datetime64(precedents.whole_from),
        )

    def most_similar(
        self, asked: Asked, *, shown: int = SHOWN, counted: int = COUNTED
    ) -> list[Similar]:
        """Find the precedents most like each line, as `most_similar` does.

        Parameters
        ----------
        asked, shown, counted
            As for `most_similar`.
        """
        out: list[Similar] = []
        for start in range(0, len(asked.rows), _CHUNK):
            part = asked.part(start, start + _CHUNK)
            near = part.directions.astype(np.float32) @ self.directions.T
            near[_barred(self, part)] = 0
            out += [
                _told(_Line.of(self, part, at), row, shown=shown, counted=counted)
                for at, row in enumerate(near)
            ]
        return out


def _chapters(codes: npt.NDArray[np.object_]) -> npt.NDArray[np.str_]:
    return np.array([str(code)[:2] for code in codes], dtype="<U2")


def _barred(shelf: Shelf, asked: Asked) -> npt.NDArray[np.bool_]:
    """Tell which precedents a line must not see: unknown on its day, itself, its own document."""
    barred = shelf.known >= asked.days[:, None]
    for at, name in enumerate(asked.rows["declaration_id"]):
        if name in shelf.place:
            barred[at, shelf.place[name]] = True
    own = asked.documents.fillna(0).to_numpy(dtype=np.int64)[:, None]
    stated = shelf.has_document & asked.documents.notna().to_numpy()[:, None]
    return barred | (stated & (shelf.document == own))


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """One line to lay beside the precedents."""

    shelf: Shelf
    direction: Floats
    chapter: str

    @classmethod
    def of(cls, shelf: Shelf, asked: Asked, at: int) -> _Line:
        code = str(asked.rows["hs_code"].iloc[at])
        return cls(shelf, asked.directions[at].astype(np.float64), code[:2])

    def similarity(self, places: Ints) -> Floats:
        """Compare exactly, each pair by itself, so that company changes no bit; 0 is not alike."""
        theirs = self.shelf.precedents.directions[places].astype(np.float64)
        facts = (theirs * self.direction).sum(axis=1)
        goods = GOODS * (self.shelf.chapter[places] == self.chapter)
        alike = np.minimum((facts + goods) / (1 + GOODS), 1.0).round(_DIGITS)
        return np.where(facts >= LEAST, alike, 0.0)

    def nearest(self, near: Singles, number: int) -> tuple[Ints, Floats]:
        """Return the places and similarities of the precedents most alike, one a consignment."""
        near = near + np.float32(GOODS) * (self.shelf.chapter == self.chapter) * (near > 0)
        enough = 8 * number
        while True:
            places = _at_least(near, enough)
            similarity = self.similarity(places)
            order = np.lexsort((self.shelf.ids[places], -similarity))
            order = order[similarity[order] > 0]
            _, first = np.unique(self.shelf.consignment[places[order]], return_index=True)
            order = order[np.sort(first)][:number]
            if len(order) == number or enough >= len(near):
                return places[order], similarity[order]
            enough *= 8


def _at_least(near: Singles, enough: int) -> Ints:
    """Return the places of the highest so many, and of what is too close to tell."""
    if enough >= len(near):
        return np.flatnonzero(near > 0)
    least = np.partition(near, len(near) - enough)[len(near) - enough]
    return np.flatnonzero((near > 0) & (near >= least - _NEAR))


def _told(line: _Line, near: Singles, *, shown: int, counted: int) -> Similar:
    shelf = line.shelf
    places, similarity = line.nearest(near, max(shown, counted))
    among = places[:counted]
    if not shelf.whole.all():
        among, _ = line.nearest(np.where(shelf.whole, near, np.float32(0)), counted)
    return Similar(
        lines=_past(shelf.precedents, places[:shown], similarity[:shown]),
        among=len(among),
        hits=int(shelf.hit[among].sum()),
    )


def _past(precedents: Precedents, places: Ints, similarity: Floats) -> tuple[PastLine, ...]:
    rows = precedents.lines.select(_SHOWN_COLUMNS).take(places).to_pylist()
    alike = similarity.tolist()
    return tuple(PastLine(**row, similarity=one) for row, one in zip(rows, alike, strict=True))
