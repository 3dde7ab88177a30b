"""What the user is told when something is wrong: what, where, what was found, what to do.

Every error a user can cause is a `TargetingError`. The command line prints its text as one
paragraph and exits 1; anything else is a defect of ours and keeps its traceback. No message
carries a trader's name or code: rows are named by number, values by count.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class TargetingError(Exception):
    """A mistake in what the user handed in, told so that it can be mended.

    Parameters
    ----------
    what
        What is wrong, as a short clause.
    where
        The file, table, key or option concerned.
    found
        What stands there now. Counts and row numbers, never a trader's name or code.
    do
        What to do about it.

    Examples
    --------
    >>> print(TargetingError("not a positive whole number",
    ...     where="--capacity", found="0", do="Give the examinations per office and day."))
    --capacity: not a positive whole number. Found: 0. Give the examinations per office and day.
    """

    def __init__(self, what: str, *, where: str, found: str, do: str) -> None:
        self.what, self.where, self.found, self.do = what, where, found, do
        end = "" if found.endswith((".", "?")) else "."
        super().__init__(f"{where}: {what}. Found: {found}{end} {do}")

    def __reduce__(self) -> tuple[object, ...]:
        """Survive a process pool, which rebuilds exceptions from their arguments."""
        return (_rebuild, (type(self), self.what, self.where, self.found, self.do))


def _rebuild(
    kind: type[TargetingError], what: str, where: str, found: str, do: str
) -> TargetingError:
    return kind(what, where=where, found=found, do=do)


class ConfigError(TargetingError):
    """A setting is unknown, of the wrong type or in contradiction to another."""


class InputError(TargetingError):
    """A file or folder the user named cannot be used as it is."""


class ContractError(TargetingError):
    """Tables break the contract of `targeting.tables.schema`; all breaches are told at once."""


class LeakageError(TargetingError):
    """Something known only later was about to be used."""


class BundleError(TargetingError):
    """A bundle is damaged, was changed after it was written, or does not fit this version."""


class OutputError(TargetingError):
    """A result cannot be written where the user asked for it."""


class DayError(TargetingError):
    """A declaration was lodged on a day the living profiles do not stand at."""


def near_matches(name: str, known: Iterable[str]) -> str:
    """Name the closest known words, as the last sentence of an error.

    Parameters
    ----------
    name
        What the user wrote.
    known
        The words that would have been accepted.

    Returns
    -------
    str
        `Did you mean a, b?`, or the whole list when nothing is close.

    Examples
    --------
    >>> near_matches("consignee", ["consignee_id", "office_id"])
    'Did you mean consignee_id?'
    >>> near_matches("x", ["consignee_id", "office_id"])
    'Known: consignee_id, office_id.'
    """
    words = sorted(known)
    close = difflib.get_close_matches(name, words, n=3)
    return f"Did you mean {', '.join(close)}?" if close else f"Known: {', '.join(words)}."
