"""Named units of a source, as factors to the unit of the target column.

A factor is chosen by the target's own unit, so `t` cannot be put on a value nor `thousand` on a
mass. Pounds and ounces are the international avoirdupois ones (1959 agreement: 0.45359237 kg).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from targeting.tables.schema import Column

_MASS = {
    "kg": 1.0,
    "g": 0.001,
    "t": 1000.0,
    "centner": 100.0,
    "lb": 0.45359237,
    "oz": 0.45359237 / 16,
}
_MONEY = {"unit": 1.0, "thousand": 1000.0, "million": 1_000_000.0, "hundredth": 0.01}
_RATE = {"percent": 1.0, "fraction": 100.0, "permille": 0.1}
_BY_UNIT = {"kg": _MASS, "the administration's currency": _MONEY, "percent": _RATE}


def units_of(column: Column) -> dict[str, float]:
    """Give the units a source may use for a column, each with its factor.

    Parameters
    ----------
    column
        Target column.

    Returns
    -------
    dict[str, float]
        Empty for a column that has no convertible unit.

    Examples
    --------
    >>> from targeting.tables.schema import DECLARATIONS
    >>> units_of(DECLARATIONS["net_mass_kg"])["t"]
    1000.0
    >>> units_of(DECLARATIONS["package_count"])
    {}
    """
    return dict(_BY_UNIT.get(column.unit, {}))
