"""Precedents: past examined lines a bundle carries, so that a new line can be laid beside them.

Two lines are alike when the same facts moved their scores the same way. A precedent therefore
keeps the direction in which its facts moved its score: contributions added by subject, brought to
length one. The length is left out on purpose. A model moves the lines it learnt from further than
new ones, hits up and clear ones down, so distances that look at the length find mostly clear lines
beside every new one, and count too few hits (`python -m benchmarks.evidence`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.errors import BundleError
from targeting.explain.contributions import contributions_by_chunk
from targeting.training.consignment import codes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from targeting.features.registry import Feature
    from targeting.training.block import Known
    from targeting.training.model import Model

    Floats = npt.NDArray[np.float64]
    Halves = npt.NDArray[np.float16]
    Places = npt.NDArray[np.int64]

COLUMNS = pa.schema(
    [
        pa.field("declaration_id", pa.string(), nullable=False),
        pa.field("lodged_day", pa.date32(), nullable=False),
        pa.field("known_day", pa.date32(), nullable=False),
        pa.field("office_id", pa.string(), nullable=False),
        pa.field("hs_code", pa.string(), nullable=False),
        pa.field("result", pa.string(), nullable=False),
        pa.field("offence", pa.string()),
        pa.field("revenue", pa.float64()),
        pa.field("selected_by", pa.string(), nullable=False),
        pa.field("document", pa.int64()),
        pa.field("consignment", pa.int32(), nullable=False),
    ]
)
"""Columns of `precedents.parquet`; `direction` follows. `lodged_day` is the local day lodged,
`known_day` the one all results of the line were known, `hs_code` its first six digits, `document`
a digest of the transport document."""

_SUBJECTS, _WHOLE_FROM = b"subjects", b"whole_from"
_HS_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Precedents:
    """Past examined lines, what was found in them, and what moved their scores.

    Parameters
    ----------
    lines
        Shape (n,). `COLUMNS`, ordered by `lodged_day`, `declaration_id`.
    directions
        Shape (n, subjects), float16. Contributions by subject, of length one.
    subjects
        What the columns of `directions` speak of.
    whole_from
        From this local day on, every examined line is kept, clear ones too; before it, hits alone.
        Shares of hits are counted from this day on: before it there would be hits only.
    """

    lines: pa.Table
    directions: Halves
    subjects: tuple[str, ...]
    whole_from: date

    def __len__(self) -> int:
        return self.lines.num_rows


def subject_of(feature: Feature) -> str:
    """Return what a feature speaks of: its group, or itself alone.

    Parameters
    ----------
    feature
        Any feature of the registry.
    """
    return feature.group or feature.name


def subjects_of(features: Sequence[Feature]) -> tuple[str, ...]:
    """List what features speak of, each subject once, in their order.

    Parameters
    ----------
    features
        In the order of the matrix.
    """
    return tuple(dict.fromkeys(subject_of(feature) for feature in features))


def directions(features: Sequence[Feature], values: Floats) -> Halves:
    """Tell in which direction the facts of each line moved its score, shape (n, subjects).

    Parameters
    ----------
    features
        In the order of the matrix.
    values
        Shape (n, features). Contributions in log-odds.

    Examples
    --------
    >>> from targeting.features.registry import Feature
    >>> price, value, office = (
    ...     Feature(name, "party", "", lambda _: "", group=group)
    ...     for name, group in (("price", "worth"), ("value", "worth"), ("office", "")))
    >>> directions([price, value, office], np.array([[1.0, 2.0, -4.0]])).tolist()
    [[0.60009765625, -0.7998046875]]
    """
    place = {subject: at for at, subject in enumerate(subjects_of(features))}
    of_each = np.array([place[subject_of(feature)] for feature in features], dtype=np.int64)
    by_subject = np.zeros((len(place), len(values)))
    np.add.at(by_subject, of_each, values.T)  # in the order of the features: sums are the same
    added = np.ascontiguousarray(by_subject.T)
    length = np.sqrt((added**2).sum(axis=1, keepdims=True))
    return np.divide(added, length, out=np.zeros_like(added), where=length > 0).astype(np.float16)


def gather(known: Known, model: Model, *, time_zone: str, limit: int) -> Precedents | None:
    """Gather the precedents of a model from what was known when it was made.

    Parameters
    ----------
    known
        Examined declarations and their features.
    model
        The one to ship: its contributions say what moved each score.
    time_zone
        Where days close at midnight.
    limit
        Lines at most. All hits are kept, then the newest clear lines; 0 keeps nothing.

    Returns
    -------
    Precedents or None
        None where nothing is kept.
    """
    if not limit or not len(known):
        return None
    facts = _facts(known, time_zone)
    chosen, whole_from = _chosen(facts, limit)
    kept = facts.take(chosen)
    matrix = np.ascontiguousarray(known.block.matrix[kept.index.to_numpy()])
    features = known.block.spec.features
    parts = contributions_by_chunk(model, matrix)
    pulled = np.concatenate([directions(features, part.values) for _, part in parts])
    numbers = codes(known.block.rows.iloc[kept.index].reset_index(drop=True))
    lines = pa.Table.from_pandas(
        kept.assign(consignment=numbers), schema=COLUMNS, preserve_index=False
    )
    plain = lines.replace_schema_metadata(None)
    return Precedents(plain, pulled, subjects_of(features), whole_from)


def _facts(known: Known, time_zone: str) -> pd.DataFrame:
    """Lay out what is kept of each examined line, ordered by local day and id."""
    labels, rows = known.labels, known.block.rows
    lodged, settled = (_local_days(labels[name], time_zone) for name in ("lodged_at", "settled_at"))
    facts = pd.DataFrame(
        {
            "declaration_id": labels["declaration_id"].astype(str),
            "lodged_day": lodged,
            # A result cannot be known before the line exists; a slip of the clock must not leak.
            "known_day": lodged.where(lodged > settled, settled),
            "office_id": labels["office_id"].astype(str),
            "hs_code": rows["hs_code"].astype(str).str.slice(0, _HS_DIGITS).to_numpy(),
            "result": np.where(known.hit, "hit", "clear"),
            "offence": known.offence,
            "revenue": known.revenue,
            "selected_by": labels["selected_by"].astype(str),
            "document": document_digests(rows),
        }
    )
    return facts.sort_values(["lodged_day", "declaration_id"], kind="stable")


def _local_days(moments: pd.Series, time_zone: str) -> pd.Series:
    return moments.dt.tz_convert(time_zone).dt.date


def document_digests(rows: pd.DataFrame) -> pd.Series:
    """Give transport documents a digest each: lines of one are told without its name.

    Parameters
    ----------
    rows
        Declarations. Without the column, or where it is missing, there is no number.

    Examples
    --------
    >>> told = document_digests(pd.DataFrame({"transport_document_id": ["B1", None, "B1"]}))
    >>> bool(told[0] == told[2]), told.isna().tolist()
    (True, [False, True, False])
    """
    if "transport_document_id" not in rows:
        return pd.Series(pd.NA, index=range(len(rows)), dtype="Int64")
    told = rows["transport_document_id"].reset_index(drop=True)
    digests = [_digest(one) if isinstance(one, str) and one else pd.NA for one in told]
    return pd.Series(digests, dtype="Int64")


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


def _chosen(facts: pd.DataFrame, limit: int) -> tuple[Places, date]:
    """Choose all hits and the newest clear lines; tell from which day on nothing is left out."""
    hit = (facts["result"] == "hit").to_numpy()
    hits = np.flatnonzero(hit)[-limit:]
    room = limit - len(hits)
    clear = np.flatnonzero(~hit)
    kept = clear[len(clear) - min(room, len(clear)) :]
    chosen = np.sort(np.concatenate([hits, kept]))
    days = facts["lodged_day"].to_numpy()
    left_out = np.setdiff1d(np.arange(len(facts)), chosen)
    if not len(left_out):
        return chosen, days[0]
    return chosen, days[left_out[-1]] + timedelta(days=1)


def write_precedents(precedents: Precedents, path: Path) -> None:
    """Write precedents; the same ones give the same bytes.

    Parameters
    ----------
    precedents
        From `gather`.
    path
        The file.
    """
    width = len(precedents.subjects)
    flat = pa.array(np.ascontiguousarray(precedents.directions).ravel())
    direction = pa.FixedSizeListArray.from_arrays(flat, width)
    table = precedents.lines.append_column("direction", direction)
    about = {
        _SUBJECTS: "\n".join(precedents.subjects).encode(),
        _WHOLE_FROM: precedents.whole_from.isoformat().encode(),
    }
    pq.write_table(table.replace_schema_metadata(about), path, compression="zstd")


def read_precedents(path: Path, features: Sequence[Feature]) -> Precedents:
    """Read precedents and make sure they speak of the features of the model beside them.

    Parameters
    ----------
    path
        The file.
    features
        Of the bundle, in the order of the matrix.

    Raises
    ------
    BundleError
        If a column or a subject is not the expected one.
    """
    table = pq.read_table(path)
    about = table.schema.metadata or {}
    subjects = tuple(about.get(_SUBJECTS, b"").decode().split("\n"))
    wrong = [*_wrong_columns(table.schema), *_wrong_subjects(subjects, subjects_of(features))]
    if wrong:
        raise BundleError(
            "the precedents do not fit the model beside them",
            where=str(path),
            found="; ".join(wrong),
            do="Train it again, or install the version of targeting that wrote it.",
        )
    direction = table["direction"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return Precedents(
        table.select(COLUMNS.names).replace_schema_metadata(None),
        direction.reshape(table.num_rows, len(subjects)),
        subjects,
        date.fromisoformat(about.get(_WHOLE_FROM, b"").decode()),
    )


def _wrong_columns(found: pa.Schema) -> list[str]:
    types = {field.name: field.type for field in COLUMNS}
    wrong = [
        f"column {name} is {found.field(name).type}" if name in found.names else f"no column {name}"
        for name, kind in types.items()
        if name not in found.names or found.field(name).type != kind
    ]
    if "direction" not in found.names:
        return [*wrong, "no column direction"]
    kind = found.field("direction").type
    halves = pa.types.is_fixed_size_list(kind) and pa.types.is_float16(kind.value_type)
    return wrong if halves else [*wrong, f"column direction is {kind}"]


def _wrong_subjects(found: tuple[str, ...], expected: tuple[str, ...]) -> list[str]:
    gone = [name for name in expected if name not in found]
    # What the file says may be anything, and is printed.
    new = [ascii(name[:60])[1:-1] for name in found if name not in expected]
    return [
        *([f"they do not speak of {', '.join(gone[:5])}"] if gone else []),
        *([f"they speak of {', '.join(new[:5])}, which no feature does"] if new else []),
        *(["their subjects come in another order"] if not gone and not new and found != expected
          else []),
    ]  # fmt: skip
