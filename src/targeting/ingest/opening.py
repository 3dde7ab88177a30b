"""What every reader shares: the header, and the words for a file that cannot be read."""

from __future__ import annotations

import csv
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

import pyarrow as pa

from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from targeting.ingest.inputs import Origin
    from targeting.ingest.mapping import ExtraKind

LONG_LINE = "the record has more fields than the header"
SHORT_LINE = "the record has fewer fields than the header"
NOT_JSON = "the line is not a JSON object"


@dataclass(frozen=True, slots=True)
class Header:
    """Column names of an extract, read before any row.

    Parameters
    ----------
    names
        In order, as they stand.
    kinds
        Type of each column, where the format has types.
    """

    names: tuple[str, ...]
    kinds: dict[str, ExtraKind] = field(default_factory=dict)


@contextmanager
def told(origin: Origin) -> Iterator[None]:
    """Turn what a library says of a bad file into one sentence; its own text may quote a row.

    Parameters
    ----------
    origin
        The file or query that is being read.
    """
    damage = (pa.ArrowInvalid, zipfile.BadZipFile, zlib.error, EOFError, ParseError)
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(
            f"the file is not written in {origin.form.encoding}",
            where=origin.name,
            found=f"bytes that {error.encoding} does not know",
            do="Name the right `encoding`, such as utf-8, cp1251, cp1252 or utf-16.",
        ) from error
    except UnicodeError as error:
        raise broken(origin, f"text that is not {origin.form.encoding}") from error
    except csv.Error as error:
        raise broken(origin, f"{error} (delimiter or quote)") from error
    except damage as error:
        raise broken(origin, "a damaged or foreign file") from error
    except OSError as error:
        raise broken(origin, error.strerror or "a damaged or foreign file") from error


def broken(origin: Origin, found: str) -> InputError:
    """Build the error of a file that is not what its format says.

    Parameters
    ----------
    origin
        The file or query that cannot be read.
    found
        What stands there instead, in words that quote no row.
    """
    return InputError(
        f"the extract cannot be read as {origin.form.kind}",
        where=origin.name,
        found=found,
        do="Check the `format` of the source, or export the file again.",
    )


def empty(origin: Origin, found: str) -> InputError:
    """Build the error of an extract without a header or a row.

    Parameters
    ----------
    origin
        The file or query that gave nothing.
    found
        What is missing, in words.
    """
    return InputError(
        "the extract is empty",
        where=origin.name,
        found=found,
        do="Export it again, or leave the file out.",
    )


def named(cells: Iterable[object]) -> tuple[str, ...]:
    """Trim the header's names; a column without one is called by its place.

    Parameters
    ----------
    cells
        Cells of the header, in order; None where one is blank.
    """
    texts = [str(cell).strip() if cell is not None else "" for cell in cells]
    return tuple(text or f"column_{place}" for place, text in enumerate(texts, 1))
