"""What a profile key may follow besides the price: other ratios a line states.

A profile keeps the count, sum and sum of squares of the logarithm of one ratio. For most keys that
is the price, customs value over net mass; a key with a `measure` follows another, by the same sums
and the same kernel: its value is then what stands above the line, its mass what stands below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from targeting.features.columns import floats_of
from targeting.language import marked, marked_pair

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_HOUR = 3_600_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Measure:
    """A ratio that is followed through time.

    Parameters
    ----------
    above, below
        Columns of the declarations; without `below`, what is above is followed as it is.
    since
        A moment; `above` is then a moment too, and what is followed the hours between them.
    name, unit
        What it is, and its unit, for the catalogue of features.
    alone, among
        The sentences that hold it against the usual: without the number of earlier lines, and
        with it (for one line, and for more).
    indicators
        Numbers of the indicators of ../shared/domain.md section 1.2 it carries.
    """

    above: str
    name: str
    unit: str
    alone: str
    among: tuple[str, str]
    below: str = ""
    since: str = ""
    indicators: tuple[int, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns it is made of."""
        return tuple(name for name in (self.above, self.below, self.since) if name)

    def of(self, rows: pa.Table) -> tuple[Floats, Floats]:
        """Return what stands above and below the line, shape (n,) each; NaN where not stated.

        Parameters
        ----------
        rows
            Declarations, with `columns`.

        Examples
        --------
        >>> rows = pa.table({"gross_mass_kg": [600.0, None], "package_count": [50, 2]})
        >>> [part.tolist() for part in MEASURES["mass_per_package"].of(rows)]
        [[600.0, nan], [50.0, 2.0]]
        """
        if self.since:
            hours = (_micros(rows[self.above]) - _micros(rows[self.since])) / _HOUR
            return hours, np.ones(len(hours))
        above = floats_of(rows[self.above])
        return above, floats_of(rows[self.below]) if self.below else np.ones(len(above))


def _micros(column: pa.ChunkedArray) -> Floats:
    moments = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    return pc.call_function("cast", [moments], pc.CastOptions.safe(pa.float64())).to_numpy()


MEASURES: Mapping[str, Measure] = {
    "mass_per_package": Measure(
        "gross_mass_kg", "mass per package", "kg",
        marked("mass per package {here} kg; {who}: typically {typical} kg"),
        marked_pair(
            "mass per package {here} kg; {n} earlier line of {who}: typically {typical} kg",
            "mass per package {here} kg; {n} earlier lines of {who}: typically {typical} kg",
        ),
        below="package_count", indicators=(39,),
    ),
    "freight_per_kg": Measure(
        "freight_cost", "freight per kg", "",
        marked("freight per kg {here}; {who}: typically {typical}"),
        marked_pair("freight per kg {here}; {n} earlier line of {who}: typically {typical}",
                    "freight per kg {here}; {n} earlier lines of {who}: typically {typical}"),
        below="gross_mass_kg", indicators=(49,),
    ),
    "gross_mass": Measure(
        "gross_mass_kg", "gross mass", "kg",
        marked("gross mass {here} kg; {who}: typically {typical} kg"),
        marked_pair("gross mass {here} kg; {n} earlier line of {who}: typically {typical} kg",
                    "gross mass {here} kg; {n} earlier lines of {who}: typically {typical} kg"),
        indicators=(38,),
    ),
    "lead_hours": Measure(
        "arrival_at", "lodged before arrival", "hours",
        marked("lodged {here} hours before arrival; {who}: typically {typical} hours"),
        marked_pair(
            "lodged {here} hours before arrival; {n} earlier line of {who}: "
            "typically {typical} hours",
            "lodged {here} hours before arrival; {n} earlier lines of {who}: "
            "typically {typical} hours",
        ),
        since="lodged_at", indicators=(67,),
    ),
}  # fmt: skip
"""Measures by the name settings give them; `price` is the profile's own."""
