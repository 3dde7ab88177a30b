"""What a comparison of two versions found, and the forms in which it leaves the house."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from targeting.evaluation.measures import Accounting, Measure, ReliabilityRow  # noqa: TC001

EXAMINED, RECOMMENDED, TRUTH = "examined", "recommended", "truth"
"""Under what a figure was computed: among the lines officers examined, under the recommended
estimator over all lines, or by the truth of a simulated world."""

AT_CAPACITY = "capacity"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One of the two versions.

    Parameters
    ----------
    name
        What the user called it: a registry name, or the name of its folder.
    bundle_id
        Its digest.
    trained_until
        Its cut-off, ISO 8601: nothing of that day or later was learnt.
    """

    name: str
    bundle_id: str
    trained_until: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of both versions on the same lines, and the second less the first.

    Parameters
    ----------
    figure
        Such as `precision` or `auc`.
    at
        Where a list was cut: `capacity`, `1pct`, or empty for a figure over all lines.
    first, second
        The figure of each version.
    difference
        Second less first, its interval from the same draws for both.
    """

    figure: str
    at: str
    first: float | None
    second: float | None
    difference: Measure

    @property
    def name(self) -> str:
        """Name as in metrics files, such as `precision_at_capacity`."""
        return f"{self.figure}_at_{self.at}" if self.at else self.figure


@dataclass(frozen=True, slots=True)
class SliceDifference:
    """One part of the traffic, by the lists at capacity among examined lines.

    Parameters
    ----------
    dimension, value
        Such as `office_id`, `AZALA`.
    examined, hits
        Counts.
    precision
        Share of the opened lines of this part that were hits.
    recall
        Share of its hits that were opened.
    too_small
        Why it is not ranked against others; empty when it is.
    """

    dimension: str
    value: str
    examined: int
    hits: int
    precision: Difference
    recall: Difference
    too_small: str


@dataclass(frozen=True, slots=True)
class OffenceCount:
    """Hits of one offence.

    Parameters
    ----------
    offence
        Its type.
    hits
        Counts.
    """

    offence: str
    hits: int


@dataclass(frozen=True, slots=True)
class Side:
    """Lines that one group of lists would open.

    Parameters
    ----------
    lines
        Lines in it; not whole where equal scores stand across a cut.
    examined, hits
        Those of them that were examined, and hits among those.
    hit_rate
        Hits over examined, with Wilson's interval.
    offences
        Hits by offence, most first.
    found_in_truth
        What an examination of all of them would have found, in a simulated world; else None.
    """

    lines: float
    examined: int
    hits: int
    hit_rate: Measure
    offences: tuple[OffenceCount, ...]
    found_in_truth: float | None = None


@dataclass(frozen=True, slots=True)
class DisputedLine:
    """A line that only one version would open. Carries no trader's name or code.

    Parameters
    ----------
    declaration_id, office, day
        Which line it is.
    opened_by
        `A` or `B`.
    first_place, second_place
        Its place among the lines of its office and day, 1 the highest.
    first_probability, second_probability
        What each version gave it.
    outcome
        `hit`, `clear` or `not examined`.
    offence
        Of a hit; else empty.
    """

    declaration_id: str
    office: str
    day: str
    opened_by: str
    first_place: int
    second_place: int
    first_probability: float
    second_probability: float
    outcome: str
    offence: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Where the lists at capacity over all lines agree, and where not.

    Parameters
    ----------
    both, only_first, only_second
        Lines that both would open, or one only.
    strongest
        Disputed lines, the widest apart first.
    """

    both: Side
    only_first: Side
    only_second: Side
    strongest: tuple[DisputedLine, ...]

    @property
    def overlap(self) -> float | None:
        """Share of the lines either would open that both would; None when there is none."""
        either = self.both.lines + self.only_first.lines + self.only_second.lines
        return self.both.lines / either if either else None


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """How a version's probabilities held among the examined lines.

    Parameters
    ----------
    mean_probability
        Mean probability given.
    hit_rate
        Share of hits, with Wilson's interval.
    error
        Expected calibration error.
    slope
        Of the log-odds of the outcome on those of the probability: 1 is right, below 1 the
        probabilities are too extreme, above 1 too timid. None when it cannot be computed.
    table
        Lines of similar probability.
    """

    mean_probability: float | None
    hit_rate: Measure
    error: float | None
    slope: float | None
    table: tuple[ReliabilityRow, ...]


@dataclass(frozen=True, slots=True)
class MovedRow:
    """What a feature, or a family of features, adds to the scores of both versions.

    Parameters
    ----------
    name
        Of the feature or the family.
    family
        The family it belongs to.
    first, second
        Its share of all mean absolute contributions; None where the version lacks it.
    first_size, second_size
        Mean absolute contribution in log-odds; None where the version lacks it.
    """

    name: str
    family: str
    first: float | None
    second: float | None
    first_size: float | None
    second_size: float | None

    @property
    def moved(self) -> float:
        """Second share less the first; a feature that is not there has a share of 0."""
        return (self.second or 0.0) - (self.first or 0.0)


@dataclass(frozen=True, slots=True)
class Moved:
    """Which features speak more, and which less.

    Parameters
    ----------
    rows
        Lines explained, the same for both.
    families, features
        Those that moved most first.
    only_first, only_second
        Names of features that one version has and the other lacks.
    """

    rows: int
    families: tuple[MovedRow, ...]
    features: tuple[MovedRow, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions on the same days.

    Parameters
    ----------
    first, second
        The versions; a difference is the second less the first.
    accounting
        Rows from scored to hit.
    capacity
        Examinations per office and day.
    learnt_from
        Why the days are not clean of what a version learnt; empty when they are.
    examined
        Differences among examined lines.
    estimator
        Name of the recommended estimator, or why there is none.
    recommended
        Differences over all lines, under the recommended estimator.
    truth
        Differences by the truth of a simulated world; empty without one.
    slices
        Parts of the traffic.
    agreement
        Where the lists agree and who was right.
    calibration
        Of the first and of the second version.
    moved
        Features that moved.
    data
        SHA-256 of each table.
    time_zone, seed, replicates
        How days were cut and intervals drawn.
    """

    first: VersionRow
    second: VersionRow
    accounting: Accounting
    capacity: int
    learnt_from: str
    examined: tuple[Difference, ...]
    estimator: str
    recommended: tuple[Difference, ...]
    truth: tuple[Difference, ...]
    slices: tuple[SliceDifference, ...]
    agreement: Agreement
    calibration: tuple[CalibrationRow, CalibrationRow]
    moved: Moved
    data: dict[str, str]
    time_zone: str
    seed: int
    replicates: int

    def under(self, what: str) -> tuple[Difference, ...]:
        """Differences under `examined`, `recommended` or `truth`.

        Parameters
        ----------
        what
            One of the three.
        """
        return {EXAMINED: self.examined, RECOMMENDED: self.recommended, TRUTH: self.truth}[what]

    def find(self, what: str, figure: str, at: str = "") -> Difference | None:
        """One difference, or None when it is not there.

        Parameters
        ----------
        what
            `examined`, `recommended` or `truth`.
        figure, at
            As in `Difference`.
        """
        found = (row for row in self.under(what) if (row.figure, row.at) == (figure, at))
        return next(found, None)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it: a missing figure is None and says why."""
        return asdict(self)

    def flat_metrics(self) -> dict[str, float]:
        """Figures under stable names, for MLflow and DVC; what could not be computed is absent."""
        rows = self.accounting
        named: dict[str, float | None] = {
            "rows_scored": rows.rows_scored,
            "rows_examined": rows.examined,
            "hits": rows.hits,
            "days": rows.days,
            "capacity": self.capacity,
            "overlap_at_capacity": self.agreement.overlap,
        }
        for what in (EXAMINED, RECOMMENDED, TRUTH):
            for row in self.under(what):
                named |= _flat(row, "" if what == EXAMINED else f"{what}_")
        for side, row in zip(("first", "second"), self.calibration, strict=True):
            named[f"{side}_calibration_slope"] = row.slope
        return {name: float(value) for name, value in named.items() if value is not None}


def _flat(row: Difference, prefix: str) -> dict[str, float | None]:
    name = f"{prefix}{row.name}"
    return {
        f"first_{name}": row.first,
        f"second_{name}": row.second,
        f"difference_{name}": row.difference.value,
        f"difference_{name}_low": row.difference.low,
        f"difference_{name}_high": row.difference.high,
    }
