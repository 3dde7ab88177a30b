"""Catalogues: one file of translations makes a language.

A file `xx.po` in `locale/`, or in a folder of one's own, is a language; nothing else has to be
said or built. English is the words of the code themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.errors import ConfigError, near_matches
from targeting.language.phrase import NOT_STATED, SLOT, Phrase, Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from targeting.language.numbers import Writing

LOCALE = Path(__file__).with_name("locale")
"""The folder of the languages that come with the package."""

_ENGLISH = "en"


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """Writes phrases out in one language.

    Parameters
    ----------
    code
        As its file is named: `en`, `ru`.
    forms
        Each message to its translations, one per plural form.
    form_of
        Which form a count takes.
    """

    code: str = _ENGLISH
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    form_of: Callable[[int], int] = field(default=lambda count: int(count != 1), repr=False)

    @classmethod
    def named(cls, code: str, folder: Path | None = None) -> Language:
        """Open a language by its name.

        Parameters
        ----------
        code
            `en`, or the name of a file without its `.po`.
        folder
            Where further languages are; a file there wins over one of the package.

        Raises
        ------
        ConfigError
            If there is no such language, or its catalogue is broken; every breach is told.

        Examples
        --------
        >>> Language.named("en").say(Phrase("not stated"))
        'not stated'
        """
        return _named(code, folder)

    @property
    def tag(self) -> str:
        """The language as HTML names it."""
        return self.code.replace("_", "-")

    @property
    def writing(self) -> Writing:
        """How it writes numbers and days."""
        return _writing(self.code)

    def say(self, what: Slot) -> str:
        """Write a phrase out; a message without a translation stays English.

        Parameters
        ----------
        what
            A phrase, or anything that fills a slot.

        Examples
        --------
        >>> from targeting.language.phrase import counted
        >>> ENGLISH.say(counted("{n} earlier declaration", "{n} earlier declarations", 18402))
        '18,402 earlier declarations'
        """
        if isinstance(what, str):
            return what
        if not isinstance(what, Phrase):
            return self.writing.slot(what) or self.say(NOT_STATED)
        slots = dict(what.slots)
        return SLOT.sub(lambda found: self.say(slots[found[1]]), self._words(what))

    def _words(self, phrase: Phrase) -> str:
        forms = self.forms.get(phrase.message, ())
        at = self.form_of(phrase.count) if phrase.plural else 0
        if at < len(forms) and forms[at]:
            return forms[at]
        return phrase.plural if phrase.plural and phrase.count != 1 else phrase.message


ENGLISH = Language()
"""The words of the code themselves."""


@lru_cache(maxsize=32)
def _writing(code: str) -> Writing:
    from babel import Locale

    from targeting.language.numbers import Writing

    # A day is written before its month, as in the rest of the project.
    return Writing.of(Locale("en", "GB") if code == _ENGLISH else Locale.parse(code))


def languages(folder: Path | None = None) -> tuple[str, ...]:
    """Name the languages there are.

    Parameters
    ----------
    folder
        Where further languages are.

    Raises
    ------
    ConfigError
        If the folder is none.

    Examples
    --------
    >>> languages()
    ('en', 'ru')
    """
    return tuple(sorted({_ENGLISH, *_files(folder)}))


def _files(folder: Path | None) -> dict[str, Path]:
    """List the catalogues by language; those of the user's folder win."""
    if folder is not None and not folder.is_dir():
        raise ConfigError(
            "the folder of languages is not there",
            where=f"--languages {folder}",
            found="a file" if folder.exists() else "nothing of that name",
            do="Name a folder with a file such as kk.po; docs/reasons.md shows how to make one.",
        )
    folders = [LOCALE, *([folder] if folder else [])]
    return {path.stem: path for one in folders for path in sorted(one.glob("*.po"))}


def _named(code: str, folder: Path | None) -> Language:
    files = _files(folder)
    if code in files:
        return _read(code, files[code])
    if code == _ENGLISH:
        return ENGLISH
    raise ConfigError(
        "there is no such language",
        where="--language",
        found=repr(code),
        do=f"{near_matches(code, {_ENGLISH, *files})} A further one is a file {code}.po in the "
        "folder --languages names.",
    )


def _opened(code: str, path: Path) -> Language:
    from targeting.language.reading import read

    return Language(code, *read(code, path))


_of_package = cache(_opened)  # what a user's folder holds may change, the package does not


def _read(code: str, path: Path) -> Language:
    return _of_package(code, path) if path.parent == LOCALE else _opened(code, path)
