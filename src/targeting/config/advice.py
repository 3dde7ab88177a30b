"""Settings of the advice: schemes that reasons point to, and where to look for them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from targeting.config.base import Settings, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

Unit = Literal[
    "container", "dry", "reefer", "open_top", "flat", "tank", "bulk",
    "truck", "wagon", "ship", "air", "post",
]  # fmt: skip
"""Transport units advice may be about. `container` is one of any kind, or of a kind not stated;
`truck` and `wagon` are also what carries a container by road or rail; `air` is a ULD or the pieces
of an AWB; `ship` is what comes by sea outside a container."""

Mode = Literal[
    "sea", "rail", "road", "air", "post", "multimodal", "fixed", "inland_water", "unknown"
]
Flow = Literal["import", "export", "transit", "transshipment"]
IndicatorFamily = Literal["party", "goods and price", "route", "document", "conveyance", "timing"]

Offence = Literal[
    "undervaluation", "misclassification", "origin_fraud", "misdescription", "undeclared_goods",
    "counterfeit", "tobacco", "alcohol", "drugs", "weapons", "strategic_goods", "currency",
    "wildlife", "waste", "identity_fraud", "transit_fraud", "other",
]  # fmt: skip
"""What a scheme may be about, in the words of the column `offence`."""

LAST_INDICATOR = 78
"""Of domain.md section 1.2: 1 to 70 are read from documents, 71 to 78 are rules."""

ENGLISH = "en"
"""The language every text has, and in which one stands that is missing in another."""

DEFAULT_FILE = Path(__file__).with_name("reference") / "advice.yaml"
"""The advice that comes with the package; `configs/advice.yaml` is the same, to be edited."""


def _indicator(number: int) -> int:
    if 1 <= number <= LAST_INDICATOR:
        return number
    raise ValueError(f"{number} is no indicator of domain.md 1.2 (1 to {LAST_INDICATOR})")


def _in_english(words: dict[str, str]) -> dict[str, str]:
    if ENGLISH not in words:
        raise ValueError(f"the words in English are missing: give `{ENGLISH}`")
    return words


def _some(given: tuple[Any, ...]) -> tuple[Any, ...]:
    # Not `min_length`: that would also count what is refused one by one.
    if not given:
        raise ValueError("give one at least")
    return given


Weight = Annotated[float, Field(gt=0, le=1)]
Indicator = Annotated[int, AfterValidator(_indicator)]
Source = Annotated[str, Field(min_length=3)]
HsPrefix = Annotated[str, Field(pattern="^[0-9]{2,10}$")]
Language = Annotated[str, Field(pattern="^[a-z]{2,3}$")]
Text = Annotated[str, Field(min_length=3, max_length=200)]
Words = Annotated[dict[Language, Text], AfterValidator(_in_english)]


def said(words: Mapping[str, str], language: str) -> str:
    """Return a text in a language; in English where it is missing in that one.

    Parameters
    ----------
    words
        The text, by language.
    language
        ISO 639 code.

    Examples
    --------
    >>> said({"en": "drugs", "ru": "наркотики"}, "ru"), said({"en": "drugs"}, "az")
    ('наркотики', 'drugs')
    """
    return words.get(language, words[ENGLISH])


class LookSettings(Settings):
    """One piece of advice on where to look.

    Parameters
    ----------
    words
        A short order, by language.
    units, modes, goods
        Units, modes of transport and beginnings of goods codes it is meant for; none means any.
    source
        Section of domain.md, or that it is our own inference from one.
    """

    words: Words
    units: tuple[Unit, ...] = ()
    modes: tuple[Mode, ...] = ()
    goods: tuple[HsPrefix, ...] = ()
    source: Source


class OnlySettings(Settings):
    """What must be declared, or not stated, for a scheme to be named.

    Parameters
    ----------
    flows, modes, units, goods
        One of these; none means any. Goods are beginnings of codes.
    """

    flows: tuple[Flow, ...] = ()
    modes: tuple[Mode, ...] = ()
    units: tuple[Unit, ...] = ()
    goods: tuple[HsPrefix, ...] = ()


class PointedScheme(Settings):
    """One scheme that reasons can point to.

    Parameters
    ----------
    name
        Stable code of the scheme.
    words
        What the officer reads, by language.
    offences
        What a hit of the scheme is written down as.
    view
        Which of the two views of a score counts these offences.
    about
        `offence`: schemes that compete for a reason; `trader`: who acts rather than what is
        hidden, told beside the offence.
    indicators
        Numbers of domain.md 1.2 that point to it, with weights: 1 a trace of this very scheme,
        0.5 it fits and fits others too, 0.25 it fits at a stretch.
    features
        The same for features that no number tells apart from others.
    families
        The same for reasons none of whose indicators any scheme knows; they add to what an
        indicator points to, and name nothing alone.
    only
        What must be declared, or not stated, for it to be named.
    source
        Section of domain.md, or that it is our own inference from one.
    look
        Where to look; things to do first come first.
    """

    name: str = Field(pattern="^[a-z][a-z_]*$")
    words: Words
    offences: Annotated[tuple[Offence, ...], AfterValidator(_some)]
    view: Literal["papers", "conveyance"]
    about: Literal["offence", "trader"] = "offence"
    indicators: dict[Indicator, Weight] = Field(min_length=1)
    features: dict[str, Weight] = Field(default_factory=dict)
    families: dict[IndicatorFamily, Weight] = Field(default_factory=dict)
    only: OnlySettings = OnlySettings()
    source: Source
    look: Annotated[tuple[LookSettings, ...], AfterValidator(_some)]


@cache
def _defaults() -> dict[str, Any]:
    return read_yaml(DEFAULT_FILE)


class AdviceSettings(Settings):
    """What reasons point to, and where to look (`configs/advice.yaml`).

    Parameters
    ----------
    version
        Of this advice; it is written beside every list made with it.
    floor
        Share of the raised risk below which a scheme is not named.
    lead
        Share of what points to any scheme below which one is not named.
    trader_floor
        Share of the raised risk below which a trader's pattern is not told.
    most_schemes, most_look
        Schemes, and pieces of advice, for a line at most.
    schemes
        Schemes that reasons can point to. A list given replaces all of them.
    anywhere
        Where to look when nothing points to one scheme.
    """

    version: str = Field(
        default_factory=lambda: str(_defaults()["version"]), pattern="^[0-9A-Za-z._-]{1,32}$"
    )
    floor: float = Field(default=0.05, ge=0, le=1)
    lead: float = Field(default=0.3, ge=0, le=1)
    trader_floor: float = Field(default=0.2, ge=0, le=1)
    most_schemes: int = Field(default=2, ge=1, le=10)
    most_look: int = Field(default=5, ge=1, le=20)
    schemes: Annotated[tuple[PointedScheme, ...], AfterValidator(_some)] = Field(
        default_factory=lambda: _of(PointedScheme, "schemes")
    )
    anywhere: tuple[LookSettings, ...] = Field(
        default_factory=lambda: _of(LookSettings, "anywhere")
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [scheme.name for scheme in self.schemes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the schemes {', '.join(twice)} are listed twice")
        return self

    @model_validator(mode="after")
    def _versioned(self) -> Self:
        given = self.model_fields_set
        if "version" not in given and given & {"schemes", "anywhere"}:
            raise ValueError("advice of one's own needs a `version` of its own")
        return self

    @property
    def stamp(self) -> str:
        """Version, and the beginning of the SHA-256 of the content: an edit is seen either way.

        Examples
        --------
        >>> AdviceSettings().stamp.split("-")[0] == AdviceSettings().version
        True
        """
        content = hashlib.sha256(self.model_dump_json().encode()).hexdigest()
        return f"{self.version}-{content[:8]}"

    def untold(self, language: str) -> int:
        """Count the texts that are missing in a language and stand in English.

        Parameters
        ----------
        language
            ISO 639 code.

        Examples
        --------
        >>> AdviceSettings().untold("ru")
        0
        """
        looks = [look for scheme in self.schemes for look in scheme.look]
        texts = [*(scheme.words for scheme in self.schemes), *(look.words for look in looks)]
        texts += [look.words for look in self.anywhere]
        return sum(language not in text for text in texts)


def _of(kind: type[Settings], key: str) -> tuple[Any, ...]:
    return tuple(kind.model_validate(one) for one in _defaults()[key])
