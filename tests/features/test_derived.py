"""Key columns cut from others: over distinct texts, the same as line by line."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.features.derived import DERIVED, goods_words, source_of
from targeting.features.words import CONNECTIVES, SHORT, stop_terms
from targeting.tables.schema import DECLARATIONS


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("hs2", "0810", "08"),
        ("hs6", "0810", None),
        ("hs6", "0810501200", "081050"),
        ("loading_site", "TMKRA", "TMKRW"),
        ("discharge_site", "NLRTM", "NLRTM"),
        ("container_owner", "MSCU9981402", "MSCU"),
        ("container_owner", "MSC", None),
        ("goods_words", "goods and parts", None),
        ("goods_words", "Frozen BEEF and beef", "beef frozen"),
        ("goods_words", "свежие гранаты для продажи", "гранаты продажи"),
        ("goods_words", "тёмное стекло", "стекло темное"),
    ],
)
def test_a_column_is_cut_from_its_source(name: str, value: str, expected: str | None):
    coded = pa.array([value, None, value]).dictionary_encode()
    assert DERIVED[name].of(coded).to_pylist() == [expected, None, expected]
    assert source_of(name) in DECLARATIONS.names


def named(text: str | None) -> str | None:
    """The same rule, one text at a time."""
    if text is None:
        return None
    lower = text.lower().replace("\u0451", "\u0435")
    words = "".join(letter if letter.isalpha() else " " for letter in lower).split()
    able = {
        word
        for word in words
        if len(word) >= SHORT and word not in CONNECTIVES and (word,) not in stop_terms()
    }
    return " ".join(sorted(sorted(able, key=lambda word: (-len(word), word))[:2])) or None


TEXTS = st.lists(
    st.none()
    | st.text("abcé дЖёЁ12-,", max_size=24)
    | st.sampled_from(["goods", "spare parts", "beef"]),
    max_size=30,
)


@given(TEXTS)
def test_the_words_of_goods_are_those_found_one_by_one(texts: list[str | None]):
    cut = DERIVED["goods_words"].cut(pa.array(texts, pa.string()))
    assert cut.to_pylist() == [named(text) for text in texts]


def test_no_description_at_all():
    cut = DERIVED["goods_words"].cut
    assert cut(pa.array([], pa.string())).to_pylist() == []
    assert cut(pa.array([None, ""], pa.string())).to_pylist() == [None, None]


def test_letters_are_read_one_for_one():
    """Python writes a dotted capital I as two letters, and a sigma at the end as another."""
    assert goods_words("\u0130PL\u0130K") == "iplik"
    assert goods_words("\u03a3\u0391\u03a3 abc") == "abc \u03c3\u03b1\u03c3"
    assert goods_words("pump\u00b2parts of steel\u2167") == "pump steel"
