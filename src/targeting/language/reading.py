"""Reading a catalogue of translations, and refusing one that would mislead an officer."""

from __future__ import annotations

import io
from gettext import c2py
from typing import TYPE_CHECKING, cast

from targeting.errors import ConfigError
from targeting.language.phrase import slots_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from babel.messages.catalog import Catalog, Message

    Forms = dict[str, tuple[str, ...]]


def read(code: str, path: Path) -> tuple[Forms, Callable[[int], int]]:
    """Read a catalogue: the forms of each message, and which form a count takes.

    Messages without a translation, and those marked fuzzy, are left out: they stay English.

    Parameters
    ----------
    code
        The language, as the CLDR names it.
    path
        A file in the form of gettext's `.po`.

    Raises
    ------
    ConfigError
        If the language is unknown to the CLDR, the file is no catalogue, a translation has other
        slots than its message, or a plural form is missing; every breach is told.
    """
    catalogue = _opened(code, path)
    form_of = _form_of(catalogue, path)
    told = [one for one in catalogue if one.id and any(_strings(one)) and not one.fuzzy]
    breaches = [breach for one in told for breach in _breaches(one, catalogue.num_plurals)]
    if breaches:
        raise _broken(path, "translations do not fit their messages", "; ".join(breaches))
    return {_ids(one)[0]: _strings(one) for one in told}, form_of


def _opened(code: str, path: Path) -> Catalog:
    from babel import Locale, UnknownLocaleError
    from babel.messages.pofile import PoFileError, read_po

    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        raise _broken(path, "the language is unknown to the CLDR", repr(code)) from error
    try:
        return read_po(io.BytesIO(path.read_bytes()), locale=code, abort_invalid=True)
    except PoFileError as error:
        where = f"line {error.lineno + 1}: {error.args[0]}"
        raise _broken(path, "the catalogue cannot be read", where) from error
    except (OSError, UnicodeDecodeError, LookupError, ValueError) as error:
        raise _broken(path, "the catalogue cannot be read", str(error)) from error


def _form_of(catalogue: Catalog, path: Path) -> Callable[[int], int]:
    try:
        return c2py(catalogue.plural_expr)
    except ValueError as error:
        raise _broken(path, "the rule of plurals cannot be read", catalogue.plural_expr) from error


def _ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _strings(message: Message) -> tuple[str, ...]:
    strings = cast("str | tuple[str, ...]", message.string)
    return (strings,) if isinstance(strings, str) else tuple(strings)


def _breaches(message: Message, forms: int) -> Iterator[str]:
    """Tell what is wrong with one translation."""
    first, strings = _ids(message)[0], _strings(message)
    wanted = forms if len(_ids(message)) > 1 else 1
    if len([one for one in strings if one]) < wanted:
        yield f"line {message.lineno}, {first!r}: needs {wanted} forms"
    wrong = {name for one in strings if one for name in slots_of(one) ^ slots_of(first)}
    if wrong:
        yield f"line {message.lineno}, {first!r}: slots {', '.join(sorted(wrong))}"


def _broken(path: Path, what: str, found: str) -> ConfigError:
    return ConfigError(
        what, where=str(path), found=found, do="Mend the file; docs/reasons.md shows its form."
    )
