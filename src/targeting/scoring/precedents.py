"""Past examined lines beside the lines that are explained."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from targeting.explain.precedents import directions, document_digests
from targeting.explain.similar import Asked, Similar

if TYPE_CHECKING:
    import pandas as pd

    from targeting.explain.contributions import Contributions
    from targeting.explain.similar import Shelf
    from targeting.features.spec import FeatureSpec


ASKED_OF = ("declaration_id", "hs_code", "lodged_local", "transport_document_id")
"""Columns of a line that its past lines depend on."""


def similar_to(
    shelf: Shelf, spec: FeatureSpec, rows: pd.DataFrame, explained: Contributions
) -> list[Similar]:
    """Find the past examined lines most like each row, as they were known before its day.

    Parameters
    ----------
    shelf
        The bundle's precedents, laid out.
    spec
        The features.
    rows
        Shape (n,) with the columns of `ASKED_OF`; the document may be left out.
    explained
        What each feature adds to the score of each row.
    """
    days = rows["lodged_local"].dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    asked = Asked(
        rows.reset_index(drop=True),
        days,
        directions(spec.features, explained.values),
        document_digests(rows),
    )
    return shelf.most_similar(asked)


def as_struct(similar: Similar) -> dict[str, object]:
    """Turn what is most alike into what a scores file holds of it.

    Parameters
    ----------
    similar
        Of one line.

    Examples
    --------
    >>> as_struct(Similar())
    {'lines': [], 'among': 0, 'hits': 0}
    """
    lines = [asdict(line) for line in similar.lines]
    return {"lines": lines, "among": similar.among, "hits": similar.hits}
