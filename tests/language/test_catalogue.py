"""Catalogues: the Russian one is whole, a broken one is refused, a new one is a file."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po

from targeting.errors import ConfigError
from targeting.features.naming import who
from targeting.language import ENGLISH, Amount, Count, Day, Language, Percent, counted, say
from targeting.language.catalogue import LOCALE, languages
from targeting.language.messages import main, messages, updated
from targeting.language.numbers import Writing
from targeting.language.phrase import slots_of

if TYPE_CHECKING:
    from pathlib import Path

    from babel.messages.catalog import Catalog

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'


def read(path: Path) -> Catalog:
    return read_po(io.BytesIO(path.read_bytes()), locale=path.stem, abort_invalid=True)


@pytest.mark.parametrize("path", sorted(LOCALE.glob("*.po")), ids=lambda path: path.stem)
def test_every_message_of_the_code_is_translated(path: Path) -> None:
    """`make messages` brings a catalogue up to date; the empty ones are then to be filled in."""
    code, kept = messages(), read(path)
    known = {one.id if isinstance(one.id, str) else one.id[0]: one for one in kept if one.id}
    wanted = {one.id if isinstance(one.id, str) else one.id[0]: one.id for one in code if one.id}

    assert sorted(wanted.keys() - known) == [], "messages the catalogue does not have"
    assert sorted(known.keys() - wanted) == [], "messages the code no longer says"
    assert {name: known[name].id for name in wanted} == wanted
    assert [name for name, one in known.items() if one.fuzzy] == []
    empty = [name for name, one in known.items() if not all(_forms(one.string))]
    assert empty == [], "messages without a translation"
    assert [name for name, one in known.items() if _forms_wanted(one, kept)] == []
    assert path.read_bytes() == updated(path)


def _forms(string: object) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)  # type: ignore[arg-type]


def _forms_wanted(message: object, catalogue: Catalog) -> bool:
    ids, strings = _forms(message.id), _forms(message.string)  # type: ignore[attr-defined]
    slots = {slots_of(words) for words in (*ids, *strings)}
    return len(slots) > 1 or len(strings) != (catalogue.num_plurals if len(ids) > 1 else 1)


def test_russian_is_written_in_russian_letters() -> None:
    """Words of the code that slipped through would stand in Latin letters."""
    codes = {"hit", "clear", "yes", "no", "mandatory", "random", "model", "empty", "explain", "top"}
    codes |= {"Excel", "UN", "LOCODE", "ISO", "FCL", "LCL", "AWB", "CMR", "U", "J", "Z"}
    strings = [form for one in read(LOCALE / "ru.po") if one.id for form in _forms(one.string)]
    words = {word for text in strings for word in re.findall(r"[A-Za-z]+", SLOTS.sub("", text))}

    assert words <= codes
    assert len(strings) > 400


SLOTS = re.compile(r"\{[a-z_]+\}")


def test_a_language_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--language: there is no such language.*en, ru"):
        Language.named("klingon")
    with pytest.raises(ConfigError, match=r"--languages .*nothing of that name"):
        Language.named("en", tmp_path / "no")
    assert languages() == ("en", "ru")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("ru", HEAD + "nonsense\n", "line 4"),
        ("ru", HEAD + 'msgid "a\n', "line 4"),
        ("ru", 'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=rm -rf;\\n"\n', "rule"),
        ("ru", HEAD + 'msgid "{a} b"\nmsgstr "b"\n', r"'\{a\} b': slots a"),
        ("ru", HEAD + 'msgid "b"\nmsgstr "{a} b"\n', "'b': slots a"),
        (
            "ru",
            HEAD + 'msgid "{n} a"\nmsgid_plural "{n} as"\nmsgstr[0] "{n} x"\nmsgstr[1] "{n} y"\n',
            "needs 3 forms",
        ),
        ("xx_nowhere", HEAD, "unknown to the CLDR"),
    ],
)
def test_a_broken_catalogue_is_refused(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / f"{name}.po").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match=rf"{name}\.po.*{told}"):
        Language.named(name, tmp_path)


def test_every_breach_is_told_at_once(tmp_path: Path) -> None:
    content = HEAD + "".join(f'\nmsgid "{{a}} {at}"\nmsgstr "{at}"\n' for at in range(3))
    (tmp_path / "tr.po").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"\{a\} 0.*\{a\} 1.*\{a\} 2"):
        Language.named("tr", tmp_path)


def test_a_catalogue_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ru.po").write_bytes(HEAD.encode() + 'msgid "a"\nmsgstr "груз"\n'.encode("cp1251"))

    with pytest.raises(ConfigError, match=r"ru\.po: the catalogue cannot be read"):
        Language.named("ru", tmp_path)


def test_a_message_without_a_translation_stays_english(tmp_path: Path) -> None:
    (tmp_path / "ru.po").write_text(HEAD + 'msgid "import"\nmsgstr ""\n', encoding="utf-8")
    language = Language.named("ru", tmp_path)

    assert language.say(say("import")) == "import"
    assert language.say(counted("{n} hit", "{n} hits", 1)) == "1 hit"
    assert language.say(counted("{n} hit", "{n} hits", 21_000)) == "21\xa0000 hits"


def test_a_third_language_is_one_file(tmp_path: Path) -> None:
    """The steps of docs/reasons.md, `Languages: add one`."""
    path = tmp_path / "tr.po"
    main([str(path)])
    begun = path.read_text(encoding="utf-8")
    assert begun.startswith('msgid ""\nmsgstr ""\n"Language: tr\\n"\n"Plural-Forms: nplurals=')
    begun = begun.replace(
        'msgid "this consignee"\nmsgstr ""', 'msgid "this consignee"\nmsgstr "bu firma"'
    )
    path.write_text(begun, encoding="utf-8")

    turkish = Language.named("tr", tmp_path)
    assert languages(tmp_path) == ("en", "ru", "tr")
    assert turkish.say(who(["consignee_id"])({})) == "bu firma"
    assert turkish.say(Amount(1234567.0)) == "1.234.567"
    assert turkish.say(Percent(0.5)) == "%50"

    main([str(path)])
    assert path.read_text(encoding="utf-8") == begun, "what is translated stays"


def test_a_users_catalogue_wins_over_the_packages(tmp_path: Path) -> None:
    content = HEAD + 'msgid "this consignee"\nmsgstr "этот импортёр"\n'
    (tmp_path / "ru.po").write_text(content, encoding="utf-8")
    phrase = say("this consignee")

    assert Language.named("ru", tmp_path).say(phrase) == "этот импортёр"
    assert Language.named("ru").say(phrase) == "этот получатель"


def test_digits_grouped_otherwise_are_written_by_babel(tmp_path: Path) -> None:
    (tmp_path / "hi.po").write_text(HEAD, encoding="utf-8")
    hindi = Language.named("hi", tmp_path)

    assert hindi.writing.marks == {}
    assert hindi.say(Count(1_234_567)) == "12,34,567"
    assert isinstance(ENGLISH.writing, Writing)
    assert ENGLISH.writing.marks != {}


def test_a_language_is_read_once() -> None:
    assert Language.named("ru") is Language.named("ru")
    assert Language.named("ru").tag == "ru"


def test_the_day_stands_in_the_middle_of_a_sentence() -> None:
    from datetime import date

    phrase = say("{first} to {last}", first=Day(date(2025, 3, 1)), last=Day(date(2025, 3, 2)))

    assert ENGLISH.say(phrase) == "1 March 2025 to 2 March 2025"
