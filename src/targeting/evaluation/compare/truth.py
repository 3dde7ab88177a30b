"""What the truth of a simulated world says of the same lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.errors import ContractError, InputError
from targeting.evaluation.compare.examined import NO_REVENUE, revenue_share
from targeting.evaluation.compare.findings import Difference
from targeting.evaluation.compare.paired import Clusters, differences, share_of
from targeting.evaluation.measures import Measure

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from targeting.evaluation.compare.pair import Pair

COLUMNS = ("declaration_id", "would_be_found", "recoverable_revenue")
NOTHING_TO_FIND = "no examination of these lines would find anything"


def read_truth(path: Path) -> pd.DataFrame:
    """Read the truth a simulation wrote beside its tables.

    Parameters
    ----------
    path
        `truth.parquet`.

    Raises
    ------
    InputError
        If it is not there or not readable.
    ContractError
        If a column is missing.
    """
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            "the truth cannot be read",
            where=str(path),
            found="nothing of that name" if not path.exists() else "not a Parquet file",
            do="Name the truth.parquet that `targeting simulate` wrote.",
        ) from error
    missing = [name for name in COLUMNS if name not in file.schema_arrow.names]
    if missing:
        raise ContractError(
            "this is not the truth of a simulated world",
            where=str(path),
            found=f"no column {', '.join(missing)}",
            do="Name the truth.parquet that `targeting simulate` wrote.",
        )
    return file.read(columns=list(COLUMNS)).to_pandas()


def aligned(truth: pd.DataFrame, pair: Pair) -> pd.DataFrame:
    """Put the truth in the order of the lines.

    Parameters
    ----------
    truth
        From `read_truth`.
    pair
        Both versions' scores of all lines lodged.

    Raises
    ------
    ContractError
        If a line has no truth.
    """
    found = truth.set_index("declaration_id").reindex(pair.ids)
    lacking = int(found["would_be_found"].isna().sum())
    if lacking:
        raise ContractError(
            "the truth is of another world",
            where="--truth",
            found=f"{lacking:,} of {len(pair.ids):,} scored lines are not in it",
            do="Name the truth.parquet written with these tables.",
        )
    return found


def judge_truth(pair: Pair, truth: pd.DataFrame, *, seed: int) -> tuple[Difference, ...]:
    """Hold both lists over all lines against each other, knowing what each line holds.

    Parameters
    ----------
    pair
        Both versions' scores of all lines lodged.
    truth
        From `aligned`.
    seed
        Of the draws.
    """
    hit = truth["would_be_found"].to_numpy(np.float64)
    revenue = np.nan_to_num(truth["recoverable_revenue"].to_numpy(np.float64)) * hit
    clusters = Clusters.of(pair.first.day, pair.consignee, seed=seed)
    ratios = [
        (figure, at, ratio)
        for at, opened in pair.lists(of_each_day=True)
        for figure, ratio in (
            ("precision", share_of(opened, hit)),
            ("recall", share_of(opened, hit, over=hit)),
            ("revenue", revenue_share(opened, revenue)),
        )
    ]
    found = differences([ratio for _, _, ratio in ratios], clusters, why=NOTHING_TO_FIND)
    return tuple(
        Difference(figure, at, first, second, _told(figure, measure))
        for (figure, at, _), (first, second, measure) in zip(ratios, found, strict=True)
    )


def _told(figure: str, measure: Measure) -> Measure:
    missing = measure.value is None and figure == "revenue"
    return Measure(None, why=NO_REVENUE) if missing else measure
