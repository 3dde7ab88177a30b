"""What the model does not see: columns, indicators and parts of the traffic it knows nothing of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.parts import MIN_EXAMINED, MIN_HITS
from targeting.features.catalogue import INDICATORS
from targeting.features.reads import columns_read
from targeting.tables.engine import connect
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import numpy.typing as npt

    from targeting.features.spec import FeatureSpec
    from targeting.tables.folder import Tables

    Matrix = npt.NDArray[np.float32]

LATER = (
    "results of examinations that ended after the line was lodged",
    "amendments, seals and weights recorded after the line was lodged",
    "lanes, examination texts, penalties and release dates, which say what was found",
    "other lines lodged on the same day by other consignments",
)
"""Known only later, or on the same day: no feature may hold it."""

_AREAS = """
    with parts as (
        from declarations
        select
            declaration_id,
            unnest([
                {'dimension': 'office_id', 'value': office_id},
                {'dimension': 'flow', 'value': flow},
                {'dimension': 'transport_mode', 'value': transport_mode},
                {'dimension': 'origin_country', 'value': origin_country},
                {'dimension': 'hs_chapter', 'value': left(hs_code, 2)}
            ], recursive := true)
        where lodged_at < $before
    ),
    known as (
        from inspections
        select declaration_id, bool_or(result = 'hit') as hit
        where result_known_at < $before
        group by declaration_id
    )
    from parts
    left join known using (declaration_id)
    select
        dimension,
        value,
        count(*) as lines,
        count(hit) as examined,
        count(*) filter (hit) as hits
    where value is not null
    group by dimension, value
    order by dimension, value
"""


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the traffic of which hardly anything is known.

    Parameters
    ----------
    dimension, value
        Such as `office_id`, `AZALA`.
    lines
        Lines lodged before the cut-off.
    examined, hits
        Of them, with a known result, and hits.
    """

    dimension: str
    value: str
    lines: int
    examined: int
    hits: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator no feature carries.

    Parameters
    ----------
    number, name
        Of the list of indicators.
    lacks
        What it would take.
    """

    number: int
    name: str
    lacks: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """What the model does not see.

    Parameters
    ----------
    unread
        Columns of declarations no feature reads.
    silent
        Features that no line it learnt from states, so that they say nothing.
    indicators
        Indicators without a feature.
    areas
        Parts of the traffic with few or no known results, most lines first.
    areas_in_all
        Parts looked at.
    later
        What is known only later.
    """

    unread: tuple[str, ...]
    silent: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    areas: tuple[Area, ...]
    areas_in_all: int
    later: tuple[str, ...] = LATER


def unseen(tables: Tables, spec: FeatureSpec, matrix: Matrix, *, before: datetime) -> Unseen:
    """List what a model does not see.

    Parameters
    ----------
    tables
        What it was trained on.
    spec
        What it looks at.
    matrix
        Shape (n, features). The lines it learnt from.
    before
        The cut-off: lines and results from then on are not looked at.
    """
    areas = areas_of(tables, before=before)
    few = [one for one in areas if one.examined < MIN_EXAMINED or one.hits < MIN_HITS]
    carried = {number for feature in spec.features for number in feature.indicators}
    read = frozenset[str]().union(*columns_read(spec.settings).values())
    stated = np.isfinite(matrix).sum(axis=0)
    return Unseen(
        unread=tuple(name for name in DECLARATIONS.names if name not in read),
        silent=tuple(
            name for name, said in zip(spec.names, stated.tolist(), strict=True) if not said
        ),
        indicators=tuple(Indicator(*one) for one in INDICATORS if one[0] not in carried),
        areas=tuple(sorted(few, key=_by_lines)),
        areas_in_all=len(areas),
    )


def _by_lines(area: Area) -> tuple[int, str, str]:
    return (-area.lines, area.dimension, area.value)


def areas_of(tables: Tables, *, before: datetime) -> Sequence[Area]:
    """Count lines, examinations and hits of every part of the traffic.

    Parameters
    ----------
    tables
        Declarations and inspections.
    before
        Lines lodged and results known from then on do not count.
    """
    with connect() as connection:
        for table in (DECLARATIONS, INSPECTIONS):
            conformed(tables.read(connection, table), table).create_view(table.name)
        rows = connection.execute(_AREAS, {"before": before}).fetchall()
    return [Area(*row) for row in rows]
