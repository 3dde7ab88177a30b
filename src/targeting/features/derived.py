"""Columns a profile key may be made of beside those of the tables, each cut from one of them.

They are worked out over the distinct texts of a column, not line by line: a goods code that stands
on a million lines is cut once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

import pyarrow as pa

from targeting.features.words import CONNECTIVES, SHORT, stop_terms
from targeting.tables.codes import site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HS_LEVELS = {"hs2": 2, "hs4": 4, "hs6": 6}
"""Leading digits of `hs_code`; missing where the code is shorter."""

_OWNER_LETTERS = 4
_AT_ONCE = 500_000  # descriptions: their words are held side by side


@dataclass(frozen=True, slots=True)
class Derived:
    """A column cut from another.

    Parameters
    ----------
    source
        Column of the declarations it is cut from.
    text_of
        From a text of the source to its own, None where there is none.
    """

    source: str
    text_of: Callable[[str], str | None]

    def of(self, coded: pa.DictionaryArray) -> pa.DictionaryArray:
        """Return the column for a source column that is coded already.

        Parameters
        ----------
        coded
            The source column as codes and their text.
        """
        texts = coded.dictionary
        starts = range(0, max(len(texts), 1), _AT_ONCE)
        cut = [self.cut(texts.slice(start, _AT_ONCE)) for start in starts]
        levels = pa.concat_arrays(cut).dictionary_encode()
        codes = levels.indices.take(coded.indices)
        return pa.DictionaryArray.from_arrays(codes, levels.dictionary)

    def cut(self, texts: pa.Array) -> pa.Array:
        """Cut distinct texts of the source; null where there is none.

        Parameters
        ----------
        texts
            As an Arrow array of any kind of text.
        """
        own = (None if text is None else self.text_of(text) for text in texts.to_pylist())
        return pa.array(list(own), pa.string())


def _head(text: str, *, length: int) -> str | None:
    """Cut the leading characters; None where there are fewer."""
    return text[:length] if len(text) >= length else None


def goods_words(text: str) -> str | None:
    """Name goods by two words: the longest of a description that are no stop words, as a rule.

    Long words name goods (`pomegranates`), short ones qualify them (`red`). Two words, in
    alphabetical order, make the same goods written differently one key without making each
    description its own. None where no word of three letters or more is left.

    Parameters
    ----------
    text
        A description.

    Examples
    --------
    >>> goods_words("Fresh red POMEGRANATES"), goods_words("goods")
    ('fresh pomegranates', None)
    """
    lower = (text if text.isascii() else text.translate(_PLAIN)).lower()
    able = {word for word in _letters(lower) if len(word) >= SHORT and word not in _nameless()}
    if len(able) > 2:
        able = sorted(able, key=lambda word: (-len(word), word))[:2]
    return " ".join(sorted(able)) or None


_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = str.maketrans({"\u0401": "\u0435", "\u0451": "\u0435", "\u0130": "i", "\u03a3": "\u03c3"})
"""Cyrillic io is often written as ie; a dotted capital I and a final sigma are one letter each."""


def _letters(text: str) -> list[str]:
    """Split a text into runs of letters; a raised two is no letter, though part of a word."""
    words = _WORD.findall(text)
    if text.isascii() or all(map(str.isalpha, words)):
        return words
    return "".join(one if one.isalpha() else " " for one in text).split()


@cache
def _nameless() -> frozenset[str]:
    """Words that name no goods by themselves."""
    return CONNECTIVES | {words[0] for words in stop_terms() if len(words) == 1}


DERIVED: Mapping[str, Derived] = {
    **{
        name: Derived("hs_code", partial(_head, length=digits))
        for name, digits in HS_LEVELS.items()
    },
    "goods_words": Derived("goods_description", goods_words),
    "loading_site": Derived("loading_port", site_of),
    "transshipment_site": Derived("transshipment_port", site_of),
    "discharge_site": Derived("discharge_port", site_of),
    "container_owner": Derived("container_id", partial(_head, length=_OWNER_LETTERS)),
}
"""Derived key columns by name."""


def source_of(column: str) -> str:
    """Return the column of the tables a key column is read from.

    Parameters
    ----------
    column
        A column of the tables, or one of `DERIVED`.

    Examples
    --------
    >>> source_of("hs6"), source_of("loading_site"), source_of("seal_id")
    ('hs_code', 'loading_port', 'seal_id')
    """
    return DERIVED[column].source if column in DERIVED else column
