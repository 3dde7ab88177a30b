"""How the goods of a line travel: the units an officer stands before, as far as declared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from targeting.tables.iso6346 import decode_size_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from targeting.config.advice import Unit

_OF_GROUP: Mapping[str, Unit] = {
    "general": "dry", "ventilated": "dry", "named cargo": "dry", "insulated": "dry",
    "reefer": "reefer", "open top": "open_top", "flat": "flat", "tank": "tank", "bulk": "bulk",
}  # fmt: skip
"""Kinds of container by the groups of ISO 6346."""

_OF_TRADE_NAME: Mapping[str, Unit] = {
    "DC": "dry", "DV": "dry", "GP": "dry", "HC": "dry", "HQ": "dry", "ST": "dry",
    "HR": "reefer", "RE": "reefer", "RF": "reefer", "RH": "reefer", "OT": "open_top",
    "FL": "flat", "FR": "flat", "PL": "flat", "TK": "tank", "TN": "tank", "BK": "bulk",
}  # fmt: skip
"""Letters of the names lines print instead of ISO codes, as in 40HC (own inference)."""

_FEET = ("20", "40", "45")

_OF_MODE: Mapping[str, Unit] = {
    "road": "truck", "rail": "wagon", "air": "air", "post": "post", "sea": "ship",
    "inland_water": "ship",
}  # fmt: skip
_ALSO_BELOW_A_CONTAINER = ("road", "rail")


@dataclass(frozen=True, slots=True)
class Usual:
    """Mean chances of the two views over all lines scored together.

    A view whose offences are seldom found gives small chances throughout; held against the usual
    one a chance says which side this line leans to.

    Parameters
    ----------
    papers, conveyance
        Mean chance; None where the scores have none.
    """

    papers: float | None = None
    conveyance: float | None = None


@dataclass(frozen=True, slots=True)
class Carriage:
    """What advice must know of a line beside its reasons.

    Parameters
    ----------
    units
        What the officer stands before; empty where it is not declared.
    mode, flow, hs_code
        As declared; empty where they are not.
    papers, conveyance
        Chance of an offence in the papers and with the conveyance, in times the usual one; None
        where it is not known.
    """

    units: frozenset[Unit] = frozenset()
    mode: str = ""
    flow: str = ""
    hs_code: str = ""
    papers: float | None = None
    conveyance: float | None = None

    @classmethod
    def of(cls, row: Mapping[str, object], usual: Usual | None = None) -> Carriage:
        """Read it from a line.

        Parameters
        ----------
        row
            Columns of the declaration and of its scores, by name; any may be missing.
        usual
            Usual chances, to hold the line's own against; None leaves them out.

        Examples
        --------
        >>> sorted(Carriage.of({"transport_mode": "rail", "container_type": "45R1"}).units)
        ['container', 'reefer', 'wagon']
        """
        mode = _text(row, "transport_mode")
        return cls(
            units=units_of(mode, _text(row, "container_id"), _text(row, "container_type")),
            mode=mode,
            flow=_text(row, "flow"),
            hs_code=_text(row, "hs_code"),
            papers=_times(row, "papers_probability", usual.papers if usual else None),
            conveyance=_times(row, "conveyance_probability", usual.conveyance if usual else None),
        )


def units_of(mode: str, container_id: str, container_type: str) -> frozenset[Unit]:
    """Tell which units an officer stands before.

    Parameters
    ----------
    mode
        Mode of transport; empty where it is not declared.
    container_id, container_type
        Number and type of the container; empty where they are not declared.

    Returns
    -------
    frozenset of Unit
        A container is `container` and, where the type says so, its kind; by road or rail also
        what carries it. Empty where nothing is declared.

    Examples
    --------
    >>> sorted(units_of("sea", "MSKU1234565", "NH40")), sorted(units_of("road", "", ""))
    (['container'], ['truck'])
    """
    carrier = _OF_MODE.get(mode)
    if not (container_id or container_type):
        return frozenset({carrier} if carrier else ())
    kind = container_kind(container_type)
    below = carrier if mode in _ALSO_BELOW_A_CONTAINER else None
    return frozenset(unit for unit in ("container", kind, below) if unit)


def container_kind(container_type: str) -> Unit | None:
    """Tell a container's kind from its ISO 6346 size and type, or from a line's own name for it.

    Parameters
    ----------
    container_type
        As declared.

    Returns
    -------
    Unit or None
        None where the code says nothing, as `NH40` in ASYCUDA files (domain.md 2.5).

    Examples
    --------
    >>> container_kind("45R1"), container_kind("40 hc"), container_kind("NH40")
    ('reefer', 'dry', None)
    """
    code = container_type.upper().replace(" ", "").replace("'", "")
    size = decode_size_type(code)
    if size is not None:
        return _OF_GROUP.get(size.group)
    return _OF_TRADE_NAME.get(code[2:]) if code.startswith(_FEET) else None


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def _times(row: Mapping[str, object], name: str, usual: float | None) -> float | None:
    chance = row.get(name)
    if usual is None or not isinstance(chance, float) or math.isnan(chance):
        return None
    return chance / usual if usual > 0 else None
