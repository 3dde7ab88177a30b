"""The scores file: what `targeting score` writes and every later command reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.config import FeatureSettings
from targeting.errors import ContractError, InputError
from targeting.tables.folder import from_frame
from targeting.tables.output import staged_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from targeting.explain.reasons import Reason
    from targeting.language import Language

REASON = pa.struct(
    [
        ("text", pa.string()),
        ("feature", pa.string()),
        ("family", pa.string()),
        ("contribution", pa.float64()),
        ("subject", pa.string()),
        ("indicators", pa.list_(pa.int16())),
        ("key", pa.string()),
        ("phrase", pa.string()),
    ]
)
"""One reason: `text` in the language asked for; `phrase` the same as JSON, from which a list can be
drawn in any other. Files written before the last four fields are read as they are."""

PAST_LINE = pa.struct(
    [
        ("declaration_id", pa.string()),
        ("lodged_day", pa.date32()),
        ("known_day", pa.date32()),
        ("office_id", pa.string()),
        ("hs_code", pa.string()),
        ("result", pa.string()),
        ("offence", pa.string()),
        ("revenue", pa.float64()),
        ("selected_by", pa.string()),
        ("similarity", pa.float64()),
    ]
)
"""One past examined line, as `targeting.explain.similar.PastLine`."""

SIMILAR = pa.struct([("lines", pa.list_(PAST_LINE)), ("among", pa.int16()), ("hits", pa.int16())])
"""Past examined lines most like a line, and the hits among so many of the most alike."""

SCHEMA = pa.schema(
    [
        pa.field("declaration_id", pa.string(), nullable=False),
        pa.field("lodged_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("office_id", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("expected_revenue", pa.float64()),
    ]
)
"""Columns of every scores file; those of `VIEWS` follow where the model has them, then `reasons` (a
list of `REASON`) when explained, and `similar` (a `SIMILAR`) where the bundle has precedents."""

VIEWS = ("papers_probability", "conveyance_probability", "either_probability")
"""Chance of an offence in the papers, with the conveyance, and of either."""

GROUP_ROWS = 250_000
"""Rows of one group of a Parquet file: what is held while it is written."""

_METADATA_KEY = b"targeting"


@dataclass(frozen=True, slots=True)
class ScoresInfo:
    """Where scores come from; travels in the file's own metadata.

    Parameters
    ----------
    bundle_id
        First 12 characters of the bundle's digest.
    trained_until
        The label cut-off of the model, ISO 8601.
    time_zone
        The administration's time zone.
    currency
        Currency of `expected_revenue`, ISO 4217.
    features
        What the model looks at, so that the history behind a reason can be read; None where the
        file does not say.
    """

    bundle_id: str = ""
    trained_until: str = ""
    time_zone: str = "UTC"
    currency: str = ""
    features: FeatureSettings | None = None

    def to_json(self) -> bytes:
        """Write it down as the file's metadata hold it."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.features is not None:
            plain["features"] = self.features.model_dump(mode="json")
        return json.dumps(plain, sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> ScoresInfo:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text
            The metadata.

        Raises
        ------
        ValueError, TypeError
            If it is something else.
        """
        plain = json.loads(text)
        features = plain.get("features")
        if features is not None:
            plain["features"] = FeatureSettings.model_validate(features)
        return cls(**plain)


@dataclass(frozen=True, slots=True)
class Scores:
    """Scored declarations and where the scores come from.

    Parameters
    ----------
    rows
        Columns of `SCHEMA`, and `reasons` (a list of dicts with the fields of `REASON`, or None)
        when explained; `similar` beside them where the bundle has precedents.
    info
        Model, cut-off, time zone and currency.
    """

    rows: pd.DataFrame
    info: ScoresInfo = ScoresInfo()


def as_struct(reason: Reason, language: Language) -> dict[str, object]:
    """Turn a reason into what a scores file holds of it.

    Parameters
    ----------
    reason
        The reason.
    language
        In which its text is written out.
    """
    return {
        "text": language.say(reason.phrase),
        "feature": reason.feature,
        "family": reason.family,
        "contribution": reason.contribution,
        "subject": reason.subject,
        "indicators": list(reason.indicators),
        "key": reason.key,
        "phrase": reason.phrase.to_json(),
    }


def write_scores(scores: Scores, path: Path) -> None:
    """Write a scores file: CSV when the name ends in `.csv`, else Parquet.

    Parameters
    ----------
    scores
        What to write.
    path
        The file; it appears whole or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    stream_scores([scores.rows], scores.info, path)


def stream_scores(parts: Iterable[pd.DataFrame], info: ScoresInfo, path: Path) -> int:
    """Write a scores file part by part, so that no more than one need be held; a CSV is held whole.

    Parameters
    ----------
    parts
        Rows as in `Scores`, one part after the other; how they are cut changes no byte.
    info
        Where they come from.
    path
        The file; it appears whole or not at all, also when making a part fails.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with staged_file(path) as stage:
        write = _write_csv if path.suffix.lower() == ".csv" else _write_parquet
        return write(parts, info, stage)


def _write_csv(parts: Iterable[pd.DataFrame], info: ScoresInfo, stage: Path) -> int:
    del info  # a CSV has no room for it
    # Held whole: pandas writes a moment by the finest one of the frame.
    rows = pd.concat(parts, ignore_index=True)
    _flat(rows).to_csv(stage, index=False, encoding="utf-8-sig")
    return len(rows)


def _write_parquet(parts: Iterable[pd.DataFrame], info: ScoresInfo, stage: Path) -> int:
    written, writer = 0, None
    try:
        for group in _groups(_to_arrow(Scores(rows, info)) for rows in parts):
            writer = writer or pq.ParquetWriter(stage, group.schema, compression="zstd")
            writer.write_table(group, row_group_size=GROUP_ROWS)
            written += group.num_rows
    finally:
        if writer is not None:
            writer.close()
    return written


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Cut tables anew into groups of `GROUP_ROWS`, the last one smaller; one at least."""
    held, begun = None, False
    for table in tables:
        held = table if held is None else pa.concat_tables([held, table])
        while held.num_rows >= GROUP_ROWS:
            yield held.slice(0, GROUP_ROWS)
            held, begun = held.slice(GROUP_ROWS), True
    if held is not None and (held.num_rows or not begun):
        yield held


def _to_arrow(scores: Scores) -> pa.Table:
    table = from_frame(scores.rows[SCHEMA.names]).cast(SCHEMA)
    for name in VIEWS:
        if name in scores.rows:
            table = table.append_column(name, pa.array(scores.rows[name], type=pa.float64()))
    if "reasons" in scores.rows:
        told = pa.array(scores.rows["reasons"].tolist(), type=pa.list_(REASON))
        table = table.append_column("reasons", told)
    if "similar" in scores.rows:
        table = table.append_column("similar", pa.array(scores.rows["similar"].tolist(), SIMILAR))
    return table.replace_schema_metadata({_METADATA_KEY: scores.info.to_json()})


def _flat(rows: pd.DataFrame) -> pd.DataFrame:
    """Put the sentences of a row in one cell, as a spreadsheet wants them; leave precedents out."""
    rows = rows.drop(columns="similar", errors="ignore")
    if "reasons" not in rows:
        return rows
    sentences = [
        None if reasons is None else " | ".join(reason["text"] for reason in reasons)
        for reasons in rows["reasons"]
    ]
    return rows.assign(reasons=pd.Series(sentences, index=rows.index, dtype="object"))


def read_scores(path: Path) -> Scores:
    """Read a scores file written by `targeting score`, or a CSV with the same columns.

    Parameters
    ----------
    path
        A Parquet or CSV file.

    Raises
    ------
    InputError
        If the file is missing or not readable.
    ContractError
        If a column is missing, a score is not a number or a declaration stands there twice.
    """
    if not path.is_file():
        raise InputError(
            "the scores file is not there",
            where=str(path),
            found="a folder" if path.is_dir() else "nothing of that name",
            do="Name the file `targeting score --output` wrote.",
        )
    scores = _read_csv(path) if path.suffix.lower() == ".csv" else _read_parquet(path)
    _require_sound(scores.rows, path)
    return scores


def _read_parquet(path: Path) -> Scores:
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(path, "Parquet") from error
    about = (table.schema.metadata or {}).get(_METADATA_KEY, b"{}")
    try:
        info = ScoresInfo.from_json(about)
    except (ValueError, TypeError, AttributeError) as error:
        raise _unreadable(path, "Parquet of this version") from error
    return Scores(table.to_pandas(), info)


def _read_csv(path: Path) -> Scores:
    texts = {"declaration_id": "string", "office_id": "string"}
    numbers = ("score", "probability", "expected_revenue")
    empty: dict[str, list[str]] = {name: ["", "NaN", "nan", "NA"] for name in numbers}
    try:
        rows = pd.read_csv(
            path,
            dtype=texts,
            encoding="utf-8-sig",
            keep_default_na=False,  # an office may well be called NA
            na_values={**empty, "reasons": [""]},
        )
        if "lodged_at" in rows:
            rows["lodged_at"] = pd.to_datetime(rows["lodged_at"], utc=True, format="ISO8601")
    except (ValueError, UnicodeDecodeError) as error:
        raise _unreadable(path, "CSV") from error
    if "reasons" in rows:
        told = [_from_text(cell) for cell in rows["reasons"]]
        rows = rows.assign(reasons=pd.Series(told, index=rows.index, dtype="object"))
    return Scores(rows)


def _from_text(cell: object) -> list[dict[str, object]] | None:
    if not isinstance(cell, str):
        return None
    return [
        {"text": text, "feature": "", "family": "", "contribution": float("nan")}
        for text in cell.split(" | ")
    ]


def _unreadable(path: Path, form: str) -> InputError:
    return InputError(
        f"the scores file is not readable {form}",
        where=str(path),
        found=f"{path.stat().st_size:,} bytes of something else",
        do="Run `targeting score` again.",
    )


def _require_sound(rows: pd.DataFrame, path: Path) -> None:
    wrong = [f"column {name} is missing" for name in SCHEMA.names if name not in rows]
    if not wrong:
        for name in ("score", "probability"):
            numbers = pd.to_numeric(rows[name], errors="coerce")
            bad = int((~np.isfinite(numbers)).sum())
            if bad:
                wrong.append(f"{bad:,} values of {name} are not finite numbers")
        twice = int(rows["declaration_id"].duplicated().sum())
        if twice:
            wrong.append(f"{twice:,} declarations stand there twice")
    if wrong:
        raise ContractError(
            "the scores cannot be used",
            where=str(path),
            found="; ".join(wrong),
            do="Run `targeting score` again and pass its file unchanged.",
        )
