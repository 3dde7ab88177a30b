"""Keep catalogues in step with the code: `python -m targeting.language.messages FILE.po ...`.

What the code says is found in its calls of `say`, `counted`, `marked` and `marked_pair`, in Python
and in templates. A file that is not there yet is begun: that is how a language is added. One that
is there keeps its translations; messages that are new stand empty, those gone are dropped. Without
a file, the catalogues of the package are written anew.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.language.catalogue import LOCALE
from targeting.language.phrase import NOT_STATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from babel.messages.catalog import Catalog

SOURCE = Path(__file__).parents[1]
"""The package, whose words are translated."""

_IMPORTED = "from targeting.language"
_METHODS = {".py": "python", ".j2": "jinja2.ext:babel_extract"}
_KEYWORDS = {"say": None, "counted": (1, 2), "marked": None, "marked_pair": (1, 2)}
_HEADERS = ("Content-Type", "Language:", "Plural-Forms")


def messages() -> Catalog:
    """Collect every message of the code, without a translation.

    Examples
    --------
    >>> "{who}: never examined before" in messages()
    True
    """
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_file

    found = Catalog()
    for path in _speaking():
        for _, message, _, _ in extract_from_file(_METHODS[path.suffix], path, _KEYWORDS):
            found.add(message)
    found.add(NOT_STATED.message)
    return found


def _speaking() -> list[Path]:
    """List the files that say something: they import from this room, or are templates."""
    paths = sorted(path for path in SOURCE.rglob("*") if path.suffix in _METHODS)
    return [
        path
        for path in paths
        if SOURCE / "language" not in path.parents
        and (path.suffix == ".j2" or _IMPORTED in path.read_text(encoding="utf-8"))
    ]


def updated(path: Path) -> bytes:
    """Bring one catalogue up to date, as bytes to be written.

    Parameters
    ----------
    path
        The catalogue, named after its language; begun where it is not there.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    catalogue = Catalog(locale=path.stem)
    if path.exists():
        catalogue = read_po(io.BytesIO(path.read_bytes()), locale=path.stem, abort_invalid=True)
    catalogue.update(messages(), no_fuzzy_matching=True)
    catalogue.header_comment = ""
    for message in catalogue:
        message.flags.discard("python-brace-format")  # every slot is checked as the file is read
    stream = io.BytesIO()
    write_po(stream, catalogue, sort_output=True, no_location=True, ignore_obsolete=True, width=0)
    return _without_dates(stream.getvalue().decode()).encode()


def _without_dates(text: str) -> str:
    """Keep of the header what reading needs, so that the file changes only with its messages."""
    head, blank, rest = text.partition("\n\n")
    lines = head.splitlines()
    kept = [line for line in lines if not line.startswith('"') or line[1:].startswith(_HEADERS)]
    return "\n".join(line for line in kept if line and line[0] != "#") + blank + rest


def main(arguments: Sequence[str]) -> None:
    """Write the catalogues named, or those of the package.

    Parameters
    ----------
    arguments
        Paths.
    """
    for path in map(Path, arguments or sorted(map(str, LOCALE.glob("*.po")))):
        path.write_bytes(updated(path))


if __name__ == "__main__":
    main(sys.argv[1:])
