"""The features a model may look at: each is one object that says what it is and how to read it.

The order of this registry is the order of the model's columns. `docs/features.md` is generated
from it, and an officer's reasons are the sentences the features themselves write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from targeting.language import NOT_STATED, Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable

Family = Literal["party", "goods and price", "route", "document", "conveyance", "timing"]
FAMILIES: tuple[Family, ...] = (
    "party", "goods and price", "route", "document", "conveyance", "timing",
)  # fmt: skip

Computable = Literal["manifest", "declaration", "both"]
"""When a feature can be known: from the manifest alone, once the goods are declared, or from the
one held against the other."""

Sentence: TypeAlias = Callable[[Mapping[str, object]], Phrase | None]
"""Says a fact of a line, given its columns and features by name; None where the fact is missing."""

NOT_ON_MANIFEST = frozenset(
    {
        "declarant_id", "origin_country", "dispatch_country", "net_mass_kg", "customs_value",
        "freight_cost", "duty_rate_pct", "tax_regime", "payment_method", "procedure_code",
        "incoterm",
    }
)  # fmt: skip
"""Columns that only a declaration states; the goods code counts as on the manifest, where advance
cargo rules ask for it."""


RESULTS = " results"
"""Groups of features that tell what examinations found before end with this."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the model's matrix.

    Parameters
    ----------
    name
        Letters, digits and underscores only, as LightGBM demands.
    family
        Which view of the consignment it belongs to.
    meaning
        One sentence for the catalogue.
    unit
        Unit of measure; empty for a plain count, ratio or flag.
    indicators
        Numbers of the indicators of ../shared/domain.md section 1.2 it carries.
    sentence
        Says the reason of a line; never a trader's name or code. None where the fact is missing.
    category
        Whether the column is a category code rather than a number.
    group
        What the feature speaks of, such as the price. An officer reads one reason per group, the
        strongest; empty means the feature speaks for itself alone.
    pattern
        Whether it only names a class, such as a country or a goods code: what was found in the
        class before is a pattern, not a fact about this line, so an officer reads one at most,
        and last.
    computable
        From the manifest alone, from the declaration, or from the two together.
    rises
        Whether it is beyond doubt that, all else equal, more of it means no less risk: what was
        found before, or a document at odds with itself. Models are held to it.
    key
        The profile key whose history it tells; empty when the declaration alone says it.
    unsaid
        What an officer reads when the fact is missing and that alone moves the score.
    """

    name: str
    family: Family
    meaning: str
    sentence: Sentence
    unit: str = ""
    indicators: tuple[int, ...] = ()
    category: bool = False
    group: str = ""
    pattern: bool = False
    computable: Computable = "declaration"
    rises: bool = False
    key: str = ""
    unsaid: Phrase | None = None

    @property
    def tells_results(self) -> bool:
        """Whether it tells what examinations found before, rather than what this line states."""
        return self.group.endswith(RESULTS)


def computable_from(columns: Iterable[str]) -> Computable:
    """Tell when a feature of some columns can be known.

    Parameters
    ----------
    columns
        Columns of the declarations it reads.

    Examples
    --------
    >>> computable_from(["consignee_id", "hs6"]), computable_from(["hs6", "origin_country"])
    ('manifest', 'declaration')
    """
    read = set(columns)
    if any(name.startswith("manifest_") for name in read):
        return "both"
    return "declaration" if read & NOT_ON_MANIFEST else "manifest"


def number(line: Mapping[str, object], name: str) -> float:
    """Return a line's number by name; NaN where it is missing.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    name
        Name of a column or feature.

    Examples
    --------
    >>> number({"gross_mass_kg": 12}, "gross_mass_kg"), number({}, "gross_mass_kg")
    (12.0, nan)
    """
    value = line.get(name)
    return float(value) if isinstance(value, int | float) else float("nan")


def text(line: Mapping[str, object], name: str) -> str | Phrase:
    """Return a line's code by name; `not stated` where it is missing.

    Parameters
    ----------
    line
        The declaration's columns and features, by name.
    name
        Name of a column; never one that names a trader.

    Examples
    --------
    >>> text({"origin_country": "IR"}, "origin_country")
    'IR'
    >>> text({}, "origin_country").message
    'not stated'
    """
    value = line.get(name)
    return value if isinstance(value, str) and value else NOT_STATED
