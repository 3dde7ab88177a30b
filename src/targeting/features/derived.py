"""Columns a profile key may be made of beside those of the tables, each cut from one of them.

They are worked out over the distinct texts of a column, not line by line: a goods code that stands
on a million lines is cut once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
    cut
        From distinct texts of the source to as many texts, null where there is none.
    """

    source: str
    cut: Callable[[pa.StringArray], pa.StringArray]

    def of(self, coded: pa.DictionaryArray) -> pa.DictionaryArray:
        """Return the column for a source column that is coded already.

        Parameters
        ----------
        coded
            The source column as codes and their text.
        """
        texts = coded.dictionary
        starts = range(0, max(len(texts), 1), _AT_ONCE)
        cut = [self.cut(_texts(texts.slice(start, _AT_ONCE))) for start in starts]
        levels = pa.concat_arrays(cut).dictionary_encode()
        codes = levels.indices.take(coded.indices)
        return pa.DictionaryArray.from_arrays(codes, levels.dictionary)


def _texts(values: pa.Array) -> pa.StringArray:
    """Give an array that holds text the type that says so."""
    texts = values.cast(pa.string())
    assert isinstance(texts, pa.StringArray)  # noqa: S101 - for the type checker
    return texts


def _head(texts: pa.StringArray, *, length: int) -> pa.StringArray:
    """Cut the leading characters; null where there are fewer."""
    long_enough = pc.call_function(
        "greater_equal", [pc.call_function("utf8_length", [texts]), length]
    )
    heads = pc.call_function("utf8_slice_codeunits", [texts], pc.SliceOptions(0, length))
    return _texts(pc.call_function("if_else", [long_enough, heads, pa.scalar(None, pa.string())]))


def _sites(texts: pa.StringArray) -> pa.StringArray:
    """Read several codes of one place as one."""
    return pa.array(
        [None if code is None else site_of(code) for code in texts.to_pylist()], pa.string()
    )


def goods_words(texts: pa.StringArray) -> pa.StringArray:
    """Name goods by two words: the longest of a description that are no stop words, as a rule.

    Long words name goods (`pomegranates`), short ones qualify them (`red`). Two words, in
    alphabetical order, make the same goods written differently one key without making each
    description its own. Null where no word of three letters or more is left.

    Parameters
    ----------
    texts
        Descriptions.

    Examples
    --------
    >>> goods_words(pa.array(["Fresh red POMEGRANATES", "goods", None])).to_pylist()
    ['fresh pomegranates', None, None]
    """
    lists = pc.call_function(
        "split_pattern_regex", [_plain(texts)], pc.SplitPatternOptions(r"[^\p{L}]+")
    )
    words = pc.call_function("list_flatten", [lists]).dictionary_encode()
    ranked, rank = _by_length(words.dictionary.to_pylist())
    told = pd.DataFrame(
        {
            "line": pc.call_function("list_parent_indices", [lists]).to_numpy(),
            "rank": rank[words.indices.to_numpy()],
        }
    )
    told = told[told["rank"] >= 0].drop_duplicates().sort_values(["line", "rank"])
    place = told.groupby("line").cumcount()
    longest = told[place == 0].set_index("line")["rank"]
    second = told[place == 1].set_index("line")["rank"].reindex(longest.index, fill_value=-1)
    pairs, which = np.unique(longest * (len(ranked) + 1) + second + 1, return_inverse=True)
    named = pa.array([_named(ranked, int(pair)) for pair in pairs], pa.string())
    at = np.full(len(texts), -1, dtype=np.int64)
    at[longest.index] = which
    return _texts(named.take(pa.array(at, mask=at < 0)))


def _plain(texts: pa.Array) -> pa.Array:
    """Write texts in lower case, Cyrillic io as ie: it is often written so."""
    lower = pc.call_function("utf8_lower", [texts])
    io_as_ie = pc.ReplaceSubstringOptions("\u0451", "\u0435")
    return pc.call_function("replace_substring", [lower], io_as_ie)


def _by_length(words: list[str]) -> tuple[list[str], np.ndarray]:
    """List the words that may name goods, longest first; and the rank of every word, or -1."""
    able = {
        word
        for word in words
        if len(word) >= SHORT and word not in CONNECTIVES and (word,) not in stop_terms()
    }
    ranked = sorted(able, key=lambda word: (-len(word), word))
    place = {word: at for at, word in enumerate(ranked)}
    return ranked, np.array([place.get(word, -1) for word in words], dtype=np.int64)


def _named(ranked: list[str], pair: int) -> str:
    """Name two words by the ranks of the longest and, from 1, the second; 0 is no second."""
    longest, second = divmod(pair, len(ranked) + 1)
    names = [ranked[longest], ranked[second - 1]] if second else [ranked[longest]]
    return " ".join(sorted(names))


DERIVED: Mapping[str, Derived] = {
    **{
        name: Derived("hs_code", partial(_head, length=digits))
        for name, digits in HS_LEVELS.items()
    },
    "goods_words": Derived("goods_description", goods_words),
    "loading_site": Derived("loading_port", _sites),
    "transshipment_site": Derived("transshipment_port", _sites),
    "discharge_site": Derived("discharge_port", _sites),
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
