"""What would have been found: the truth of a simulated world, asked for any list of lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from targeting.errors import InputError
from targeting.simulate.control.examination import DEPTHS, reach_of_depths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from targeting.simulate.settings import ExaminationSettings
    from targeting.simulate.trade.streams import Flags, Floats

Ids = Sequence[str] | pd.Series | np.ndarray | pa.Array | pa.ChunkedArray
"""Declarations by their `declaration_id`."""

_COLUMNS = (
    "declaration_id", "would_be_found", "would_be_offence", "depth_needed",
    "recoverable_revenue", "seizable_quantity",
)  # fmt: skip
_ROWS_AT_ONCE = 1_000_000
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Found:
    """What examinations of a list of declarations find, in sum.

    Parameters
    ----------
    examined, hits
        Declarations examined, and hits among them.
    revenue_recovered
        Duty, tax and fines that come in.
    by_offence
        Hits by offence.
    """

    examined: int
    hits: int
    revenue_recovered: float
    by_offence: dict[str, int]

    @property
    def hit_rate(self) -> float | None:
        """Hits per examination; None when nothing was examined."""
        return self.hits / self.examined if self.examined else None


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a simulated world, as `simulate` wrote it beside the tables.

    Parameters
    ----------
    path
        `truth.parquet`, a file or a folder.
    files
        Its Parquet files.

    Notes
    -----
    It answers for the lines that were lodged. Smugglers who are caught change what they lodge
    later; what a policy would have met in the long run is asked of `Corridor` or `live_with`.
    """

    path: Path
    files: tuple[Path, ...]

    @classmethod
    def open(cls, path: Path | str) -> Truth:
        """Open a truth after making sure that it is one.

        Parameters
        ----------
        path
            `truth.parquet`, a file or a folder of Parquet files.

        Raises
        ------
        InputError
            If nothing is there, or what is there is not the truth of a simulated world.
        """
        place = Path(path)
        files = (place,) if place.is_file() else tuple(sorted(place.rglob("*.parquet")))
        if not files:
            raise _not_the_truth(place, "no Parquet file" if place.is_dir() else "nothing")
        for file in files:
            _require_columns(file)
        return cls(place, files)

    def examine(self, declaration_ids: Ids, reach: float | Floats = 1.0) -> pd.DataFrame:
        """Tell what an examination of each declaration would find.

        Parameters
        ----------
        declaration_ids
            The declarations to examine, each once.
        reach
            How deep the examination goes: 1 is a full one. One number, or one per declaration;
            `reach_of` looks it up by depth.

        Returns
        -------
        pandas.DataFrame
            One row per declaration in the order asked for: `declaration_id`, `result` (`hit` or
            `clear`), `offence`, `revenue_recovered`, `seized_quantity`, as an examination would
            have recorded them.

        Raises
        ------
        InputError
            If a declaration is unknown or named twice, or a reach is not between 0 and 1.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from targeting.simulate import preset, simulate
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     world = preset("small").model_copy(update={"days": 3})
        ...     report = simulate(world, Path(folder) / "tables")
        ...     truth = Truth.open(report.truth)
        ...     truth.examine(["D240101000000", "D240102000003"])["result"].tolist()
        ['clear', 'clear']
        """
        asked = _as_strings(declaration_ids)
        reached = _as_reach(reach, len(asked))
        known = self._read(asked)
        row = _look_up("index_in", asked, known["declaration_id"].combine_chunks())
        _refuse_strange(asked, row, self.path)
        known = known.take(row)
        hit = _flags(known["would_be_found"]) & (_floats(known["depth_needed"]) < reached)
        quantity = np.where(hit, _floats(known["seizable_quantity"]), 0.0)
        offence = known["would_be_offence"].to_numpy(zero_copy_only=False)
        return pd.DataFrame(
            {
                "declaration_id": asked.to_pylist(),
                "result": np.where(hit, "hit", "clear"),
                "offence": np.where(hit, offence, None),
                "revenue_recovered": np.where(hit, _floats(known["recoverable_revenue"]), 0.0),
                "seized_quantity": np.where(quantity > 0, quantity, np.nan),
            }
        )

    def summary(self, declaration_ids: Ids, reach: float | Floats = 1.0) -> Found:
        """Sum up what examinations of a list of declarations would find.

        Parameters
        ----------
        declaration_ids
            The declarations to examine, each once.
        reach
            How deep the examination goes, as in `examine`.

        Raises
        ------
        InputError
            As `examine` does.
        """
        results = self.examine(declaration_ids, reach)
        offences = Counter(results["offence"].dropna().sort_values().tolist())
        return Found(
            examined=len(results),
            hits=int((results["result"] == "hit").sum()),
            revenue_recovered=round(float(results["revenue_recovered"].sum()), 2),
            by_offence=dict(offences),
        )

    def _read(self, asked: pa.Array) -> pa.Table:
        """Read the rows of the declarations asked for, and no others, a part at a time."""
        wanted = asked.unique()
        parts = [
            part.filter(_look_up("is_in", part["declaration_id"], wanted))
            for file in self.files
            for part in _parts(file)
        ]
        known = pa.concat_tables(parts)
        if len(known["declaration_id"].unique()) < known.num_rows:
            raise _not_the_truth(self.path, "the same declarations more than once")
        return known


def reach_of(settings: ExaminationSettings, depth: Sequence[str] | pd.Series) -> Floats:
    """Look up how deep examinations go by the name of their depth.

    Parameters
    ----------
    settings
        How deep examinations go: `SimulateSettings.examinations` of the world.
    depth
        `scan`, `partial` or `full` for each, such as the column `examination_depth`.

    Raises
    ------
    InputError
        If a depth has another name.

    Examples
    --------
    >>> from targeting.simulate.settings import ExaminationSettings
    >>> reach_of(ExaminationSettings(), ["full", "partial"]).tolist()
    [1.0, 0.78]
    """
    by_name: dict[str, float] = dict(zip(DEPTHS, reach_of_depths(settings).tolist(), strict=True))
    strange = sorted({str(one) for one in depth} - {*DEPTHS})
    if strange:
        raise InputError(
            "depths of examination no world has",
            where="depth",
            found=", ".join(strange[:_SHOWN]),
            do=f"Use {', '.join(DEPTHS)}.",
        )
    return np.array([by_name[one] for one in depth], dtype=float)


def _look_up(
    function: str, values: pa.Array | pa.ChunkedArray, among: pa.Array
) -> pa.Array | pa.ChunkedArray:
    return pc.call_function(function, [values], pc.SetLookupOptions(among, skip_nulls=False))


def _parts(file: Path) -> Iterator[pa.Table]:
    reader = pq.ParquetFile(file)
    try:
        for batch in reader.iter_batches(batch_size=_ROWS_AT_ONCE, columns=list(_COLUMNS)):
            yield pa.Table.from_batches([batch])
    finally:
        reader.close()


def _require_columns(file: Path) -> None:
    try:
        names = pq.read_schema(file).names
    except (pa.ArrowInvalid, OSError) as error:
        raise _not_the_truth(file, "a file that is not readable Parquet") from error
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise _not_the_truth(file, f"a table without {', '.join(missing)}")


def _not_the_truth(path: Path, found: str) -> InputError:
    return InputError(
        "this is not the truth of a simulated world",
        where=str(path),
        found=found,
        do="Name the truth.parquet that `targeting simulate` wrote beside the tables folder.",
    )


def _as_strings(ids: Ids) -> pa.Array:
    known = isinstance(ids, pa.Array | pa.ChunkedArray)
    column = ids if known else pa.array([str(one) for one in ids], type=pa.string())
    return pa.table({"id": column})["id"].cast(pa.string()).combine_chunks()


def _as_reach(reach: float | Floats, size: int) -> Floats:
    given = np.asarray(reach, dtype=float)
    outside = int((~((given >= 0) & (given <= 1))).sum())
    if outside or given.shape not in {(), (size,)}:
        raise InputError(
            "a reach is one number from 0 to 1, or one for each declaration",
            where="reach",
            found=f"{given.size:,} numbers for {size:,} declarations, {outside:,} of them "
            "not from 0 to 1",
            do="A full examination has reach 1; `reach_of` looks it up by depth.",
        )
    return np.broadcast_to(given, (size,))


def _refuse_strange(asked: pa.Array, row: pa.Array, path: Path) -> None:
    """Refuse unknown declarations and repetitions, all at once."""
    counts = asked.value_counts()
    twice = counts.field("values").filter(pa.array(counts.field("counts").to_numpy() > 1))
    unknown = asked.filter(row.is_null()).unique()
    kinds = (("named more than once", twice), ("not in the truth", unknown))
    breaches = [
        f"{len(ids):,} {kind} ({_some(ids.to_pylist())})" for kind, ids in kinds if len(ids)
    ]
    if breaches:
        raise InputError(
            "the declarations cannot be examined as they are listed",
            where=str(path),
            found=", ".join(breaches),
            do="Name declarations of this world, each once.",
        )


def _some(ids: list[str | None]) -> str:
    shown = ", ".join(map(str, ids[:_SHOWN]))
    return shown + (", ..." if len(ids) > _SHOWN else "")


def _flags(column: pa.ChunkedArray) -> Flags:
    return column.to_numpy().astype(bool)


def _floats(column: pa.ChunkedArray) -> Floats:
    return column.to_numpy().astype(float)
